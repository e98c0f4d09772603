//! Children that go are deleted by their own cascades.

use sqlx_cascade::{HasOne, Relations};

use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    with_delete_children_are_deleted_by_their_own_cascades,
    with_delete_orphan_a_child_that_leaves_is_deleted_with_its_cascades,
];

#[derive(Debug, Default, Relations)]
#[table(name = "grandparents")]
struct Grandparent {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    owner: HasOne<Heir>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "heirs")]
struct Heir {
    #[key(generated)]
    id: i64,
    #[one_to_one(Grandparent)]
    grandparent_id: i64,
    #[one_to_one]
    toy: HasOne<Toy>,
    #[one_to_one(cascade = "all, delete-orphan")]
    house: HasOne<House>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "toys")]
struct Toy {
    #[key(generated)]
    id: i64,
    #[one_to_one(Heir)]
    heir_id: Option<i64>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "houses")]
struct House {
    #[key(generated)]
    id: i64,
    #[one_to_one(Heir)]
    heir_id: i64,
}

const HEIRS: &str = "
    CREATE TABLE grandparents (id $id, name TEXT NOT NULL);
    CREATE TABLE heirs (id $id, grandparent_id BIGINT NOT NULL UNIQUE REFERENCES grandparents (id));
    CREATE TABLE toys (id $id, heir_id BIGINT UNIQUE REFERENCES heirs (id));
    CREATE TABLE houses (id $id, heir_id BIGINT NOT NULL UNIQUE REFERENCES heirs (id));
";

fn family() -> Grandparent {
    let (toy, house) = (Toy::default(), House::default());
    let heir = Heir {
        toy: toy.into(),
        house: house.into(),
        ..Heir::default()
    };
    Grandparent {
        owner: heir.into(),
        ..Grandparent::default()
    }
}

async fn with_delete_children_are_deleted_by_their_own_cascades<B: Base>(test: Test<B>) {
    test.create(HEIRS).await;
    family().save(&test.pool).await.unwrap();
    drop(test.sent());
    let report = Grandparent::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "released 1 toys",
            "deleted 1 houses",
            "deleted 1 heirs",
            "deleted 1 grandparents"
        ]
    );
    assert_eq!(
        test.sent(),
        [
            "UPDATE toys",
            "DELETE houses",
            "DELETE heirs",
            "DELETE grandparents"
        ]
    );
    assert_eq!(test.rows("toys").await, ["1|-"]);
    assert_eq!(test.rows("houses").await, NONE);
    assert_eq!(test.rows("heirs").await, NONE);
}

async fn with_delete_orphan_a_child_that_leaves_is_deleted_with_its_cascades<B: Base>(
    test: Test<B>,
) {
    test.create(HEIRS).await;
    family().save(&test.pool).await.unwrap();
    let mut root = Grandparent::find(1)
        .with(Grandparent::OWNER)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    root.owner.remove();
    let report = root.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["released 1 toys", "deleted 1 houses", "deleted 1 heirs"]
    );
    assert_eq!(
        test.sent(),
        ["UPDATE toys", "DELETE houses", "DELETE heirs"]
    );
    assert_eq!(test.rows("toys").await, ["1|-"]);
    assert_eq!(test.rows("grandparents").await, ["1|"]);
}
