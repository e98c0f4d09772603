//! MySQL and MariaDB: lists of values in a few fixed lengths, as on SQLite. What only one of the two servers knows stands in comments that only that
//! one reads: a text is the same for both.

use sqlx::TypeInfo as _;

use crate::meta::{Generated, Table};
use crate::plan::{Abilities, Locks, Target};
use crate::sql::{
    Bind, Bound, Condition, Content, Dialect, Gaps, List, Statement, Write, assignments, listed,
    listed_cell, qualified, write_one,
};

pub(crate) struct MySql;

/// The lengths of the lists that are inserted: each is a text of its own, which stays prepared.
const LENGTHS: [usize; 11] = [500, 200, 100, 50, 20, 10, 5, 4, 3, 2, 1];
/// The most rows of other lists: from 1,000 values on, MariaDB makes a table of an IN.
const ROWS: usize = 512;
/// The most parameters that the protocol can number.
const PARAMETERS: usize = 65_535;

impl Dialect for MySql {
    fn quotes(&self) -> char {
        '`'
    }

    /// The lengths are powers of two: behind the rows are some that equal nothing, or the last is named again.
    fn chunk(&self, cells: &[Bound], rows: usize) -> usize {
        rows.min(ROWS)
            .min(1 << (PARAMETERS / cells.len().max(1)).ilog2())
    }

    /// A few fixed lengths: 1,260 rows are lists of 500, 500, 200, 50 and 10.
    fn insert_chunk(&self, cells: &[Bound], rows: usize) -> usize {
        let most = rows.min(PARAMETERS / cells.len().max(1));
        let mut lengths = LENGTHS.into_iter();
        lengths
            .find(|length| *length <= most)
            .unwrap_or(rows.min(1))
    }

    /// A parameter has no type and no collation of its own. So the first SELECT of the union is of the columns that the cells belong to, and
    /// gives no row: each column of `r` then compares as the table's does, and is wide enough for the longest value. (Behind it, a VALUES list
    /// would be cut to the width of the table's columns, without a word.)
    fn source(&self, statement: &mut Statement, mut list: List) -> String {
        list.rows
            .resize(list.rows.len().next_power_of_two(), Target::NOTHING);
        let table = list.table;
        let typed = list.cells.iter().enumerate().map(|(cell, bound)| {
            let column = match bound.content {
                Content::Column { column, .. } => column,
                Content::Key { part } => table.key[part],
                Content::Mask { .. }
                | Content::Number
                | Content::Drawn { .. }
                | Content::Place { .. } => {
                    return format!("0 AS c{cell}");
                }
            };
            format!("{} AS c{cell}", self.quote(table.columns[column].name))
        });
        let typed: Vec<String> = typed.collect();
        let places = vec!["?"; list.cells.len()].join(", ");
        let rows = (0..list.rows.len()).map(|row| format!(" UNION ALL SELECT {places}, {row}"));
        let rows: String = rows.collect();
        statement.binds.push(Bind::Rows(list));
        format!(
            "(SELECT {}, 0 AS n FROM {} WHERE 1 = 0{rows}) AS r",
            typed.join(", "),
            qualified(self, table)
        )
    }

    /// Rows of several columns are spelt out: MariaDB finds `(a, b) IN ((?, ?), ..)` by reading, and locking, the whole table.
    fn one_of(&self, statement: &mut Statement, columns: &[String], mut list: List) -> String {
        if let Some(last) = list.rows.last().copied() {
            list.rows.resize(list.rows.len().next_power_of_two(), last);
        }
        let rows = list.rows.len();
        statement.binds.push(Bind::Rows(list));
        if let ([column], true) = (columns, rows > 1) {
            return format!("{column} IN ({})", vec!["?"; rows].join(", "));
        }
        let row: Vec<String> = columns
            .iter()
            .map(|column| format!("{column} = ?"))
            .collect();
        let row = row.join(" AND ");
        if rows == 1 {
            return row;
        }
        let row = format!("({row})");
        format!("({})", vec![row.as_str(); rows].join(" OR "))
    }

    /// MariaDB gives back what it has filled in; MySQL doesn't read that part, and is asked afterwards (`inserted`).
    fn insert(&self, statement: &mut Statement, table: &'static Table, list: List) {
        let returning = (" /*M! RETURNING ", " */");
        let around = (listed::VALUES, "DEFAULT");
        listed::insert(self, statement, (table, list), around, returning);
    }

    /// MariaDB's do, MySQL's don't.
    fn returns_rows(&self) -> bool {
        false
    }

    /// MySQL says the first of the keys that an INSERT has drawn. Those of an INSERT whose number of rows is known before it runs are drawn at
    /// once, in every `innodb_autoinc_lock_mode`, in the order of the rows, each `auto_increment_increment` above the one before: these are the
    /// rows that are read. Were they not, others would be there in their place, or too few.
    fn inserted(&self, statement: &Statement, table: &Table, rows: usize) -> Option<Statement> {
        let drawn = table.key.iter().find(|column| draws(table, **column))?;
        let key = self.quote(table.columns[*drawn].name);
        let returns = listed::returned(self, statement, table);
        Some(Statement {
            text: format!(
                "SELECT {returns} FROM {} WHERE {key} >= ? AND {key} < ? + {rows} * @@auto_increment_increment AND ({key} - ?) % @@auto_increment_increment = 0",
                qualified(self, table)
            ),
            returns: statement.returns.clone(),
            places: 3,
            ..Statement::default()
        })
    }

