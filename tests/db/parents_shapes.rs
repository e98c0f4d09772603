//! Shapes of `BelongsTo`: natural, composite and drawn keys, rows that refer to each other, rows in a collection.

use sqlx::types::Uuid;
use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, HasOne, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    natural_keys,
    keys_that_are_uuids,
    a_tenant_that_is_shared,
    a_child_that_holds_another_parent_than_its_collections,
    a_child_that_holds_its_collections_parent,
    mutual_references_of_new_rows,
    mutual_references_by_natural_keys,
    deleting_rows_that_refer_to_each_other,
    a_plain_key_to_a_row_of_the_same_save,
    rows_of_one_table_that_refer_to_each_other,
    one_to_one_parents_are_exchanged,
    a_parent_that_has_children_of_its_own,
    a_changed_parent_is_no_change_of_the_aggregate,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cities")]
struct City {
    #[key]
    name: String,
    #[many_to_one(column = "country")]
    country: BelongsTo<Country>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "countries")]
struct Country {
    #[key]
    code: String,
    name: String,
}

const CITIES: &str = "
    CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE cities (name TEXT PRIMARY KEY, country TEXT NOT NULL REFERENCES countries (code));
";

fn country(code: &str) -> Country {
    Country {
        code: code.into(),
        name: code.to_uppercase(),
    }
}

fn city(name: &str, country: BelongsTo<Country>) -> City {
    City {
        name: name.into(),
        country,
    }
}

async fn natural_keys<B: Base>(test: Test<B>) {
    test.create(CITIES).await;
    let mut cities = City::save_all(
        vec![
            city("paris", BelongsTo::new(country("fr"))),
            city("lyon", BelongsTo::to("fr".into())),
            city("rome", BelongsTo::new(country("it"))),
        ],
        &test.pool,
    )
    .await
    .unwrap();
    assert_eq!(test.kinds(), ["INSERT countries", "INSERT cities"]);
    assert_eq!(
        test.rows("cities").await,
        ["lyon|fr", "paris|fr", "rome|it"]
    );
    assert_eq!(cities[0].country.key().map(String::as_str), Some("fr"));
    cities[1].country = BelongsTo::new(country("ch"));
    cities[2].country.set_key("ch".into());
    Persistent::save_all(&mut cities, &test.pool).await.unwrap();
    assert_eq!(
        test.rows("cities").await,
        ["lyon|ch", "paris|fr", "rome|ch"]
    );
    cities[2].country.set(country("ch"));
    let result = cities[2].save(&test.pool).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::UniqueViolation);
    let mut found = City::find_many(["rome".into(), "paris".into()])
        .with(City::COUNTRY)
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(found[0].country.get().unwrap().name, "CH");
    found[1].country.get_mut().unwrap().name = "la France".into();
    test.save_as_planned(&mut found[1]).await;
    assert_eq!(
        test.rows("countries").await,
        ["ch|CH", "fr|la France", "it|IT"]
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "files")]
struct File {
    #[key]
    id: Uuid,
    #[many_to_one]
    folder: Option<BelongsTo<Folder>>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "folders")]
struct Folder {
    #[key]
    id: Uuid,
    name: String,
}

