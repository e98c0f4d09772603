//! What a graph costs in memory: a loaded one at most 1.3 times what the same plain structs take, an unchanged save of it nothing per row, and one of
//! a change nothing for the rows that stay as they are.
//!
//! A plain struct has the same columns, with a `Vec` of its children in the place of a `HasMany`, an `Option` of its child, without a `Box`, in that of a
//! `HasOne`, and the number in that of a `BelongsTo`. Its strings and vectors are as long as they are, and no longer. The rows are short for what they
//! are: a comment has three numbers and 50 characters in two strings, a post four numbers and 150 characters in two, an account with its profile four
//! numbers and 180 characters in six. Counted are the bytes that are asked for from the allocator, by all threads; what it adds to each block is not.

use std::alloc::System;

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx_cascade::{BelongsTo, HasMany, HasOne, Persistent, Relations};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, created INTEGER NOT NULL);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
        title TEXT NOT NULL, body TEXT NOT NULL, views INTEGER NOT NULL, created INTEGER NOT NULL);
    CREATE INDEX posts_of_user ON posts (user_id);
    CREATE TABLE comments (id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL REFERENCES posts,
        author TEXT NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL);
    CREATE INDEX comments_of_post ON comments (post_id);
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, password TEXT NOT NULL,
        created INTEGER NOT NULL);
    CREATE TABLE profiles (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL UNIQUE REFERENCES accounts,
        bio TEXT NOT NULL, city TEXT, website TEXT NOT NULL);";

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key]
    id: i64,
    name: String,
    email: String,
    created: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key]
    id: i64,
    #[many_to_one]
    user: BelongsTo<User>,
    title: String,
    body: String,
    views: i64,
    created: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    comments: HasMany<Comment>,
}

#[derive(Relations)]
#[table(name = "comments")]
struct Comment {
    #[key]
    id: i64,
    #[many_to_one(Post)]
    post_id: i64,
    author: String,
    body: String,
    created: i64,
}

#[derive(Relations)]
#[table(name = "accounts")]
struct Account {
    #[key]
    id: i64,
    name: String,
    email: String,
    password: String,
    created: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key]
    id: i64,
    #[one_to_one(Account)]
    account_id: i64,
    bio: String,
    city: Option<String>,
    website: String,
}

/// The same without the library.
mod plain {
    #![allow(dead_code)]

    pub(crate) struct User {
        pub(crate) id: i64,
        pub(crate) name: String,
        pub(crate) email: String,
        pub(crate) created: i64,
        pub(crate) posts: Vec<Post>,
    }

    pub(crate) struct Post {
        pub(crate) id: i64,
        pub(crate) user_id: i64,
        pub(crate) title: String,
        pub(crate) body: String,
        pub(crate) views: i64,
        pub(crate) created: i64,
        pub(crate) comments: Vec<Comment>,
    }

    pub(crate) struct Comment {
        pub(crate) id: i64,
        pub(crate) post_id: i64,
        pub(crate) author: String,
        pub(crate) body: String,
        pub(crate) created: i64,
    }

    pub(crate) struct Account {
        pub(crate) id: i64,
        pub(crate) name: String,
        pub(crate) email: String,
        pub(crate) password: String,
        pub(crate) created: i64,
        pub(crate) profile: Option<Profile>,
    }

    pub(crate) struct Profile {
        pub(crate) id: i64,
        pub(crate) account_id: i64,
        pub(crate) bio: String,
        pub(crate) city: Option<String>,
        pub(crate) website: String,
    }
}

fn plain_user(user: &User) -> plain::User {
    plain::User {
        id: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        created: user.created,
        posts: user.posts.iter().map(plain_post).collect(),
    }
}

fn plain_post(post: &Post) -> plain::Post {
    plain::Post {
        id: post.id,
        user_id: *post.user.key().unwrap(),
        title: post.title.clone(),
        body: post.body.clone(),
        views: post.views,
        created: post.created,
        comments: post.comments.iter().map(plain_comment).collect(),
    }
}

fn plain_comment(comment: &Comment) -> plain::Comment {
    plain::Comment {
        id: comment.id,
        post_id: comment.post_id,
        author: comment.author.clone(),
        body: comment.body.clone(),
        created: comment.created,
    }
}

fn plain_account(account: &Account) -> plain::Account {
    plain::Account {
        id: account.id,
        name: account.name.clone(),
        email: account.email.clone(),
        password: account.password.clone(),
        created: account.created,
        profile: account.profile.get().map(plain_profile),
    }
}

fn plain_profile(profile: &Profile) -> plain::Profile {
    plain::Profile {
        id: profile.id,
        account_id: profile.account_id,
        bio: profile.bio.clone(),
        city: profile.city.clone(),
        website: profile.website.clone(),
    }
}

const USERS: &str = "
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
    INSERT INTO users SELECT n, 'User ' || n, 'user' || n || '@example.org', 1700000000 FROM n";
const POSTS: &str = "
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1 * ?2)
    INSERT INTO posts SELECT n, 1 + n % ?1, 'The title of post ' || n, hex(zeroblob(63)), n, 1700000000 FROM n";
const COMMENTS: &str = "
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1 * ?2)
    INSERT INTO comments SELECT n, 1 + n % ?1, 'Author ' || n % 100, hex(zeroblob(20)), 1700000000 FROM n";
const ACCOUNTS: &str = "
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
    INSERT INTO accounts SELECT n, 'User ' || n, 'user' || n || '@example.org', hex(zeroblob(30)), 1700000000 FROM n";
