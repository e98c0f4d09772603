//! Two tables whose rows refer to each other by keys that can't be NULL. Where the database checks foreign keys at the end of a statement, one
//! statement writes both; elsewhere no order does.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    both_are_new,
    a_new_row_that_holds_the_other,
    both_are_deleted,
    both_leave,
    what_the_database_fills_in_is_read,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shops")]
struct Shop {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    teams: HasMany<Team>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "teams")]
struct Team {
    #[key]
    name: String,
    #[many_to_one(Shop)]
    shop_id: Option<i64>,
    #[many_to_one]
    lead: BelongsTo<Member>,
    #[column(generated)]
    since: Option<i64>,
    #[one_to_many(cascade = "all, delete-orphan")]
    members: HasMany<Member>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "members")]
struct Member {
    #[key]
    name: String,
    #[many_to_one(Team)]
    team_name: String,
}

async fn teams<B: Base>(test: &Test<B>) {
    let lead = if B::SERVICE == "sqlite" {
        " REFERENCES members (name)"
    } else {
        ""
    };
    test.create(&format!(
        "
        CREATE TABLE shops (id $id, filler TEXT);
        CREATE TABLE teams (name TEXT NOT NULL PRIMARY KEY, shop_id BIGINT REFERENCES shops (id), lead_id TEXT NOT NULL{lead}, since BIGINT DEFAULT 7);
        CREATE TABLE members (name TEXT NOT NULL PRIMARY KEY, team_name TEXT NOT NULL REFERENCES teams (name));
    "
    ))
    .await;
    if lead.is_empty() {
        test.create("ALTER TABLE teams ADD FOREIGN KEY (lead_id) REFERENCES members (name);")
            .await;
    }
}

fn team(name: &str, members: [&str; 2]) -> Team {
    let lead = BelongsTo::to(members[0].into());
    let members = members.map(|name| Member {
        name: name.into(),
        ..Member::default()
    });
    Team {
        name: name.into(),
        lead,
        members: members.to_vec().into(),
        ..Team::default()
    }
}

/// Whether the database can; where not, nothing is sent.
async fn saved<B: Base>(test: &Test<B>, teams: Vec<Team>) -> Option<Vec<Persistent<Team>>> {
    drop(test.sent());
    let saved = Team::save_all(teams, &test.pool).await;
    if B::SERVICE == "postgres" {
        return Some(saved.unwrap());
    }
    let error = saved.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contradiction, "{error}");
    assert_eq!(test.sent(), NONE);
    None
}

async fn both_are_new<B: Base>(test: Test<B>) {
    teams(&test).await;
    let new = vec![team("red", ["ann", "bob"]), team("blue", ["cid", "dan"])];
    let Some(mut teams) = saved(&test, new).await else {
        return;
    };
    let sent = test.sent();
    assert_eq!(sent.len(), 2, "both, and what is filled in: {sent:#?}");
    assert_eq!(test.rows("teams").await, ["blue|-|cid|7", "red|-|ann|7"]);
    assert_eq!(
        test.rows("members").await,
        ["ann|red", "bob|red", "cid|blue", "dan|blue"]
    );
    assert_eq!(teams[0].members[1].team_name, "red");
    drop(test.sent());
    assert!(
        Persistent::save_all(&mut teams, &test.pool)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(test.sent(), NONE);
}

async fn what_the_database_fills_in_is_read<B: Base>(test: Test<B>) {
    teams(&test).await;
    let new = vec![team("red", ["ann", "bob"]), team("blue", ["cid", "dan"])];
    let Some(teams) = saved(&test, new).await else {
        return;
    };
    assert_eq!([teams[0].since, teams[1].since], [Some(7), Some(7)]);
}

async fn a_new_row_that_holds_the_other<B: Base>(test: Test<B>) {
    teams(&test).await;
    let lead = BelongsTo::new(Member {
        name: "ann".into(),
        team_name: "red".into(),
    });
    let new = Team {
        name: "red".into(),
        lead,
        ..Team::default()
    };
    let Some(teams) = saved(&test, vec![new]).await else {
        return;
    };
    assert_eq!(teams[0].lead.key().unwrap(), "ann");
    assert_eq!(test.rows("teams").await, ["red|-|ann|7"]);
    assert_eq!(test.rows("members").await, ["ann|red"]);
}

const THERE: &str = "
    INSERT INTO shops (filler) VALUES (NULL);
    WITH t AS (INSERT INTO teams VALUES ('red', 1, 'ann'), ('blue', 1, 'cid'))
    INSERT INTO members VALUES ('ann', 'red'), ('bob', 'red'), ('cid', 'blue');
";

const THERE_ON_SQLITE: &str = "
    INSERT INTO shops (filler) VALUES (NULL);
    BEGIN;
    PRAGMA defer_foreign_keys = ON;
    INSERT INTO teams (name, shop_id, lead_id) VALUES ('red', 1, 'ann'), ('blue', 1, 'cid');
    INSERT INTO members VALUES ('ann', 'red'), ('bob', 'red'), ('cid', 'blue');
    COMMIT;
";

const THERE_ON_MYSQL: &str = "
    INSERT INTO shops (filler) VALUES (NULL);
    SET foreign_key_checks = 0;
    INSERT INTO teams (name, shop_id, lead_id) VALUES ('red', 1, 'ann'), ('blue', 1, 'cid');
    INSERT INTO members VALUES ('ann', 'red'), ('bob', 'red'), ('cid', 'blue');
    SET foreign_key_checks = 1;
";

async fn there<B: Base>(test: &Test<B>) {
    teams(test).await;
    let rows = match B::SERVICE {
        "sqlite" => THERE_ON_SQLITE,
        "mysql" => THERE_ON_MYSQL,
        _ => THERE,
    };
    test.execute(rows).await;
}

async fn both_are_deleted<B: Base>(test: Test<B>) {
    there(&test).await;
    if B::SERVICE != "postgres" {
        let result = Team::delete_by_key("red".to_owned(), &test.pool).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
        assert_eq!(test.rows("teams").await, ["blue|1|cid|7", "red|1|ann|7"]);
        assert_eq!(test.rows("members").await.len(), 3);
        return;
    }
    drop(test.sent());
    let report = Team::delete_by_key("red".to_owned(), &test.pool).await;
    assert_eq!(
        changes(&report.unwrap()),
        ["deleted 2 members", "deleted 1 teams"]
    );
    let sent = test.sent();
    assert_eq!(sent.len(), 1, "both at once: {sent:#?}");
    assert_eq!(test.rows("teams").await, ["blue|1|cid|7"]);
    assert_eq!(test.rows("members").await, ["cid|blue"]);
    Shop::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("teams").await, NONE);
    assert_eq!(test.rows("members").await, NONE);
    let gone = Team::delete_by_key("red".to_owned(), &test.pool).await;
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn both_leave<B: Base>(test: Test<B>) {
    there(&test).await;
    let find = Shop::find(1).with(Shop::TEAMS.then(Team::MEMBERS));
    let mut shop = find.one(&test.pool).await.unwrap();
    shop.teams.remove(0);
    let saved = shop.save(&test.pool).await;
    if B::SERVICE != "postgres" {
        assert_eq!(saved.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
        assert_eq!(test.rows("members").await.len(), 3);
        return;
    }
    assert_eq!(test.rows("teams").await.len(), 1);
    shop.teams.clear();
    shop.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("teams").await, NONE);
    assert_eq!(test.rows("members").await, NONE);
}
