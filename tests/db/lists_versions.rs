//! Versions in lists, aggregates above them, and unique values among siblings.

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    children_count_their_versions,
    one_stale_child_among_many_undoes_everything,
    stale_children_are_not_removed,
    a_known_version_is_checked_in_a_whole,
    a_move_raises_the_version,
    a_change_in_a_list_raises_the_root_once,
    each_kind_of_change_raises_the_root,
    a_move_raises_both_roots,
    a_move_out_of_one_aggregate_alone_raises_the_other_only,
    a_move_raises_an_aggregate_that_forgot_the_row,
    a_stale_root_writes_nothing_below,
    detaching_a_list_raises_the_root,
    a_unique_value_passes_to_the_next,
    a_unique_value_passes_to_another_parent,
    a_unique_value_comes_with_a_move,
    a_unique_value_of_one_that_stays,
    a_unique_position_in_the_list,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "albums")]
struct Album {
    #[key(generated)]
    id: i64,
    name: String,
    #[version(aggregate)]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    photos: HasMany<Photo>,
}

/// Above aggregates, which are no roots of a save then.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cases")]
struct Case {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    lanes: HasMany<Lane>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lanes")]
struct Lane {
    #[key(generated)]
    id: i64,
    #[many_to_one(Case)]
    case_id: i64,
    #[version(aggregate)]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    cards: HasMany<Card>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cards")]
struct Card {
    #[key(generated)]
    id: i64,
    #[many_to_one(Lane)]
    lane_id: i64,
}

const CASES: &str = "
    CREATE TABLE cases (id $id, filler TEXT);
    CREATE TABLE lanes (id $id, case_id BIGINT NOT NULL REFERENCES cases (id), version BIGINT NOT NULL);
    CREATE TABLE cards (id $id, lane_id BIGINT NOT NULL REFERENCES lanes (id));
";

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "photos")]
struct Photo {
    #[key(generated)]
    id: i64,
    #[many_to_one(Album)]
    album_id: i64,
    title: String,
    #[version]
    version: i32,
    #[one_to_many(cascade = "all, delete-orphan")]
    tags: HasMany<Tag>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tags")]
struct Tag {
    #[key(generated)]
    id: i64,
    #[many_to_one(Photo)]
    photo_id: i64,
    text: String,
}

const ALBUMS: &str = "
    CREATE TABLE albums (id $id, name TEXT NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE photos (id $id, album_id BIGINT NOT NULL REFERENCES albums (id), title TEXT NOT NULL, version INT NOT NULL);
    CREATE TABLE tags (id $id, photo_id BIGINT NOT NULL REFERENCES photos (id), text TEXT NOT NULL);
";

fn tag(text: &str) -> Tag {
    Tag {
        text: text.into(),
        ..Tag::default()
    }
}

fn photo(title: &str) -> Photo {
    Photo {
        title: title.into(),
        tags: vec![tag(title)].into(),
        ..Photo::default()
    }
}

async fn album<B: Base>(test: &Test<B>, titles: &[&str]) -> Persistent<Album> {
    let album = Album {
        name: "a".into(),
        photos: titles.iter().map(|title| photo(title)).collect(),
        ..Album::default()
    };
    let album = album.save(&test.pool).await.unwrap();
    assert_eq!(album.version, 1);
    drop(test.sent());
    album
}

async fn children_count_their_versions<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2", "3"]).await;
    assert!(album.photos.iter().all(|photo| photo.version == 1));
    album.photos[1].title.push('!');
    album.photos[2].title.push('!');
    test.save_as_planned(&mut album).await;
    let versions: Vec<i32> = album.photos.iter().map(|photo| photo.version).collect();
    assert_eq!(versions, [1, 2, 2]);
    assert_eq!(
        test.rows("photos").await,
        ["1|1|1|1", "2|1|2!|2", "3|1|3!|2"]
    );
    album.photos[1].title.push('!');
    test.save_as_planned(&mut album).await;
    assert_eq!(test.rows("photos").await[1], "2|1|2!!|3");
    assert_eq!(album.version, 3);
}

async fn one_stale_child_among_many_undoes_everything<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2", "3"]).await;
    test.execute("UPDATE photos SET version = 2 WHERE id = 2")
        .await;
    for photo in &mut album.photos {
        photo.title.push('!');
    }
    let copy = (*album).clone();
    failed(
        album.save(&test.pool).await,
        ErrorKind::Stale,
        "Album.photos",
    );
    assert_eq!(*album, copy);
    assert_eq!(test.rows("albums").await, ["1|a|1"]);
    assert_eq!(test.rows("photos").await, ["1|1|1|1", "2|1|2|2", "3|1|3|1"]);
}

