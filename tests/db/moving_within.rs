//! Moves between relations of one parent, and out of rows that leave.

use sqlx_cascade::{ErrorKind, HasOne, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    between_two_relations_of_one_parent_the_old_key_is_cleared,
    out_of_a_row_that_leaves_in_the_same_save,
    out_of_the_depth_of_a_subtree_that_leaves,
    out_of_a_whole_that_leaves,
    what_was_expunged_and_not_adopted_leaves_with_its_parent,
    deleting_a_parent_takes_what_was_not_adopted_yet,
    out_of_a_row_that_is_released_into_the_row_that_takes_its_place,
    out_of_a_row_that_is_deleted_into_the_row_that_takes_its_place,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shelves")]
struct Shelf {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan", back_populates = left_of)]
    left: HasOne<Carton>,
    #[one_to_one(cascade = "all, delete-orphan", back_populates = right_of)]
    right: HasOne<Carton>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cartons")]
struct Carton {
    #[key(generated)]
    id: i64,
    #[one_to_one(Shelf)]
    left_of: Option<i64>,
    #[one_to_one(Shelf)]
    right_of: Option<i64>,
    #[one_to_one(cascade = "all, delete-orphan")]
    tray: HasOne<Tray>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "trays")]
struct Tray {
    #[key(generated)]
    id: i64,
    #[one_to_one(Carton)]
    carton_id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    jar: HasOne<Jar>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "jars")]
struct Jar {
    #[key(generated)]
    id: i64,
    #[one_to_one(Tray)]
    tray_id: i64,
}

const SHELVES: &str = "
    CREATE TABLE shelves (id $id, filler TEXT);
    CREATE TABLE cartons (id $id, left_of BIGINT UNIQUE REFERENCES shelves (id), right_of BIGINT UNIQUE REFERENCES shelves (id));
    CREATE TABLE trays (id $id, carton_id BIGINT NOT NULL UNIQUE REFERENCES cartons (id));
    CREATE TABLE jars (id $id, tray_id BIGINT NOT NULL UNIQUE REFERENCES trays (id));
";

fn carton() -> Carton {
    let tray = Tray {
        jar: Jar::default().into(),
        ..Tray::default()
    };
    Carton {
        tray: tray.into(),
        ..Carton::default()
    }
}

/// A shelf with carton 1 on its left, full, and carton 2 on its right, empty.
fn shelf() -> Shelf {
    let right = Carton {
        tray: HasOne::empty(),
        ..Carton::default()
    };
    Shelf {
        left: carton().into(),
        right: right.into(),
        ..Shelf::default()
    }
}

async fn between_two_relations_of_one_parent_the_old_key_is_cleared<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let shelf = Shelf {
        left: carton().into(),
        right: HasOne::empty(),
        ..Shelf::default()
    };
    let mut shelf = shelf.save(&test.pool).await.unwrap();
    let carton = shelf.left.expunge().unwrap();
    shelf.right.adopt(carton);
    drop(test.sent());
    let report = test.save_as_planned(&mut shelf).await;
    assert_eq!(changes(&report), ["moved 1 cartons"]);
    assert_eq!(test.sent(), ["UPDATE cartons"]);
    assert_eq!(test.rows("cartons").await, ["1|-|1"]);
    let carton = shelf.right.get().unwrap();
    assert_eq!((carton.left_of, carton.right_of), (None, Some(1)));
    assert_eq!(test.rows("jars").await, ["1|1"]);
    let carton = shelf.right.expunge().unwrap();
    shelf.left.adopt(carton);
    test.save_as_planned(&mut shelf).await;
    assert_eq!(test.rows("cartons").await, ["1|1|-"]);
}

async fn out_of_a_row_that_leaves_in_the_same_save<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let mut shelf = shelf().save(&test.pool).await.unwrap();
    let tray = shelf.left.get_mut().unwrap().tray.expunge().unwrap();
    shelf.left.remove();
    shelf.right.get_mut().unwrap().tray.adopt(tray);
    let report = shelf.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["moved 1 trays", "deleted 1 cartons"]);
    let cartons = test.rows("cartons").await;
    assert_eq!(cartons.len(), 1);
    assert_eq!(test.rows("trays").await.len(), 1);
    assert_eq!(test.rows("jars").await, ["1|1"]);
}

