//! Which steps go as one statement, where the database takes several as parts of one.
//!
//! Each part sees the tables as they were before the statement, and all of them run; so no part may look at what another changes, and none
//! may touch a row that another touches.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::codec::Erased;
use crate::graph::{Fate, Graph};
use crate::keys::ByKey;
use crate::meta::{ForeignKey, Table};
use crate::plan::{Action, Base, Hop, Reach, Step, Target};

/// How many parts a statement has at most: to plan a long one takes longer than to send two.
const PARTS: usize = 32;

/// Steps that go together.
pub(crate) struct Fusion {
    pub(crate) steps: Range<usize>,
    /// They can be the parts of one statement. A step that can't be a part of anything goes by itself.
    pub(crate) as_one: bool,
}

/// The steps that go together, in order.
///
/// `can_be` says which can be a part at all.
pub(crate) fn fused(
    graph: &Graph<'_>,
    steps: &[Step],
    can_be: impl Fn(&Step) -> bool,
) -> Vec<Fusion> {
    let mut groups: Vec<Fusion> = Vec::new();
    let mut group = Group::default();
    let mut next = 0;
    while let Some(step) = steps.get(next) {
        let is_drawn = is_drawn_for(step, steps.get(next + 1));
        let length = 1 + usize::from(is_drawn);
        let last = &steps[next + length - 1];
        let is_part = is_part(last, is_drawn) && can_be(last);
        let joins = is_part && group.takes(graph, last);
        match groups.last_mut() {
            Some(last) if joins && last.steps.len() < PARTS => last.steps.end += length,
            _ => {
                groups.push(Fusion {
                    steps: next..next + length,
                    as_one: is_part,
                });
                group = Group {
                    closed: !is_part,
                    ..Group::default()
                };
            }
        }
        group.add(graph, last);
        next += length;
    }
    groups
}

/// A step draws the keys for the insert that comes next, which can draw them itself.
fn is_drawn_for(step: &Step, next: Option<&Step>) -> bool {
    let Action::Draw { rows } = &step.action else {
        return false;
    };
    matches!(next, Some(Step { action: Action::Insert { rows: inserted, drawn: true, .. }, .. }) if inserted == rows)
}

/// What the parts of a statement do so far.
#[derive(Default)]
struct Group {
    /// One of them can't be a part.
    closed: bool,
    /// The tables that they change.
    changed: HashSet<&'static str>,
    /// The links that they delete by name, by table: nothing else changes in these.
    unlinked: HashMap<&'static str, Vec<usize>>,
    /// Those of them in which they change rows that are not named: by which foreign key they found them, where it is one.
    swept: Vec<(&'static str, Option<&'static ForeignKey>)>,
    /// The rows of the graph that they name, by their numbers, and others.
    nodes: Vec<bool>,
    rows: HashSet<Target>,
}

impl Group {
    fn takes(&self, graph: &Graph<'_>, step: &Step) -> bool {
        let mut swept = self.swept.iter();
        let meets = |(table, key): &(&str, Option<&'static ForeignKey>)| {
            *table == step.table.ident && !is_elsewhere(step, *key)
        };
        if self.closed || swept.any(meets) {
            return false;
        }
        let changes = |table: &&Table| {
            let unlinked = self.unlinked.get(table.ident);
            self.changed.contains(table.ident)
                || unlinked.is_some_and(|links| !links_others(graph, step, links))
        };
        let is_named = |row| match row {
            Target::Node(id) => self.nodes.get(id).copied().unwrap_or_default(),
            row => self.rows.contains(&row),
        };
        !sees(step).iter().any(changes) && !named(graph, step).any(is_named)
    }

    fn add(&mut self, graph: &Graph<'_>, step: &Step) {
        match unlinked(step) {
            Some(links) => self
                .unlinked
                .entry(step.table.ident)
                .or_default()
                .extend(links),
            None => drop(self.changed.insert(step.table.ident)),
        }
        if let Action::Sweep { reach, .. } = &step.action {
            self.swept.push((step.table.ident, found_by(reach)));
        }
        self.nodes.resize(graph.nodes.len(), false);
        for row in named(graph, step) {
            match row {
                Target::Node(id) => self.nodes[id] = true,
                row => drop(self.rows.insert(row)),
            }
        }
    }
}

