//! Row by row: a statement for each row, in one transaction, as it is written without thinking of lists. The same texts on every database.

/// The contender for one database: its connection, how it begins, what makes its texts of those with `$1`, `$2`, in their order, and how the key of a
/// row comes of the query that inserts it.
macro_rules! row_by_row {
    ($Connection:ty, $begin:literal, $text:path, |$query:ident, $connection:ident| $key:expr) => {
        pub struct Rows(pub $Connection);

        /// The key of a row that is inserted.
        async fn insert<'q, A>(
            $connection: &mut $Connection,
            $query: sqlx::query::Query<'q, <$Connection as sqlx::Connection>::Database, A>,
        ) -> $crate::contender::Outcome<i64>
        where
            A: 'q + Send + sqlx::IntoArguments<<$Connection as sqlx::Connection>::Database>,
        {
            Ok($key)
        }

        async fn insert_profile(
            connection: &mut $Connection,
            profile: &mut $crate::plain::Profile,
        ) -> $crate::contender::Outcome {
            let text = "INSERT INTO profiles (user_id, bio) VALUES ($1, $2) RETURNING id";
            let query = sqlx::query($text(text));
            let query = query.bind(profile.user_id).bind(profile.bio.as_str());
            profile.id = insert(connection, query).await?;
            Ok(())
        }

        async fn insert_posts(
            connection: &mut $Connection,
            user: i64,
            posts: &mut [$crate::plain::Post],
        ) -> $crate::contender::Outcome {
            for post in posts {
                let text = "INSERT INTO posts (user_id, title) VALUES ($1, $2) RETURNING id";
                let query = sqlx::query($text(text));
                let query = query.bind(user).bind(post.title.as_str());
                (post.id, post.user_id) = (insert(connection, query).await?, user);
                for comment in &mut post.comments {
                    comment.post_id = post.id;
                    let text = "INSERT INTO comments (post_id, body) VALUES ($1, $2) RETURNING id";
                    let query = sqlx::query($text(text));
                    let query = query.bind(comment.post_id).bind(comment.body.as_str());
                    comment.id = insert(connection, query).await?;
                }
            }
            Ok(())
        }

        async fn insert_user(
            connection: &mut $Connection,
            user: &mut $crate::plain::User,
        ) -> $crate::contender::Outcome {
            let text = "INSERT INTO users (name) VALUES ($1) RETURNING id";
            let query = sqlx::query($text(text)).bind(user.name.as_str());
            user.id = insert(connection, query).await?;
            if let Some(profile) = &mut user.profile {
                profile.user_id = user.id;
                insert_profile(connection, profile).await?;
            }
            insert_posts(connection, user.id, &mut user.posts).await
        }

        async fn delete_posts(
            connection: &mut $Connection,
            posts: &[$crate::plain::Post],
        ) -> $crate::contender::Outcome {
            for post in posts {
                for comment in &post.comments {
                    let query = sqlx::query($text("DELETE FROM comments WHERE id = $1"));
                    query.bind(comment.id).execute(&mut *connection).await?;
                }
                let query = sqlx::query($text("DELETE FROM posts WHERE id = $1"));
                query.bind(post.id).execute(&mut *connection).await?;
            }
            Ok(())
        }

        async fn delete_profile(
            connection: &mut $Connection,
            profile: Option<&$crate::plain::Profile>,
        ) -> $crate::contender::Outcome {
            if let Some(profile) = profile {
                let query = sqlx::query($text("DELETE FROM profiles WHERE id = $1"));
                query.bind(profile.id).execute(connection).await?;
            }
            Ok(())
        }

        async fn load_comments(
            connection: &mut $Connection,
            post: &mut $crate::plain::Post,
        ) -> $crate::contender::Outcome {
            let text = "SELECT id, body FROM comments WHERE post_id = $1 ORDER BY id";
            let rows: Vec<(i64, String)> = sqlx::query_as($text(text))
                .bind(post.id)
                .fetch_all(connection)
                .await?;
            let comment = |(id, body)| $crate::plain::Comment {
                id,
                post_id: post.id,
                body,
            };
            post.comments = rows.into_iter().map(comment).collect();
            Ok(())
        }

        impl $crate::contender::Contender for Rows {
            const NAME: &'static str = "row by row";
            type New = $crate::plain::User;
            type User = $crate::plain::User;
            type Kept = $crate::plain::User;
            type Root = i64;
            type Tree = $crate::plain::Node;
            type Album = $crate::plain::Album;

            /// A hundred thousand statements say nothing that three thousand don't.
            fn does(task: $crate::workload::Task) -> bool {
                task.size != $crate::workload::LARGE
            }

            async fn insert(
                &mut self,
                mut user: $crate::plain::User,
            ) -> $crate::contender::Outcome<$crate::plain::User> {
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                insert_user(&mut transaction, &mut user).await?;
                transaction.commit().await?;
                Ok(user)
            }

            async fn load(&mut self, id: i64) -> $crate::contender::Outcome<$crate::plain::User> {
                let text = "SELECT name FROM users WHERE id = $1";
                let query = sqlx::query_scalar($text(text)).bind(id);
                let name: String = query.fetch_one(&mut self.0).await?;
                let text = "SELECT id, bio FROM profiles WHERE user_id = $1";
                let query = sqlx::query_as($text(text)).bind(id);
                let profile: Option<(i64, String)> = query.fetch_optional(&mut self.0).await?;
                let text = "SELECT id, title FROM posts WHERE user_id = $1 ORDER BY id";
                let query = sqlx::query_as($text(text)).bind(id);
                let posts: Vec<(i64, String)> = query.fetch_all(&mut self.0).await?;
                let (profile, bio) = profile.unzip();
                let row = (name, profile, bio);
                let mut user = $crate::by_hand::assembled(id, row, posts, Vec::new());
                for post in &mut user.posts {
                    load_comments(&mut self.0, post).await?;
                }
                Ok(user)
            }

            async fn change(
                &mut self,
                user: &mut $crate::plain::User,
            ) -> $crate::contender::Outcome {
                let edit = user.edit();
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                delete_posts(&mut transaction, &edit.removed).await?;
                for post in &user.posts[..edit.changed] {
                    let query = sqlx::query($text("UPDATE posts SET title = $1 WHERE id = $2"));
                    let query = query.bind(post.title.as_str()).bind(post.id);
                    query.execute(&mut *transaction).await?;
                }
                insert_posts(&mut transaction, user.id, &mut user.posts[edit.added..]).await?;
                Ok(transaction.commit().await?)
            }

            async fn replace(
                &mut self,
                user: &mut $crate::plain::User,
            ) -> $crate::contender::Outcome {
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                delete_profile(&mut transaction, user.profile.as_ref()).await?;
                let profile = user.profile.insert($crate::plain::profile("engineer"));
                profile.user_id = user.id;
                insert_profile(&mut transaction, profile).await?;
                Ok(transaction.commit().await?)
            }

            async fn delete(&mut self, user: $crate::plain::User) -> $crate::contender::Outcome {
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                delete_posts(&mut transaction, &user.posts).await?;
                delete_profile(&mut transaction, user.profile.as_ref()).await?;
                let query = sqlx::query($text("DELETE FROM users WHERE id = $1"));
                query.bind(user.id).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            async fn root(&mut self, id: i64) -> $crate::contender::Outcome<i64> {
                Ok(id)
            }

            async fn delete_passive(&mut self, root: i64) -> $crate::contender::Outcome {
                let query = sqlx::query($text("DELETE FROM users WHERE id = $1"));
                query.bind(root).execute(&mut self.0).await?;
                Ok(())
            }

            async fn insert_many(
                &mut self,
                mut users: Vec<$crate::plain::User>,
            ) -> $crate::contender::Outcome {
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                for user in &mut users {
                    insert_user(&mut transaction, user).await?;
                }
                Ok(transaction.commit().await?)
            }

            async fn insert_tree(
                &mut self,
                mut tree: $crate::plain::Node,
            ) -> $crate::contender::Outcome {
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                let mut level = vec![&mut tree];
                while !level.is_empty() {
                    let mut keys = Vec::new();
                    for node in &level {
                        let text =
                            "INSERT INTO nodes (parent_id, name) VALUES ($1, $2) RETURNING id";
                        let query = sqlx::query($text(text));
                        let query = query.bind(node.parent_id).bind(node.name.as_str());
                        keys.push(insert(&mut transaction, query).await?);
                    }
                    level = $crate::by_hand::number_nodes(level, keys);
                }
                Ok(transaction.commit().await?)
            }

            async fn insert_album(
                &mut self,
                album: $crate::plain::Album,
            ) -> $crate::contender::Outcome {
                let mut transaction = sqlx::Connection::begin_with(&mut self.0, $begin).await?;
                let text = "INSERT INTO albums (name) VALUES ($1) RETURNING id";
                let query = sqlx::query($text(text)).bind(album.name.as_str());
                let id = insert(&mut transaction, query).await?;
                for tag in &album.tags {
                    let text = "INSERT INTO album_tags (album_id, tag_id) VALUES ($1, $2)";
                    let query = sqlx::query($text(text)).bind(id).bind(*tag);
                    query.execute(&mut *transaction).await?;
                }
                Ok(transaction.commit().await?)
            }

            fn keep(user: &mut $crate::plain::User) -> $crate::plain::User {
                user.clone()
            }

            async fn unchanged(
                &mut self,
                user: &mut $crate::plain::User,
                kept: &$crate::plain::User,
            ) -> $crate::contender::Outcome {
                assert!(user == kept);
                Ok(())
            }
        }
    };
}

pub(crate) use row_by_row;