    /// The answer to an INSERT says the key of its row, also one that a trigger has set, or 0 where it is no `AUTO_INCREMENT`.
    fn reports(&self, table: &Table, returns: &[usize]) -> bool {
        let [column] = returns else { return false };
        let column = *column;
        table.columns[column].key
            && draws(table, column)
            && table.columns[column].codec.number(1).is_some()
    }

    /// A join with the list would make a table of it.
    fn reads_in_lists(&self) -> bool {
        true
    }

    fn write(&self, statement: &mut Statement, write: &Write, list: List) {
        let Some(list) = write_one(self, statement, write, list) else {
            return;
        };
        let name = qualified(self, write.table);
        let source = self.source(statement, list);
        let (sets, when) = assignments(self, write, &listed_cell);
        statement.text = format!("UPDATE {name} AS t JOIN {source} ON {when} SET {sets}");
    }

    /// MariaDB would take an index on the owner for the rows of a list, which takes it twice as long. A function of it has none, and the same type
    /// and collation.
    fn beside_key(&self, column: String) -> String {
        format!("COALESCE({column})")
    }

    /// A column of `r` may have the name of one of the table.
    fn assigned(&self) -> &'static str {
        "t."
    }

    /// A table in the FROM of its own DELETE: by that form, MariaDB starts from the rows of a subquery; by the plain one it reads the whole table, and
    /// locks it.
    fn sweep(&self, name: &str, condition: &Condition) -> String {
        let using = if condition.looks {
            format!(" USING {name}")
        } else {
            String::new()
        };
        format!("DELETE FROM {name}{using} WHERE {}", condition.text)
    }

    /// An UPDATE of several tables, for the same reason.
    fn release(&self, name: &str, sets: &str, condition: &Condition) -> String {
        let beside = if condition.looks {
            " JOIN (SELECT 1) AS r"
        } else {
            ""
        };
        format!("UPDATE {name}{beside} SET {sets} WHERE {}", condition.text)
    }

    /// MySQL refuses a subquery on the table that changes, but for a derived table that it can't merge.
    fn subquery(&self, select: &str) -> String {
        let select = select.strip_prefix("SELECT ").unwrap_or(select);
        format!("(SELECT * FROM (SELECT DISTINCT {select}) AS s)")
    }

    fn or_nothing(&self, table: &Table) -> String {
        let name = qualified(self, table);
        let column = self.quote(table.columns[0].name);
        format!(" ON DUPLICATE KEY UPDATE {name}.{column} = {name}.{column}")
    }

    fn integer(&self) -> &'static str {
        "SIGNED"
    }

    /// MariaDB stops after 1,000 levels with a mere warning, MySQL with an error; each reads the part that raises its limit.
    fn unlimited(&self) -> (&'static str, &'static str) {
        (
            "/*M! SET STATEMENT max_recursive_iterations = 4294967295 FOR */ ",
            "/*+ SET_VAR(cte_max_recursion_depth = 4294967295) */ ",
        )
    }

    fn draws_keys(&self) -> bool {
        true
    }

    fn draw(&self, _: &Table, _: usize, _: usize) -> String {
        String::new()
    }

    fn lines(&self, rows: usize) -> String {
        let others = " UNION ALL SELECT 0".repeat(rows - 1);
        format!("(SELECT 0{others}) AS r")
    }

    fn traced(&self) -> &'static str {
        "gone AS g JOIN "
    }

    /// A plain SELECT would see the tables as they were when the transaction first read.
    fn decisive(&self, name: &str) -> String {
        format!("(SELECT * FROM {name} FOR UPDATE)")
    }

    fn recursive(&self, terms: &[String]) -> String {
        terms.join(" UNION ")
    }

    /// Foreign keys are checked row by row, those of a table to itself too.
    fn abilities(&self) -> Abilities {
        Abilities {
            locks: Locks::Found,
            checks_at_end: false,
            checks_rows: true,
        }
    }

    fn has_plain_rows(&self) -> bool {
        true
    }

    /// A key that a default fills has no order.
    fn inserts_singly(&self, table: &Table) -> bool {
        let mut key = table.key.iter();
        let drawn = key.find(|column| table.columns[**column].generated == Generated::Database);
        drawn.is_some_and(|column| !draws(table, *column))
    }

    /// Keys of an INSERT whose number of rows is known are drawn at once, one as far from the next as all others.
    fn gaps(&self, _: &Table, keys: &[i64], _: u64) -> Option<Gaps> {
        let step = |pair: &[i64]| pair[1].wrapping_sub(pair[0]);
        let mut pairs = keys.windows(2);
        let first = pairs.next().map(step)?;
        if pairs.all(|pair| step(pair) == first) {
            return None;
        }
        Some(Gaps {
            look: None,
            message: "the keys that the insert drew don't follow each other, so that nobody knows which row got which; does a trigger assign them? Insert one row at a time, or assign keys yourself",
        })
    }

    fn same(&self) -> &'static str {
        "<=>"
    }

    fn for_update(&self) -> &'static str {
        " FOR UPDATE"
    }
}

/// The column is an `AUTO_INCREMENT`: the server draws it, and it is an integer.
fn draws(table: &Table, column: usize) -> bool {
    let column = &table.columns[column];
    column.generated == Generated::Database
        && column
            .codec
            .mysql
            .is_none_or(|fns| (fns.type_info)().name().contains("INT"))
}
