//! Relations by name, for the operations that take one.

use std::marker::PhantomData;

use crate::entity::Entity;

/// A relation of `P` to `C`: the derive makes a constant of it for each, such as `User::PROFILE`.
pub struct Relation<P, C> {
    pub(crate) index: usize,
    marker: PhantomData<fn(P) -> C>,
}

impl<P, C> Clone for Relation<P, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, C> Copy for Relation<P, C> {}

impl<P, C> std::fmt::Debug for Relation<P, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relation({})", self.index)
    }
}

impl<P, C> Relation<P, C> {
    /// The relation at this position. Without bounds: a child that isn't mapped is an error elsewhere.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self {
            index,
            marker: PhantomData,
        }
    }
}

impl<P: Entity, C: Entity> Relation<P, C> {
    /// This relation, and then one of its children: `User::PROFILE.then(Profile::PICTURE)`.
    #[must_use]
    pub fn then<D>(self, next: impl RelationOf<C, Target = D>) -> Path<P, D> {
        let mut indices = vec![self.index];
        indices.extend(next.indices());
        Path {
            indices,
            marker: PhantomData,
        }
    }
}

/// Relations one below the other.
pub struct Path<P, C> {
    indices: Vec<usize>,
    marker: PhantomData<fn(P) -> C>,
}

impl<P, C: Entity> Path<P, C> {
    /// This path, and then a relation of its last children.
    #[must_use]
    pub fn then<D>(mut self, next: impl RelationOf<C, Target = D>) -> Path<P, D> {
        self.indices.extend(next.indices());
        Path {
            indices: self.indices,
            marker: PhantomData,
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A relation of `P`, or a path that begins with one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation of `{P}`",
    label = "not a relation of `{P}`",
    note = "the constants of `{P}` are named after its fields: `{P}::FIELD`, `{P}::FIELD.then(Child::FIELD)`"
)]
pub trait RelationOf<P>: RelationsOf<P> {
    /// What the last relation holds.
    type Target;

    #[doc(hidden)]
    fn indices(self) -> Vec<usize>;
}

impl<P, C> sealed::Sealed for Relation<P, C> {}
impl<P, C> RelationOf<P> for Relation<P, C> {
    type Target = C;

    fn indices(self) -> Vec<usize> {
        vec![self.index]
    }
}

impl<P, C> sealed::Sealed for Path<P, C> {}
impl<P, C> RelationOf<P> for Path<P, C> {
    type Target = C;

    fn indices(self) -> Vec<usize> {
        self.indices
    }
}

/// One relation of `P`, one path, or a tuple of up to eight: `(User::PROFILE, User::POSTS.then(Post::COMMENTS))`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation of `{P}`",
    label = "not a relation of `{P}`",
    note = "the constants of `{P}` are named after its fields: `{P}::FIELD`, `{P}::FIELD.then(Child::FIELD)`; several stand in a tuple"
)]
pub trait RelationsOf<P>: sealed::Sealed {
    #[doc(hidden)]
    fn paths(self) -> Vec<Vec<usize>>;
}

impl<P, C> RelationsOf<P> for Relation<P, C> {
    fn paths(self) -> Vec<Vec<usize>> {
        vec![self.indices()]
    }
}

impl<P, C> RelationsOf<P> for Path<P, C> {
    fn paths(self) -> Vec<Vec<usize>> {
        vec![self.indices()]
    }
}

macro_rules! tuples {
    ($(($($relation:ident $index:tt),+))*) => { $(
        impl<$($relation),+> sealed::Sealed for ($($relation,)+) {}
        impl<P, $($relation: RelationsOf<P>),+> RelationsOf<P> for ($($relation,)+) {
            fn paths(self) -> Vec<Vec<usize>> {
                let mut paths = Vec::new();
                $(paths.extend(self.$index.paths());)+
                paths
            }
        }
    )* };
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// The relations to load under a row, and those below each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tree(pub(crate) Vec<(usize, Tree)>);

impl Tree {
    /// Adds relations of the row.
    pub(crate) fn add_all<P>(&mut self, relations: impl RelationsOf<P>) {
        for path in relations.paths() {
            self.add(&path);
        }
    }

    pub(crate) fn add(&mut self, indices: &[usize]) {
        let Some((first, rest)) = indices.split_first() else {
            return;
        };
        let position = self
            .0
            .iter()
            .position(|(index, _)| index == first)
            .unwrap_or_else(|| {
                self.0.push((*first, Self::default()));
                self.0.len() - 1
            });
        self.0[position].1.add(rest);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
