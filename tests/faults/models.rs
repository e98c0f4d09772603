//! Every kind of change in four tables: children that go with their parent, one that stays, a grandchild, versions.

use serde::{Deserialize, Serialize};
use sqlx_cascade::{HasOne, Relations};

use crate::home::Family;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "users")]
pub(crate) struct User {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[version]
    pub(crate) version: i32,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) profile: HasOne<Profile>,
    /// It survives, and a refresh leaves it alone.
    #[one_to_one(cascade = "save-update, merge")]
    pub(crate) desk: HasOne<Desk>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "profiles")]
pub(crate) struct Profile {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    pub(crate) user_id: i64,
    pub(crate) bio: String,
    #[version]
    pub(crate) version: i32,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) picture: HasOne<Picture>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "pictures")]
pub(crate) struct Picture {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(Profile, on_delete = "cascade")]
    pub(crate) profile_id: i64,
    pub(crate) path: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "desks")]
pub(crate) struct Desk {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(User, on_delete = "set null")]
    pub(crate) user_id: Option<i64>,
    pub(crate) label: String,
}

/// A user with everything.
pub(crate) fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        profile: profile(name).into(),
        desk: desk(name).into(),
        ..User::default()
    }
}

pub(crate) fn profile(name: &str) -> Profile {
    Profile {
        bio: format!("bio of {name}"),
        picture: picture(name).into(),
        ..Profile::default()
    }
}

pub(crate) fn picture(name: &str) -> Picture {
    Picture {
        path: format!("{name}.png"),
        ..Picture::default()
    }
}

pub(crate) fn desk(name: &str) -> Desk {
    Desk {
        label: format!("desk of {name}"),
        ..Desk::default()
    }
}

/// ann and bob have everything, cid is alone.
pub(crate) const USERS: Family = Family {
    schema: "
CREATE TABLE users (id $id, name TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE profiles (
    id $id,
    user_id BIGINT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    bio TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE TABLE pictures (id $id, profile_id BIGINT NOT NULL UNIQUE REFERENCES profiles (id) ON DELETE CASCADE, path TEXT NOT NULL);
CREATE TABLE desks (id $id, user_id BIGINT UNIQUE REFERENCES users (id) ON DELETE SET NULL, label TEXT NOT NULL);",
    tables: &["desks", "pictures", "profiles", "users"],
    links: &[],
    empty: "",
    seed: "
INSERT INTO users (name, version) VALUES ('ann', 1), ('bob', 1), ('cid', 1);
INSERT INTO profiles (user_id, bio, version) VALUES (1, 'bio of ann', 1), (2, 'bio of bob', 1);
INSERT INTO pictures (profile_id, path) VALUES (1, 'ann.png'), (2, 'bob.png');
INSERT INTO desks (user_id, label) VALUES (1, 'desk of ann'), (2, 'desk of bob');
",
    rows: "
SELECT line FROM (
  SELECT 1 AS nr, id, 'users ' || id || ' ' || name || ' v' || version AS line FROM users
  UNION ALL SELECT 2, id, 'profiles ' || id || ' of ' || user_id || ' ' || bio || ' v' || version FROM profiles
  UNION ALL SELECT 3, id, 'pictures ' || id || ' of ' || profile_id || ' ' || path FROM pictures
  UNION ALL SELECT 4, id, 'desks ' || id || ' of ' || COALESCE(CAST(user_id AS TEXT), 'nobody') || ' ' || label FROM desks
  UNION ALL SELECT 5, 0, 'notes ' || note FROM notes
) AS rows_of_all ORDER BY nr, id, line",
    content: "
SELECT line FROM (
  SELECT 1 AS nr, 'users ' || name || ' v' || version AS line FROM users
  UNION ALL SELECT 2, 'profiles of ' || u.name || ' ' || bio || ' v' || p.version FROM profiles p LEFT JOIN users u ON u.id = p.user_id
  UNION ALL SELECT 3, 'pictures of ' || p.bio || ' ' || path FROM pictures i LEFT JOIN profiles p ON p.id = i.profile_id
  UNION ALL SELECT 4, 'desks of ' || COALESCE(u.name, 'nobody') || ' ' || label FROM desks d LEFT JOIN users u ON u.id = d.user_id
  UNION ALL SELECT 5, 'notes ' || note FROM notes
) AS rows_of_all ORDER BY nr, line",
};
