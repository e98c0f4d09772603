// A row owns its values.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User<'a> {
    #[key]
    id: i64,
    name: &'a str,
}

fn main() {}
