//! Keys that the application gives, and keys that the database makes.

use sqlx::types::Uuid;
use sqlx_cascade::{ErrorKind, HasOne, Persistent, Relations};

use crate::models;
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    keys_of_the_application_are_written_as_they_are,
    a_natural_key_that_is_taken_is_a_unique_violation,
    a_text_as_a_key,
    a_uuid_of_the_application,
    a_key_by_an_expression_comes_back,
    many_keys_by_an_expression_match_their_rows,
    the_value_of_a_generated_key_is_ignored,
    generated_columns_are_read_back,
];

macro_rules! natural {
    ($module:ident, $key:ty) => {
        mod $module {
            use sqlx_cascade::{HasOne, Relations};

            #[derive(Debug, Default, Clone, PartialEq, Relations)]
            #[table(name = "parents")]
            pub(super) struct Parent {
                #[key]
                pub(super) id: $key,
                pub(super) name: String,
                #[one_to_one(cascade = "all, delete-orphan")]
                pub(super) child: HasOne<Child>,
            }

            #[derive(Debug, Default, Clone, PartialEq, Relations)]
            #[table(name = "children")]
            pub(super) struct Child {
                #[key]
                pub(super) id: $key,
                #[one_to_one(Parent)]
                pub(super) parent_id: $key,
                pub(super) name: String,
            }

            pub(super) fn parent(id: $key, child: $key) -> Parent {
                let child = Child {
                    id: child,
                    name: "c".into(),
                    ..Child::default()
                };
                Parent {
                    id,
                    name: "p".into(),
                    child: child.into(),
                }
            }
        }
    };
}

natural!(number, i64);
natural!(text, String);
natural!(uuid, sqlx::types::Uuid);

fn schema(key: &str) -> String {
    format!(
        "CREATE TABLE parents (id {key} PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE children (id {key} PRIMARY KEY, parent_id {key} NOT NULL UNIQUE REFERENCES parents (id), name TEXT NOT NULL);"
    )
}

async fn keys_of_the_application_are_written_as_they_are<B: Base>(test: Test<B>) {
    test.create(&schema("BIGINT")).await;
    let mut parent = number::parent(7, -8).save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT parents", "INSERT children"]);
    assert_eq!(test.rows("children").await, ["-8|7|c"]);
    assert_eq!(parent.child.get().unwrap().parent_id, 7);
    parent.child.set(number::Child {
        id: 9,
        name: "d".into(),
        ..Default::default()
    });
    let report = test.save_as_planned(&mut parent).await;
    assert_eq!(
        changes(&report),
        ["deleted 1 children", "inserted 1 children"]
    );
    assert_eq!(test.rows("children").await, ["9|7|d"]);
}

async fn a_natural_key_that_is_taken_is_a_unique_violation<B: Base>(test: Test<B>) {
    test.create(&schema("BIGINT")).await;
    number::parent(1, 1).save(&test.pool).await.unwrap();
    let error = failed(
        number::parent(2, 1).save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Parent.child",
    );
    assert_eq!(error.entity(), Some("Child"));
    let value: number::Parent = error.take_entity().unwrap();
    assert_eq!(value, number::parent(2, 1));
    assert_eq!(test.rows("parents").await, ["1|p"]);
    failed(
        number::parent(1, 2).save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Parent",
    );
    assert_eq!(test.rows("children").await, ["1|1|c"]);
}

async fn a_text_as_a_key<B: Base>(test: Test<B>) {
    test.create(&schema("TEXT")).await;
    let parent = text::parent("it's \"a\"".into(), "ü\u{1F980}".into())
        .save(&test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("children").await, ["ü\u{1F980}|it's \"a\"|c"]);
    let found = text::Parent::find(parent.key())
        .with(text::Parent::CHILD)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, parent);
    found.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("children").await, NONE);
}

async fn a_uuid_of_the_application<B: Base>(test: Test<B>) {
    test.create(&schema("UUID")).await;
    let (a, b) = (Uuid::from_u128(10), Uuid::from_u128(11));
    let mut parent = uuid::parent(a, b).save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("children").await,
        [format!("{}|{}|c", b.simple(), a.simple())]
    );
    parent.child.get_mut().unwrap().name = "d".into();
    test.save_as_planned(&mut parent).await;
    let found: Vec<Persistent<uuid::Parent>> = uuid::Parent::find_many([b, a])
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key(), a);
}

/// Its key is made by the database, by an expression that both databases have.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "jobs")]
struct Job {
    #[key(generated = "hex(randomblob(16))")]
    id: String,
    name: String,
    #[column(generated)]
    stamp: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    output: HasOne<Output>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "outputs")]
struct Output {
    #[key(generated)]
    id: i64,
    #[one_to_one(Job)]
    job_id: String,
    text: String,
}

const JOBS: &str = "
    $functions
    CREATE TABLE jobs (id TEXT PRIMARY KEY, name TEXT NOT NULL, stamp BIGINT NOT NULL DEFAULT 42);
    CREATE TABLE outputs (id $id, job_id TEXT NOT NULL UNIQUE REFERENCES jobs (id), text TEXT NOT NULL);
";

fn job(name: &str) -> Job {
    let output = Output {
        text: format!("of {name}"),
        ..Output::default()
    };
    Job {
        name: name.into(),
        output: output.into(),
        ..Job::default()
    }
}

async fn a_key_by_an_expression_comes_back<B: Base>(test: Test<B>) {
    test.create(JOBS).await;
    let job = Job {
        id: "ignored".into(),
        ..job("a")
    }
    .save(&test.pool)
    .await
    .unwrap();
    assert_eq!(job.id.len(), 32);
    assert_eq!(job.output.get().unwrap().job_id, job.id);
    assert_eq!(test.rows("jobs").await, [format!("{}|a|42", job.id)]);
    assert_eq!(test.rows("outputs").await, [format!("1|{}|of a", job.id)]);
}

async fn many_keys_by_an_expression_match_their_rows<B: Base>(test: Test<B>) {
    test.create(JOBS).await;
    let jobs = (0..600).map(|number| job(&number.to_string())).collect();
    let jobs = Job::save_all(jobs, &test.pool).await.unwrap();
    let keys = jobs.iter().map(Persistent::key);
    let found = Job::find_many(keys)
        .with(Job::OUTPUT)
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, jobs);
    assert!(
        jobs.iter()
            .enumerate()
            .all(|(number, job)| job.name == number.to_string())
    );
    assert!(
        jobs.iter()
            .all(|job| job.output.get().unwrap().text == format!("of {}", job.name))
    );
}

async fn the_value_of_a_generated_key_is_ignored<B: Base>(test: Test<B>) {
    test.create(models::USERS).await;
    let mut user = models::ada();
    user.id = 99;
    user.profile.get_mut().unwrap().id = 98;
    user.profile.get_mut().unwrap().user_id = 97;
    let user = user.save(&test.pool).await.unwrap();
    assert_eq!(user.key(), 1);
    assert_eq!(test.rows("profiles").await, ["1|1|old"]);
}

async fn generated_columns_are_read_back<B: Base>(test: Test<B>) {
    test.create(JOBS).await;
    let mut job = Job {
        stamp: 1,
        ..job("a")
    }
    .save(&test.pool)
    .await
    .unwrap();
    assert_eq!(job.stamp, 42);
    test.execute("UPDATE jobs SET stamp = 43").await;
    job.refresh(&test.pool).await.unwrap();
    assert_eq!(job.stamp, 43);
}