async fn out_of_the_depth_of_a_subtree_that_leaves<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let right = Carton {
        tray: Tray {
            jar: HasOne::empty(),
            ..Tray::default()
        }
        .into(),
        ..Carton::default()
    };
    let shelf = Shelf {
        left: carton().into(),
        right: right.into(),
        ..Shelf::default()
    };
    let mut shelf = shelf.save(&test.pool).await.unwrap();
    let jar = shelf
        .left
        .get_mut()
        .unwrap()
        .tray
        .get_mut()
        .unwrap()
        .jar
        .expunge()
        .unwrap();
    shelf.left.remove();
    shelf
        .right
        .get_mut()
        .unwrap()
        .tray
        .get_mut()
        .unwrap()
        .jar
        .adopt(jar);
    let report = shelf.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["moved 1 jars", "deleted 1 trays", "deleted 1 cartons"]
    );
    let tray = shelf.right.get().unwrap().tray.get().unwrap().id;
    assert_eq!(test.rows("jars").await, [format!("1|{tray}")]);
}

async fn out_of_a_whole_that_leaves<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let mut shelf = shelf().save(&test.pool).await.unwrap();
    let tray = shelf.left.get_mut().unwrap().tray.expunge().unwrap();
    shelf.left = HasOne::empty();
    shelf.right.get_mut().unwrap().tray.adopt(tray);
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("cartons").await.len(), 1);
    assert_eq!(test.rows("trays").await.len(), 1);
    assert_eq!(test.rows("jars").await, ["1|1"]);
}

async fn what_was_expunged_and_not_adopted_leaves_with_its_parent<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let mut shelf = shelf().save(&test.pool).await.unwrap();
    let tray = shelf.left.get_mut().unwrap().tray.expunge().unwrap();
    shelf.left.remove();
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("trays").await, NONE);
    shelf.right.get_mut().unwrap().tray.adopt(tray);
    failed(
        shelf.save(&test.pool).await,
        ErrorKind::Stale,
        "Shelf.right.tray",
    );
}

async fn deleting_a_parent_takes_what_was_not_adopted_yet<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let mut a = shelf().save(&test.pool).await.unwrap();
    let mut b = Shelf {
        left: HasOne::empty(),
        ..Shelf::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.left.adopt(a.left.expunge().unwrap());
    a.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("cartons").await, NONE);
    failed(b.save(&test.pool).await, ErrorKind::Stale, "Shelf.left");
    let b = b.delete(&test.pool).await.unwrap();
    assert!(b.left.get().is_some());
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "hooks")]
struct Hook {
    #[key(generated)]
    id: i64,
    #[one_to_one]
    bag: HasOne<Bag>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "bags")]
struct Bag {
    #[key(generated)]
    id: i64,
    #[one_to_one(Hook)]
    hook_id: Option<i64>,
    #[version]
    version: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    purse: HasOne<Purse>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "purses")]
struct Purse {
    #[key(generated)]
    id: i64,
    #[one_to_one(Bag)]
    bag_id: i64,
}

async fn out_of_a_row_that_is_released_into_the_row_that_takes_its_place<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE hooks (id $id, filler TEXT);
         CREATE TABLE bags (id $id, hook_id BIGINT UNIQUE REFERENCES hooks (id), version BIGINT NOT NULL);
         CREATE TABLE purses (id $id, bag_id BIGINT NOT NULL UNIQUE REFERENCES bags (id));",
    )
    .await;
    let bag = Bag {
        purse: Purse::default().into(),
        ..Bag::default()
    };
    let hook = Hook {
        bag: bag.into(),
        ..Hook::default()
    };
    let mut hook = hook.save(&test.pool).await.unwrap();
    let purse = hook.bag.get_mut().unwrap().purse.expunge().unwrap();
    let mut bag = Bag::default();
    bag.purse.adopt(purse);
    hook.bag.set(bag);
    let report = test.save_as_planned(&mut hook).await;
    assert_eq!(
        changes(&report),
        ["released 1 bags", "inserted 1 bags", "moved 1 purses"]
    );
    assert_eq!(test.rows("bags").await, ["1|-|2", "2|1|1"]);
    assert_eq!(test.rows("purses").await, ["1|2"]);
}

async fn out_of_a_row_that_is_deleted_into_the_row_that_takes_its_place<B: Base>(test: Test<B>) {
    test.create(SHELVES).await;
    let shelf = Shelf {
        left: carton().into(),
        ..Shelf::default()
    };
    let mut shelf = shelf.save(&test.pool).await.unwrap();
    let tray = shelf.left.get_mut().unwrap().tray.expunge().unwrap();
    let mut carton = Carton::default();
    carton.tray.adopt(tray);
    shelf.left.set(carton);
    let report = shelf.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["inserted 1 cartons", "moved 1 trays", "deleted 1 cartons"]
    );
    assert_eq!(test.rows("cartons").await, ["2|1|-"]);
    assert_eq!(test.rows("jars").await, ["1|1"]);
}
