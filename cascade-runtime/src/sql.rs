//! Steps as SQL: texts from names that the derive put down, and lists of cells to bind. Pure; a value never comes near a text.

use crate::codec::Codec;
use crate::meta::Table;
use crate::plan::{Abilities, Step, Target};
use crate::values::{Drawn, Side, Values, codec};

#[cfg(any(feature = "sqlite", feature = "mysql"))]
mod listed;
#[cfg(feature = "mysql")]
mod mysql;
mod parts;
#[cfg(feature = "postgres")]
mod postgres;
mod reach;
mod select;
#[cfg(feature = "sqlite")]
mod sqlite;
mod steps;
mod tree;

#[cfg(feature = "mysql")]
pub(crate) use mysql::MySql;
pub(crate) use parts::{DrawnCell, Entering, Fused, Part, Returned, entering};
#[cfg(feature = "postgres")]
pub(crate) use postgres::Postgres;
pub(crate) use reach::parts;
pub(crate) use select::{From, Select};
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::Sqlite;
pub(crate) use tree::{Arm, Way};

/// What differs between databases in the texts.
pub(crate) trait Dialect: Send + Sync {
    /// What names are quoted by.
    fn quotes(&self) -> char {
        '"'
    }

    /// A name, quoted.
    fn quote(&self, name: &str) -> String {
        self.quote_behind("", name)
    }

    /// A name, quoted, behind a prefix that isn't.
    fn quote_behind(&self, prefix: &str, name: &str) -> String {
        let quotes = self.quotes();
        let mut quoted = String::with_capacity(prefix.len() + name.len() + 2);
        quoted.push_str(prefix);
        quoted.push(quotes);
        for part in name.split_inclusive(quotes) {
            quoted.push_str(part);
            if part.ends_with(quotes) {
                quoted.push(quotes);
            }
        }
        quoted.push(quotes);
        quoted
    }

    /// How many of `rows` the next statement takes, where each binds these cells.
    fn chunk(&self, cells: &[Bound], rows: usize) -> usize;

    /// How many of `rows` the next SELECT takes.
    fn read_chunk(&self, cells: &[Bound], rows: usize) -> usize {
        self.chunk(cells, rows)
    }

    /// How many of `rows` the next INSERT takes.
    fn insert_chunk(&self, cells: &[Bound], rows: usize) -> usize {
        self.chunk(cells, rows)
    }

    /// A FROM item `r` with the cells of some rows as `c0`, `c1`, .. and their number, from 0, as `n`.
    fn source(&self, statement: &mut Statement, list: List) -> String;

    /// The condition that some columns are one of some rows.
    fn one_of(&self, statement: &mut Statement, columns: &[String], list: List) -> String;

    /// The cells of the one row of a list, as they stand in a text.
    fn row(&self, statement: &mut Statement, list: List) -> Vec<String> {
        let cells = vec!["?".to_owned(); list.cells.len()];
        statement.binds.push(Bind::Rows(list));
        cells
    }

    /// The text that inserts rows, and what it returns.
    fn insert(&self, statement: &mut Statement, table: &'static Table, list: List);

    /// An insert gives back rows with what the database has filled in, on every server of this kind.
    fn returns_rows(&self) -> bool {
        true
    }

    /// Reads, by the first key that an insert has drawn, what it doesn't give back. It binds that key at each place.
    fn inserted(&self, _: &Statement, _: &Table, _: usize) -> Option<Statement> {
        None
    }

    /// The text that writes rows, where it isn't the one with `source`.
    fn write(&self, statement: &mut Statement, write: &Write, list: List);

    /// Stands before a column that a write sets, where it names its rows `t` and its values `r`.
    fn assigned(&self) -> &'static str {
        ""
    }

    /// The text that deletes the rows of a condition.
    fn sweep(&self, name: &str, condition: &Condition) -> String {
        format!("DELETE FROM {name} WHERE {}", condition.text)
    }

    /// The text that writes the rows of a condition.
    fn release(&self, name: &str, sets: &str, condition: &Condition) -> String {
        format!("UPDATE {name} SET {sets} WHERE {}", condition.text)
    }

