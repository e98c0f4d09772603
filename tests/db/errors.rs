//! What errors say, and what they never say.

use sqlx::pool::PoolOptions;
use sqlx_cascade::{Error, ErrorKind, HasOne, Persistent, Relations};

use crate::models::{Profile, USERS, User, bio, secret, user};
use crate::support::{Base, NONE, SECRET, Test, failed, on_every_database};

on_every_database![
    a_unique_violation,
    a_foreign_key_violation,
    a_not_null_violation,
    a_check_violation,
    what_no_database_can_store_is_an_error_and_nothing_is_written,
    an_unknown_table_is_named,
    a_column_of_another_type,
    a_missing_target_of_a_required_key,
    a_save_of_many_gives_back_all_values,
    the_most_severe_of_several_is_reported,
    a_failed_operation_leaves_the_callers_transaction_usable,
    no_source_repeats_values,
    a_row_that_another_holds_is_a_conflict,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users")]
struct Checked {
    #[key(generated)]
    id: i64,
    name: Option<String>,
}

const CHECKED: &str = "CREATE TABLE users (id $id, name TEXT NOT NULL UNIQUE, CONSTRAINT good CHECK (name <> 's3cret-bad'));";

fn checked(name: &str) -> Checked {
    Checked {
        name: Some(name.to_owned()),
        ..Checked::default()
    }
}

async fn a_unique_violation<B: Base>(test: Test<B>) {
    test.create(CHECKED).await;
    checked(&secret(1)).save(&test.pool).await.unwrap();
    let error = failed(
        checked(&secret(1)).save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Checked",
    );
    assert!(error.constraint().unwrap().contains("name"));
    assert_eq!(
        error.code(),
        Some(match B::SERVICE {
            "postgres" => "23505",
            "mysql" => "1062",
            _ => "2067",
        })
    );
    assert!(error.database_error().is_some());
    assert_eq!(error.take_entity::<Checked>().unwrap(), checked(&secret(1)));
    let several = vec![checked("a"), checked(&secret(1)), checked("b")];
    let error = failed(
        Checked::save_all(several, &test.pool).await,
        ErrorKind::UniqueViolation,
        "Checked",
    );
    assert_eq!(error.take_entity::<Vec<Checked>>().unwrap().len(), 3);
    assert_eq!(test.rows("users").await, [format!("1|{}", secret(1))]);
}

async fn a_foreign_key_violation<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let profile = Profile {
        user_id: 99,
        ..bio(&secret(1))
    };
    let error = failed(
        profile.save(&test.pool).await,
        ErrorKind::ForeignKeyViolation,
        "Profile",
    );
    assert_eq!(error.entity(), Some("Profile"));
    let mut user = user("a", "a").save(&test.pool).await.unwrap();
    test.execute("DELETE FROM users").await;
    user.profile = HasOne::default();
    user.profile.set(bio(&secret(2)));
    failed(
        user.save(&test.pool).await,
        ErrorKind::ForeignKeyViolation,
        "User.profile",
    );
}

async fn a_not_null_violation<B: Base>(test: Test<B>) {
    test.create(CHECKED).await;
    let error = failed(
        Checked::default().save(&test.pool).await,
        ErrorKind::NotNullViolation,
        "Checked",
    );
    assert!(error.to_string().contains("Checked"), "{error}");
    assert!(error.constraint().unwrap().ends_with("name"), "{error}");
}

async fn a_check_violation<B: Base>(test: Test<B>) {
    test.create(CHECKED).await;
    failed(
        checked("s3cret-bad").save(&test.pool).await,
        ErrorKind::CheckViolation,
        "Checked",
    );
    let mut good = checked("good").save(&test.pool).await.unwrap();
    good.name = Some("s3cret-bad".into());
    failed(
        good.save(&test.pool).await,
        ErrorKind::CheckViolation,
        "Checked",
    );
    assert_eq!(test.rows("users").await.len(), 1);
}

async fn what_no_database_can_store_is_an_error_and_nothing_is_written<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let nul = format!("{}\0", secret(1));
    let saved = user("a", &nul).save(&test.pool).await;
    if B::SERVICE == "postgres" {
        failed(saved, ErrorKind::Database, "User.profile");
        assert_eq!(test.rows("users").await, NONE);
    } else {
        let found = User::find(1)
            .with(User::PROFILE)
            .one(&test.pool)
            .await
            .unwrap();
        assert_eq!(found, saved.unwrap());
        assert_eq!(found.profile.get().unwrap().bio, nul);
    }
}

async fn an_unknown_table_is_named<B: Base>(test: Test<B>) {
    let error = failed(
        user(&secret(1), "").save(&test.pool).await,
        ErrorKind::Database,
        "User",
    );
    assert!(error.to_string().contains("users"), "{error}");
}

#[derive(Debug, Default, Relations)]
#[table(name = "users")]
struct Mistyped {
    #[key(generated)]
    id: i64,
    name: i64,
}

async fn a_column_of_another_type<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    user(&secret(1), "").save(&test.pool).await.unwrap();
    let found = Mistyped::find(1).one(&test.pool).await;
    let error = failed(found, ErrorKind::Database, "Mistyped.name");
    let message = error.to_string();
    let says = ["the column `name`", "`i64`"];
    assert!(says.iter().all(|part| message.contains(part)), "{message}");
}

#[derive(Debug, Default, Relations)]
#[table(name = "notes")]
struct Note {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    user: sqlx_cascade::BelongsTo<User>,
}

