//! `#[version]`.

use sqlx_cascade::{ErrorKind, HasOne, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    a_new_row_has_version_one,
    a_write_raises_the_version,
    an_unchanged_row_keeps_its_version,
    a_stale_root_writes_nothing,
    a_stale_child_writes_nothing,
    a_stale_child_is_not_removed,
    a_stale_row_is_not_deleted,
    a_release_raises_the_version,
    a_move_raises_the_version,
    an_exchange_raises_each_version_once,
    what_is_found_by_a_subquery_is_not_checked,
    a_change_below_raises_an_aggregate_once,
    detaching_raises_an_aggregate,
    a_change_below_a_stale_aggregate_writes_nothing,
    a_move_raises_both_aggregates,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "owners")]
struct Owner {
    #[key(generated)]
    id: i64,
    name: String,
    #[version]
    version: i32,
    #[one_to_one]
    pet: HasOne<Pet>,
    #[one_to_one(cascade = "all, delete-orphan")]
    house: HasOne<House>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "pets")]
struct Pet {
    #[key(generated)]
    id: i64,
    #[one_to_one(Owner)]
    owner_id: Option<i64>,
    name: String,
    #[version]
    version: i64,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "houses")]
struct House {
    #[key(generated)]
    id: i64,
    #[one_to_one(Owner)]
    owner_id: i64,
    name: String,
    #[version]
    version: i64,
}

const OWNERS: &str = "
    CREATE TABLE owners (id $id, name TEXT NOT NULL, version INT NOT NULL);
    CREATE TABLE pets (id $id, owner_id BIGINT UNIQUE REFERENCES owners (id), name TEXT NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE houses (id $id, owner_id BIGINT NOT NULL UNIQUE REFERENCES owners (id), name TEXT NOT NULL, version BIGINT NOT NULL);
";

fn owner(name: &str) -> Owner {
    let pet = Pet {
        name: name.into(),
        ..Pet::default()
    };
    let house = House {
        name: name.into(),
        ..House::default()
    };
    Owner {
        name: name.into(),
        pet: pet.into(),
        house: house.into(),
        ..Owner::default()
    }
}

async fn a_new_row_has_version_one<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let owner = Owner {
        version: 7,
        ..owner("a")
    }
    .save(&test.pool)
    .await
    .unwrap();
    assert_eq!((owner.version, owner.pet.get().unwrap().version), (1, 1));
    assert_eq!(test.rows("owners").await, ["1|a|1"]);
    assert_eq!(test.rows("pets").await, ["1|1|a|1"]);
}

async fn a_write_raises_the_version<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a").save(&test.pool).await.unwrap();
    owner.name = "b".into();
    owner.save(&test.pool).await.unwrap();
    owner.pet.get_mut().unwrap().name = "b".into();
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(report.changes()[0].columns, ["name", "version"]);
    assert_eq!((owner.version, owner.pet.get().unwrap().version), (2, 2));
    assert_eq!(test.rows("owners").await, ["1|b|2"]);
    assert_eq!(test.rows("pets").await, ["1|1|b|2"]);
}

async fn an_unchanged_row_keeps_its_version<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a").save(&test.pool).await.unwrap();
    owner.version = 5;
    drop(test.sent());
    assert!(owner.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn a_stale_root_writes_nothing<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE owners SET version = 2").await;
    owner.name = "b".into();
    owner.pet.get_mut().unwrap().name = "b".into();
    failed(owner.save(&test.pool).await, ErrorKind::Stale, "Owner");
    assert_eq!(test.rows("owners").await, ["1|a|2"]);
    assert_eq!(test.rows("pets").await, ["1|1|a|1"]);
    assert_eq!((owner.version, owner.name.as_str()), (1, "b"));
}

async fn a_stale_child_writes_nothing<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE pets SET version = 2").await;
    owner.name = "b".into();
    owner.pet.get_mut().unwrap().name = "b".into();
    failed(owner.save(&test.pool).await, ErrorKind::Stale, "Owner.pet");
    assert_eq!(test.rows("owners").await, ["1|a|1"]);
    owner.pet = HasOne::default();
    owner.load(Owner::PET, &test.pool).await.unwrap();
    owner.pet.get_mut().unwrap().name = "c".into();
    owner.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("pets").await, ["1|1|c|3"]);
}

async fn a_stale_child_is_not_removed<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE pets SET version = 2; UPDATE houses SET version = 2")
        .await;
    owner.pet.remove();
    failed(owner.save(&test.pool).await, ErrorKind::Stale, "Owner.pet");
    owner.refresh(&test.pool).await.unwrap();
    owner.house = HasOne::default();
    owner.load(Owner::HOUSE, &test.pool).await.unwrap();
    test.execute("UPDATE houses SET version = 3").await;
    owner.pet = HasOne::default();
    owner.house.remove();
    failed(
        owner.save(&test.pool).await,
        ErrorKind::Stale,
        "Owner.house",
    );
    assert_eq!(test.rows("houses").await, ["1|1|a|3"]);
}

async fn a_stale_row_is_not_deleted<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let owner = owner("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE owners SET version = 2").await;
    failed(owner.delete(&test.pool).await, ErrorKind::Stale, "Owner");
    assert_eq!(test.rows("owners").await, ["1|a|2"]);
    assert_eq!(test.rows("houses").await, ["1|1|a|1"]);
}

