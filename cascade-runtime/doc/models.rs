// The structs of the examples in the docs, and a database for them: included by each.

#[derive(Debug, Default, Clone, PartialEq, serde::Serialize, serde::Deserialize, sqlx_cascade::Relations)]
#[serde(default)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: sqlx_cascade::HasOne<Profile>,
}

#[derive(Debug, Default, Clone, PartialEq, serde::Serialize, serde::Deserialize, sqlx_cascade::Relations)]
#[serde(default)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)]
    id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    user_id: i64,
    bio: String,
}

const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
    CREATE TABLE profiles (id INTEGER PRIMARY KEY AUTOINCREMENT, bio TEXT NOT NULL,
        user_id INTEGER NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE);";

async fn database() -> Result<sqlx::SqlitePool, sqlx::Error> {
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    Ok(pool)
}

fn user(name: &str) -> User {
    User { name: name.into(), ..User::default() }
}

fn profile(bio: &str) -> Profile {
    Profile { bio: bio.into(), ..Profile::default() }
}
