//! The same where the key can be NULL and nothing is deleted.

use sqlx::SqlitePool;
use sqlx_cascade::{HasOne, Relations};

use crate::print::{EMPLOYEES, Outcome, rows, step};

#[derive(Default, Relations)]
#[table(name = "employees")]
struct Employee {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one]
    desk: HasOne<Desk>,
}

#[derive(Default, Relations)]
#[table(name = "desks")]
struct Desk {
    #[key(generated)]
    id: i64,
    #[one_to_one(Employee, on_delete = "set null")]
    employee_id: Option<i64>,
    place: String,
}

const SCHEMA: &str = "
    CREATE TABLE employees (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
    CREATE TABLE desks (id INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL,
        employee_id INTEGER UNIQUE REFERENCES employees ON DELETE SET NULL);";

/// A desk is lent, replaced, and taken back; its row stays.
pub(crate) async fn lend_a_desk(pool: &SqlitePool) -> Outcome {
    sqlx::raw_sql(SCHEMA).execute(pool).await?;

    step("create an employee and a desk by one save");
    let employee = Employee {
        name: "Grace".into(),
        desk: desk("window").into(),
        ..Employee::default()
    };
    let mut employee = employee.save(pool).await?;
    rows(pool, &EMPLOYEES).await?;

    step("replace the desk");
    employee.desk.set(desk("door"));
    employee.save(pool).await?;
    rows(pool, &EMPLOYEES).await?;

    step("set the desk to none");
    employee.desk.remove();
    employee.save(pool).await?;
    rows(pool, &EMPLOYEES).await?;

    step("set a desk and delete the employee");
    employee.desk.set(desk("middle"));
    employee.save(pool).await?;
    employee.delete(pool).await?;
    rows(pool, &EMPLOYEES).await
}

fn desk(place: &str) -> Desk {
    Desk {
        place: place.into(),
        ..Desk::default()
    }
}
