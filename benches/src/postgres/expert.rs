//! By hand, by one who knows PostgreSQL: arrays instead of rows, one statement per table and kind of change, one transaction.

use sqlx::{Connection as _, PgConnection};

use crate::by_hand::{
    UserRow, assembled, number_comments, number_nodes, number_posts, number_profiles, number_users,
};
use crate::contender::{Contender, Outcome};
use crate::plain::{self, Album, Node, Post, User};

pub struct Expert(pub PgConnection);

/// Arrays side by side in the list of a SELECT: `nextval` runs in the order of their elements, so that the keys in their order are those of the rows.
const USERS: &str = "INSERT INTO users (name) SELECT unnest($1::text[]) RETURNING id";
const PROFILES: &str = "INSERT INTO profiles (user_id, bio) SELECT unnest($1::bigint[]), unnest($2::text[]) RETURNING id";
const POSTS: &str = "INSERT INTO posts (user_id, title) SELECT $1, unnest($2::text[]) RETURNING id";
const COMMENTS: &str = "INSERT INTO comments (post_id, body) SELECT unnest($1::bigint[]), unnest($2::text[]) RETURNING id";
const NODES: &str = "INSERT INTO nodes (parent_id, name) SELECT unnest($1::bigint[]), unnest($2::text[]) RETURNING id";

async fn insert_posts(connection: &mut PgConnection, user: i64, posts: &mut [Post]) -> Outcome {
    if posts.is_empty() {
        return Ok(());
    }
    let titles: Vec<&str> = posts.iter().map(|post| post.title.as_str()).collect();
    let query = sqlx::query_scalar(POSTS).bind(user).bind(titles);
    let keys = query.fetch_all(&mut *connection).await?;
    number_posts(posts, user, keys);
    let comments = || posts.iter().flat_map(|post| &post.comments);
    let of: Vec<i64> = comments().map(|comment| comment.post_id).collect();
    let bodies: Vec<&str> = comments().map(|comment| comment.body.as_str()).collect();
    let query = sqlx::query_scalar(COMMENTS).bind(of).bind(bodies);
    let keys = query.fetch_all(connection).await?;
    number_comments(posts, keys);
    Ok(())
}

