// Every option, links to the struct itself, and unique sets with columns that accept NULL.
#[table(name = "people", schema = "app", unique = "team_id, number", inherent = false)]
struct Person {
    #[key]
    tenant: i64,
    #[key]
    id: i64,
    #[column(unique)]
    mail: Option<String>,
    number: Option<i64>,
    #[one_to_many(viewonly, cascade = "refresh-expire", back_populates = editor, order_by = "number")]
    edited: HasMany<Post>,
    #[one_to_many(back_populates = author, passive_deletes = "all", on_remove = "deny")]
    written: HasMany<Post>,
    #[many_to_many(through = "friends", source = "tenant_a, a", target = "tenant_b, b", on_remove = "deny")]
    friends: ManyToMany<Self>,
    #[many_to_many(through = "notes", source = "person_tenant, person_id", cascade = "all, delete-orphan", single_parent, order_by = "id asc")]
    notes: ManyToMany<notes::PersonalNote>,
    #[many_to_many(through = "seen", source = "person_tenant, person_id", viewonly, cascade = "expunge")]
    seen: ManyToMany<Post>,
    #[many_to_one(column = "team_id", cascade = "all, delete-orphan", single_parent)]
    team: Option<BelongsTo<Team>>,
    #[one_to_one(Desk, cascade = "all")]
    desk: BelongsTo<Desk>,
}
