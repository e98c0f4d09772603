//! Steps as SQL: texts from names that the derive put down, and lists of cells to bind. Pure; a value never comes near a text.

use std::fmt::Write as _;

use crate::codec::Codec;
use crate::meta::{ForeignKey, Generated, Table};
use crate::plan::{Action, Base, Hop, Reach, Step, Target};
use crate::values::{Side, codec};

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub(crate) use postgres::Postgres;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::Sqlite;

/// What differs between databases in the texts.
pub(crate) trait Dialect: Send + Sync {
    /// A name, quoted.
    fn quote(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// How many of `rows` the next statement takes, where each binds these cells.
    fn chunk(&self, cells: &[Bound], rows: usize) -> usize;

    /// How many of `rows` the next SELECT takes.
    fn read_chunk(&self, cells: &[Bound], rows: usize) -> usize {
        self.chunk(cells, rows)
    }

    /// A FROM item `r` with the cells of some rows as `c0`, `c1`, .. and their number, from 0, as `n`.
    fn source(&self, statement: &mut Statement, list: List) -> String;

    /// The condition that some columns are one of some rows.
    fn one_of(&self, statement: &mut Statement, columns: &[String], list: List) -> String;

    /// The text that inserts rows, and what it returns.
    fn insert(&self, statement: &mut Statement, table: &'static Table, list: List);

    /// The text that writes rows, where it isn't the one with `source`.
    fn write(&self, statement: &mut Statement, write: &Write, list: List);

    /// Keys that the database fills with an expression are drawn by a statement of their own, before the insert.
    fn draws_keys(&self) -> bool;

    /// One row is named by plain placeholders, several by a list: the text depends on their number anyway.
    fn has_plain_rows(&self) -> bool;

    /// Which row got which key can't be told for several rows of the table in one insert.
    fn inserts_singly(&self, table: &Table) -> bool;

    /// The operator by which NULL equals NULL.
    fn same(&self) -> &'static str;

    /// What locks the rows of `t` in a SELECT.
    fn for_update(&self) -> &'static str;
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
    /// The rows that come back begin with the number of the row that they belong to.
    pub(crate) numbered: bool,
}

/// The cells of rows.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) rows: Vec<Target>,
    pub(crate) cells: Vec<Bound>,
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
}

/// How a list is bound.
#[derive(Debug)]
pub(crate) enum Bind {
    /// Each cell of the list as one array.
    Arrays(List),
    /// Row by row.
    Rows(List),
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
        Self {
            rows,
            cells: columns
                .into_iter()
                .map(|column| Bound::column(table, side, column))
                .collect(),
        }
    }

