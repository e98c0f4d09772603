//! PostgreSQL.

use futures_core::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, Column as _, PgConnection, Postgres, Row as _, ValueRef as _};

use crate::backend::{Backend, Own, sealed};
use crate::codec::{Codec, Fns};
use crate::error::ErrorKind;
use crate::sql::{self, Texts};

impl sealed::Sealed for Postgres {}

impl Backend for Postgres {
    fn texts() -> Texts {
        Texts {
            dialect: &sql::Postgres,
        }
    }

    const BEGIN: Option<&'static str> = None;

    fn fns(codec: &Codec) -> Option<Fns<Self>> {
        codec.postgres
    }

    fn bind_own(own: Own<'_>, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match own {
            Own::Flag(flag) => arguments.add(flag),
            Own::Number(number) => arguments.add(number),
            Own::Flags(flags) => arguments.add(flags),
            Own::Numbers(numbers) => arguments.add(numbers),
        }
    }

    fn fetch(
        connection: &mut PgConnection,
        text: String,
        arguments: PgArguments,
    ) -> BoxFuture<'_, Result<Vec<PgRow>, sqlx::Error>> {
        Box::pin(sql::query::<Self>(text, arguments).fetch_all(connection))
    }

    fn execute(
        connection: &mut PgConnection,
        text: String,
        arguments: PgArguments,
    ) -> BoxFuture<'_, Result<u64, sqlx::Error>> {
        Box::pin(async {
            Ok(sql::query::<Self>(text, arguments)
                .execute(connection)
                .await?
                .rows_affected())
        })
    }

    fn ordinal(row: &PgRow, name: &str) -> Result<usize, sqlx::Error> {
        Ok(row.try_column(name)?.ordinal())
    }

    fn is_null(row: &PgRow, column: usize) -> Result<bool, sqlx::Error> {
        Ok(row.try_get_raw(column)?.is_null())
    }

    fn number(row: &PgRow, column: usize) -> Result<i64, sqlx::Error> {
        row.try_get(column)
    }

    fn flag(row: &PgRow, column: usize) -> Result<bool, sqlx::Error> {
        row.try_get(column)
    }

    fn classify(code: &str) -> Option<ErrorKind> {
        // Serialisation failure, deadlock, lock not available.
        matches!(code, "40001" | "40P01" | "55P03").then_some(ErrorKind::Conflict)
    }

    /// Syntax errors and unknown names: what is bound isn't part of them.
    fn is_plain(code: &str) -> bool {
        code.starts_with("42")
    }
}
