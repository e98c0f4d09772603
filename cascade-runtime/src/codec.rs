//! How a column's type is cloned, compared, and stored in each database that is built.

use std::any::Any;

use crate::error::Error;
use sqlx::error::BoxDynError;
use sqlx::{Decode, Encode, Type};

#[cfg(feature = "postgres")]
mod array;

/// An owned value of a column, behind its erased type.
pub type Cell = Box<Erased>;

/// A value of a column, or a whole struct, behind its erased type.
pub type Erased = dyn Any + Send + Sync;

/// Feeds a value of a column to a hasher.
pub type HashCell = fn(&Erased, &mut dyn std::hash::Hasher);

/// Writes a value of a row into the `Option<T>` that it is given.
pub(crate) type Decoder<'d> = dyn FnMut(&mut dyn Any) -> Result<(), Error> + 'd;

/// What stands for NULL where a column's type has no value for it: a `BelongsTo` without a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Null;

/// What every column type must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a column: it has to be `Clone + PartialEq + Send + Sync + 'static`",
    label = "a save compares the columns with copies of what was loaded",
    note = "derive `Clone` and `PartialEq` for `{Self}`, or leave the field out with `#[column(skip)]`"
)]
pub trait Value: Clone + PartialEq + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + PartialEq + Send + Sync + 'static> Value for T {}

/// A column's type.
#[derive(Clone, Copy)]
pub struct Codec {
    /// The type's name, for errors.
    pub type_name: fn() -> &'static str,
    /// Clones a value of the type.
    pub clone: fn(&Erased) -> Cell,
    /// Compares two values of the type, or [`Null`]s.
    pub same: fn(&Erased, &Erased) -> bool,
    /// Moves a value of the type into a field of the type.
    pub write: fn(&mut Erased, Cell),
    /// Reads a value: `decode` writes it into the `Option<T>` that it is given.
    pub read: fn(&mut Decoder<'_>) -> Result<Cell, Error>,
    /// The type's `Default`, where it has one.
    pub default: Option<fn() -> Cell>,
    /// The type's `Hash`, where it has one: equal values then have equal hashes.
    pub hash: Option<HashCell>,
    /// How SQLite stores it.
    pub sqlite: Option<SqliteFns>,
    /// How PostgreSQL stores it.
    pub postgres: Option<PostgresFns>,
    /// How MySQL and MariaDB store it.
    pub mysql: Option<MySqlFns>,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Codec({})", (self.type_name)())
    }
}

impl Codec {
    /// The codec of `T` with what [`codec!`](crate::__private::codec) found for each database.
    #[must_use]
    pub const fn new<T: Value>(
        default: Option<fn() -> Cell>,
        sqlite: Option<SqliteFns>,
        postgres: Option<PostgresFns>,
        mysql: Option<MySqlFns>,
    ) -> Self {
        fn clone<T: Value>(value: &Erased) -> Cell {
            match value.downcast_ref::<T>() {
                Some(value) => Box::new(value.clone()),
                None => Box::new(Null),
            }
        }
        fn same<T: Value>(a: &Erased, b: &Erased) -> bool {
            match (a.downcast_ref::<T>(), b.downcast_ref::<T>()) {
                (Some(a), Some(b)) => a == b,
                (a, b) => a.is_none() && b.is_none(),
            }
        }
        fn write<T: Value>(field: &mut Erased, cell: Cell) {
            if let (Some(field), Ok(value)) = (field.downcast_mut::<T>(), cell.downcast::<T>()) {
                *field = *value;
            }
        }
        fn read<T: Value>(decode: &mut Decoder<'_>) -> Result<Cell, Error> {
            let mut value: Option<T> = None;
            decode(&mut value)?;
            Ok(value.map_or_else(|| Box::new(Null) as Cell, |value| Box::new(value)))
        }
        Self {
            type_name: std::any::type_name::<T>,
            clone: clone::<T>,
            same: same::<T>,
            write: write::<T>,
            read: read::<T>,
            default,
            hash: None,
            sqlite,
            postgres,
            mysql,
        }
    }

    /// The type's `Hash`.
    #[must_use]
    pub const fn hashed(mut self, hash: Option<HashCell>) -> Self {
        self.hash = hash;
        self
    }

    /// A number as a value of the type, where that is a plain integer which it fits.
    pub(crate) fn number(&self, number: i64) -> Option<Cell> {
        let read = (self.read)(&mut |out| {
            if let Some(out) = out.downcast_mut::<Option<i64>>() {
                *out = Some(number);
            } else if let Some(out) = out.downcast_mut::<Option<i32>>() {
                *out = i32::try_from(number).ok();
            } else if let Some(out) = out.downcast_mut::<Option<u64>>() {
                *out = u64::try_from(number).ok();
            } else if let Some(out) = out.downcast_mut::<Option<u32>>() {
                *out = u32::try_from(number).ok();
            }
            Ok(())
        });
        read.ok().filter(|cell| !cell.is::<Null>())
    }

