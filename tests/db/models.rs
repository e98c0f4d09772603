//! Structs that several files use, with their schemas.

use sqlx_cascade::{HasOne, Persistent, Relations};

use crate::support::{Base, SECRET, Test};

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users")]
pub(crate) struct User {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) profile: HasOne<Profile>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "profiles")]
pub(crate) struct Profile {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    pub(crate) user_id: i64,
    pub(crate) bio: String,
}

pub(crate) const USERS: &str = "
    CREATE TABLE users (id $id, name TEXT NOT NULL);
    CREATE TABLE profiles (id $id, user_id BIGINT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE, bio TEXT NOT NULL);
";

/// A user with a profile.
pub(crate) fn ada() -> User {
    user("ada", "old")
}

/// A user with a profile.
pub(crate) fn user(name: &str, text: &str) -> User {
    User {
        name: name.into(),
        profile: bio(text).into(),
        ..User::default()
    }
}

/// A profile.
pub(crate) fn bio(bio: &str) -> Profile {
    Profile {
        bio: bio.into(),
        ..Profile::default()
    }
}

/// A user without a profile.
pub(crate) async fn bare<B: Base>(test: &Test<B>, name: &str) -> Persistent<User> {
    let user = User {
        name: name.into(),
        profile: HasOne::empty(),
        ..User::default()
    };
    user.save(&test.pool).await.unwrap()
}

/// An owner and a pet, which can be without the other: the key is nullable, nothing is deleted.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "owners")]
pub(crate) struct Owner {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[one_to_one]
    pub(crate) pet: HasOne<Pet>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "pets")]
pub(crate) struct Pet {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(Owner, on_delete = "set null")]
    pub(crate) owner_id: Option<i64>,
    pub(crate) name: String,
}

pub(crate) const OWNERS: &str = "
    CREATE TABLE owners (id $id, name TEXT NOT NULL);
    CREATE TABLE pets (id $id, owner_id BIGINT UNIQUE REFERENCES owners (id) ON DELETE SET NULL, name TEXT NOT NULL);
";

/// An owner with a pet.
pub(crate) fn owner(name: &str, pet_name: &str) -> Owner {
    Owner {
        name: name.into(),
        pet: pet(pet_name).into(),
        ..Owner::default()
    }
}

/// A pet.
pub(crate) fn pet(name: &str) -> Pet {
    Pet {
        name: name.into(),
        ..Pet::default()
    }
}

/// Four tables, one below the other; the database cascades nothing.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "countries")]
pub(crate) struct Country {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) capital: HasOne<Capital>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "capitals")]
pub(crate) struct Capital {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(Country)]
    pub(crate) country_id: i64,
    pub(crate) name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) palace: HasOne<Palace>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "palaces")]
pub(crate) struct Palace {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(Capital)]
    pub(crate) capital_id: i64,
    pub(crate) name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) throne: HasOne<Throne>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "thrones")]
pub(crate) struct Throne {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(Palace)]
    pub(crate) palace_id: i64,
    pub(crate) name: String,
}

pub(crate) const COUNTRIES: &str = "
    CREATE TABLE countries (id $id, filler TEXT);
    CREATE TABLE capitals (id $id, country_id BIGINT NOT NULL UNIQUE REFERENCES countries (id), name TEXT NOT NULL);
    CREATE TABLE palaces (id $id, capital_id BIGINT NOT NULL UNIQUE REFERENCES capitals (id), name TEXT NOT NULL);
    CREATE TABLE thrones (id $id, palace_id BIGINT NOT NULL UNIQUE REFERENCES palaces (id), name TEXT NOT NULL);
";

/// A country with everything below it.
pub(crate) fn country(name: &str) -> Country {
    let throne = Throne {
        name: name.into(),
        ..Throne::default()
    };
    let palace = Palace {
        name: name.into(),
        throne: throne.into(),
        ..Palace::default()
    };
    let capital = Capital {
        name: name.into(),
        palace: palace.into(),
        ..Capital::default()
    };
    Country {
        capital: capital.into(),
        ..Country::default()
    }
}

impl<B: Base> Test<B> {
    /// Every row of the chain, leaves last.
    pub(crate) async fn chain(&self) -> [Vec<String>; 4] {
        [
            self.rows("countries").await,
            self.rows("capitals").await,
            self.rows("palaces").await,
            self.rows("thrones").await,
        ]
    }
}

/// A text that no error may repeat.
pub(crate) fn secret(number: u32) -> String {
    format!("{SECRET}-{number}")
}
