//! `passive_deletes` and `passive_deletes = "all"`.

use sqlx_cascade::{HasOne, Relations};

use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    passive_deletes_leaves_the_subtree_to_the_database,
    statements_run_from_the_first_key_that_does_not_cascade,
    passive_deletes_of_a_nullable_key_leaves_the_release_to_the_database,
    passive_all_never_touches_the_children,
];

#[derive(Debug, Default, Relations)]
#[table(name = "tops")]
struct Top {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
    middle: HasOne<Middle>,
    #[one_to_one(passive_deletes)]
    free: HasOne<Free>,
    #[one_to_one(passive_deletes = "all")]
    stray: HasOne<Stray>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "middles")]
struct Middle {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top, on_delete = "cascade")]
    top_id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    bottom: HasOne<Bottom>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "bottoms")]
struct Bottom {
    #[key(generated)]
    id: i64,
    #[one_to_one(Middle)]
    middle_id: i64,
}

#[derive(Debug, Default, Relations)]
#[table(name = "frees")]
struct Free {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top, on_delete = "set null")]
    top_id: Option<i64>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "strays")]
struct Stray {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top)]
    top_id: Option<i64>,
}

const TOPS: &str = "
    CREATE TABLE tops (id $id, name TEXT NOT NULL);
    CREATE TABLE middles (id $id, top_id BIGINT NOT NULL UNIQUE REFERENCES tops (id) ON DELETE CASCADE);
    CREATE TABLE bottoms (id $id, middle_id BIGINT NOT NULL UNIQUE REFERENCES middles (id) ON DELETE $bottom);
    CREATE TABLE frees (id $id, top_id BIGINT UNIQUE REFERENCES tops (id) ON DELETE SET NULL);
    CREATE TABLE strays (id $id, top_id BIGINT UNIQUE);
    INSERT INTO tops (name) VALUES ('a');
    INSERT INTO middles (top_id) VALUES (1);
    INSERT INTO bottoms (middle_id) VALUES (1);
    INSERT INTO frees (top_id) VALUES (1);
    INSERT INTO strays (top_id) VALUES (1);
";

/// `Middle` with a key below it that cascades in the database too.
mod cascading {
    use sqlx_cascade::{HasOne, Relations};

    #[derive(Debug, Default, Relations)]
    #[table(name = "tops")]
    pub(super) struct Top {
        #[key(generated)]
        id: i64,
        #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
        middle: HasOne<Middle>,
    }

    #[derive(Debug, Default, Relations)]
    #[table(name = "middles")]
    struct Middle {
        #[key(generated)]
        id: i64,
        #[one_to_one(Top, on_delete = "cascade")]
        top_id: i64,
        #[one_to_one(cascade = "all, delete-orphan")]
        bottom: HasOne<Bottom>,
    }

    #[derive(Debug, Default, Relations)]
    #[table(name = "bottoms")]
    struct Bottom {
        #[key(generated)]
        id: i64,
        #[one_to_one(Middle, on_delete = "cascade")]
        middle_id: i64,
    }
}

async fn passive_deletes_leaves_the_subtree_to_the_database<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "CASCADE")).await;
    let report = cascading::Top::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 tops"]);
    assert_eq!(test.sent(), ["DELETE tops"]);
    assert_eq!(test.rows("middles").await, NONE);
    assert_eq!(test.rows("bottoms").await, NONE);
}

async fn statements_run_from_the_first_key_that_does_not_cascade<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "RESTRICT")).await;
    let report = Top::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 bottoms", "deleted 1 tops"]);
    assert_eq!(test.sent(), ["DELETE bottoms", "DELETE tops"]);
    assert_eq!(test.rows("middles").await, NONE);
}

async fn passive_deletes_of_a_nullable_key_leaves_the_release_to_the_database<B: Base>(
    test: Test<B>,
) {
    test.create(&TOPS.replace("$bottom", "RESTRICT")).await;
    Top::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE bottoms", "DELETE tops"]);
    assert_eq!(test.rows("frees").await, ["1|-"]);
}

async fn passive_all_never_touches_the_children<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "RESTRICT")).await;
    let top = Top::find(1).with(Top::STRAY).one(&test.pool).await.unwrap();
    let value = top.delete(&test.pool).await.unwrap();
    assert!(value.stray.is_not_loaded());
    assert_eq!(test.rows("strays").await, ["1|1"]);
}
