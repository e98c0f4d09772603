// Mistakes, each once, and stand-ins beside them.
#[table(nam = "users", crate = "db::cascade")]
pub struct User {
    pub id: uuid::Uuid,
    #[one_to_one(cascade = "al")]
    profile: HasOne<Profile>,
}
