//! What an operation changed, or would change.

use std::fmt;

/// What happened to rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Rows were inserted.
    Inserted,
    /// Columns changed.
    Updated,
    /// The foreign key points to another parent.
    Moved,
    /// The foreign key is NULL.
    Released,
    /// Rows were deleted.
    Deleted,
    /// Rows of a link table were inserted.
    Linked,
    /// Rows of a link table were deleted.
    Unlinked,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Inserted => "inserted",
            Self::Updated => "updated",
            Self::Moved => "moved",
            Self::Released => "released",
            Self::Deleted => "deleted",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
        })
    }
}

/// What one step changes a table by: table, kind, rows and columns, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The table's name.
    pub table: &'static str,
    /// What happens to the rows.
    pub kind: ChangeKind,
    /// How many rows. In a plan `None` where only the database knows: rows that are found by a foreign key.
    pub rows: Option<u64>,
    /// The columns that are written; none for a delete.
    pub columns: Vec<&'static str>,
}

impl Change {
    pub(crate) fn new(
        table: &'static str,
        kind: ChangeKind,
        rows: Option<u64>,
        columns: Vec<&'static str>,
    ) -> Self {
        Self {
            table,
            kind,
            rows,
            columns,
        }
    }
}

/// What an operation changed, in the order of its statements: exactly what the tables changed by, but for what the database cascades by itself.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::ChangeKind;
///
/// let mut ada = user("ada");
/// ada.profile.set(profile("old"));
/// let mut ada = ada.save(&pool).await?;
///
/// ada.profile.set(profile("new"));
/// let plan = ada.plan()?;
/// let report = ada.save(&pool).await?;
/// let kinds: Vec<ChangeKind> = report.changes().iter().map(|change| change.kind).collect();
/// assert_eq!(kinds, [ChangeKind::Deleted, ChangeKind::Inserted]);
/// assert_eq!(plan.changes(), report.changes());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    changes: Vec<Change>,
}

/// What a save would do, in the order of its statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    changes: Vec<Change>,
}

impl Report {
    pub(crate) fn new(changes: Vec<Change>) -> Self {
        Self {
            changes: joined(changes.into_iter().filter(|change| change.rows != Some(0))),
        }
    }

    /// What changed.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Plan {
    pub(crate) fn new(changes: Vec<Change>) -> Self {
        Self {
            changes: joined(changes),
        }
    }

    /// What would change.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Nothing would change: a save sends no statement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(&self.changes, f)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(&self.changes, f)
    }
}

/// One change follows another of the same kind where rows have to wait for each other, on some databases: they are one.
fn joined(changes: impl IntoIterator<Item = Change>) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    for change in changes {
        let same = |last: &&mut Change| {
            (last.table, last.kind, &last.columns) == (change.table, change.kind, &change.columns)
        };
        match all.last_mut().filter(same) {
            Some(last) => last.rows = last.rows.zip(change.rows).map(|(a, b)| a + b),
            None => all.push(change),
        }
    }
    all
}

fn table(changes: &[Change], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if changes.is_empty() {
        return f.write_str("no change");
    }
    let width = changes
        .iter()
        .map(|change| change.table.len())
        .max()
        .unwrap_or_default();
    for (index, change) in changes.iter().enumerate() {
        if index > 0 {
            f.write_str("\n")?;
        }
        let rows = change
            .rows
            .map_or_else(|| "*".to_owned(), |rows| rows.to_string());
        write!(f, "{:width$}  {:8}  {rows:>6}", change.table, change.kind)?;
        if !change.columns.is_empty() {
            write!(f, "  {}", change.columns.join(", "))?;
        }
    }
    Ok(())
}
