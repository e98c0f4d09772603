//! Structs inside of functions, two of one name, and made by a macro.
#![allow(dead_code)]

use sqlx_cascade::{HasOne, Relations};

fn one() {
    #[derive(Relations)]
    #[table(name = "users")]
    struct User {
        #[key(generated)]
        id: i64,
        #[one_to_one(cascade = "all, delete-orphan")]
        profile: HasOne<Profile>,
    }

    #[derive(Relations)]
    #[table(name = "profiles")]
    struct Profile {
        #[key(generated)]
        id: i64,
        #[one_to_one(User)]
        user_id: i64,
    }

    let _ = User::PROFILE;
}

fn two() {
    #[derive(Relations)]
    #[table(name = "other_users")]
    struct User {
        #[key]
        id: String,
    }
}

macro_rules! pair {
    ($parent:ident, $child:ident, $key:ty, $field:ident, $table:literal) => {
        #[derive(Relations)]
        #[table(name = $table)]
        struct $parent {
            #[key]
            id: $key,
            #[one_to_one(cascade = "all, delete-orphan")]
            $field: HasOne<$child>,
        }

        #[derive(Relations)]
        #[table(name = "children")]
        struct $child {
            #[key]
            id: $key,
            #[one_to_one($parent)]
            parent_id: $key,
        }
    };
}
pair!(Mother, Daughter, i64, daughter, "mothers");
pair!(Father, Son, String, son, "fathers");

fn main() {
    one();
    two();
    let _ = (Mother::DAUGHTER, Father::SON);
}
