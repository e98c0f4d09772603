//! The texts of what is read.

use crate::meta::{ForeignKey, OrderBy, Table};
use crate::sql::reach::parts;
use crate::sql::{List, Statement, Texts};

/// How the rows that a SELECT starts from are named in its text.
struct Listed {
    /// The number of a row in the list.
    number: &'static str,
    from: String,
    on: String,
    condition: String,
}

/// What a SELECT reads.
pub(crate) struct Select {
    pub(crate) table: &'static Table,
    pub(crate) from: From,
    pub(crate) order_by: Option<OrderBy>,
    pub(crate) lock: bool,
}

/// What the rows that a SELECT reads are named by.
#[derive(Clone, Copy)]
pub(crate) enum From {
    /// Their own keys.
    Keys,
    /// The parents that they refer to.
    Parents(&'static Table, &'static ForeignKey),
    /// The same, where nobody asks whether the parents are there.
    Children(&'static ForeignKey),
    /// The rows that refer to them.
    Holders,
    /// The rows that they are linked to: the table of these, and the two foreign keys of the links.
    Links {
        parent: &'static Table,
        link: &'static Table,
        source: &'static ForeignKey,
        target: &'static ForeignKey,
    },
}

impl Texts {
    /// Reads rows, numbered by the list; behind the number, of parents that may be gone, whether there is one.
    pub(crate) fn select(&self, select: &Select, list: List) -> Statement {
        let mut statement = Statement {
            numbered: true,
            returns: (0..select.table.columns.len()).collect(),
            ..Statement::default()
        };
        let table = select.table;
        let (named, by) = match select.from {
            From::Keys | From::Holders => (table, self.columns(table, table.key, "t.")),
            From::Children(foreign_key) => (table, self.columns(table, &parts(foreign_key), "t.")),
            From::Parents(parent, _) | From::Links { parent, .. } => {
                (parent, self.columns(parent, parent.key, "p."))
            }
        };
        let single = list.rows.len() == 1 && self.dialect.has_plain_rows();
        let listed = self.listed(&mut statement, &by, list, single);
        let columns = self.columns(table, &statement.returns, "t.").join(", ");
        let Listed {
            number,
            from,
            on,
            condition,
        } = listed;
        let name = self.table(table);
        let key = self.columns(table, table.key, "t.");
        let join = match select.from {
            From::Children(_) => {
                let order = self.order(select, single, &key);
                statement.text = format!(
                    "SELECT {number}, {columns} FROM {from}{name} AS t{on}{condition} ORDER BY {order}"
                );
                return statement;
            }
            From::Keys | From::Holders => {
                let lock = if select.lock {
                    self.dialect.for_update()
                } else {
                    ""
                };
                let order = if single { "" } else { " ORDER BY r.n" };
                statement.text = format!(
                    "SELECT {number}, {columns} FROM {from}{name} AS t{on}{condition}{order}{lock}"
                );
                return statement;
            }
            From::Parents(parent, foreign_key) => {
                let refers = self.refers((table, "t."), foreign_key, (parent, "p."));
                format!("LEFT JOIN {name} AS t ON {refers}")
            }
            From::Links {
                parent,
                link,
                source,
                target,
            } => {
                let from_here = self.refers((link, "l."), source, (parent, "p."));
                let to_there = self.refers((link, "l."), target, (table, "t."));
                let link = self.table(link);
                format!("LEFT JOIN ({link} AS l JOIN {name} AS t ON {to_there}) ON {from_here}")
            }
        };
        let order = self.order(select, single, &key);
        let (found, parent) = (&key[0], self.table(named));
        statement.text = format!(
            "SELECT {number}, {found} IS NOT NULL, {columns} FROM {from}{parent} AS p{on} {join}{condition} ORDER BY {order}"
        );
        statement
    }

    /// The order of children: by parent, by the relation's column, by key.
    fn order(&self, select: &Select, single: bool, key: &[String]) -> String {
        let number = (!single).then(|| "r.n".to_owned());
        let column = select.order_by.map(|order| {
            let direction = if order.descending { " DESC" } else { "" };
            format!("t.{}{direction}", self.dialect.quote(order.column))
        });
        let order = number.into_iter().chain(column).chain(key.iter().cloned());
        order.collect::<Vec<_>>().join(", ")
    }

    /// The condition that a foreign key refers to a row.
    fn refers(
        &self,
        (table, prefix): (&Table, &str),
        foreign_key: &ForeignKey,
        (target, target_prefix): (&Table, &str),
    ) -> String {
        let held = self.columns(table, &parts(foreign_key), prefix);
        let keys = self.columns(target, target.key, target_prefix);
        let pairs = held.iter().zip(keys);
        let pairs = pairs.map(|(column, key)| format!("{column} = {key}"));
        pairs.collect::<Vec<_>>().join(" AND ")
    }

    /// Names the rows that a SELECT starts from by these columns: by a join with the list, or by a condition where it is one row and the dialect can.
    fn listed(
        &self,
        statement: &mut Statement,
        columns: &[String],
        list: List,
        single: bool,
    ) -> Listed {
        if single {
            return Listed {
                number: "0",
                from: String::new(),
                on: String::new(),
                condition: format!(" WHERE {}", self.dialect.one_of(statement, columns, list)),
            };
        }
        Listed {
            number: "r.n",
            from: format!("{} JOIN ", self.dialect.source(statement, list)),
            on: format!(" ON {}", equal(columns)),
            condition: String::new(),
        }
    }
}

/// Some columns are the cells of `r`.
fn equal(columns: &[String]) -> String {
    let pairs = columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("{column} = r.c{index}"));
    pairs.collect::<Vec<_>>().join(" AND ")
}
