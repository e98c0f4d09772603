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

impl Arm {
    /// How many columns it has before those of its table: of links the key of the row above.
    pub(crate) fn before(&self) -> usize {
        match self.above {
            Some((_, Way::Links(link))) => link.foreign_keys[0].parts.len(),
            _ => 0,
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.before() + self.table.columns.len()
    }
}

impl Texts {
    /// One statement for each arm: a row's number in the list, then the columns of the arm. Those of a relation come in its order.
    pub(crate) fn arms(&self, arms: &[Arm], list: &List) -> Statement {
        let mut statement = Statement::default();
        let mut texts = Vec::new();
        for (index, arm) in arms.iter().enumerate() {
            let (number, from) = self.rows_of(&mut statement, arms, (index, list));
            let order = match arm.above {
                Some(_) => format!(" ORDER BY {}", self.order_of(arm, index)),
                None if list.rows.len() > 1 => format!(" ORDER BY {number}"),
                None => String::new(),
            };
            let shown = self.shown(arm, index).join(", ");
            texts.push(format!("SELECT {number}, {shown} FROM {from}{order}"));
        }
        statement.text = texts.join(";\n");
        statement
    }

    /// One statement for all: the number of the arm, a row's number in the list, then the columns of all arms, of which a row has those of its own.
    ///
    /// PostgreSQL sorts an arm that has an order of its own, and reads it row by row. Where several processes read, each takes whole such arms:
    /// the rows of one stay in their order, whatever comes between them. A `row_number()` would say it for all times, and cost a third more.
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
        let mut text = format!(
            "SELECT 0::bigint, 0::bigint, {} FROM {} WHERE false",
            shown.concat().join(", "),
            tables.collect::<Vec<_>>().join(", ")
        );
        for (index, arm) in arms.iter().enumerate() {
            let (number, from) = self.rows_of(&mut statement, arms, (index, list));
            let (own, from) = if arm.above.is_some() {
                // Sorted before the other columns are there: the rows are narrower.
                let names = (0..shown[index].len()).map(|cell| format!("c{cell}"));
                let names: Vec<String> = names.collect();
                let sorted = format!(
                    "(SELECT {} FROM {from} ORDER BY {}) AS a({})",
                    shown[index].join(", "),
                    self.order_of(arm, index),
                    names.join(", ")
                );
                (names, sorted)
            } else {
                (shown[index].clone(), from)
            };
            let cells = shown.iter().enumerate().flat_map(|(other, shown)| {
                if other == index {
                    own.clone()
                } else {
                    vec!["NULL".to_owned(); shown.len()]
                }
            });
            let cells = cells.collect::<Vec<_>>().join(", ");
            let _ = write!(
                text,
                " UNION ALL (SELECT {index}, {number}, {cells} FROM {from})"
            );
        }
        statement.text = text;
        statement
    }

    /// The number of a row in the list, as far as the arm knows it, and its rows.
    fn rows_of(
        &self,
        statement: &mut Statement,
        arms: &[Arm],
        (index, list): (usize, &List),
    ) -> (String, String) {
        let arm = &arms[index];
        if arm.above.is_none() && list.rows.len() > 1 {
            let source = self.dialect.source(statement, list.clone());
            let key = self.columns(arm.table, arm.table.key, "t0.");
            let pairs = key
                .iter()
                .enumerate()
                .map(|(part, column)| format!("{column} = r.c{part}"));
            let on = pairs.collect::<Vec<_>>().join(" AND ");
            return (
                "r.n".to_owned(),
                format!("{source} JOIN {} ON {on}", self.named(arm, index)),
            );
        }
        ("0".to_owned(), self.within(statement, arms, (index, list)))
    }

    /// The rows of an arm as `t0`, `t1`, .. by its number, links as `l0`, `l1`, ..
    fn within(
        &self,
        statement: &mut Statement,
        arms: &[Arm],
        (index, list): (usize, &List),
    ) -> String {
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
