//! Tables whose cascades lead back to each other, and which of their rows go.

use std::collections::HashMap;

use crate::codec::Cell;
use crate::keys::ByKey;
use crate::meta::{ForeignKey, Table};
use crate::plan::{Keys, Target};
use crate::values::codec;

/// Tables whose cascades lead back to each other. The first is the one that a trace starts from.
#[derive(Debug, Clone)]
pub(crate) struct Circle {
    /// The tables, each with the set that its keys are read into.
    pub(crate) tables: Vec<(&'static Table, usize)>,
    pub(crate) edges: Vec<Edge>,
}

/// A relation by which a cascade goes from one table of a circle to another, by their places among the tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) to: usize,
    /// From a row to the target that it refers to, which goes with the last such row; else from parents to children.
    pub(crate) held: bool,
}

/// A row that refers to a row of a circle.
pub(crate) struct Tie {
    pub(crate) table: &'static Table,
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) holder: Vec<Cell>,
    pub(crate) target: Vec<Cell>,
}

impl Circle {
    /// Where the key of a table begins among the columns of a trace: keys of the same types share theirs.
    pub(crate) fn first(&self, place: usize) -> usize {
        if self.is_uniform() {
            return 0;
        }
        let before = self.tables[..place].iter();
        before.map(|(table, _)| table.key.len()).sum()
    }

    /// How many columns a trace has for keys.
    pub(crate) fn width(&self) -> usize {
        let last = self.tables.len() - 1;
        self.first(last) + self.tables[last].0.key.len()
    }

    fn is_uniform(&self) -> bool {
        let types = |table: &'static Table| {
            let key = table.key.iter();
            let types = key.map(|&column| (codec(table, column).type_name)());
            types.collect::<Vec<_>>()
        };
        let first = types(self.tables[0].0);
        self.tables.iter().all(|(table, _)| types(table) == first)
    }

    /// Some of the edges lead to targets. The first table is there twice then: first with the rows that go in any case.
    pub(crate) fn has_targets(&self) -> bool {
        self.edges.iter().any(|edge| edge.held)
    }

    /// One of the edges goes along this foreign key: to the target, where it is `held`, else to the children.
    pub(super) fn follows(&self, foreign_key: &ForeignKey, held: bool) -> bool {
        let mut edges = self.edges.iter();
        edges.any(|edge| edge.held == held && std::ptr::eq(edge.foreign_key, foreign_key))
    }

    /// The foreign keys of its edges, each once, with the tables that have them.
    pub(super) fn foreign_keys(&self) -> Vec<(&'static Table, &'static ForeignKey)> {
        let mut keys: Vec<(&'static Table, &'static ForeignKey)> = Vec::new();
        for edge in &self.edges {
            let holder = if edge.held { edge.from } else { edge.to };
            if !keys
                .iter()
                .any(|(_, key)| std::ptr::eq(*key, edge.foreign_key))
            {
                keys.push((self.tables[holder].0, edge.foreign_key));
            }
        }
        keys
    }

    /// The sets of what goes, each with its table.
    pub(super) fn going_sets(&self) -> &[(&'static Table, usize)] {
        &self.tables[usize::from(self.has_targets())..]
    }

    /// The rows of one of its tables.
    pub(super) fn rows(&self, ident: &str, gathered: impl Fn(usize) -> usize) -> Vec<Target> {
        let here = self.tables.iter().filter(|(table, _)| table.ident == ident);
        here.flat_map(|&(_, set)| (0..gathered(set)).map(move |row| Target::Gathered { set, row }))
            .collect()
    }

    /// What goes: the first rows, the children of what goes, and targets that nothing refers to any more that stays. By set, with its table.
    ///
    /// `traced` has the rows of a set.
    pub(crate) fn going<'k>(
        &self,
        traced: impl Fn(usize) -> &'k Keys,
        ties: &[Tie],
    ) -> Vec<(usize, Keys)> {
        let mut rows = Rows::default();
        for (place, &(table, set)) in self.tables.iter().enumerate() {
            for key in &traced(set).rows {
                rows.add(table, key, place == 0);
            }
        }
        let goes = rows.going(self, ties);
        let tables = self.tables.iter().enumerate();
        let sets = tables.map(|(place, &(table, set))| {
            let here = rows.list.iter().zip(&goes).filter(|((other, _), goes)| {
                // Those that go in any case are among the others of their table.
                place > 0 && **goes && other.ident == table.ident
            });
            let keys = here.map(|((_, key), _)| copied(table, key));
            (set, Keys::new(table, keys.collect()))
        });
        sets.collect()
    }
}

/// The rows of a circle, each once.
#[derive(Default)]
struct Rows<'k> {
    list: Vec<(&'static Table, &'k [Cell])>,
    by_key: HashMap<&'static str, ByKey>,
    /// Those that go in any case.
    first: Vec<usize>,
}

impl<'k> Rows<'k> {
    fn add(&mut self, table: &'static Table, key: &'k [Cell], first: bool) {
        if self.find(table, key).is_some() {
            return;
        }
        let row = self.list.len();
        let known = self.by_key.entry(table.ident);
        let cells = copied(table, key).into_iter().map(Some).collect();
        known.or_insert_with(|| ByKey::new(table)).add(row, cells);
        self.list.push((table, key));
        if first {
            self.first.push(row);
        }
    }

    fn find(&self, table: &'static Table, key: &[Cell]) -> Option<usize> {
        let cells: Vec<Option<Cell>> = copied(table, key).into_iter().map(Some).collect();
        self.by_key.get(table.ident)?.find(&cells)
    }

    /// By row: whether it goes.
    fn going(&self, circle: &Circle, ties: &[Tie]) -> Vec<bool> {
        let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut targets: HashMap<usize, Vec<(usize, *const ForeignKey)>> = HashMap::new();
        let mut holders: HashMap<(usize, *const ForeignKey), usize> = HashMap::new();
        for tie in ties {
            let key = tie.foreign_key;
            let Some(target) = self.find((key.target)(), &tie.target) else {
                continue;
            };
            *holders
                .entry((target, std::ptr::from_ref(key)))
                .or_default() += 1;
            let Some(holder) = self.find(tie.table, &tie.holder) else {
                continue;
            };
            if circle.follows(key, false) {
                children.entry(target).or_default().push(holder);
            }
            if circle.follows(key, true) {
                let held = targets.entry(holder).or_default();
                held.push((target, std::ptr::from_ref(key)));
            }
        }
        let mut goes = vec![false; self.list.len()];
        let mut next = self.first.clone();
        while let Some(row) = next.pop() {
            if std::mem::replace(&mut goes[row], true) {
                continue;
            }
            next.extend(children.remove(&row).unwrap_or_default());
            for target in targets.remove(&row).unwrap_or_default() {
                let others = holders.entry(target).or_default();
                *others -= 1;
                if *others == 0 {
                    next.push(target.0);
                }
            }
        }
        goes
    }
}

fn copied(table: &'static Table, key: &[Cell]) -> Vec<Cell> {
    let columns = table.key.iter().zip(key);
    columns
        .map(|(&column, cell)| (codec(table, column).clone)(&**cell))
        .collect()
}