async fn keys_that_are_uuids<B: Base>(test: Test<B>) {
    let schema = "
        CREATE TABLE folders (id UUID PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE files (id UUID PRIMARY KEY, folder_id UUID REFERENCES folders (id));
    ";
    let uuid = if B::SERVICE == "sqlite" {
        "BLOB"
    } else {
        "UUID"
    };
    test.create(&schema.replace("UUID", uuid)).await;
    let id = Uuid::from_u128;
    let folder = Folder {
        id: id(1),
        name: "a".into(),
    };
    let file = |number, folder| File {
        id: id(number),
        folder,
    };
    let files = vec![
        file(10, Some(BelongsTo::to(id(1)))),
        file(11, Some(BelongsTo::new(folder))),
        file(12, None),
    ];
    let mut files = File::save_all(files, &test.pool).await.unwrap();
    assert_eq!(test.kinds(), ["INSERT folders", "INSERT files"]);
    let keys: Vec<_> = files
        .iter()
        .map(|file| file.folder.as_ref().and_then(BelongsTo::key))
        .collect();
    assert_eq!(keys, [Some(&id(1)), Some(&id(1)), None]);
    sqlx_cascade::load(&mut files, File::FOLDER, &test.pool)
        .await
        .unwrap();
    assert_eq!(files[0].folder.as_ref().unwrap().get().unwrap().name, "a");
    files[2].folder = Some(BelongsTo::new(Folder {
        id: id(2),
        name: "b".into(),
    }));
    files[0].folder = None;
    Persistent::save_all(&mut files, &test.pool).await.unwrap();
    let hex = |number: u128| format!("{number:032x}");
    assert_eq!(
        test.rows("files").await,
        [
            format!("{}|-", hex(10)),
            format!("{}|{}", hex(11), hex(1)),
            format!("{}|{}", hex(12), hex(2))
        ]
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lines")]
struct Line {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[many_to_one(column = "tenant_id, invoice_id")]
    invoice: BelongsTo<Invoice>,
    #[many_to_one(column = "tenant_id, product_id")]
    product: Option<BelongsTo<Product>>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "invoices")]
struct Invoice {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    text: String,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "products")]
struct Product {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
}

async fn a_tenant_that_is_shared<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE invoices (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
        CREATE TABLE products (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));
        CREATE TABLE lines (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, invoice_id BIGINT NOT NULL, product_id BIGINT, PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id), FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id));
    ").await;
    let invoice = |tenant_id, id| Invoice {
        tenant_id,
        id,
        ..Invoice::default()
    };
    let product = |tenant_id, id| Product { tenant_id, id };
    let line = Line {
        tenant_id: 7,
        id: 1,
        invoice: BelongsTo::new(invoice(7, 20)),
        product: Some(BelongsTo::new(product(7, 30))),
    };
    let mut line = line.save(&test.pool).await.unwrap();
    assert_eq!(line.invoice.key(), Some(&(7, 20)));
    assert_eq!(test.rows("lines").await, ["7|1|20|30"]);
    line.product = None;
    line.invoice = BelongsTo::new(invoice(7, 21));
    let report = test.save_as_planned(&mut line).await;
    assert_eq!(changes(&report), ["inserted 1 invoices", "updated 1 lines"]);
    assert_eq!(test.rows("lines").await, ["7|1|21|-"]);
    line.product = Some(BelongsTo::to((7, 30)));
    test.save_as_planned(&mut line).await;
    assert_eq!(test.rows("lines").await, ["7|1|21|30"]);
    line.load(Line::INVOICE, &test.pool).await.unwrap();
    line.load(Line::PRODUCT, &test.pool).await.unwrap();
    assert_eq!(line.invoice.get().unwrap().id, 21);
    line.invoice.get_mut().unwrap().text = "new".into();
    test.save_as_planned(&mut line).await;
    assert_eq!(test.rows("invoices").await, ["7|20|", "7|21|new"]);
    for other in [BelongsTo::to((8, 21)), BelongsTo::new(invoice(8, 22))] {
        line.invoice = other;
        failed(
            line.save(&test.pool).await,
            ErrorKind::KeyChanged,
            "Line.invoice",
        );
        assert_eq!(test.rows("lines").await, ["7|1|21|30"]);
        assert_eq!(test.rows("invoices").await.len(), 2);
    }
    let new = Line {
        tenant_id: 7,
        id: 2,
        invoice: BelongsTo::new(invoice(8, 23)),
        product: None,
    };
    failed(
        new.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Line.invoice",
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[version(aggregate)]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    posts: HasMany<Post>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    author: BelongsTo<User>,
    #[many_to_one]
    topic: Option<BelongsTo<Topic>>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "topics")]
struct Topic {
    #[key(generated)]
    id: i64,
    name: String,
}

