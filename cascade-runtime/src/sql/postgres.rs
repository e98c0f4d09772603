//! PostgreSQL: the rows of a statement are arrays, so that its text depends on no more of their number than whether they are several.

mod fused;
mod given;
mod swept;

use crate::meta::{Generated, Table};
use crate::plan::{Abilities, Locks, Step};
use crate::sql::{
    Bind, Bound, Content, Dialect, Entering, Fused, List, Part, Statement, Texts, Write,
    assignments, listed_cell, qualified, write_one,
};
use crate::values::Values;

pub(crate) struct Postgres;

/// The most parameters that the protocol can number.
const PARAMETERS: usize = 65_535;

impl Dialect for Postgres {
    fn chunk(&self, cells: &[Bound], rows: usize) -> usize {
        if is_array(cells) {
            rows
        } else {
            rows.min(PARAMETERS / cells.len().max(1))
        }
    }

    fn source(&self, statement: &mut Statement, list: List) -> String {
        let drawn = list.is_drawing().then(|| list.clone());
        let names = names(&list);
        let lines = lines(statement, list);
        match drawn {
            Some(list) => fused::resolved(&list, &lines, &["n".to_owned()]),
            None => format!(
                "(SELECT {}, u.n - 1 AS n FROM {lines}) AS r",
                names.join(", ")
            ),
        }
    }

    fn one_of(&self, statement: &mut Statement, columns: &[String], list: List) -> String {
        if list.rows.len() == 1 {
            let pairs = columns
                .iter()
                .map(|column| format!("{column} = {}", place(statement)));
            let pairs = pairs.collect::<Vec<_>>().join(" AND ");
            statement.binds.push(Bind::Rows(list));
            return pairs;
        }
        if let ([column], true) = (columns, is_array(&list.cells)) {
            let place = place(statement);
            statement.binds.push(Bind::Arrays(list));
            return format!("{column} = ANY({place})");
        }
        let names: Vec<String> = (0..list.cells.len())
            .map(|cell| format!("r.c{cell}"))
            .collect();
        let source = self.source(statement, list);
        format!(
            "({}) IN (SELECT {} FROM {source})",
            columns.join(", "),
            names.join(", ")
        )
    }

    fn row(&self, statement: &mut Statement, list: List) -> Vec<String> {
        let cell = |bound: &Bound| match bound.content {
            Content::Drawn { by, .. } if by.sole => fused::key_of(by),
            Content::Drawn { by, .. } => {
                let number = place(statement);
                format!(
                    "(SELECT d{} FROM k{} WHERE n = {number})",
                    by.column, by.insert
                )
            }
            _ => place(statement),
        };
        let cells = list.cells.iter().map(cell).collect();
        statement.binds.push(Bind::Rows(list));
        cells
    }

