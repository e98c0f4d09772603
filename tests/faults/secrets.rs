//! No error and no log line repeats a value.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::json;
use sqlx::{Database as _, Postgres, Sqlite};
use sqlx_cascade::{Error, ErrorKind, Persistent};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::home::{Home, Kind, on_each};
use crate::models::{Profile, User, profile, user};
use crate::operation::{Operation, Writes as _, everything};

/// In every value.
const SECRET: &str = "s3cret";

/// What the library logs, all tests together.
static LOG: Mutex<String> = Mutex::new(String::new());

struct Logged;

impl<S: Subscriber> Layer<S> for Logged {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("sqlx_cascade") {
            let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
            event.record(&mut Text(&mut log));
            log.push('\n');
        }
    }
}

struct Text<'t>(&'t mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

fn logged() -> String {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn listen() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Logged);
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    });
}

#[track_caller]
fn silent(error: &Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{error}");
    let mut text = format!(
        "{error} {error:?} {:?} {:?}",
        error.path(),
        error.constraint()
    );
    let mut source = error.source();
    while let Some(error) = source {
        let _ = write!(text, "{error} {error:?}");
        source = error.source();
    }
    assert!(!text.contains(SECRET), "{text}");
}

on_each!(
    a_violated_constraint_is_silent,
    what_a_trigger_says_is_silent,
    a_payload_that_does_not_fit_is_silent,
    a_row_that_cannot_be_read_is_silent,
    a_log_has_texts_and_no_values
);

async fn a_violated_constraint_is_silent<DB: Kind>(home: Home<DB>) {
    listen();
    home.run(
        "CREATE UNIQUE INDEX names ON users (name); CREATE UNIQUE INDEX bios ON profiles (bio)",
    )
    .await;
    user(SECRET).save(&home.pool).await.expect("the first");
    let error = user(SECRET)
        .save(&home.pool)
        .await
        .expect_err("a name twice");
    silent(&error, ErrorKind::UniqueViolation);
    assert_eq!(error.path(), "User");
    let twice = User {
        name: "other".into(),
        profile: profile(SECRET).into(),
        ..User::default()
    };
    let error = twice.save(&home.pool).await.expect_err("a bio twice");
    silent(&error, ErrorKind::UniqueViolation);
    assert_eq!(error.path(), "User.profile");

    let stray = Profile {
        user_id: 99,
        bio: format!("{SECRET} stray"),
        ..Profile::default()
    };
    let error = stray.save(&home.pool).await.expect_err("no such user");
    silent(&error, ErrorKind::ForeignKeyViolation);
    assert_eq!(error.path(), "Profile");
    assert!(!logged().contains(SECRET));
}

async fn what_a_trigger_says_is_silent<DB: Kind>(home: Home<DB>) {
    listen();
    for operation in [Operation::Change, Operation::Delete, Operation::Merge] {
        home.reset().await;
        home.run(&format!(
            "UPDATE users SET name = '{SECRET}'; UPDATE profiles SET bio = '{SECRET}' || id"
        ))
        .await;
        let mut memory = operation.memory(&home.pool).await;
        for user in &mut memory.users {
            user.name = format!("{SECRET} too");
        }
        let kind = if operation == Operation::Delete {
            "DELETE"
        } else {
            "UPDATE"
        };
        home.fail(&format!("{kind} users")).await;
        let error = operation
            .run(&mut memory, &home.pool)
            .await
            .expect_err("a fault");
        silent(&error, ErrorKind::Database);
    }
}

async fn a_payload_that_does_not_fit_is_silent<DB: Kind>(home: Home<DB>) {
    listen();
    let mut ann: Persistent<User> = everything(&[1], &home.pool).await.remove(0);
    let before = home.rows().await;
    for payload in [
        json!({ "name": { SECRET: SECRET } }),
        json!({ "id": SECRET }),
        json!({ "profile": { "id": 1, "version": SECRET } }),
        json!({ "profile": SECRET }),
        json!({ "profile": [SECRET] }),
        json!({ "version": 1e99, "name": SECRET }),
        json!(SECRET),
    ] {
        let was = (*ann).clone();
        let error = ann
            .patch(payload.clone())
            .expect_err("a payload that does not fit");
        silent(&error, ErrorKind::InvalidPayload);
        let error = User::patch(1, payload, &home.pool)
            .await
            .expect_err("a payload that does not fit");
        silent(&error, ErrorKind::InvalidPayload);
        assert!(error.path().starts_with("User"), "{error}");
        assert_eq!(*ann, was);
    }
    assert_eq!(home.rows().await, before);
    let theirs = json!({ "name": SECRET, "profile": { "id": 2, "bio": SECRET } });
    silent(
        &ann.patch(theirs).expect_err("not its own"),
        ErrorKind::NotOwned,
    );
}

async fn a_row_that_cannot_be_read_is_silent<DB: Kind>(home: Home<DB>) {
    listen();
    // A text where a number is expected: SQLite stores what it is given, the others have another type of column.
    let sabotage = match DB::NAME {
        Sqlite::NAME => format!("UPDATE profiles SET version = '{SECRET}'"),
        Postgres::NAME => format!("ALTER TABLE profiles ALTER version TYPE text USING '{SECRET}'"),
        _ => format!(
            "ALTER TABLE profiles MODIFY version VARCHAR(20); UPDATE profiles SET version = '{SECRET}'"
        ),
    };
    home.run(&sabotage).await;
    let error = User::find(1)
        .with(User::PROFILE)
        .one(&home.pool)
        .await
        .expect_err("a value of another type");
    silent(&error, ErrorKind::Database);
}

async fn a_log_has_texts_and_no_values<DB: Kind>(home: Home<DB>) {
    listen();
    let mut user = user(SECRET).save(&home.pool).await.expect("a save");
    user.name = format!("{SECRET} too");
    user.profile.set(profile(&format!("{SECRET} new")));
    let plan = user.plan().expect("a plan");
    assert!(!format!("{plan} {plan:?}").contains(SECRET));
    let report = user.save(&home.pool).await.expect("a save");
    assert!(!format!("{report} {report:?}").contains(SECRET));
    user.delete(&home.pool).await.expect("a delete");
    let log = logged();
    for word in ["INSERT INTO", "UPDATE", "DELETE FROM"] {
        assert!(log.contains(word), "{word} is not in the log");
    }
    assert!(!log.contains(SECRET));
}
