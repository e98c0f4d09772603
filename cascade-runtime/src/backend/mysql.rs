//! MySQL and MariaDB.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_core::future::BoxFuture;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::mysql::{MySqlArguments, MySqlDatabaseError, MySqlQueryResult, MySqlRow};
use sqlx::{
    Arguments as _, Column as _, Connection as _, Executor as _, MySql, MySqlConnection, Row as _,
    ValueRef as _,
};
use sqlx_core::transaction::TransactionManager as _;

use crate::backend::{Backend, Own, sealed};
use crate::codec::{Codec, Fns};
use crate::error::ErrorKind;
use crate::sql::{self, Texts};

type Manager = <MySql as sqlx::Database>::TransactionManager;

impl sealed::Sealed for MySql {}

impl Backend for MySql {
    fn texts() -> Texts {
        Texts {
            dialect: &sql::MySql,
        }
    }

    const BEGIN: Option<&'static str> = None;

    /// A statement whose future is dropped while sqlx prepares it leaves answers behind that sqlx doesn't read.
    const CLOSES: bool = true;

    /// A SAVEPOINT that is dropped on its way is one that nobody knows of: harmless, and replaced by the next of its name.
    ///
    /// Where the server has no transaction any more, after a deadlock, this fails: sqlx asks the server.
    fn begin(connection: &mut MySqlConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(Manager::begin(connection, None))
    }

    /// sqlx sends nothing before it has read the answer to the BEGIN: the connection is closed instead, where it is a pool's.
    fn undo_begin(_: &mut MySqlConnection) {}

    /// A RELEASE that is dropped on its way would be followed by a ROLLBACK TO that finds nothing, and whose error the next statement would get. So
    /// the savepoint is put where the transaction is now, and sqlx goes back to there, which undoes nothing. Both are queued by one poll: there is
    /// nothing on its way that they would have to wait for.
    fn release<'c>(
        connection: &'c mut MySqlConnection,
        open: &'c mut bool,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        let name = Manager::get_transaction_depth(connection).saturating_sub(1);
        let moved = {
            let mut again = pin!(connection.execute(sql::savepoint(name)));
            again.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        };
        Manager::start_rollback(connection);
        *open = false;
        Box::pin(async {
            match moved {
                Poll::Ready(moved) => moved.map(drop),
                Poll::Pending => Ok(()),
            }
        })
    }

    /// A deadlock has rolled back everything: then there is no savepoint to go back to, and the answer says so. It is read here, so that the
    /// caller's next statement doesn't get it.
    fn rollback<'c>(
        connection: &'c mut MySqlConnection,
        open: &'c mut bool,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Manager::start_rollback(connection);
        *open = false;
        Box::pin(connection.ping())
    }

    fn fns(codec: &Codec) -> Option<Fns<Self>> {
        codec.mysql
    }

    fn bind_own(own: Own<'_>, arguments: &mut MySqlArguments) -> Result<(), BoxDynError> {
        match own {
            Own::Flag(flag) => arguments.add(flag),
            Own::Number(number) => arguments.add(number),
            Own::Place(place) => arguments.add(place),
            Own::Unsigned(number) => arguments.add(number),
            Own::Flags(flags) => flags.iter().try_for_each(|flag| arguments.add(*flag)),
            Own::Numbers(numbers) => numbers.iter().try_for_each(|number| arguments.add(*number)),
            Own::Places(places) => places.iter().try_for_each(|place| arguments.add(*place)),
        }
    }

    sqlx_calls!(MySqlConnection, MySqlRow, MySqlArguments);

    /// Of several the first.
    fn key(done: &MySqlQueryResult) -> u64 {
        done.last_insert_id()
    }

    /// A column or an expression of ours; an `AUTO_INCREMENT` may be unsigned.
    fn number(row: &MySqlRow, column: usize) -> Result<i64, sqlx::Error> {
        let signed = row.try_get::<i64, _>(column);
        signed.or_else(|error| {
            let unsigned: u64 = row.try_get(column).map_err(|_| error)?;
            i64::try_from(unsigned).map_err(|error| sqlx::Error::Decode(error.into()))
        })
    }

    fn flag(row: &MySqlRow, column: usize) -> Result<bool, sqlx::Error> {
        row.try_get(column)
    }

    /// The SQLSTATE of most errors is HY000 or 23000: the server's own number tells them apart.
    fn code(error: &dyn DatabaseError) -> Option<String> {
        Some(number(error)?.to_string())
    }

    fn classify(error: &dyn DatabaseError) -> Option<ErrorKind> {
        match number(error)? {
            // A row that another has changed since the transaction first read, a lock that wasn't to be had, a deadlock, a lock that
            // NOWAIT doesn't wait for.
            1020 | 1205 | 1213 | 3572 => Some(ErrorKind::Conflict),
            // A cascade would write a value twice.
            1761 | 1762 => Some(ErrorKind::UniqueViolation),
            _ => None,
        }
    }

    fn constraint(error: &dyn DatabaseError) -> Option<String> {
        let message = error.message();
        let name = match number(error)? {
            // Duplicate entry '..' for key 'users.name': the value may hold any text.
            1022 | 1062 | 1586 => message.rsplit_once(" for key '")?.1.strip_suffix('\'')?,
            // .. fails (`db`.`pets`, CONSTRAINT `pets_owner` FOREIGN KEY ..), CONSTRAINT `positive` failed for ..
            1451 | 1452 | 4025 => between(message, "CONSTRAINT `", '`')?,
            // Check constraint 'positive' is violated.
            3819 => between(message, "Check constraint '", '\'')?,
            // Column 'name' cannot be null, Field 'name' doesn't have a default value
            1048 => between(message, "Column '", '\'')?,
            1364 => between(message, "Field '", '\'')?,
            _ => return None,
        };
        Some(name.to_owned())
    }

    fn ends_transaction(error: &dyn DatabaseError) -> bool {
        number(error) == Some(1213)
    }

    /// A server that shuts down, or that ended the session.
    fn is_lost(error: &dyn DatabaseError) -> bool {
        matches!(number(error), Some(1053 | 1152 | 1184 | 1927 | 3169 | 4031))
    }

    /// Syntax errors, unknown tables and columns, what isn't allowed: what is bound isn't part of them.
    fn is_plain(code: &str) -> bool {
        matches!(
            code,
            "1044" | "1045" | "1046" | "1049" | "1054" | "1064" | "1093" | "1142" | "1146" | "1305"
        )
    }
}

/// The server's number of an error.
fn number(error: &dyn DatabaseError) -> Option<u16> {
    let error = error.try_downcast_ref::<MySqlDatabaseError>();
    error.map(MySqlDatabaseError::number)
}

fn between<'m>(message: &'m str, before: &str, after: char) -> Option<&'m str> {
    let (_, rest) = message.split_once(before)?;
    rest.split_once(after).map(|(name, _)| name)
}
