//! Foreign keys in plain columns, and keys from their parts: what the derive fills into the constants.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};

use crate::codec::{Cell, Codec, Erased};
use crate::entity::{Entity, ForeignKeyPartOf, ForeignKeyTo, KeyFor, KeyPart, PartOf};
use crate::meta::{ForeignKeyPart, Table, Version};
use crate::values::codec;

/// A part of a key, cloned; `None` where there is no part of that type at that position.
#[must_use]
pub fn part<K: Clone + 'static>(parts: &[&Erased], index: usize) -> Option<K> {
    parts.get(index)?.downcast_ref::<K>().cloned()
}

/// A plain column of type `F` that refers to the key of `P`.
#[must_use]
pub const fn key_part<P: Entity, F: ForeignKeyTo<P>>(column: usize) -> ForeignKeyPart {
    converted::<P::Key, F>(column)
}

/// A plain column of type `F` that is part `I` of the key of `P`.
#[must_use]
pub const fn shared_part<P, F, const I: usize>(column: usize) -> ForeignKeyPart
where
    P: Entity<KeyParts: KeyPart<I>>,
    F: ForeignKeyPartOf<P, I>,
{
    converted::<PartOf<P, I>, F>(column)
}

const fn converted<K: 'static + Send + Sync, F: KeyFor<K>>(column: usize) -> ForeignKeyPart {
    fn key<K: 'static + Send + Sync, F: KeyFor<K>>(cell: &Erased) -> Option<&Erased> {
        cell.downcast_ref::<F>()
            .and_then(F::as_key)
            .map(|key| key as &Erased)
    }
    fn assign<K: 'static + Send + Sync, F: KeyFor<K>>(field: &mut Erased, key: Option<&Erased>) {
        let key = key.and_then(<Erased>::downcast_ref::<K>);
        if let (Some(field), Some(value)) = (field.downcast_mut::<F>(), F::from_key(key)) {
            *field = value;
        }
    }
    ForeignKeyPart {
        column,
        shared: false,
        key: key::<K, F>,
        assign: assign::<K, F>,
    }
}

impl ForeignKeyPart {
    /// The column is the struct's own key, or another foreign key's too.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.shared = true;
        self
    }
}

/// A type that can count versions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a `#[version]`: it has to be an integer",
    label = "not an integer",
    note = "write `#[version] {{field}}: i64`"
)]
pub trait VersionNumber: Sized + Clone + Send + Sync + 'static {
    /// The version of a new row.
    const FIRST: Self;

    /// The version after this one.
    #[must_use]
    fn next(&self) -> Self;
}

macro_rules! version_numbers {
    ($($integer:ty)*) => { $(
        impl VersionNumber for $integer {
            const FIRST: Self = 1;

            fn next(&self) -> Self {
                self.checked_add(1).unwrap_or(Self::FIRST)
            }
        }
    )* };
}
version_numbers!(i8 i16 i32 i64 u8 u16 u32 u64);

impl Version {
    /// A version of type `V`.
    #[must_use]
    pub const fn of<V: VersionNumber>(column: usize, aggregate: bool) -> Self {
        fn first<V: VersionNumber>() -> Cell {
            Box::new(V::FIRST)
        }
        fn next<V: VersionNumber>(version: &Erased) -> Cell {
            Box::new(version.downcast_ref::<V>().map_or(V::FIRST, V::next))
        }
        Self {
            column,
            aggregate,
            first: first::<V>,
            next: next::<V>,
        }
    }
}

/// Whether a plain column of type `F` that refers to the key of `P` accepts NULL.
#[must_use]
pub const fn nullable<P: Entity, F: ForeignKeyTo<P>>() -> bool {
    F::NULLABLE
}

/// How a part of a key is stored. A part too many is a rule's to refuse, and takes the last one here.
#[must_use]
pub const fn key_codec(codecs: &'static [Codec], part: usize) -> Codec {
    if part < codecs.len() {
        codecs[part]
    } else {
        codecs[codecs.len() - 1]
    }
}

/// Some columns of a row, as they are stored; `None` for NULL, or for what isn't known.
pub(crate) type Cells = Vec<Option<Cell>>;

