//! What a mapped struct can do, as the derive implements it.

use crate::belongs_to::{BelongsTo, holder_part};
use crate::codec::{Codec, Erased};
use crate::db::Db;
use crate::error::Error;
use crate::meta::{Holder, See, Table};
use crate::read::Reader;
use crate::slot::Slot;
use crate::{
    Find, FindMany, HasMany, HasOne, ManyToMany, Persistent, Report, Run, delete, merge, save,
};

/// A struct that is mapped to a table: `#[derive(Relations)]` implements it.
///
/// The provided methods are what the inherent methods of the struct forward to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not mapped to a table",
    label = "this struct has no `#[derive(Relations)]`",
    note = "derive `Relations` for `{Self}` and name its table: `#[table(name = \"..\")]`"
)]
pub trait Entity: Sized + Send + Sync + 'static {
    /// The primary key: the type of the `#[key]` field, a tuple of them for a composite key.
    type Key: Clone + PartialEq + Send + Sync + 'static;

    /// The types of the key's parts, filled up to six with `()`.
    #[doc(hidden)]
    type KeyParts;

    /// How the key's parts are stored, for the columns that refer to them.
    #[doc(hidden)]
    const KEY_CODECS: &'static [Codec];

    /// Tells this struct from every other one at compile time.
    #[doc(hidden)]
    const IDENT: &'static str;

    /// The struct's name.
    #[doc(hidden)]
    const NAME: &'static str;

    /// What is known of the struct.
    #[doc(hidden)]
    const TABLE: &'static Table;

    /// [`TABLE`](Self::TABLE), by a static: foreign keys and relations are told apart by where they are, and of a constant an optimised build has a
    /// copy for each place that names it. A named function per struct: of a generic one, rustc allows 128 instances on a path of calls.
    #[doc(hidden)]
    fn table() -> &'static Table;

    /// A part of a key.
    #[doc(hidden)]
    fn key_part(key: &Self::Key, part: usize) -> &Erased;

    /// The key with these parts.
    #[doc(hidden)]
    fn key_from(parts: &[&Erased]) -> Option<Self::Key>;

    /// Hands out the fields and the slots, by number and by shared reference.
    #[doc(hidden)]
    fn view<'a>(&'a self, see: &mut See<'_, 'a>);

    /// Hands out the fields and the slots for writing back.
    #[doc(hidden)]
    fn visit<'a>(&'a mut self, parts: &mut Parts<'a>);

    /// A wrapper of the struct, without its type. A method of the trait: every mention of a struct that isn't mapped is then the same
    /// error, which rustc shows once.
    #[doc(hidden)]
    #[must_use]
    fn has_one(wrapper: &HasOne<Self>) -> &dyn Slot {
        &wrapper.content
    }

    /// The same, for writing.
    #[doc(hidden)]
    fn has_one_mut(wrapper: &mut HasOne<Self>) -> &mut dyn Slot {
        &mut wrapper.content
    }

    /// The same of a list of the struct.
    #[doc(hidden)]
    #[must_use]
    fn has_many(wrapper: &HasMany<Self>) -> &dyn Slot {
        &wrapper.content
    }

    /// The same, for writing.
    #[doc(hidden)]
    fn has_many_mut(wrapper: &mut HasMany<Self>) -> &mut dyn Slot {
        &mut wrapper.content
    }

    /// The same of links to the struct.
    #[doc(hidden)]
    #[must_use]
    fn many_to_many(wrapper: &ManyToMany<Self>) -> &dyn Slot {
        &wrapper.content
    }

    /// The same, for writing.
    #[doc(hidden)]
    fn many_to_many_mut(wrapper: &mut ManyToMany<Self>) -> &mut dyn Slot {
        &mut wrapper.content
    }

    /// The same of a field that belongs to the struct.
    #[doc(hidden)]
    #[must_use]
    fn held(field: &BelongsTo<Self>) -> &dyn Slot {
        field
    }

    /// The same, for writing.
    #[doc(hidden)]
    fn held_mut(field: &mut BelongsTo<Self>) -> &mut dyn Slot {
        field
    }

    /// The same of a field that can be without.
    #[doc(hidden)]
    #[must_use]
    fn optional_held(field: &Option<BelongsTo<Self>>) -> &dyn Slot {
        field
    }

    /// The same, for writing.
    #[doc(hidden)]
    fn optional_held_mut(field: &mut Option<BelongsTo<Self>>) -> &mut dyn Slot {
        field
    }

    /// The functions of a field that belongs to the struct.
    #[doc(hidden)]
    const HOLDER: Holder = Holder::of::<BelongsTo<Self>>();

    /// The same, for a field that can be without.
    #[doc(hidden)]
    const OPTIONAL_HOLDER: Holder = Holder::of::<Option<BelongsTo<Self>>>();

    /// Part `I` of the key in a field that belongs to the struct.
    #[doc(hidden)]
    #[must_use]
    fn held_part<const I: usize>(field: &Erased) -> &Erased {
        holder_part::<BelongsTo<Self>, I>(field)
    }

    /// The same, for a field that can be without.
    #[doc(hidden)]
    #[must_use]
    fn optional_part<const I: usize>(field: &Erased) -> &Erased {
        holder_part::<Option<BelongsTo<Self>>, I>(field)
    }

    /// Reads a field that belongs to the struct.
    #[doc(hidden)]
    fn belongs_to(row: &mut Reader<'_>, foreign_key: usize) -> Result<BelongsTo<Self>, Error> {
        row.belongs_to(foreign_key)
    }

    /// The same, for a field that can be without.
    #[doc(hidden)]
    fn optional_belongs_to(
        row: &mut Reader<'_>,
        foreign_key: usize,
    ) -> Result<Option<BelongsTo<Self>>, Error> {
        row.belongs_to(foreign_key)
    }

    /// Builds the struct from a row; its relations are not loaded.
    #[doc(hidden)]
    fn read(row: &mut Reader<'_>) -> Result<Self, Error>;

    /// Inserts the value and everything under it, in one transaction. After an error [`Error::take_entity`] gives the value back.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let mut ada = user("ada");
    /// ada.profile.set(profile("mathematician"));
    /// let ada = ada.save(&pool).await?;
    /// assert_eq!(ada.profile.get().unwrap().user_id, ada.id);
    /// # Ok(())
    /// # }
    /// ```
    fn save<'a>(self, db: impl Db + 'a) -> Run<'a, Persistent<Self>> {
        Box::pin(save::insert(self, db))
    }

    /// Inserts several values as [`save`](Self::save) does one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let users = User::save_all(vec![user("ada"), user("grace")], &pool).await?; // one INSERT
    /// assert_eq!(users[1].id, 2);
    /// # Ok(())
    /// # }
    /// ```
    fn save_all<'a>(values: Vec<Self>, db: impl Db + 'a) -> Run<'a, Vec<Persistent<Self>>> {
        Box::pin(save::insert_all(values, db))
    }

    /// Looks for the row with this key.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// user("ada").save(&pool).await?;
    /// let ada = User::find(1).with(User::PROFILE).one(&pool).await?;
    /// assert!(ada.profile.get().is_none());
    /// assert!(User::find(2).optional(&pool).await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    fn find(key: Self::Key) -> Find<Self> {
        Find::new(key)
    }

    /// Looks for the rows with these keys.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// User::save_all(vec![user("ada"), user("grace")], &pool).await?;
    /// let users = User::find_many([2, 7, 1]).all(&pool).await?; // in the order asked, without the absent
    /// assert_eq!((users.len(), users[0].id), (2, 2));
    /// # Ok(())
    /// # }
    /// ```
    fn find_many(keys: impl IntoIterator<Item = Self::Key>) -> FindMany<Self> {
        FindMany::new(keys)
    }

    /// Deletes the row with this key, with everything that its cascades delete.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is none.
    fn delete_by_key<'a>(key: Self::Key, db: impl Db + 'a) -> Run<'a, Report> {
        Box::pin(delete::delete_by_key::<Self, _>(key, db))
    }

    /// Loads the row with the value's key and what the value holds, merges the value, and saves: a PUT, in one transaction. Whether the caller may
    /// write that row has to be settled before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let mut ada = user("ada");
    /// ada.profile.set(profile("mathematician"));
    /// ada.save(&pool).await?;
    ///
    /// let body = r#"{ "id": 1, "name": "ada", "profile": { "id": 1, "bio": "programmer" } }"#;
    /// let put: User = serde_json::from_str(body)?;
    /// let ada = User::merge(put, &pool).await?; // UPDATE profiles SET bio
    /// assert_eq!(ada.profile.get(), Some(&Profile { id: 1, user_id: 1, bio: "programmer".into() }));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Persistent::merge`], and [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    fn merge<'a>(value: Self, db: impl Db + 'a) -> Run<'a, Persistent<Self>> {
        Box::pin(merge::merge_into(value, db))
    }

    /// Loads the row with this key and what the payload holds, lays the payload over it, and saves: a PATCH, in one transaction. Whether the caller
    /// may write that row has to be settled before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// use serde_json::json;
    ///
    /// user("ada").save(&pool).await?;
    /// let ada = User::patch(1, json!({ "profile": { "bio": "mathematician" } }), &pool).await?; // INSERT profiles
    /// assert_eq!(ada.name, "ada");
    /// let ada = User::patch(1, json!({ "name": "augusta" }), &pool).await?; // UPDATE users; the profile isn't even read
    /// assert!(ada.profile.is_not_loaded());
    /// User::patch(1, json!({ "profile": null }), &pool).await?; // DELETE profiles
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Persistent::patch`], and [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    #[cfg(feature = "json")]
    fn patch<'a>(
        key: Self::Key,
        payload: serde_json::Value,
        db: impl Db + 'a,
    ) -> Run<'a, Persistent<Self>>
    where
        Self: serde::Serialize + serde::de::DeserializeOwned,
    {
        Box::pin(crate::patch::patch_into(key, payload, db))
    }
}

/// The fields and slots of a struct, for writing. Many structs are visited with the same.
#[derive(Default)]
pub struct Parts<'a> {
    /// Every field that is a column.
    pub fields: Vec<&'a mut Erased>,
    /// Every wrapper; a `BelongsTo` is among these only.
    pub slots: Vec<&'a mut dyn Slot>,
}

impl<'a> Parts<'a> {
    /// Adds the fields and the slots of a struct.
    pub fn put<const F: usize, const S: usize>(
        &mut self,
        fields: [&'a mut Erased; F],
        slots: [&'a mut dyn Slot; S],
    ) {
        self.fields.extend(fields);
        self.slots.extend(slots);
    }
}

/// A key that a field of this type can hold.
pub trait KeyFor<K>: Sized + Send + Sync + 'static {
    /// The field accepts NULL.
    const NULLABLE: bool;

    /// The key in the field.
    fn as_key(&self) -> Option<&K>;

    /// A field with this key; `None` where there is none and the field doesn't accept NULL.
    fn from_key(key: Option<&K>) -> Option<Self>;
}

impl<K: Clone + Send + Sync + 'static> KeyFor<K> for K {
    const NULLABLE: bool = false;

    fn as_key(&self) -> Option<&K> {
        Some(self)
    }

    fn from_key(key: Option<&K>) -> Option<Self> {
        key.cloned()
    }
}

impl<K: Clone + Send + Sync + 'static> KeyFor<K> for Option<K> {
    const NULLABLE: bool = true;

    fn as_key(&self) -> Option<&K> {
        self.as_ref()
    }

    fn from_key(key: Option<&K>) -> Option<Self> {
        Some(key.cloned())
    }
}

/// A plain column that refers to the key of `P`.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` can't refer to `{P}`: its key has another type",
    label = "not the type of the key of `{P}`",
    note = "write the type of its `#[key]` field, or `Option` of it for a key that can be NULL; for a composite key, hold `BelongsTo<{P}>`"
)]
pub trait ForeignKeyTo<P: Entity>: KeyFor<P::Key> {}

