//! What a cell is bound to when its turn comes: a field, a parent's generated key, the recorded value.

use std::collections::HashSet;

use crate::codec::{Cell, Codec, Erased, Null};
use crate::graph::{Fate, Graph, Kept, Node};
use crate::meta::{ForeignKey, ForeignKeyPart, Table};
use crate::plan::{Circle, Keys, Target, Tie};
use crate::staged::Staged;

/// The cells of a graph with the values that the database has given so far.
pub(crate) struct Values<'g, 'a> {
    graph: &'g Graph<'a>,
    keys: &'g Keys,
    /// Values that replace the fields'.
    staged: Staged,
    /// By leaving row: the version after its release.
    versions: Vec<Option<Cell>>,
    /// By set: the keys that were read on the way.
    gathered: Vec<Keys>,
    /// Which rows refer to those of a circle.
    ties: Vec<Tie>,
    /// The columns of nodes that are NULL for now.
    late: HashSet<(usize, usize)>,
    /// By node that the next statement inserts: which of its tables, and its place there.
    entering: Vec<Option<(usize, usize)>>,
    /// By table that it inserts into: a single row.
    sole: Vec<bool>,
    /// No key is computed that can be read.
    exact: bool,
}

/// Which value of a row a statement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What is to be in the database.
    New,
    /// What is there.
    Recorded,
}

/// A key that a statement draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// Which of the tables that the statement inserts into.
    pub(crate) insert: usize,
    /// The column of that table.
    pub(crate) column: usize,
    /// It inserts one row there.
    pub(crate) sole: bool,
}

impl<'g, 'a> Values<'g, 'a> {
    pub(crate) fn new(graph: &'g Graph<'a>, keys: &'g Keys) -> Self {
        let raised = |leaver: usize| {
            let leaver = &graph.leavers[leaver];
            let version = leaver.table.version.as_ref()?;
            leaver
                .left
                .cell(leaver.table, version.column)
                .map(version.next)
        };
        let mut staged = Staged::default();
        for (id, node) in graph.nodes.iter().enumerate() {
            let Some(version) = &node.table.version else {
                continue;
            };
            let cell = match &node.fate {
                Fate::Keep => None,
                Fate::Insert => Some((version.first)()),
                Fate::Write { .. } | Fate::Twin => {
                    Some((version.next)(node.recorded(version.column)))
                }
                Fate::Replace { leaver, .. } => raised(*leaver),
            };
            if let Some(cell) = cell {
                staged.add(id, version.column, cell);
            }
        }
        let versions = (0..graph.leavers.len()).map(raised);
        Self {
            keys,
            versions: versions.collect(),
            ..Self::after(graph, staged)
        }
    }

    /// After a run: with what the database has given.
    pub(crate) fn after(graph: &'g Graph<'a>, staged: Staged) -> Self {
        Self {
            graph,
            keys: Keys::NONE,
            staged,
            versions: Vec::new(),
            gathered: Vec::new(),
            ties: Vec::new(),
            late: HashSet::new(),
            entering: Vec::new(),
            sole: Vec::new(),
            exact: true,
        }
    }

    /// Keys may be computed, by who looks whether they are right.
    pub(crate) fn computing(mut self) -> Self {
        self.exact = false;
        self
    }

    /// No key is computed that can be read.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// These columns of nodes are NULL for now.
    pub(crate) fn hold_back(&mut self, late: &[(usize, usize)]) {
        self.late = late.iter().copied().collect();
    }