const POSTS: &str = "
    CREATE TABLE users (id $id, name TEXT NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE topics (id $id, name TEXT NOT NULL);
    CREATE TABLE posts (id $id, author_id BIGINT NOT NULL REFERENCES users (id), topic_id BIGINT REFERENCES topics (id));
";

fn user(name: &str) -> User {
    User {
        name: name.into(),
        ..User::default()
    }
}

fn by(author: BelongsTo<User>) -> Post {
    Post {
        author,
        ..Post::default()
    }
}

async fn a_child_that_holds_another_parent_than_its_collections<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let mut ada = user("ada");
    ada.posts.push(by(BelongsTo::default()));
    let mut ada = ada.save(&test.pool).await.unwrap();
    let mut bob = user("bob").save(&test.pool).await.unwrap();
    drop(test.sent());
    ada.posts.push(by(BelongsTo::new(user("never"))));
    failed(
        ada.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.posts[1].author",
    );
    ada.posts.remove(1);
    ada.posts.iter_mut().next().unwrap().author = BelongsTo::new(user("never"));
    assert_eq!(
        ada.save(&test.pool).await.unwrap_err().kind(),
        ErrorKind::KeyChanged
    );
    ada.posts.iter_mut().next().unwrap().author = BelongsTo::to(bob.id);
    assert_eq!(
        ada.save(&test.pool).await.unwrap_err().kind(),
        ErrorKind::KeyChanged
    );
    assert_eq!(test.sent(), NONE);
    ada.posts.iter_mut().next().unwrap().author = BelongsTo::to(ada.id);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    // Moved, it refers to its new parent, and the object of the old one is let go.
    ada.load(User::POSTS.then(Post::AUTHOR), &test.pool)
        .await
        .unwrap();
    bob.load(User::POSTS, &test.pool).await.unwrap();
    bob.posts.adopt(ada.posts.expunge(0));
    bob.posts.push(by(BelongsTo::default()));
    bob.save(&test.pool).await.unwrap();
    assert_eq!(bob.posts[0].author.key(), Some(&bob.id));
    assert!(!bob.posts[0].author.is_loaded());
    assert_eq!(bob.posts[1].id, 2);
    assert_eq!(test.rows("posts").await, ["1|2|-", "2|2|-"]);
    assert_eq!(test.rows("users").await.len(), 2);
    assert!(bob.save(&test.pool).await.unwrap().is_empty());
    let mut moved = bob.posts.expunge(0);
    moved.author = BelongsTo::new(user("never"));
    ada.posts.adopt(moved);
    failed(
        ada.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.posts[0].author",
    );
}

async fn a_child_that_holds_its_collections_parent<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let mut ada = user("ada");
    ada.posts.push(by(BelongsTo::default()));
    ada.posts.push(by(BelongsTo::default()));
    let ada = ada.save(&test.pool).await.unwrap();
    assert_eq!(ada.posts[1].author.key(), Some(&1));
    let path = User::POSTS.then(Post::AUTHOR);
    let mut ada = User::find(1).with(path).one(&test.pool).await.unwrap();
    assert_eq!(ada.posts[0].author.get().unwrap().name, "ada");
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    ada.posts.remove(0);
    ada.posts.iter_mut().next().unwrap().topic = Some(BelongsTo::new(Topic {
        name: "maths".into(),
        ..Topic::default()
    }));
    let report = ada.save(&test.pool).await.unwrap();
    let mut changes = changes(&report);
    changes.sort();
    assert_eq!(
        changes,
        [
            "deleted 1 posts",
            "inserted 1 topics",
            "updated 1 posts",
            "updated 1 users"
        ]
    );
    assert_eq!(test.rows("posts").await, ["2|1|1"]);
    let post = Post::find(2).with(Post::AUTHOR).with(Post::TOPIC);
    let post = post.one(&test.pool).await.unwrap();
    assert_eq!(post.topic.as_ref().unwrap().get().unwrap().name, "maths");
    assert_eq!(post.author.get().unwrap().version, 2);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "teams")]
struct Team {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    captain: Option<BelongsTo<Player>>,
    #[one_to_many(cascade = "all, delete-orphan")]
    players: HasMany<Player>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "players")]