    /// Generated keys are drawn beside the number of their row, in a CTE that is materialised: which row got which key is exact, whatever
    /// the order of the inserts and of what they return.
    fn insert(&self, statement: &mut Statement, table: &'static Table, mut list: List) {
        let name = qualified(self, table);
        let columns: Vec<usize> = list
            .cells
            .iter()
            .filter_map(|cell| {
                if let Content::Column { column, .. } = cell.content {
                    Some(column)
                } else {
                    None
                }
            })
            .collect();
        let names: Vec<String> = columns
            .iter()
            .map(|column| self.quote(table.columns[*column].name))
            .collect();
        let cells: Vec<String> = (0..columns.len())
            .map(|cell| format!("r.c{cell}"))
            .collect();
        if columns.is_empty() {
            list.cells.push(Bound {
                content: Content::Number,
                codec: &table.columns[table.key[0]].codec,
            });
        }
        let source = self.source(statement, list);
        if statement.returns.is_empty() {
            let is_given = |column: &usize| {
                table.columns[*column].key && table.columns[*column].is_generated()
            };
            let overriding = if columns.iter().any(is_given) {
                " OVERRIDING SYSTEM VALUE"
            } else {
                ""
            };
            let (names, cells) = (names.join(", "), cells.join(", "));
            statement.text = format!(
                "INSERT INTO {name} ({names}){overriding} SELECT {cells} FROM {source} ORDER BY r.n"
            );
            return;
        }
        let drawn: Vec<(String, String)> = statement
            .returns
            .iter()
            .filter(|column| table.columns[**column].key)
            .map(|&column| self.drawn(table, column))
            .collect();
        let keys: Vec<String> = drawn
            .iter()
            .map(|(name, expression)| format!("{expression} AS {name}"))
            .collect();
        let all_names: Vec<String> = drawn
            .iter()
            .map(|(name, _)| name.clone())
            .chain(names)
            .collect();
        let mut picked: Vec<String> = drawn.iter().map(|(name, _)| format!("r.{name}")).collect();
        picked.extend(cells.iter().cloned());
        let inner: Vec<String> = std::iter::once("r.n".to_owned())
            .chain(keys)
            .chain(cells)
            .collect();
        let on: Vec<String> = table
            .key
            .iter()
            .map(|column| self.joined(table, *column, &columns))
            .collect();
        let key = table
            .key
            .iter()
            .copied()
            .filter(|column| !statement.returns.contains(column));
        let returning: Vec<String> = statement
            .returns
            .iter()
            .copied()
            .chain(key)
            .map(|column| self.quote(table.columns[column].name))
            .collect();
        let returned: Vec<String> = statement
            .returns
            .iter()
            .map(|column| {
                fused::read_key(
                    table,
                    *column,
                    &self.quote_behind("i.", table.columns[*column].name),
                )
            })
            .collect();
        statement.numbered = true;
        statement.text = format!(
            "WITH r AS MATERIALIZED (SELECT {} FROM {source}), i AS (INSERT INTO {name} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM r ORDER BY r.n RETURNING {}) SELECT r.n, {} FROM r JOIN i ON {} ORDER BY r.n",
            inner.join(", "),
            all_names.join(", "),
            picked.join(", "),
            returning.join(", "),
            returned.join(", "),
            on.join(" AND "),
        );
    }

    fn write(&self, statement: &mut Statement, write: &Write, list: List) {
        let Some(list) = write_one(self, statement, write, list) else {
            return;
        };
        let source = self.source(statement, list);
        let (sets, when) = assignments(self, write, &listed_cell);
        statement.text = format!(
            "UPDATE {} AS t SET {sets} FROM {source} WHERE {when}",
            qualified(self, write.table)
        );
    }

    /// Each column of its rows as one array.
    fn unites(&self, table: &Table) -> bool {
        has_arrays(table)
    }

    fn draws_keys(&self) -> bool {
        false
    }

    fn draw(&self, table: &Table, column: usize, rows: usize) -> String {
        let (_, expression) = self.drawn(table, column);
        format!("SELECT {expression} FROM generate_series(1, {rows})")
    }

    /// A recursion may refer to itself once.
    fn traced(&self) -> &'static str {
        ""
    }

    fn recursive(&self, terms: &[String]) -> String {
        let terms = terms.join(" UNION ALL ");
        format!("SELECT e.* FROM gone AS g CROSS JOIN LATERAL ({terms}) AS e")
    }

    /// Foreign keys are checked at the end of a statement, which takes any number of rows.
    fn abilities(&self) -> Abilities {
        Abilities {
            locks: Locks::Rows,
            checks_at_end: true,
            checks_rows: false,
        }
    }

    fn has_plain_rows(&self) -> bool {
        true
    }

    fn inserts_singly(&self, _: &Table) -> bool {
        false
    }

    fn is_part(&self, step: &Step) -> bool {
        has_arrays(step.table) && has_arrays(step.root())
    }

    /// Nothing but keys that were cast to their types.
    fn is_sure(&self, table: &'static Table) -> bool {
        let mut generated = table.generated();
        generated.all(|column| table.columns[column].key && fused::type_of(table, column).is_some())
    }

    fn fused(
        &self,
        texts: &Texts,
        parts: (&[Part<'_>], &[Entering]),
        values: &Values<'_, '_>,
    ) -> Option<Fused> {
        self.fuse(texts, parts, values)
    }

    fn finds_by_key(&self) -> bool {
        true
    }

    fn same(&self) -> &'static str {
        "IS NOT DISTINCT FROM"
    }

    fn for_update(&self) -> &'static str {
        " FOR UPDATE OF t"
    }
}

