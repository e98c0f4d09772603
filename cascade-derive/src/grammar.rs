//! The keys of the attributes: each list is written once and gives the struct, the parser and the text of the error.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{LitStr, Path, Result};

use crate::values::{Flag, Generated, Json, Never, Value};

/// Something that an attribute says, with the word that says it.
pub(crate) struct Given<T> {
    /// The key, or the attribute's own name.
    pub(crate) word: Ident,
    /// What it says.
    pub(crate) value: T,
}

/// A key that may be given once.
pub(crate) type Once<T> = Option<Given<T>>;

/// A key that may be given any number of times.
pub(crate) type Often<T> = Vec<Given<T>>;

/// Where a key's value goes.
trait Place<T> {
    /// Stores the value, unless the key was given before.
    fn put(&mut self, given: Given<T>) -> Result<()>;
}

impl<T> Place<T> for Once<T> {
    fn put(&mut self, given: Given<T>) -> Result<()> {
        if self.is_some() {
            return Err(syn::Error::new_spanned(
                &given.word,
                format!("`{}` is given twice: keep one", given.word),
            ));
        }
        *self = Some(given);
        Ok(())
    }
}

impl<T> Place<T> for Often<T> {
    fn put(&mut self, given: Given<T>) -> Result<()> {
        self.push(given);
        Ok(())
    }
}

/// What an attribute can say.
pub(crate) trait Keys: Default {
    /// Every key.
    const NAMES: &'static [&'static str];

    /// Reads the value of a key; `None` where there is no such key.
    fn read(&mut self, word: &Ident, input: ParseStream<'_>) -> Option<Result<()>>;
}

/// What an attribute that is the same everywhere can say.
pub(crate) trait Listed: Keys {
    /// Its keys.
    const LIST: List;
}

/// The keys of an attribute, as far as they may stand at a place.
pub(crate) struct List {
    /// The attribute as a message names it.
    pub(crate) owner: &'static str,
    /// Every key.
    pub(crate) names: &'static [&'static str],
    /// Keys that aren't listed belong to somebody else.
    pub(crate) open: bool,
    /// A struct may stand before the keys.
    pub(crate) target: bool,
    /// What to say of keys that stand in the wrong place.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

impl List {
    /// The list of an attribute, still empty.
    const fn of(owner: &'static str) -> Self {
        Self {
            owner,
            names: &[],
            open: false,
            target: false,
            elsewhere: &[],
        }
    }

    /// What to say of a key that stands in the wrong place.
    pub(crate) fn hint(&self, word: &str) -> Option<&'static str> {
        let mut elsewhere = self.elsewhere.iter();
        elsewhere
            .find(|(key, _)| *key == word)
            .map(|(_, hint)| *hint)
    }
}

macro_rules! keys {
    (
        $(#[$doc:meta])*
        $name:ident {
            $( $(#[$key_doc:meta])* $key:literal $field:ident: $place:ident<$value:ty>, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name {
            $( $(#[$key_doc])* pub(crate) $field: $place<$value>, )*
        }

        impl Keys for $name {
            const NAMES: &'static [&'static str] = &[$($key),*];

            fn read(&mut self, word: &Ident, input: ParseStream<'_>) -> Option<Result<()>> {
                Some(match word.to_string().as_str() {
                    $( $key => <$value>::read(word, input)
                        .and_then(|value| self.$field.put(Given { word: word.clone(), value })), )*
                    _ => return None,
                })
            }
        }
    };
    (
        $(#[$doc:meta])*
        $name:ident, $owner:literal $(, open $open:literal)? { $($keys:tt)* }
        $( else { $( $elsewhere:literal => $hint:literal, )* } )?
    ) => {
        keys! { $(#[$doc])* $name { $($keys)* } }

        impl Listed for $name {
            const LIST: List = List {
                names: Self::NAMES,
                open: false $( || $open )?,
                elsewhere: &[$( $( ($elsewhere, $hint) ),* )?],
                ..List::of($owner)
            };
        }
    };
}

mod relations;

pub(crate) use relations::RelationKeys;

keys! {
    /// `#[table(..)]` on the struct.
    TableKeys, "`#[table]`" {
        /// The table's name.
        "name" name: Once<LitStr>,
        /// Its schema.
        "schema" schema: Once<LitStr>,
        /// A unique constraint over several columns.
        "unique" unique: Often<LitStr>,
        /// The same, checked at the end of the statement or the transaction.
        "unique_deferrable" unique_deferrable: Often<LitStr>,
        /// The facade crate under another name.
        "crate" facade: Once<Path>,
        /// `false` leaves out the inherent methods.
        "inherent" inherent: Once<bool>,
    }
}

keys! {
    /// `#[key]` on a column.
    KeyKeys, "`#[key]`" {
        /// The database assigns it, by its own means or by an expression.
        "generated" generated: Once<Generated>,
    }
    else {
        "name" => "`#[column(name = \"..\")]` renames a column",
    }
}

keys! {
    /// `#[column(..)]` on a column.
    ColumnKeys, "`#[column]`" {
        /// The column's name, when it is not the field's.
        "name" name: Once<LitStr>,
        /// Stored as JSON.
        "json" json: Once<Flag>,
        /// Filled by the database and read back.
        "generated" generated: Once<Flag>,
        /// In a unique constraint of its own.
        "unique" unique: Once<Flag>,
        /// Not a column.
        "skip" skip: Once<Flag>,
    }
    else {
        "rename" => "write `name = \"..\"`",
        "on_delete" => "`on_delete` belongs to a foreign key: `#[many_to_one(Parent, on_delete = \"..\")]`",
    }
}

keys! {
    /// `#[version]` on an integer.
    VersionKeys, "`#[version]`" {
        /// A change anywhere below the struct raises it.
        "aggregate" aggregate: Once<Flag>,
    }
}

keys! {
    /// What sqlx says about a struct or a field, as far as it means something here.
    SqlxKeys, "`#[sqlx]`", open true {
        /// The column's name.
        "rename" rename: Once<LitStr>,
        /// The style of all columns' names.
        "rename_all" rename_all: Once<LitStr>,
        /// Stored as JSON.
        "json" json: Once<Json>,
        /// Not a column.
        "skip" skip: Once<Flag>,
        /// May be absent from a row.
        "default" default: Once<Flag>,
        /// Refused.
        "flatten" flatten: Once<Never>,
        /// Refused.
        "try_from" try_from: Once<Never>,
    }
}