    /// These rows are inserted by the next statement, table by table.
    pub(crate) fn enter<'t>(&mut self, tables: impl IntoIterator<Item = &'t [Target]>) {
        self.entering.clear();
        self.sole.clear();
        for (table, rows) in tables.into_iter().enumerate() {
            self.sole.push(rows.len() == 1);
            self.entering.resize(self.graph.nodes.len(), None);
            for (place, row) in rows.iter().enumerate() {
                if let Target::Node(id) = row {
                    self.entering[*id] = Some((table, place));
                }
            }
        }
    }

    /// The keys that a column takes, in some of the rows, from rows that the next statement inserts.
    pub(crate) fn drawn(&self, rows: &[Target], column: usize) -> Vec<Drawn> {
        let mut drawn: Vec<Drawn> = Vec::new();
        if self.entering.is_empty() {
            return drawn;
        }
        for (by, _) in rows.iter().filter_map(|row| self.drawn_of(*row, column)) {
            if !drawn.contains(&by) {
                drawn.push(by);
            }
        }
        drawn
    }

    /// The key that a column takes in all of the rows, where it is the same of the same table.
    pub(crate) fn drawn_by_all(&self, rows: &[Target], column: usize) -> Option<Drawn> {
        let (first, others) = rows.split_first()?;
        let (by, _) = self.drawn_of(*first, column)?;
        let mut others = others.iter();
        let is_same = |row: &Target| self.place(*row, column, by).is_some();
        others.all(is_same).then_some(by)
    }

    /// The place of the row whose key a column takes, where the key is this one.
    pub(crate) fn place(&self, row: Target, column: usize, of: Drawn) -> Option<usize> {
        let (by, place) = self.drawn_of(row, column)?;
        (by == of).then_some(place)
    }

    fn drawn_of(&self, row: Target, column: usize) -> Option<(Drawn, usize)> {
        let (node, column) = self.origin(row, column)?;
        let (insert, place) = (*self.entering.get(node)?)?;
        let sole = self.sole[insert];
        let by = Drawn {
            insert,
            column,
            sole,
        };
        Some((by, place))
    }

    /// The node and the column that a column's value comes from, where the database has yet to draw it.
    fn origin(&self, target: Target, column: usize) -> Option<(usize, usize)> {
        let Target::Node(id) = target else {
            return None;
        };
        if self.has(id, column) {
            return None;
        }
        let (mut node, mut part) = self.referred(id, column)?;
        loop {
            let row = &self.graph.nodes[node];
            let column = row.table.key[part];
            if !row.state.is_new() {
                return None;
            }
            if row.table.columns[column].is_generated() {
                return (!self.has(node, column)).then_some((node, column));
            }
            (node, part) = self.referred(node, column)?;
        }
    }

    /// The node whose key a column of a node takes, and which part of it.
    fn referred(&self, id: usize, column: usize) -> Option<(usize, usize)> {
        let node = &self.graph.nodes[id];
        let owner = node.owner().filter(|_| node.fate.enters());
        let by_owner = owner.and_then(|owner| {
            let mut parts = owner.foreign_key.parts.iter();
            let part = parts.position(|part| part.column == column)?;
            Some((owner.node, part))
        });
        by_owner.or_else(|| {
            node.held.iter().find_map(|held| {
                let mut parts = held.foreign_key.parts.iter();
                let part = parts.position(|part| part.column == column && !part.shared)?;
                Some((held.node, part))
            })
        })
    }

    /// Takes down a key that was read.
    pub(crate) fn gather_row(&mut self, set: usize, table: &'static Table, key: Vec<Cell>) {
        self.set(set).add(table, key);
    }

    fn set(&mut self, set: usize) -> &mut Keys {
        while self.gathered.len() <= set {
            self.gathered.push(Keys::default());
        }
        &mut self.gathered[set]
    }

    /// Takes down a row that refers to one of a circle.
    pub(crate) fn tie(&mut self, tie: Tie) {
        self.ties.push(tie);
    }

    /// Leaves, of the keys of a circle, those of the rows that go.
    pub(crate) fn decide(&mut self, circle: &Circle) {
        let ties = std::mem::take(&mut self.ties);
        let traced = |set: usize| self.gathered.get(set).unwrap_or(Keys::NONE);
        for (set, keys) in circle.going(traced, &ties) {
            *self.set(set) = keys;
        }
    }

    /// How many keys were read for a set.
    pub(crate) fn gathered(&self, set: usize) -> usize {
        self.gathered.get(set).map_or(0, Keys::len)
    }

    /// Takes down what the database has given a node.
    pub(crate) fn stage(&mut self, node: usize, column: usize, cell: Cell) {
        self.staged.add(node, column, cell);
    }

    /// What the database has given.
    pub(crate) fn into_staged(self) -> Staged {
        self.staged
    }

    /// Whether only some of the rows write a column.
    pub(crate) fn masked(&self, rows: &[Target], column: usize) -> bool {
        rows.iter().any(|row| !self.writes(*row, column))
    }

    /// Whether a row writes a column, of those that its statement writes for some row.
    pub(crate) fn writes(&self, target: Target, column: usize) -> bool {
        match target {
            Target::Node(id) => match &self.graph.nodes[id].fate {
                Fate::Insert => true,
                fate => fate.written().binary_search(&column).is_ok(),
            },
            Target::Loose(_)
            | Target::Leaver(_)
            | Target::Expunged { .. }
            | Target::Key(_)
            | Target::Gathered { .. } => true,
        }
    }

    /// The value of a cell as it is stored; `None` for NULL.
    pub(crate) fn cell(&self, side: Side, target: Target, column: usize) -> Option<&Erased> {
        match (side, target) {
            (Side::New, Target::Node(id)) => self.new_cell(id, column),
            (Side::New, Target::Loose(_)) => None,
            (Side::Recorded, Target::Node(id) | Target::Loose(id)) => {
                let node = &self.graph.nodes[id];
                match node.fate {
                    Fate::Replace { leaver, .. } => {
                        self.cell(Side::Recorded, Target::Leaver(leaver), column)
                    }
                    // What the save itself has inserted.
                    Fate::Insert if self.has(id, column) => self.new_cell(id, column),
                    _ => stored(node.table, column, node.recorded(column))
                        .or_else(|| self.by_parent(node, column)),
                }
            }
            (Side::New, Target::Leaver(id)) => {
                let version = self.graph.leavers[id].table.version.as_ref();
                version
                    .filter(|version| version.column == column)
                    .and(self.versions[id].as_deref())
            }
            (Side::Recorded, Target::Leaver(id)) => {
                let leaver = &self.graph.leavers[id];
                let cell = leaver.left.cell(leaver.table, column);
                cell.and_then(|cell| stored(leaver.table, column, cell))
                    .or_else(|| {
                        let part = link_part(leaver.table, leaver.foreign_key, column)?;
                        self.key_part(leaver.parent, part)
                    })
            }
            (_, Target::Expunged { whole, kept }) => match &self.graph.wholes[whole].kept[kept] {
                Kept::Expunged(left) => {
                    let table = self.graph.wholes[whole].table;
                    left.cell(table, column)
                        .and_then(|cell| stored(table, column, cell))
                }
                Kept::Node(_) => None,
            },
            (_, Target::Key(row)) => self.keys.column(row, column),
            (_, Target::Gathered { set, row }) => self.gathered.get(set)?.column(row, column),
        }
    }

    /// Whether the database has given a node this column.
    pub(crate) fn has(&self, node: usize, column: usize) -> bool {
        self.staged.find(node, column).is_some()
    }

    /// Whether a node's column is bound to this value.
    pub(crate) fn is(&self, node: usize, column: usize, cell: &Erased) -> bool {
        let table = self.graph.nodes[node].table;
        match (self.new_cell(node, column), stored(table, column, cell)) {
            (Some(bound), Some(cell)) => (codec(table, column).same)(bound, cell),
            (bound, cell) => bound.is_none() && cell.is_none(),
        }
    }

    /// A part of the key of a target, by which others refer to it.
    pub(crate) fn key(&self, target: Target, part: usize) -> Option<&Erased> {
        match target {
            Target::Node(node) => self.key_part(node, part),
            Target::Key(row) => self.keys.part(row, part),
            Target::Gathered { set, row } => self.gathered.get(set)?.part(row, part),
            Target::Loose(_) | Target::Leaver(_) | Target::Expunged { .. } => None,
        }
    }

    /// A part of the key of a row, by which its children refer to it.
    pub(crate) fn key_part(&self, node: usize, part: usize) -> Option<&Erased> {
        let node_ref = &self.graph.nodes[node];
        let column = node_ref.table.key[part];
        let side = if node_ref.state.is_new() {
            // Until the database has drawn it, there is none.
            if node_ref.table.columns[column].is_generated() && !self.has(node, column) {
                return None;
            }
            Side::New
        } else {
            Side::Recorded
        };
        self.cell(side, Target::Node(node), node_ref.table.key[part])
    }

    /// The key of a link's parent: the link itself holds only that of its target.
    fn by_parent(&self, node: &Node<'a>, column: usize) -> Option<&Erased> {
        let owner = node.owner()?;
        let part = link_part(node.table, owner.foreign_key, column)?;
        self.key_part(owner.node, part)
    }

    fn new_cell(&self, id: usize, column: usize) -> Option<&Erased> {
        let node = &self.graph.nodes[id];
        if self.late.contains(&(id, column)) {
            return None;
        }
        if let Some(cell) = self.staged.find(id, column) {
            return stored(node.table, column, &**cell);
        }
        if let Some((target, part)) = self.referred(id, column) {
            return self.key_part(target, part);
        }
        if let Fate::Write {
            cleared: Some(old), ..
        } = &node.fate
            && old.own_columns().any(|part| part.column == column)
        {
            return None;
        }
        stored(node.table, column, node.cell(column))
    }
}

