const _: () = {
    use ::sqlx_cascade::__private as __cascade;
    #[automatically_derived]
    impl __cascade::Entity for Post {
        type Key = i64;
        type KeyParts = (i64, (), (), (), (), ());
        const IDENT: &'static str = ::core::concat!(
            ::core::module_path!(), "::Post@", ::core::line!(), ":", ::core::column!()
        );
        const NAME: &'static str = "Post";
        const KEY_CODECS: &'static [__cascade::Codec] = &[__cascade::codec!(i64)];
        const TABLE: &'static __cascade::Table = &__cascade::Table {
            ident: <Self as __cascade::Entity>::IDENT,
            entity: <Self as __cascade::Entity>::NAME,
            schema: ::core::option::Option::None,
            name: "posts",
            columns: &[
                __cascade::Column::new(
                        "id",
                        "id",
                        0,
                        <Self as __cascade::Entity>::KEY_CODECS[0],
                    )
                    .key()
                    .generated(),
                __cascade::Column::new("title", "title", 1, __cascade::codec!(String)),
                __cascade::Column::new(
                    "text",
                    "text",
                    2,
                    __cascade::codec!(Option < String >),
                ),
                __cascade::Column::new("place", "place", 3, __cascade::codec!(i64)),
                __cascade::Column::new(
                    "published",
                    "published",
                    4,
                    __cascade::codec!(bool),
                ),
                __cascade::Column::new(
                        "author_id",
                        "author",
                        5,
                        __cascade::key_codec(<User as __cascade::Entity>::KEY_CODECS, 0),
                    )
                    .part(<User as __cascade::Entity>::held_part::<0>),
            ],
            key: &[0],
            foreign_keys: &[
                __cascade::ForeignKey::to(
                        (
                            <User as __cascade::Entity>::IDENT,
                            <User as __cascade::Entity>::NAME,
                            <User as __cascade::Entity>::table,
                        ),
                        "author",
                        5,
                        &[__cascade::own_part(5)],
                    )
                    .holder(<User as __cascade::Entity>::HOLDER),
            ],
            relations: &[
                __cascade::RelationDef::new(
                        "cover",
                        __cascade::Kind::OneToOne,
                        <Cover as __cascade::Entity>::table,
                    )
                    .cascade("all, delete-orphan"),
                __cascade::RelationDef::new(
                        "comments",
                        __cascade::Kind::OneToMany,
                        <Comment as __cascade::Entity>::table,
                    )
                    .cascade("all, delete-orphan")
                    .order_by("place", true),
                __cascade::link!(
                    "tags", Post, Tag, ::core::option::Option::None, "post_tags",
                    ["post_id" 0], ["tag_id" 0], []
                ),
                __cascade::RelationDef::held(
                    "author",
                    0,
                    <User as __cascade::Entity>::table,
                ),
            ],
            unique: &[],
            version: ::core::option::Option::None,
            broken: false,
            functions: __cascade::Functions::of::<Self>(),
        };
        fn table() -> &'static __cascade::Table {
            static TABLE: &__cascade::Table = <Post as __cascade::Entity>::TABLE;
            TABLE
        }
        fn key_part(__key: &i64, _: usize) -> &__cascade::Erased {
            __key
        }
        fn key_from(__parts: &[&__cascade::Erased]) -> ::core::option::Option<i64> {
            __cascade::part(__parts, 0)
        }
        fn view<'a>(&'a self, __see: &mut __cascade::See<'_, 'a>) {
            __see(
                &[
                    &self.id,
                    &self.title,
                    &self.text,
                    &self.place,
                    &self.published,
                    &self.author,
                ],
                &[
                    <Cover as __cascade::Entity>::has_one(&self.cover),
                    <Comment as __cascade::Entity>::has_many(&self.comments),
                    <Tag as __cascade::Entity>::many_to_many(&self.tags),
                    <User as __cascade::Entity>::held(&self.author),
                ],
            );
        }
        fn visit<'a>(&'a mut self, __parts: &mut __cascade::Parts<'a>) {
            __parts
                .put(
                    [
                        &mut self.id,
                        &mut self.title,
                        &mut self.text,
                        &mut self.place,
                        &mut self.published,
                    ],
                    [
                        <Cover as __cascade::Entity>::has_one_mut(&mut self.cover),
                        <Comment as __cascade::Entity>::has_many_mut(&mut self.comments),
                        <Tag as __cascade::Entity>::many_to_many_mut(&mut self.tags),
                        <User as __cascade::Entity>::held_mut(&mut self.author),
                    ],
                );
        }
        fn read(
            __row: &mut __cascade::Reader<'_>,
        ) -> ::core::result::Result<Self, __cascade::Error> {
            ::core::result::Result::Ok(Self {
                id: __row.column::<i64>(0)?,
                title: __row.column::<String>(1)?,
                text: __row.column::<Option<String>>(2)?,
                place: __row.column::<i64>(3)?,
                published: __row.column::<bool>(4)?,
                cover: ::core::default::Default::default(),
                comments: ::core::default::Default::default(),
                tags: ::core::default::Default::default(),
                author: <User as __cascade::Entity>::belongs_to(__row, 0)?,
            })
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Post {
        /// The relation `cover`.
        pub const COVER: __cascade::Relation<Post, Cover> = __cascade::Relation::new(0);
        /// The relation `comments`.
        pub const COMMENTS: __cascade::Relation<Post, Comment> = __cascade::Relation::new(
            1,
        );
        /// The relation `tags`.
        pub const TAGS: __cascade::Relation<Post, Tag> = __cascade::Relation::new(2);
        /// The relation `author`.
        pub const AUTHOR: __cascade::Relation<Post, User> = __cascade::Relation::new(3);
    }
    __cascade::methods! {
        pub Post
    }
    const __OWN: &__cascade::Table = <Post as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::column(__OWN, 0, "i64");
    const _: () = __cascade::rules::column(__OWN, 1, "String");
    const _: () = __cascade::rules::column(__OWN, 2, "Option<String>");
    const _: () = __cascade::rules::column(__OWN, 3, "i64");
    const _: () = __cascade::rules::column(__OWN, 4, "bool");
    const __OTHER_0: &__cascade::Table = <Cover as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::foreign_key(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::cardinality(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::removal(__OWN, 0, __OTHER_0);
    const __OTHER_1: &__cascade::Table = <Comment as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::foreign_key(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::cardinality(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::removal(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::order_by(__OWN, 1, __OTHER_1);
    const __OTHER_2: &__cascade::Table = <Tag as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::link_size(__OWN, 2, __OWN, "source", 1);
    const _: () = __cascade::rules::link_size(__OWN, 2, __OTHER_2, "target", 1);
    const __OTHER_3: &__cascade::Table = <User as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::key_size(__OWN, 0, __OTHER_3);
};
