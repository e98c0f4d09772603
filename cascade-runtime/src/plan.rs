//! What a save, a delete or a detach will do: ordered, set-based steps over the rows of a graph.
//!
//! Pure: from the graph alone. A step names cells, not values; a child's foreign key is bound from the parent's generated key when its turn comes.

mod circle;
mod fuse;
mod join;
mod order;
mod reach;

use crate::codec::{Cell, Erased};
use crate::graph::{Graph, Kept};
use crate::meta::{ForeignKey, Table};
use crate::report::{Change, ChangeKind};

pub(crate) use circle::{Circle, Edge, Tie};
pub(crate) use fuse::{Fusion, fused, sees};
pub(crate) use join::joined;
pub(crate) use order::save;
pub(crate) use reach::{delete, detach};

/// One set-based statement, or as many as its rows need on a database that takes lists.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) table: &'static Table,
    /// What it changes the table by; `None` where it only looks, or prepares what another step changes.
    pub(crate) kind: Option<ChangeKind>,
    pub(crate) action: Action,
}

/// What a step does to its rows.
#[derive(Debug)]
pub(crate) enum Action {
    /// Draws the keys of nodes that refer to each other, so that one statement can insert them.
    Draw { rows: Vec<usize> },
    /// Inserts nodes; `drawn` says that they have their keys, and `late` which columns of nodes are NULL until another step writes them.
    Insert {
        rows: Vec<usize>,
        drawn: bool,
        late: Vec<(usize, usize)>,
    },
    /// Reads what the database has given nodes that were inserted together with others.
    Reread { rows: Vec<usize> },
    /// These steps as one statement, after which foreign keys are checked: their rows refer to each other.
    Together { steps: Vec<Step> },
    /// Writes columns of rows that are named by `when`, a set of columns as the database has them: the key, the owner, the version.
    Write {
        rows: Vec<Target>,
        columns: Vec<usize>,
        when: Vec<usize>,
    },
    /// Deletes rows that are named by `when`.
    Delete { rows: Vec<Target>, when: Vec<usize> },
    /// Makes sure that the rows that are named by `when` are there.
    Lock { rows: Vec<Target>, when: Vec<usize> },
    /// Locks the rows within reach: what later steps see of them and of the rows that refer to them stays so.
    Hold { reach: Reach },
    /// Deletes the rows within reach, or sets columns of them NULL.
    Sweep {
        reach: Reach,
        columns: Option<Vec<usize>>,
    },
    /// Reads, of the rows within reach, these columns, as keys of other rows that later steps start from.
    Gather {
        set: usize,
        reach: Reach,
        columns: Vec<usize>,
    },
    /// Reads the keys of the rows within reach and of everything that their cascades lead to in tables that refer to each other.
    Trace { reach: Reach, circle: Circle },
    /// Reads which rows refer to those of a circle by this foreign key; after the `last`, what goes is known.
    Tie {
        circle: Circle,
        foreign_key: &'static ForeignKey,
        last: bool,
    },
}

/// A row that a step names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A row that the graph holds.
    Node(usize),
    /// A row that the graph holds, while it lets go of its old owner before it moves.
    Loose(usize),
    /// A row that left a relation.
    Leaver(usize),
    /// A row that a whole operation spares, expunged from it.
    Expunged { whole: usize, kept: usize },
    /// A row that is known by its key alone.
    Key(usize),
    /// A row whose key was read on the way.
    Gathered { set: usize, row: usize },
}

impl Target {
    /// No row: each of its cells is NULL.
    pub(crate) const NOTHING: Self = Self::Key(usize::MAX);
}

/// Rows that are found by foreign keys.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub(crate) base: Base,
    /// But for the rows of the base that a row refers to by this foreign key of that table.
    pub(crate) unless: Option<(&'static Table, &'static ForeignKey)>,
    /// From the base outward.
    pub(crate) hops: Vec<Hop>,
}

/// Where a reach starts.
#[derive(Debug, Clone)]
pub(crate) enum Base {
    /// These rows.
    Rows {
        table: &'static Table,
        rows: Vec<Target>,
    },
    /// The rows that refer to these parents, but for those that are kept.
    Owned {
        table: &'static Table,
        foreign_key: &'static ForeignKey,
        parents: Vec<usize>,
        kept: Vec<Target>,
    },
    /// The rows that these rows referred to before the save.
    Former {
        table: &'static Table,
        holder: &'static Table,
        foreign_key: &'static ForeignKey,
        rows: Vec<Target>,
    },
    /// The rows whose keys were read.
    Gathered { table: &'static Table, set: usize },
}

/// What is read on the way: the sets of keys, by number, and whether rows are locked before.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    next: usize,
    /// Which of them a database needs.
    abilities: Abilities,
}

