//! The texts of what is read.

use crate::meta::{ForeignKey, Table};
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
    /// The parents whose children are read; else the rows are named by their own keys.
    pub(crate) parent: Option<(&'static Table, &'static ForeignKey)>,
    pub(crate) lock: bool,
}

impl Texts {
    /// Reads rows by their keys, or by a foreign key to these parents; numbered by the list.
    pub(crate) fn select(&self, select: &Select, list: List) -> Statement {
        let mut statement = Statement {
            numbered: true,
            returns: (0..select.table.columns.len()).collect(),
            ..Statement::default()
        };
        let table = select.table;
        let (named, prefix) = select
            .parent
            .map_or((table, "t"), |(parent, _)| (parent, "p"));
        let single = list.rows.len() == 1 && self.dialect.has_plain_rows();
        let listed = self.listed(&mut statement, (named, prefix), list, single);
        let columns = self.columns(table, &statement.returns, "t.").join(", ");
        let Listed {
            number,
            from,
            on,
            condition,
        } = listed;
        let name = self.table(table);
        statement.text = match select.parent {
            None => {
                let lock = if select.lock {
                    self.dialect.for_update()
                } else {
                    ""
                };
                let order = if single { "" } else { " ORDER BY r.n" };
                format!(
                    "SELECT {number}, {columns} FROM {from}{name} AS t{on}{condition}{order}{lock}"
                )
            }
            Some((parent, foreign_key)) => {
                let keys = self.columns(parent, parent.key, "p.");
                let held = self.columns(table, &parts(foreign_key), "t.");
                let pairs = held
                    .iter()
                    .zip(keys)
                    .map(|(column, key)| format!("{column} = {key}"));
                let refers = pairs.collect::<Vec<_>>().join(" AND ");
                let key = self.columns(table, table.key, "t.");
                let found = &key[0];
                let order = if single {
                    key.join(", ")
                } else {
                    format!("r.n, {}", key.join(", "))
                };
                let parent = self.table(parent);
                format!(
                    "SELECT {number}, {found} IS NOT NULL, {columns} FROM {from}{parent} AS p{on} LEFT JOIN {name} AS t ON {refers}{condition} ORDER BY {order}"
                )
            }
        };
        statement
    }

    /// Names the rows of `table` that a SELECT starts from: by a join with the list, or by a condition where it is one row and the dialect can.
    fn listed(
        &self,
        statement: &mut Statement,
        (table, prefix): (&Table, &str),
        list: List,
        single: bool,
    ) -> Listed {
        let key = self.columns(table, table.key, &format!("{prefix}."));
        if single {
            return Listed {
                number: "0",
                from: String::new(),
                on: String::new(),
                condition: format!(" WHERE {}", self.dialect.one_of(statement, &key, list)),
            };
        }
        Listed {
            number: "r.n",
            from: format!("{} JOIN ", self.dialect.source(statement, list)),
            on: format!(" ON {}", equal(&key)),
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
