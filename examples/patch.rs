//! PUT and PATCH of a nested document, on SQLite in memory: `cargo run --example patch`.
//!
//! A recipe has steps, and a step has ingredients. What a client sends is JSON, and some of it is hostile.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx_cascade::{Error, ErrorKind, HasMany, Persistent, Relations};

#[derive(Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "recipes")]
struct Recipe {
    #[key(generated)]
    id: i64,
    title: String,
    note: Option<String>,
    #[one_to_many(cascade = "all, delete-orphan")]
    steps: HasMany<Step>,
}

#[derive(Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "steps")]
struct Step {
    #[key(generated)]
    id: i64,
    #[serde(skip)]
    #[many_to_one(Recipe, on_delete = "cascade")]
    recipe_id: i64,
    text: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    ingredients: HasMany<Ingredient>,
}

#[derive(Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "ingredients")]
struct Ingredient {
    #[key(generated)]
    id: i64,
    #[serde(skip)]
    #[many_to_one(Step, on_delete = "cascade")]
    step_id: i64,
    name: String,
    grams: i64,
}

const SCHEMA: &str = "
    CREATE TABLE recipes (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, note TEXT);
    CREATE TABLE steps (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL,
        recipe_id INTEGER NOT NULL REFERENCES recipes ON DELETE CASCADE);
    CREATE TABLE ingredients (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, grams INTEGER NOT NULL,
        step_id INTEGER NOT NULL REFERENCES steps ON DELETE CASCADE);";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = &SqlitePool::connect("sqlite::memory:").await?;
    sqlx::raw_sql(SCHEMA).execute(pool).await?;

    // A payload is a plain value, so it is new, whatever ids it has.
    let mix = json!({ "text": "mix", "ingredients": [{ "name": "flour", "grams": 500 }] });
    let bread =
        json!({ "id": 99, "title": "bread", "note": "of rye", "steps": [mix, { "text": "bake" }] });
    let cake = json!({ "title": "cake", "steps": [{ "text": "whisk" }] });
    let recipes = serde_json::from_value::<Vec<Recipe>>(json!([bread, cake]))?;
    let recipes = Recipe::save_all(recipes, pool).await?;
    assert_eq!((recipes[0].id, recipes[1].steps[0].id), (1, 3));

    println!("PATCH: what is absent stays as it is, at every level");
    let (code, bread) = patch(pool, 1, json!({ "note": null })).await;
    assert_eq!(
        (code, &bread["title"], &bread["note"]),
        (200, &json!("bread"), &Value::Null)
    );
    let flour = json!({ "id": 1, "grams": 450 });
    let salt = json!({ "name": "salt", "grams": 9 });
    let steps = json!([{ "id": 1, "ingredients": [flour, salt] }, { "id": 2 }]);
    let (code, bread) = patch(pool, 1, json!({ "steps": steps })).await;
    assert_eq!((code, &bread["steps"][0]["text"]), (200, &json!("mix")));
    assert_eq!(bread["steps"][0]["ingredients"][0]["name"], "flour");

    println!(
        "PUT: a step that is missing leaves, one without an id is new, and a list that is absent stays"
    );
    let steps = json!([{ "id": 1, "text": "knead" }, { "text": "wait" }]);
    let (code, bread) = put(pool, 1, json!({ "title": "rye bread", "steps": steps })).await;
    assert_eq!((code, &bread["steps"][1]["text"]), (200, &json!("wait")));
    assert_eq!(bread["steps"][0]["ingredients"][0]["grams"], 450);

    println!(
        "ids that are not this recipe's are refused, all of them in one error, and nothing is written"
    );
    let hostile =
        json!({ "title": "mine", "steps": [{ "id": 3, "text": "stolen" }, { "id": 77 }] });
    assert_eq!(patch(pool, 1, hostile.clone()).await.0, 403);
    assert_eq!(put(pool, 1, hostile).await.0, 403);

    println!("so are a value of another type, with its place, and a recipe that isn't there");
    let (code, message) = patch(pool, 1, json!({ "steps": [{ "id": 1, "text": 7 }] })).await;
    assert!(code == 422 && message.to_string().contains("steps[0].text"));
    assert_eq!(patch(pool, 7, json!({})).await.0, 404);
    assert_eq!(document(pool, 1).await?, bread);
    Ok(())
}

/// The whole document: whether the caller may write this recipe has to be settled before, for a root has no owner.
async fn put(pool: &SqlitePool, id: i64, body: Value) -> (u16, Value) {
    println!("  PUT {body}");
    let recipe = match serde_json::from_value::<Recipe>(body) {
        Ok(recipe) => Recipe { id, ..recipe },
        Err(error) => return (422, Value::String(error.to_string())),
    };
    answer(pool, id, Recipe::merge(recipe, pool).await).await
}

/// What differs.
async fn patch(pool: &SqlitePool, id: i64, body: Value) -> (u16, Value) {
    println!("  PATCH {body}");
    answer(pool, id, Recipe::patch(id, body, pool).await).await
}

/// What a handler answers: a status, and the document or what is wrong with the payload.
async fn answer(
    pool: &SqlitePool,
    id: i64,
    done: Result<Persistent<Recipe>, Error>,
) -> (u16, Value) {
    let answer = match done {
        Ok(_) => document(pool, id).await.map(|document| (200, document)),
        Err(error) => Err(error),
    };
    let answer = answer.unwrap_or_else(|error| (status(&error), Value::String(error.to_string())));
    println!("    {} {}", answer.0, answer.1);
    answer
}

fn status(error: &Error) -> u16 {
    match error.kind() {
        ErrorKind::NotFound => 404,
        ErrorKind::NotOwned => 403,
        ErrorKind::Stale | ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation => 409,
        ErrorKind::InvalidPayload | ErrorKind::CheckViolation => 422,
        ErrorKind::Conflict => 503,
        _ => 500,
    }
}

/// The recipe with all that is below it, as JSON: what is not loaded can't be serialised.
async fn document(pool: &SqlitePool, id: i64) -> Result<Value, Error> {
    let all = Recipe::STEPS.then(Step::INGREDIENTS);
    let recipe = Recipe::find(id).with(all).one(pool).await?;
    Ok(serde_json::to_value(recipe).expect("all of it is loaded"))
}
