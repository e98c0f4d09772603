//! Statements of the databases whose rows are lists of values: SQLite, MySQL and MariaDB.

use crate::meta::Table;
use crate::sql::{Bind, Content, Dialect, List, Statement, qualified};

/// The names of the columns that a statement returns.
pub(super) fn returned<D: Dialect>(dialect: &D, statement: &Statement, table: &Table) -> String {
    let returns = statement.returns.iter();
    let names = returns.map(|column| dialect.quote(table.columns[*column].name));
    names.collect::<Vec<_>>().join(", ")
}

/// What stands around the rows of an insert.
pub(super) const VALUES: (&str, &str) = ("VALUES ", "");

/// The text that inserts rows, which stand between the two texts of `around`. `blank` asks for a key where a row has no columns: a list of rows without can't be written. The clause that returns what
/// the database has filled in stands between `before` and `after`.
pub(super) fn insert<D: Dialect>(
    dialect: &D,
    statement: &mut Statement,
    (table, list): (&'static Table, List),
    (around, blank): ((&str, &str), &str),
    (before, after): (&str, &str),
) {
    let inserted = list.cells.iter().filter_map(|cell| {
        if let Content::Column { column, .. } = cell.content {
            Some(column)
        } else {
            None
        }
    });
    let mut names: Vec<String> = inserted
        .map(|column| dialect.quote(table.columns[column].name))
        .collect();
    let mut row = format!("({})", vec!["?"; names.len()].join(", "));
    if names.is_empty() {
        names.push(dialect.quote(table.columns[table.key[0]].name));
        row = format!("({blank})");
    }
    let rows = vec![row.as_str(); list.rows.len()].join(", ");
    statement.text = format!(
        "INSERT INTO {} ({}) {}{rows}{}",
        qualified(dialect, table),
        names.join(", "),
        around.0,
        around.1
    );
    if !statement.returns.is_empty() && !statement.computed {
        // Rows come back in no order: they are told apart by their keys.
        let returned = statement.returns.clone();
        statement
            .returns
            .extend(table.key.iter().filter(|column| !returned.contains(column)));
        let returns = self::returned(dialect, statement, table);
        statement.text.push_str(before);
        statement.text.push_str(&returns);
        statement.text.push_str(after);
    }
    statement.binds.push(Bind::Rows(list));
}