/// A step that changes rows and needs nothing read before.
fn is_part(step: &Step, draws_itself: bool) -> bool {
    match &step.action {
        Action::Insert { late, drawn, .. } => late.is_empty() && (draws_itself || !drawn),
        Action::Write { .. } | Action::Delete { .. } | Action::Sweep { .. } => true,
        Action::Draw { .. }
        | Action::Reread { .. }
        | Action::Together { .. }
        | Action::Lock { .. }
        | Action::Hold { .. }
        | Action::Gather { .. }
        | Action::Trace { .. }
        | Action::Tie { .. } => false,
    }
}

/// The rows that a step changes are none of those that were found by this foreign key: they are new, or named by the key of another parent,
/// that stays.
fn is_elsewhere(step: &Step, key: Option<&'static ForeignKey>) -> bool {
    match &step.action {
        Action::Insert { .. } => true,
        Action::Write { when, .. } | Action::Delete { when, .. } => key.is_some_and(|key| {
            let mut parts = key.parts.iter();
            parts.all(|part| when.contains(&part.column))
        }),
        _ => false,
    }
}

/// The links that a step deletes, where they are known by the keys of their targets, and that is all that it does.
fn unlinked(step: &Step) -> Option<Vec<usize>> {
    let Action::Delete { rows, .. } = &step.action else {
        return None;
    };
    let leaver = |row: &Target| match row {
        Target::Leaver(leaver) => Some(*leaver),
        _ => None,
    };
    let links = rows.iter().map(leaver);
    step.table.is_link().then(|| links.collect())?
}

/// A step inserts links, none of which is to the target of one of these, which are deleted: whether a link is there is the same before and after.
fn links_others(graph: &Graph<'_>, step: &Step, deleted: &[usize]) -> bool {
    let Action::Insert { rows, .. } = &step.action else {
        return false;
    };
    let mut targets = ByKey::new(step.table);
    for &leaver in deleted {
        let key = graph.leavers[leaver].left.key(step.table);
        if !key.iter().flatten().all(|cell| is_exact(&**cell)) {
            return false;
        }
        targets.add(leaver, key);
    }
    let key = |node: &usize| {
        graph.nodes[*node]
            .state
            .key(step.table, graph.nodes[*node].value)
    };
    rows.iter().all(|node| targets.find(&key(node)).is_none())
}

/// The database calls no other value equal to it: a collation may, of texts.
fn is_exact(cell: &Erased) -> bool {
    cell.is::<i64>() || cell.is::<i32>() || cell.is::<i16>()
}

/// The foreign key by which the rows at the end of a reach were found.
fn found_by(reach: &Reach) -> Option<&'static ForeignKey> {
    match (reach.hops.last(), &reach.base) {
        (Some(Hop::Children { foreign_key, .. }), _) | (None, Base::Owned { foreign_key, .. }) => {
            Some(foreign_key)
        }
        _ => None,
    }
}

/// The tables whose rows decide what the step does, beside the rows that it names.
pub(crate) fn sees(step: &Step) -> Vec<&'static Table> {
    match &step.action {
        Action::Sweep { reach, .. } => seen(reach),
        // A link that is there already isn't inserted.
        Action::Insert { .. } if step.table.is_link() => vec![step.table],
        _ => Vec::new(),
    }
}

fn seen(reach: &Reach) -> Vec<&'static Table> {
    let base = match &reach.base {
        Base::Rows { .. } => None,
        Base::Owned { table, .. } | Base::Former { table, .. } | Base::Gathered { table, .. } => {
            Some(*table)
        }
    };
    let hops = reach.hops.iter().map(|hop| match hop {
        Hop::Children { table, .. } | Hop::Closure { table, .. } => *table,
    });
    let unless = reach.unless.map(|(table, _)| table);
    base.into_iter().chain(unless).chain(hops).collect()
}

/// The rows that a step names, each under one name.
fn named<'s>(graph: &'s Graph<'_>, step: &'s Step) -> impl Iterator<Item = Target> + 's {
    let (new, rows): (&[usize], &[Target]) = match &step.action {
        Action::Insert { rows, .. } => (rows, &[]),
        Action::Write { rows, .. } | Action::Delete { rows, .. } => (&[], rows),
        _ => (&[], &[]),
    };
    let new = new.iter().map(|node| Target::Node(*node));
    let rows = rows.iter().map(|row| match *row {
        Target::Node(id) | Target::Loose(id) => match graph.nodes[id].fate {
            Fate::Replace { leaver, .. } => Target::Leaver(leaver),
            _ => Target::Node(id),
        },
        row => row,
    });
    new.chain(rows)
}
