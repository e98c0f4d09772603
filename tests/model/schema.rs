//! What is declared: tables, foreign keys, relations. Data, which a test writes down or reads from the text of an attribute.

/// A table, by its place in the schema.
pub(crate) type TableId = usize;

/// Everything that is declared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    pub(crate) tables: Vec<Table>,
}

/// A table. The key is its first column; a table of links has none.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) key: KeyKind,
    /// The column of the optimistic lock.
    pub(crate) version: Option<usize>,
    /// The version counts what changes below, too.
    pub(crate) aggregate: bool,
    pub(crate) relations: Vec<Relation>,
}

/// Who assigns the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// The database.
    Generated,
    /// The application.
    Natural,
    /// Links have no key of their own.
    Link,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) text: bool,
    pub(crate) nullable: bool,
    pub(crate) unique: bool,
    pub(crate) references: Option<Reference>,
}

/// A foreign key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) table: TableId,
    pub(crate) on_delete: OnDelete,
}

/// What the constraint does when the row that it refers to goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OnDelete {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
}

/// A relation that a wrapper declares.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) kind: Kind,
    pub(crate) options: Options,
}

/// How many, and who holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// At most one row of `child` has this row's key in `column`.
    HasOne { child: TableId, column: usize },
    /// Any number of rows of `child` has it.
    HasMany { child: TableId, column: usize },
    /// The row whose key this row has in `column`.
    BelongsTo { target: TableId, column: usize },
    /// Rows of `target` that `through` links: its first column has this row's key, its second the target's.
    ManyToMany { target: TableId, through: TableId },
}

impl Kind {
    /// The table of the rows that the wrapper holds.
    pub(crate) fn held(self) -> TableId {
        match self {
            Self::HasOne { child, .. } | Self::HasMany { child, .. } => child,
            Self::BelongsTo { target, .. } | Self::ManyToMany { target, .. } => target,
        }
    }

    /// For the child's side: the column of its own key to the parent.
    pub(crate) fn own_column(self) -> Option<usize> {
        match self {
            Self::BelongsTo { column, .. } => Some(column),
            _ => None,
        }
    }

    /// For the parent's side: the child's table and the column of its key.
    pub(crate) fn child(self) -> Option<(TableId, usize)> {
        match self {
            Self::HasOne { child, column } | Self::HasMany { child, column } => {
                Some((child, column))
            }
            Self::BelongsTo { .. } | Self::ManyToMany { .. } => None,
        }
    }
}

/// `passive_deletes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Passive {
    #[default]
    No,
    Yes,
    All,
}

/// What stands in the relation's attribute.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is declared alone")]
pub(crate) struct Options {
    pub(crate) cascade: Tokens,
    pub(crate) passive: Passive,
    pub(crate) deny: bool,
    pub(crate) required: bool,
    pub(crate) viewonly: bool,
    pub(crate) single_parent: bool,
    /// The column of the rows that they are loaded by, and whether the last comes first.
    pub(crate) order_by: Option<(String, bool)>,
}

/// The tokens of the cascade.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a token")]
pub(crate) struct Tokens {
    pub(crate) save_update: bool,
    pub(crate) merge: bool,
    pub(crate) refresh_expire: bool,
    pub(crate) expunge: bool,
    pub(crate) delete: bool,
    pub(crate) delete_orphan: bool,
}

impl Options {
    /// Reads an attribute: `cascade = "all, delete-orphan", passive_deletes`.
    pub(crate) fn parse(attribute: &str) -> Self {
        let value = |key: &str| {
            let (_, rest) = attribute.split_once(key)?;
            let (_, rest) = rest
                .trim_start()
                .strip_prefix('=')?
                .split_once('"')
                .expect("a text");
            Some(rest.split_once('"').expect("its end").0.to_owned())
        };
        let viewonly = attribute.contains("viewonly");
        let default = if viewonly {
            "none"
        } else {
            "save-update, merge"
        };
        let passive = match value("passive_deletes") {
            Some(_) => Passive::All,
            None if attribute.contains("passive_deletes") => Passive::Yes,
            None => Passive::No,
        };
        Self {
            cascade: Tokens::parse(&value("cascade").unwrap_or_else(|| default.to_owned())),
            passive,
            deny: value("on_remove").is_some(),
            required: attribute.contains("required"),
            viewonly,
            single_parent: attribute.contains("single_parent"),
            order_by: value("order_by").map(|order| match order.split_once(' ') {
                Some((column, _)) => (column.to_owned(), true),
                None => (order, false),
            }),
        }
    }

    /// Whether a save of the parent writes the relation.
    pub(crate) fn is_written(&self) -> bool {
        self.cascade.save_update && !self.viewonly
    }
}

impl Tokens {
    pub(crate) fn parse(tokens: &str) -> Self {
        let mut cascade = Self::default();
        for token in tokens.split(',').map(str::trim) {
            let all = token == "all";
            cascade.save_update |= all || token == "save-update";
            cascade.merge |= all || token == "merge";
            cascade.refresh_expire |= all || token == "refresh-expire";
            cascade.expunge |= all || token == "expunge";
            cascade.delete |= all || token == "delete";
            cascade.delete_orphan |= token == "delete-orphan";
        }
        cascade
    }
}

impl Schema {
    /// The foreign key in a column.
    pub(crate) fn reference(&self, table: TableId, column: usize) -> Reference {
        let column = &self.tables[table].columns[column];
        column
            .references
            .expect("a relation's column is a foreign key")
    }

    /// Every foreign key to a table: the table that holds it, its column, what its constraint does.
    pub(crate) fn references_to(&self, target: TableId) -> Vec<(TableId, usize, OnDelete)> {
        let mut found = Vec::new();
        for (table, declared) in self.tables.iter().enumerate() {
            for (column, of) in declared.columns.iter().enumerate() {
                if let Some(reference) = of.references.filter(|to| to.table == target) {
                    found.push((table, column, reference.on_delete));
                }
            }
        }
        found
    }
}
