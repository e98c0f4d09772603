//! Every lint that a careful crate denies, on generated code too.
#![forbid(unsafe_code)]
#![deny(
    missing_docs,
    unused,
    clippy::all,
    clippy::pedantic,
    rust_2018_idioms,
    unreachable_pub,
    unused_qualifications
)]
#![deny(
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unused_results
)]
#![deny(non_local_definitions, private_interfaces, elided_lifetimes_in_paths)]

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

/// A public struct with a private child in a private field.
#[derive(Debug, Default, Relations)]
#[table(name = "users")]
pub struct User {
    /// The key.
    #[key(generated)]
    pub id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: HasOne<Profile>,
    /// A relation that is public.
    #[one_to_one(back_populates = user_id)]
    pub badge: HasOne<Badge>,
    /// A list that is public.
    #[one_to_many(back_populates = giver, order_by = "number desc")]
    pub given: HasMany<Badge>,
    /// Links.
    #[many_to_many(through = "follows", source = "from_id", target = "to_id")]
    pub follows: ManyToMany<User>,
    #[many_to_many(through = "user_profiles", target = "tenant_id, profile_id", viewonly)]
    profiles: ManyToMany<Profile>,
}

/// A public child.
#[derive(Debug, Default, Relations)]
#[table(name = "badges", unique = "number, user_id")]
pub struct Badge {
    /// The key.
    #[key]
    pub number: i64,
    /// The owner.
    #[one_to_one(User, on_delete = "set null")]
    pub user_id: Option<i64>,
    /// Who gave it.
    #[many_to_one]
    pub giver: Option<BelongsTo<User>>,
    /// The lock.
    #[version(aggregate)]
    pub version: i64,
}

#[derive(Debug, Default, Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key]
    tenant_id: i64,
    #[key(generated)]
    id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    user_id: i64,
}

fn main() {
    let user = User::default();
    let profile = Profile::default();
    assert!(user.profile.is_not_loaded() && user.badge.is_not_loaded());
    assert!(
        user.given.is_not_loaded() && user.follows.is_not_loaded() && user.profiles.is_not_loaded()
    );
    assert_eq!((profile.tenant_id, profile.id, profile.user_id), (0, 0, 0));
}
