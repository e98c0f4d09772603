//! The statements of a save that `docs/performance.md` explains are those that PostgreSQL is sent.

use sqlx::Postgres;
use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Persistent, Relations};

use crate::support::{Test, run};

const PAGE: &str = include_str!("../../docs/performance.md");

/// The structs of the README.
#[derive(Default, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: HasOne<Profile>,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "title")]
    posts: HasMany<Post>,
}

#[derive(Default, Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)]
    id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    user_id: i64,
    bio: String,
}

#[derive(Default, Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)]
    id: i64,
    title: String,
    #[many_to_one(on_delete = "cascade")]
    user: BelongsTo<User>,
    #[many_to_many(through = "post_tags")]
    tags: ManyToMany<Tag>,
}

#[derive(Default, Relations)]
#[table(name = "tags")]
struct Tag {
    #[key]
    name: String,
}

const SCHEMA: &str = "
    CREATE TABLE users (id $id, name TEXT NOT NULL);
    CREATE TABLE profiles (id $id, bio TEXT NOT NULL, user_id BIGINT NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE);
    CREATE TABLE posts (id $id, title TEXT NOT NULL, user_id BIGINT NOT NULL REFERENCES users ON DELETE CASCADE);
    CREATE TABLE tags (name TEXT PRIMARY KEY);
    CREATE TABLE post_tags (post_id BIGINT NOT NULL REFERENCES posts ON DELETE CASCADE,
        tag_id TEXT NOT NULL REFERENCES tags ON DELETE CASCADE, PRIMARY KEY (post_id, tag_id));
";

fn post(title: &str) -> Post {
    Post {
        title: title.into(),
        ..Post::default()
    }
}

/// The statements of the page, one text each, without what explains them.
fn explained() -> Vec<String> {
    let blocks = PAGE.split("```sql\n").skip(1);
    let statement = |block: &str| {
        let (block, _) = block.split_once("```").expect("the end of a block");
        let line = |line: &str| line.split("--").next().map(str::to_owned);
        bare(&block.lines().filter_map(line).collect::<String>())
    };
    blocks.map(statement).collect()
}

/// Without white space.
fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

#[tokio::test]
async fn the_statements_of_a_save() {
    run::<Postgres, _>(async |test: Test<Postgres>| {
        test.create(SCHEMA).await;
        let ada = User {
            name: "Ada".into(),
            posts: vec![post("Notes"), post("Engines"), post("Machines")].into(),
            ..User::default()
        };
        let grace = User {
            name: "Grace".into(),
            posts: vec![post("Compilers")].into(),
            ..User::default()
        };
        drop(test.statements());
        let users = User::save_all(vec![ada, grace], &test.pool).await;
        let mut users = users.unwrap();
        let [ada, grace] = users.as_mut_slice() else {
            unreachable!()
        };
        ada.posts.remove(0);
        ada.posts.remove(0);
        ada.posts[0].title.push('!');
        grace.posts[0].title.push('!');
        grace.posts.push(post("Bugs"));
        grace.posts.push(post("Moths"));
        Persistent::save_all(&mut users, &test.pool).await.unwrap();
        let sent = test.statements();
        let found: Vec<String> = sent.iter().map(|sent| bare(sent)).collect();
        assert!(
            found == explained(),
            "docs/performance.md explains others than are sent: {sent:#?}"
        );
        let rows = ["3|Machines!|1", "4|Compilers!|2", "5|Bugs|2", "6|Moths|2"];
        assert_eq!(test.rows("posts").await, rows);
    })
    .await;
}
