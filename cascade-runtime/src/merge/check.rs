//! What is wrong with a merge, found before anything is copied.

use super::Before;
use super::copy::is_same;
use super::matching::{Match, given_key, is_drawn, matches};
use crate::codec::Erased;
use crate::error::{Error, ErrorKind};
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::{RowState, Slot};

const NOT_LOADED: &str = "the payload holds this relation, and it is not loaded, or only in part; load it first, or use the function of the struct, which does";

/// Finds what is wrong with bringing a value into a row, in the order of the payload. Nothing is copied.
///
/// Without a call inside another: a tree may be deeper than the stack.
pub(super) fn check(
    table: &'static Table,
    row: (&Erased, &RowState),
    value: &Erased,
    before: Option<&Before>,
) -> Result<(), Error> {
    let mut check = Check {
        before,
        root: table,
        above: Vec::new(),
        foreign: Vec::new(),
        entity: None,
        other: None,
    };
    let mut rest = vec![Found::Pair(Pair {
        above: None,
        table,
        row,
        value,
        is_all: false,
    })];
    while let Some(found) = rest.pop() {
        match found {
            Found::Pair(pair) => {
                let first = rest.len();
                check.pair(&pair, &mut rest);
                rest[first..].reverse();
            }
            Found::Foreign(place) => check.foreign(place),
            Found::Wrong(place, kind, message) => {
                check.other(kind, message, (place.relation.target)(), Some(place));
            }
        }
    }
    check.finish()
}

/// What a payload has at a place.
enum Found<'r> {
    Pair(Pair<'r>),
    /// A key that is not this parent's.
    Foreign(Place),
    Wrong(Place, ErrorKind, &'static str),
}

/// A row, and the value that is merged into it.
struct Pair<'r> {
    above: Option<Place>,
    table: &'static Table,
    row: (&'r Erased, &'r RowState),
    value: &'r Erased,
    /// The row is new: it has no rows but those that it holds.
    is_all: bool,
}

/// Where a value is: in a relation of the value of a pair.
#[derive(Clone, Copy)]
struct Place {
    /// The number of the pair.
    pair: usize,
    relation: &'static RelationDef,
    /// `None` for the relation itself, and in one that holds one row at most.
    number: Option<usize>,
}

struct Check<'r> {
    before: Option<&'r Before>,
    root: &'static Table,
    /// Where the pairs are that were seen, by their numbers.
    above: Vec<Option<Place>>,
    foreign: Vec<String>,
    entity: Option<&'static str>,
    other: Option<Error>,
}

impl<'r> Check<'r> {
    /// Looks at a row, and finds what is in its relations.
    fn pair(&mut self, pair: &Pair<'r>, found: &mut Vec<Found<'r>>) {
        let number = self.above.len();
        self.above.push(pair.above);
        self.version(pair);
        self.named(pair);
        let table = pair.table;
        (table.functions.view)(pair.value, &mut |_, sources| {
            (table.functions.view)(pair.row.0, &mut |fields, targets| {
                for (index, relation) in table.relations.iter().enumerate() {
                    let held = sources[index].link().is_some();
                    let foreign_key = relation.foreign_key(table);
                    if let (true, true, Some(foreign_key)) =
                        (relation.cascade.merge, held, foreign_key)
                    {
                        let place = Place {
                            pair: number,
                            relation,
                            number: None,
                        };
                        let slots = (targets[index], sources[index]);
                        if relation.is_held() && slots.0.link().is_none() {
                            let cell = |column: usize| table.columns[column].cell(fields);
                            let parts = foreign_key.parts.iter();
                            let key = parts.map(|part| (part.key)(cell(part.column)));
                            found.extend(parent(&key.collect::<Vec<_>>(), slots.1, place));
                        } else {
                            let known = (self.before, pair.is_all);
                            children(foreign_key, slots, (place, known), found);
                        }
                    }
                }
            });
        });
    }

    /// A patch knows what it copies by the row's own document.
    fn named(&mut self, pair: &Pair<'r>) {
        let has_document = |before: &Before| before.row(pair.row.0).is_some();
        if !self.before.is_none_or(has_document) {
            let message = "this row can't be patched: the struct that has it doesn't serialise it, or it doesn't serialise its key";
            self.other(ErrorKind::InvalidPayload, message, pair.table, pair.above);
        }
    }

