// The struct that the budget of expanded lines for all kinds is about: six columns and a relation of each kind.
#[table(name = "posts")]
pub struct Post {
    #[key(generated)]
    pub id: i64,
    pub title: String,
    pub text: Option<String>,
    pub place: i64,
    pub published: bool,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub cover: HasOne<Cover>,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "place desc")]
    pub comments: HasMany<Comment>,
    #[many_to_many(through = "post_tags")]
    pub tags: ManyToMany<Tag>,
    #[many_to_one]
    pub author: BelongsTo<User>,
}
