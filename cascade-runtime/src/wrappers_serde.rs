//! Wrappers as their content: absent is not loaded, `null` or `[]` is empty, an object or a list is a new content.
//!
//! They are deserialised by `deserialize_any`: of a missing key, `deserialize_option` would make `null`, and the children would be deleted.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::belongs_to::BelongsTo;
use crate::entity::Entity;
use crate::handle::Persistent;
use crate::has_many::HasMany;
use crate::has_one::HasOne;
use crate::many_to_many::ManyToMany;

/// Why a relation isn't serialised: read back, what is left out would be deleted.
fn refused<S: Serializer>(is_partial: bool, wrapper: &str) -> Result<S::Ok, S::Error> {
    Err(S::Error::custom(if is_partial {
        "a relation that is loaded only in part can't be serialised; load it".to_owned()
    } else {
        format!(
            "a relation that is not loaded can't be serialised; load it, or leave it out with `#[serde(skip_serializing_if = \"{wrapper}::is_not_loaded\")]`"
        )
    }))
}

impl<T: Serialize> Serialize for HasOne<T> {
    /// Serialises the child, or `null`.
    ///
    /// # Errors
    ///
    /// Where the relation is not loaded: read back as `null`, it would delete the child.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let address = std::ptr::from_ref(&self.content).addr();
            let child = self.try_get().ok().map(|child| child.into_iter().map(Some));
            return crate::patch::mark(address, child, serializer);
        }
        match self.try_get() {
            Ok(child) => child.serialize(serializer),
            Err(_) => refused::<S>(false, "HasOne"),
        }
    }
}

impl<T: Serialize> Serialize for HasMany<T> {
    /// Serialises the list of the children.
    ///
    /// # Errors
    ///
    /// Where the relation is not loaded, or only in part: read back, the list would delete the children that it doesn't have. What is partial
    /// isn't left out by `is_not_loaded`: that would hide what was pushed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let address = std::ptr::from_ref(&self.content).addr();
            let is_known = !self.content.is_not_held();
            let children = is_known.then(|| self.known().map(Some));
            return crate::patch::mark(address, children, serializer);
        }
        match self.try_iter() {
            Ok(children) => serializer.collect_seq(children),
            Err(_) if self.is_partial() => refused::<S>(true, "HasMany"),
            Err(_) => refused::<S>(false, "HasMany"),
        }
    }
}

impl<T: Serialize> Serialize for ManyToMany<T> {
    /// Serialises the list of the targets.
    ///
    /// # Errors
    ///
    /// Where the relation is not loaded, or only in part, and where a link is held by its key only, as after `add_key`, and in a clone: read back,
    /// the list would unlink what it doesn't have.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let address = std::ptr::from_ref(&self.content).addr();
            let is_known = !self.content.is_not_held();
            let targets = is_known.then(|| self.targets());
            return crate::patch::mark(address, targets, serializer);
        }
        match self.try_iter() {
            Err(_) if self.is_partial() => refused::<S>(true, "ManyToMany"),
            Err(_) => refused::<S>(false, "ManyToMany"),
            Ok(_) if self.targets().any(|target| target.is_none()) => Err(S::Error::custom(
                "a link that is held by its key only can't be serialised; load the relation anew",
            )),
            Ok(targets) => serializer.collect_seq(targets),
        }
    }
}

impl<T> ManyToMany<T> {
    /// The target of each link; `None` for a link that is held by its key only.
    fn targets(&self) -> impl Iterator<Item = Option<&T>> {
        self.content
            .rows()
            .iter()
            .map(|row| row.value.target.held())
    }
}

impl<'de, T: Entity + Deserialize<'de>> Deserialize<'de> for HasOne<T> {
    /// `null` is empty, anything else is the child, new. With `#[serde(default)]` an absent key is not loaded; without, it is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let child = crate::patch::unmark::<T, D>(deserializer, false)?;
            return Ok(child.map_or_else(Self::default, |child| {
                let child = child.into_iter().flatten().next();
                child.map_or_else(Self::empty, Self::from)
            }));
        }
        deserializer.deserialize_any(Child(PhantomData))
    }
}

struct Child<T>(PhantomData<T>);

impl<'de, T: Entity + Deserialize<'de>> Visitor<'de> for Child<T> {
    type Value = HasOne<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a `{}` or null", T::NAME)
    }

    fn visit_unit<E>(self) -> Result<HasOne<T>, E> {
        Ok(HasOne::empty())
    }

    fn visit_none<E>(self) -> Result<HasOne<T>, E> {
        Ok(HasOne::empty())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<HasOne<T>, D::Error> {
        T::deserialize(deserializer).map(HasOne::from)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<HasOne<T>, D::Error> {
        T::deserialize(deserializer).map(HasOne::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HasOne<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(HasOne::from)
    }
}

impl<'de, T: Entity + Deserialize<'de>> Deserialize<'de> for HasMany<T> {
    /// A list is the children, all new; `null` is an error. With `#[serde(default)]` an absent key is not loaded; without, it is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let children = crate::patch::unmark::<T, D>(deserializer, true)?;
            return Ok(children.map_or_else(Self::default, |children| {
                children.into_iter().flatten().collect()
            }));
        }
        let children = deserializer.deserialize_any(Children(PhantomData))?;
        Ok(Self::from(children))
    }
}

impl<'de, T: Entity + Deserialize<'de>> Deserialize<'de> for ManyToMany<T> {
    /// A list is the targets, all new: saved, each is inserted and linked. What is there already is linked by `add_key`, or stays linked by a
    /// merge. `null` is an error. With `#[serde(default)]` an absent key is not loaded; without, it is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let targets = crate::patch::unmark::<T, D>(deserializer, true)?;
            return Ok(targets.map_or_else(Self::default, |targets| {
                linked(targets.into_iter().flatten())
            }));
        }
        let targets = deserializer.deserialize_any(Children(PhantomData))?;
        Ok(linked(targets))
    }
}

/// Links to these targets.
fn linked<T: Entity>(targets: impl IntoIterator<Item = T>) -> ManyToMany<T> {
    let mut links = ManyToMany::empty();
    for target in targets {
        links.push(target);
    }
    links
}

struct Children<T>(PhantomData<T>);

impl<'de, T: Entity + Deserialize<'de>> Visitor<'de> for Children<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of `{}`", T::NAME)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut children = Vec::new();
        while let Some(child) = list.next_element()? {
            children.push(child);
        }
        Ok(children)
    }
}

impl<P: Entity<Key: Serialize>> Serialize for BelongsTo<P> {
    /// Serialises the key, or `null`: also where the parent is held.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() && self.key().is_none() {
            let parent = self.held().map(|parent| parent as &crate::codec::Erased);
            return crate::patch::mark_none(parent, serializer);
        }
        self.key().serialize(serializer)
    }
}

impl<'de, P: Entity<Key: Deserialize<'de>>> Deserialize<'de> for BelongsTo<P> {
    /// Deserialises the key, and nothing else: an object is an error, for it would be a way to write a row that others refer to, and to which the
    /// caller may have no right. No target, `null`, is for `Option<BelongsTo<_>>`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            let key = crate::patch::unmark_key::<P::Key, D>(deserializer)?;
            return Ok(key.map(Self::to).unwrap_or_default());
        }
        P::Key::deserialize(deserializer).map(Self::to)
    }
}

impl<T: Serialize> Serialize for Persistent<T> {
    /// Serialises the value. There is no way back: what is deserialised is new, or merged.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.value.serialize(serializer)
    }
}
