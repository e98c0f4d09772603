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
//! | `load`, [`load`](load()) for many parents | read relations that are not loaded: `User::POSTS`, `User::POSTS.then(Post::COMMENTS)` |
//! | `detach` | apply the removal rule to all rows of a relation, now |
//! | `refresh` | read the row again |
//! | `merge`, `patch` | bring a payload into the row in memory |
//! | `expunge` | let the row go, for another parent to adopt |
//! | `plan`, `changed_columns`, `key` | what a save would do, without a database |
//!
//! [`save_together`] saves graphs of different types as one. The derive makes one constant per relation, in upper case: `User::PROFILE`.
//! `db` is anything that is a [`Db`]: `&pool`, `&mut *connection`, `&mut transaction`. In a transaction of yours an operation is a savepoint, so
//! a failed one leaves it usable. Behind a pooler that tracks no prepared statements it is `Unnamed(&pool)` ([`guide::performance`]).
//!
//! [`retry`] repeats an operation, or a transaction of several, while another transaction is in the way: [`ErrorKind::Conflict`].
//!
//! A [`Transaction`] of this crate tells the handles that were saved in it when it is rolled back, so that they can be saved again. If a
//! `sqlx::Transaction` is rolled back after an operation in it, the handles can't know: drop them, or load again.
//!
//! # Relations
//!
//! | on a field of type | attribute | changed by |
//! | --- | --- | --- |
//! | [`HasOne<Profile>`](HasOne) | `#[one_to_one]` | `set`, `remove`, `get_mut`; `expunge`, `adopt` to move |
//! | [`HasMany<Post>`](HasMany) | `#[one_to_many]` | `push`, `remove`, `retain`, `clear`, `replace`; `expunge`, `adopt` to move; `attach` |
//! | [`ManyToMany<Role>`](ManyToMany) | `#[many_to_many(through = "user_roles")]` | `push`, `add`, `add_key`, `remove`, `remove_key`, `clear`, `set_keys` |
//! | [`BelongsTo<User>`](BelongsTo) | `#[many_to_one]`, `#[one_to_one]` where it is unique | `set_key`, `set`, `get_mut` |
//! | a column, `i64` | `#[many_to_one(User)]`, `#[one_to_one(User)]` where it is unique | the parent's wrapper; on a root, by hand |
//!
//! The methods of wrappers change memory and never fail; the next save does. The [`guide`] says what each operation does, as tables.
//!
//! # Features
//!
//! `sqlite`, `postgres` and `mysql` turn on a database (`mysql` is for MySQL 8.0.19+ and MariaDB 10.6+), `serde` the serialisation of wrappers and of [`Persistent`], `json` the `patch` operations and
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
/// | `#[key(generated)]` | a column | the primary key, which the database assigns: `AUTOINCREMENT` or a rowid; on PostgreSQL `serial` or an identity, whose sequence the role may use (`USAGE`) |
/// | `#[key(generated = "..")]` | a column | the same by an expression: `gen_random_uuid()` for a `Uuid`, `nextval('numbers')` for a sequence that isn't the column's own |
/// | `#[column(name = "..")]` | a column | its name, where it is not the field's |
/// | `#[column(json)]` | a field that serde knows | stored as JSON (feature `json`) |
/// | `#[column(generated)]` | a column | filled by the database and read back |
/// | `#[column(unique)]` | a column | in a unique constraint of its own |
/// | `#[column(skip)]` | a field with `Default` | not a column |
/// | `#[version]` | an integer | optimistic lock: every UPDATE and DELETE checks and raises it; `#[version(aggregate)]`: so does a change below |
/// | `#[one_to_one(..)]` | `HasOne<C>` | a relation to the one child that holds the key |
/// | `#[one_to_many(..)]` | `HasMany<C>` | a relation to the children that hold the key |
/// | `#[many_to_many(through = "..", ..)]` | `ManyToMany<T>` | links: rows of a table of two foreign keys |
/// | `#[one_to_one(P, ..)]`, `#[many_to_one(P, ..)]` | `K` or `Option<K>` | a foreign key to `P`: unique or not; `Option` where it can be NULL |
/// | `#[one_to_one(..)]`, `#[many_to_one(..)]` | `BelongsTo<P>` or `Option<BelongsTo<P>>` | the same, and the parent itself can be held; the `P` of the attribute may be left out |
///
/// `#[sqlx(rename = "..")]`, `rename_all`, `json`, `skip` and `default` of a struct that derives `sqlx::FromRow` are honoured.
///
/// # Options of a relation
///
/// | option | on | meaning | default |
/// | --- | --- | --- | --- |
/// | `cascade = ".."` | all but a plain column | what operations on this side do to the other, below | `"save-update, merge"`; `"none"` with `viewonly` |
/// | `back_populates = field` | `HasOne`, `HasMany` | the child's field with the foreign key | the only one to this parent |
/// | `order_by = "column"`, `"column desc"` | `HasMany`, `ManyToMany` | the order in which rows are loaded | by key |
/// | `passive_deletes` | `HasOne`, `HasMany` | a delete of the parent leaves the children to the constraint, which has `on_delete` | the library deletes or releases them |
/// | `passive_deletes = "all"` | `HasOne`, `HasMany` | a delete of the parent leaves the children alone, whatever the constraint does | |
/// | `on_remove = "deny"` | `HasOne`, `HasMany`, `ManyToMany` | leaving is [`RemovalDenied`](ErrorKind::RemovalDenied) before any SQL | it is carried out |
/// | `required` | `HasOne` | a parent without a child is [`MissingRequired`](ErrorKind::MissingRequired) before any SQL | it may be without |
/// | `viewonly` | `HasOne`, `HasMany`, `ManyToMany` | is read and never written; a change of what it holds is [`NotCascaded`](ErrorKind::NotCascaded) | it is written |
/// | `single_parent` | `ManyToMany`, `BelongsTo` | lets `delete` and `delete-orphan` stand: the other side goes where no other row refers to it through this relation | the other side stays |
/// | `through = "user_roles"` | `ManyToMany` | the table of the links, in the schema of this struct | required |
/// | `source = ".."`, `target = ".."` | `ManyToMany` | its columns for the key of this side and of the other, comma separated | the struct's name in snake case and `_id` |
///
/// # Options of a foreign key
///
/// | option | on | meaning | default |
/// | --- | --- | --- | --- |
/// | `on_delete = "cascade"`, `"set null"`, `"restrict"`, `"no action"` | any | what the constraint in the database does | `"no action"` |
/// | `column = ".."` | `BelongsTo` | its column, or its columns in the order of the parent's key: `"tenant_id, order_id"` | the field's name and `_id` |
///
/// Have both, the cascade and the constraint: the library deletes the rows that are there, and the constraint those that are added meanwhile.
///
/// A column of a composite foreign key may be shared with the struct's own key or with another foreign key; it is then a plain field, which
/// both follow. A removal sets NULL only what is shared with nothing, and a move that would change what is shared is
/// [`KeyChanged`](ErrorKind::KeyChanged). `#[key] #[one_to_one(User)] user_id: i64` is a foreign key that is the primary key.
///
/// # The cascade string
///
/// | token | with it | without it |
/// | --- | --- | --- |
/// | `save-update` | a save of the parent inserts new children and updates changed ones | a new child, a removal and an adoption are [`NotCascaded`](ErrorKind::NotCascaded); a changed child stays changed in memory |
/// | `delete` | deleting the parent deletes the children, with their cascades | their foreign key is set NULL |
/// | `delete-orphan` | a child that leaves its parent is deleted, with its cascades | its foreign key is set NULL |
/// | `merge` | `merge` and `patch` descend | they leave the relation alone |
/// | `refresh-expire` | `refresh` reads the relation again if it is loaded | the children stay as they are |
/// | `expunge` | the children travel with an expunged parent | the relation of the detached value is not loaded |
///
/// `all` is all of them but `delete-orphan`; `none` is none. Tokens are separated by commas. Of a `BelongsTo` the *child* is the parent that it
/// holds, and of a `ManyToMany` what is linked: without the deleting tokens the other side stays, and only the key or the link goes.
///
/// What can't work is a compile error at the attribute: for instance a removal that would have to set a NOT NULL key NULL.
/// [`guide::rules`] has them all, with their messages.
///
/// # All four
///
/// ```
/// use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};
///
/// #[derive(Default, Relations)]
/// #[table(name = "authors")]
/// struct Author {
///     #[key(generated)]
///     id: i64,
///     #[one_to_one(cascade = "all, delete-orphan", required)]
///     profile: HasOne<Profile>,
///     #[one_to_many(cascade = "all, delete-orphan", back_populates = author, order_by = "year desc")]
///     books: HasMany<Book>,
///     #[one_to_many(back_populates = editor)]
///     edited: HasMany<Book>,
/// }
///
/// #[derive(Default, Relations)]
/// #[table(name = "profiles")]
/// struct Profile {
///     #[key]
///     #[one_to_one(Author, on_delete = "cascade")]
///     author_id: i64,
///     bio: String,
/// }
///
/// #[derive(Default, Relations)]
/// #[table(name = "books", unique = "author_id, title")]
/// struct Book {
///     #[key(generated)]
///     id: i64,
///     title: String,
///     year: i32,
///     #[many_to_one(on_delete = "cascade")]
///     author: BelongsTo<Author>, // NOT NULL
///     #[many_to_one(on_delete = "set null")]
///     editor: Option<BelongsTo<Author>>, // can be NULL: a book that leaves `edited` stays
///     #[many_to_many(through = "book_subjects", order_by = "name")]
///     subjects: ManyToMany<Subject>, // (book_id, subject_id)
/// }
///
/// #[derive(Default, Relations)]
/// #[table(name = "subjects")]
/// struct Subject {
///     #[key(generated)]
///     id: i64,
///     name: String,
///     #[many_to_one(Subject)]
///     above_id: Option<i64>,
///     #[one_to_many]
///     below: HasMany<Subject>,
/// }
///
/// let path = Author::BOOKS.then(Book::SUBJECTS).then(Subject::BELOW);
/// ```
#[doc(inline)]
pub use cascade_derive::Relations;
#[doc(inline)]
pub use cascade_runtime::*;

#[doc(hidden)]
pub use cascade_runtime::__private;

/// What each operation does, what the compiler refuses, and where to find what you know from elsewhere.
///
/// Examples, each by `cargo run --example NAME` in the repository: `quickstart`, `blog`, `tree`, `orders`, `patch`.
#[expect(
    clippy::doc_markdown,
    reason = "messages are as the compiler prints them, and titles are prose"
)]
pub mod guide {
    #[doc = include_str!("../docs/meaning.md")]
    pub mod meaning {}

    #[doc = include_str!("../docs/rules.md")]
    pub mod rules {}

    #[doc = include_str!("../docs/databases.md")]
    pub mod databases {}

    #[doc = include_str!("../docs/performance.md")]
    pub mod performance {}

    #[doc = include_str!("../docs/differences.md")]
    pub mod differences {}

    #[doc = include_str!("../docs/coming-from-sqlalchemy.md")]
    pub mod coming_from_sqlalchemy {}

    #[doc = include_str!("../docs/coming-from-seaorm-or-diesel.md")]
    pub mod coming_from_seaorm_or_diesel {}
}

/// The programs in the README are run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
