//! `BelongsTo`: the child's side of a relation, as a field.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use crate::codec::{Cell, Erased, Null};
use crate::entity::Entity;
use crate::meta::{ForeignKeyPart, Holder};

/// A foreign key as a field: the key of the parent `P`.
///
/// `Default` has no target: saved under a NOT NULL key it is `MissingRequired`. A column that can be NULL is `Option<BelongsTo<P>>`.
///
/// ```
/// use sqlx_cascade::{BelongsTo, Relations};
///
/// #[derive(Default, Relations)]
/// #[table(name = "customers")]
/// struct Customer {
///     #[key(generated)]
///     id: i64,
/// }
///
/// #[derive(Default, Relations)]
/// #[table(name = "orders")]
/// struct Order {
///     #[key(generated)]
///     id: i64,
///     #[many_to_one(on_delete = "restrict")]
///     customer: BelongsTo<Customer>, // the column `customer_id`
///     #[many_to_one]
///     referrer: Option<BelongsTo<Customer>>,
/// }
///
/// let order = Order { customer: BelongsTo::to(7), ..Order::default() };
/// assert_eq!(order.customer.key(), Some(&7));
/// ```
pub struct BelongsTo<P> {
    key: Option<Key>,
    target: PhantomData<fn() -> P>,
}

/// A key behind its erased type: held by type, a parent that is no entity would be an error at every mention of the field.
struct Key {
    cell: Cell,
    clone: fn(&Erased) -> Cell,
    same: fn(&Erased, &Erased) -> bool,
}

impl Key {
    fn new<K: Clone + PartialEq + Send + Sync + 'static>(key: K) -> Self {
        fn clone<K: Clone + Send + Sync + 'static>(cell: &Erased) -> Cell {
            cell.downcast_ref::<K>()
                .map_or_else(|| Box::new(Null) as Cell, |key| Box::new(key.clone()))
        }
        fn same<K: PartialEq + 'static>(a: &Erased, b: &Erased) -> bool {
            matches!((a.downcast_ref::<K>(), b.downcast_ref::<K>()), (Some(a), Some(b)) if a == b)
        }
        Self {
            cell: Box::new(key),
            clone: clone::<K>,
            same: same::<K>,
        }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self {
            cell: (self.clone)(&*self.cell),
            ..*self
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        (self.same)(&*self.cell, &*other.cell)
    }
}

impl<P: Entity> BelongsTo<P> {
    /// The parent with this key.
    #[must_use]
    pub fn to(key: P::Key) -> Self {
        Self {
            key: Some(Key::new(key)),
            target: PhantomData,
        }
    }

    /// The parent's key; `None` where there is no target yet.
    #[must_use]
    pub fn key(&self) -> Option<&P::Key> {
        self.key.as_ref()?.cell.downcast_ref()
    }

    /// Points to the parent with this key.
    pub fn set_key(&mut self, key: P::Key) {
        self.key = Some(Key::new(key));
    }
}

impl<P> Default for BelongsTo<P> {
    /// No target.
    fn default() -> Self {
        Self {
            key: None,
            target: PhantomData,
        }
    }
}

impl<P> Clone for BelongsTo<P> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            target: PhantomData,
        }
    }
}

impl<P> PartialEq for BelongsTo<P> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<P: Entity<Key: Eq>> Eq for BelongsTo<P> {}

impl<P: Entity<Key: Hash>> Hash for BelongsTo<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<P: Entity<Key: fmt::Debug>> fmt::Debug for BelongsTo<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key() {
            Some(key) => f.debug_tuple("BelongsTo").field(key).finish(),
            None => f.write_str("BelongsTo(no target)"),
        }
    }
}

/// `BelongsTo<P>` and `Option<BelongsTo<P>>`, for the derive.
pub trait Parent: Sized + Send + Sync + 'static {
    /// The struct that it refers to.
    type Target: Entity;

    /// The parent's key.
    fn parent_key(&self) -> Option<&<Self::Target as Entity>::Key>;

    /// A field with this key, or with none where the field accepts NULL.
    fn with_key(key: Option<<Self::Target as Entity>::Key>) -> Option<Self>;

    /// A field with the key of these parts.
    fn from_parts(parts: Option<&[&Erased]>) -> Option<Self> {
        match parts {
            Some(parts) => Self::with_key(Some(Self::Target::key_from(parts)?)),
            None => Self::with_key(None),
        }
    }
}

impl<P: Entity> Parent for BelongsTo<P> {
    type Target = P;

    fn parent_key(&self) -> Option<&P::Key> {
        self.key()
    }

    fn with_key(key: Option<P::Key>) -> Option<Self> {
        Some(key.map(Self::to).unwrap_or_default())
    }
}

impl<P: Entity> Parent for Option<BelongsTo<P>> {
    type Target = P;

    fn parent_key(&self) -> Option<&P::Key> {
        self.as_ref().and_then(BelongsTo::key)
    }

    fn with_key(key: Option<P::Key>) -> Option<Self> {
        Some(key.map(BelongsTo::to))
    }
}

impl Holder {
    /// The functions of a field of type `H`.
    #[must_use]
    pub const fn of<H: Parent>() -> Self {
        fn set<H: Parent>(field: &mut Erased, parts: Option<&[&Erased]>) {
            if let (Some(field), Some(value)) = (field.downcast_mut::<H>(), H::from_parts(parts)) {
                *field = value;
            }
        }
        fn part<H: Parent>(field: &Erased, part: usize) -> Option<&Erased> {
            let key = field.downcast_ref::<H>()?.parent_key()?;
            Some(H::Target::key_part(key, part))
        }
        Self {
            set: set::<H>,
            part: part::<H>,
        }
    }
}

/// Part `I` of the key in a `BelongsTo` field.
#[must_use]
pub(crate) fn holder_part<H: Parent, const I: usize>(field: &Erased) -> &Erased {
    let key = field.downcast_ref::<H>().and_then(H::parent_key);
    key.map_or(&Null as &Erased, |key| H::Target::key_part(key, I))
}

/// A column that a `BelongsTo` holds by itself: its cells are parts of the key, or [`Null`].
#[must_use]
pub const fn own_part(column: usize) -> ForeignKeyPart {
    fn key(cell: &Erased) -> Option<&Erased> {
        (!cell.is::<Null>()).then_some(cell)
    }
    fn assign(_: &mut Erased, _: Option<&Erased>) {}
    ForeignKeyPart {
        column,
        shared: false,
        key,
        assign,
    }
}
