//! SQLite: the rows of a statement are lists of values in a few fixed lengths, so that its texts stay prepared.

use sqlx::TypeInfo as _;

use crate::meta::{Generated, Table};
use crate::plan::{Abilities, Locks, Target};
use crate::sql::{
    Bind, Bound, Dialect, Gaps, List, Statement, Write, assignments, listed, listed_cell,
    qualified, write_one,
};

pub(crate) struct Sqlite;

/// From so many rows on their keys are computed: each row that comes back is a message of its own.
const COMPUTED: usize = 8;
/// The most parameters of a statement, by default.
const PARAMETERS: usize = 32_766;

impl Dialect for Sqlite {
    /// As many as there are places for. A condition may bind one cell twice.
    fn chunk(&self, cells: &[Bound], rows: usize) -> usize {
        rows.min(1 << (PARAMETERS / (cells.len() + 1)).ilog2())
    }

    /// The lengths are powers of two: behind the rows are some that equal nothing.
    fn source(&self, statement: &mut Statement, mut list: List) -> String {
        list.rows
            .resize(list.rows.len().next_power_of_two(), Target::NOTHING);
        // The columns of a VALUES list have names only through a SELECT around it.
        let names: Vec<String> = (0..list.cells.len())
            .map(|cell| format!("column{} AS c{cell}", cell + 1))
            .collect();
        let number = format!("column{} AS n", list.cells.len() + 1);
        let places = vec!["?"; list.cells.len()].join(", ");
        let rows: Vec<String> = (0..list.rows.len())
            .map(|row| format!("({places}, {row})"))
            .collect();
        statement.binds.push(Bind::Rows(list));
        format!(
            "(SELECT {}, {number} FROM (VALUES {})) AS r",
            names.join(", "),
            rows.join(", ")
        )
    }

    /// The lengths are powers of two: the last row is named again.
    fn one_of(&self, statement: &mut Statement, columns: &[String], mut list: List) -> String {
        let longer = list.rows.len().next_power_of_two();
        if let Some(last) = list.rows.last().copied()
            && longer * (columns.len() + 1) <= PARAMETERS
        {
            list.rows.resize(longer, last);
        }
        let rows = list.rows.len();
        if rows > 1 && columns.len() > 1 {
            // By the first column alone, too: for a list of pairs SQLite uses no rowid, and would read the whole table.
            let first = List::of(list.table, list.rows.clone(), list.cells[..1].to_vec());
            statement.binds.push(Bind::Rows(first));
        }
        statement.binds.push(Bind::Rows(list));
        match columns {
            columns if rows == 1 => columns
                .iter()
                .map(|column| format!("{column} = ?"))
                .collect::<Vec<_>>()
                .join(" AND "),
            [column] => format!("{column} IN ({})", vec!["?"; rows].join(", ")),
            columns => {
                let row = format!("({})", vec!["?"; columns.len()].join(", "));
                format!(
                    "{} IN ({}) AND ({}) IN (VALUES {})",
                    columns[0],
                    vec!["?"; rows].join(", "),
                    columns.join(", "),
                    vec![row.as_str(); rows].join(", ")
                )
            }
        }
    }

    /// The lengths are powers of two: the rows behind the last are cut off. For a plain placeholder there SQLite would plan anew each time.
    fn insert(&self, statement: &mut Statement, table: &'static Table, mut list: List) {
        // NULL is how a rowid is asked for.
        let returning = (" RETURNING ", "");
        let rows = list.rows.len();
        if rows.is_power_of_two() {
            let around = (listed::VALUES, "NULL");
            listed::insert(self, statement, (table, list), around, returning);
            return;
        }
        list.rows.resize(rows.next_power_of_two(), Target::NOTHING);
        let around = (("SELECT * FROM (VALUES ", ") LIMIT ? + 0"), "NULL");
        listed::insert(self, statement, (table, list), around, returning);
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        statement.binds.push(Bind::Number(rows));
    }

    /// A row that SQLite gives a rowid gets the largest one and 1, so those of an INSERT follow each other. What else may be, shows: where a
    /// trigger inserts into the table, or the largest rowid is taken, they don't, and the last is another than the first and the number of rows
    /// say. Where the key is no rowid, it is another than the one that SQLite reports.
    fn computes(&self, table: &Table, returns: &[usize], rows: usize) -> bool {
        let [column] = returns else { return false };
        let is_key = table.columns[*column].key && table.key.len() == 1;
        let codec = &table.columns[*column].codec;
        rows >= COMPUTED && is_key && codec.number(0).is_some()
    }

    fn write(&self, statement: &mut Statement, write: &Write, list: List) {
        let Some(list) = write_one(self, statement, write, list) else {
            return;
        };
        let name = qualified(self, write.table);
        let source = self.source(statement, list);
        let (sets, when) = assignments(self, write, &listed_cell);
        statement.text = format!("UPDATE {name} AS t SET {sets} FROM {source} WHERE {when}");
    }

    fn draws_keys(&self) -> bool {
        true
    }

    fn draw(&self, _: &Table, _: usize, _: usize) -> String {
        String::new()
    }

    fn traced(&self) -> &'static str {
        "gone AS g JOIN "
    }

    fn recursive(&self, terms: &[String]) -> String {
        terms.join(" UNION ")
    }

    /// One transaction writes at a time.
    fn abilities(&self) -> Abilities {
        Abilities {
            locks: Locks::Everything,
            checks_at_end: false,
            checks_rows: false,
        }
    }

    fn has_plain_rows(&self) -> bool {
        true
    }

    /// A key that a default fills is no rowid, and has no order.
    fn inserts_singly(&self, table: &Table) -> bool {
        let drawn = table
            .key
            .iter()
            .map(|column| &table.columns[*column])
            .find(|column| column.generated == Generated::Database);
        drawn.is_some_and(|column| {
            column
                .codec
                .sqlite
                .is_some_and(|fns| !is_integer(&(fns.type_info)()))
        })
    }

    /// Only where the largest rowid there can be is taken, keys are drawn at random.
    fn gaps(&self, table: &Table, keys: &[i64], reported: u64) -> Option<Gaps> {
        if keys.last() != Some(&reported.cast_signed()) {
            return Some(Gaps {
                look: None,
                message: "the key is no rowid, so that nobody knows which row got which; make it an INTEGER PRIMARY KEY, insert one row at a time, or assign keys yourself",
            });
        }
        let mut pairs = keys.windows(2);
        if pairs.all(|pair| pair[1].wrapping_sub(pair[0]) == 1) {
            return None;
        }
        let key = self.quote(table.columns[table.key[0]].name);
        let look = Statement {
            text: format!(
                "SELECT 1 FROM {} WHERE {key} = {}",
                qualified(self, table),
                i64::MAX
            ),
            ..Statement::default()
        };
        Some(Gaps {
            look: Some(look),
            message: "the largest rowid is taken, so that SQLite draws keys at random; insert one row at a time, or assign keys yourself",
        })
    }

    fn same(&self) -> &'static str {
        "IS"
    }

    fn for_update(&self) -> &'static str {
        ""
    }
}

fn is_integer(info: &sqlx::sqlite::SqliteTypeInfo) -> bool {
    matches!(info.name(), "INTEGER" | "INT8" | "INT4" | "BIGINT")
}
