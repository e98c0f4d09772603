//! The inherent methods of a mapped struct.

/// Writes the inherent methods of a struct: each forwards to the method of `Entity` with the same name, so that nothing needs importing.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods {
    ($visibility:vis $entity:ty) => {
        #[automatically_derived]
        #[allow(dead_code, clippy::missing_errors_doc)]
        impl $entity {
            /// Inserts the value and everything under it, in one transaction.
            $visibility fn save<'a>(self, db: impl $crate::Db + 'a) -> $crate::Run<'a, $crate::Persistent<Self>> {
                <Self as $crate::Entity>::save(self, db)
            }

            /// Inserts several values, and everything under them, in one transaction.
            $visibility fn save_all<'a>(values: ::std::vec::Vec<Self>, db: impl $crate::Db + 'a) -> $crate::Run<'a, ::std::vec::Vec<$crate::Persistent<Self>>> {
                <Self as $crate::Entity>::save_all(values, db)
            }

            /// Looks for the row with this key.
            $visibility fn find(key: <Self as $crate::Entity>::Key) -> $crate::Find<Self> {
                <Self as $crate::Entity>::find(key)
            }

            /// Looks for the rows with these keys.
            $visibility fn find_many(keys: impl ::core::iter::IntoIterator<Item = <Self as $crate::Entity>::Key>) -> $crate::FindMany<Self> {
                <Self as $crate::Entity>::find_many(keys)
            }

            /// Deletes the row with this key, with everything that its cascades delete.
            $visibility fn delete_by_key<'a>(key: <Self as $crate::Entity>::Key, db: impl $crate::Db + 'a) -> $crate::Run<'a, $crate::Report> {
                <Self as $crate::Entity>::delete_by_key(key, db)
            }

            /// Loads the row with the value's key and what the value holds, merges the value, and saves: a PUT.
            $visibility fn merge<'a>(value: Self, db: impl $crate::Db + 'a) -> $crate::Run<'a, $crate::Persistent<Self>> {
                <Self as $crate::Entity>::merge(value, db)
            }

            $crate::__patch_method!($visibility);
        }
    };
}

/// Writes `patch`, which is there for structs that are serialised and deserialised.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __patch_method {
    ($visibility:vis) => {
        /// Loads the row with this key and what the payload holds, lays the payload over it, and saves: a PATCH.
        // A bound on a struct that doesn't satisfy it is an error where it stands, unless a lifetime makes it one to be looked at later.
        $visibility fn patch<'a>(
            key: <Self as $crate::Entity>::Key,
            payload: $crate::__private::Json,
            db: impl $crate::Db + 'a,
        ) -> $crate::Run<'a, $crate::Persistent<Self>>
        where
            for<'later> Self: $crate::__private::Document<'later>,
        {
            <Self as $crate::Entity>::patch(key, payload, db)
        }
    };
}

/// The feature `json` isn't on.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __patch_method {
    ($visibility:vis) => {};
}

/// The relation to rows that are linked by a table of two foreign keys, whose columns each have the number of the part of a key that they hold.
#[doc(hidden)]
#[macro_export]
macro_rules! __link {
    ($field:literal, $source:ty, $target:ty, $schema:expr, $table:literal, [$($from:literal $from_part:literal),*], [$($to:literal $to_part:literal),*], [$($option:tt)*]) => {
        $crate::__private::RelationDef::linked(
            $field,
            || {
                const FROM: usize = <[&str]>::len(&[$($from),*]);
                // A static, for the reason at `Entity::table`; an inline constant doesn't extend the lives of what its calls borrow, besides.
                static LINK: &$crate::__private::Table = &$crate::__private::Table::link(
                    ::core::concat!(::core::module_path!(), "::", ::core::stringify!($source), ".", $field),
                    ($schema, $table),
                    &[
                        $($crate::__private::Column::new($from, $field, 0, $crate::__private::key_codec(<$source as $crate::Entity>::KEY_CODECS, $from_part)).part($crate::__private::absent),)*
                        $($crate::__private::Column::new($to, $field, 0, $crate::__private::key_codec(<$target as $crate::Entity>::KEY_CODECS, $to_part)).part(<$target as $crate::Entity>::held_part::<$to_part>),)*
                    ],
                    &[$($from_part,)* $(FROM + $to_part),*],
                    &[
                        $crate::__private::ForeignKey::new::<$source>($crate::__private::SOURCE, 0, &[$($crate::__private::own_part($from_part)),*]),
                        $crate::__private::ForeignKey::new::<$target>($crate::__private::TARGET, 0, &[$($crate::__private::own_part(FROM + $to_part)),*])
                            .holder(<$target as $crate::Entity>::HOLDER),
                    ],
                    &[$crate::__private::RelationDef::held("", 1, <$target as $crate::Entity>::table) $($option)*],
                    $crate::__private::Functions::link::<$target>(),
                );
                LINK
            },
            &($crate::__private::RelationDef::held("", 1, <$target as $crate::Entity>::table) $($option)*),
        )
    };
}