struct Player {
    #[key(generated)]
    id: i64,
    name: String,
    #[many_to_one]
    team: Option<BelongsTo<Team>>,
}

async fn mutual_references_of_new_rows<B: Base>(test: Test<B>) {
    test.create(
        "
        CREATE TABLE teams (id $id, captain_id BIGINT);
        CREATE TABLE players (id $id, name TEXT NOT NULL, team_id BIGINT REFERENCES teams (id));
    ",
    )
    .await;
    let player = |name: &str| Player {
        name: name.into(),
        ..Player::default()
    };
    let team = Team {
        captain: Some(BelongsTo::new(player("captain"))),
        players: vec![player("a"), player("b")].into(),
        ..Team::default()
    };
    let mut team = team.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("teams").await, ["1|1"]);
    assert_eq!(
        test.rows("players").await,
        ["1|captain|-", "2|a|1", "3|b|1"]
    );
    let second = team.players[1].id;
    team.captain = Some(BelongsTo::to(second));
    test.save_as_planned(&mut team).await;
    assert_eq!(test.rows("teams").await, ["1|3"]);
    // The captain leaves the team, and the team: it lets go before.
    team.players.remove(1);
    team.captain = None;
    test.save_as_planned(&mut team).await;
    assert_eq!(test.rows("teams").await, ["1|-"]);
    assert_eq!(test.rows("players").await, ["1|captain|-", "2|a|1"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "chapters")]
struct Chapter {
    #[key]
    id: String,
    #[many_to_one]
    first: Option<BelongsTo<Page>>,
    #[one_to_many(cascade = "all, delete-orphan")]
    pages: HasMany<Page>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "pages")]
struct Page {
    #[key]
    id: String,
    #[many_to_one(Chapter)]
    chapter_id: Option<String>,
    #[many_to_one(Page)]
    next_id: Option<String>,
}

const CHAPTERS: &str = "
    CREATE TABLE chapters (id TEXT PRIMARY KEY, first_id TEXT);
    CREATE TABLE pages (id TEXT PRIMARY KEY, chapter_id TEXT REFERENCES chapters (id), next_id TEXT REFERENCES pages (id));
";

/// A table of SQLite can refer to one that comes later; elsewhere the constraint is added.
async fn chapters<B: Base>(test: &Test<B>) {
    if B::SERVICE == "sqlite" {
        test.create(&CHAPTERS.replace("first_id TEXT", "first_id TEXT REFERENCES pages (id)"))
            .await;
    } else {
        test.create(CHAPTERS).await;
        test.create("ALTER TABLE chapters ADD FOREIGN KEY (first_id) REFERENCES pages (id)")
            .await;
    }
}

fn page(id: &str) -> Page {
    Page {
        id: id.into(),
        ..Page::default()
    }
}

async fn mutual_references_by_natural_keys<B: Base>(test: Test<B>) {
    chapters(&test).await;
    let chapter = Chapter {
        id: "one".into(),
        first: Some(BelongsTo::to("a".into())),
        pages: vec![page("a"), page("b")].into(),
    };
    drop(test.sent());
    let mut chapter = chapter.save(&test.pool).await.unwrap();
    assert_eq!(
        test.kinds(),
        ["INSERT chapters", "INSERT pages", "UPDATE chapters"],
        "NULL first"
    );
    assert_eq!(test.rows("chapters").await, ["one|a"]);
    assert_eq!(test.rows("pages").await, ["a|one|-", "b|one|-"]);
    assert_eq!(chapter.first.as_ref().unwrap().key().unwrap(), "a");
    assert!(chapter.save(&test.pool).await.unwrap().is_empty());
    chapter.first = Some(BelongsTo::to("c".into()));
    chapter.pages.push(page("c"));
    test.save_as_planned(&mut chapter).await;
    assert_eq!(test.rows("chapters").await, ["one|c"]);
    let many = (0..3).map(|number| Chapter {
        id: number.to_string(),
        first: Some(BelongsTo::to(format!("{number}a"))),
        pages: vec![page(&format!("{number}a"))].into(),
    });
    drop(test.sent());
    Chapter::save_all(many.collect(), &test.pool).await.unwrap();
    assert_eq!(
        test.kinds(),
        ["INSERT chapters", "INSERT pages", "UPDATE chapters"]
    );
    assert_eq!(
        test.rows("chapters").await,
        ["0|0a", "1|1a", "2|2a", "one|c"]
    );
}

