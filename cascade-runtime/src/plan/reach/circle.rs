//! Tables whose cascades lead back to each other.

use std::collections::{HashMap, HashSet};

use super::{Below, left_to_database, sweep, touches};
use crate::meta::{ForeignKey, OnDelete, RelationDef, Table};
use crate::plan::{Action, Base, Circle, Edge, Locks, Reach, Sets, Step};

impl Below<'_> {
    /// Rows of tables whose cascades lead back to each other: what goes is known before anything changes, so that foreign keys among them can
    /// let go.
    pub(super) fn circle(&mut self, reach: &Reach, circle: &Circle) {
        self.hold_circle(reach, circle);
        self.trace(reach, circle);
        if circle.has_targets() {
            self.tie(circle);
        }
        let going = circle.going_sets().iter();
        let going = going.map(|&(table, set)| (table, gathered(table, set)));
        let going: Vec<(&'static Table, Reach)> = going.collect();
        let is_edge = |relation: &RelationDef, table| {
            let key = relation.foreign_key(table);
            key.is_some_and(|key| circle.follows(key, relation.is_held()))
        };
        for (table, reach) in &going {
            self.path.push((table, reach.clone()));
            for relation in table.relations.iter().filter(|relation| touches(relation)) {
                if relation.cascade.delete && is_edge(relation, table) {
                    continue;
                }
                if relation.is_held() {
                    self.target(table, relation, reach);
                } else {
                    let left = left_to_database(relation, table, false);
                    self.relation(table, relation, reach, left);
                }
            }
            self.path.pop();
        }
        let refers = |key: &ForeignKey| {
            let mut targets = going.iter();
            targets.any(|(target, _)| target.ident == key.target_ident)
        };
        for (table, reach) in &going {
            let keys = table.foreign_keys.iter();
            for key in keys.filter(|key| key.nullable && refers(key)) {
                self.leaving.now.push(Step {
                    kind: None,
                    ..sweep(table, reach, Some(key))
                });
            }
        }
        // A table goes once no other refers to it by a key that couldn't let go.
        let mut rest: Vec<_> = going.iter().collect();
        while !rest.is_empty() {
            let is_free = |(table, _): &&(&'static Table, Reach)| {
                !rest.iter().any(|(other, _)| {
                    let keys = other.foreign_keys.iter();
                    let mut holding = keys
                        .filter(|key| !key.nullable && other.ident != table.ident && refers(key));
                    holding.any(|key| key.target_ident == table.ident)
                })
            };
            let next = rest.iter().position(is_free);
            let (table, reach) = rest.remove(next.unwrap_or_default());
            self.leaving.now.push(sweep(table, reach, None));
        }
    }

    /// Locks what is traced, before it is traced again: what another transaction moves or links meanwhile is seen then.
    fn hold_circle(&mut self, reach: &Reach, circle: &Circle) {
        if self.sets.abilities.locks != Locks::Rows {
            return;
        }
        let before = circle.again(self.sets);
        let tables = before.tables.iter();
        let holds = tables.filter_map(|&(table, set)| self.sets.hold(gathered(table, set)));
        let holds: Vec<Step> = holds.collect();
        self.trace(reach, &before);
        for hold in holds {
            self.first(hold);
        }
    }

    fn trace(&mut self, reach: &Reach, circle: &Circle) {
        self.first(Step {
            table: circle.tables[0].0,
            kind: None,
            action: Action::Trace {
                reach: reach.clone(),
                circle: circle.clone(),
            },
        });
    }

    /// Reads what refers to the rows that were traced, so that it is known which of them go.
    fn tie(&mut self, circle: &Circle) {
        let keys = circle.foreign_keys();
        let last = keys.len() - 1;
        for (index, (table, foreign_key)) in keys.into_iter().enumerate() {
            self.first(Step {
                table,
                kind: None,
                action: Action::Tie {
                    circle: circle.clone(),
                    foreign_key,
                    last: index == last,
                },
            });
        }
    }
}

/// The rows whose keys were read.
fn gathered(table: &'static Table, set: usize) -> Reach {
    Reach::from(Base::Gathered { table, set })
}

/// A relation by which rows go with the row that has it, and the table that it leads to.
struct Lead {
    relation: &'static RelationDef,
    foreign_key: &'static ForeignKey,
    to: &'static Table,
}