    /// A SELECT within a condition.
    fn subquery(&self, select: &str) -> String {
        format!("({select})")
    }

    /// Ends an insert of rows that may be there already.
    fn or_nothing(&self, _: &Table) -> String {
        " ON CONFLICT DO NOTHING".to_owned()
    }

    /// What a CAST calls an integer.
    fn integer(&self) -> &'static str {
        "BIGINT"
    }

    /// Stands before a statement with a recursion of any depth, and behind its verb.
    fn unlimited(&self) -> (&'static str, &'static str) {
        ("", "")
    }

    /// The rows of the table can be read by one statement together with those above and below them.
    fn unites(&self, _: &Table) -> bool {
        false
    }

    /// Keys that the database fills with an expression are drawn by a statement of their own, before the insert.
    fn draws_keys(&self) -> bool;

    /// The text that draws keys for some rows, where the database can insert rows that refer to each other by one statement.
    fn draw(&self, table: &Table, column: usize, rows: usize) -> String;

    /// A FROM item `r` with this many rows.
    fn lines(&self, rows: usize) -> String {
        format!("(VALUES {}) AS r", vec!["(0)"; rows].join(", "))
    }

    /// Stands before the table of a term of a recursion over several tables.
    fn traced(&self) -> &'static str;

    /// A table whose rows decide what goes, as a FROM item: they are read as they are now, and locked, where a recursion can do that.
    fn decisive(&self, name: &str) -> String {
        name.to_owned()
    }

    /// The terms of a recursion over several tables, as one.
    fn recursive(&self, terms: &[String]) -> String;

    /// What it can do, as far as the order of a save depends on it.
    fn abilities(&self) -> Abilities;

    /// One row is named by plain placeholders, several by a list: the text depends on their number anyway.
    fn has_plain_rows(&self) -> bool;

    /// Which row got which key can't be told for several rows of the table in one insert.
    fn inserts_singly(&self, table: &Table) -> bool;

    /// A step can be a part of a statement.
    fn is_part(&self, _: &Step) -> bool {
        true
    }

    /// What comes back of an insert as a part can be read whatever it is: by the time that it is read, it is committed.
    fn is_sure(&self, _: &'static Table) -> bool {
        false
    }

    /// Steps as the parts of one statement. `None` where they can't be.
    fn fused(&self, _: &Texts, _: (&[Part<'_>], &[Entering]), _: &Values<'_, '_>) -> Option<Fused> {
        None
    }

    /// The keys of the rows of an insert, all that comes back, follow from the first row's and from the last that the database reports.
    fn computes(&self, _: &Table, _: &[usize], _: usize) -> bool {
        false
    }

    /// The key of a row that is inserted by itself, all that comes back, is reported beside the rows.
    fn reports(&self, _: &Table, _: &[usize]) -> bool {
        false
    }

    /// Several rows are read by a list of the keys that they hold, and say by these whose they are; else they are joined with a numbered list.
    fn reads_in_lists(&self) -> bool {
        false
    }

    /// What is wrong with the keys, in their order, that the database drew for the rows of one insert; beside them it `reports` one.
    fn gaps(&self, _: &Table, _: &[i64], _: u64) -> Option<Gaps> {
        None
    }

    /// Columns beside the key are compared by what no index is used for: the planner takes one on the owner to be as good as the key's, and reads
    /// all the rows of the owner for each.
    fn finds_by_key(&self) -> bool {
        false
    }

    /// A column beside the key, in a list of rows that is named by both, where the operator is the same: for the same reason.
    fn beside_key(&self, column: String) -> String {
        column
    }

    /// The operator by which NULL equals NULL.
    fn same(&self) -> &'static str;

    /// What locks the rows of `t` in a SELECT.
    fn for_update(&self) -> &'static str;
}

/// A condition on the rows of a table.
pub(crate) struct Condition {
    pub(crate) text: String,
    /// It has a subquery.
    pub(crate) looks: bool,
}

/// A text with the cells that it binds, in order.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) binds: Vec<Bind>,
    /// How many placeholders the binds take.
    pub(crate) places: usize,
    /// The columns that it returns, behind `n` where the database numbers them.
    pub(crate) returns: Vec<usize>,
    /// What it `returns` doesn't come back: it follows from the rows before, and from the key that the database reports.
    pub(crate) computed: bool,
    /// One of several in a statement: nothing comes back of it.
    pub(crate) is_part: bool,
    /// The rows that come back begin with the number of the row that they belong to.
    pub(crate) numbered: bool,
}