/// Rows of a table by some of their columns, as these are stored. A type without `Hash` costs a comparison with every row.
pub(crate) struct ByKey {
    /// Of the columns: the codec that each is stored with, and that of its field.
    codecs: Vec<(&'static Codec, &'static Codec)>,
    /// By hash: the first row that has it, and the last.
    ends: HashMap<u64, (usize, usize), BuildHasherDefault<Hashed>>,
    rows: Vec<Known>,
    /// Those of each row, one after the other.
    cells: Cells,
}

/// A row that was taken down.
struct Known {
    row: usize,
    /// The next one with the same hash.
    next: Option<usize>,
}

/// A hash is not hashed once more.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        self.0 = hasher.finish();
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl ByKey {
    /// By their keys.
    pub(crate) fn new(table: &'static Table) -> Self {
        Self::over(table, table.key)
    }

    /// By these columns.
    pub(crate) fn over(table: &'static Table, columns: &[usize]) -> Self {
        let own = |column: usize| &table.columns[column].codec;
        let codecs = columns
            .iter()
            .map(|&column| (codec(table, column), own(column)));
        Self {
            codecs: codecs.collect(),
            ends: HashMap::default(),
            rows: Vec::new(),
            cells: Cells::new(),
        }
    }

    /// Takes down a row, by some number of it.
    pub(crate) fn add(&mut self, row: usize, cells: Cells) {
        let hash = self.hash(|part| cells[part].as_deref());
        self.link(row, hash);
        self.cells.extend(cells);
    }

    /// The first row with these cells; where there is none, takes down this one.
    pub(crate) fn find_or_add<'c>(
        &mut self,
        row: usize,
        cell: impl Fn(usize) -> Option<&'c Erased>,
    ) -> Option<usize> {
        let hash = self.hash(&cell);
        let found = self.find_hashed(hash, &cell);
        if found.is_none() {
            self.link(row, hash);
            let parts = self.codecs.iter().enumerate();
            let cells = parts.map(|(part, (_, own))| cell(part).map(own.clone));
            self.cells.extend(cells);
        }
        found
    }

    fn link(&mut self, row: usize, hash: u64) {
        let here = self.rows.len();
        self.rows.push(Known { row, next: None });
        let (_, last) = self.ends.entry(hash).or_insert((here, here));
        if *last != here {
            self.rows[*last].next = Some(here);
            *last = here;
        }
    }

    /// The first row with these cells.
    pub(crate) fn find(&self, cells: &[Option<Cell>]) -> Option<usize> {
        self.find_by(|part| cells[part].as_deref())
    }

    /// The same, of cells that are asked for one by one.
    pub(crate) fn find_by<'c>(&self, cell: impl Fn(usize) -> Option<&'c Erased>) -> Option<usize> {
        if self.rows.is_empty() {
            return None;
        }
        self.find_hashed(self.hash(&cell), &cell)
    }

    fn find_hashed<'c>(
        &self,
        hash: u64,
        cell: &impl Fn(usize) -> Option<&'c Erased>,
    ) -> Option<usize> {
        let parts = self.codecs.len();
        let mut next = self.ends.get(&hash).map(|(first, _)| *first);
        while let Some(here) = next {
            let known = &self.rows[here];
            if self.are(&self.cells[here * parts..][..parts], cell) {
                return Some(known.row);
            }
            next = known.next;
        }
        None
    }

    /// Whether these cells are those of one row.
    pub(crate) fn is_same(&self, a: &[Option<Cell>], b: &[Option<Cell>]) -> bool {
        self.are(a, |part| b[part].as_deref())
    }

    /// Whether cells are those that are asked for one by one.
    fn are<'c>(&self, cells: &[Option<Cell>], cell: impl Fn(usize) -> Option<&'c Erased>) -> bool {
        let mut parts = self.codecs.iter().zip(cells).enumerate();
        parts.all(|(part, ((codec, _), a))| match (a, cell(part)) {
            (Some(a), Some(b)) => (codec.same)(&**a, b),
            (a, b) => a.is_none() && b.is_none(),
        })
    }

    fn hash<'c>(&self, cell: impl Fn(usize) -> Option<&'c Erased>) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (part, (codec, _)) in self.codecs.iter().enumerate() {
            if let (Some(hash), Some(cell)) = (codec.hash, cell(part)) {
                hash(cell, &mut hasher);
            }
        }
        hasher.finish()
    }
}
