const _: () = {
    use ::sqlx_cascade::__private as __cascade;
    #[automatically_derived]
    impl __cascade::Entity for Person {
        type Key = (i64, i64);
        type KeyParts = (i64, i64, (), (), (), ());
        const IDENT: &'static str = ::core::concat!(
            ::core::module_path!(), "::Person@", ::core::line!(), ":", ::core::column!()
        );
        const NAME: &'static str = "Person";
        const KEY_CODECS: &'static [__cascade::Codec] = &[
            __cascade::codec!(i64),
            __cascade::codec!(i64),
        ];
        const TABLE: &'static __cascade::Table = &__cascade::Table {
            ident: <Self as __cascade::Entity>::IDENT,
            entity: <Self as __cascade::Entity>::NAME,
            schema: ::core::option::Option::Some("app"),
            name: "people",
            columns: &[
                __cascade::Column::new(
                        "tenant",
                        "tenant",
                        0,
                        <Self as __cascade::Entity>::KEY_CODECS[0],
                    )
                    .key(),
                __cascade::Column::new(
                        "id",
                        "id",
                        1,
                        <Self as __cascade::Entity>::KEY_CODECS[1],
                    )
                    .key(),
                __cascade::Column::new(
                        "mail",
                        "mail",
                        2,
                        __cascade::codec!(Option < String >),
                    )
                    .unique()
                    .nullable(),
                __cascade::Column::new(
                    "number",
                    "number",
                    3,
                    __cascade::codec!(Option < i64 >),
                ),
                __cascade::Column::new(
                        "team_id",
                        "team",
                        4,
                        __cascade::key_codec(<Team as __cascade::Entity>::KEY_CODECS, 0),
                    )
                    .part(<Team as __cascade::Entity>::optional_part::<0>),
                __cascade::Column::new(
                        "desk_id",
                        "desk",
                        5,
                        __cascade::key_codec(<Desk as __cascade::Entity>::KEY_CODECS, 0),
                    )
                    .part(<Desk as __cascade::Entity>::held_part::<0>),
            ],
            key: &[0, 1],
            foreign_keys: &[
                __cascade::ForeignKey::to(
                        (
                            <Team as __cascade::Entity>::IDENT,
                            <Team as __cascade::Entity>::NAME,
                            <Team as __cascade::Entity>::table,
                        ),
                        "team",
                        4,
                        &[__cascade::own_part(4)],
                    )
                    .holder(<Team as __cascade::Entity>::OPTIONAL_HOLDER)
                    .nullable(true),
                __cascade::ForeignKey::to(
                        (
                            <Desk as __cascade::Entity>::IDENT,
                            <Desk as __cascade::Entity>::NAME,
                            <Desk as __cascade::Entity>::table,
                        ),
                        "desk",
                        5,
                        &[__cascade::own_part(5)],
                    )
                    .holder(<Desk as __cascade::Entity>::HOLDER)
                    .unique(),
            ],
            relations: &[
                __cascade::RelationDef::new(
                        "edited",
                        __cascade::Kind::OneToMany,
                        <Post as __cascade::Entity>::table,
                    )
                    .viewonly()
                    .cascade("refresh-expire")
                    .back_populates("editor")
                    .order_by("number", false),
                __cascade::RelationDef::new(
                        "written",
                        __cascade::Kind::OneToMany,
                        <Post as __cascade::Entity>::table,
                    )
                    .back_populates("author")
                    .passive_deletes(__cascade::PassiveDeletes::All)
                    .deny(),
                __cascade::link!(
                    "friends", Person, Person, ::core::option::Option::Some("app"),
                    "friends", ["tenant_a" 0, "a" 1], ["tenant_b" 0, "b" 1], []
                )
                    .deny(),
                __cascade::link!(
                    "notes", Person, notes::PersonalNote,
                    ::core::option::Option::Some("app"), "notes", ["person_tenant" 0,
                    "person_id" 1], ["personal_note_id" 0],
                    [.cascade("all, delete-orphan").single_parent()]
                )
                    .order_by("id", false),
                __cascade::link!(
                    "seen", Person, Post, ::core::option::Option::Some("app"), "seen",
                    ["person_tenant" 0, "person_id" 1], ["post_id" 0],
                    [.cascade("expunge")]
                )
                    .viewonly()
                    .cascade("expunge"),
                __cascade::RelationDef::held(
                        "team",
                        0,
                        <Team as __cascade::Entity>::table,
                    )
                    .cascade("all, delete-orphan")
                    .single_parent(),
                __cascade::RelationDef::held(
                        "desk",
                        1,
                        <Desk as __cascade::Entity>::table,
                    )
                    .cascade("all"),
            ],
            unique: &[
                __cascade::Unique {
                    columns: &[4, 3],
                    nullable: &[4, 3],
                    deferrable: false,
                },
            ],
            version: ::core::option::Option::None,
            broken: false,
            functions: __cascade::Functions::of::<Self>(),
        };
        fn table() -> &'static __cascade::Table {
            static TABLE: &__cascade::Table = <Person as __cascade::Entity>::TABLE;
            TABLE
        }
        fn key_part(__key: &(i64, i64), __part: usize) -> &__cascade::Erased {
            match __part {
                0 => &__key.0,
                _ => &__key.1,
            }
        }
        fn key_from(
            __parts: &[&__cascade::Erased],
        ) -> ::core::option::Option<(i64, i64)> {
            ::core::option::Option::Some((
                __cascade::part(__parts, 0)?,
                __cascade::part(__parts, 1)?,
            ))
        }
        fn view<'a>(&'a self, __see: &mut __cascade::See<'_, 'a>) {
            __see(
                &[
                    &self.tenant,
                    &self.id,
                    &self.mail,
                    &self.number,
                    &self.team,
                    &self.desk,
                ],
                &[
                    <Post as __cascade::Entity>::has_many(&self.edited),
                    <Post as __cascade::Entity>::has_many(&self.written),
                    <Self as __cascade::Entity>::many_to_many(&self.friends),
                    <notes::PersonalNote as __cascade::Entity>::many_to_many(
                        &self.notes,
                    ),
                    <Post as __cascade::Entity>::many_to_many(&self.seen),
                    <Team as __cascade::Entity>::optional_held(&self.team),
                    <Desk as __cascade::Entity>::held(&self.desk),
                ],
            );
        }
        fn visit<'a>(&'a mut self, __parts: &mut __cascade::Parts<'a>) {
            __parts
                .put(
                    [&mut self.tenant, &mut self.id, &mut self.mail, &mut self.number],
                    [
                        <Post as __cascade::Entity>::has_many_mut(&mut self.edited),
                        <Post as __cascade::Entity>::has_many_mut(&mut self.written),
                        <Self as __cascade::Entity>::many_to_many_mut(&mut self.friends),
                        <notes::PersonalNote as __cascade::Entity>::many_to_many_mut(
                            &mut self.notes,
                        ),
                        <Post as __cascade::Entity>::many_to_many_mut(&mut self.seen),
                        <Team as __cascade::Entity>::optional_held_mut(&mut self.team),
                        <Desk as __cascade::Entity>::held_mut(&mut self.desk),
                    ],
                );
        }
        fn read(
            __row: &mut __cascade::Reader<'_>,
        ) -> ::core::result::Result<Self, __cascade::Error> {
            ::core::result::Result::Ok(Self {
                tenant: __row.column::<i64>(0)?,
                id: __row.column::<i64>(1)?,
                mail: __row.column::<Option<String>>(2)?,
                number: __row.column::<Option<i64>>(3)?,
                edited: ::core::default::Default::default(),
                written: ::core::default::Default::default(),
                friends: ::core::default::Default::default(),
                notes: ::core::default::Default::default(),
                seen: ::core::default::Default::default(),
                team: <Team as __cascade::Entity>::optional_belongs_to(__row, 0)?,
                desk: <Desk as __cascade::Entity>::belongs_to(__row, 1)?,
            })
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Person {
        /// The relation `edited`.
        const EDITED: __cascade::Relation<Person, Post> = __cascade::Relation::new(0);
        /// The relation `written`.
        const WRITTEN: __cascade::Relation<Person, Post> = __cascade::Relation::new(1);
        /// The relation `friends`.
        const FRIENDS: __cascade::Relation<Person, Self> = __cascade::Relation::new(2);
        /// The relation `notes`.
        const NOTES: __cascade::Relation<Person, notes::PersonalNote> = __cascade::Relation::new(
            3,
        );
        /// The relation `seen`.
        const SEEN: __cascade::Relation<Person, Post> = __cascade::Relation::new(4);
        /// The relation `team`.
        const TEAM: __cascade::Relation<Person, Team> = __cascade::Relation::new(5);
        /// The relation `desk`.
        const DESK: __cascade::Relation<Person, Desk> = __cascade::Relation::new(6);
    }
    const __OWN: &__cascade::Table = <Person as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::column(__OWN, 0, "i64");
    const _: () = __cascade::rules::column(__OWN, 1, "i64");
    const _: () = __cascade::rules::column(__OWN, 2, "Option<String>");
    const _: () = __cascade::rules::column(__OWN, 3, "Option<i64>");
    const __OTHER_0: &__cascade::Table = <Post as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::back_populates(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::cardinality(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::removal(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::order_by(__OWN, 0, __OTHER_0);
    const __OTHER_1: &__cascade::Table = <Post as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::back_populates(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::cardinality(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::removal(__OWN, 1, __OTHER_1);
    const __OTHER_2: &__cascade::Table = <Person as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::link_size(__OWN, 2, __OWN, "source", 2);
    const _: () = __cascade::rules::link_size(__OWN, 2, __OTHER_2, "target", 2);
    const __OTHER_3: &__cascade::Table = <notes::PersonalNote as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::link_size(__OWN, 3, __OWN, "source", 2);
    const _: () = __cascade::rules::link_size(__OWN, 3, __OTHER_3, "target", 1);
    const _: () = __cascade::rules::order_by(__OWN, 3, __OTHER_3);
    const __OTHER_4: &__cascade::Table = <Post as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::link_size(__OWN, 4, __OWN, "source", 2);
    const _: () = __cascade::rules::link_size(__OWN, 4, __OTHER_4, "target", 1);
    const __OTHER_5: &__cascade::Table = <Team as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::key_size(__OWN, 0, __OTHER_5);
    const __OTHER_6: &__cascade::Table = <Desk as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::key_size(__OWN, 1, __OTHER_6);
};