    fn version(&mut self, pair: &Pair<'r>) {
        let (table, (row, state)) = (pair.table, pair.row);
        let Some(version) = &table.version else {
            return;
        };
        let column = &table.columns[version.column];
        let before = self.before.and_then(|before| before.row(row));
        let mut outdated = false;
        (table.functions.view)(pair.value, &mut |fields, _| {
            let cell = column.cell(fields);
            let given = column
                .codec
                .default
                .is_none_or(|default| !(column.codec.same)(&*default(), cell));
            // A patch that names none, or the one that the field holds, says nothing of it: the field may have that of a save that was rolled back.
            let is_named =
                before.is_none_or(|before| !is_same(table, version.column, before, cell));
            outdated = is_named
                && given
                && !state.is_new()
                && !is_recorded(table, version.column, row, state, cell);
        });
        if outdated {
            let message = "the payload was made from another version of the row; read it again, and repeat the change";
            self.other(ErrorKind::Stale, message, table, pair.above);
        }
    }

    /// A value with the key of a row that is not this parent's.
    fn foreign(&mut self, place: Place) {
        let path = self.path(Some(place));
        self.foreign.push(path);
        self.entity.get_or_insert((place.relation.target)().entity);
    }

    fn other(
        &mut self,
        kind: ErrorKind,
        message: &str,
        child: &'static Table,
        place: Option<Place>,
    ) {
        if self.other.is_none() {
            let error = Error::new(kind, message).at(child.entity, self.path(place));
            self.other = Some(error);
        }
    }

    /// Where a value is, as `User.posts[3].comments[0]`; `None` for the root.
    fn path(&self, mut place: Option<Place>) -> String {
        let mut steps = Vec::new();
        while let Some(step) = place {
            let number = step.number.map(|number| format!("[{number}]"));
            steps.push(number.unwrap_or_default());
            steps.push(format!(".{}", step.relation.field));
            place = self.above[step.pair];
        }
        steps.push(self.root.entity.to_owned());
        steps.reverse();
        steps.concat()
    }

    fn finish(self) -> Result<(), Error> {
        if let (Some(first), Some(entity)) = (self.foreign.first(), self.entity) {
            let all = self.foreign.join("`, `");
            let message = format!(
                "no row with that key belongs to this parent, at `{all}`; leave out a key that the database draws to insert a new row; to link a row, use `add_key`"
            );
            return Err(Error::new(ErrorKind::NotOwned, message).at(entity, first.clone()));
        }
        self.other.map_or(Ok(()), Err)
    }
}

/// What the children of a payload are to a relation.
fn children<'r>(
    foreign_key: &ForeignKey,
    (target, source): (&'r dyn Slot, &'r dyn Slot),
    (place, (before, is_all)): (Place, (Option<&Before>, bool)),
    found: &mut Vec<Found<'r>>,
) {
    let relation = place.relation;
    let child = (relation.target)();
    if !is_all && target.link().is_none_or(|link| link.is_partial()) {
        found.push(Found::Wrong(place, ErrorKind::NotLoaded, NOT_LOADED));
        return;
    }
    let matches = matches(relation, foreign_key, (target, source), before);
    for (number, child_is) in matches.into_iter().enumerate() {
        let place = Place {
            number: (!relation.is_single()).then_some(number),
            ..place
        };
        match child_is {
            Match::New => {}
            Match::Twice => {
                let message = "the payload holds another row with this key";
                found.push(Found::Wrong(place, ErrorKind::InvalidPayload, message));
            }
            Match::Foreign => found.push(Found::Foreign(place)),
            Match::Same(row) => {
                let rows = target.row(row).zip(source.row(number));
                if let Some((row, (value, _))) = rows.filter(|_| !child.is_link()) {
                    found.push(Found::Pair(Pair {
                        above: Some(place),
                        table: child,
                        is_all: row.1.is_new(),
                        row,
                        value,
                    }));
                }
            }
        }
    }
}

/// What a parent in a payload is, where of the current one only the key is known.
fn parent<'r>(current: &[Option<&Erased>], source: &dyn Slot, place: Place) -> Option<Found<'r>> {
    let table = (place.relation.target)();
    let (value, state) = source.row(0)?;
    let key = given_key(table, value, state)?;
    let mut parts = table.key.iter().zip(current.iter().zip(&key));
    let is_current = parts.all(|(&column, parts)| {
        let same = table.columns[column].codec.same;
        matches!(parts, (Some(current), Some(given)) if same(*current, &**given))
    });
    if is_current {
        return Some(Found::Wrong(place, ErrorKind::NotLoaded, NOT_LOADED));
    }
    is_drawn(table).then_some(Found::Foreign(place))
}

fn is_recorded(
    table: &'static Table,
    column: usize,
    row: &Erased,
    state: &RowState,
    cell: &Erased,
) -> bool {
    let mut same = false;
    (table.functions.view)(row, &mut |fields, _| {
        same = (table.columns[column].codec.same)(state.recorded(table, column, fields), cell);
    });
    same
}
