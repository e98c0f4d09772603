//! What lies below rows that leave: the steps that delete or release it, leaves first, without reading it.

mod circle;

use crate::meta::{ForeignKey, OnDelete, PassiveDeletes, RelationDef, Table};
use crate::plan::{Action, Base, Circle, Hop, Reach, Sets, Step, Target};
use crate::report::ChangeKind;
use circle::leads_to;

/// What becomes of rows that leave.
#[derive(Default)]
pub(crate) struct Leaving {
    /// They go.
    pub(crate) now: Vec<Step>,
    /// Targets that go where nothing refers to them any more, once everything refers to what it is going to.
    pub(crate) after: Vec<Reach>,
}

impl Leaving {
    /// All steps, where nothing comes between.
    pub(crate) fn steps(mut self, sets: &mut Sets) -> Vec<Step> {
        self.now.extend(abandoned(self.after, sets));
        self.now
    }
}

/// Deletes rows that are named by `when`, with everything that the cascades of their tables delete.
pub(crate) fn delete(
    table: &'static Table,
    when: Vec<usize>,
    rows: Vec<Target>,
    sets: &mut Sets,
) -> Vec<Step> {
    named(Below::new(sets, false), table, when, rows).steps(sets)
}

/// The same of rows that leave their relation.
pub(crate) fn remove(
    table: &'static Table,
    when: Vec<usize>,
    rows: Vec<Target>,
    sets: &mut Sets,
) -> Leaving {
    named(Below::new(sets, true), table, when, rows)
}

fn named(
    mut below: Below<'_>,
    table: &'static Table,
    when: Vec<usize>,
    rows: Vec<Target>,
) -> Leaving {
    let reach = Reach::of(table, rows.clone());
    let lock = |rows, when| Step {
        table,
        kind: None,
        action: Action::Lock { rows, when },
    };
    if let Some(circle) = Circle::of(table, below.sets) {
        below.leaving.now.push(lock(rows, when));
        below.circle(&reach, &circle);
    } else if below.visit(table, &reach, false) {
        // One statement has to take the tree: within it, the rows may refer to each other.
        below.leaving.now.insert(0, lock(rows, when));
        below.delete(table, reach, true);
    } else {
        if rows.len() > 1 {
            below.let_go_of_each_other(table, &reach, &when);
        }
        below.leaving.now.push(Step {
            table,
            kind: Some(deleted(table)),
            action: Action::Delete { rows, when },
        });
    }
    below.leaving
}

/// What lies below rows goes, by the cascades of their table; the rows themselves stay.
pub(super) fn below(table: &'static Table, rows: Vec<Target>, sets: &mut Sets) -> Leaving {
    let mut below = Below::new(sets, false);
    let reach = Reach::of(table, rows);
    if below.visit(table, &reach, false) {
        for relation in own(table) {
            let Some(foreign_key) = relation.foreign_key(table) else {
                continue;
            };
            let children = reach.then(Hop::Children { table, foreign_key });
            below
                .leaving
                .now
                .push(sweep(table, &children.then(closure(table)), None));
        }
    }
    below.leaving
}

/// Applies the removal rule of a relation to all rows of its parents, but for those that are kept.
pub(crate) fn detach(relation: &RelationDef, base: Base, sets: &mut Sets) -> Leaving {
    if relation.cascade.delete_orphan {
        return all(Below::new(sets, true), Reach::from(base));
    }
    let reach = Reach::from(base);
    let released = match reach.base {
        Base::Owned {
            table, foreign_key, ..
        } => vec![sweep(table, &reach, Some(foreign_key))],
        _ => Vec::new(),
    };
    Leaving {
        now: released,
        after: Vec::new(),
    }
}

/// Deletes the targets that nothing refers to any more.
///
/// Those of a table go once nothing else that goes may lead to it. They are locked before it is seen what refers to them: a row that another
/// transaction adds or takes away meanwhile is seen then.
pub(crate) fn abandoned(mut targets: Vec<Reach>, sets: &mut Sets) -> Vec<Step> {
    let mut steps = Vec::new();
    while !targets.is_empty() {
        let is_last = |reach: &Reach| {
            let others = targets.iter().map(Reach::end);
            let mut others = others.filter(|other| other.ident != reach.end().ident);
            !others.any(|other| leads_to(other, reach.end()))
        };
        let next = targets.iter().position(is_last).unwrap_or_default();
        let reach = targets.remove(next);
        steps.extend(sets.hold(Reach::from(reach.base.clone())));
        let leaving = all(Below::new(sets, false), reach);
        steps.extend(leaving.now);
        targets.extend(leaving.after);
    }
    steps
}

