//! What lies below rows that leave: the steps that delete or release it, leaves first, without reading it.

use crate::error::{Error, ErrorKind};
use crate::meta::{ForeignKey, OnDelete, PassiveDeletes, RelationDef, Table};
use crate::plan::{Action, Base, Hop, Reach, Step, Target};
use crate::report::ChangeKind;

/// Deletes rows that are named by `when`, with everything that the cascades of their tables delete.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] where the cascades lead back to a table through another one.
pub(crate) fn delete(
    table: &'static Table,
    when: Vec<usize>,
    rows: Vec<Target>,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let reach = Reach::of(table, rows.clone());
    if Below::new(&mut steps).visit(table, &reach, false)? {
        // One statement has to take the tree: within it, the rows may refer to each other.
        let lock = Step {
            table,
            kind: None,
            action: Action::Lock { rows, when },
        };
        steps.insert(0, lock);
        steps.push(sweep(table, &reach.then(closure(table)), None));
    } else {
        steps.push(Step {
            table,
            kind: Some(ChangeKind::Deleted),
            action: Action::Delete { rows, when },
        });
    }
    Ok(steps)
}

/// What lies below rows goes, by the cascades of their table; the rows themselves stay.
///
/// # Errors
///
/// Those of [`delete`].
pub(super) fn below(table: &'static Table, rows: Vec<Target>) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let reach = Reach::of(table, rows);
    if Below::new(&mut steps).visit(table, &reach, false)? {
        for relation in table
            .relations
            .iter()
            .filter(|relation| is_self(relation, table) && relation.cascade.delete)
        {
            let Some(foreign_key) = relation.foreign_key(table) else {
                continue;
            };
            let children = reach.then(Hop::Children { table, foreign_key });
            steps.push(sweep(table, &children.then(closure(table)), None));
        }
    }
    Ok(steps)
}

/// Applies the removal rule of a relation to all rows of its parents, but for those that are kept.
///
/// # Errors
///
/// Those of [`delete`].
pub(crate) fn detach(relation: &RelationDef, base: Base) -> Result<Vec<Step>, Error> {
    let (Base::Rows { table, .. } | Base::Owned { table, .. }) = base;
    let mut steps = Vec::new();
    let reach = Reach {
        base,
        hops: Vec::new(),
    };
    if relation.cascade.delete_orphan {
        let all = if Below::new(&mut steps).visit(table, &reach, false)? {
            reach.then(closure(table))
        } else {
            reach
        };
        steps.push(sweep(table, &all, None));
    } else if let Base::Owned { foreign_key, .. } = reach.base {
        steps.push(sweep(table, &reach, Some(foreign_key)));
    }
    Ok(steps)
}

/// A walk down the relations of leaving rows.
struct Below<'s> {
    steps: &'s mut Vec<Step>,
    /// The tables above, with their rows that leave.
    path: Vec<(&'static Table, Reach)>,
    /// The foreign keys that have let go.
    loose: Vec<&'static ForeignKey>,
}

impl<'s> Below<'s> {
    fn new(steps: &'s mut Vec<Step>) -> Self {
        Self {
            steps,
            path: Vec::new(),
            loose: Vec::new(),
        }
    }

    /// Adds the steps for what lies below the rows of `table` within `reach`. Gives whether the table refers to itself, so that the statement
    /// that deletes its rows has to take all of them.
    ///
    /// `by_database` says that the database deletes those rows, by a constraint.
    fn visit(
        &mut self,
        table: &'static Table,
        reach: &Reach,
        by_database: bool,
    ) -> Result<bool, Error> {
        let mut own = table
            .relations
            .iter()
            .filter(|relation| is_self(relation, table) && relation.cascade.delete)
            .peekable();
        let reach = if own.peek().is_some() {
            reach.then(closure(table))
        } else {
            reach.clone()
        };
        let whole = own.any(|relation| !left_to_database(relation, table, by_database));
        self.path.push((table, reach.clone()));
        for relation in table.relations.iter().filter(|relation| {
            !relation.viewonly && relation.passive_deletes != PassiveDeletes::All
        }) {
            let left = left_to_database(relation, table, by_database);
            self.relation(table, relation, &reach, left)?;
        }
        self.path.pop();
        Ok(whole)
    }

