//! Interleaved rounds: each runs every contender once, and begins with another one than the round before.

use std::time::{Duration, Instant};

use crate::contender::Outcome;
use crate::database::Database;
use crate::workload::Task;

/// A task as it was measured on a database.
pub struct Measured {
    pub database: String,
    pub task: Task,
    /// In the order of the contenders: the expert is the first.
    pub entries: Vec<Entry>,
}

pub struct Entry {
    pub name: &'static str,
    pub median: Duration,
    /// The median of its time by that of the expert in the same round.
    pub ratio: f64,
}

/// How long the rounds of a task go on, about.
const BUDGET: Duration = Duration::from_secs(3);

/// The fewest rounds and the most.
const ROUNDS: (usize, usize) = (5, 300);

/// Who takes longer than the expert by this factor, and longer than this, is in the first rounds only.
const SLOW: (u32, Duration) = (4, Duration::from_millis(20));

pub async fn measure(database: &mut dyn Database, task: Task) -> Outcome<Measured> {
    check(database, task).await?;
    database.reset().await?;
    let count = database.contenders().len();
    let shared = shared_user(database, task).await?;
    // A statement is planned anew five times before PostgreSQL thinks of a plan for all times.
    let slow = warm_up(database, (task, shared), count).await?;

    let mut times: Vec<Vec<Option<Duration>>> = Vec::new();
    let start = Instant::now();
    while times.len() < ROUNDS.0 || (times.len() < ROUNDS.1 && start.elapsed() < BUDGET) {
        let mut round = vec![None; count];
        for turn in 0..count {
            let number = turn_of(turn, times.len(), count);
            if !slow[number] || times.len() < ROUNDS.0 {
                round[number] = Some(run(database, (task, shared), number).await?);
            }
        }
        times.push(round);
    }
    let title = database.title().to_owned();
    let contenders = database.contenders().iter().enumerate();
    Ok(Measured {
        database: title,
        task,
        entries: contenders
            .map(|(number, contender)| entry(contender.name(), &times, number))
            .collect(),
    })
}

/// Whose turn it is: each begins in its turn, and each follows the one and the other.
fn turn_of(turn: usize, round: usize, count: usize) -> usize {
    let turn = if (round / count).is_multiple_of(2) {
        turn
    } else {
        count - 1 - turn
    };
    (turn + round) % count
}

/// Has every contender do it from the same rows, and compares all rows afterwards with those that the expert leaves.
async fn check(database: &mut dyn Database, task: Task) -> Outcome {
    let mut expected = None;
    for number in 0..database.contenders().len() {
        database.reset().await?;
        let shared = shared_user(database, task).await?;
        run(database, (task, shared), number).await?;
        let rows = database.dump().await?;
        let expected = expected.get_or_insert_with(|| rows.clone());
        if *expected != rows {
            let name = database.contenders()[number].name();
            let differs = expected.iter().zip(&rows).find(|(one, other)| one != other);
            return Err(
                format!("{task}: {name} leaves other rows than the expert: {differs:?}").into(),
            );
        }
    }
    Ok(())
}

async fn warm_up(
    database: &mut dyn Database,
    task: (Task, Option<i64>),
    count: usize,
) -> Outcome<Vec<bool>> {
    let start = Instant::now();
    let mut last = vec![Duration::ZERO; count];
    for turn in 0..6 {
        if turn > 0 && start.elapsed() > BUDGET {
            break;
        }
        for (number, time) in last.iter_mut().enumerate() {
            *time = run(database, task, number).await?;
        }
    }
    let is_slow = |time: &Duration| *time > SLOW.1 && *time > last[0] * SLOW.0;
    Ok(last.iter().map(is_slow).collect())
}

/// The user that all runs share, where none changes it.
async fn shared_user(database: &mut dyn Database, task: Task) -> Outcome<Option<i64>> {
    Ok(if task.only_reads() {
        Some(database.seed(task.size).await?)
    } else {
        None
    })
}

/// Runs a contender, beside the rows of all runs before it: emptied tables would have all statements planned anew.
async fn run(
    database: &mut dyn Database,
    (task, shared): (Task, Option<i64>),
    number: usize,
) -> Outcome<Duration> {
    let user = match shared {
        Some(user) => user,
        None if task.needs_user() => database.seed(task.size).await?,
        None => 0,
    };
    database.contenders()[number].run(task, user).await
}

fn entry(name: &'static str, rounds: &[Vec<Option<Duration>>], number: usize) -> Entry {
    let times = rounds.iter().filter_map(|round| round[number]);
    let ratios = rounds
        .iter()
        .filter_map(|round| Some(round[number]?.as_secs_f64() / round[0]?.as_secs_f64()));
    Entry {
        name,
        median: Duration::from_secs_f64(median(times.map(|time| time.as_secs_f64()).collect())),
        ratio: median(ratios.collect()),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
