//! The texts of what is found by foreign keys: deletes and releases without a list of rows.

use std::fmt::Write as _;

use crate::meta::{ForeignKey, Table};
use crate::plan::{Base, Hop, Reach, Target};
use crate::sql::{List, Statement, Texts};
use crate::values::Side;

impl Texts {
    /// Deletes or releases what is within reach.
    pub(super) fn sweep(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        reach: &Reach,
        released: Option<&[usize]>,
        skip: usize,
    ) -> usize {
        let (condition, taken) = self.reached(statement, reach, skip);
        let name = self.table(table);
        statement.text = match released {
            None => format!("DELETE FROM {name} WHERE {condition}"),
            Some(columns) => {
                let nulls: Vec<String> = self
                    .columns(table, columns, "")
                    .iter()
                    .map(|column| format!("{column} = NULL"))
                    .collect();
                format!("UPDATE {name} SET {} WHERE {condition}", nulls.join(", "))
            }
        };
        taken
    }

    /// The condition on the table at the end of a reach, and how many rows of its base it takes.
    fn reached(&self, statement: &mut Statement, reach: &Reach, skip: usize) -> (String, usize) {
        let (mut condition, taken, mut table) = match &reach.base {
            Base::Rows { table, rows } => {
                let list = self.take(
                    List::new(
                        table,
                        Side::Recorded,
                        rows.clone(),
                        table.key.iter().copied(),
                    ),
                    skip,
                );
                let taken = list.rows.len();
                // The first hop compares the children's foreign key with the keys themselves.
                let columns = match reach.hops.first() {
                    Some(Hop::Children { table, foreign_key }) => {
                        self.columns(table, &parts(foreign_key), "")
                    }
                    Some(Hop::Closure { .. }) | None => self.columns(table, table.key, ""),
                };
                (
                    self.dialect.one_of(statement, &columns, list),
                    taken,
                    *table,
                )
            }
            Base::Owned {
                table,
                foreign_key,
                parents,
                kept,
            } => {
                let target = (foreign_key.target)();
                let list = self.take(
                    List::keys(
                        target,
                        parents.iter().map(|parent| Target::Node(*parent)).collect(),
                    ),
                    skip,
                );
                let taken = list.rows.len();
                let mut condition = self.dialect.one_of(
                    statement,
                    &self.columns(table, &parts(foreign_key), ""),
                    list,
                );
                if !kept.is_empty() {
                    let kept = List::new(
                        table,
                        Side::Recorded,
                        kept.clone(),
                        table.key.iter().copied(),
                    );
                    let spared =
                        self.dialect
                            .one_of(statement, &self.columns(table, table.key, ""), kept);
                    let _ = write!(condition, " AND NOT ({spared})");
                }
                (condition, taken, *table)
            }
        };
        for (index, hop) in reach.hops.iter().enumerate() {
            match hop {
                Hop::Children {
                    table: child,
                    foreign_key,
                } => {
                    let direct = index == 0 && matches!(reach.base, Base::Rows { .. });
                    if !direct {
                        let columns = self.columns(child, &parts(foreign_key), "").join(", ");
                        condition = format!(
                            "({columns}) IN (SELECT {} FROM {} WHERE {condition})",
                            self.columns(table, table.key, "").join(", "),
                            self.table(table)
                        );
                    }
                    table = child;
                }
                Hop::Closure {
                    table,
                    foreign_keys,
                } => condition = self.closure(table, foreign_keys, &condition),
            }
        }
        (condition, taken)
    }

    /// The rows that satisfy a condition and everything below them. UNION, so that cycles in the data end.
    fn closure(
        &self,
        table: &'static Table,
        foreign_keys: &[&'static ForeignKey],
        condition: &str,
    ) -> String {
        let name = self.table(table);
        let key = self.columns(table, table.key, "").join(", ");
        let child = self.columns(table, table.key, "t.").join(", ");
        let joins: Vec<String> = foreign_keys
            .iter()
            .map(|foreign_key| {
                let columns = self.columns(table, &parts(foreign_key), "t.");
                let pairs = columns.iter().zip(table.key).map(|(column, key)| {
                    format!(
                        "{column} = gone.{}",
                        self.dialect.quote(table.columns[*key].name)
                    )
                });
                format!("({})", pairs.collect::<Vec<_>>().join(" AND "))
            })
            .collect();
        let joins = joins.join(" OR ");
        format!(
            "({key}) IN (WITH RECURSIVE gone AS (SELECT {key} FROM {name} WHERE {condition} UNION SELECT {child} FROM {name} AS t JOIN gone ON {joins}) SELECT {key} FROM gone)"
        )
    }
}

/// The columns of a foreign key, in the order of the target's key.
pub(super) fn parts(foreign_key: &ForeignKey) -> Vec<usize> {
    foreign_key.parts.iter().map(|part| part.column).collect()
}