impl Circle {
    /// The tables to which the cascades of `table` lead, and whose cascades lead back to it. `None` where there are none, for a tree alone, and where
    /// the database does all of it.
    pub(super) fn of(table: &'static Table, sets: &mut Sets) -> Option<Self> {
        let below = below(table);
        if !below
            .iter()
            .any(|(table_below, _)| table_below.ident == table.ident)
        {
            return None;
        }
        let mut tables = above(table, &below);
        let is_tree = tables.len() == 1;
        let inside = || {
            let leads = tables.iter().enumerate().flat_map(|(from, table)| {
                leads(table)
                    .into_iter()
                    .map(move |lead| (from, *table, lead))
            });
            leads.filter(|(.., lead)| tables.iter().any(|table| table.ident == lead.to.ident))
        };
        let held = inside().any(|(.., lead)| lead.relation.is_held());
        let by_statements = inside().any(|(_, table, lead)| {
            // RESTRICT looks at each row by itself, and so do some databases: a tree lets go before it goes.
            let by_row = sets.abilities.checks_rows
                || lead.foreign_key.on_delete == Some(OnDelete::Restrict);
            let alone = is_tree && !by_row;
            !alone && !left_to_database(lead.relation, table, false)
        });
        if !held && !by_statements {
            return None;
        }
        let first = usize::from(held);
        let place = |to: &Table| tables.iter().position(|table| table.ident == to.ident);
        let edge = |from: usize, lead: &Lead| {
            Some(Edge {
                from,
                foreign_key: lead.foreign_key,
                to: first + place(lead.to)?,
                held: lead.relation.is_held(),
            })
        };
        let edges = inside().flat_map(|(from, _, lead)| {
            // The rows that go in any case lead where others of their table do.
            let again = (held && from == 0).then(|| edge(0, &lead));
            [again.flatten(), edge(first + from, &lead)]
        });
        let edges = edges.flatten().collect();
        if held {
            tables.insert(0, table);
        }
        Some(Self {
            edges,
            tables: tables
                .into_iter()
                .map(|table| (table, sets.next()))
                .collect(),
        })
    }

    /// The same, read into other sets.
    fn again(&self, sets: &mut Sets) -> Self {
        let tables = self.tables.iter();
        Self {
            tables: tables.map(|(table, _)| (*table, sets.next())).collect(),
            edges: self.edges.clone(),
        }
    }
}

/// A cascade may come from rows of one table to those of another.
pub(super) fn leads_to(table: &'static Table, other: &'static Table) -> bool {
    below(table)
        .iter()
        .any(|(below, _)| below.ident == other.ident)
}

/// The tables that a delete of rows of `table` reaches, each with one that it is reached from, as often as there are ways; itself only where it
/// comes back to it.
///
/// A row that was reached from the one that it refers to doesn't lead back to that, nor the other way round.
fn below(table: &'static Table) -> Vec<(&'static Table, &'static Table)> {
    let mut reached = Vec::new();
    let mut ways = HashSet::new();
    let mut from: Vec<(&'static Table, Option<(*const ForeignKey, bool)>)> = vec![(table, None)];
    while let Some((table, by)) = from.pop() {
        for lead in leads(table) {
            let (key, held) = (
                std::ptr::from_ref(lead.foreign_key),
                lead.relation.is_held(),
            );
            if by != Some((key, !held)) && ways.insert((key, held)) {
                reached.push((lead.to, table));
                from.push((lead.to, Some((key, held))));
            }
        }
    }
    reached
}

/// The tables from which a cascade comes to `table`, that one first, of those that are reached from it.
fn above(table: &'static Table, below: &[(&'static Table, &'static Table)]) -> Vec<&'static Table> {
    let mut from: HashMap<&str, Vec<&'static Table>> = HashMap::new();
    for (to, above) in below {
        from.entry(to.ident).or_default().push(above);
    }
    let mut tables = vec![table];
    let mut known = HashSet::from([table.ident]);
    let mut next = 0;
    while let Some(table) = tables.get(next) {
        let above = from.remove(table.ident).unwrap_or_default();
        tables.extend(above.into_iter().filter(|above| known.insert(above.ident)));
        next += 1;
    }
    tables
}

fn leads(table: &'static Table) -> Vec<Lead> {
    let relations = table.relations.iter();
    let relations = relations.filter(|relation| touches(relation) && relation.cascade.delete);
    let leads = relations.filter_map(|relation| {
        Some(Lead {
            relation,
            foreign_key: relation.foreign_key(table)?,
            to: (relation.target)(),
        })
    });
    leads.collect()
}