impl Statement {
    /// What comes back of it are values of rows, which others may take.
    pub(crate) fn gives(&self) -> bool {
        !self.returns.is_empty()
    }
}

/// Keys that one insert drew don't follow each other.
pub(crate) struct Gaps {
    /// What shows by a row that they weren't drawn in order; nothing has to, where this is `None`.
    pub(crate) look: Option<Statement>,
    pub(crate) message: &'static str,
}

/// The cells of rows.
#[derive(Debug, Clone)]
pub(crate) struct List {
    /// The table of their columns, or of their keys.
    pub(crate) table: &'static Table,
    pub(crate) rows: Vec<Target>,
    pub(crate) cells: Vec<Bound>,
    /// The cells that take keys which the statement itself draws in some of the rows.
    pub(crate) drawn: Vec<DrawnCell>,
}

/// A cell that each row of a list binds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) content: Content,
    pub(crate) codec: &'static Codec,
}

/// What a bound cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A column of the row.
    Column { side: Side, column: usize },
    /// A part of the row's key, new or not, to which others refer.
    Key { part: usize },
    /// Whether the row writes the column.
    Mask { column: usize },
    /// The row's number in the list.
    Number,
    /// The key that the column takes in every row, drawn by the statement: bound is the number of the row that draws it, unless that is the only one.
    Drawn { column: usize, by: Drawn },
    /// The number of the row whose key the column takes, where it takes one that is drawn by the statement.
    Place { column: usize, by: Drawn },
}

impl Content {
    /// A placeholder stands for it.
    pub(crate) fn is_bound(self) -> bool {
        !matches!(self, Self::Drawn { by, .. } if by.sole)
    }
}

/// How a list is bound.
#[derive(Debug, Clone)]
pub(crate) enum Bind {
    /// Each cell of the list as one array.
    Arrays(List),
    /// Row by row.
    Rows(List),
    /// A number.
    Number(i64),
}

impl Bound {
    pub(crate) fn column(table: &'static Table, side: Side, column: usize) -> Self {
        Self {
            content: Content::Column { side, column },
            codec: codec(table, column),
        }
    }
}

impl List {
    pub(crate) fn new(
        table: &'static Table,
        side: Side,
        rows: Vec<Target>,
        columns: impl IntoIterator<Item = usize>,
    ) -> Self {
        let cells = columns.into_iter();
        let cells = cells.map(|column| Bound::column(table, side, column));
        Self::of(table, rows, cells.collect())
    }

    /// The keys of rows, new or not, to which others refer.
    pub(crate) fn keys(table: &'static Table, rows: Vec<Target>) -> Self {
        let cells = table.key.iter().enumerate().map(|(part, column)| Bound {
            content: Content::Key { part },
            codec: codec(table, *column),
        });
        Self::of(table, rows, cells.collect())
    }

    pub(crate) fn of(table: &'static Table, rows: Vec<Target>, cells: Vec<Bound>) -> Self {
        Self {
            table,
            rows,
            cells,
            drawn: Vec::new(),
        }
    }
}

/// A write, taken apart.
pub(crate) struct Write {
    pub(crate) table: &'static Table,
    /// The columns, and whether only some of the rows write them.
    pub(crate) columns: Vec<(usize, bool)>,
    pub(crate) when: Vec<usize>,
}

/// Writes texts in one dialect: of steps, of what is within reach, and of what is read.
pub struct Texts {
    pub(crate) dialect: &'static dyn Dialect,
}

