//! Relations of all kinds: between the same structs, to the struct itself, over composite keys, in circles, over modules.
#![allow(dead_code)]

mod blog {
    use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

    #[derive(Relations)]
    #[table(name = "users", schema = "app")]
    pub struct User {
        #[key(generated)]
        id: i64,
        /// Three lists and a child of one struct, by three of its keys.
        #[one_to_many(back_populates = author, cascade = "all, delete-orphan", order_by = "published_at desc")]
        pub(crate) posts: HasMany<Post>,
        #[one_to_many(back_populates = editor, passive_deletes)]
        edited: HasMany<Post>,
        #[one_to_many(back_populates = editor, viewonly, order_by = "id")]
        seen: HasMany<Post>,
        #[one_to_one(back_populates = pinned_by)]
        pinned: HasOne<Post>,
        /// Links to one struct by two tables, and by one in two directions.
        #[many_to_many(through = "likes")]
        likes: ManyToMany<Post>,
        #[many_to_many(through = "bookmarks", cascade = "all", on_remove = "deny", single_parent, order_by = "title asc")]
        bookmarks: ManyToMany<Post>,
        #[many_to_many(through = "follows", source = "follower_id", target = "followed_id")]
        follows: ManyToMany<Self>,
        #[many_to_many(through = "follows", source = "followed_id", target = "follower_id", viewonly)]
        followers: ManyToMany<User>,
        #[many_to_many(through = "moderators", cascade = "none")]
        groups: ManyToMany<super::teams::Group>,
        /// What a user refers to: unique, or shared.
        #[one_to_one(cascade = "all, delete-orphan")]
        draft: Option<BelongsTo<Post>>,
        #[many_to_one(User, cascade = "save-update, merge, refresh-expire", on_delete = "set null")]
        invited_by: Option<BelongsTo<User>>,
        #[one_to_many(back_populates = invited_by)]
        invited: HasMany<Self>,
    }

    #[derive(Relations)]
    #[table(name = "posts", unique = "author_id, title")]
    pub struct Post {
        #[key(generated)]
        id: i64,
        title: Option<String>,
        published_at: i64,
        #[many_to_one]
        pub(super) author: BelongsTo<User>,
        #[many_to_one(on_delete = "set null")]
        editor: Option<BelongsTo<User>>,
        #[one_to_one(User)]
        pinned_by: Option<i64>,
        #[many_to_many(through = "likes", order_by = "id desc")]
        liked_by: ManyToMany<User>,
        #[one_to_one]
        draft_of: HasOne<User>,
    }
}

mod teams {
    use sqlx_cascade::{BelongsTo, HasMany, ManyToMany, Relations};

    /// A key that the links share with nothing.
    #[derive(Relations)]
    #[table(name = "groups")]
    pub struct Group {
        #[key]
        id: String,
        #[many_to_many(through = "moderators")]
        moderators: ManyToMany<crate::blog::User>,
        #[many_to_many(through = "group_places", target = "tenant, place")]
        places: ManyToMany<Place>,
        #[many_to_many(through = "group_trees", source = "group", cascade = "all, delete-orphan", single_parent)]
        trees: ManyToMany<HTTPTree>,
    }

    #[derive(Relations)]
    #[table(name = "places", unique = "tenant, number", unique_deferrable = "tenant, position")]
    struct Place {
        #[key]
        tenant: i64,
        #[key]
        id: i32,
        number: Option<i64>,
        position: i64,
        #[column(unique)]
        code: Option<String>,
        #[many_to_many(through = "group_places", source = "tenant, place")]
        groups: ManyToMany<Group>,
        #[many_to_many(through = "roads", source = "from_tenant, from_id", target = "to_tenant, to_id")]
        roads: ManyToMany<Self>,
        #[one_to_many(back_populates = place, cascade = "all, delete-orphan", passive_deletes, order_by = "number")]
        lines: HasMany<Line>,
    }

    /// Its key and its owner's share a column.
    #[derive(Relations)]
    #[table(name = "lines")]
    struct Line {
        #[key]
        tenant: i64,
        #[key]
        number: i32,
        #[many_to_one(column = "tenant, place_id", on_delete = "cascade")]
        place: BelongsTo<Place>,
        #[many_to_one(column = "tenant, other_id", cascade = "all, delete-orphan", single_parent)]
        other: Option<BelongsTo<Place>>,
    }

    #[derive(Relations)]
    #[table(name = "trees")]
    struct HTTPTree {
        #[key(generated)]
        id: i64,
        #[many_to_one(Self)]
        parent_id: Option<i64>,
        #[one_to_many(on_remove = "deny", passive_deletes = "all")]
        children: HasMany<HTTPTree>,
    }
}

/// A ring of structs inside of a function, in which no path of a module leads to them.
fn ring() {
    use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

    #[derive(Relations)]
    #[table(name = "a")]
    struct A {
        #[key]
        id: i64,
        #[one_to_many]
        bs: HasMany<B>,
        #[many_to_many(through = "d_a")]
        ds: ManyToMany<D>,
    }

    #[derive(Relations)]
    #[table(name = "b")]
    struct B {
        #[key]
        id: i64,
        #[many_to_one]
        a: Option<BelongsTo<A>>,
        #[one_to_one]
        c: HasOne<C>,
    }

    #[derive(Relations)]
    #[table(name = "c")]
    struct C {
        #[key]
        id: i64,
        #[one_to_one]
        b: Option<BelongsTo<B>>,
        #[many_to_one(D)]
        d_id: i64,
    }

    #[derive(Relations)]
    #[table(name = "d")]
    struct D {
        #[key]
        id: i64,
        #[one_to_many(cascade = "all, delete-orphan")]
        cs: HasMany<C>,
        #[many_to_many(through = "d_a")]
        r#as: ManyToMany<A>,
    }

    let _ = (A::BS.then(B::C).then(C::B), D::CS.then(C::B).then(B::A).then(A::DS).then(D::AS));
}

macro_rules! pair {
    ($parent:ident, $child:ty, $field:ident, $id:ident) => {
        #[derive(sqlx_cascade::Relations)]
        #[table(name = "parents")]
        struct $parent {
            #[key]
            id: i64,
            #[one_to_many]
            $field: sqlx_cascade::HasMany<$child>,
            #[many_to_many(through = "others")]
            others: sqlx_cascade::ManyToMany<$child>,
        }

        #[derive(sqlx_cascade::Relations)]
        #[table(name = "children")]
        struct $id {
            #[key]
            id: i64,
            #[many_to_one]
            parent: Option<sqlx_cascade::BelongsTo<$parent>>,
        }
    };
}
pair!(Parent, Child, children, Child);

fn main() {
    ring();
    let _ = (Parent::CHILDREN, Parent::OTHERS, Child::PARENT);
    let _ = blog::User::POSTS.then(blog::Post::AUTHOR).then(blog::User::POSTS);
}