impl Postgres {
    /// The name of a generated key in the CTE, and what it is drawn by.
    fn drawn(&self, table: &Table, column: usize) -> (String, String) {
        let quoted = self.quote(table.columns[column].name);
        let expression = match table.columns[column].generated {
            Generated::Expression(expression) => format!("({expression})"),
            Generated::Database | Generated::No => {
                // Its first argument is parsed as an identifier, its second is taken as it is.
                let relation = qualified(self, table).replace('\'', "''");
                let column = table.columns[column].name.replace('\'', "''");
                // As a subquery it is looked up once, and not for every row, which takes as long as the row's insert.
                format!(
                    "nextval((SELECT CAST(pg_get_serial_sequence('{relation}', '{column}') AS regclass)))"
                )
            }
        };
        (quoted, expression)
    }

    fn joined(&self, table: &Table, column: usize, inserted: &[usize]) -> String {
        let name = self.quote(table.columns[column].name);
        match inserted.iter().position(|inserted| *inserted == column) {
            Some(cell) => format!("i.{name} = r.c{cell}"),
            None => format!("i.{name} = r.{name}"),
        }
    }
}

/// A FROM item `u` with the cells of some rows as `c0`, `c1`, .. and their number, from 1, as `n`.
///
/// Several rows are arrays, one is plain placeholders: for an array PostgreSQL takes a plan that it made for ten rows to be dearer than one for
/// the array that it sees, and plans anew each time; plain placeholders it keeps a plan for.
fn lines(statement: &mut Statement, list: List) -> String {
    let mut names = names(&list);
    let mut row = || -> Vec<String> { names.iter().map(|_| place(statement)).collect() };
    if list.rows.len() > 1 && is_array(&list.cells) {
        let lines = row().join(", ");
        let names = names.join(", ");
        statement.binds.push(Bind::Arrays(list));
        return format!("unnest({lines}) WITH ORDINALITY AS u({names}, n)");
    }
    let rows = (1..=list.rows.len()).map(|number| {
        let mut row = row();
        row.push(format!("{number}::bigint"));
        format!("({})", row.join(", "))
    });
    let rows: Vec<String> = rows.collect();
    names.push("n".to_owned());
    statement.binds.push(Bind::Rows(list));
    format!("(VALUES {}) AS u({})", rows.join(", "), names.join(", "))
}

/// What the cells of a list are called that are bound.
fn names(list: &List) -> Vec<String> {
    let cells = list.cells.iter().enumerate();
    let bound = cells.filter(|(_, cell)| cell.content.is_bound());
    bound.map(|(cell, _)| format!("c{cell}")).collect()
}

/// There is an array of the type of every column: an array of arrays is none of rows.
fn has_arrays(table: &Table) -> bool {
    let fns = table.columns.iter().map(|column| column.codec.postgres);
    fns.flatten().all(|fns| fns.array.is_some())
}

/// Every cell can be bound as an array.
fn is_array(cells: &[Bound]) -> bool {
    cells.iter().all(|cell| {
        !matches!(cell.content, Content::Column { .. } | Content::Key { .. })
            || cell.codec.postgres.is_none_or(|fns| fns.array.is_some())
    })
}

fn place(statement: &mut Statement) -> String {
    statement.places += 1;
    format!("${}", statement.places)
}