async fn a_missing_target_of_a_required_key<B: Base>(test: Test<B>) {
    failed(
        Note::default().save(&test.pool).await,
        ErrorKind::MissingRequired,
        "Note.user",
    );
    assert_eq!(test.sent(), NONE);
}

async fn a_save_of_many_gives_back_all_values<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    test.execute("CREATE UNIQUE INDEX one_bio ON profiles (bio)")
        .await;
    let users = vec![user("a", &secret(1)), user("b", &secret(1))];
    let error = failed(
        User::save_all(users.clone(), &test.pool).await,
        ErrorKind::UniqueViolation,
        "User.profile",
    );
    assert_eq!(error.take_entity::<Vec<User>>().unwrap(), users);
    assert_eq!(test.rows("users").await, NONE);
}

/// Everything that can be wrong at once, one relation for each.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "roots")]
struct Root {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all", required, back_populates = required_of)]
    required: HasOne<Part>,
    #[one_to_one(cascade = "all", on_remove = "deny", back_populates = denied_of)]
    denied: HasOne<Part>,
    #[one_to_one(cascade = "merge", back_populates = uncascaded_of)]
    uncascaded: HasOne<Part>,
    #[one_to_one(cascade = "all", on_remove = "deny", back_populates = unloaded_of)]
    unloaded: HasOne<Part>,
    #[one_to_one(cascade = "all", back_populates = owned_of)]
    owned: HasOne<Part>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "parts")]
struct Part {
    #[key(generated)]
    id: i64,
    #[one_to_one(Root)]
    required_of: Option<i64>,
    #[one_to_one(Root)]
    denied_of: Option<i64>,
    #[one_to_one(Root)]
    uncascaded_of: Option<i64>,
    #[one_to_one(Root)]
    unloaded_of: Option<i64>,
    #[one_to_one(Root)]
    owned_of: Option<i64>,
}

async fn the_most_severe_of_several_is_reported<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE roots (id $id, filler TEXT);
         CREATE TABLE parts (id $id, required_of BIGINT, denied_of BIGINT, uncascaded_of BIGINT, unloaded_of BIGINT, owned_of BIGINT);",
    )
    .await;
    let part = || HasOne::from(Part::default());
    let root = || Root {
        required: part(),
        denied: part(),
        owned: part(),
        ..Root::default()
    };
    let mut other = root().save(&test.pool).await.unwrap();
    let root = root().save(&test.pool).await.unwrap();
    let mut root: Persistent<Root> = Root::find(root.id)
        .with(Root::REQUIRED)
        .with(Root::DENIED)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());

    root.required.remove();
    failed(root.plan(), ErrorKind::MissingRequired, "Root.required");
    root.denied.remove();
    failed(root.plan(), ErrorKind::RemovalDenied, "Root.denied");
    root.uncascaded = part();
    failed(root.plan(), ErrorKind::NotCascaded, "Root.uncascaded");
    root.unloaded.set(Part::default());
    failed(root.plan(), ErrorKind::NotLoaded, "Root.unloaded");
    std::mem::swap(&mut root.owned, &mut other.owned);
    failed(root.plan(), ErrorKind::NotOwned, "Root.owned");
    root.id = 77;
    failed(root.plan(), ErrorKind::KeyChanged, "Root.id");
    failed(
        root.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Root.id",
    );
    assert_eq!(test.sent(), NONE);
}

async fn a_failed_operation_leaves_the_callers_transaction_usable<B: Base>(test: Test<B>) {
    test.create(CHECKED).await;
    let mut transaction = test.pool.begin().await.unwrap();
    checked("a").save(&mut transaction).await.unwrap();
    failed(
        checked("a").save(&mut transaction).await,
        ErrorKind::UniqueViolation,
        "Checked",
    );
    failed(
        Checked::find(99).one(&mut transaction).await,
        ErrorKind::NotFound,
        "Checked",
    );
    let two = vec![checked("b"), checked("a")];
    failed(
        Checked::save_all(two, &mut transaction).await,
        ErrorKind::UniqueViolation,
        "Checked",
    );
    checked("c").save(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let names: Vec<String> = test
        .rows("users")
        .await
        .iter()
        .map(|row| row.split_once('|').unwrap().1.to_owned())
        .collect();
    assert_eq!(names, ["a", "c"]);
}

async fn no_source_repeats_values<B: Base>(test: Test<B>) {
    test.create(CHECKED).await;
    checked(&secret(1)).save(&test.pool).await.unwrap();
    let error: Error = checked(&secret(1)).save(&test.pool).await.unwrap_err();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        assert!(
            !format!("{error} {error:?} {error:#?}").contains(SECRET),
            "{error:?}"
        );
        cause = error.source();
    }
}

async fn a_row_that_another_holds_is_a_conflict<B: Base>(test: Test<B>) {
    test.create(CHECKED).await;
    let mut mine = checked("a").save(&test.pool).await.unwrap();
    let impatient = test
        .another_pool(PoolOptions::new().max_connections(1))
        .await;
    B::plain(&impatient, B::IMPATIENT.to_owned()).await.unwrap();
    let mut transaction = test.pool.begin().await.unwrap();
    let mut theirs = Checked::find(1).one(&mut transaction).await.unwrap();
    theirs.name = Some("b".into());
    theirs.save(&mut transaction).await.unwrap();
    mine.name = Some(secret(1));
    failed(mine.save(&impatient).await, ErrorKind::Conflict, "Checked");
    transaction.commit().await.unwrap();
    mine.save(&impatient).await.unwrap();
    assert_eq!(test.rows("users").await, [format!("1|{}", secret(1))]);
}
