//! The rows of a wrapper, behind a trait object.
//!
//! With children held by type, proving `Send` for a chain of 30 structs overflows rustc's recursion limit.

use crate::slot::{Link, Row};

/// The rows of a relation. It asks nothing of `T`, so that a wrapper needs for `Clone` and the like only the same of `T`.
pub(crate) trait Rows<T> {
    fn link(&self) -> &Link;
    fn rows(&self) -> &[Row<T>];
    fn parts_mut(&mut self) -> (&mut Link, &mut Vec<Row<T>>);
    /// Others of the same kind, with these values, all new.
    fn fresh(&self, values: Vec<T>) -> Box<dyn Rows<T> + Send + Sync>;
}

/// The only implementation: a link, and the rows in one block of memory.
pub(crate) struct Children<T> {
    pub(crate) link: Link,
    pub(crate) rows: Vec<Row<T>>,
}

impl<T: Send + Sync + 'static> Rows<T> for Children<T> {
    fn link(&self) -> &Link {
        &self.link
    }

    fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    fn parts_mut(&mut self) -> (&mut Link, &mut Vec<Row<T>>) {
        (&mut self.link, &mut self.rows)
    }

    fn fresh(&self, values: Vec<T>) -> Box<dyn Rows<T> + Send + Sync> {
        Box::new(Self {
            link: Link::default(),
            rows: values.into_iter().map(Row::new).collect(),
        })
    }
}
