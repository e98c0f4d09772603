//! Reading rows and what lies below them at once: as the arms of a UNION, or as statements of one message.

use std::fmt::Write as _;

use crate::meta::{ForeignKey, OrderBy, Table};
use crate::sql::reach::parts;
use crate::sql::{List, Statement, Texts};

/// Rows of one table that are read together with others.
pub(crate) struct Arm {
    pub(crate) table: &'static Table,
    /// The arm of the rows above them, and how they lie below these; `None` for the rows that all starts from.
    pub(crate) above: Option<(usize, Way)>,
    pub(crate) order_by: Option<OrderBy>,
}

/// How rows lie below others.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// They refer to them.
    Children(&'static ForeignKey),
    /// They are referred to.
    Holders(&'static ForeignKey),
    /// Links refer to both, first to those above.
    Links(&'static Table),
}

/// Where the rows of an arm come from.
struct Named {
    from: String,
    /// The columns that name them.
    columns: Vec<String>,
    /// The arm, and its columns, that these refer to.
    above: Option<(usize, Vec<usize>)>,
}

impl Arm {
    /// The rows that all starts from.
    pub(crate) fn root(table: &'static Table) -> Self {
        Self {
            table,
            above: None,
            order_by: None,
        }
    }

    /// How many columns it has before those of its table: of links the key of the row above.
    pub(crate) fn before(&self) -> usize {
        match self.above {
            Some((_, Way::Links(link))) => link.foreign_keys[0].parts.len(),
            _ => 0,
        }
    }

    /// Its columns, and whose they are.
    pub(crate) fn columns(&self, arms: &[Self]) -> impl Iterator<Item = (&'static Table, usize)> {
        let above = self.above.map(|(above, _)| arms[above].table);
        let above = above.filter(|_| self.before() > 0);
        let key = above.into_iter().flat_map(|above| {
            let key = above.key.iter();
            key.map(move |column| (above, *column))
        });
        let (table, columns) = (self.table, 0..self.table.columns.len());
        key.chain(columns.map(move |column| (table, column)))
    }

    pub(crate) fn width(&self) -> usize {
        self.before() + self.table.columns.len()
    }
}

impl Texts {
    /// One statement for each arm. Those of a relation come in its order.
    pub(crate) fn arms(&self, arms: &[Arm], list: &List) -> Statement {
        let mut statement = Statement::default();
        let mut texts = Vec::new();
        for (index, arm) in arms.iter().enumerate() {
            let from = self.ordered(&mut statement, arms, (index, list));
            let shown = self.shown(arm, index).join(", ");
            texts.push(format!("SELECT {shown} FROM {from}"));
        }
        statement.text = texts.join(";\n");
        statement
    }

    /// One statement for all, which gives one row for each arm: its number, then the columns of all arms, of which it has its own, each as one array.
    ///
    /// Rows that are sorted in a subquery with nothing beside it come to the aggregates in that order, to each of them in the same: PostgreSQL's manual
    /// says so. An order of its own for each array would be sorted for each.
    pub(crate) fn union(&self, arms: &[Arm], list: &List) -> Statement {
        let mut statement = Statement::default();
        // NULL takes the type of a column that stands above it.
        let shown: Vec<Vec<String>> = arms
            .iter()
            .enumerate()
            .map(|(index, arm)| self.shown(arm, index))
            .collect();
        let tables = arms.iter().enumerate().map(|(index, arm)| match arm.above {
            Some((_, Way::Links(link))) => {
                format!(
                    "{} AS l{index}, {}",
                    self.table(link),
                    self.named(arm, index)
                )
            }
            _ => self.named(arm, index),
        });
        let typed = shown.iter().flatten();
        let typed = typed.map(|column| format!(", ARRAY[{column}]"));
        let mut text = format!(
            "SELECT 0::bigint{} FROM {} WHERE false",
            typed.collect::<String>(),
            tables.collect::<Vec<_>>().join(", ")
        );
        for (index, own) in shown.iter().enumerate() {
            let from = self.ordered(&mut statement, arms, (index, list));
            let names: Vec<String> = (0..own.len()).map(|cell| format!("c{cell}")).collect();
            let cells = shown.iter().enumerate().flat_map(|(other, shown)| {
                let cell = move |cell| {
                    if other == index {
                        format!(", array_agg(c{cell})")
                    } else {
                        ", NULL".to_owned()
                    }
                };
                (0..shown.len()).map(cell)
            });
            let cells = cells.collect::<String>();
            let _ = write!(
                text,
                " UNION ALL SELECT {index}{cells} FROM (SELECT {} FROM {from}) AS a({})",
                own.join(", "),
                names.join(", ")
            );
        }
        statement.text = text;
        statement
    }

    /// The rows of an arm, in their order.
    fn ordered(
        &self,
        statement: &mut Statement,
        arms: &[Arm],
        (index, list): (usize, &List),
    ) -> String {
        let arm = &arms[index];
        match arm.above {
            Some(_) => {
                let from = self.within(statement, arms, (index, list));
                format!("{from} ORDER BY {}", self.order_of(arm, index))
            }
            None if list.rows.len() > 1 => {
                let source = self.dialect.source(statement, list.clone());
                let key = self.columns(arm.table, arm.table.key, "t0.");
                let pairs = key.iter().enumerate();
                let pairs = pairs.map(|(part, column)| format!("{column} = r.c{part}"));
                let on = pairs.collect::<Vec<_>>().join(" AND ");
                let named = self.named(arm, index);
                format!("{source} JOIN {named} ON {on} ORDER BY r.n")
            }
            None => self.within(statement, arms, (index, list)),
        }
    }

    /// The rows of an arm as `t0`, `t1`, .. by its number, links as `l0`, `l1`, ..
    fn within(
        &self,
        statement: &mut Statement,
        arms: &[Arm],
        (index, list): (usize, &List),
    ) -> String {
        let Named {
            from,
            columns: named,
            above,
        } = self.named_by(arms, index);
        let condition = match above {
            Some((above, columns)) if above > 0 || !is_key(&arms[above], &columns) => {
                let columns = self.columns(arms[above].table, &columns, &format!("t{above}."));
                let rows = self.within(statement, arms, (above, list));
                format!(
                    "({}) IN (SELECT {} FROM {rows})",
                    named.join(", "),
                    columns.join(", ")
                )
            }
            // What refers to the rows of the list is found by their keys.
            _ => self.dialect.one_of(statement, &named, list.clone()),
        };
        format!("{from} WHERE {condition}")
    }

    /// The rows of the second of two arms, by the keys that name them.
    pub(crate) fn level(&self, arms: &[Arm], list: List) -> Statement {
        let mut statement = Statement::default();
        let Named { from, columns, .. } = self.named_by(arms, 1);
        let condition = self.dialect.one_of(&mut statement, &columns, list);
        statement.text = format!(
            "SELECT {} FROM {from} WHERE {condition} ORDER BY {}",
            self.shown(&arms[1], 1).join(", "),
            self.order_of(&arms[1], 1)
        );
        statement
    }

    /// By what the rows of an arm are found.
    fn named_by(&self, arms: &[Arm], index: usize) -> Named {
        let arm = &arms[index];
        let prefix = format!("t{index}.");
        let mut from = self.named(arm, index);
        let (named, above) = match arm.above {
            None => (self.columns(arm.table, arm.table.key, &prefix), None),
            Some((above, Way::Children(key))) => {
                let above = (above, arms[above].table.key.to_vec());
                (self.columns(arm.table, &parts(key), &prefix), Some(above))
            }
            Some((above, Way::Holders(key))) => (
                self.columns(arm.table, arm.table.key, &prefix),
                Some((above, parts(key))),
            ),
            Some((above, Way::Links(link))) => {
                let links = format!("l{index}.");
                let target = self.columns(link, &parts(&link.foreign_keys[1]), &links);
                let key = self.columns(arm.table, arm.table.key, &prefix);
                let on = target
                    .iter()
                    .zip(key)
                    .map(|(column, key)| format!("{column} = {key}"));
                let on = on.collect::<Vec<_>>().join(" AND ");
                // A FROM item by itself: what follows is a condition on it.
                from = format!("{} AS l{index} JOIN {from} ON {on}", self.table(link));
                let source = parts(&link.foreign_keys[0]);
                let above = (above, arms[above].table.key.to_vec());
                (self.columns(link, &source, &links), Some(above))
            }
        };
        Named {
            from,
            columns: named,
            above,
        }
    }

    fn named(&self, arm: &Arm, index: usize) -> String {
        format!("{} AS t{index}", self.table(arm.table))
    }

    fn shown(&self, arm: &Arm, index: usize) -> Vec<String> {
        let all: Vec<usize> = (0..arm.table.columns.len()).collect();
        let columns = self.columns(arm.table, &all, &format!("t{index}."));
        match arm.above {
            Some((_, Way::Links(link))) => {
                let source = parts(&link.foreign_keys[0]);
                let source = self.columns(link, &source, &format!("l{index}."));
                [source, columns].concat()
            }
            _ => columns,
        }
    }

    /// The order of an arm's rows: by the relation's column, then by key.
    fn order_of(&self, arm: &Arm, index: usize) -> String {
        let column = arm.order_by.map(|order| {
            let direction = if order.descending { " DESC" } else { "" };
            format!("t{index}.{}{direction}", self.dialect.quote(order.column))
        });
        let key = self.columns(arm.table, arm.table.key, &format!("t{index}."));
        column.into_iter().chain(key).collect::<Vec<_>>().join(", ")
    }
}

fn is_key(arm: &Arm, columns: &[usize]) -> bool {
    arm.table.key == columns
}