    /// Whether any database that is built can store the type.
    #[must_use]
    pub const fn is_stored(&self) -> bool {
        self.sqlite.is_some()
            || self.postgres.is_some()
            || self.mysql.is_some()
            || !cfg!(any(
                feature = "sqlite",
                feature = "postgres",
                feature = "mysql"
            ))
    }
}

/// How one database stores a type.
pub struct Fns<DB: sqlx::Database> {
    /// Binds a value, or a NULL of the type for `None`.
    pub encode: fn(Option<&Erased>, &mut DB::Arguments) -> Result<(), BoxDynError>,
    /// Reads the column at a position of a row into the `Option<T>` behind `out`.
    pub decode: fn(&DB::Row, usize, out: &mut dyn Any) -> Result<(), sqlx::Error>,
    /// The database's type.
    pub type_info: fn() -> DB::TypeInfo,
    /// The array of the type, where the database has one.
    pub array: Option<ArrayFns<DB>>,
}

/// How one database passes values of a type as one array.
pub struct ArrayFns<DB: sqlx::Database> {
    /// Binds a list of values, or NULLs.
    pub encode: EncodeArray<DB>,
    /// Reads the array at a position of a row.
    pub decode: DecodeArray<DB>,
}

/// Reads the values of a column, which stand as one array.
pub(crate) type DecodeArray<DB> =
    fn(&<DB as sqlx::Database>::Row, usize) -> Result<Box<dyn Elements>, sqlx::Error>;

/// The values of a column in some rows.
pub trait Elements: Send {
    /// How many rows there are.
    fn count(&self) -> usize;
    /// Whether there is NULL in a row.
    fn is_null(&self, row: usize) -> bool;
    /// Copies the value of a row into the `Option<T>` behind `out`.
    fn read(&self, row: usize, out: &mut dyn Any) -> Result<(), sqlx::Error>;
    /// Moves it there: nobody reads it once more.
    fn take(&self, row: usize, out: &mut dyn Any) -> Result<(), sqlx::Error>;
}

/// Binds a list of values, or NULLs, as one array.
pub(crate) type EncodeArray<DB> =
    fn(&[Option<&Erased>], &mut <DB as sqlx::Database>::Arguments) -> Result<(), BoxDynError>;

impl<DB: sqlx::Database> Clone for ArrayFns<DB> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB: sqlx::Database> Copy for ArrayFns<DB> {}

impl<DB: sqlx::Database> Clone for Fns<DB> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB: sqlx::Database> Copy for Fns<DB> {}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
impl<DB: sqlx::Database> Fns<DB> {
    const fn of<T>() -> Self
    where
        T: Value + Type<DB> + for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB>,
        for<'q> Option<&'q T>: Encode<'q, DB>,
        usize: sqlx::ColumnIndex<DB::Row>,
    {
        fn encode<DB, T>(
            value: Option<&Erased>,
            arguments: &mut DB::Arguments,
        ) -> Result<(), BoxDynError>
        where
            DB: sqlx::Database,
            T: Value + Type<DB>,
            for<'q> Option<&'q T>: Encode<'q, DB>,
        {
            sqlx::Arguments::add(arguments, value.and_then(<Erased>::downcast_ref::<T>))
        }
        fn decode<DB, T>(row: &DB::Row, column: usize, out: &mut dyn Any) -> Result<(), sqlx::Error>
        where
            DB: sqlx::Database,
            T: Value + Type<DB> + for<'r> Decode<'r, DB>,
            usize: sqlx::ColumnIndex<DB::Row>,
        {
            if let Some(out) = out.downcast_mut::<Option<T>>() {
                *out = Some(sqlx::Row::try_get(row, column)?);
            }
            Ok(())
        }
        Self {
            encode: encode::<DB, T>,
            decode: decode::<DB, T>,
            type_info: <T as Type<DB>>::type_info,
            array: None,
        }
    }
}

/// What the type of a JSON column must be.
#[cfg(feature = "json")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be stored as JSON: it has to be `Clone + PartialEq + Serialize + DeserializeOwned`",
    label = "not a JSON column",
    note = "derive `Clone`, `PartialEq`, `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait JsonValue: Value + serde::Serialize + serde::de::DeserializeOwned {}

#[cfg(feature = "json")]
#[diagnostic::do_not_recommend]
impl<T: Value + serde::Serialize + serde::de::DeserializeOwned> JsonValue for T {}

#[cfg(feature = "json")]
mod json {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use sqlx::types::Json;

