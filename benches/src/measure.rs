//! Interleaved rounds: each runs every contender once, and begins with another one than the round before.

use std::time::{Duration, Instant};

use crate::contender::Outcome;
use crate::database::Database;
use crate::workload::Task;

/// A task as it was measured on a database.
pub struct Measured {
    pub database: String,
    pub task: Task,
    /// Of the contenders that do it, in their order: the expert is the first.
    pub entries: Vec<Entry>,
}

pub struct Entry {
    pub name: &'static str,
    pub median: Duration,
    /// The median of its time by that of the expert in the same round.
    pub ratio: f64,
}

/// How long the rounds of a task go on, about, beside the turns of who is slow.
const BUDGET: Duration = Duration::from_millis(1500);

/// The fewest rounds and the most.
const ROUNDS: (usize, usize) = (5, 300);

/// Who takes more than one and a half times as long as the expert is slow: it has as many rounds as fit into this, and at least three. Nobody else's
/// rounds become fewer by it.
const SHARE: Duration = Duration::from_millis(400);

/// Who takes longer than that, and more than four times as long as the expert, is not warmed up and has one round.
fn is_hopeless(time: Duration, expert: Duration) -> bool {
    time > SHARE && time > expert * 4
}

pub async fn measure(database: &mut dyn Database, task: Task) -> Outcome<Measured> {
    let does = database.contenders().iter().enumerate();
    let does = does.filter(|(_, contender)| contender.does(task));
    let does: Vec<usize> = does.map(|(number, _)| number).collect();
    let first = check(database, task, &does).await?;
    database.reset().await?;
    let shared = shared_user(database, task).await?;
    let most = warm_up(database, (task, shared), &does, first).await?;

    let times = rounds(database, (task, shared), &does, &most).await?;
    let name = |place: usize| database.contenders()[does[place]].name();
    let names: Vec<&'static str> = (0..does.len()).map(name).collect();
    let entries = names.into_iter().enumerate();
    Ok(Measured {
        database: database.title().to_owned(),
        task,
        entries: entries
            .map(|(place, name)| entry(name, &times, place))
            .collect(),
    })
}

/// The times of each round, in the order of the contenders.
type Rounds = Vec<Vec<Option<Duration>>>;

async fn rounds(
    database: &mut dyn Database,
    task: (Task, Option<i64>),
    does: &[usize],
    most: &[usize],
) -> Outcome<Rounds> {
    let mut times = Rounds::new();
    let mut left = BUDGET;
    while times.len() < ROUNDS.0 || (times.len() < ROUNDS.1 && left > Duration::ZERO) {
        let mut round = vec![None; does.len()];
        for turn in 0..does.len() {
            let place = turn_of(turn, times.len(), does.len());
            if times.len() < most[place] {
                let start = Instant::now();
                round[place] = Some(run(database, task, does[place]).await?);
                if most[place] == ROUNDS.1 {
                    left = left.saturating_sub(start.elapsed());
                }
            }
        }
        times.push(round);
    }
    Ok(times)
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

/// Has every contender do it from the same rows, and compares all rows afterwards with those that the expert leaves. Gives how long each took.
async fn check(database: &mut dyn Database, task: Task, does: &[usize]) -> Outcome<Vec<Duration>> {
    let (mut expected, mut times) = (None, Vec::new());
    for &number in does {
        database.reset().await?;
        let shared = shared_user(database, task).await?;
        times.push(run(database, (task, shared), number).await?);
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
    Ok(times)
}

/// Gives the most rounds of each. Six runs: a statement is planned anew five times before PostgreSQL thinks of a plan for all times. None for who was
/// hopeless without.
async fn warm_up(
    database: &mut dyn Database,
    task: (Task, Option<i64>),
    does: &[usize],
    mut last: Vec<Duration>,
) -> Outcome<Vec<usize>> {
    let hopeless = last.iter().map(|time| is_hopeless(*time, last[0]));
    let hopeless: Vec<bool> = hopeless.collect();
    let start = Instant::now();
    for turn in 0..6 {
        if turn > 0 && start.elapsed() > BUDGET {
            break;
        }
        for (place, &number) in does.iter().enumerate() {
            if !hopeless[place] {
                last[place] = run(database, task, number).await?;
            }
        }
    }
    Ok(last.iter().map(|time| rounds_of(*time, last[0])).collect())
}

/// The most rounds of a contender that took this long where the expert took that long.
fn rounds_of(time: Duration, expert: Duration) -> usize {
    if time * 2 <= expert * 3 {
        return ROUNDS.1;
    }
    let fewest = if is_hopeless(time, expert) { 1 } else { 3 };
    let fit = SHARE.as_micros() / time.as_micros().max(1);
    usize::try_from(fit).map_or(ROUNDS.1, |fit| fit.clamp(fewest, ROUNDS.1))
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