    /// The keys of rows, new or not, to which others refer.
    pub(crate) fn keys(table: &'static Table, rows: Vec<Target>) -> Self {
        let cells = table.key.iter().enumerate().map(|(part, column)| Bound {
            content: Content::Key { part },
            codec: codec(table, *column),
        });
        Self {
            rows,
            cells: cells.collect(),
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

/// Writes texts in one dialect.
pub struct Texts {
    pub(crate) dialect: &'static dyn Dialect,
}

impl Texts {
    /// The table's name, with its schema.
    pub(crate) fn table(&self, table: &Table) -> String {
        qualified(self.dialect, table)
    }

    fn columns(&self, table: &Table, columns: &[usize], prefix: &str) -> Vec<String> {
        columns
            .iter()
            .map(|column| {
                format!(
                    "{prefix}{}",
                    self.dialect.quote(table.columns[*column].name)
                )
            })
            .collect()
    }

    /// The statement for as many rows of the step as one takes, and the rest of the step.
    ///
    /// `masked` says whether only some of the rows write a column.
    pub(crate) fn next(
        &self,
        step: &Step,
        skip: usize,
        masked: &dyn Fn(&[Target], usize) -> bool,
    ) -> (Statement, usize) {
        let mut statement = Statement::default();
        let table = step.table;
        let taken = match &step.action {
            Action::Insert { rows } => {
                let columns =
                    (0..table.columns.len()).filter(|&column| self.inserts(table, column));
                let mut list = self.take(
                    List::new(
                        table,
                        Side::New,
                        rows.iter().map(|row| Target::Node(*row)).collect(),
                        columns,
                    ),
                    skip,
                );
                if self.dialect.inserts_singly(table) {
                    list.rows.truncate(1);
                }
                let taken = list.rows.len();
                statement.returns = table
                    .generated()
                    .filter(|&column| !self.inserts(table, column))
                    .collect();
                self.dialect.insert(&mut statement, table, list);
                taken
            }
            Action::Write {
                rows,
                columns,
                when,
            } => self.write(&mut statement, table, (rows, columns, when), skip, masked),
            Action::Delete { rows, when } => {
                let list = self.take(
                    List::new(table, Side::Recorded, rows.clone(), when.iter().copied()),
                    skip,
                );
                let taken = list.rows.len();
                let condition =
                    self.dialect
                        .one_of(&mut statement, &self.columns(table, when, ""), list);
                statement.text = format!("DELETE FROM {} WHERE {condition}", self.table(table));
                taken
            }
            Action::Lock { rows, when } => {
                let list = self.take(
                    List::new(table, Side::Recorded, rows.clone(), when.iter().copied()),
                    skip,
                );
                let taken = list.rows.len();
                let condition =
                    self.dialect
                        .one_of(&mut statement, &self.columns(table, when, "t."), list);
                statement.text = format!(
                    "SELECT 1 FROM {} AS t WHERE {condition}{}",
                    self.table(table),
                    self.dialect.for_update()
                );
                taken
            }
            Action::Sweep { reach, columns } => {
                self.sweep(&mut statement, table, reach, columns.as_deref(), skip)
            }
        };
        (statement, taken)
    }

    /// An INSERT gives the column a value.
    fn inserts(&self, table: &Table, column: usize) -> bool {
        match table.columns[column].generated {
            Generated::No => true,
            Generated::Database => false,
            Generated::Expression(_) => self.dialect.draws_keys(),
        }
    }

    fn write(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        (rows, columns, when): (&[Target], &[usize], &[usize]),
        skip: usize,
        masked: &dyn Fn(&[Target], usize) -> bool,
    ) -> usize {
        let columns: Vec<(usize, bool)> = columns
            .iter()
            .map(|&column| (column, masked(rows, column)))
            .collect();
        let mut cells = Vec::new();
        for &(column, masked) in &columns {
            cells.push(Bound::column(table, Side::New, column));
            if masked {
                cells.push(Bound {
                    content: Content::Mask { column },
                    codec: codec(table, column),
                });
            }
        }
        cells.extend(
            when.iter()
                .map(|&column| Bound::column(table, Side::Recorded, column)),
        );
        let list = self.take(
            List {
                rows: rows.to_vec(),
                cells,
            },
            skip,
        );
        let taken = list.rows.len();
        self.dialect.write(
            statement,
            &Write {
                table,
                columns,
                when: when.to_vec(),
            },
            list,
        );
        taken
    }

    /// Deletes or releases what is within reach.
    fn sweep(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        reach: &Reach,
        released: Option<&[usize]>,
        skip: usize,
    ) -> usize {
        let (condition, taken) = self.reached(statement, reach, skip);
        let name = self.table(table);
        statement.text = match released {
            None => format!("DELETE FROM {name} WHERE {condition}"),
            Some(columns) => {
                let nulls: Vec<String> = self
                    .columns(table, columns, "")
                    .iter()
                    .map(|column| format!("{column} = NULL"))
                    .collect();
                format!("UPDATE {name} SET {} WHERE {condition}", nulls.join(", "))
            }
        };
        taken
    }

    /// The condition on the table at the end of a reach, and how many rows of its base it takes.
    fn reached(&self, statement: &mut Statement, reach: &Reach, skip: usize) -> (String, usize) {
        let (mut condition, taken, mut table) = match &reach.base {
            Base::Rows { table, rows } => {
                let list = self.take(
                    List::new(
                        table,
                        Side::Recorded,
                        rows.clone(),
                        table.key.iter().copied(),
                    ),
                    skip,
                );
                let taken = list.rows.len();
                // The first hop compares the children's foreign key with the keys themselves.
                let columns = match reach.hops.first() {
                    Some(Hop::Children { table, foreign_key }) => {
                        self.columns(table, &parts(foreign_key), "")
                    }
                    Some(Hop::Closure { .. }) | None => self.columns(table, table.key, ""),
                };
                (
                    self.dialect.one_of(statement, &columns, list),
                    taken,
                    *table,
                )
            }
            Base::Owned {
                table,
                foreign_key,
                parents,
                kept,
            } => {
                let target = (foreign_key.target)();
                let list = self.take(
                    List::keys(
                        target,
                        parents.iter().map(|parent| Target::Node(*parent)).collect(),
                    ),
                    skip,
                );
                let taken = list.rows.len();
                let mut condition = self.dialect.one_of(
                    statement,
                    &self.columns(table, &parts(foreign_key), ""),
                    list,
                );
                if !kept.is_empty() {
                    let kept = List::new(
                        table,
                        Side::Recorded,
                        kept.clone(),
                        table.key.iter().copied(),
                    );
                    let spared =
                        self.dialect
                            .one_of(statement, &self.columns(table, table.key, ""), kept);
                    let _ = write!(condition, " AND NOT ({spared})");
                }
                (condition, taken, *table)
            }
        };
        for (index, hop) in reach.hops.iter().enumerate() {
            match hop {
                Hop::Children {
                    table: child,
                    foreign_key,
                } => {
                    let direct = index == 0 && matches!(reach.base, Base::Rows { .. });
                    if !direct {
                        let columns = self.columns(child, &parts(foreign_key), "").join(", ");
                        condition = format!(
                            "({columns}) IN (SELECT {} FROM {} WHERE {condition})",
                            self.columns(table, table.key, "").join(", "),
                            self.table(table)
                        );
                    }
                    table = child;
                }
                Hop::Closure {
                    table,
                    foreign_keys,
                } => condition = self.closure(table, foreign_keys, &condition),
            }
        }
        (condition, taken)
    }

    /// The rows that satisfy a condition and everything below them. UNION, so that cycles in the data end.
    fn closure(
        &self,
        table: &'static Table,
        foreign_keys: &[&'static ForeignKey],
        condition: &str,
    ) -> String {
        let name = self.table(table);
        let key = self.columns(table, table.key, "").join(", ");
        let child = self.columns(table, table.key, "t.").join(", ");
        let joins: Vec<String> = foreign_keys
            .iter()
            .map(|foreign_key| {
                let columns = self.columns(table, &parts(foreign_key), "t.");
                let pairs = columns.iter().zip(table.key).map(|(column, key)| {
                    format!(
                        "{column} = gone.{}",
                        self.dialect.quote(table.columns[*key].name)
                    )
                });
                format!("({})", pairs.collect::<Vec<_>>().join(" AND "))
            })
            .collect();
        let joins = joins.join(" OR ");
        format!(
            "({key}) IN (WITH RECURSIVE gone AS (SELECT {key} FROM {name} WHERE {condition} UNION SELECT {child} FROM {name} AS t JOIN gone ON {joins}) SELECT {key} FROM gone)"
        )
    }

    /// The rows of a list that the next statement takes.
    fn take(&self, mut list: List, skip: usize) -> List {
        list.rows.drain(..skip);
        let taken = self.dialect.chunk(&list.cells, list.rows.len());
        list.rows.truncate(taken);
        list
    }

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

    /// Whether the largest rowid that there can be is taken.
    pub(crate) fn largest_rowid(&self, table: &Table) -> Statement {
        let key = self.dialect.quote(table.columns[table.key[0]].name);
        Statement {
            text: format!(
                "SELECT 1 FROM {} WHERE {key} = {}",
                self.table(table),
                i64::MAX
            ),
            ..Statement::default()
        }
    }
}

/// Draws keys by an expression, one for each of some rows.
pub(crate) fn draw(expression: &str, rows: usize) -> Statement {
    let rows = vec!["(0)"; rows].join(", ");
    Statement {
        text: format!("SELECT {expression} FROM (VALUES {rows}) AS r"),
        ..Statement::default()
    }
}

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

/// The columns of a foreign key, in the order of the target's key.
fn parts(foreign_key: &ForeignKey) -> Vec<usize> {
    foreign_key.parts.iter().map(|part| part.column).collect()
}

/// Some columns are the cells of `r`.
fn equal(columns: &[String]) -> String {
    let pairs = columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("{column} = r.c{index}"));
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// The name of a table with its schema.
fn qualified<D: Dialect + ?Sized>(dialect: &D, table: &Table) -> String {
    let name = dialect.quote(table.name);
    table.schema.map_or_else(
        || name.clone(),
        |schema| format!("{}.{name}", dialect.quote(schema)),
    )
}

/// `"a" = r.c0, "b" = CASE WHEN r.c2 THEN r.c1 ELSE t."b" END`, and the condition on the cells behind them.
fn assignments<D: Dialect + ?Sized>(dialect: &D, write: &Write) -> (String, String) {
    let mut sets = Vec::new();
    let mut cell = 0;
    for &(column, masked) in &write.columns {
        let name = dialect.quote(write.table.columns[column].name);
        if masked {
            sets.push(format!(
                "{name} = CASE WHEN r.c{} THEN r.c{cell} ELSE t.{name} END",
                cell + 1
            ));
        } else {
            sets.push(format!("{name} = r.c{cell}"));
        }
        cell += 1 + usize::from(masked);
    }
    let when = write.when.iter().enumerate().map(|(index, column)| {
        let name = dialect.quote(write.table.columns[*column].name);
        let is = same(dialect, write.table, *column);
        format!("t.{name} {is} r.c{}", cell + index)
    });
    (sets.join(", "), when.collect::<Vec<_>>().join(" AND "))
}

/// What compares a column with what is recorded of it: a row that was let go of by its owner has NULL in the key to it.
fn same<D: Dialect + ?Sized>(dialect: &D, table: &Table, column: usize) -> &'static str {
    let mut nullable = table.foreign_keys.iter().filter(|key| key.nullable);
    if nullable.any(|key| key.own_columns().any(|part| part.column == column)) {
        dialect.same()
    } else {
        "="
    }
}

/// The only place where a text becomes a query: it was written in this module, from compile-time names and placeholders.
#[expect(
    clippy::disallowed_methods,
    reason = "texts are made here and nowhere else"
)]
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn query<'q, DB: sqlx::Database>(
    text: String,
    arguments: DB::Arguments,
) -> sqlx::query::Query<'q, DB, DB::Arguments>
where
    DB::Arguments: sqlx::IntoArguments<DB>,
{
    sqlx::query_with(sqlx::AssertSqlSafe(text), arguments)
}