    use super::{
        Any, BoxDynError, Cell, Codec, Decode, Encode, Erased, Fns, JsonValue, MySqlFns,
        PostgresFns, SqliteFns, Type, Value,
    };

    impl Codec {
        /// The codec of a type that is stored as JSON.
        #[must_use]
        pub const fn json<T: JsonValue>(default: Option<fn() -> Cell>) -> Self {
            #[cfg(feature = "sqlite")]
            let sqlite: Option<SqliteFns> = Some(Fns::json::<T>());
            #[cfg(not(feature = "sqlite"))]
            let sqlite: Option<SqliteFns> = None;
            #[cfg(feature = "postgres")]
            let postgres: Option<PostgresFns> =
                super::with_array(Some(Fns::json::<T>()), Some(array::<T>()));
            #[cfg(not(feature = "postgres"))]
            let postgres: Option<PostgresFns> = None;
            #[cfg(feature = "mysql")]
            let mysql: Option<MySqlFns> = Some(Fns::json::<T>());
            #[cfg(not(feature = "mysql"))]
            let mysql: Option<MySqlFns> = None;
            Self::new::<T>(default, sqlite, postgres, mysql)
        }
    }

    #[cfg(feature = "postgres")]
    const fn array<T: JsonValue>() -> super::PostgresArray {
        super::ArrayFns {
            encode: |values, arguments| {
                let values: Vec<Option<Json<&T>>> = values
                    .iter()
                    .map(|value| value.and_then(<Erased>::downcast_ref::<T>).map(Json))
                    .collect();
                sqlx::Arguments::add(arguments, values)
            },
            decode: |row, column| super::array::elements(row, column, |Json(value): Json<T>| value),
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    impl<DB: sqlx::Database> Fns<DB> {
        const fn json<T>() -> Self
        where
            T: Value + Serialize + DeserializeOwned,
            Json<T>: Type<DB> + for<'r> Decode<'r, DB>,
            for<'q> Option<Json<&'q T>>: Encode<'q, DB> + Type<DB>,
            usize: sqlx::ColumnIndex<DB::Row>,
        {
            fn encode<DB, T>(
                value: Option<&Erased>,
                arguments: &mut DB::Arguments,
            ) -> Result<(), BoxDynError>
            where
                DB: sqlx::Database,
                T: Value,
                for<'q> Option<Json<&'q T>>: Encode<'q, DB> + Type<DB>,
            {
                sqlx::Arguments::add(
                    arguments,
                    value.and_then(<Erased>::downcast_ref::<T>).map(Json),
                )
            }
            fn decode<DB, T>(
                row: &DB::Row,
                column: usize,
                out: &mut dyn Any,
            ) -> Result<(), sqlx::Error>
            where
                DB: sqlx::Database,
                T: Value,
                Json<T>: Type<DB> + for<'r> Decode<'r, DB>,
                usize: sqlx::ColumnIndex<DB::Row>,
            {
                if let Some(out) = out.downcast_mut::<Option<T>>() {
                    let Json(value) = sqlx::Row::try_get(row, column)?;
                    *out = Some(value);
                }
                Ok(())
            }
            Self {
                encode: encode::<DB, T>,
                decode: decode::<DB, T>,
                type_info: <Json<T> as Type<DB>>::type_info,
                array: None,
            }
        }
    }
}

#[cfg(not(feature = "sqlite"))]
/// SQLite isn't built.
#[derive(Clone, Copy)]
pub enum SqliteFns {}
#[cfg(not(feature = "postgres"))]
/// PostgreSQL isn't built.
#[derive(Clone, Copy)]
pub enum PostgresFns {}
#[cfg(not(feature = "mysql"))]
/// MySQL isn't built.
#[derive(Clone, Copy)]
pub enum MySqlFns {}
#[cfg(feature = "sqlite")]
/// How SQLite stores a type.
pub(crate) type SqliteFns = Fns<sqlx::Sqlite>;
#[cfg(feature = "postgres")]
/// How PostgreSQL stores a type.
pub(crate) type PostgresFns = Fns<sqlx::Postgres>;
#[cfg(feature = "mysql")]
/// How MySQL and MariaDB store a type.
pub(crate) type MySqlFns = Fns<sqlx::MySql>;

/// Finds out, for a type that is known by name, which databases can store it.
///
/// An inherent constant wins over one of a trait where its bounds hold; where they don't, the trait's `None` is found. A blanket
/// trait over the codecs of all databases would not be additive: a type that one of them lacks would stop being a column.
pub struct Probe<T>(std::marker::PhantomData<T>);

/// The answers for what a type has not.
pub trait Fallback {
    /// No codec for SQLite.
    const SQLITE: Option<SqliteFns> = None;
    /// No codec for PostgreSQL.
    const POSTGRES: Option<PostgresFns> = None;
    /// No arrays on PostgreSQL.
    const POSTGRES_ARRAY: Option<PostgresArray> = None;
    /// No codec for MySQL.
    const MYSQL: Option<MySqlFns> = None;
    /// No `Default`.
    const DEFAULT: Option<fn() -> Cell> = None;
    /// No `Hash`.
    const HASH: Option<HashCell> = None;
}

impl<T> Fallback for Probe<T> {}

#[cfg(feature = "sqlite")]
impl<T> Probe<T>
where
    T: Value
        + Type<sqlx::Sqlite>
        + for<'q> Encode<'q, sqlx::Sqlite>
        + for<'r> Decode<'r, sqlx::Sqlite>,
{
    /// The codec for SQLite.
    pub const SQLITE: Option<SqliteFns> = Some(Fns::of::<T>());
}

#[cfg(feature = "postgres")]
impl<T> Probe<T>
where
    T: Value
        + Type<sqlx::Postgres>
        + for<'q> Encode<'q, sqlx::Postgres>
        + for<'r> Decode<'r, sqlx::Postgres>,
{
    /// The codec for PostgreSQL.
    pub const POSTGRES: Option<PostgresFns> = Some(Fns::of::<T>());
}

#[cfg(feature = "mysql")]
impl<T> Probe<T>
where
    T: Value
        + Type<sqlx::MySql>
        + for<'q> Encode<'q, sqlx::MySql>
        + for<'r> Decode<'r, sqlx::MySql>,
{
    /// The codec for MySQL.
    pub const MYSQL: Option<MySqlFns> = Some(Fns::of::<T>());
}

impl<T: Value + Default> Probe<T> {
    /// `T::default`.
    pub const DEFAULT: Option<fn() -> Cell> = Some(|| Box::new(T::default()));
}

impl<T: Value + std::hash::Hash> Probe<T> {
    /// `T::hash`.
    pub const HASH: Option<HashCell> = Some(|value, mut hasher| {
        if let Some(value) = value.downcast_ref::<T>() {
            value.hash(&mut hasher);
        }
    });
}

#[cfg(feature = "postgres")]
/// An array on PostgreSQL.
pub(crate) type PostgresArray = ArrayFns<sqlx::Postgres>;
#[cfg(not(feature = "postgres"))]
/// PostgreSQL isn't built.
pub(crate) type PostgresArray = PostgresFns;

#[cfg(feature = "postgres")]
impl<T> Probe<T>
where
    T: Value
        + Type<sqlx::Postgres>
        + for<'q> Encode<'q, sqlx::Postgres>
        + for<'r> Decode<'r, sqlx::Postgres>
        + sqlx::postgres::PgHasArrayType,
{
    /// PostgreSQL has an array of the type.
    pub const POSTGRES_ARRAY: Option<PostgresArray> = Some(ArrayFns {
        encode: |values, arguments| {
            let values: Vec<Option<&T>> = values
                .iter()
                .map(|value| value.and_then(<Erased>::downcast_ref::<T>))
                .collect();
            sqlx::Arguments::add(arguments, values)
        },
        decode: |row, column| array::elements(row, column, |value: T| value),
    });
}

/// A codec for PostgreSQL with its array.
#[must_use]
pub const fn with_array(
    fns: Option<PostgresFns>,
    array: Option<PostgresArray>,
) -> Option<PostgresFns> {
    #[cfg(feature = "postgres")]
    if let Some(mut fns) = fns {
        fns.array = array;
        return Some(fns);
    }
    let _ = array;
    fns
}

/// The codec of a type that is known by name.
#[doc(hidden)]
#[macro_export]
macro_rules! __codec {
    ($column:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::Fallback as _;
        $crate::__private::Codec::new::<$column>(
            $crate::__private::Probe::<$column>::DEFAULT,
            $crate::__private::Probe::<$column>::SQLITE,
            $crate::__private::with_array(
                $crate::__private::Probe::<$column>::POSTGRES,
                $crate::__private::Probe::<$column>::POSTGRES_ARRAY,
            ),
            $crate::__private::Probe::<$column>::MYSQL,
        )
        .hashed($crate::__private::Probe::<$column>::HASH)
    }};
}

/// The codec of a type that is stored as JSON.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __codec_json {
    ($column:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::Fallback as _;
        $crate::__private::Codec::json::<$column>($crate::__private::Probe::<$column>::DEFAULT)
    }};
}

/// The codec of a type that is stored as JSON.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __codec_json {
    ($column:ty) => {
        ::core::compile_error!(
            "a column that is stored as JSON needs the feature `json` of sqlx-cascade"
        )
    };
}