fn all(mut below: Below<'_>, reach: Reach) -> Leaving {
    below.all(reach);
    below.leaving
}

/// A walk down the relations of leaving rows.
struct Below<'s> {
    leaving: Leaving,
    sets: &'s mut Sets,
    /// The rows leave their relation: of a link, the target goes where it is an orphan then.
    removed: bool,
    /// The tables above, with their rows that leave.
    path: Vec<(&'static Table, Reach)>,
    /// The foreign keys that have let go.
    loose: Vec<&'static ForeignKey>,
    /// Where keys are read: before anything changes.
    start: usize,
}

impl<'s> Below<'s> {
    fn new(sets: &'s mut Sets, removed: bool) -> Self {
        Self {
            leaving: Leaving::default(),
            sets,
            removed,
            path: Vec::new(),
            loose: Vec::new(),
            start: 0,
        }
    }

    /// Deletes all rows within reach.
    fn all(&mut self, reach: Reach) {
        let table = reach.end();
        if let Some(circle) = Circle::of(table, self.sets) {
            return self.circle(&reach, &circle);
        }
        let whole = self.visit(table, &reach, false);
        self.delete(table, reach, whole);
    }

    /// Deletes the rows within reach, by one statement with what is below them where the `whole` tree has to go at once.
    fn delete(&mut self, table: &'static Table, reach: Reach, whole: bool) {
        let reach = if whole {
            reach.then(closure(table))
        } else {
            reach
        };
        if !whole {
            self.let_go_of_each_other(table, &reach, &[]);
        }
        self.leaving.now.push(sweep(table, &reach, None));
    }

    /// Rows of one table that may refer to each other let go first, unless one statement takes them all and is looked at when it ends: a list may be
    /// sent in pieces. They are named by `when`, which has to stay as it is.
    fn let_go_of_each_other(&mut self, table: &'static Table, reach: &Reach, when: &[usize]) {
        if self.sets.abilities.checks_at_end {
            return;
        }
        for key in table.foreign_keys {
            let lets_go = matches!(key.on_delete, Some(OnDelete::Cascade | OnDelete::SetNull));
            let mut columns = key.own_columns().map(|part| part.column);
            if key.target_ident == table.ident
                && key.nullable
                && !lets_go
                && !reach.is_found_by(key)
                && !columns.any(|column| when.contains(&column))
            {
                self.leaving.now.push(Step {
                    kind: None,
                    ..sweep(table, reach, Some(key))
                });
            }
        }
    }

    /// Adds the steps for what lies below the rows of `table` within `reach`. Gives whether the table refers to itself, so that the statement
    /// that deletes its rows has to take all of them.
    ///
    /// `by_database` says that the database deletes those rows, by a constraint.
    fn visit(&mut self, table: &'static Table, reach: &Reach, by_database: bool) -> bool {
        let mut own = own(table).peekable();
        let reach = if own.peek().is_some() {
            self.whole(reach.then(closure(table)))
        } else {
            reach.clone()
        };
        let whole = own.any(|relation| !left_to_database(relation, table, by_database));
        self.path.push((table, reach.clone()));
        for relation in table.relations.iter().filter(|relation| touches(relation)) {
            if relation.is_held() {
                self.target(table, relation, &reach);
            } else {
                let left = left_to_database(relation, table, by_database);
                self.relation(table, relation, &reach, left);
            }
        }
        self.path.pop();
        whole
    }

    /// Locks a tree: a statement finds all its rows as they were when it began, also one that another transaction moves away meanwhile.
    fn whole(&mut self, reach: Reach) -> Reach {
        if let Some(hold) = self.sets.hold(reach.clone()) {
            self.first(hold);
        }
        reach
    }

    /// Adds a step that comes before anything changes.
    fn first(&mut self, step: Step) {
        self.leaving.now.insert(self.start, step);
        self.start += 1;
    }