impl Sets {
    pub(crate) fn new(abilities: Abilities) -> Self {
        Self { next: 0, abilities }
    }

    fn next(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Locks what is within reach, where writers don't wait for each other anyway.
    fn hold(&self, reach: Reach) -> Option<Step> {
        (self.abilities.locks != Locks::Everything).then(|| Step {
            table: reach.end(),
            kind: None,
            action: Action::Hold { reach },
        })
    }
}

/// What a database can do, as far as the order depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Abilities {
    /// How transactions that write keep out of each other's way.
    pub(crate) locks: Locks,
    /// Several steps, of any tables, can be the parts of one statement, which sees them as they were before it. Foreign keys are checked at its
    /// end; keys can be drawn before.
    pub(crate) checks_at_end: bool,
    /// Foreign keys are checked after each row of a statement: a row that others of it refer to can't be the first that goes.
    pub(crate) checks_rows: bool,
}

/// What can be locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Locks {
    /// One transaction writes at a time.
    #[default]
    Everything,
    /// Rows that are known: those that a recursion finds, after it.
    Rows,
    /// Rows, those of a recursion while it finds them.
    Found,
}

/// How a reach goes on.
#[derive(Debug, Clone)]
pub(crate) enum Hop {
    /// To the rows of `table` that refer to what was reached.
    Children {
        table: &'static Table,
        foreign_key: &'static ForeignKey,
    },
    /// To everything below in the same table, along foreign keys that refer to it, what was reached included.
    Closure {
        table: &'static Table,
        foreign_keys: Vec<&'static ForeignKey>,
    },
}

impl Reach {
    fn of(table: &'static Table, rows: Vec<Target>) -> Self {
        Self::from(Base::Rows { table, rows })
    }

    fn from(base: Base) -> Self {
        Self {
            base,
            unless: None,
            hops: Vec::new(),
        }
    }

    /// The rows of a base that no row refers to by a foreign key of `holder`.
    fn orphans(base: Base, holder: &'static Table, foreign_key: &'static ForeignKey) -> Self {
        Self {
            unless: Some((holder, foreign_key)),
            ..Self::from(base)
        }
    }

    /// What it is listed by are the keys of its rows, or those that they refer to.
    pub(crate) fn is_direct(&self) -> bool {
        let is_one = matches!(self.hops[..], [Hop::Children { .. }]);
        self.hops.is_empty() || is_one && matches!(self.base, Base::Rows { .. })
    }

    /// The table that it ends at.
    fn end(&self) -> &'static Table {
        match self.hops.last() {
            Some(Hop::Children { table, .. } | Hop::Closure { table, .. }) => table,
            None => self.base.table(),
        }
    }

    /// Its rows are found by this foreign key: another set of rows would be found without it.
    fn is_found_by(&self, key: &ForeignKey) -> bool {
        let by = |by: &ForeignKey| std::ptr::eq(by, key);
        let mut hops = self.hops.iter();
        self.unless.is_some_and(|(_, unless)| by(unless))
            || matches!(&self.base, Base::Owned { foreign_key, .. } if by(foreign_key))
            || hops.any(|hop| match hop {
                Hop::Children { foreign_key, .. } => by(foreign_key),
                Hop::Closure { foreign_keys, .. } => foreign_keys.iter().any(|key| by(key)),
            })
    }

    /// By which foreign key its rows refer to those of another reach, where they are all that do.
    pub(crate) fn below(&self, above: &Self) -> Option<&'static ForeignKey> {
        let (Hop::Children { foreign_key, .. }, hops) = self.hops.split_last()? else {
            return None;
        };
        let is_plain = self.unless.is_none() && above.unless.is_none();
        let is_here = is_plain && self.base.is(&above.base) && hops.len() == above.hops.len();
        let mut pairs = hops.iter().zip(&above.hops);
        (is_here && pairs.all(|(hop, other)| hop.is(other))).then_some(foreign_key)
    }

    fn then(&self, hop: Hop) -> Self {
        let mut reach = self.clone();
        reach.hops.push(hop);
        reach
    }
}

