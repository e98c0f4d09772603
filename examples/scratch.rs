use sqlx_cascade::{HasOne, Relations};
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users")]
pub struct User {
    #[key(generated)]
    pub id: i64,
    pub name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub profile: HasOne<Profile>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "profiles")]
pub struct Profile {
    #[key(generated)]
    pub id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    pub user_id: i64,
    pub bio: String,
}
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite::memory:")
        .await?;
    sqlx::raw_sql("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE TABLE profiles (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE, bio TEXT NOT NULL)").execute(&pool).await?;
    let mut user = User {
        name: "a".into(),
        profile: Profile {
            bio: "x".into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
    .save(&pool)
    .await?;
    println!("{user:?}");
    user.profile.set(Profile {
        bio: "new".into(),
        ..Default::default()
    });
    println!("{}", user.plan()?);
    println!("{}", user.save(&pool).await?);
    println!("{user:?}");
    user.profile.get_mut().unwrap().bio = "changed".into();
    println!("{}", user.save(&pool).await?);
    println!("{}", user.save(&pool).await?);
    let loaded = User::find(1).with(User::PROFILE).one(&pool).await?;
    println!("{loaded:?}");
    assert_eq!(loaded, user);
    user.profile.remove();
    println!("{}", user.save(&pool).await?);
    println!("{:?}", user.delete(&pool).await?);
    Ok(())
}
