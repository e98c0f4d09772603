//! Expansions, input beside output.

use expect_test::{Expect, expect};

/// Compares what the derive emits for a struct, formatted.
fn check(input: &str, output: &Expect) {
    output.assert_eq(&formatted(input));
}

fn formatted(input: &str) -> String {
    let tokens = input.parse().map(super::expanded);
    let file = tokens.map_err(|error| error.to_string()).and_then(|tokens| syn::parse2(tokens).map_err(|error| error.to_string()));
    file.map_or_else(|error| format!("no Rust: {error}"), |file| prettyplease::unparse(&file))
}

#[test]
fn a_parent_with_a_child() {
    check(
        r#"
        #[table(name = "users")]
        pub struct User {
            #[key(generated)]
            pub id: i64,
            pub name: String,
            pub email: Option<String>,
            #[one_to_one(cascade = "all, delete-orphan")]
            pub profile: HasOne<Profile>,
        }
        "#,
        &expect![[r#"
            const _: () = {
                use ::sqlx_cascade::__private as __cascade;
                #[automatically_derived]
                impl __cascade::Entity for User {
                    type Key = i64;
                    const IDENT: &'static str = ::core::concat!(
                        ::core::module_path!(), "::User@", ::core::line!(), ":", ::core::column!()
                    );
                    const NAME: &'static str = "User";
                    const TABLE: &'static __cascade::Table = &__cascade::Table {
                        ident: <Self as __cascade::Entity>::IDENT,
                        entity: <Self as __cascade::Entity>::NAME,
                        schema: ::core::option::Option::None,
                        name: "users",
                        columns: &[
                            __cascade::Column::new("id", "id", 0, __cascade::codec!(i64))
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
                        <Self as __cascade::Entity>::TABLE
                    }
                    fn key_part(key: &i64, _: usize) -> &__cascade::Erased {
                        key
                    }
                    fn key_from(parts: &[&__cascade::Erased]) -> ::core::option::Option<i64> {
                        __cascade::part(parts, 0)
                    }
                    fn view<'a>(&'a self, see: &mut __cascade::See<'_, 'a>) {
                        see(&[&self.id, &self.name, &self.email], &[&self.profile]);
                    }
                    fn visit(&mut self) -> __cascade::Parts<'_> {
                        __cascade::Parts::new(
                            [&mut self.id, &mut self.name, &mut self.email],
                            [&mut self.profile],
                        )
                    }
                    fn read(
                        row: &mut __cascade::Reader<'_>,
                    ) -> ::core::result::Result<Self, __cascade::Error> {
                        ::core::result::Result::Ok(Self {
                            id: row.column::<i64>(0)?,
                            name: row.column::<String>(1)?,
                            email: row.column::<Option<String>>(2)?,
                            profile: ::core::default::Default::default(),
                        })
                    }
                }
                #[automatically_derived]
                impl User {
                    /// The relation `profile`.
                    #[allow(dead_code)]
                    pub const PROFILE: __cascade::Relation<User, Profile> = __cascade::Relation::new(
                        0,
                    );
                }
                __cascade::methods! {
                    pub User
                }
                const _: () = __cascade::rules::column(<User as __cascade::Entity>::TABLE, 0, "i64");
                const _: () = __cascade::rules::column(
                    <User as __cascade::Entity>::TABLE,
                    1,
                    "String",
                );
                const _: () = __cascade::rules::column(
                    <User as __cascade::Entity>::TABLE,
                    2,
                    "Option<String>",
                );
                const _: () = __cascade::rules::foreign_key(
                    <User as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
                const _: () = __cascade::rules::cardinality(
                    <User as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
                const _: () = __cascade::rules::removal(
                    <User as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
            };
        "#]],
    );
}

#[test]
fn keys_in_columns_and_in_a_belongs_to() {
    check(
        r#"
        #[table(name = "profiles", schema = "app", unique = "tenant_id, biography", inherent = false)]
        struct Profile {
            #[key] id: i64,
            #[key] #[one_to_one(User, on_delete = "cascade")] user_id: i64,
            #[column(name = "biography", unique)] bio: String,
            #[version(aggregate)] version: i64,
            #[column(skip)] cache: u8,
            #[many_to_one(column = "tenant_id, org_id", on_delete = "restrict")] org: Option<BelongsTo<Org>>,
            tenant_id: i64,
            #[one_to_one(back_populates = r#type, passive_deletes, required, on_remove = "deny")] r#type: HasOne<Self>,
        }
        "#,
        &expect![[r#"
            const _: () = {
                use ::sqlx_cascade::__private as __cascade;
                #[automatically_derived]
                impl __cascade::Entity for Profile {
                    type Key = (i64, i64);
                    const IDENT: &'static str = ::core::concat!(
                        ::core::module_path!(), "::Profile@", ::core::line!(), ":", ::core::column!()
                    );
                    const NAME: &'static str = "Profile";
                    const TABLE: &'static __cascade::Table = &__cascade::Table {
                        ident: <Self as __cascade::Entity>::IDENT,
                        entity: <Self as __cascade::Entity>::NAME,
                        schema: ::core::option::Option::Some("app"),
                        name: "profiles",
                        columns: &[
                            __cascade::Column::new("id", "id", 0, __cascade::codec!(i64)).key(),
                            __cascade::Column::new("user_id", "user_id", 1, __cascade::codec!(i64))
                                .key(),
                            __cascade::Column::new("biography", "bio", 2, __cascade::codec!(String))
                                .unique(),
                            __cascade::Column::new("version", "version", 3, __cascade::codec!(i64)),
                            __cascade::Column::new(
                                    "org_id",
                                    "org",
                                    4,
                                    __cascade::codec!(
                                        << Org as __cascade::Entity > ::Key as __cascade::KeyPart < 1
                                        >> ::Part
                                    ),
                                )
                                .part(__cascade::holder_part::<Option<BelongsTo<Org>>, 1>),
                            __cascade::Column::new(
                                "tenant_id",
                                "tenant_id",
                                5,
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
                            __cascade::ForeignKey::new::<
                                Org,
                            >(
                                    "org",
                                    4,
                                    &[
                                        __cascade::shared_part::<Org, i64, 0>(5).shared(),
                                        __cascade::own_part(4),
                                    ],
                                )
                                .holder(__cascade::Holder::of::<Option<BelongsTo<Org>>>())
                                .nullable(true)
                                .on_delete(__cascade::OnDelete::Restrict),
                        ],
                        relations: &[
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
                        <Self as __cascade::Entity>::TABLE
                    }
                    fn key_part(key: &(i64, i64), part: usize) -> &__cascade::Erased {
                        match part {
                            0 => &key.0,
                            _ => &key.1,
                        }
                    }
                    fn key_from(parts: &[&__cascade::Erased]) -> ::core::option::Option<(i64, i64)> {
                        ::core::option::Option::Some((
                            __cascade::part(parts, 0)?,
                            __cascade::part(parts, 1)?,
                        ))
                    }
                    fn view<'a>(&'a self, see: &mut __cascade::See<'_, 'a>) {
                        see(
                            &[
                                &self.id,
                                &self.user_id,
                                &self.bio,
                                &self.version,
                                &self.org,
                                &self.tenant_id,
                            ],
                            &[&self.r#type],
                        );
                    }
                    fn visit(&mut self) -> __cascade::Parts<'_> {
                        __cascade::Parts::new(
                            [
                                &mut self.id,
                                &mut self.user_id,
                                &mut self.bio,
                                &mut self.version,
                                &mut self.org,
                                &mut self.tenant_id,
                            ],
                            [&mut self.r#type],
                        )
                    }
                    fn read(
                        row: &mut __cascade::Reader<'_>,
                    ) -> ::core::result::Result<Self, __cascade::Error> {
                        ::core::result::Result::Ok(Self {
                            id: row.column::<i64>(0)?,
                            user_id: row.column::<i64>(1)?,
                            bio: row.column::<String>(2)?,
                            version: row.column::<i64>(3)?,
                            cache: ::core::default::Default::default(),
                            org: row.belongs_to(1)?,
                            tenant_id: row.column::<i64>(5)?,
                            r#type: ::core::default::Default::default(),
                        })
                    }
                }
                #[automatically_derived]
                impl Profile {
                    /// The relation `type`.
                    #[allow(dead_code)]
                    const TYPE: __cascade::Relation<Profile, Self> = __cascade::Relation::new(0);
                }
                const _: () = __cascade::rules::column(
                    <Profile as __cascade::Entity>::TABLE,
                    0,
                    "i64",
                );
                const _: () = __cascade::rules::column(
                    <Profile as __cascade::Entity>::TABLE,
                    2,
                    "String",
                );
                const _: () = __cascade::rules::column(
                    <Profile as __cascade::Entity>::TABLE,
                    3,
                    "i64",
                );
                const _: () = __cascade::rules::column(
                    <Profile as __cascade::Entity>::TABLE,
                    5,
                    "i64",
                );
                const _: () = __cascade::rules::key_size(
                    <Profile as __cascade::Entity>::TABLE,
                    1,
                    <Org as __cascade::Entity>::TABLE,
                );
                const _: () = __cascade::rules::back_populates(
                    <Profile as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
                const _: () = __cascade::rules::cardinality(
                    <Profile as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
                const _: () = __cascade::rules::removal(
                    <Profile as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
                const _: () = __cascade::rules::passive_deletes(
                    <Profile as __cascade::Entity>::TABLE,
                    0,
                    <Profile as __cascade::Entity>::TABLE,
                );
            };
        "#]],
    );
}

#[test]
fn stand_ins_beside_the_mistakes() {
    check(
        r#"
        #[table(nam = "users", crate = "db::cascade")]
        pub struct User {
            pub id: uuid::Uuid,
            #[one_to_one(cascade = "al")]
            profile: HasOne<Profile>,
        }
        "#,
        &expect![[r#"
            ::core::compile_error! {
                "`User`: `#[table]` has no key `nam`; did you mean `name`?\nits keys are `name`, `schema`, `unique`, `unique_deferrable`, `crate`, `inherent`"
            }
            ::core::compile_error! {
                "`User`: a mapped struct has a primary key: write `#[key]` on its field, or `#[key(generated)]` where the database assigns it"
            }
            ::core::compile_error! {
                "`User.profile`: a cascade has no token `al`; did you mean `all`?\nthe tokens are `save-update`, `merge`, `refresh-expire`, `expunge`, `delete`, `delete-orphan`, `all`, `none`"
            }
            const _: () = {
                use db::cascade::__private as __cascade;
                #[automatically_derived]
                impl __cascade::Entity for User {
                    type Key = uuid::Uuid;
                    const IDENT: &'static str = ::core::concat!(
                        ::core::module_path!(), "::User@", ::core::line!(), ":", ::core::column!()
                    );
                    const NAME: &'static str = "User";
                    const TABLE: &'static __cascade::Table = &__cascade::Table::broken(
                        <Self as __cascade::Entity>::IDENT,
                        <Self as __cascade::Entity>::NAME,
                        __cascade::Functions::of::<Self>(),
                    );
                    fn table() -> &'static __cascade::Table {
                        <Self as __cascade::Entity>::TABLE
                    }
                    fn key_part(_: &uuid::Uuid, _: usize) -> &__cascade::Erased {
                        __cascade::broken()
                    }
                    fn key_from(_: &[&__cascade::Erased]) -> ::core::option::Option<uuid::Uuid> {
                        ::core::option::Option::None
                    }
                    fn view<'a>(&'a self, _: &mut __cascade::See<'_, 'a>) {}
                    fn visit(&mut self) -> __cascade::Parts<'_> {
                        ::core::default::Default::default()
                    }
                    fn read(
                        _: &mut __cascade::Reader<'_>,
                    ) -> ::core::result::Result<Self, __cascade::Error> {
                        __cascade::broken()
                    }
                }
                #[automatically_derived]
                impl User {
                    /// The relation `profile`.
                    #[allow(dead_code)]
                    const PROFILE: __cascade::Relation<User, Profile> = __cascade::Relation::new(0);
                }
                __cascade::methods! {
                    pub User
                }
            };
        "#]],
    );
}