async fn deleting_rows_that_refer_to_each_other<B: Base>(test: Test<B>) {
    chapters(&test).await;
    let insert = "
        INSERT INTO chapters (id) VALUES ('one'), ('two');
        INSERT INTO pages (id, chapter_id) VALUES ('a', 'one'), ('b', 'one'), ('c', 'two');
        UPDATE chapters SET first_id = 'a' WHERE id = 'one';
        UPDATE chapters SET first_id = 'c' WHERE id = 'two';
    ";
    test.execute(insert).await;
    let chapter = Chapter::find("one".into()).one(&test.pool).await.unwrap();
    chapter.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("chapters").await, ["two|c"]);
    assert_eq!(test.rows("pages").await, ["c|two|-"]);
    let find = Chapter::find("two".into()).with(Chapter::PAGES);
    let mut chapter = find.one(&test.pool).await.unwrap();
    chapter.pages.remove(0);
    let result = chapter.save(&test.pool).await;
    assert_eq!(
        result.unwrap_err().kind(),
        ErrorKind::ForeignKeyViolation,
        "the chapter still refers to it"
    );
    chapter.first = None;
    test.save_as_planned(&mut chapter).await;
    assert_eq!(test.rows("chapters").await, ["two|-"]);
    assert_eq!(test.rows("pages").await, NONE);
}

async fn a_plain_key_to_a_row_of_the_same_save<B: Base>(test: Test<B>) {
    chapters(&test).await;
    let mut two = Chapter {
        id: "two".into(),
        first: Some(BelongsTo::to("c".into())),
        ..Chapter::default()
    };
    let one = Chapter {
        id: "one".into(),
        first: Some(BelongsTo::new(page("c"))),
        pages: vec![page("b")].into(),
    };
    two.pages = HasMany::empty();
    let mut chapters = Chapter::save_all(vec![two, one], &test.pool).await.unwrap();
    assert_eq!(test.rows("chapters").await, ["one|c", "two|c"]);
    assert_eq!(test.rows("pages").await, ["b|one|-", "c|-|-"]);
    // Pages that refer to pages of other chapters, which come later.
    let next = |id: &str, next: &str| Page {
        next_id: Some(next.into()),
        ..page(id)
    };
    chapters[0].pages.extend([next("d", "e"), next("g", "b")]);
    chapters[1].pages.extend([next("e", "f"), page("f")]);
    Persistent::save_all(&mut chapters, &test.pool)
        .await
        .unwrap();
    let pages = [
        "b|one|-", "c|-|-", "d|two|e", "e|one|f", "f|one|-", "g|two|b",
    ];
    assert_eq!(test.rows("pages").await, pages);
    // A row that exists, and refers to one that enters.
    chapters[0].pages.iter_mut().next().unwrap().next_id = Some("h".into());
    chapters[1].pages.push(page("h"));
    Persistent::save_all(&mut chapters, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("pages").await[2], "d|two|h");
}