    fn relation(
        &mut self,
        table: &'static Table,
        relation: &RelationDef,
        reach: &Reach,
        left: bool,
    ) -> Result<(), Error> {
        let child = (relation.target)();
        let Some(foreign_key) = relation.foreign_key(table) else {
            return Ok(());
        };
        let reach = reach.then(Hop::Children {
            table: child,
            foreign_key,
        });
        if !relation.cascade.delete {
            if !left {
                self.steps.push(sweep(child, &reach, Some(foreign_key)));
            }
            return Ok(());
        }
        if is_self(relation, table) {
            return Ok(());
        }
        if self
            .path
            .iter()
            .any(|(above, _)| above.ident == child.ident)
        {
            return if left {
                Ok(())
            } else {
                Err(cycle(table, relation))
            };
        }
        let whole = self.visit(child, &reach, left)?;
        if !left {
            self.let_go(child);
            self.steps.push(sweep(
                child,
                &if whole {
                    reach.then(closure(child))
                } else {
                    reach
                },
                None,
            ));
        }
        Ok(())
    }

    /// Rows above that refer to rows of a table below let go of them first: they leave after.
    fn let_go(&mut self, child: &'static Table) {
        for (above, reach) in &self.path {
            for key in above
                .foreign_keys
                .iter()
                .filter(|key| key.target_ident == child.ident && key.nullable)
            {
                let by_database =
                    matches!(key.on_delete, Some(OnDelete::Cascade | OnDelete::SetNull));
                if !by_database && !self.loose.iter().any(|loose| std::ptr::eq(*loose, key)) {
                    self.loose.push(key);
                    self.steps.push(Step {
                        kind: None,
                        ..sweep(above, reach, Some(key))
                    });
                }
            }
        }
    }
}

fn cycle(table: &'static Table, relation: &RelationDef) -> Error {
    let message = format!(
        "deleting along a cycle of several tables isn't supported: the cascade leads back to `{}`; leave one of its relations to the database with `passive_deletes` and `on_delete = \"cascade\"`",
        (relation.target)().entity
    );
    Error::new(ErrorKind::Unsupported, message)
        .at(table.entity, format!("{}.{}", table.entity, relation.field))
}

/// The constraint does what the relation says, when the database or `passive_deletes` lets it.
fn left_to_database(relation: &RelationDef, parent: &Table, by_database: bool) -> bool {
    let on_delete = relation.foreign_key(parent).and_then(|key| key.on_delete);
    let agrees = match on_delete {
        Some(OnDelete::Cascade) => relation.cascade.delete,
        Some(OnDelete::SetNull) => !relation.cascade.delete,
        Some(OnDelete::Restrict | OnDelete::NoAction) | None => false,
    };
    agrees && (by_database || relation.passive_deletes == PassiveDeletes::Yes)
}

fn is_self(relation: &RelationDef, table: &Table) -> bool {
    (relation.target)().ident == table.ident
}

/// Everything below rows of `table` along its own relations that delete.
fn closure(table: &'static Table) -> Hop {
    let own = table
        .relations
        .iter()
        .filter(|relation| is_self(relation, table) && relation.cascade.delete);
    Hop::Closure {
        table,
        foreign_keys: own
            .filter_map(|relation| relation.foreign_key(table))
            .collect(),
    }
}

fn sweep(table: &'static Table, reach: &Reach, released: Option<&ForeignKey>) -> Step {
    let columns = released.map(|key| key.own_columns().map(|part| part.column).collect());
    let kind = match released {
        Some(_) => ChangeKind::Released,
        None => ChangeKind::Deleted,
    };
    Step {
        table,
        kind: Some(kind),
        action: Action::Sweep {
            reach: reach.clone(),
            columns,
        },
    }
}
