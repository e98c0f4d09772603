//! `SeaORM`: its nested active models where the graph is one, its lists where there are many.

mod entities;

use sea_orm::{
    ActiveHasMany, ActiveHasOne, DatabaseConnection, EntityLoaderTrait as _, EntityTrait as _,
    IntoActiveModel as _, Set, TransactionTrait as _,
};
use sqlx::Pool;
use sqlx::pool::PoolOptions;

use crate::contender::{Contender, Outcome};
use crate::plain;
use crate::workload::{LARGE, Task};
use entities::{album, comment, node, post, profile, user};

pub struct SeaOrm(DatabaseConnection);

impl SeaOrm {
    /// On a pool, which holds one connection as all others do.
    pub async fn connect<D: sqlx::Database>(options: OptionsOf<D>) -> Outcome<Self>
    where
        DatabaseConnection: From<Pool<D>>,
    {
        let pool = PoolOptions::<D>::new()
            .min_connections(1)
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None);
        Ok(Self(pool.connect_with(options).await?.into()))
    }
}

type OptionsOf<D> = <<D as sqlx::Database>::Connection as sqlx::Connection>::Options;

impl Contender for SeaOrm {
    const NAME: &'static str = "SeaORM";
    type New = user::ActiveModelEx;
    /// What is saved or deleted is taken.
    type User = Option<user::ModelEx>;
    type Kept = ();
    type Root = i64;
    type Tree = node::ActiveModelEx;
    type Album = album::ActiveModelEx;

    /// A statement for each row, and a savepoint around it.
    fn does(task: Task) -> bool {
        task.size != LARGE
    }

    async fn insert(&mut self, user: user::ActiveModelEx) -> Outcome<Option<user::ModelEx>> {
        Ok(Some(user.insert(&self.0).await?))
    }

    async fn load(&mut self, id: i64) -> Outcome<Option<user::ModelEx>> {
        let user = user::Entity::load()
            .filter_by_id(id)
            .with(profile::Entity)
            .with((post::Entity, comment::Entity));
        Ok(user.one(&self.0).await?)
    }

    async fn change(&mut self, user: &mut Option<user::ModelEx>) -> Outcome {
        let Some(user) = user.take() else {
            return Ok(());
        };
        let mut user = user.into_active_model();
        let mut posts = user.posts.take().into_vec();
        let (changed, removed, added) = plain::tenth(posts.len());
        for post in &mut posts[..changed] {
            let mut title = post.title.take().unwrap_or_default();
            title.push('!');
            post.title = Set(title);
        }
        posts.truncate(posts.len() - removed);
        posts.extend((0..added).map(|number| plain::post("new", number).into()));
        user.posts = ActiveHasMany::Replace(posts);
        user.save(&self.0).await?;
        Ok(())
    }

    async fn replace(&mut self, user: &mut Option<user::ModelEx>) -> Outcome {
        let Some(user) = user.take() else {
            return Ok(());
        };
        let mut user = user.into_active_model();
        let profile = profile::ActiveModelEx::from(plain::profile("engineer"));
        user.profile = ActiveHasOne::set(Some(profile));
        user.save(&self.0).await?;
        Ok(())
    }

    async fn delete(&mut self, user: Option<user::ModelEx>) -> Outcome {
        if let Some(user) = user {
            user.delete(&self.0).await?;
        }
        Ok(())
    }

    async fn root(&mut self, id: i64) -> Outcome<i64> {
        Ok(id)
    }

    async fn delete_passive(&mut self, root: i64) -> Outcome {
        user::Entity::delete_by_id(root).exec(&self.0).await?;
        Ok(())
    }

    async fn insert_many(&mut self, users: Vec<user::ActiveModelEx>) -> Outcome {
        let transaction = self.0.begin().await?;
        let (users, profiles): (Vec<_>, Vec<_>) = users
            .into_iter()
            .map(|mut user| {
                let profile = std::mem::take(&mut user.profile);
                (user::ActiveModel::from(user), profile)
            })
            .unzip();
        let users = user::Entity::insert_many(users);
        let users = users.exec_with_returning(&transaction).await?;
        let profiles = users.iter().zip(profiles).filter_map(|(user, profile)| {
            let mut profile = profile::ActiveModel::from(profile.as_ref()?.clone());
            profile.user_id = Set(user.id);
            Some(profile)
        });
        let profiles = profile::Entity::insert_many(profiles);
        profiles.exec_with_returning(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn insert_tree(&mut self, tree: node::ActiveModelEx) -> Outcome {
        tree.insert(&self.0).await?;
        Ok(())
    }

    async fn insert_album(&mut self, album: album::ActiveModelEx) -> Outcome {
        album.save(&self.0).await?;
        Ok(())
    }

    fn keep(_: &mut Option<user::ModelEx>) {}

    async fn unchanged(&mut self, user: &mut Option<user::ModelEx>, (): &()) -> Outcome {
        if let Some(user) = user.take() {
            user.into_active_model().save(&self.0).await?;
        }
        Ok(())
    }
}
