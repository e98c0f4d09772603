//! Compares the library with what is written by hand, with `SeaORM` and with diesel, on the same tables, in interleaved rounds:
//! `cargo xtask bench [part of a name ..]`.
//!
//! Why not `divan`: it runs one benchmark to its end before the next. Here the question is a ratio on a machine that others use too, so each round
//! runs every contender once, and it is the ratio of the times of one round that is taken.

mod by_hand;
mod contender;
mod database;
mod measure;
mod models;
mod mysql;
mod ours;
mod peers;
mod plain;
mod postgres;
mod proxy;
mod report;
mod sqlite;
mod workload;

use contender::Outcome;
use measure::Measured;
use workload::Task;

/// One thread runs the contenders: a wake-up of another would be measured with each round trip.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .map(|part| part.to_lowercase())
        .collect();
    let mut measured: Vec<Measured> = Vec::new();
    let mut is_complete = filters.is_empty();
    for open in database::ALL {
        let Some(mut database) = open().await? else {
            is_complete = false;
            continue;
        };
        let title = database.title().to_owned();
        eprintln!("{title}");
        for task in Task::all() {
            let name = format!("{title} {task}").to_lowercase();
            if filters.is_empty() || filters.iter().any(|part| name.contains(part.as_str())) {
                let row = measure::measure(&mut *database, task).await?;
                eprintln!("  {}", report::line(&row));
                measured.push(row);
            }
        }
    }
    println!("{}", report::markdown(&measured));
    // What is left out would be missing in the report, too.
    if is_complete {
        report::write(&measured)?;
    }
    Ok(())
}
