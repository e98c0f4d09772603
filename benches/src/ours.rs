//! The library, on any database.

use sqlx_cascade::{Db, Persistent};

use crate::contender::{Contender, Outcome};
use crate::models::{Album, Node, Post, User, passive};
use crate::plain;

pub const NAME: &str = "sqlx-cascade";

pub struct Ours<C>(pub C);

impl<C> Contender for Ours<C>
where
    for<'c> &'c mut C: Db,
{
    const NAME: &'static str = NAME;
    type New = User;
    type User = Persistent<User>;
    type Kept = ();
    type Root = Persistent<passive::User>;
    type Tree = Node;
    type Album = Album;

    async fn insert(&mut self, user: User) -> Outcome<Persistent<User>> {
        Ok(user.save(&mut self.0).await?)
    }

    async fn load(&mut self, id: i64) -> Outcome<Persistent<User>> {
        let relations = (User::PROFILE, User::POSTS.then(Post::COMMENTS));
        Ok(User::find(id).with(relations).one(&mut self.0).await?)
    }

    async fn change(&mut self, user: &mut Persistent<User>) -> Outcome {
        let (changed, removed, added) = plain::tenth(user.posts.len());
        for index in 0..changed {
            user.posts[index].title.push('!');
        }
        for _ in 0..removed {
            let last = user.posts.len() - 1;
            user.posts.remove(last);
        }
        let new = (0..added).map(|number| Post::from(plain::post("new", number)));
        user.posts.extend(new);
        user.save(&mut self.0).await?;
        Ok(())
    }

    async fn replace(&mut self, user: &mut Persistent<User>) -> Outcome {
        user.profile.set(plain::profile("engineer").into());
        user.save(&mut self.0).await?;
        Ok(())
    }

    async fn delete(&mut self, user: Persistent<User>) -> Outcome {
        user.delete(&mut self.0).await?;
        Ok(())
    }

    async fn root(&mut self, id: i64) -> Outcome<Self::Root> {
        Ok(passive::User::find(id).one(&mut self.0).await?)
    }

    async fn delete_passive(&mut self, root: Self::Root) -> Outcome {
        root.delete(&mut self.0).await?;
        Ok(())
    }

    async fn insert_many(&mut self, users: Vec<User>) -> Outcome {
        User::save_all(users, &mut self.0).await?;
        Ok(())
    }

    async fn insert_tree(&mut self, tree: Node) -> Outcome {
        tree.save(&mut self.0).await?;
        Ok(())
    }

    async fn insert_album(&mut self, album: Album) -> Outcome {
        album.save(&mut self.0).await?;
        Ok(())
    }

    /// A row that was borrowed for writing is compared with what is kept of it.
    fn keep(user: &mut Persistent<User>) {
        user.name.shrink_to_fit();
        for post in &mut user.posts {
            post.comments.iter_mut().count();
        }
    }

    async fn unchanged(&mut self, user: &mut Persistent<User>, (): &()) -> Outcome {
        assert!(user.save(&mut self.0).await?.is_empty());
        Ok(())
    }
}
