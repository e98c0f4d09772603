//! How structs can refer to each other: to themselves, in a chain, mutually, twice.

use sqlx_cascade::{HasOne, Relations};

use crate::models::{COUNTRIES, Capital, Country, Palace, country};
use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    a_chain_of_one_table_is_inserted,
    a_chain_of_one_table_is_deleted_by_one_recursive_statement,
    a_cycle_in_the_data_is_deleted,
    a_link_of_a_chain_is_removed_with_all_below_it,
    four_tables_in_a_chain_are_saved_changed_and_deleted,
    a_removal_in_the_middle_takes_what_is_below,
    tables_that_refer_to_each_other,
    two_relations_to_one_struct_are_apart,
    a_child_has_two_parents,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)]
    id: i64,
    #[one_to_one(Node)]
    parent_id: Option<i64>,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    next: HasOne<Node>,
}

const NODES: &str = "CREATE TABLE nodes (id $id, parent_id BIGINT UNIQUE REFERENCES nodes (id), name TEXT NOT NULL);";

fn nodes(depth: usize) -> Node {
    let end = Node {
        name: depth.to_string(),
        next: HasOne::empty(),
        ..Node::default()
    };
    (1..depth).rev().fold(end, |below, level| Node {
        name: level.to_string(),
        next: below.into(),
        ..Node::default()
    })
}

async fn a_chain_of_one_table_is_inserted<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let node = nodes(3).save(&test.pool).await.unwrap();
    // Elsewhere it is known only once the row is there which one got which key.
    let sent: &[&str] = match B::SERVICE {
        "postgres" => &["INSERT nodes"],
        _ => &["INSERT nodes"; 3],
    };
    assert_eq!(test.sent(), sent);
    assert_eq!(test.rows("nodes").await, ["1|-|1", "2|1|2", "3|2|3"]);
    let path = Node::NEXT.then(Node::NEXT).then(Node::NEXT);
    assert_eq!(
        Node::find(1).with(path).one(&test.pool).await.unwrap(),
        node
    );
}

async fn a_chain_of_one_table_is_deleted_by_one_recursive_statement<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    nodes(20).save(&test.pool).await.unwrap();
    nodes(2).save(&test.pool).await.unwrap();
    drop(test.sent());
    Node::delete_by_key(1, &test.pool).await.unwrap();
    test.a_tree_went("nodes", true);
    assert_eq!(test.rows("nodes").await, ["21|-|1", "22|21|2"]);
}

async fn a_cycle_in_the_data_is_deleted<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    nodes(3).save(&test.pool).await.unwrap();
    test.execute("UPDATE nodes SET parent_id = 3 WHERE id = 1")
        .await;
    Node::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await, NONE);
}

async fn a_link_of_a_chain_is_removed_with_all_below_it<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    nodes(5).save(&test.pool).await.unwrap();
    let mut root = Node::find(1)
        .with(Node::NEXT)
        .one(&test.pool)
        .await
        .unwrap();
    root.next.get_mut().unwrap().next.remove();
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await, ["1|-|1", "2|1|2"]);
    root.next.set(Node {
        name: "new".into(),
        ..Node::default()
    });
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await, ["1|-|1", "6|1|new"]);
}

async fn four_tables_in_a_chain_are_saved_changed_and_deleted<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let mut country = country("a").save(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        [
            "INSERT countries",
            "INSERT capitals",
            "INSERT palaces",
            "INSERT thrones"
        ]
    );
    let palace = country.capital.get_mut().unwrap().palace.get_mut().unwrap();
    palace.throne.get_mut().unwrap().name = "b".into();
    let report = test.save_as_planned(&mut country).await;
    assert_eq!(changes(&report), ["updated 1 thrones"]);
    assert_eq!(test.rows("thrones").await, ["1|1|b"]);
    let path = Country::CAPITAL.then(Capital::PALACE).then(Palace::THRONE);
    assert_eq!(
        Country::find(1).with(path).one(&test.pool).await.unwrap(),
        country
    );
    drop(test.sent());
    country.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        [
            "DELETE thrones",
            "DELETE palaces",
            "DELETE capitals",
            "DELETE countries"
        ]
    );
    assert_eq!(test.chain().await, [NONE; 4]);
}

