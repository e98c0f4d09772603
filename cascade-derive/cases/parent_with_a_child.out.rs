const _: () = {
    use ::sqlx_cascade::__private as __cascade;
    #[automatically_derived]
    impl __cascade::Entity for User {
        type Key = i64;
        type KeyParts = (i64, (), (), (), (), ());
        const IDENT: &'static str = ::core::concat!(
            ::core::module_path!(), "::User@", ::core::line!(), ":", ::core::column!()
        );
        const NAME: &'static str = "User";
        const KEY_CODECS: &'static [__cascade::Codec] = &[__cascade::codec!(i64)];
        const TABLE: &'static __cascade::Table = &__cascade::Table {
            ident: <Self as __cascade::Entity>::IDENT,
            entity: <Self as __cascade::Entity>::NAME,
            schema: ::core::option::Option::None,
            name: "users",
            columns: &[
                __cascade::Column::new(
                        "id",
                        "id",
                        0,
                        <Self as __cascade::Entity>::KEY_CODECS[0],
                    )
                    .key()
                    .generated(),
                __cascade::Column::new("name", "name", 1, __cascade::codec!(String)),
                __cascade::Column::new(
                    "email",
                    "email",
                    2,
                    __cascade::codec!(Option < String >),
                ),
            ],
            key: &[0],
            foreign_keys: &[],
            relations: &[
                __cascade::RelationDef::new(
                        "profile",
                        __cascade::Kind::OneToOne,
                        <Profile as __cascade::Entity>::table,
                    )
                    .cascade("all, delete-orphan"),
            ],
            unique: &[],
            version: ::core::option::Option::None,
            broken: false,
            functions: __cascade::Functions::of::<Self>(),
        };
        fn table() -> &'static __cascade::Table {
            static TABLE: &__cascade::Table = <User as __cascade::Entity>::TABLE;
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
                &[&self.id, &self.name, &self.email],
                &[<Profile as __cascade::Entity>::has_one(&self.profile)],
            );
        }
        fn visit<'a>(&'a mut self, __parts: &mut __cascade::Parts<'a>) {
            __parts
                .put(
                    [&mut self.id, &mut self.name, &mut self.email],
                    [<Profile as __cascade::Entity>::has_one_mut(&mut self.profile)],
                );
        }
        fn read(
            __row: &mut __cascade::Reader<'_>,
        ) -> ::core::result::Result<Self, __cascade::Error> {
            ::core::result::Result::Ok(Self {
                id: __row.column::<i64>(0)?,
                name: __row.column::<String>(1)?,
                email: __row.column::<Option<String>>(2)?,
                profile: ::core::default::Default::default(),
            })
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl User {
        /// The relation `profile`.
        pub const PROFILE: __cascade::Relation<User, Profile> = __cascade::Relation::new(
            0,
        );
    }
    __cascade::methods! {
        pub User
    }
    const __OWN: &__cascade::Table = <User as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::column(__OWN, 0, "i64");
    const _: () = __cascade::rules::column(__OWN, 1, "String");
    const _: () = __cascade::rules::column(__OWN, 2, "Option<String>");
    const __OTHER_0: &__cascade::Table = <Profile as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::foreign_key(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::cardinality(__OWN, 0, __OTHER_0);
    const _: () = __cascade::rules::removal(__OWN, 0, __OTHER_0);
};
