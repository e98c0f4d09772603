//! Saves, moves and deletes trees of plain structs on [sqlx](https://docs.rs/sqlx), by cascades that are declared on the structs: what
//! SQLAlchemy's `relationship(cascade=...)` does, with its states as types.
//!
//! ```
//! use sqlx_cascade::{HasOne, Persistent, Relations};
//!
//! #[derive(Debug, Default, Relations)]
//! #[table(name = "users")]
//! struct User {
//!     #[key(generated)]
//!     id: i64,
//!     name: String,
//!     #[one_to_one(cascade = "all, delete-orphan")]
//!     profile: HasOne<Profile>,
//! }
//!
//! #[derive(Debug, Default, Relations)]
//! #[table(name = "profiles")]
//! struct Profile {
//!     #[key(generated)]
//!     id: i64,
//!     #[one_to_one(User, on_delete = "cascade")]
//!     user_id: i64,
//!     bio: String,
//! }
//!
//! # const SCHEMA: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
//! #     CREATE TABLE profiles (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE, bio TEXT NOT NULL);";
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
//! # sqlx::raw_sql(SCHEMA).execute(&pool).await?;
//! let mut user = User { name: "Ada".into(), ..User::default() };
//! user.profile.set(Profile { bio: "old".into(), ..Profile::default() });
//!
//! let mut user: Persistent<User> = user.save(&pool).await?; // INSERT users, INSERT profiles
//! user.profile.set(Profile { bio: "new".into(), ..Profile::default() });
//! user.save(&pool).await?; // DELETE the old profile, INSERT the new one
//! user.profile.remove();
//! user.save(&pool).await?; // DELETE
//! let user: User = user.delete(&pool).await?; // DELETE the children, DELETE the user
//! # assert_eq!(user.name, "Ada");
//! # Ok(())
//! # }
//! ```
//!
//! A parent owns its children by value. That tree is what is saved, and what leaves the tree leaves the database: deleted, or released with a
//! foreign key that is NULL, as the relation's cascade says. There is no session, no identity map and no query builder.
//!
//! # States
//!
//! | state | type | made by |
//! | --- | --- | --- |
//! | transient | the plain struct | a struct literal, `Default`, serde |
//! | persistent | [`Persistent<User>`](Persistent) | [`save`](Entity::save), [`find`](Entity::find), `sqlx::query_as::<_, Persistent<User>>` |
//! | detached | [`Detached<User>`](Detached) | [`Persistent::expunge`], [`HasOne::expunge`] |
//! | deleted | gone | [`Persistent::delete`] takes the handle and gives the plain struct back |
//!
//! A plain value is new, whatever its fields hold: identity is what the handle has recorded, never a field.
//!
//! # Operations
//!
//! | on the struct | |
//! | --- | --- |
//! | `user.save(db)`, `User::save_all(users, db)` | [insert](Entity::save) it with everything under it |
//! | `User::find(key)`, `User::find_many(keys)` | [query](Find) by key, `.with(User::PROFILE)` for relations |
//! | `User::merge(user, db)` | a PUT: [bring a value into its row](Entity::merge) |
//! | `User::patch(key, json, db)` | a PATCH: lay a JSON payload over its row (feature `json`) |
//! | `User::delete_by_key(key, db)` | [delete](Entity::delete_by_key) what was not loaded |
//!
//! | on [`Persistent`] | |
//! | --- | --- |
//! | `save`, `save_all` | write what changed in the row and under it; nothing changed: no statement |
//! | `delete`, `delete_all` | delete the row and what its cascades delete, by one statement per table |
//! | `load`, [`load`](load()) for many parents | read a relation that is not loaded |
//! | `detach` | apply the removal rule to all rows of a relation, now |
//! | `refresh` | read the row again |
//! | `merge`, `patch` | bring a payload into the row in memory |
//! | `expunge` | let the row go, for another parent to adopt |
//! | `plan`, `changed_columns`, `key` | what a save would do, without a database |
//!
//! The derive makes one constant per relation, in upper case: `User::PROFILE`. `db` is anything that is a [`Db`]: `&pool`,
//! `&mut *connection`, `&mut transaction`. In a transaction of yours an operation is a savepoint, so a failed one leaves it usable.
//!
//! If your transaction is rolled back after an operation in it, the handles can't know: drop them, or load again.
//!
//! # Features
//!
//! `sqlite` and `postgres` turn on a database, `serde` the serialisation of wrappers and of [`Persistent`], `json` the `patch` operations and
//! columns that are stored as JSON, `tracing` a debug event per statement (target `sqlx_cascade`; the message is its text). The types that can
//! be columns come with sqlx's own features, such as `uuid` and `chrono`.
//!
//! # Limits of the compiler
//!
//! What the derive generates has none: 300 structs that refer to each other compile. A derived `Debug`, `Clone` or `PartialEq` walks from
//! struct to struct by type, and stops at about 130 of them in a row; `#![recursion_limit = "256"]` lets it go on.

