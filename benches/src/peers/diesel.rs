//! diesel, on PostgreSQL and SQLite alike: a statement per table, lists where it has them, `belonging_to` and `grouped_by`.

mod models;
mod schema;

pub mod postgres {
    use diesel::PgConnection;

    super::in_diesel!(PgConnection, transaction);
}

pub mod sqlite {
    use diesel::SqliteConnection;

    super::in_diesel!(SqliteConnection, immediate_transaction);
}

/// The posts of a statement: they and their comments have fewer than 32,766 parameters, as many as SQLite takes.
const ROWS: usize = 8_000;

/// The posts whose comments are read at once.
const KEYS: usize = 32_000;

/// The contender for one kind of connection: the traits of a query that fits all kinds take more lines than the query.
macro_rules! in_diesel {
    ($Connection:ty, $transaction:ident) => {
        use diesel::prelude::*;

        use super::models::{
            Comment, NewAlbum, NewComment, NewLink, NewNode, NewPost, NewProfile, NewUser, Post,
            Profile, User,
        };
        use super::schema::{album_tags, albums, comments, nodes, posts, profiles, users};
        use crate::by_hand::{
            number_comments, number_nodes, number_posts, number_profiles, number_users,
        };
        use crate::contender::{Contender, Outcome};
        use crate::plain;
        use crate::workload::{Task, Workload};

        pub struct Diesel(pub $Connection);

        fn insert_posts(
            connection: &mut $Connection,
            user: i64,
            all: &mut [plain::Post],
        ) -> QueryResult<()> {
            for some in all.chunks_mut(super::ROWS) {
                let new: Vec<NewPost<'_>> =
                    some.iter().map(|post| NewPost::new(user, post)).collect();
                let keys = diesel::insert_into(posts::table)
                    .values(&new)
                    .returning(posts::id)
                    .get_results(connection)?;
                number_posts(some, user, keys);
                let new = some.iter().flat_map(|post| &post.comments);
                let new: Vec<NewComment<'_>> = new.map(NewComment::new).collect();
                let keys = diesel::insert_into(comments::table)
                    .values(&new)
                    .returning(comments::id)
                    .get_results(connection)?;
                number_comments(some, keys);
            }
            Ok(())
        }

        fn insert_profile(
            connection: &mut $Connection,
            user: i64,
            profile: &mut plain::Profile,
        ) -> QueryResult<()> {
            profile.user_id = user;
            profile.id = diesel::insert_into(profiles::table)
                .values(NewProfile::new(profile))
                .returning(profiles::id)
                .get_result(connection)?;
            Ok(())
        }

        fn load_posts(
            connection: &mut $Connection,
            user: &User,
        ) -> QueryResult<Vec<(Post, Vec<Comment>)>> {
            let all: Vec<Post> = Post::belonging_to(user)
                .order(posts::id)
                .select(Post::as_select())
                .load(connection)?;
            let mut below: Vec<Comment> = Vec::new();
            for some in all.chunks(super::KEYS) {
                let query = Comment::belonging_to(some).order(comments::id);
                below.extend(query.select(Comment::as_select()).load(connection)?);
            }
            let below = below.grouped_by(&all);
            Ok(all.into_iter().zip(below).collect())
        }

        impl Contender for Diesel {
            const NAME: &'static str = "diesel";
            type New = plain::User;
            type User = plain::User;
            type Kept = ();
            type Root = i64;
            type Tree = plain::Node;
            type Album = plain::Album;

            /// It keeps nothing of what was loaded: what has changed is its user's to know.
            fn does(task: Task) -> bool {
                task.workload != Workload::Unchanged
            }

            async fn insert(&mut self, mut user: plain::User) -> Outcome<plain::User> {
                self.0.$transaction(|connection| {
                    user.id = diesel::insert_into(users::table)
                        .values(NewUser { name: &user.name })
                        .returning(users::id)
                        .get_result(connection)?;
                    if let Some(profile) = &mut user.profile {
                        insert_profile(connection, user.id, profile)?;
                    }
                    insert_posts(connection, user.id, &mut user.posts)
                })?;
                Ok(user)
            }

            async fn load(&mut self, id: i64) -> Outcome<plain::User> {
                let connection = &mut self.0;
                let user: User = users::table
                    .find(id)
                    .select(User::as_select())
                    .first(connection)?;
                let profile = Profile::belonging_to(&user)
                    .select(Profile::as_select())
                    .first(connection)
                    .optional()?;
                let posts = load_posts(connection, &user)?;
                Ok(user.with(profile, posts))
            }

            async fn change(&mut self, user: &mut plain::User) -> Outcome {
                let edit = user.edit();
                self.0.$transaction(|connection| {
                    let removed: Vec<i64> = edit.removed.iter().map(|post| post.id).collect();
                    if !removed.is_empty() {
                        diesel::delete(comments::table.filter(comments::post_id.eq_any(&removed)))
                            .execute(connection)?;
                        diesel::delete(posts::table.filter(posts::id.eq_any(&removed)))
                            .execute(connection)?;
                    }
                    for post in &user.posts[..edit.changed] {
                        diesel::update(posts::table.find(post.id))
                            .set(posts::title.eq(&post.title))
                            .execute(connection)?;
                    }
                    insert_posts(connection, user.id, &mut user.posts[edit.added..])
                })?;
                Ok(())
            }

            async fn replace(&mut self, user: &mut plain::User) -> Outcome {
                self.0.$transaction(|connection| {
                    diesel::delete(profiles::table.filter(profiles::user_id.eq(user.id)))
                        .execute(connection)?;
                    let profile = user.profile.insert(plain::profile("engineer"));
                    insert_profile(connection, user.id, profile)
                })?;
                Ok(())
            }

            async fn delete(&mut self, user: plain::User) -> Outcome {
                self.0.$transaction(|connection| {
                    let own = posts::table.filter(posts::user_id.eq(user.id));
                    let keys = own.select(posts::id);
                    diesel::delete(comments::table.filter(comments::post_id.eq_any(keys)))
                        .execute(connection)?;
                    diesel::delete(own).execute(connection)?;
                    diesel::delete(profiles::table.filter(profiles::user_id.eq(user.id)))
                        .execute(connection)?;
                    diesel::delete(users::table.find(user.id)).execute(connection)
                })?;
                Ok(())
            }

            async fn root(&mut self, id: i64) -> Outcome<i64> {
                Ok(id)
            }

            async fn delete_passive(&mut self, root: i64) -> Outcome {
                diesel::delete(users::table.find(root)).execute(&mut self.0)?;
                Ok(())
            }

            async fn insert_many(&mut self, mut all: Vec<plain::User>) -> Outcome {
                self.0.$transaction(|connection| {
                    let new = all.iter().map(|user| NewUser { name: &user.name });
                    let new: Vec<NewUser<'_>> = new.collect();
                    let keys = diesel::insert_into(users::table)
                        .values(&new)
                        .returning(users::id)
                        .get_results(connection)?;
                    number_users(&mut all, keys);
                    let new = all.iter().filter_map(|user| user.profile.as_ref());
                    let new: Vec<NewProfile<'_>> = new.map(NewProfile::new).collect();
                    let keys = diesel::insert_into(profiles::table)
                        .values(&new)
                        .returning(profiles::id)
                        .get_results(connection)?;
                    number_profiles(&mut all, keys);
                    QueryResult::Ok(())
                })?;
                Ok(())
            }

            async fn insert_tree(&mut self, mut tree: plain::Node) -> Outcome {
                self.0.$transaction(|connection| {
                    let mut level = vec![&mut tree];
                    while !level.is_empty() {
                        let new: Vec<NewNode<'_>> =
                            level.iter().map(|node| NewNode::new(node)).collect();
                        let keys = diesel::insert_into(nodes::table)
                            .values(&new)
                            .returning(nodes::id)
                            .get_results(connection)?;
                        level = number_nodes(level, keys);
                    }
                    QueryResult::Ok(())
                })?;
                Ok(())
            }

            async fn insert_album(&mut self, album: plain::Album) -> Outcome {
                self.0.$transaction(|connection| {
                    let album_id: i64 = diesel::insert_into(albums::table)
                        .values(NewAlbum { name: &album.name })
                        .returning(albums::id)
                        .get_result(connection)?;
                    let new = album
                        .tags
                        .iter()
                        .map(|&tag_id| NewLink { album_id, tag_id });
                    let new: Vec<NewLink> = new.collect();
                    diesel::insert_into(album_tags::table)
                        .values(&new)
                        .execute(connection)
                })?;
                Ok(())
            }

            fn keep(_: &mut plain::User) {}

            async fn unchanged(&mut self, _: &mut plain::User, (): &()) -> Outcome {
                Err("diesel keeps nothing of what was loaded".into())
            }
        }
    };
}

use in_diesel;