async fn stale_children_are_not_removed<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2", "3"]).await;
    test.execute("UPDATE photos SET version = 2 WHERE id = 3")
        .await;
    album.photos.remove(0);
    album.photos.remove(1);
    failed(
        album.save(&test.pool).await,
        ErrorKind::Stale,
        "Album.photos",
    );
    assert_eq!(test.rows("photos").await.len(), 3);
    assert_eq!(test.rows("tags").await.len(), 3);
    assert_eq!(test.rows("albums").await, ["1|a|1"]);
}

async fn a_known_version_is_checked_in_a_whole<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut known = album(&test, &["1", "2"]).await;
    test.execute("UPDATE photos SET version = 2 WHERE id = 2")
        .await;
    known.photos.clear();
    failed(
        known.save(&test.pool).await,
        ErrorKind::Stale,
        "Album.photos",
    );
    assert_eq!(test.rows("photos").await.len(), 2);
    let mut unknown = Album::find(1).one(&test.pool).await.unwrap();
    unknown.photos.clear();
    unknown.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("photos").await, NONE);
    assert_eq!(test.rows("tags").await, NONE);
    assert_eq!(test.rows("albums").await, ["1|a|2"]);
    let mut loaded = album(&test, &["3", "4"]).await;
    test.execute("INSERT INTO photos (album_id, title, version) VALUES (2, 'theirs', 7)")
        .await;
    loaded.photos.replace([photo("new")]);
    loaded.save(&test.pool).await.unwrap();
    let photos = test.rows("photos").await;
    assert_eq!(photos.len(), 1);
    assert!(photos[0].ends_with("|2|new|1"));
}

async fn a_move_raises_the_version<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut a = album(&test, &["1", "2"]).await;
    let mut b = album(&test, &[]).await;
    b.photos.adopt(a.photos.expunge(0));
    test.save_as_planned(&mut b).await;
    assert_eq!(b.photos[0].version, 2);
    assert_eq!(test.rows("photos").await, ["1|2|1|2", "2|1|2|1"]);
    test.execute("UPDATE photos SET version = 9 WHERE id = 2")
        .await;
    b.photos.adopt(a.photos.expunge(0));
    failed(
        b.save(&test.pool).await,
        ErrorKind::Stale,
        "Album.photos[1]",
    );
}

async fn a_change_in_a_list_raises_the_root_once<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2", "3"]).await;
    album.photos[0].title.push('!');
    album.photos[1].tags[0].text.push('!');
    album.photos[1].tags.push(tag("new"));
    album.photos.remove(2);
    album.photos.push(photo("new"));
    let changes = test.save_much_as_planned(&mut album).await;
    assert!(changes.contains(&"updated 1 albums".into()), "{changes:?}");
    assert_eq!(album.version, 2);
    assert_eq!(test.rows("albums").await, ["1|a|2"]);
    drop(test.sent());
    assert!(album.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn each_kind_of_change_raises_the_root<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2", "3"]).await;
    let kinds: [fn(&mut Album); 7] = [
        |album| album.photos[0].title.push('!'),
        |album| album.photos[0].tags[0].text.push('!'),
        |album| album.photos[0].tags.push(tag("new")),
        |album| drop(album.photos[1].tags.remove(0)),
        |album| album.photos[1].tags.clear(),
        |album| drop(album.photos.remove(1)),
        |album| {
            let tag = album.photos[0].tags.expunge(0);
            album.photos[1].tags.adopt(tag);
        },
    ];
    for (change, version) in kinds.into_iter().zip(2..) {
        change(&mut album);
        test.save_much_as_planned(&mut album).await;
        assert_eq!(test.rows("albums").await, [format!("1|a|{version}")]);
        assert_eq!(album.version, version);
    }
}

