//! Modules, macros and constants of the user's have the names of ours.
#![allow(dead_code, non_upper_case_globals, unused_macros)]

mod sqlx_cascade {}
mod __private {}
mod __cascade {}
mod rules {}
mod table {}

macro_rules! key { () => {}; }
macro_rules! table { () => {}; }
macro_rules! column { () => {}; }

const see: u8 = 0;
const row: u8 = 0;
const parts: u8 = 0;
const part: u8 = 0;
const __cascade: u8 = 0;
const __OWN: u8 = 0;
const __OTHER_0: u8 = 0;

#[derive(::sqlx_cascade::Relations)]
#[table(name = "users")]
struct User {
    #[key]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: ::sqlx_cascade::HasOne<Profile>,
    #[many_to_many(through = "readers", target = "profile_id, number")]
    profiles: ::sqlx_cascade::ManyToMany<Profile>,
    #[one_to_many]
    invited: ::sqlx_cascade::HasMany<User>,
    #[many_to_one]
    invited_by: Option<::sqlx_cascade::BelongsTo<User>>,
}

#[derive(::sqlx_cascade::Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key]
    id: i64,
    #[key]
    number: i64,
    #[one_to_one(User)]
    user_id: i64,
}

/// The struct has constants of its own under the names of the trait's.
impl User {
    const TABLE: u8 = 0;
    const IDENT: u8 = 0;
    const NAME: u8 = 0;
}

fn main() {
    let _ = (User::PROFILE, User::TABLE, User::IDENT, User::NAME);
}
