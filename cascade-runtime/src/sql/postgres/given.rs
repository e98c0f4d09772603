//! The end of a statement of several parts: whether every row was there, and what comes back, in one row.

use std::fmt::Write as _;

use crate::meta::Table;
use crate::sql::postgres::fused::{drawn, keys_of, read_key, resolved};
use crate::sql::postgres::place;
use crate::sql::{Bind, Content, Entering, Fused, List, Returned, Statement, Texts};

/// The end of the statement so far.
#[derive(Default)]
pub(super) struct Given {
    /// Conditions that hold if every row was there.
    checks: Vec<String>,
    counted: Vec<usize>,
    /// What comes back of rows.
    columns: Vec<String>,
    /// Where several rows of a table come from.
    items: Vec<String>,
    returns: Vec<Returned>,
}

impl Given {
    /// As many rows as were named were touched.
    pub(super) fn expect(&mut self, statement: &mut Statement, part: &str, rows: usize) {
        self.checks.push(format!(
            "(SELECT count(*) FROM {part}) = {}",
            number(statement, rows)
        ));
    }

    /// The report says how many rows a part has touched.
    pub(super) fn count(&mut self, part: usize) {
        self.counted.push(part);
    }

    /// Rows went into a table: with the keys that they were to have, for a trigger may give a row another one, which nobody would hear of. What comes
    /// back are the keys that were drawn, and what the table has filled in.
    pub(super) fn enter(
        &mut self,
        texts: &Texts,
        statement: &mut Statement,
        (index, entering): (usize, &Entering),
        (list, direct): (&List, bool),
    ) {
        let (table, rows) = (entering.table, entering.rows.len());
        let columns = given(table);
        match (direct, columns.is_empty(), rows) {
            (true, ..) => self.checks.push(format!("EXISTS (SELECT 1 FROM i{index})")),
            (false, true, _) => self.expect(statement, &format!("i{index}"), rows),
            (false, false, 1) => {
                let part = as_drawn(texts, (index, table), list);
                self.expect(statement, &part, rows);
            }
            (false, false, _) => self.several(texts, statement, (index, table, rows), list),
        }
        if rows == 1 {
            let quoted = texts.columns(table, &columns, "");
            let cells = columns.iter().zip(quoted).map(|(column, name)| {
                let cell = read_key(table, *column, &name);
                format!("(SELECT {cell} FROM i{index})")
            });
            self.columns.extend(cells);
        }
        if !columns.is_empty() {
            self.returns.push(Returned {
                table,
                rows: entering.rows.clone(),
                columns,
            });
        }
    }

    /// Several rows are an array for each column, in their order: as rows, those of all tables would have to be joined.
    fn several(
        &mut self,
        texts: &Texts,
        statement: &mut Statement,
        (index, table, rows): (usize, &'static Table, usize),
        list: &List,
    ) {
        let mut arrays = String::new();
        for column in given(table) {
            let cell = if table.columns[column].key {
                format!("r.d{column}")
            } else {
                texts.columns(table, &[column], "i.").swap_remove(0)
            };
            let _ = write!(arrays, ", array_agg({cell} ORDER BY r.n) AS g{column}");
            self.columns.push(format!("q{index}.g{column}"));
        }
        let from = as_drawn(texts, (index, table), list);
        self.items.push(format!(
            "(SELECT count(*) AS n{arrays} FROM {from}) AS q{index}"
        ));
        let expected = number(statement, rows);
        self.checks.push(format!("q{index}.n = {expected}"));
    }

    /// The statement with these parts.
    pub(super) fn finish(self, mut statement: Statement, parts: &[&str]) -> Fused {
        // A cast that fails undoes the statement. It is one of a value that isn't known before: a constant would fail when it is parsed.
        let checks = if self.checks.is_empty() {
            "0".to_owned()
        } else {
            let checks = self.checks.join(" AND ");
            format!("CAST(CASE WHEN {checks} THEN '0' ELSE 'a row is not there' END AS int)")
        };
        let counts = self.counted.iter();
        let counts = counts.map(|part| format!("(SELECT count(*) FROM s{part})"));
        let columns = std::iter::once(format!("{checks} AS ok"))
            .chain(counts)
            .chain(self.columns);
        let columns: Vec<String> = columns.collect();
        let mut text = format!("WITH {} SELECT {}", parts.join(", "), columns.join(", "));
        if !self.items.is_empty() {
            let _ = write!(text, " FROM {}", self.items.join(" CROSS JOIN "));
        }
        statement.text = text;
        Fused {
            statement,
            counted: self.counted,
            returns: self.returns,
        }
    }
}

/// What comes back of a row that goes into a table.
pub(super) fn given(table: &'static Table) -> Vec<usize> {
    let others = table
        .generated()
        .filter(|column| !table.columns[*column].key);
    drawn(table).chain(others).collect()
}

/// The rows that were inserted, as `i`, beside those that were to be, as `r`: with the same keys.
fn as_drawn(texts: &Texts, (index, table): (usize, &'static Table), list: &List) -> String {
    let is_drawn = |column: &usize| table.columns[*column].is_generated();
    let rows = if table.key.iter().all(is_drawn) {
        format!("k{index} AS r")
    } else {
        resolved(list, &format!("k{index} AS u"), &keys_of(table))
    };
    let pairs = table.key.iter().map(|key| {
        let column = &texts.columns(table, &[*key], "i.")[0];
        let is_column = |content: Content| matches!(content, Content::Column { column, .. } | Content::Drawn { column, .. } if column == *key);
        match list.cells.iter().position(|cell| is_column(cell.content)) {
            Some(cell) => format!("{column} = r.c{cell}"),
            None => format!("{column} = r.d{key}"),
        }
    });
    let pairs = pairs.collect::<Vec<_>>().join(" AND ");
    format!("{rows} JOIN i{index} AS i ON {pairs}")
}

/// A number of rows: the text tells one from several, and no more.
fn number(statement: &mut Statement, rows: usize) -> String {
    if rows == 1 {
        return "1".to_owned();
    }
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    statement.binds.push(Bind::Number(rows));
    place(statement)
}