#[diagnostic::do_not_recommend]
impl<P: Entity, F: KeyFor<P::Key>> ForeignKeyTo<P> for F {}

/// The types of a key's parts: [`Entity::KeyParts`].
pub trait KeyPart<const I: usize> {
    /// The type of a part, `()` where the key has fewer.
    type Part: Clone + PartialEq + Send + Sync + 'static;
}

macro_rules! key_parts {
    ($($name:ident $index:literal),*) => { $(
        impl<A, B, C, D, E, F> KeyPart<$index> for (A, B, C, D, E, F)
        where
            $name: Clone + PartialEq + Send + Sync + 'static,
        {
            type Part = $name;
        }
    )* };
}
key_parts!(A 0, B 1, C 2, D 3, E 4, F 5);

/// Part `I` of the key of `P`.
pub type PartOf<P, const I: usize> = <<P as Entity>::KeyParts as KeyPart<I>>::Part;

/// A plain column that is part `I` of the key of `P`.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` can't be part {I} of the key of `{P}`: that part has another type",
    label = "not the type of part {I} of the key of `{P}`",
    note = "parts are counted from 0, in the order of the `#[key]` fields of `{P}`"
)]
pub trait ForeignKeyPartOf<P: Entity<KeyParts: KeyPart<I>>, const I: usize>:
    KeyFor<PartOf<P, I>>
{
}

#[diagnostic::do_not_recommend]
impl<P: Entity<KeyParts: KeyPart<I>>, F: KeyFor<PartOf<P, I>>, const I: usize>
    ForeignKeyPartOf<P, I> for F
{
}
