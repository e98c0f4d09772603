//! Reading fails: a handle is as it was, and holds nothing that was read halfway.

use sqlx::Pool;
use sqlx_cascade::{Error, ErrorKind, Persistent};

use crate::dropped::{When, polled};
use crate::home::{Home, Kind, on_both};
use crate::models::{Profile, User};
use crate::operation::everything;
use crate::proxy::{Cut, Proxy};

#[derive(Debug, Clone, Copy)]
enum Read {
    Find,
    Load,
    Refresh,
}

const READS: [Read; 3] = [Read::Find, Read::Load, Read::Refresh];

impl Read {
    /// A handle to read into, with changes that no failure may lose.
    async fn handle<DB: Kind>(self, pool: &Pool<DB>) -> Persistent<User> {
        let mut user = match self {
            Self::Find | Self::Load => User::find(1).one(pool).await.expect("the user"),
            Self::Refresh => everything(&[1], pool).await.remove(0),
        };
        "anna".clone_into(&mut user.name);
        if let Self::Refresh = self {
            user.profile.get_mut().unwrap().bio = "new bio".into();
            user.profile.get_mut().unwrap().picture.remove();
        }
        user
    }

    async fn run<DB: Kind>(
        self,
        user: &mut Persistent<User>,
        pool: &Pool<DB>,
    ) -> Result<(), Error> {
        let relation = User::PROFILE.then(Profile::PICTURE);
        match self {
            Self::Find => *user = User::find(1).with(relation).one(pool).await?,
            Self::Load => user.load(relation, pool).await?,
            Self::Refresh => user.refresh(pool).await?,
        }
        Ok(())
    }

    fn done(self, user: &Persistent<User>) {
        let profile = user.profile.get().expect("the profile");
        assert_eq!(profile.bio, "bio of ann");
        assert_eq!(profile.picture.get().expect("the picture").path, "ann.png");
        let name = if let Self::Load = self { "anna" } else { "ann" };
        assert_eq!(user.name, name);
    }
}

fn seen(user: &Persistent<User>) -> (User, String, Vec<&'static str>) {
    (
        (**user).clone(),
        format!("{:?}", user.plan()),
        user.changed_columns(),
    )
}

on_both!(
    a_query_that_fails_reads_nothing,
    a_future_that_is_dropped_reads_nothing,
    what_vanished_is_not_found
);

async fn a_query_that_fails_reads_nothing<DB: Kind>(home: Home<DB>) {
    for read in READS {
        for table in ["users", "profiles", "pictures"] {
            let mut user = read.handle(&home.pool).await;
            let was = seen(&user);
            home.run(&format!("ALTER TABLE {table} RENAME TO hidden"))
                .await;
            let done = read.run(&mut user, &home.pool).await;
            home.run(&format!("ALTER TABLE hidden RENAME TO {table}"))
                .await;
            if let (Read::Load, "users", Ok(())) = (read, table, &done) {
                continue;
            }
            let error = done.expect_err(table);
            assert_eq!(
                error.kind(),
                ErrorKind::Database,
                "{read:?} {table}: {error}"
            );
            assert_eq!(seen(&user), was, "{read:?} {table}");
            read.run(&mut user, &home.pool)
                .await
                .expect("the same call, repeated");
            read.done(&user);
        }
    }
}

async fn a_future_that_is_dropped_reads_nothing<DB: Kind>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    for read in READS {
        for when in [When::Waiting, When::Woken] {
            for times in 0.. {
                let mut user = read.handle(&home.pool).await;
                let was = seen(&user);
                if let Some(done) = polled(read.run(&mut user, &home.pool), times, when).await {
                    done.expect("the read without a fault");
                    break;
                }
                assert_eq!(seen(&user), was, "{read:?} {when:?} after {times} polls");
                home.usable().await;
                read.run(&mut user, &home.pool)
                    .await
                    .expect("the same call, repeated");
                read.done(&user);
            }
        }
    }
}

async fn what_vanished_is_not_found<DB: Kind>(home: Home<DB>) {
    let mut user = Read::Refresh.handle(&home.pool).await;
    let mut bare = Read::Load.handle(&home.pool).await;
    home.run("DELETE FROM users WHERE id = 1").await;
    let (was, bare_was) = (seen(&user), seen(&bare));
    let missing = [
        user.refresh(&home.pool).await.expect_err("refresh"),
        bare.load(User::PROFILE, &home.pool)
            .await
            .expect_err("load"),
        bare.detach(User::PROFILE, &home.pool)
            .await
            .expect_err("detach"),
        User::find(1).one(&home.pool).await.expect_err("find"),
        User::delete_by_key(1, &home.pool)
            .await
            .expect_err("delete_by_key"),
        User::merge(
            User {
                id: 1,
                ..User::default()
            },
            &home.pool,
        )
        .await
        .expect_err("merge"),
        User::patch(1, serde_json::json!({}), &home.pool)
            .await
            .expect_err("patch"),
    ];
    for error in missing {
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::NotFound, "User"),
            "{error}"
        );
    }
    assert_eq!((seen(&user), seen(&bare)), (was, bare_was));
}

#[tokio::test]
async fn a_connection_that_is_lost_reads_nothing() {
    let Some(mut home) = Home::<sqlx::Postgres>::open().await else {
        return;
    };
    let proxy = Proxy::new(home.place.options()).await;
    home.pool = proxy.pool.clone();
    for read in READS {
        for cut in [Cut::Before, Cut::After] {
            for at in 0.. {
                let mut user = read.handle(&home.pool).await;
                let was = seen(&user);
                proxy.arm(cut(at));
                let done = read.run(&mut user, &home.pool).await;
                if let (false, _) = proxy.disarm() {
                    done.expect("the read without a fault");
                    break;
                }
                let error = done.expect_err("a lost connection");
                assert_eq!(error.kind(), ErrorKind::Database, "{error}");
                assert_eq!(seen(&user), was);
                read.run(&mut user, &home.pool)
                    .await
                    .expect("the same call, repeated");
                read.done(&user);
            }
        }
    }
}
