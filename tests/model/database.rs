//! The database by itself: rows, and what its constraints do.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::schema::{KeyKind, OnDelete, Schema, TableId};
use crate::model::{Kind, Refusal};

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("-"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The values of a row, in the order of its table's columns.
pub(crate) type Row = Vec<Value>;

/// The tables, each with its rows and the key that it gives next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database {
    pub(crate) tables: Vec<Stored>,
    /// A value that no row can have, by a CHECK.
    pub(crate) refused: Option<Value>,
}

/// A table's rows.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) rows: Vec<Row>,
    next: i64,
}

impl Stored {
    /// The last key that was given; 0: none.
    pub(crate) fn last_key(&self) -> i64 {
        self.next - 1
    }

    /// The key that is given next.
    pub(crate) fn give_next(&mut self, key: i64) {
        self.next = key;
    }
}

impl Database {
    /// Empty tables.
    pub(crate) fn new(schema: &Schema) -> Self {
        let empty = |_| Stored {
            rows: Vec::new(),
            next: 1,
        };
        Self {
            tables: schema.tables.iter().map(empty).collect(),
            refused: None,
        }
    }

    /// Keys that were given since are never given again.
    pub(crate) fn keep_keys(&mut self, since: &Self) {
        for (table, since) in self.tables.iter_mut().zip(&since.tables) {
            table.next = since.next;
        }
    }

    /// The next key. It is never given again.
    pub(crate) fn next_key(&mut self, table: TableId) -> Value {
        let next = &mut self.tables[table].next;
        *next += 1;
        Value::Int(*next - 1)
    }

    /// Another user's INSERT.
    pub(crate) fn insert(&mut self, table: TableId, row: Row) {
        if let Value::Int(key) = row[0] {
            let next = &mut self.tables[table].next;
            *next = (*next).max(key + 1);
        }
        self.tables[table].rows.push(row);
    }

    /// The row with a key.
    pub(crate) fn row(&self, table: TableId, key: &Value) -> Option<&Row> {
        self.tables[table].rows.iter().find(|row| row[0] == *key)
    }

    /// The same, for writing.
    pub(crate) fn row_mut(&mut self, table: TableId, key: &Value) -> Option<&mut Row> {
        self.tables[table]
            .rows
            .iter_mut()
            .find(|row| row[0] == *key)
    }

    /// The rows that have one of these values in a column, in the order of their keys.
    pub(crate) fn having(&self, table: TableId, column: usize, keys: &BTreeSet<Value>) -> Vec<Row> {
        let mut rows = self.tables[table].rows.clone();
        rows.retain(|row| keys.contains(&row[column]));
        rows.sort();
        rows
    }

    /// Deletes rows. The constraints that cascade or set NULL do so.
    pub(crate) fn delete(&mut self, schema: &Schema, table: TableId, keys: &BTreeSet<Value>) {
        if keys.is_empty() {
            return;
        }
        self.tables[table]
            .rows
            .retain(|row| !keys.contains(&row[0]));
        for (child, column, on_delete) in schema.references_to(table) {
            match on_delete {
                OnDelete::NoAction | OnDelete::Restrict => {}
                OnDelete::Cascade if schema.tables[child].key == KeyKind::Link => {
                    let links = &mut self.tables[child].rows;
                    links.retain(|row| !keys.contains(&row[column]));
                }
                OnDelete::Cascade => {
                    let below = self.having(child, column, keys);
                    let below = below.into_iter().map(|mut row| row.swap_remove(0));
                    self.delete(schema, child, &below.collect());
                }
                OnDelete::SetNull => {
                    for row in &mut self.tables[child].rows {
                        if keys.contains(&row[column]) {
                            row[column] = Value::Null;
                        }
                    }
                }
            }
        }
    }

    /// What holds of the rows once a statement or a transaction is over.
    pub(crate) fn check(&self, schema: &Schema) -> Result<(), Refusal> {
        let mut broken = self.broken(schema).into_iter();
        match broken.next() {
            None => Ok(()),
            Some(kind) => Err(Refusal {
                kind,
                also: broken.collect(),
            }),
        }
    }

    /// The constraints that the rows break.
    fn broken(&self, schema: &Schema) -> Vec<Kind> {
        let mut broken = Vec::new();
        for (table, stored) in schema.tables.iter().zip(&self.tables) {
            for (number, column) in table.columns.iter().enumerate() {
                let mut seen = BTreeSet::new();
                let is_key = number == 0 && table.key != KeyKind::Link;
                for value in stored.rows.iter().map(|row| &row[number]) {
                    if self.refused.as_ref() == Some(value) {
                        broken.push(Kind::CheckViolation);
                    }
                    if *value == Value::Null {
                        if !column.nullable {
                            broken.push(Kind::NotNullViolation);
                        }
                        continue;
                    }
                    if !seen.insert(value) && (column.unique || is_key) {
                        broken.push(Kind::UniqueViolation);
                    }
                    if let Some(reference) = column.references
                        && self.row(reference.table, value).is_none()
                    {
                        broken.push(Kind::ForeignKeyViolation);
                    }
                }
            }
        }
        broken
    }

    /// The rows of a table as texts, in their order: `1|ada`.
    pub(crate) fn texts(&self, table: TableId) -> Vec<String> {
        let text = |row: &Row| {
            row.iter()
                .map(Value::to_string)
                .collect::<Vec<_>>()
                .join("|")
        };
        let mut texts: Vec<String> = self.tables[table].rows.iter().map(text).collect();
        texts.sort();
        texts
    }
}