/// The name of a table with its schema.
fn qualified<D: Dialect + ?Sized>(dialect: &D, table: &Table) -> String {
    let name = dialect.quote(table.name);
    table.schema.map_or_else(
        || name.clone(),
        |schema| format!("{}.{name}", dialect.quote(schema)),
    )
}

/// `"a" = r.c0, "b" = CASE WHEN r.c2 THEN r.c1 ELSE t."b" END`, and the condition on the cells behind them: what `cells` calls each.
fn assignments<D: Dialect + ?Sized>(
    dialect: &D,
    write: &Write,
    cells: &dyn Fn(usize) -> String,
) -> (String, String) {
    let mut sets = Vec::new();
    let mut cell = 0;
    for &(column, masked) in &write.columns {
        let name = dialect.quote(write.table.columns[column].name);
        let (assigned, value) = (dialect.assigned(), cells(cell));
        if masked {
            let is_written = cells(cell + 1);
            sets.push(format!(
                "{assigned}{name} = CASE WHEN {is_written} THEN {value} ELSE t.{name} END"
            ));
        } else {
            sets.push(format!("{assigned}{name} = {value}"));
        }
        cell += 1 + usize::from(masked);
    }
    let when = is_row(dialect, (write.table, &write.when), "t.", &|index| {
        cells(cell + index)
    });
    (sets.join(", "), when)
}

/// The text that writes one row, by its cells; the list comes back where it is of several, or the row leaves a column out.
fn write_one<D: Dialect + ?Sized>(
    dialect: &D,
    statement: &mut Statement,
    write: &Write,
    list: List,
) -> Option<List> {
    if list.rows.len() != 1 || write.columns.iter().any(|(_, masked)| *masked) {
        return Some(list);
    }
    let row = dialect.row(statement, list);
    let (sets, when) = assignments(dialect, write, &|cell| row[cell].clone());
    let name = qualified(dialect, write.table);
    statement.text = format!("UPDATE {name} AS t SET {sets} WHERE {when}");
    None
}

/// What a cell of a list is called where it stands as `r`.
fn listed_cell(cell: usize) -> String {
    format!("r.c{cell}")
}

/// A row is that of a list by some columns, whose cells are called so.
fn is_row<D: Dialect + ?Sized>(
    dialect: &D,
    (table, columns): (&Table, &[usize]),
    prefix: &str,
    cells: &dyn Fn(usize) -> String,
) -> String {
    let pairs = columns.iter().enumerate().map(|(index, column)| {
        let name = dialect.quote_behind(prefix, table.columns[*column].name);
        let is = same(dialect, table, *column);
        format!("{name} {is} {}", cells(index))
    });
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// What compares a column with what is recorded of it: a row that was let go of by its owner has NULL in the key to it.
fn same<D: Dialect + ?Sized>(dialect: &D, table: &Table, column: usize) -> &'static str {
    let mut nullable = table.foreign_keys.iter().filter(|key| key.nullable);
    let is_nullable = nullable.any(|key| key.own_columns().any(|part| part.column == column));
    if is_nullable || dialect.finds_by_key() && !table.columns[column].key {
        dialect.same()
    } else {
        "="
    }
}

/// Puts a savepoint of sqlx where a transaction is now.
#[expect(
    clippy::disallowed_methods,
    reason = "texts are made here and nowhere else"
)]
#[cfg(feature = "mysql")]
pub(crate) fn savepoint(number: usize) -> sqlx::SqlStr {
    sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(format!(
        "SAVEPOINT _sqlx_savepoint_{number}"
    )))
}

/// The only place where a text of a step becomes a query: it was written in this module, from compile-time names and placeholders.
#[expect(
    clippy::disallowed_methods,
    reason = "texts are made here and nowhere else"
)]
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) fn query<'q, DB: sqlx::Database>(
    text: String,
    arguments: DB::Arguments,
) -> sqlx::query::Query<'q, DB, DB::Arguments>
where
    DB::Arguments: sqlx::IntoArguments<DB>,
{
    sqlx::query_with(sqlx::AssertSqlSafe(text), arguments)
}