/// Which part of the parent's key a column of a link holds.
fn link_part(table: &Table, foreign_key: &ForeignKey, column: usize) -> Option<usize> {
    let mut parts = foreign_key.parts.iter();
    parts.position(|part| table.is_link() && part.column == column)
}

/// A column of a foreign key.
struct Referring {
    part: &'static ForeignKeyPart,
    target: &'static Table,
    /// The column of the target's key that it refers to.
    column: usize,
}

fn referring(table: &'static Table, column: usize) -> Option<Referring> {
    table.foreign_keys.iter().find_map(|key| {
        let index = key.parts.iter().position(|part| part.column == column)?;
        let target = (key.target)();
        Some(Referring {
            part: &key.parts[index],
            target,
            column: target.key[index],
        })
    })
}

/// A cell as it is bound: a foreign key as the key that it holds, so that a column is bound as one type whoever gives the value.
pub(crate) fn stored<'c>(
    table: &'static Table,
    column: usize,
    cell: &'c Erased,
) -> Option<&'c Erased> {
    if cell.is::<Null>() {
        return None;
    }
    match referring(table, column) {
        Some(referring) => (referring.part.key)(cell),
        None => Some(cell),
    }
}

/// The codec that a column is bound with.
pub(crate) fn codec(table: &'static Table, column: usize) -> &'static Codec {
    match referring(table, column) {
        Some(referring) => codec(referring.target, referring.column),
        None => &table.columns[column].codec,
    }
}