/// Maps a struct to a table, with its relations.
///
/// The attribute of a relation says the cardinality, and the type of its field says who holds the foreign key.
///
/// ```
/// use sqlx_cascade::{HasOne, Relations};
///
/// #[derive(Debug, Default, Relations)]
/// #[table(name = "users")]
/// pub struct User {
///     #[key(generated)]
///     pub id: i64,
///     #[column(name = "full_name")]
///     pub name: String,
///     #[version]
///     pub version: i64,
///     #[one_to_one(cascade = "all, delete-orphan")]
///     pub profile: HasOne<Profile>,
/// }
///
/// #[derive(Debug, Default, Relations)]
/// #[table(name = "profiles")]
/// pub struct Profile {
///     #[key]
///     #[one_to_one(User, on_delete = "cascade")]
///     pub user_id: i64,
///     pub bio: Option<String>,
/// }
///
/// let relation = User::PROFILE;
/// ```
///
/// # Attributes
///
/// They stand below the `#[derive(..)]` line.
///
/// | attribute | on | meaning |
/// | --- | --- | --- |
/// | `#[table(name = "users")]` | the struct | required: the table |
/// | `#[table(schema = "app")]` | the struct | the table's schema |
/// | `#[table(unique = "list_id, position")]` | the struct | a unique constraint over several columns; `unique_deferrable` for a deferrable one |
/// | `#[table(crate = "my_cascade")]` | the struct | the name under which `sqlx-cascade` is in the manifest |
/// | `#[table(inherent = false)]` | the struct | leaves out the methods `save`, `find`, .. of the struct: [`Entity`] has them |
/// | `#[key]` | a column | the primary key, which the application assigns; several: a composite key, [`Entity::Key`] is a tuple |
/// | `#[key(generated)]` | a column | the primary key, which the database assigns; `generated = "gen_random_uuid()"` by an expression |
/// | `#[column(name = "..")]` | a column | its name, where it is not the field's |
/// | `#[column(json)]` | a field that serde knows | stored as JSON (feature `json`) |
/// | `#[column(generated)]` | a column | filled by the database and read back |
/// | `#[column(unique)]` | a column | in a unique constraint of its own |
/// | `#[column(skip)]` | a field with `Default` | not a column |
/// | `#[version]` | an integer | optimistic lock: every UPDATE and DELETE checks and raises it; `#[version(aggregate)]`: so does a change below |
/// | `#[one_to_one(..)]` | `HasOne<C>` | a relation to a child that holds the key |
/// | `#[one_to_one(P)]`, `#[many_to_one(P)]` | `K` or `Option<K>` | a foreign key to `P`: unique or not; `Option` where it can be NULL |
/// | `#[one_to_one]`, `#[many_to_one]` | `BelongsTo<P>` or `Option<BelongsTo<P>>` | the same; its column is `<field>_id`, or `column = "tenant_id, order_id"` |
///
/// `#[sqlx(rename = "..")]`, `rename_all`, `json`, `skip` and `default` of a struct that derives `sqlx::FromRow` are honoured.
///
/// # Options of a relation to a child
///
/// | option | meaning |
/// | --- | --- |
/// | `cascade = ".."` | what operations on the parent do to the child, below; default `"save-update, merge"` |
/// | `back_populates = field` | the child's field with the foreign key, where it has several to this parent |
/// | `passive_deletes` | a delete of the parent leaves the children to the constraint, which has `on_delete` |
/// | `passive_deletes = "all"` | a delete of the parent leaves the children alone, whatever the constraint does |
/// | `on_remove = "deny"` | a child that leaves its parent is an error, before any SQL |
/// | `required` | a parent can't be saved without a child |
/// | `viewonly` | is read and never written |
///
/// `on_delete = "cascade"`, `"set null"`, `"restrict"` or `"no action"` on a foreign key says what the constraint in the database does. Have
/// both, the cascade and the constraint: the library deletes the rows that are there, and the constraint those that are added meanwhile.
///
/// # The cascade string
///
/// | token | with it | without it |
/// | --- | --- | --- |
/// | `save-update` | a save of the parent inserts new children and updates changed ones | a new child is [`NotCascaded`](ErrorKind::NotCascaded) |
/// | `delete` | deleting the parent deletes the children, with their cascades | their foreign key is set NULL |
/// | `delete-orphan` | a child that leaves its parent is deleted, with its cascades | its foreign key is set NULL |
/// | `merge` | `merge` and `patch` descend | they leave the relation alone |
/// | `refresh-expire` | `refresh` reads the relation again if it is loaded | the children stay as they are |
/// | `expunge` | the children travel with an expunged parent | the relation of the detached value is not loaded |
///
/// `all` is all of them but `delete-orphan`; `none` is none. Tokens are separated by commas.
///
/// What can't work is a compile error at the attribute: for instance a removal that would have to set a NOT NULL key NULL.
#[doc(inline)]
pub use cascade_derive::Relations;
#[doc(inline)]
pub use cascade_runtime::*;

#[doc(hidden)]
pub use cascade_runtime::__private;

/// The programs in the README are run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
