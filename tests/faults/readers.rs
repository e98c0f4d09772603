//! Reading fails: a handle is as it was, and holds nothing that was read halfway.

use sqlx::Pool;
use sqlx_cascade::{Db, Error, ErrorKind, Persistent};

use crate::blog::BLOG;
use crate::blog_readers::BlogRead;
use crate::dropped::{When, polled};
use crate::home::{Home, Kind, Served, on_each};
use crate::models::{Profile, USERS, User};
use crate::operation::everything;
use crate::proxy::Cut;

/// Something that reads into memory.
pub(crate) trait Reads: Copy + std::fmt::Debug + 'static {
    type Memory;

    const ALL: &'static [Self];

    const TABLES: &'static [&'static str];

    /// Memory to read into, with changes that no failure may lose.
    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Self::Memory;

    async fn run<D: Db>(self, memory: &mut Self::Memory, db: D) -> Result<(), Error>;

    /// Whether it reads this table.
    fn reads(self, table: &str) -> bool;

    /// Everything was read.
    async fn done<DB: Kind>(self, memory: Self::Memory, home: &Home<DB>);

    /// All that can be seen of it.
    fn seen(memory: &Self::Memory) -> String;
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Read {
    Find,
    Load,
    Refresh,
}

impl Reads for Read {
    type Memory = Persistent<User>;

    const ALL: &'static [Self] = &[Self::Find, Self::Load, Self::Refresh];

    const TABLES: &'static [&'static str] = &["users", "profiles", "pictures"];

    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Persistent<User> {
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

    async fn run<D: Db>(self, user: &mut Persistent<User>, db: D) -> Result<(), Error> {
        let relation = User::PROFILE.then(Profile::PICTURE);
        match self {
            Self::Find => *user = User::find(1).with(relation).one(db).await?,
            Self::Load => user.load(relation, db).await?,
            Self::Refresh => user.refresh(db).await?,
        }
        Ok(())
    }

    fn reads(self, table: &str) -> bool {
        !matches!((self, table), (Self::Load, "users"))
    }

    async fn done<DB: Kind>(self, user: Persistent<User>, _: &Home<DB>) {
        let profile = user.profile.get().expect("the profile");
        assert_eq!(profile.bio, "bio of ann");
        assert_eq!(profile.picture.get().expect("the picture").path, "ann.png");
        let name = if let Self::Load = self { "anna" } else { "ann" };
        assert_eq!(user.name, name);
    }

    fn seen(user: &Persistent<User>) -> String {
        format!(
            "{:?} {:?} {:?}",
            **user,
            user.plan(),
            user.changed_columns()
        )
    }
}

on_each!(what_vanished_is_not_found);

/// The three ways to fail, for the reads of a family.
macro_rules! failing_reads {
    ($module:ident: $read:ty, $family:expr) => {
        mod $module {
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                let home = Home::<sqlx::Sqlite>::of(&$family).await;
                let home = home.expect("SQLite is embedded");
                a_query_that_fails_reads_nothing::<_, $read>(&home).await;
                a_future_that_is_dropped_reads_nothing::<_, $read>(home).await;
            }

            async fn on_a_server<DB: Served>() {
                let Some(home) = Home::<DB>::of(&$family).await else {
                    return;
                };
                a_query_that_fails_reads_nothing::<_, $read>(&home).await;
                a_future_that_is_dropped_reads_nothing::<_, $read>(home.clone()).await;
                a_connection_that_is_lost_reads_nothing::<_, $read>(home).await;
            }

            #[tokio::test]
            async fn postgres() {
                on_a_server::<sqlx::Postgres>().await;
            }

            #[tokio::test]
            async fn mysql() {
                on_a_server::<sqlx::MySql>().await;
            }
        }
    };
}

failing_reads!(users: Read, USERS);
failing_reads!(blogs: BlogRead, BLOG);

async fn a_query_that_fails_reads_nothing<DB: Kind, R: Reads>(home: &Home<DB>) {
    for read in R::ALL {
        for table in R::TABLES.iter().filter(|table| read.reads(table)) {
            let mut memory = read.memory(&home.pool).await;
            let was = R::seen(&memory);
            home.run(&format!("ALTER TABLE {table} RENAME TO hidden"))
                .await;
            let done = read.run(&mut memory, &home.pool).await;
            home.run(&format!("ALTER TABLE hidden RENAME TO {table}"))
                .await;
            let place = format!("{read:?} {table}");
            let error = done.expect_err(&place);
            assert_eq!(error.kind(), ErrorKind::Database, "{place}: {error}");
            assert_eq!(R::seen(&memory), was, "{place}");
            again(*read, memory, home).await;
        }
    }
}

async fn again<DB: Kind, R: Reads>(read: R, mut memory: R::Memory, home: &Home<DB>) {
    let done = read.run(&mut memory, &home.pool).await;
    done.expect("the same call, repeated");
    read.done(memory, home).await;
}

async fn a_future_that_is_dropped_reads_nothing<DB: Kind, R: Reads>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    for read in R::ALL {
        for when in [When::Waiting, When::Woken] {
            for times in 0.. {
                let mut memory = read.memory(&home.pool).await;
                let was = R::seen(&memory);
                if let Some(done) = polled(read.run(&mut memory, &home.pool), times, when).await {
                    done.expect("the read without a fault");
                    break;
                }
                let place = format!("{read:?} {when:?} after {times} polls");
                assert_eq!(R::seen(&memory), was, "{place}");
                home.usable().await;
                again(*read, memory, &home).await;
            }
        }
    }
}

async fn what_vanished_is_not_found<DB: Kind>(home: Home<DB>) {
    let mut user = Read::Refresh.memory(&home.pool).await;
    let mut bare = Read::Load.memory(&home.pool).await;
    home.run("DELETE FROM users WHERE id = 1").await;
    let (was, bare_was) = (Read::seen(&user), Read::seen(&bare));
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
    assert_eq!((Read::seen(&user), Read::seen(&bare)), (was, bare_was));
}

async fn a_connection_that_is_lost_reads_nothing<DB: Served, R: Reads>(mut home: Home<DB>) {
    let proxy = DB::proxy(&home.place).await;
    home.pool = proxy.pool.clone();
    for read in R::ALL {
        for cut in [Cut::Before, Cut::After] {
            for at in 0.. {
                let mut memory = read.memory(&home.pool).await;
                let was = R::seen(&memory);
                proxy.arm(cut(at));
                let done = read.run(&mut memory, &home.pool).await;
                if let (false, _) = proxy.disarm() {
                    done.expect("the read without a fault");
                    break;
                }
                let error = done.expect_err("a lost connection");
                assert_eq!(error.kind(), ErrorKind::Database, "{error}");
                assert_eq!(R::seen(&memory), was, "{read:?} {:?}", cut(at));
                again(*read, memory, &home).await;
            }
        }
    }
}
