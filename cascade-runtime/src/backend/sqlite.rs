//! SQLite.

use futures_core::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Column as _, Row as _, Sqlite, SqliteConnection, ValueRef as _};

use crate::backend::{Backend, Own, sealed};
use crate::codec::{Codec, Fns};
use crate::error::ErrorKind;
use crate::sql::{self, Texts};

impl sealed::Sealed for Sqlite {}

impl Backend for Sqlite {
    fn texts() -> Texts {
        Texts {
            dialect: &sql::Sqlite,
        }
    }

    /// A deferred transaction that reads, then writes, fails under a second writer, without waiting.
    const BEGIN: Option<&'static str> = Some("BEGIN IMMEDIATE");

    fn fns(codec: &Codec) -> Option<Fns<Self>> {
        codec.sqlite
    }

    fn bind_own(own: Own<'_>, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match own {
            Own::Flag(flag) => arguments.add(flag),
            Own::Number(number) => arguments.add(number),
            Own::Flags(flags) => flags.iter().try_for_each(|flag| arguments.add(*flag)),
            Own::Numbers(numbers) => numbers.iter().try_for_each(|number| arguments.add(*number)),
        }
    }

    fn fetch(
        connection: &mut SqliteConnection,
        text: String,
        arguments: SqliteArguments,
    ) -> BoxFuture<'_, Result<Vec<SqliteRow>, sqlx::Error>> {
        Box::pin(sql::query::<Self>(text, arguments).fetch_all(connection))
    }

    fn execute(
        connection: &mut SqliteConnection,
        text: String,
        arguments: SqliteArguments,
    ) -> BoxFuture<'_, Result<u64, sqlx::Error>> {
        Box::pin(async {
            Ok(sql::query::<Self>(text, arguments)
                .execute(connection)
                .await?
                .rows_affected())
        })
    }

    fn ordinal(row: &SqliteRow, name: &str) -> Result<usize, sqlx::Error> {
        Ok(row.try_column(name)?.ordinal())
    }

    fn is_null(row: &SqliteRow, column: usize) -> Result<bool, sqlx::Error> {
        Ok(row.try_get_raw(column)?.is_null())
    }

    fn number(row: &SqliteRow, column: usize) -> Result<i64, sqlx::Error> {
        row.try_get(column)
    }

    fn flag(row: &SqliteRow, column: usize) -> Result<bool, sqlx::Error> {
        Ok(Self::number(row, column)? != 0)
    }

    fn classify(code: &str) -> Option<ErrorKind> {
        // The low byte is the primary result code: SQLITE_BUSY, SQLITE_LOCKED.
        let code: u32 = code.parse().ok()?;
        matches!(code & 0xff, 5 | 6).then_some(ErrorKind::Conflict)
    }

    /// SQLite's messages name tables and columns.
    fn is_plain(_: &str) -> bool {
        true
    }
}
