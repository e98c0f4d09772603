//! Names of the prelude and of crates mean something else here: generated code names nothing without its whole path.
#![allow(dead_code, non_camel_case_types, unused_macros)]

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

struct Vec;
struct Result;
struct Box;
struct Some;
struct None;
struct Ok;
struct Err;
struct Send;
struct Sync;
struct Entity;
struct Table;
trait Default {}
trait From {}
trait Iterator {}
mod std {}
mod core {}
mod alloc {}
mod sqlx {}

macro_rules! panic { () => {}; }
macro_rules! concat { () => {}; }
macro_rules! module_path { () => {}; }
macro_rules! vec { () => {}; }
macro_rules! codec { () => {}; }
macro_rules! methods { () => {}; }
macro_rules! link { () => {}; }

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: ::std::string::String,
    nick: ::core::option::Option<::std::string::String>,
    #[one_to_one(back_populates = user_id, cascade = "all, delete-orphan")]
    profile: HasOne<Profile>,
    #[one_to_many(back_populates = editor, order_by = "id desc")]
    edited: HasMany<Profile>,
    #[many_to_many(through = "follows", source = "from_id", target = "to_id", cascade = "all", single_parent)]
    follows: ManyToMany<Self>,
    #[many_to_many(through = "readers", target = "tenant, profile_id")]
    reads: ManyToMany<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key]
    tenant: i64,
    #[key(generated)]
    id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    user_id: i64,
    #[many_to_one]
    editor: ::core::option::Option<BelongsTo<User>>,
    #[version]
    version: i32,
}

mod shadowed_types {
    use sqlx_cascade::Relations;

    type Option<T> = ::core::option::Option<T>;
    struct String;
    struct Self_(String);

    #[derive(Relations)]
    #[table(name = "teams")]
    struct Team {
        #[key]
        id: i64,
        name: Option<::std::string::String>,
    }
}

fn main() {}