async fn a_move_raises_both_roots<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut a = album(&test, &["1", "2"]).await;
    let mut b = album(&test, &["3"]).await;
    let mut c = album(&test, &["4"]).await;
    b.photos.adopt(a.photos.expunge(0));
    let report = Persistent::save_all([&mut a, &mut b, &mut c], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["moved 1 photos", "updated 2 albums"]);
    assert_eq!(test.rows("albums").await, ["1|a|2", "2|a|2", "3|a|1"]);
    // From one photo to another, of another album.
    let tag = b.photos[1].tags.expunge(0);
    c.photos[0].tags.adopt(tag);
    Persistent::save_all([&mut a, &mut b, &mut c], &test.pool)
        .await
        .unwrap();
    assert_eq!((a.version, b.version, c.version), (2, 3, 2));
    assert_eq!(test.rows("albums").await, ["1|a|2", "2|a|3", "3|a|2"]);
}

async fn a_move_out_of_one_aggregate_alone_raises_the_other_only<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut a = album(&test, &["1", "2"]).await;
    let mut b = album(&test, &[]).await;
    b.photos.adopt(a.photos.expunge(0));
    test.save_as_planned(&mut b).await;
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("albums").await, ["1|a|1", "2|a|2"]);
}

/// The parent that a row leaves has nothing to save by itself, where its relation isn't loaded any more; nor has the one beside it.
async fn a_move_raises_an_aggregate_that_forgot_the_row<B: Base>(test: Test<B>) {
    test.create(CASES).await;
    let lane = |cards| Lane {
        cards: vec![Card::default(); cards].into(),
        ..Lane::default()
    };
    let case = Case {
        lanes: vec![lane(1), lane(1), lane(0)].into(),
        ..Case::default()
    };
    let mut case = case.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("lanes").await, ["1|1|1", "2|1|1", "3|1|1"]);
    let card = case.lanes[0].cards.expunge(0);
    case.lanes[0].cards = HasMany::default();
    case.lanes[2].cards.adopt(card);
    test.save_as_planned(&mut case).await;
    assert_eq!(test.rows("lanes").await, ["1|1|2", "2|1|1", "3|1|2"]);
    assert_eq!(test.rows("cards").await, ["1|3", "2|2"]);
    // Into a parent that is new.
    let card = case.lanes[1].cards.expunge(0);
    case.lanes[1].cards = HasMany::default();
    case.lanes.push(lane(0));
    case.lanes[3].cards.adopt(card);
    test.save_as_planned(&mut case).await;
    assert_eq!(
        test.rows("lanes").await,
        ["1|1|2", "2|1|2", "3|1|2", "4|1|1"]
    );
    assert_eq!(test.rows("cards").await, ["1|3", "2|4"]);
}

async fn a_stale_root_writes_nothing_below<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2"]).await;
    test.execute("UPDATE albums SET version = 5").await;
    let changes: [fn(&mut Album); 4] = [
        |album| album.photos[0].title.push('!'),
        |album| album.photos.push(photo("new")),
        |album| drop(album.photos.remove(0)),
        |album| album.photos.clear(),
    ];
    for change in changes {
        change(&mut album);
        failed(album.save(&test.pool).await, ErrorKind::Stale, "Album");
        assert_eq!(test.rows("photos").await, ["1|1|1|1", "2|1|2|1"]);
        assert_eq!(test.rows("tags").await, ["1|1|1", "2|2|2"]);
    }
}

async fn detaching_a_list_raises_the_root<B: Base>(test: Test<B>) {
    test.create(ALBUMS).await;
    let mut album = album(&test, &["1", "2"]).await;
    album.name = "unsaved".into();
    album.detach(Album::PHOTOS, &test.pool).await.unwrap();
    assert_eq!(album.version, 2);
    assert_eq!(test.rows("albums").await, ["1|a|2"]);
    test.save_as_planned(&mut album).await;
    assert_eq!(test.rows("albums").await, ["1|unsaved|3"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "teams")]
struct Team {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    players: HasMany<Player>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "players", unique = "team_id, position")]
struct Player {
    #[key(generated)]
    id: i64,
    #[many_to_one(Team)]
    team_id: i64,
    #[column(unique)]
    email: String,
    position: i32,
}

const TEAMS: &str = "
    CREATE TABLE teams (id $id, filler TEXT);
    CREATE TABLE players (id $id, team_id BIGINT NOT NULL REFERENCES teams (id), email TEXT NOT NULL UNIQUE, position INT NOT NULL, UNIQUE (team_id, position));
