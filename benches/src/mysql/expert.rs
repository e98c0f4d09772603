//! By hand, by one who knows MariaDB and MySQL: lists of values, one statement per table and kind of change, one transaction.

use sqlx::mysql::MySqlQueryResult;
use sqlx::{Connection as _, MySql, MySqlConnection, QueryBuilder};

use crate::by_hand::{
    UserRow, assembled, number_comments, number_nodes, number_posts, number_profiles, number_users,
};
use crate::contender::{Contender, Outcome};
use crate::plain::{self, Album, Node, Post, User};

pub struct Expert(pub MySqlConnection);

/// The most rows of a list: the parameters would do for 32,767, but a longer one is no faster.
const ROWS: usize = 1000;

/// The keys of so many rows of a statement that says how many they are: `InnoDB` draws them at once, one after the other.
fn drawn(done: &MySqlQueryResult, rows: usize) -> Outcome<Vec<i64>> {
    let first = i64::try_from(done.last_insert_id())?;
    Ok((first..).take(rows).collect())
}

/// Inserts rows of two columns, and gives their keys.
async fn insert(
    connection: &mut MySqlConnection,
    into: &'static str,
    rows: &[(Option<i64>, &str)],
) -> Outcome<Vec<i64>> {
    let mut keys = Vec::with_capacity(rows.len());
    for rows in rows.chunks(ROWS) {
        let mut query = QueryBuilder::<MySql>::new(into);
        query.push_values(rows, |mut row, (of, text)| {
            row.push_bind(*of).push_bind(*text);
        });
        let done = query.build().execute(&mut *connection).await?;
        keys.extend(drawn(&done, rows.len())?);
    }
    Ok(keys)
}

async fn insert_posts(connection: &mut MySqlConnection, user: i64, posts: &mut [Post]) -> Outcome {
    if posts.is_empty() {
        return Ok(());
    }
    let rows = posts.iter().map(|post| (Some(user), post.title.as_str()));
    let rows: Vec<_> = rows.collect();
    let into = "INSERT INTO posts (user_id, title) ";
    let keys = insert(connection, into, &rows).await?;
    number_posts(posts, user, keys);
    let comments = posts.iter().flat_map(|post| &post.comments);
    let rows = comments.map(|comment| (Some(comment.post_id), comment.body.as_str()));
    let rows: Vec<_> = rows.collect();
    let into = "INSERT INTO comments (post_id, body) ";
    let keys = insert(connection, into, &rows).await?;
    number_comments(posts, keys);
    Ok(())
}

async fn insert_profile(connection: &mut MySqlConnection, user: &mut User) -> Outcome {
    if let Some(profile) = &mut user.profile {
        profile.user_id = user.id;
        let query = sqlx::query("INSERT INTO profiles (user_id, bio) VALUES (?, ?)");
        let query = query.bind(user.id).bind(profile.bio.as_str());
        profile.id = drawn(&query.execute(connection).await?, 1)?[0];
    }
    Ok(())
}

/// Deletes what refers to these keys, or has them.
async fn delete(connection: &mut MySqlConnection, from: &'static str, keys: &[i64]) -> Outcome {
    let mut query = QueryBuilder::<MySql>::new(from);
    let mut list = query.separated(", ");
    for key in keys {
        list.push_bind(*key);
    }
    query.push(")");
    query.build().execute(connection).await?;
    Ok(())
}

impl Contender for Expert {
    const NAME: &'static str = "expert";
    type New = User;
    type User = User;
    type Kept = User;
    type Root = i64;
    type Tree = Node;
    type Album = Album;

    async fn insert(&mut self, mut user: User) -> Outcome<User> {
        let mut transaction = self.0.begin().await?;
        let query = sqlx::query("INSERT INTO users (name) VALUES (?)").bind(user.name.as_str());
        user.id = drawn(&query.execute(&mut *transaction).await?, 1)?[0];
        insert_profile(&mut transaction, &mut user).await?;
        insert_posts(&mut transaction, user.id, &mut user.posts).await?;
        transaction.commit().await?;
        Ok(user)
    }

    async fn load(&mut self, id: i64) -> Outcome<User> {
        let text = "SELECT u.name, p.id, p.bio FROM users u LEFT JOIN profiles p ON p.user_id = u.id WHERE u.id = ?";
        let query = sqlx::query_as(text).bind(id);
        let user: UserRow = query.fetch_one(&mut self.0).await?;
        let text = "SELECT id, title FROM posts WHERE user_id = ? ORDER BY id";
        let posts = sqlx::query_as(text).bind(id).fetch_all(&mut self.0).await?;
        let text = "SELECT c.id, c.post_id, c.body FROM comments c JOIN posts p ON p.id = c.post_id WHERE p.user_id = ?";
        let mut comments: Vec<(i64, i64, String)> =
            sqlx::query_as(text).bind(id).fetch_all(&mut self.0).await?;
        // The server would sort them in a temporary table.
        comments.sort_unstable_by_key(|(key, post, _)| (*post, *key));
        Ok(assembled(id, user, posts, comments))
    }

