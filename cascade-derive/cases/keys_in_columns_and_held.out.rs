const _: () = {
    use ::sqlx_cascade::__private as __cascade;
    #[automatically_derived]
    impl __cascade::Entity for Profile {
        type Key = (i64, i64);
        type KeyParts = (i64, i64, (), (), (), ());
        const IDENT: &'static str = ::core::concat!(
            ::core::module_path!(), "::Profile@", ::core::line!(), ":", ::core::column!()
        );
        const NAME: &'static str = "Profile";
        const KEY_CODECS: &'static [__cascade::Codec] = &[
            __cascade::codec!(i64),
            __cascade::codec!(i64),
        ];
        const TABLE: &'static __cascade::Table = &__cascade::Table {
            ident: <Self as __cascade::Entity>::IDENT,
            entity: <Self as __cascade::Entity>::NAME,
            schema: ::core::option::Option::Some("app"),
            name: "profiles",
            columns: &[
                __cascade::Column::new(
                        "id",
                        "id",
                        0,
                        <Self as __cascade::Entity>::KEY_CODECS[0],
                    )
                    .key(),
                __cascade::Column::new(
                        "user_id",
                        "user_id",
                        1,
                        <Self as __cascade::Entity>::KEY_CODECS[1],
                    )
                    .key(),
                __cascade::Column::new("biography", "bio", 2, __cascade::codec!(String))
                    .unique(),
                __cascade::Column::new("version", "version", 3, __cascade::codec!(i64)),
                __cascade::Column::new(
                        "org_id",
                        "org",
                        5,
                        __cascade::key_codec(<Org as __cascade::Entity>::KEY_CODECS, 1),
                    )
                    .part(<Org as __cascade::Entity>::optional_part::<1>),
                __cascade::Column::new(
                    "tenant_id",
                    "tenant_id",
                    4,
                    __cascade::codec!(i64),
                ),
            ],
            key: &[0, 1],
            foreign_keys: &[
                __cascade::ForeignKey::new::<
                    User,
                >("user_id", 1, &[__cascade::key_part::<User, i64>(1).shared()])
                    .nullable(__cascade::nullable::<User, i64>())
                    .unique()
                    .on_delete(__cascade::OnDelete::Cascade),
                __cascade::ForeignKey::to(
                        (
                            <Org as __cascade::Entity>::IDENT,
                            <Org as __cascade::Entity>::NAME,
                            <Org as __cascade::Entity>::table,
                        ),
                        "org",
                        5,
                        &[
                            __cascade::shared_part::<Org, i64, 0>(5).shared(),
                            __cascade::own_part(4),
                        ],
                    )
                    .holder(<Org as __cascade::Entity>::OPTIONAL_HOLDER)
                    .nullable(true)
                    .on_delete(__cascade::OnDelete::Restrict),
            ],
            relations: &[
                __cascade::RelationDef::held(
                    "org",
                    1,
                    <Org as __cascade::Entity>::table,
                ),
                __cascade::RelationDef::new(
                        "type",
                        __cascade::Kind::OneToOne,
                        <Self as __cascade::Entity>::table,
                    )
                    .back_populates("type")
                    .passive_deletes(__cascade::PassiveDeletes::Yes)
                    .deny()
                    .required(),
            ],
            unique: &[
                __cascade::Unique {
                    columns: &[5, 2],
                    nullable: &[],
                    deferrable: false,
                },
            ],
            version: ::core::option::Option::Some(
                __cascade::Version::of::<i64>(3, true),
            ),
            broken: false,
            functions: __cascade::Functions::of::<Self>(),
        };
        fn table() -> &'static __cascade::Table {
            static TABLE: &__cascade::Table = <Profile as __cascade::Entity>::TABLE;
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
                    &self.id,
                    &self.user_id,
                    &self.bio,
                    &self.version,
                    &self.tenant_id,
                    &self.org,
                ],
                &[
                    <Org as __cascade::Entity>::optional_held(&self.org),
                    <Self as __cascade::Entity>::has_one(&self.r#type),
                ],
            );
        }
        fn visit<'a>(&'a mut self, __parts: &mut __cascade::Parts<'a>) {
            __parts
                .put(
                    [
                        &mut self.id,
                        &mut self.user_id,
                        &mut self.bio,
                        &mut self.version,
                        &mut self.tenant_id,
                    ],
                    [
                        <Org as __cascade::Entity>::optional_held_mut(&mut self.org),
                        <Self as __cascade::Entity>::has_one_mut(&mut self.r#type),
                    ],
                );
        }
        fn read(
            __row: &mut __cascade::Reader<'_>,
        ) -> ::core::result::Result<Self, __cascade::Error> {
            ::core::result::Result::Ok(Self {
                id: __row.column::<i64>(0)?,
                user_id: __row.column::<i64>(1)?,
                bio: __row.column::<String>(2)?,
                version: __row.column::<i64>(3)?,
                cache: ::core::default::Default::default(),
                org: <Org as __cascade::Entity>::optional_belongs_to(__row, 1)?,
                tenant_id: __row.column::<i64>(5)?,
                r#type: ::core::default::Default::default(),
            })
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Profile {
        /// The relation `org`.
        const ORG: __cascade::Relation<Profile, Org> = __cascade::Relation::new(0);
        /// The relation `type`.
        const TYPE: __cascade::Relation<Profile, Self> = __cascade::Relation::new(1);
    }
    const __OWN: &__cascade::Table = <Profile as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::column(__OWN, 0, "i64");
    const _: () = __cascade::rules::column(__OWN, 2, "String");
    const _: () = __cascade::rules::column(__OWN, 3, "i64");
    const _: () = __cascade::rules::column(__OWN, 5, "i64");
    const __OTHER_0: &__cascade::Table = <Org as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::key_size(__OWN, 1, __OTHER_0);
    const __OTHER_1: &__cascade::Table = <Profile as __cascade::Entity>::TABLE;
    const _: () = __cascade::rules::back_populates(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::cardinality(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::removal(__OWN, 1, __OTHER_1);
    const _: () = __cascade::rules::passive_deletes(__OWN, 1, __OTHER_1);
};