async fn insert_profile(connection: &mut PgConnection, user: &mut User) -> Outcome {
    if let Some(profile) = &mut user.profile {
        profile.user_id = user.id;
        let text = "INSERT INTO profiles (user_id, bio) VALUES ($1, $2) RETURNING id";
        let query = sqlx::query_scalar(text)
            .bind(user.id)
            .bind(profile.bio.as_str());
        profile.id = query.fetch_one(connection).await?;
    }
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
        let text = "INSERT INTO users (name) VALUES ($1) RETURNING id";
        let query = sqlx::query_scalar(text).bind(user.name.as_str());
        user.id = query.fetch_one(&mut *transaction).await?;
        insert_profile(&mut transaction, &mut user).await?;
        insert_posts(&mut transaction, user.id, &mut user.posts).await?;
        transaction.commit().await?;
        Ok(user)
    }

    async fn load(&mut self, id: i64) -> Outcome<User> {
        let text = "SELECT u.name, p.id, p.bio FROM users u LEFT JOIN profiles p ON p.user_id = u.id WHERE u.id = $1";
        let query = sqlx::query_as(text).bind(id);
        let user: UserRow = query.fetch_one(&mut self.0).await?;
        let text = "SELECT id, title FROM posts WHERE user_id = $1 ORDER BY id";
        let posts: Vec<(i64, String)> =
            sqlx::query_as(text).bind(id).fetch_all(&mut self.0).await?;
        // By the keys that are known: a join would be planned anew each time.
        let keys: Vec<i64> = posts.iter().map(|(key, _)| *key).collect();
        let text =
            "SELECT id, post_id, body FROM comments WHERE post_id = ANY($1) ORDER BY post_id, id";
        let query = sqlx::query_as(text).bind(keys);
        let comments = query.fetch_all(&mut self.0).await?;
        Ok(assembled(id, user, posts, comments))
    }

    async fn change(&mut self, user: &mut User) -> Outcome {
        let edit = user.edit();
        let mut transaction = self.0.begin().await?;
        if !edit.removed.is_empty() {
            let removed: Vec<i64> = edit.removed.iter().map(|post| post.id).collect();
            let query = sqlx::query("DELETE FROM comments WHERE post_id = ANY($1)").bind(&removed);
            query.execute(&mut *transaction).await?;
            let query = sqlx::query("DELETE FROM posts WHERE id = ANY($1)").bind(&removed);
            query.execute(&mut *transaction).await?;
        }
        let changed = &user.posts[..edit.changed];
        let keys: Vec<i64> = changed.iter().map(|post| post.id).collect();
        let titles: Vec<&str> = changed.iter().map(|post| post.title.as_str()).collect();
        let text = "UPDATE posts AS p SET title = r.title FROM unnest($1::bigint[], $2::text[]) AS r (id, title) WHERE p.id = r.id";
        let query = sqlx::query(text).bind(keys).bind(titles);
        query.execute(&mut *transaction).await?;
        insert_posts(&mut transaction, user.id, &mut user.posts[edit.added..]).await?;
        Ok(transaction.commit().await?)
    }

    async fn replace(&mut self, user: &mut User) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let query = sqlx::query("DELETE FROM profiles WHERE user_id = $1").bind(user.id);
        query.execute(&mut *transaction).await?;
        user.profile = Some(plain::profile("engineer"));
        insert_profile(&mut transaction, user).await?;
        Ok(transaction.commit().await?)
    }

    async fn delete(&mut self, user: User) -> Outcome {
        let mut transaction = self.0.begin().await?;
        for text in [
            "DELETE FROM comments WHERE post_id IN (SELECT id FROM posts WHERE user_id = $1)",
            "DELETE FROM posts WHERE user_id = $1",
            "DELETE FROM profiles WHERE user_id = $1",
            "DELETE FROM users WHERE id = $1",
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
        let query = sqlx::query("DELETE FROM users WHERE id = $1").bind(root);
        query.execute(&mut self.0).await?;
        Ok(())
    }

    async fn insert_many(&mut self, mut users: Vec<User>) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        let query = sqlx::query_scalar(USERS).bind(names);
        let keys = query.fetch_all(&mut *transaction).await?;
        number_users(&mut users, keys);
        let profiles = || users.iter().filter_map(|user| user.profile.as_ref());
        let of: Vec<i64> = profiles().map(|profile| profile.user_id).collect();
        let bios: Vec<&str> = profiles().map(|profile| profile.bio.as_str()).collect();
        let query = sqlx::query_scalar(PROFILES).bind(of).bind(bios);
        let keys = query.fetch_all(&mut *transaction).await?;
        number_profiles(&mut users, keys);
        Ok(transaction.commit().await?)
    }

    async fn insert_tree(&mut self, mut tree: Node) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let mut level = vec![&mut tree];
        while !level.is_empty() {
            let of: Vec<Option<i64>> = level.iter().map(|node| node.parent_id).collect();
            let names: Vec<&str> = level.iter().map(|node| node.name.as_str()).collect();
            let query = sqlx::query_scalar(NODES).bind(of).bind(names);
            let keys = query.fetch_all(&mut *transaction).await?;
            level = number_nodes(level, keys);
        }
        Ok(transaction.commit().await?)
    }

    async fn insert_album(&mut self, mut album: Album) -> Outcome {
        let mut transaction = self.0.begin().await?;
        let text = "INSERT INTO albums (name) VALUES ($1) RETURNING id";
        let query = sqlx::query_scalar(text).bind(album.name.as_str());
        album.id = query.fetch_one(&mut *transaction).await?;
        let text = "INSERT INTO album_tags (album_id, tag_id) SELECT $1, unnest($2::bigint[])";
        let query = sqlx::query(text).bind(album.id).bind(&album.tags);
        query.execute(&mut *transaction).await?;
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