async fn a_release_raises_the_version<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a").save(&test.pool).await.unwrap();
    owner.pet.remove();
    test.save_as_planned(&mut owner).await;
    assert_eq!(test.rows("pets").await, ["1|-|a|2"]);
}

async fn a_move_raises_the_version<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut a = owner("a").save(&test.pool).await.unwrap();
    let mut b = Owner {
        pet: HasOne::empty(),
        ..owner("b")
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.pet.adopt(a.pet.expunge().unwrap());
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("pets").await, ["1|2|a|2"]);
    assert_eq!(b.pet.get().unwrap().version, 2);
    b.pet.get_mut().unwrap().name = "c".into();
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("pets").await, ["1|2|c|3"]);
    a.pet.adopt(b.pet.expunge().unwrap());
    test.execute("UPDATE pets SET version = 9").await;
    failed(a.save(&test.pool).await, ErrorKind::Stale, "Owner.pet");
}

async fn an_exchange_raises_each_version_once<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut a = owner("a").save(&test.pool).await.unwrap();
    let mut b = owner("b").save(&test.pool).await.unwrap();
    let (first, second) = (a.pet.expunge().unwrap(), b.pet.expunge().unwrap());
    a.pet.adopt(second);
    b.pet.adopt(first);
    let report = sqlx_cascade::Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["moved 2 pets"]);
    assert_eq!(test.rows("pets").await, ["1|2|a|2", "2|1|b|2"]);
    assert_eq!(a.pet.get().unwrap().version, 2);
}

async fn what_is_found_by_a_subquery_is_not_checked<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let owner = owner("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE pets SET version = 5; UPDATE houses SET version = 5")
        .await;
    owner.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("houses").await, NONE);
    assert_eq!(test.rows("pets").await, ["1|-|a|5"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "roots")]
struct Root {
    #[key(generated)]
    id: i64,
    name: String,
    #[version(aggregate)]
    version: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    branch: HasOne<Branch>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "branches")]
struct Branch {
    #[key(generated)]
    id: i64,
    #[one_to_one(Root)]
    root_id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    leaf: HasOne<Leaf>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "leaves")]
struct Leaf {
    #[key(generated)]
    id: i64,
    #[one_to_one(Branch)]
    branch_id: i64,
    name: String,
}

const ROOTS: &str = "
    CREATE TABLE roots (id $id, name TEXT NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE branches (id $id, root_id BIGINT NOT NULL UNIQUE REFERENCES roots (id));
    CREATE TABLE leaves (id $id, branch_id BIGINT NOT NULL UNIQUE REFERENCES branches (id), name TEXT NOT NULL);
";

fn root(name: &str) -> Root {
    let leaf = Leaf {
        name: name.into(),
        ..Leaf::default()
    };
    let branch = Branch {
        leaf: leaf.into(),
        ..Branch::default()
    };
    Root {
        name: name.into(),
        branch: branch.into(),
        ..Root::default()
    }
}

async fn a_change_below_raises_an_aggregate_once<B: Base>(test: Test<B>) {
    test.create(ROOTS).await;
    let mut root = root("a").save(&test.pool).await.unwrap();
    assert_eq!(root.version, 1);
    root.branch.get_mut().unwrap().leaf.get_mut().unwrap().name = "b".into();
    test.save_as_planned(&mut root).await;
    assert_eq!(
        (root.version, test.rows("roots").await),
        (2, vec!["1|a|2".to_owned()])
    );
    root.name = "c".into();
    root.branch.get_mut().unwrap().leaf.remove();
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("roots").await, ["1|c|3"]);
}

async fn detaching_raises_an_aggregate<B: Base>(test: Test<B>) {
    test.create(ROOTS).await;
    let mut root = root("a").save(&test.pool).await.unwrap();
    root.name = "b".into();
    let report = root.detach(Root::BRANCH, &test.pool).await.unwrap();
    let expected = ["updated 1 roots", "deleted 1 leaves", "deleted 1 branches"];
    assert_eq!(changes(&report), expected);
    assert_eq!((root.version, root.changed_columns()), (2, vec!["name"]));
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("roots").await, ["1|b|3"]);
    test.execute("UPDATE roots SET version = 9").await;
    failed(
        root.detach(Root::BRANCH, &test.pool).await,
        ErrorKind::Stale,
        "Root",
    );
}

async fn a_change_below_a_stale_aggregate_writes_nothing<B: Base>(test: Test<B>) {
    test.create(ROOTS).await;
    let mut root = root("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE roots SET version = 2").await;
    root.branch.remove();
    failed(root.save(&test.pool).await, ErrorKind::Stale, "Root");
    assert_eq!(test.rows("branches").await, ["1|1"]);
    assert_eq!(test.rows("leaves").await, ["1|1|a"]);
}

async fn a_move_raises_both_aggregates<B: Base>(test: Test<B>) {
    test.create(ROOTS).await;
    let mut a = root("a").save(&test.pool).await.unwrap();
    let mut b = Root {
        branch: HasOne::empty(),
        ..root("b")
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.branch.adopt(a.branch.expunge().unwrap());
    sqlx_cascade::Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("roots").await, ["1|a|2", "2|b|2"]);
    assert_eq!(test.rows("branches").await, ["1|2"]);
}
