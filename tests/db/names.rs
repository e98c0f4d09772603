//! Names that need quotes, schemas, and values that look like SQL.

use sqlx_cascade::{HasOne, Persistent, Relations};

use crate::support::{Base, NONE, Test, on_every_database, run};

on_every_database![
    names_with_quotes_keywords_and_unicode,
    raw_identifiers_are_columns_without_their_prefix,
    hostile_values_are_stored_as_they_are,
    a_row_of_a_query_is_live,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "se\"lect 'x'; --")]
struct Select {
    #[key(generated)]
    #[column(name = "or\"der")]
    order: i64,
    #[column(name = "gro'up by")]
    group: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    child: HasOne<Umlaut>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "Ümläut \u{2602}")]
struct Umlaut {
    #[key(generated)]
    #[column(name = "from")]
    id: i64,
    #[one_to_one(Select)]
    #[column(name = "where; \"")]
    parent: i64,
    #[column(name = "$1 ?")]
    text: String,
}

async fn names_with_quotes_keywords_and_unicode<B: Base>(test: Test<B>) {
    test.create(
        r#"CREATE TABLE "se""lect 'x'; --" ("or""der" $id, "gro'up by" TEXT NOT NULL);
           CREATE TABLE "Ümläut ☂" ("from" $id, "where; """ BIGINT NOT NULL UNIQUE REFERENCES "se""lect 'x'; --" ("or""der"), "$1 ?" TEXT NOT NULL);"#,
    )
    .await;
    let child = Umlaut {
        text: "a".into(),
        ..Umlaut::default()
    };
    let mut row = Select {
        group: "b".into(),
        child: child.into(),
        ..Select::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    assert_eq!((row.key(), row.child.get().unwrap().parent), (1, 1));
    row.group = "c".into();
    row.child.get_mut().unwrap().text = "d".into();
    row.save(&test.pool).await.unwrap();
    let mut found = Select::find(1)
        .with(Select::CHILD)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, row);
    found.child.remove();
    found.save(&test.pool).await.unwrap();
    found.child.set(Umlaut::default());
    found.save(&test.pool).await.unwrap();
    found.delete(&test.pool).await.unwrap();
    assert!(
        Select::find(1)
            .optional(&test.pool)
            .await
            .unwrap()
            .is_none()
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "things")]
struct Thing {
    #[key(generated)]
    id: i64,
    r#type: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    r#box: HasOne<Crate>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "crates")]
struct Crate {
    #[key(generated)]
    id: i64,
    #[one_to_one(Thing)]
    r#match: i64,
}

async fn raw_identifiers_are_columns_without_their_prefix<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE things (id $id, type TEXT NOT NULL);
         CREATE TABLE crates (id $id, \"match\" BIGINT NOT NULL UNIQUE REFERENCES things (id));",
    )
    .await;
    let thing = Thing {
        r#type: "a".into(),
        r#box: Crate::default().into(),
        ..Thing::default()
    };
    let mut thing = thing.save(&test.pool).await.unwrap();
    thing.r#type = "b".into();
    assert_eq!(thing.changed_columns(), ["type"]);
    thing.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("things").await, ["1|b"]);
    let found = Thing::find(1)
        .with(Thing::BOX)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found.r#box.get().unwrap().r#match, 1);
}

async fn hostile_values_are_stored_as_they_are<B: Base>(test: Test<B>) {
    use crate::models::{USERS, User, user};
    test.create(USERS).await;
    // Where it may be a key, a text has a length.
    let long = "x".repeat(if B::SERVICE == "mysql" { 255 } else { 10 << 20 });
    let names = [
        "'; DROP TABLE users; --",
        "\"",
        "$1",
        "?",
        "\\",
        "{1,2}",
        "NULL",
        "",
        "\u{202E}\u{1F980}e\u{301}",
        &long,
    ];
    let users = names.map(|name| user(name, name));
    let users = User::save_all(users.into(), &test.pool).await.unwrap();
    let found = User::find_many(users.iter().map(Persistent::key))
        .with(User::PROFILE)
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, users);
    for (user, name) in found.iter().zip(names) {
        assert_eq!(
            (user.name.as_str(), user.profile.get().unwrap().bio.as_str()),
            (name, name)
        );
    }
}

async fn a_row_of_a_query_is_live<B: Base>(test: Test<B>) {
    use crate::models::{USERS, ada};
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    let mut users = B::users(&test.pool).await;
    users[0].name = "bob".into();
    users[0].profile.remove();
    let report = users[0].save(&test.pool).await.unwrap();
    assert_eq!(report.changes().len(), 2);
    assert_eq!(test.rows("users").await, ["1|bob"]);
    assert_eq!(test.rows("profiles").await, NONE);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users", schema = "odd \"schema\"")]
struct Qualified {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: HasOne<QualifiedProfile>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "profiles", schema = "odd \"schema\"")]
struct QualifiedProfile {
    #[key(generated)]
    id: i64,
    #[one_to_one(Qualified)]
    user_id: i64,
}

#[tokio::test]
async fn tables_in_a_schema_on_postgres() {
    run::<sqlx::Postgres, _>(async |test: Test<sqlx::Postgres>| {
        test.execute(
            r#"DROP SCHEMA IF EXISTS "odd ""schema""" CASCADE; CREATE SCHEMA "odd ""schema""""#,
        )
        .await;
        in_a_schema(&test).await;
        test.execute(r#"DROP SCHEMA "odd ""schema""" CASCADE"#)
            .await;
    })
    .await;
}

#[tokio::test]
async fn tables_in_an_attached_database_on_sqlite() {
    run::<sqlx::Sqlite, _>(async |mut test: Test<sqlx::Sqlite>| {
        let one = sqlx::pool::PoolOptions::new().max_connections(1);
        test.pool = test.another_pool(one).await;
        test.execute(r#"ATTACH ':memory:' AS "odd ""schema""""#)
            .await;
        in_a_schema(&test).await;
    })
    .await;
}

async fn in_a_schema<B: Base>(test: &Test<B>) {
    test.create(
        r#"CREATE TABLE "odd ""schema""".users (id $id, name TEXT NOT NULL);
           CREATE TABLE "odd ""schema""".profiles (id $id, user_id BIGINT NOT NULL UNIQUE);"#,
    )
    .await;
    let user = Qualified {
        name: "a".into(),
        profile: QualifiedProfile::default().into(),
        ..Qualified::default()
    };
    let mut user = user.save(&test.pool).await.unwrap();
    user.name = "b".into();
    user.profile.set(QualifiedProfile::default());
    user.save(&test.pool).await.unwrap();
    let found = Qualified::find(1)
        .with(Qualified::PROFILE)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, user);
    assert_eq!(found.profile.get().unwrap().id, 2);
    found.delete(&test.pool).await.unwrap();
    assert!(
        Qualified::find(1)
            .optional(&test.pool)
            .await
            .unwrap()
            .is_none()
    );
}