/// The columns that name a row of `table`: its key, the foreign key to its owner, its version.
pub(crate) fn naming(table: &'static Table, owner: Option<&ForeignKey>) -> Vec<usize> {
    let owner = owner
        .into_iter()
        .flat_map(|key| key.parts)
        .map(|part| part.column);
    let version = table.version.as_ref().map(|version| version.column);
    let mut columns = table.key.to_vec();
    for column in owner.chain(version) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

impl Hop {
    /// The same hop to children.
    fn is(&self, other: &Self) -> bool {
        let key = |hop: &Self| match hop {
            Self::Children { foreign_key, .. } => Some(std::ptr::from_ref(*foreign_key)),
            Self::Closure { .. } => None,
        };
        key(self).is_some() && key(self) == key(other)
    }
}

impl Base {
    /// The same rows, that are named or owned.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Rows { table, rows },
                Self::Rows {
                    table: other,
                    rows: others,
                },
            ) => table.ident == other.ident && rows == others,
            (
                Self::Owned {
                    foreign_key,
                    parents,
                    kept,
                    ..
                },
                Self::Owned {
                    foreign_key: other,
                    parents: others,
                    kept: spared,
                    ..
                },
            ) => std::ptr::eq(*foreign_key, *other) && parents == others && kept == spared,
            _ => false,
        }
    }

    /// The table of its rows.
    pub(crate) fn table(&self) -> &'static Table {
        match self {
            Self::Rows { table, .. }
            | Self::Owned { table, .. }
            | Self::Former { table, .. }
            | Self::Gathered { table, .. } => table,
        }
    }

    /// What it is listed by; `gathered` tells how many keys a set has.
    fn rows(&self, gathered: impl Fn(usize) -> usize) -> Vec<Target> {
        match self {
            Self::Rows { rows, .. } | Self::Former { rows, .. } => rows.clone(),
            Self::Owned { parents, .. } => {
                parents.iter().map(|parent| Target::Node(*parent)).collect()
            }
            Self::Gathered { set, .. } => (0..gathered(*set))
                .map(|row| Target::Gathered { set: *set, row })
                .collect(),
        }
    }
}

impl Step {
    /// Where some of its rows are: exactly for one row, without the indices for several.
    pub(crate) fn path(&self, graph: &Graph<'_>, rows: std::ops::Range<usize>) -> String {
        let path = match self.listed(&|_| 0).get(rows.start) {
            Some(Target::Node(node) | Target::Loose(node)) => graph.path(*node),
            Some(Target::Leaver(id)) => {
                let leaver = &graph.leavers[*id];
                graph.relation_path(leaver.parent, leaver.relation)
            }
            Some(Target::Expunged { whole, .. }) => {
                let whole = &graph.wholes[*whole];
                graph.relation_path(whole.parent, whole.relation)
            }
            Some(Target::Key(_) | Target::Gathered { .. }) | None => self.root().entity.to_owned(),
        };
        if rows.len() == 1 {
            path
        } else {
            without_indices(&path)
        }
    }

    /// The rows that its statements list; `gathered` tells how many keys a set has.
    pub(crate) fn listed(&self, gathered: &dyn Fn(usize) -> usize) -> Vec<Target> {
        match &self.action {
            Action::Draw { rows } | Action::Insert { rows, .. } | Action::Reread { rows } => {
                rows.iter().map(|node| Target::Node(*node)).collect()
            }
            Action::Together { steps } => {
                let listed = steps.iter().flat_map(|step| step.listed(gathered));
                listed.collect()
            }
            Action::Write { rows, .. }
            | Action::Delete { rows, .. }
            | Action::Lock { rows, .. } => rows.clone(),
            Action::Sweep { reach, .. }
            | Action::Hold { reach }
            | Action::Gather { reach, .. }
            | Action::Trace { reach, .. } => reach.base.rows(gathered),
            Action::Tie {
                circle,
                foreign_key,
                ..
            } => circle.rows(foreign_key.target_ident, gathered),
        }
    }

