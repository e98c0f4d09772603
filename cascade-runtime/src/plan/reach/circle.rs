//! Tables whose cascades lead back to each other.

use super::{Below, is_self, left_to_database, sweep, touches};
use crate::error::Error;
use crate::meta::{ForeignKey, OnDelete, RelationDef, Table};
use crate::plan::{Action, Base, Circle, Reach, Sets, Step};

impl Below<'_> {
    /// Rows of tables whose cascades lead back to each other: what goes is known before anything changes, so that foreign keys among them can
    /// let go.
    pub(super) fn circle(&mut self, reach: &Reach, circle: &Circle) -> Result<(), Error> {
        let Circle { tables, edges } = circle;
        let trace = Step {
            table: tables[0].0,
            kind: None,
            action: Action::Trace {
                reach: reach.clone(),
                circle: circle.clone(),
            },
        };
        self.steps.insert(self.start, trace);
        self.start += 1;
        let reached = |&(table, set): &(&'static Table, usize)| {
            let base = Base::Gathered {
                table,
                set,
                unless: None,
            };
            (table, Reach::from(base))
        };
        let reached: Vec<_> = tables.iter().map(reached).collect();
        let inside = |key: &ForeignKey| edges.iter().any(|(_, edge, _)| std::ptr::eq(*edge, key));
        for (table, reach) in &reached {
            self.path.push((table, reach.clone()));
            for relation in table.relations.iter().filter(|relation| touches(relation)) {
                if relation.is_held() {
                    self.target(table, relation, reach)?;
                } else if !relation.cascade.delete
                    || !relation.foreign_key(table).is_some_and(inside)
                {
                    let left = left_to_database(relation, table, false);
                    self.relation(table, relation, reach, left)?;
                }
            }
            self.path.pop();
        }
        let refers = |table: &Table, key: &ForeignKey| {
            let restricted = key.on_delete == Some(OnDelete::Restrict);
            (key.target_ident != table.ident || restricted)
                && reached
                    .iter()
                    .any(|(target, _)| target.ident == key.target_ident)
        };
        for (table, reach) in &reached {
            let keys = table.foreign_keys.iter();
            for key in keys.filter(|key| key.nullable && refers(table, key)) {
                self.steps.push(Step {
                    kind: None,
                    ..sweep(table, reach, Some(key))
                });
            }
        }
        // A table goes once no other refers to it by a key that couldn't let go.
        let mut rest: Vec<_> = reached.iter().collect();
        while !rest.is_empty() {
            let is_free = |(table, _): &&(&'static Table, Reach)| {
                !rest.iter().any(|(other, _)| {
                    let keys = other.foreign_keys.iter();
                    let mut holding = keys.filter(|key| {
                        !key.nullable && other.ident != table.ident && refers(other, key)
                    });
                    holding.any(|key| key.target_ident == table.ident)
                })
            };
            let next = rest.iter().position(is_free);
            let (table, reach) = rest.remove(next.unwrap_or_default());
            self.steps.push(sweep(table, reach, None));
        }
        Ok(())
    }
}

impl Circle {
    /// The tables to which the cascades of `table` lead, and whose cascades lead back to it, but for a table alone.
    pub(super) fn of(table: &'static Table, sets: &mut Sets) -> Option<Self> {
        let below = below_of(table);
        let back = |other: &&'static Table| {
            below_of(other)
                .iter()
                .any(|again| again.ident == table.ident)
        };
        let others = below
            .iter()
            .copied()
            .filter(|other| other.ident != table.ident);
        let others: Vec<&'static Table> = others.filter(back).collect();
        // RESTRICT looks at each row by itself: a tree lets go before it goes.
        let restricted = leading_on(table).any(|relation| {
            let key = relation.foreign_key(table);
            is_self(relation, table)
                && key.is_some_and(|key| key.on_delete == Some(OnDelete::Restrict))
        });
        if others.is_empty() && !restricted {
            return None;
        }
        let tables: Vec<&'static Table> = std::iter::once(table).chain(others).collect();
        let place = |ident| tables.iter().position(|table| table.ident == ident);
        let mut edges = Vec::new();
        for (from, table) in tables.iter().enumerate() {
            for relation in leading_on(table) {
                let to = place((relation.target)().ident);
                edges.extend(
                    relation
                        .foreign_key(table)
                        .zip(to)
                        .map(|(key, to)| (from, key, to)),
                );
            }
        }
        let tables = tables.into_iter().map(|table| (table, sets.next()));
        Some(Self {
            tables: tables.collect(),
            edges,
        })
    }
}

/// The tables that a delete of rows of `table` reaches; itself only where it comes back to it.
fn below_of(table: &'static Table) -> Vec<&'static Table> {
    let mut reached: Vec<&'static Table> = Vec::new();
    let mut from = vec![table];
    while let Some(table) = from.pop() {
        for relation in leading_on(table) {
            let child = (relation.target)();
            if !reached.iter().any(|known| known.ident == child.ident) {
                reached.push(child);
                from.push(child);
            }
        }
    }
    reached
}

/// The relations whose rows are deleted with the parent, by statements.
fn leading_on(table: &'static Table) -> impl Iterator<Item = &'static RelationDef> {
    table.relations.iter().filter(move |relation| {
        touches(relation)
            && !relation.is_held()
            && relation.cascade.delete
            && !left_to_database(relation, table, false)
    })
}