const PROFILES: &str = "
    INSERT INTO profiles SELECT id, id, hex(zeroblob(25)), 'Amsterdam', 'https://example.org/' || id FROM accounts";

/// A database without rows.
async fn database() -> SqlitePool {
    let options = SqlitePoolOptions::new().max_connections(1);
    let pool = options.connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&pool).await.unwrap();
    pool
}

async fn insert(pool: &SqlitePool, rows: &'static str, parents: i64, each: i64) {
    let insert = sqlx::query(rows).bind(parents).bind(each);
    insert.execute(pool).await.unwrap();
}

/// So many users with ten posts each, with nine comments each.
async fn users(count: i64) -> SqlitePool {
    let pool = database().await;
    insert(&pool, USERS, count, 1).await;
    insert(&pool, POSTS, count, 10).await;
    insert(&pool, COMMENTS, 10 * count, 9).await;
    pool
}

async fn load_users(pool: &SqlitePool, count: i64) -> Vec<Persistent<User>> {
    let found = User::find_many(1..=count).with(User::POSTS.then(Post::COMMENTS));
    found.all(pool).await.unwrap()
}

async fn load_accounts(pool: &SqlitePool, count: i64) -> Vec<Persistent<Account>> {
    let found = Account::find_many(1..=count).with(Account::PROFILE);
    found.all(pool).await.unwrap()
}

/// The bytes that are allocated.
fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// How often memory was asked for.
fn requests() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

#[track_caller]
fn assert_small(what: &str, loaded: usize, plain: usize) {
    let sizes = format!("{what}: {loaded} bytes loaded, {plain} plain");
    println!("{sizes}, {} %", 100 * loaded / plain);
    assert!(10 * loaded <= 13 * plain, "{sizes}");
}

async fn a_loaded_graph_is_small() {
    let count = 1_000;
    let pool = users(count).await;
    // What the connection keeps for the next time is there afterwards.
    drop(load_users(&pool, count).await);
    let before = allocated();
    let loaded = load_users(&pool, count).await;
    let loaded_bytes = allocated() - before;

    let before = allocated();
    let plain: Vec<plain::User> = loaded.iter().map(|user| plain_user(user)).collect();
    let plain_bytes = allocated() - before;
    let posts = || plain.iter().flat_map(|user| &user.posts);
    let comments = posts().flat_map(|post| &post.comments);
    assert_eq!((posts().count(), comments.count()), (10_000, 90_000));
    assert_small("users with posts with comments", loaded_bytes, plain_bytes);
}

async fn a_loaded_has_one_is_small() {
    let count = 50_000;
    let pool = database().await;
    insert(&pool, ACCOUNTS, count, 1).await;
    insert(&pool, PROFILES, count, 1).await;
    drop(load_accounts(&pool, count).await);
    let before = allocated();
    let loaded = load_accounts(&pool, count).await;
    let loaded_bytes = allocated() - before;

    let before = allocated();
    let plain: Vec<plain::Account> = loaded.iter().map(|row| plain_account(row)).collect();
    let plain_bytes = allocated() - before;
    let profiles = plain.iter().filter_map(|account| account.profile.as_ref());
    assert_eq!(profiles.count(), 50_000);
    assert_small("accounts with a profile", loaded_bytes, plain_bytes);
}

/// How often a save asks for memory that finds nothing changed in so many users, with a hundred rows each. What is borrowed has a copy of its columns:
/// each row was, or none.
async fn unchanged(count: i64, is_borrowed: bool) -> usize {
    let pool = users(count).await;
    let mut users = load_users(&pool, count).await;
    if is_borrowed {
        for post in users.iter_mut().flat_map(|user| &mut user.posts) {
            for comment in &mut post.comments {
                let _: &mut Comment = comment;
            }
        }
    }
    let before = requests();
    let report = Persistent::save_all(&mut users, &pool).await.unwrap();
    let requests = requests() - before;
    assert!(report.is_empty());
    requests
}

/// The requests of a save of a single change below a user with so many posts of nine comments.
async fn one_change(posts: i64) -> usize {
    let pool = database().await;
    insert(&pool, USERS, 1, 1).await;
    insert(&pool, POSTS, 1, posts).await;
    insert(&pool, COMMENTS, posts, 9).await;
    let mut users = load_users(&pool, 1).await;
    users[0].posts[9].comments[3].body.push('!');
    let before = requests();
    let report = users[0].save(&pool).await.unwrap();
    let requests = requests() - before;
    assert_eq!(report.changes().len(), 1);
    requests
}

async fn a_change_takes_nothing_for_the_others() {
    let few = one_change(100).await;
    let many = one_change(1000).await;
    println!("a single change: {few} requests among 1,000 rows, {many} among 10,000");
    assert!(many <= few + 4, "{few} and {many} requests");
}

async fn an_unchanged_save_takes_nothing_per_row() {
    for is_borrowed in [false, true] {
        let few = unchanged(10, is_borrowed).await;
        let many = unchanged(100, is_borrowed).await;
        println!("an unchanged save: {few} requests for 1,000 rows, {many} for 10,000");
        assert!(many <= few + 4, "{few} and {many} requests");
    }
}

/// One test: what runs beside it would be counted.
#[tokio::test]
async fn graphs_take_little_memory() {
    a_loaded_graph_is_small().await;
    a_loaded_has_one_is_small().await;
    an_unchanged_save_takes_nothing_per_row().await;
    a_change_takes_nothing_for_the_others().await;
}