    /// The table of the rows that it starts from.
    pub(crate) fn root(&self) -> &'static Table {
        match &self.action {
            Action::Sweep { reach, .. }
            | Action::Hold { reach }
            | Action::Gather { reach, .. }
            | Action::Trace { reach, .. } => reach.base.table(),
            Action::Tie { circle, .. } => circle.tables[0].0,
            _ => self.table,
        }
    }

    /// How many rows it names; `None` where the database knows.
    pub(crate) fn rows(&self) -> Option<usize> {
        match &self.action {
            Action::Draw { rows } | Action::Insert { rows, .. } | Action::Reread { rows } => {
                Some(rows.len())
            }
            Action::Write { rows, .. }
            | Action::Delete { rows, .. }
            | Action::Lock { rows, .. } => Some(rows.len()),
            Action::Sweep { .. }
            | Action::Hold { .. }
            | Action::Gather { .. }
            | Action::Trace { .. }
            | Action::Tie { .. }
            | Action::Together { .. } => None,
        }
    }

    /// The columns that it writes.
    pub(crate) fn columns(&self) -> Vec<&'static str> {
        let columns = match &self.action {
            Action::Write { columns, .. }
            | Action::Sweep {
                columns: Some(columns),
                ..
            } => columns.clone(),
            Action::Insert { .. } => (0..self.table.columns.len())
                .filter(|&column| !self.table.columns[column].is_generated())
                .collect(),
            Action::Draw { .. }
            | Action::Reread { .. }
            | Action::Together { .. }
            | Action::Delete { .. }
            | Action::Lock { .. }
            | Action::Hold { .. }
            | Action::Gather { .. }
            | Action::Trace { .. }
            | Action::Tie { .. }
            | Action::Sweep { columns: None, .. } => Vec::new(),
        };
        columns
            .into_iter()
            .map(|column| self.table.columns[column].name)
            .collect()
    }

    /// The steps that it stands for: itself, as a rule.
    pub(crate) fn parts(&self) -> &[Self] {
        match &self.action {
            Action::Together { steps } => steps,
            _ => std::slice::from_ref(self),
        }
    }

    /// What it changes the tables by.
    pub(crate) fn change(&self, rows: Option<u64>) -> Option<Change> {
        let kind = self.kind?;
        Some(Change::new(self.table.name, kind, rows, self.columns()))
    }

    /// What it does, in a word.
    pub(crate) fn verb(&self) -> &'static str {
        match &self.action {
            Action::Draw { .. } => "draw",
            Action::Reread { .. } => "read",
            Action::Together { .. } => "together",
            Action::Insert { .. } => "insert",
            Action::Write { .. }
            | Action::Sweep {
                columns: Some(_), ..
            } => "update",
            Action::Delete { .. } | Action::Sweep { columns: None, .. } => "delete",
            Action::Lock { .. } | Action::Hold { .. } => "lock",
            Action::Gather { .. } => "gather",
            Action::Trace { .. } => "trace",
            Action::Tie { .. } => "tie",
        }
    }

    /// What it reads decides what later steps are about.
    pub(crate) fn reads(&self) -> bool {
        matches!(
            self.action,
            Action::Gather { .. }
                | Action::Trace { .. }
                | Action::Tie { .. }
                | Action::Reread { .. }
        )
    }

    /// Touches one row by name: needs no transaction of its own.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(
            self.action,
            Action::Sweep { .. }
                | Action::Hold { .. }
                | Action::Gather { .. }
                | Action::Trace { .. }
                | Action::Tie { .. }
                | Action::Together { .. }
        ) && self.rows() == Some(1)
    }

    /// The rows that its statements touch are counted: one that isn't there is an error. A link that is there already, or is gone, is none.
    pub(crate) fn is_counted(&self) -> bool {
        !self.table.is_link()
    }
}

/// The keys of rows of one table that are known by nothing else.
#[derive(Default)]
pub(crate) struct Keys {
    columns: &'static [usize],
    rows: Vec<Vec<Cell>>,
}

impl Keys {
    /// No row is known by its key alone.
    pub(crate) const NONE: &'static Self = &Self {
        columns: &[],
        rows: Vec::new(),
    };

    pub(crate) fn new(table: &'static Table, rows: Vec<Vec<Cell>>) -> Self {
        Self {
            columns: table.key,
            rows,
        }
    }

    pub(crate) fn targets(&self) -> Vec<Target> {
        (0..self.rows.len()).map(Target::Key).collect()
    }

    /// A part of a key.
    pub(crate) fn part(&self, row: usize, part: usize) -> Option<&Erased> {
        self.rows.get(row)?.get(part).map(|cell| &**cell)
    }

    /// One more row.
    pub(crate) fn add(&mut self, table: &'static Table, key: Vec<Cell>) {
        self.columns = table.key;
        self.rows.push(key);
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A column of a row.
    pub(crate) fn column(&self, row: usize, column: usize) -> Option<&Erased> {
        self.part(row, self.columns.iter().position(|key| *key == column)?)
    }
}

/// The rows that a whole operation spares, as targets.
fn kept(graph: &Graph<'_>, whole: usize) -> Vec<Target> {
    let kept = graph.wholes[whole].kept.iter().enumerate();
    kept.map(|(index, kept)| match kept {
        Kept::Node(node) => Target::Node(*node),
        Kept::Expunged(_) => Target::Expunged { whole, kept: index },
    })
    .collect()
}

/// `User.posts[3].author` as `User.posts.author`.
fn without_indices(path: &str) -> String {
    let mut depth = 0;
    let outside = path.chars().filter(|character| {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => return depth == 0,
        }
        false
    });
    outside.collect()
}