async fn rows_of_one_table_that_refer_to_each_other<B: Base>(test: Test<B>) {
    chapters(&test).await;
    let linked = |id: &str, next: &str| Page {
        next_id: Some(next.into()),
        ..page(id)
    };
    drop(test.sent());
    let pages = vec![linked("a", "b"), linked("b", "c"), page("c")];
    Page::save_all(pages, &test.pool).await.unwrap();
    let sent = test.sent();
    if B::SERVICE == "postgres" {
        assert_eq!(sent, ["INSERT pages"]);
    }
    assert_eq!(test.rows("pages").await, ["a|-|b", "b|-|c", "c|-|-"]);
    // A circle, one that refers to itself, and one that hangs on it.
    let pages = vec![
        linked("p", "q"),
        linked("q", "p"),
        linked("r", "r"),
        linked("s", "p"),
    ];
    Page::save_all(pages, &test.pool).await.unwrap();
    assert_eq!(
        test.rows("pages").await,
        [
            "a|-|b", "b|-|c", "c|-|-", "p|-|q", "q|-|p", "r|-|r", "s|-|p"
        ]
    );
    let all = Page::find_many(["a", "b", "c", "p", "q", "r", "s"].map(String::from));
    let all = all.all(&test.pool).await.unwrap();
    let deleted = Persistent::delete_all(all, &test.pool).await;
    deleted.unwrap();
    assert_eq!(test.rows("pages").await, NONE);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lids")]
struct Lid {
    #[key(generated)]
    id: i64,
    #[one_to_one]
    pot: Option<BelongsTo<Pot>>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "pots")]
struct Pot {
    #[key(generated)]
    id: i64,
    #[one_to_one]
    lid: HasOne<Lid>,
}

async fn one_to_one_parents_are_exchanged<B: Base>(test: Test<B>) {
    test.create(
        "
        CREATE TABLE pots (id $id, filler TEXT);
        CREATE TABLE lids (id $id, pot_id BIGINT UNIQUE REFERENCES pots (id));
    ",
    )
    .await;
    let lid = |pot| Lid {
        pot: Some(pot),
        ..Lid::default()
    };
    let new = || BelongsTo::new(Pot::default());
    let mut lids = Lid::save_all(vec![lid(new()), lid(new())], &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("lids").await, ["1|1", "2|2"]);
    let rival = lid(BelongsTo::to(1)).save(&test.pool).await;
    failed(rival, ErrorKind::UniqueViolation, "Lid");
    let (a, b) = lids.split_at_mut(1);
    std::mem::swap(&mut a[0].pot, &mut b[0].pot);
    Persistent::save_all(&mut lids, &test.pool).await.unwrap();
    assert_eq!(test.rows("lids").await, ["1|2", "2|1"]);
    let pot = Pot::find(1)
        .with(Pot::LID.then(Lid::POT))
        .one(&test.pool)
        .await
        .unwrap();
    let lid = pot.lid.get().unwrap();
    assert_eq!((lid.id, lid.pot.as_ref().unwrap().key()), (2, Some(&1)));
    assert_eq!(lid.pot.as_ref().unwrap().get().unwrap().id, 1);
}

async fn a_parent_that_has_children_of_its_own<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let mut author = user("ada");
    author.posts.push(by(BelongsTo::default()));
    author.posts.push(by(BelongsTo::default()));
    let post = by(BelongsTo::new(author)).save(&test.pool).await.unwrap();
    assert_eq!(post.author.get().unwrap().posts.len(), 2);
    assert_eq!(test.rows("posts").await, ["1|1|-", "2|1|-", "3|1|-"]);
    let post = Post::find(1).with(Post::AUTHOR.then(User::POSTS));
    let mut post = post.one(&test.pool).await.unwrap();
    assert_eq!(post.author.get().unwrap().posts.len(), 3);
    post.author.get_mut().unwrap().posts.remove(2);
    post.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["1|1|-", "2|1|-"]);
}

async fn a_changed_parent_is_no_change_of_the_aggregate<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let topic = Topic {
        name: "maths".into(),
        ..Topic::default()
    };
    let mut post = by(BelongsTo::default());
    post.topic = Some(BelongsTo::new(topic));
    let mut ada = User {
        posts: vec![post].into(),
        ..user("ada")
    }
    .save(&test.pool)
    .await
    .unwrap();
    let topic = |user: &mut Persistent<User>, name: &str| {
        let topic = user
            .posts
            .iter_mut()
            .next()
            .unwrap()
            .topic
            .as_mut()
            .unwrap();
        topic.get_mut().unwrap().name = name.into();
    };
    topic(&mut ada, "logic");
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["updated 1 topics"]);
    assert_eq!(ada.version, 1, "a topic is not below the user");
}
