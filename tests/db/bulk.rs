//! Many rows, many columns, and other writers.

use sqlx_cascade::{ErrorKind, HasOne, Persistent};

use crate::models::{USERS, User, user};
use crate::support::{Base, NONE, Test, failed, on_every_database, run};

on_every_database![
    a_thousand_keys_match_their_rows_under_other_writers,
    changes_of_different_columns_keep_the_others,
    removals_and_replacements_of_many,
    a_row_of_two_hundred_columns,
];

fn crowd(prefix: &str, size: usize) -> Vec<User> {
    (0..size)
        .map(|number| user(&format!("{prefix}{number}"), &format!("{prefix}{number}")))
        .collect()
}

async fn a_thousand_keys_match_their_rows_under_other_writers<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let writers: Vec<_> = ["a", "b", "c"]
        .map(|prefix| {
            let pool = test.pool.clone();
            tokio::spawn(async move { User::save_all(crowd(prefix, 1_000), &pool).await })
        })
        .into();
    for (writer, prefix) in writers.into_iter().zip(["a", "b", "c"]) {
        let saved = writer.await.unwrap().unwrap();
        let keys = saved.iter().map(Persistent::key);
        let found = User::find_many(keys)
            .with(User::PROFILE)
            .all(&test.pool)
            .await
            .unwrap();
        assert_eq!(found, saved);
        for (number, user) in found.iter().enumerate() {
            let name = format!("{prefix}{number}");
            assert_eq!(
                (&user.name, &user.profile.get().unwrap().bio),
                (&name, &name)
            );
        }
    }
}

async fn changes_of_different_columns_keep_the_others<B: Base>(test: Test<B>) {
    test.create("CREATE TABLE points (id $id, x BIGINT NOT NULL, y BIGINT NOT NULL);")
        .await;
    let points = (0..4)
        .map(|x| Point {
            x,
            y: x,
            ..Point::default()
        })
        .collect();
    let mut points = Point::save_all(points, &test.pool).await.unwrap();
    test.execute("UPDATE points SET x = 100, y = 100").await;
    points[0].x = 10;
    points[1].y = 11;
    (points[2].x, points[2].y) = (12, 12);
    Persistent::save_all(&mut points, &test.pool).await.unwrap();
    assert_eq!(
        test.sent()
            .iter()
            .filter(|sent| *sent == "UPDATE points")
            .count(),
        1
    );
    assert_eq!(
        test.rows("points").await,
        ["1|10|100", "2|100|11", "3|12|12", "4|100|100"]
    );
}

#[derive(Debug, Default, sqlx_cascade::Relations)]
#[table(name = "points")]
struct Point {
    #[key(generated)]
    id: i64,
    x: i64,
    y: i64,
}

async fn removals_and_replacements_of_many<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut users = User::save_all(crowd("a", 600), &test.pool).await.unwrap();
    for (number, user) in users.iter_mut().enumerate() {
        match number % 3 {
            0 => drop(user.profile.remove()),
            1 => drop(user.profile.set(crate::models::bio("new"))),
            _ => {}
        }
    }
    Persistent::save_all(&mut users, &test.pool).await.unwrap();
    let keys = users.iter().map(Persistent::key);
    let found = User::find_many(keys)
        .with(User::PROFILE)
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, users);
    assert_eq!(test.rows("profiles").await.len(), 400);
    Persistent::delete_all(users, &test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, NONE);
}

#[tokio::test]
async fn on_sqlite_the_largest_rowid_is_an_error_for_several_rows() {
    run::<sqlx::Sqlite, _>(async |test: Test<sqlx::Sqlite>| {
        let schema = USERS.replace("$id", "INTEGER PRIMARY KEY");
        test.create(&schema).await;
        test.execute("INSERT INTO users (id, name) VALUES (9223372036854775807, 'last')")
            .await;
        let one = user("one", "one").save(&test.pool).await.unwrap();
        let found = User::find(one.id)
            .with(User::PROFILE)
            .one(&test.pool)
            .await
            .unwrap();
        assert_eq!(found, one);
        failed(
            User::save_all(crowd("a", 50), &test.pool).await,
            ErrorKind::Unsupported,
            "User",
        );
        assert_eq!(test.rows("users").await.len(), 2);
        let bare = |name: &str| User {
            name: name.into(),
            profile: HasOne::empty(),
            ..User::default()
        };
        bare("still").save(&test.pool).await.unwrap();
    })
    .await;
}

/// Its columns are named by a macro: there are too many to read.
macro_rules! wide {
    ($($column:ident)*) => {
        #[derive(Debug, Default, Clone, PartialEq, sqlx_cascade::Relations)]
        #[table(name = "wides")]
        struct Wide {
            #[key(generated)]
            id: i64,
            $($column: i64,)*
        }

        const COLUMNS: &[&str] = &[$(stringify!($column)),*];

        fn wide(first: i64) -> Wide {
            let mut next = first - 1;
            let mut count = || { next += 1; next };
            Wide { id: 0, $($column: count(),)* }
        }
    };
}

async fn a_row_of_two_hundred_columns<B: Base>(test: Test<B>) {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|column| format!("{column} BIGINT NOT NULL"))
        .collect();
    test.create(&format!(
        "CREATE TABLE wides (id $id, {});",
        columns.join(", ")
    ))
    .await;
    assert_eq!(COLUMNS.len() + 1, 200);
    let saved = Wide::save_all((0..300).map(wide).collect(), &test.pool)
        .await
        .unwrap();
    let mut found = Wide::find_many(saved.iter().map(Persistent::key))
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, saved);
    for (number, row) in found.iter_mut().enumerate() {
        row.c7 = -1;
        if number % 2 == 0 {
            row.c150 = -2;
        }
    }
    Persistent::save_all(&mut found, &test.pool).await.unwrap();
    let again = Wide::find_many(saved.iter().map(Persistent::key))
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(again, found);
    assert_eq!((again[0].c7, again[0].c150, again[1].c150), (-1, -2, 151));
}

wide! {
    c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13
    c14 c15 c16 c17 c18 c19 c20 c21 c22 c23 c24 c25 c26 c27
    c28 c29 c30 c31 c32 c33 c34 c35 c36 c37 c38 c39 c40 c41
    c42 c43 c44 c45 c46 c47 c48 c49 c50 c51 c52 c53 c54 c55
    c56 c57 c58 c59 c60 c61 c62 c63 c64 c65 c66 c67 c68 c69
    c70 c71 c72 c73 c74 c75 c76 c77 c78 c79 c80 c81 c82 c83
    c84 c85 c86 c87 c88 c89 c90 c91 c92 c93 c94 c95 c96 c97
    c98 c99 c100 c101 c102 c103 c104 c105 c106 c107 c108 c109 c110 c111
    c112 c113 c114 c115 c116 c117 c118 c119 c120 c121 c122 c123 c124 c125
    c126 c127 c128 c129 c130 c131 c132 c133 c134 c135 c136 c137 c138 c139
    c140 c141 c142 c143 c144 c145 c146 c147 c148 c149 c150 c151 c152 c153
    c154 c155 c156 c157 c158 c159 c160 c161 c162 c163 c164 c165 c166 c167
    c168 c169 c170 c171 c172 c173 c174 c175 c176 c177 c178 c179 c180 c181
    c182 c183 c184 c185 c186 c187 c188 c189 c190 c191 c192 c193 c194 c195
    c196 c197 c198
}
