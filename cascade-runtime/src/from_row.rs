//! Rows of the user's own queries are live: `sqlx::query_as::<_, Persistent<User>>(..)`.

use sqlx::{FromRow, Row};

use crate::backend::{Backend, Places, RowOf, supports};
use crate::entity::Entity;
use crate::handle::Persistent;
use crate::read::Reader;

impl<'r, R, T> FromRow<'r, R> for Persistent<T>
where
    R: Row<Database: Backend<Row = R>>,
    T: Entity,
{
    /// Finds each column by its name. The query has to return every column of the struct; others are left alone.
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let read = || {
            supports::<R::Database>(T::table())?;
            T::read(&mut Reader::new(
                T::table(),
                &RowOf::<R::Database> {
                    row,
                    places: Places::Named,
                },
            ))
        };
        read()
            .map(Self::loaded)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }
}
