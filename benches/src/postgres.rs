//! PostgreSQL, on the server that `cargo xtask bench` names: near, or behind a proxy that delays each round trip.

mod expert;

mod rows {
    use sqlx::{PgConnection, Row as _};

    use crate::by_hand::rows::row_by_row;

    row_by_row!(
        PgConnection,
        "BEGIN",
        std::convert::identity,
        |query, connection| query.fetch_one(connection).await?.try_get(0)?
    );
}

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use futures_core::future::LocalBoxFuture;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};

use crate::contender::{Contender as _, Outcome, Runner};
use crate::database::{DUMPS, Database, OTHERS, TAGS};
use crate::ours::Ours;
use crate::peers::diesel::postgres::Diesel;
use crate::peers::seaorm::SeaOrm;
use crate::{plain, proxy};
use expert::Expert;

pub const ROUND_TRIP: Duration = Duration::from_micros(500);

const VARIABLE: &str = "SQLX_CASCADE_POSTGRES_URL";

struct Postgres {
    title: String,
    contenders: Vec<Box<dyn Runner>>,
    /// Reads and prepares, without the delay.
    aside: Expert,
}

pub async fn open(delay: Option<Duration>) -> Outcome<Option<Box<dyn Database>>> {
    let Ok(url) = std::env::var(VARIABLE) else {
        eprintln!("PostgreSQL is left out: {VARIABLE} names no server");
        return Ok(None);
    };
    let near = options(&url)?;
    let url = match delay {
        None => url,
        Some(delay) => format!(
            "postgres://{}@127.0.0.1:{}/{}",
            near.get_username(),
            proxy::start(&near, delay)?,
            near.get_database().unwrap_or_default()
        ),
    };
    let through = options(&url)?;
    let mut aside = near.connect().await?;
    aside.execute(include_str!("postgres/schema.sql")).await?;
    let trip = round_trip(&mut through.connect().await?).await?;
    let place = delay.map_or("loopback", |_| "0.5 ms per round trip");
    eprintln!("  a round trip takes {} µs", trip.as_micros());
    Ok(Some(Box::new(Postgres {
        title: format!("PostgreSQL, {place}"),
        contenders: vec![
            Box::new(Expert(through.connect().await?)),
            Box::new(Ours(through.connect().await?)),
            Box::new(rows::Rows(through.connect().await?)),
            Box::new(SeaOrm::connect::<sqlx::Postgres>(through).await?),
            Box::new(Diesel(in_diesel(&url)?)),
        ],
        aside: Expert(aside),
    })))
}

/// The disk is the same for all of them, and its time no one's merit.
const NO_DISK: (&str, &str) = ("synchronous_commit", "off");

fn options(url: &str) -> Outcome<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)?.options([NO_DISK]))
}

fn in_diesel(url: &str) -> Outcome<diesel::PgConnection> {
    let mut connection = diesel::PgConnection::establish(url)?;
    let (name, value) = NO_DISK;
    connection.batch_execute(&format!("SET {name} = {value}"))?;
    Ok(connection)
}

/// The least time that a round trip takes.
async fn round_trip(connection: &mut PgConnection) -> Outcome<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..50 {
        let start = Instant::now();
        connection.execute("").await?;
        least = least.min(start.elapsed());
    }
    Ok(least)
}

impl Database for Postgres {
    fn title(&self) -> &str {
        &self.title
    }

    fn contenders(&mut self) -> &mut [Box<dyn Runner>] {
        &mut self.contenders
    }

    fn seed(&mut self, posts: usize) -> LocalBoxFuture<'_, Outcome<i64>> {
        Box::pin(async move { Ok(self.aside.insert(plain::user(posts)).await?.id) })
    }

    fn reset(&mut self) -> LocalBoxFuture<'_, Outcome> {
        Box::pin(async move {
            let truncate = "TRUNCATE album_tags, albums, tags, nodes, comments, posts, profiles, users RESTART IDENTITY";
            self.aside.0.execute(truncate).await?;
            let tags = "INSERT INTO tags SELECT n, 'tag ' || n FROM generate_series(1, $1) AS n";
            sqlx::query(tags)
                .bind(TAGS)
                .execute(&mut self.aside.0)
                .await?;
            for text in OTHERS {
                self.aside.0.execute(text).await?;
            }
            self.aside.0.execute("VACUUM ANALYZE").await?;
            Ok(())
        })
    }

    fn dump(&mut self) -> LocalBoxFuture<'_, Outcome<Vec<String>>> {
        Box::pin(async move {
            let mut rows = Vec::new();
            for text in DUMPS {
                rows.extend(
                    sqlx::query_scalar(text)
                        .fetch_all(&mut self.aside.0)
                        .await?,
                );
            }
            Ok(rows)
        })
    }
}
