// The struct that the budget of expanded lines is about: three columns and a relation.
#[table(name = "users")]
pub struct User {
    #[key(generated)]
    pub id: i64,
    pub name: String,
    pub email: Option<String>,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub profile: HasOne<Profile>,
}
