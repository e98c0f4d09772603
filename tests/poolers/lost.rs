//! A connection that is lost.

use sqlx::Postgres;
use sqlx::postgres::PgPoolOptions;
use sqlx_cascade::{ErrorKind, Unnamed};

use crate::models::{User, user};
use crate::place::{Place, client};
use crate::proxy::{Cut, Proxy};

/// It has written nothing, so that there is no outcome to be unknown, also where the answer to its COMMIT is lost.
#[tokio::test]
async fn a_read_has_no_outcome() {
    let Some(place) = Place::open().await else {
        return;
    };
    let other = client(place.direct());
    let ada = user("ada").save(Unnamed(&other)).await.unwrap();
    let proxy = Proxy::<Postgres>::new(place.direct(), PgPoolOptions::new()).await;
    let mut lost = Vec::new();
    for at in 0.. {
        proxy.arm(Cut::After(at));
        let found = User::find(ada.id).one(Unnamed(&proxy.pool)).await;
        let (was_cut, mut seen) = proxy.disarm();
        if !was_cut {
            assert_eq!(found.unwrap().name, "ada");
            break;
        }
        let Err(error) = found else {
            // Before it began: the pool connects once more.
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::Database, "{error}");
        lost.extend(seen.pop());
    }
    assert_eq!(lost.last().map(String::as_str), Some("COMMIT"), "{lost:?}");
}
