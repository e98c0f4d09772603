// Foreign keys in a plain column that is a key, and in a `BelongsTo` that shares a column with a plain field.
#[table(name = "profiles", schema = "app", unique = "tenant_id, biography", inherent = false)]
struct Profile {
    #[key]
    id: i64,
    #[key]
    #[one_to_one(User, on_delete = "cascade")]
    user_id: i64,
    #[column(name = "biography", unique)]
    bio: String,
    #[version(aggregate)]
    version: i64,
    #[column(skip)]
    cache: u8,
    #[many_to_one(column = "tenant_id, org_id", on_delete = "restrict")]
    org: Option<BelongsTo<Org>>,
    tenant_id: i64,
    #[one_to_one(back_populates = r#type, passive_deletes, required, on_remove = "deny")]
    r#type: HasOne<Self>,
}
