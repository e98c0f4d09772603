//! What is wrong with a merge, found before anything is copied.

use super::Before;
use super::copy::is_same;
use super::matching::{Match, given_key, is_drawn, matches};
use crate::codec::Erased;
use crate::error::{Error, ErrorKind};
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::{RowState, Slot};

const NOT_LOADED: &str = "the payload holds this relation, and it is not loaded, or only in part; load it first, or use the function of the struct, which does";

/// What is wrong with a merge, before anything is copied.
pub(super) struct Check<'b> {
    before: Option<&'b Before>,
    foreign: Vec<String>,
    entity: Option<&'static str>,
    other: Option<Error>,
}

impl<'b> Check<'b> {
    pub(super) fn new(before: Option<&'b Before>) -> Self {
        Self {
            before,
            foreign: Vec::new(),
            entity: None,
            other: None,
        }
    }

    pub(super) fn row(
        &mut self,
        (table, target): (&'static Table, (&Erased, &RowState)),
        source: &Erased,
        path: &str,
        is_all: bool,
    ) {
        self.version(table, target, source, path);
        self.named(table, target.0, path);
        (table.functions.view)(source, &mut |_, sources| {
            (table.functions.view)(target.0, &mut |fields, targets| {
                for (index, relation) in table.relations.iter().enumerate() {
                    let held = sources[index].link().is_some();
                    let foreign_key = relation.foreign_key(table);
                    if let (true, true, Some(foreign_key)) =
                        (relation.cascade.merge, held, foreign_key)
                    {
                        let path = format!("{path}.{}", relation.field);
                        let slots = (targets[index], sources[index]);
                        if relation.is_held() && slots.0.link().is_none() {
                            let cell = |column: usize| table.columns[column].cell(fields);
                            let parts = foreign_key.parts.iter();
                            let key = parts.map(|part| (part.key)(cell(part.column)));
                            self.parent(
                                (relation.target)(),
                                &key.collect::<Vec<_>>(),
                                slots.1,
                                &path,
                            );
                        } else {
                            self.relation(relation, foreign_key, slots, (&path, is_all));
                        }
                    }
                }
            });
        });
    }

    fn relation(
        &mut self,
        relation: &RelationDef,
        foreign_key: &ForeignKey,
        (target, source): (&dyn Slot, &dyn Slot),
        (path, is_all): (&str, bool),
    ) {
        let child = (relation.target)();
        if !is_all && target.link().is_none_or(|link| link.is_partial()) {
            self.other(ErrorKind::NotLoaded, NOT_LOADED, child, path);
            return;
        }
        let found = matches(relation, foreign_key, (target, source), self.before);
        for (number, found) in found.into_iter().enumerate() {
            let path = if relation.is_single() {
                path.to_owned()
            } else {
                format!("{path}[{number}]")
            };
            match found {
                Match::New => {}
                Match::Twice => {
                    let message = "the payload holds another row with this key";
                    self.other(ErrorKind::InvalidPayload, message, child, &path);
                }
                Match::Foreign => {
                    self.foreign.push(path);
                    self.entity.get_or_insert(child.entity);
                }
                Match::Same(place) => {
                    let rows = target.row(place).zip(source.row(number));
                    if let Some((row, (value, _))) = rows.filter(|_| !child.is_link()) {
                        // One that is new has no rows but those that it holds.
                        self.row((child, row), value, &path, row.1.is_new());
                    }
                }
            }
        }
    }

    /// A parent in a payload, where of the current one only the key is known.
    fn parent(
        &mut self,
        table: &'static Table,
        current: &[Option<&Erased>],
        source: &dyn Slot,
        path: &str,
    ) {
        let Some((value, state)) = source.row(0) else {
            return;
        };
        let Some(key) = given_key(table, value, state) else {
            return;
        };
        let mut parts = table.key.iter().zip(current.iter().zip(&key));
        let is_current = parts.all(|(&column, parts)| {
            let same = table.columns[column].codec.same;
            matches!(parts, (Some(current), Some(given)) if same(*current, &**given))
        });
        if is_current {
            self.other(ErrorKind::NotLoaded, NOT_LOADED, table, path);
        } else if is_drawn(table) {
            self.foreign.push(path.to_owned());
            self.entity.get_or_insert(table.entity);
        }
    }

    /// A patch knows what it copies by the row's own document.
    fn named(&mut self, table: &'static Table, row: &Erased, path: &str) {
        let has_document = |before: &Before| before.row(row).is_some();
        if !self.before.is_none_or(has_document) {
            let message = "this row can't be patched: the struct that has it doesn't serialise it, or it doesn't serialise its key";
            self.other(ErrorKind::InvalidPayload, message, table, path);
        }
    }

    fn other(&mut self, kind: ErrorKind, message: &str, child: &'static Table, path: &str) {
        self.other
            .get_or_insert_with(|| Error::new(kind, message).at(child.entity, path));
    }

    fn version(
        &mut self,
        table: &'static Table,
        (row, state): (&Erased, &RowState),
        source: &Erased,
        path: &str,
    ) {
        let Some(version) = &table.version else {
            return;
        };
        let column = &table.columns[version.column];
        let before = self.before.and_then(|before| before.row(row));
        let mut outdated = false;
        (table.functions.view)(source, &mut |fields, _| {
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
            self.other(ErrorKind::Stale, message, table, path);
        }
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        if let (Some(first), Some(entity)) = (self.foreign.first(), self.entity) {
            let all = self.foreign.join("`, `");
            let message = format!(
                "no row with that key belongs to this parent, at `{all}`; leave the key out to insert a new row"
            );
            return Err(Error::new(ErrorKind::NotOwned, message).at(entity, first.clone()));
        }
        self.other.map_or(Ok(()), Err)
    }
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
