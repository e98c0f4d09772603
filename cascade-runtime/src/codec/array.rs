//! Columns of several rows that come as one array each, on PostgreSQL.

use std::any::Any;
use std::cell::Cell;

use sqlx::error::{BoxDynError, UnexpectedNullError};
use sqlx::postgres::{PgRow, PgTypeInfo, PgTypeKind, PgValueRef};
use sqlx::{Decode, Postgres, Row as _, Type, ValueRef as _};

use crate::codec::{Elements, Value};

/// The elements of an array, as values of a column.
///
/// sqlx reads a column of a domain as the type below it, and wouldn't read an array of one.
pub(super) fn elements<D, T>(
    row: &PgRow,
    column: usize,
    value_of: fn(D) -> T,
) -> Result<Box<dyn Elements>, sqlx::Error>
where
    D: Type<Postgres> + for<'r> Decode<'r, Postgres>,
    T: Value,
{
    let array = row.try_get_raw(column)?;
    let info = array.type_info();
    let is_read = match info.kind() {
        PgTypeKind::Array(element) => D::compatible(below(element)),
        _ => false,
    };
    let elements = if is_read {
        Vec::<Element<D>>::decode(array)
    } else {
        Err(sqlx_core::error::mismatched_types::<Postgres, D>(&info))
    };
    let elements = elements.map_err(|source| undecoded(column, source))?;
    let elements = elements.into_iter().map(|element| Element {
        value: Cell::new(element.value.into_inner().map(value_of)),
        is_null: element.is_null,
    });
    Ok(Box::new(Array {
        column,
        elements: elements.collect(),
    }))
}

/// The type that a domain restricts.
fn below(mut info: &PgTypeInfo) -> &PgTypeInfo {
    while let PgTypeKind::Domain(base) = info.kind() {
        info = base;
    }
    info
}

struct Array<T> {
    column: usize,
    elements: Vec<Element<T>>,
}

impl<T: Value> Elements for Array<T> {
    fn count(&self) -> usize {
        self.elements.len()
    }

    fn is_null(&self, row: usize) -> bool {
        self.elements[row].is_null
    }

    fn read(&self, row: usize, out: &mut dyn Any) -> Result<(), sqlx::Error> {
        let element = &self.elements[row].value;
        let value = element.take();
        element.set(value.clone());
        self.give(value, out)
    }

    fn take(&self, row: usize, out: &mut dyn Any) -> Result<(), sqlx::Error> {
        self.give(self.elements[row].value.take(), out)
    }
}

impl<T: Value> Array<T> {
    fn give(&self, value: Option<T>, out: &mut dyn Any) -> Result<(), sqlx::Error> {
        if value.is_none() {
            return Err(undecoded(self.column, Box::new(UnexpectedNullError)));
        }
        if let Some(out) = out.downcast_mut::<Option<T>>() {
            *out = value;
        }
        Ok(())
    }
}

fn undecoded(column: usize, source: BoxDynError) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_string(),
        source,
    }
}

/// An element, without a value where it is NULL and its type has none for that.
struct Element<T> {
    value: Cell<Option<T>>,
    is_null: bool,
}

impl<'r, T: Decode<'r, Postgres>> Decode<'r, Postgres> for Element<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let is_null = value.is_null();
        let value = match T::decode(value) {
            Err(_) if is_null => None,
            decoded => Some(decoded?),
        };
        Ok(Self {
            value: Cell::new(value),
            is_null,
        })
    }
}

impl<T: Type<Postgres>> Type<Postgres> for Element<T> {
    fn type_info() -> PgTypeInfo {
        T::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        T::compatible(info)
    }
}
