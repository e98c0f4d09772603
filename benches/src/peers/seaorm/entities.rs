//! The tables in the dense format, and the graphs as active models.

use sea_orm::Unchanged;

use crate::plain;

pub mod user {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        #[sea_orm(has_one)]
        pub profile: HasOne<super::profile::Entity>,
        #[sea_orm(has_many)]
        pub posts: HasMany<super::post::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod profile {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "profiles")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub user_id: i64,
        pub bio: String,
        #[sea_orm(belongs_to, from = "user_id", to = "id")]
        pub user: BelongsTo<super::user::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod post {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub user_id: i64,
        pub title: String,
        #[sea_orm(belongs_to, from = "user_id", to = "id")]
        pub user: BelongsTo<super::user::Entity>,
        #[sea_orm(has_many)]
        pub comments: HasMany<super::comment::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod comment {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "comments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub post_id: i64,
        pub body: String,
        #[sea_orm(belongs_to, from = "post_id", to = "id")]
        pub post: BelongsTo<super::post::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod node {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nodes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub parent_id: Option<i64>,
        pub name: String,
        #[sea_orm(
            self_ref,
            relation_enum = "Parent",
            relation_reverse = "Nodes",
            from = "parent_id",
            to = "id"
        )]
        pub parent: BelongsTo<Option<Entity>>,
        #[sea_orm(self_ref, relation_enum = "Nodes", relation_reverse = "Parent")]
        pub nodes: HasMany<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod album {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "albums")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        #[sea_orm(has_many, via = "album_tag")]
        pub tags: HasMany<super::tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod tag {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tags")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub name: String,
        #[sea_orm(has_many, via = "album_tag")]
        pub albums: HasMany<super::album::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod album_tag {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "album_tags")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub album_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag_id: i64,
        #[sea_orm(belongs_to, from = "album_id", to = "id")]
        pub album: BelongsTo<super::album::Entity>,
        #[sea_orm(belongs_to, from = "tag_id", to = "id")]
        pub tag: BelongsTo<super::tag::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl From<plain::User> for user::ActiveModelEx {
    fn from(user: plain::User) -> Self {
        let mut active = user::ActiveModel::builder().set_name(user.name);
        for post in user.posts {
            active = active.add_post(post);
        }
        match user.profile {
            Some(profile) => active.set_profile(profile),
            None => active,
        }
    }
}

impl From<plain::Profile> for profile::ActiveModelEx {
    fn from(profile: plain::Profile) -> Self {
        profile::ActiveModel::builder().set_bio(profile.bio)
    }
}

impl From<plain::Post> for post::ActiveModelEx {
    fn from(post: plain::Post) -> Self {
        let mut active = post::ActiveModel::builder().set_title(post.title);
        for comment in post.comments {
            active = active.add_comment(comment);
        }
        active
    }
}

impl From<plain::Comment> for comment::ActiveModelEx {
    fn from(comment: plain::Comment) -> Self {
        comment::ActiveModel::builder().set_body(comment.body)
    }
}

impl From<plain::Node> for node::ActiveModelEx {
    fn from(node: plain::Node) -> Self {
        let mut active = node::ActiveModel::builder().set_name(node.name);
        for below in node.nodes {
            active = active.add_node(below);
        }
        active
    }
}

impl From<plain::Album> for album::ActiveModelEx {
    fn from(album: plain::Album) -> Self {
        let mut active = album::ActiveModel::builder().set_name(album.name);
        for key in album.tags {
            active = active.add_tag(tag::ActiveModel {
                id: Unchanged(key),
                ..Default::default()
            });
        }
        active
    }
}