async fn a_removal_in_the_middle_takes_what_is_below<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let mut country = country("a").save(&test.pool).await.unwrap();
    country.capital.get_mut().unwrap().palace.remove();
    let report = country.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 thrones", "deleted 1 palaces"]);
    assert_eq!(test.rows("capitals").await, ["1|1|a"]);
}

/// A husband has a wife, and she has him: each table refers to the other.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "husbands")]
struct Husband {
    #[key(generated)]
    id: i64,
    #[one_to_one(Wife)]
    wife_id: Option<i64>,
    #[one_to_one]
    wife: HasOne<Wife>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "wives")]
struct Wife {
    #[key(generated)]
    id: i64,
    #[one_to_one(Husband)]
    husband_id: Option<i64>,
    #[one_to_one]
    husband: HasOne<Husband>,
}

async fn tables_that_refer_to_each_other<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE husbands (id $id, wife_id BIGINT UNIQUE);
         CREATE TABLE wives (id $id, husband_id BIGINT UNIQUE REFERENCES husbands (id));",
    )
    .await;
    let wife = Wife {
        husband: Husband::default().into(),
        ..Wife::default()
    };
    let husband = Husband {
        wife: wife.into(),
        ..Husband::default()
    };
    let mut husband = husband.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("husbands").await, ["1|-", "2|1"]);
    assert_eq!(test.rows("wives").await, ["1|1"]);
    husband.wife.remove();
    test.save_as_planned(&mut husband).await;
    assert_eq!(test.rows("wives").await, ["1|-"]);
    husband.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("husbands").await, ["2|1"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "people")]
struct Person {
    #[key(generated)]
    id: i64,
    #[one_to_one(back_populates = home_of)]
    home: HasOne<House>,
    #[one_to_one(back_populates = office_of)]
    office: HasOne<House>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "houses")]
struct House {
    #[key(generated)]
    id: i64,
    #[one_to_one(Person)]
    home_of: Option<i64>,
    #[one_to_one(Person)]
    office_of: Option<i64>,
    town: String,
}

async fn two_relations_to_one_struct_are_apart<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE people (id $id, filler TEXT);
         CREATE TABLE houses (id $id, home_of BIGINT UNIQUE REFERENCES people (id), office_of BIGINT UNIQUE REFERENCES people (id), town TEXT NOT NULL);",
    )
    .await;
    let house = |town: &str| House {
        town: town.into(),
        ..House::default()
    };
    let person = Person {
        home: house("bath").into(),
        office: house("york").into(),
        ..Person::default()
    };
    let mut person = person.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("houses").await, ["1|1|-|bath", "2|-|1|york"]);
    let found = Person::find(1)
        .with(Person::OFFICE)
        .with(Person::HOME)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, person);
    person.office.remove();
    test.save_as_planned(&mut person).await;
    assert_eq!(test.rows("houses").await, ["1|1|-|bath", "2|-|-|york"]);
    person.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("houses").await, ["1|-|-|bath", "2|-|-|york"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "teams")]
struct Team {
    #[key(generated)]
    id: i64,
    name: String,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "players")]
struct Player {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    contract: HasOne<Contract>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "contracts")]
struct Contract {
    #[key(generated)]
    id: i64,
    #[one_to_one(Player)]
    player_id: i64,
    #[many_to_one(Team)]
    team_id: i64,
}

async fn a_child_has_two_parents<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE teams (id $id, name TEXT NOT NULL);
         CREATE TABLE players (id $id, filler TEXT);
         CREATE TABLE contracts (id $id, player_id BIGINT NOT NULL UNIQUE REFERENCES players (id), team_id BIGINT NOT NULL REFERENCES teams (id));",
    )
    .await;
    let teams = ["a", "b"].map(|name| Team {
        name: name.into(),
        ..Team::default()
    });
    let teams = Team::save_all(teams.into(), &test.pool).await.unwrap();
    let contract = Contract {
        team_id: teams[0].id,
        ..Contract::default()
    };
    let mut player = Player {
        contract: contract.into(),
        ..Player::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    assert_eq!(test.rows("contracts").await, ["1|1|1"]);
    player.contract.get_mut().unwrap().team_id = teams[1].id;
    let report = test.save_as_planned(&mut player).await;
    assert_eq!(report.changes()[0].columns, ["team_id"]);
    assert_eq!(test.rows("contracts").await, ["1|1|2"]);
}