    /// A target that goes with the last row that refers to it: which one it is has to be read while the row is there.
    fn target(&mut self, table: &'static Table, relation: &RelationDef, reach: &Reach) {
        let unlinked = self.removed && table.is_link() && self.path.len() == 1;
        let goes = if unlinked {
            relation.cascade.delete_orphan
        } else {
            relation.cascade.delete
        };
        let Some(foreign_key) = relation.foreign_key(table).filter(|_| goes) else {
            return;
        };
        // Reached from the target, which goes itself.
        if let Some(Hop::Children {
            foreign_key: by, ..
        }) = reach.hops.last()
            && std::ptr::eq(*by, foreign_key)
        {
            return;
        }
        let set = self.sets.next();
        let columns = foreign_key.parts.iter().map(|part| part.column).collect();
        let gather = Step {
            table,
            kind: None,
            action: Action::Gather {
                set,
                reach: reach.clone(),
                columns,
            },
        };
        self.leaving.now.insert(self.start, gather);
        let base = Base::Gathered {
            table: (relation.target)(),
            set,
        };
        let targets = Reach::orphans(base, table, foreign_key);
        self.leaving.after.push(targets);
    }

    fn relation(
        &mut self,
        table: &'static Table,
        relation: &RelationDef,
        reach: &Reach,
        left: bool,
    ) {
        let child = (relation.target)();
        let Some(foreign_key) = relation.foreign_key(table) else {
            return;
        };
        // Targets go where no row refers to them any more.
        let is_without = |(_, key): (_, &ForeignKey)| std::ptr::eq(key, foreign_key);
        if reach.hops.is_empty() && reach.unless.is_some_and(is_without) {
            return;
        }
        let reach = reach.then(Hop::Children {
            table: child,
            foreign_key,
        });
        if !relation.cascade.delete {
            if !left {
                self.leaving
                    .now
                    .push(sweep(child, &reach, Some(foreign_key)));
            }
            return;
        }
        if is_self(relation, table) {
            return;
        }
        if self
            .path
            .iter()
            .any(|(above, _)| above.ident == child.ident)
        {
            return;
        }
        if let Some(circle) = Circle::of(child, self.sets).filter(|_| !left) {
            return self.circle(&reach, &circle);
        }
        let whole = self.visit(child, &reach, left);
        if !left {
            self.let_go(child);
            self.delete(child, reach, whole);
        }
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
                    self.leaving.now.push(Step {
                        kind: None,
                        ..sweep(above, reach, Some(key))
                    });
                }
            }
        }
    }
}

/// A delete of the parent concerns the relation.
fn touches(relation: &RelationDef) -> bool {
    !relation.viewonly && relation.passive_deletes != PassiveDeletes::All
}

/// The constraint does what the relation says, when the database or `passive_deletes` lets it.
fn left_to_database(relation: &RelationDef, parent: &'static Table, by_database: bool) -> bool {
    let on_delete = relation.foreign_key(parent).and_then(|key| key.on_delete);
    let agrees = match on_delete {
        Some(OnDelete::Cascade) => relation.cascade.delete,
        Some(OnDelete::SetNull) => !relation.cascade.delete,
        Some(OnDelete::Restrict | OnDelete::NoAction) | None => false,
    };
    agrees && (by_database || relation.passive_deletes == PassiveDeletes::Yes)
}

fn is_self(relation: &RelationDef, table: &Table) -> bool {
    !relation.is_held() && (relation.target)().ident == table.ident
}

fn deleted(table: &Table) -> ChangeKind {
    if table.is_link() {
        ChangeKind::Unlinked
    } else {
        ChangeKind::Deleted
    }
}

/// The relations of a table to itself that delete.
fn own(table: &'static Table) -> impl Iterator<Item = &'static RelationDef> {
    let relations = table.relations.iter();
    relations.filter(|relation| is_self(relation, table) && relation.cascade.delete)
}

/// Everything below rows of `table` along its own relations that delete.
fn closure(table: &'static Table) -> Hop {
    Hop::Closure {
        table,
        foreign_keys: own(table)
            .filter_map(|relation| relation.foreign_key(table))
            .collect(),
    }
}

fn sweep(table: &'static Table, reach: &Reach, released: Option<&ForeignKey>) -> Step {
    let columns = released.map(|key| key.own_columns().map(|part| part.column).collect());
    let kind = match released {
        Some(_) => ChangeKind::Released,
        None => deleted(table),
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
