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
        type KeyParts = (uuid::Uuid, (), (), (), (), ());
        const IDENT: &'static str = ::core::concat!(
            ::core::module_path!(), "::User@", ::core::line!(), ":", ::core::column!()
        );
        const NAME: &'static str = "User";
        const KEY_CODECS: &'static [__cascade::Codec] = &[__cascade::codec!(i64); 6];
        const TABLE: &'static __cascade::Table = &__cascade::Table {
            ident: <Self as __cascade::Entity>::IDENT,
            entity: <Self as __cascade::Entity>::NAME,
            schema: ::core::option::Option::None,
            name: "",
            columns: &[],
            key: &[],
            foreign_keys: &[],
            relations: &[],
            unique: &[],
            version: ::core::option::Option::None,
            broken: true,
            functions: __cascade::Functions::of::<Self>(),
        };
        fn table() -> &'static __cascade::Table {
            static TABLE: &__cascade::Table = <User as __cascade::Entity>::TABLE;
            TABLE
        }
        fn key_part(_: &uuid::Uuid, _: usize) -> &__cascade::Erased {
            __cascade::broken()
        }
        fn key_from(_: &[&__cascade::Erased]) -> ::core::option::Option<uuid::Uuid> {
            ::core::option::Option::None
        }
        fn view<'a>(&'a self, _: &mut __cascade::See<'_, 'a>) {}
        fn visit<'a>(&'a mut self, _: &mut __cascade::Parts<'a>) {}
        fn read(
            _: &mut __cascade::Reader<'_>,
        ) -> ::core::result::Result<Self, __cascade::Error> {
            __cascade::broken()
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl User {
        /// The relation `profile`.
        const PROFILE: __cascade::Relation<User, Profile> = __cascade::Relation::new(0);
    }
    __cascade::methods! {
        pub User
    }
};