    async fn change(&mut self, user: &mut User) -> Outcome {
        let edit = user.edit();
        let mut transaction = self.0.begin().await?;
        if !edit.removed.is_empty() {
            let removed: Vec<i64> = edit.removed.iter().map(|post| post.id).collect();
            let from = "DELETE FROM comments WHERE post_id IN (";
            delete(&mut transaction, from, &removed).await?;
            delete(
                &mut transaction,
                "DELETE FROM posts WHERE id IN (",
                &removed,
            )
            .await?;
        }
        let mut query = QueryBuilder::<MySql>::new("INSERT INTO posts (id, user_id, title) ");
        query.push_values(&user.posts[..edit.changed], |mut row, post| {
            row.push_bind(post.id).push_bind(post.user_id);
            row.push_bind(post.title.as_str());
        });
        query.push(" ON DUPLICATE KEY UPDATE title = VALUES(title)");
        query.build().execute(&mut *transaction).await?;
        insert_posts(&mut transaction, user.id, &mut user.posts[edit.added..]).await?;
        Ok(transaction.commit().await?)
    }

    async fn replace(&mut self, user: &mut User) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let query = sqlx::query("DELETE FROM profiles WHERE user_id = ?").bind(user.id);
        query.execute(&mut *transaction).await?;
        user.profile = Some(plain::profile("engineer"));
        insert_profile(&mut transaction, user).await?;
        Ok(transaction.commit().await?)
    }

    async fn delete(&mut self, user: User) -> Outcome {
        let mut transaction = self.0.begin().await?;
        for text in [
            "DELETE c FROM comments c JOIN posts p ON p.id = c.post_id WHERE p.user_id = ?",
            "DELETE FROM posts WHERE user_id = ?",
            "DELETE FROM profiles WHERE user_id = ?",
            "DELETE FROM users WHERE id = ?",
        ] {
            let query = sqlx::query(text).bind(user.id);
            query.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn root(&mut self, id: i64) -> Outcome<i64> {
        Ok(id)
    }

    async fn delete_passive(&mut self, root: i64) -> Outcome {
        let query = sqlx::query("DELETE FROM users WHERE id = ?").bind(root);
        query.execute(&mut self.0).await?;
        Ok(())
    }

    async fn insert_many(&mut self, mut users: Vec<User>) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let mut query = QueryBuilder::<MySql>::new("INSERT INTO users (name) ");
        query.push_values(&users, |mut row, user| {
            row.push_bind(user.name.as_str());
        });
        let done = query.build().execute(&mut *transaction).await?;
        let keys = drawn(&done, users.len())?;
        number_users(&mut users, keys);
        let profiles = users.iter().filter_map(|user| user.profile.as_ref());
        let rows = profiles.map(|profile| (Some(profile.user_id), profile.bio.as_str()));
        let rows: Vec<_> = rows.collect();
        let into = "INSERT INTO profiles (user_id, bio) ";
        let keys = insert(&mut transaction, into, &rows).await?;
        number_profiles(&mut users, keys);
        Ok(transaction.commit().await?)
    }

    async fn insert_tree(&mut self, mut tree: Node) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let mut level = vec![&mut tree];
        while !level.is_empty() {
            let rows = level
                .iter()
                .map(|node| (node.parent_id, node.name.as_str()));
            let rows: Vec<_> = rows.collect();
            let into = "INSERT INTO nodes (parent_id, name) ";
            let keys = insert(&mut transaction, into, &rows).await?;
            level = number_nodes(level, keys);
        }
        Ok(transaction.commit().await?)
    }

    async fn insert_album(&mut self, mut album: Album) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let query = sqlx::query("INSERT INTO albums (name) VALUES (?)").bind(album.name.as_str());
        album.id = drawn(&query.execute(&mut *transaction).await?, 1)?[0];
        let mut query = QueryBuilder::<MySql>::new("INSERT INTO album_tags (album_id, tag_id) ");
        query.push_values(&album.tags, |mut row, tag| {
            row.push_bind(album.id).push_bind(*tag);
        });
        query.build().execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    fn keep(user: &mut User) -> User {
        user.clone()
    }

    async fn unchanged(&mut self, user: &mut User, kept: &User) -> Outcome {
        assert!(user == kept);
        Ok(())
    }
}
