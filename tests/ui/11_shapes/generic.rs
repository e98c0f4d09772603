// A table has one set of columns.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User<T> {
    #[key]
    id: T,
}

fn main() {}
