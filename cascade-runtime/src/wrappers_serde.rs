//! Wrappers as their content: absent is not loaded, `null` is empty, an object is a new content.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::belongs_to::BelongsTo;
use crate::entity::Entity;
use crate::handle::Persistent;
use crate::has_one::{Content, HasOne};

impl<T: Serialize> Serialize for HasOne<T> {
    /// Serialises the child, or `null`.
    ///
    /// # Errors
    ///
    /// Where the relation is not loaded: read back as `null`, it would delete the child.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            return crate::patch::mark(self, self.content(), serializer);
        }
        match self.content() {
            Content::Loaded(child) => child.serialize(serializer),
            Content::NotLoaded => Err(S::Error::custom(
                "a relation that is not loaded can't be serialised; load it, or leave it out with `#[serde(skip_serializing_if = \"HasOne::is_not_loaded\")]`",
            )),
        }
    }
}

impl<'de, T: Entity + Deserialize<'de>> Deserialize<'de> for HasOne<T> {
    /// `null` is empty, anything else is the child. With `#[serde(default)]` an absent key is not loaded; without, it is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            return crate::patch::unmark(serde_json::Value::deserialize(deserializer)?);
        }
        // Of a missing key, `deserialize_option` would make `null`, and the child would be deleted.
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

impl<P: Entity<Key: Serialize>> Serialize for BelongsTo<P> {
    /// Serialises the key, or `null`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.key().serialize(serializer)
    }
}

impl<'de, P: Entity<Key: Deserialize<'de>>> Deserialize<'de> for BelongsTo<P> {
    /// Deserialises the key.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        P::Key::deserialize(deserializer).map(Self::to)
    }
}

impl<T: Serialize> Serialize for Persistent<T> {
    /// Serialises the value. There is no way back: what is deserialised is new, or merged.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.value.serialize(serializer)
    }
}