";

fn player(email: &str, position: i32) -> Player {
    Player {
        email: email.into(),
        position,
        ..Player::default()
    }
}

async fn team<B: Base>(test: &Test<B>, players: Vec<Player>) -> Persistent<Team> {
    let team = Team {
        players: players.into(),
        ..Team::default()
    };
    let team = team.save(&test.pool).await.unwrap();
    drop(test.sent());
    team
}

async fn a_unique_value_passes_to_the_next<B: Base>(test: Test<B>) {
    test.create(TEAMS).await;
    let mut team = team(&test, vec![player("a", 1), player("b", 2)]).await;
    team.players.remove(0);
    team.players.push(player("a", 1));
    let report = test.save_as_planned(&mut team).await;
    assert_eq!(
        changes(&report),
        ["deleted 1 players", "inserted 1 players"]
    );
    assert_eq!(test.rows("players").await, ["2|1|b|2", "3|1|a|1"]);
    // An element that stays takes the value of one that leaves.
    team.players.remove(1);
    team.players[0].email = "a".into();
    team.players[0].position = 1;
    let report = test.save_as_planned(&mut team).await;
    assert_eq!(changes(&report), ["deleted 1 players", "updated 1 players"]);
    assert_eq!(test.rows("players").await, ["2|1|a|1"]);
    // All of them are replaced by others with the same values.
    team.players.replace([player("b", 2), player("a", 1)]);
    team.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("players").await, ["4|1|b|2", "5|1|a|1"]);
    // One that stays gives its value to a new one.
    team.players[0].email = "c".into();
    team.players.push(player("b", 3));
    test.save_as_planned(&mut team).await;
    assert_eq!(
        test.rows("players").await,
        ["4|1|c|2", "5|1|a|1", "6|1|b|3"]
    );
}

async fn a_unique_value_passes_to_another_parent<B: Base>(test: Test<B>) {
    test.create(TEAMS).await;
    let mut a = team(&test, vec![player("a", 1), player("b", 2)]).await;
    let mut b = team(&test, vec![player("c", 1)]).await;
    a.players.remove(0);
    b.players.push(player("a", 2));
    Persistent::save_all([&mut b, &mut a], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.rows("players").await,
        ["2|1|b|2", "3|2|c|1", "4|2|a|2"]
    );
    b.players[0].email = "x".into();
    a.players.push(player("c", 1));
    Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.rows("players").await,
        ["2|1|b|2", "3|2|x|1", "4|2|a|2", "5|1|c|1"]
    );
}

async fn a_unique_value_comes_with_a_move<B: Base>(test: Test<B>) {
    test.create(TEAMS).await;
    let mut a = team(&test, vec![player("a", 1), player("b", 2)]).await;
    let mut b = team(&test, vec![player("c", 1)]).await;
    // The place in the other list is taken by one that leaves.
    b.players.remove(0);
    b.players.adopt(a.players.expunge(0));
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("players").await, ["1|2|a|1", "2|1|b|2"]);
    // Its own place is taken by a new one.
    a.players.push(player("new", 2));
    b.players.adopt(a.players.expunge(0));
    Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.rows("players").await,
        ["1|2|a|1", "2|2|b|2", "4|1|new|2"]
    );
}

async fn a_unique_value_of_one_that_stays<B: Base>(test: Test<B>) {
    test.create(TEAMS).await;
    let mut team = team(&test, vec![player("a", 1)]).await;
    team.players.push(player("a", 2));
    let copy = (*team).clone();
    failed(
        team.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Team.players[1]",
    );
    assert_eq!(*team, copy);
    assert_eq!(test.rows("players").await, ["1|1|a|1"]);
}

async fn a_unique_position_in_the_list<B: Base>(test: Test<B>) {
    test.create(TEAMS).await;
    let players = ["a", "b", "c"].iter().zip(1..);
    let players = players.map(|(email, position)| player(email, position));
    let mut team = team(&test, players.collect()).await;
    // The first leaves, the others move up.
    team.players.remove(0);
    for (player, position) in team.players.iter_mut().zip(1..) {
        player.position = position;
    }
    team.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("players").await, ["2|1|b|1", "3|1|c|2"]);
}
