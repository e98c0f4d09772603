//! The table and the chart.

use std::fmt::Write as _;
use std::path::Path;

use crate::contender::Outcome;
use crate::measure::{Entry, Measured};
use crate::ours::NAME as OURS;
use crate::workload::{LARGE, Task, Workload};

/// One line for the reader who waits.
pub fn line(measured: &Measured) -> String {
    let entries = measured.entries.iter();
    let times = entries.map(|entry| format!("{} {} ({:.2})", entry.name, time(entry), entry.ratio));
    let times: Vec<String> = times.collect();
    let goal = goal(&measured.database, measured.task).map_or_else(String::new, |goal| {
        let is_missed = ratio(measured, OURS).is_some_and(|ratio| ratio > goal);
        format!(
            "  goal {goal:.2}{}",
            if is_missed { ": missed" } else { "" }
        )
    });
    format!(
        "{:28} {}{goal}",
        measured.task.to_string(),
        times.join("  ")
    )
}

/// A table per database, with a column for each that did any of its tasks, and for the goals if there are some.
pub fn markdown(measured: &[Measured]) -> String {
    let mut text = String::new();
    for rows in measured.chunk_by(|one, other| one.database == other.database) {
        let names = others(rows);
        let has_goals = rows
            .iter()
            .any(|row| goal(&row.database, row.task).is_some());
        let goals = has_goals.then_some("goal");
        let columns = ["workload, N", "expert"].into_iter();
        let columns: Vec<&str> = columns.chain(names.iter().copied()).chain(goals).collect();
        let _ = writeln!(text, "\n## {}\n", rows[0].database);
        let _ = writeln!(text, "| {} |", columns.join(" | "));
        let _ = writeln!(text, "| ---{} |", " | ---:".repeat(columns.len() - 1));
        for row in rows {
            let mut cells = vec![row.task.to_string(), time(&row.entries[0])];
            cells.extend(names.iter().map(|name| shown(ratio(row, name))));
            cells.extend(goals.map(|_| shown(goal(&row.database, row.task))));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

/// What a row costs among a thousand posts and among those of 100,000 rows.
pub fn slope(measured: &[Measured]) -> String {
    let mut text = String::from(
        "\n## From 1,000 posts to 100,000 rows\n\n| workload | a row, of 3,002 | a row, of 100,001 | growth | the expert's |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for large in measured.iter().filter(|row| row.task.size == LARGE) {
        let is_small = |row: &&Measured| {
            let task = row.task;
            row.database == large.database
                && (task.workload, task.size) == (large.task.workload, 1000)
        };
        let Some(small) = measured.iter().find(is_small) else {
            continue;
        };
        let of = |name| Some((a_row(small, name)?, a_row(large, name)?));
        if let (Some(ours), Some(expert)) = (of(OURS), of(small.entries[0].name)) {
            let _ = writeln!(
                text,
                "| {}: {} | {:.2} µs | {:.2} µs | {:.2} | {:.2} |",
                large.database,
                large.task.name(),
                ours.0,
                ours.1,
                ours.1 / ours.0,
                expert.1 / expert.0
            );
        }
    }
    text
}

/// How many microseconds a row takes: a user has a profile, and posts with two comments each.
fn a_row(measured: &Measured, name: &str) -> Option<f64> {
    let mut entries = measured.entries.iter();
    let entry = entries.find(|entry| entry.name == name)?;
    let rows = u32::try_from(3 * measured.task.size + 2).ok()?;
    Some(entry.median.as_secs_f64() * 1e6 / f64::from(rows))
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}

/// Who is compared with the expert, in the order of the contenders.
fn others(rows: &[Measured]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for row in rows {
        for entry in &row.entries[1..] {
            if !names.contains(&entry.name) {
                names.push(entry.name);
            }
        }
    }
    names
}

/// Writes both where the README refers to them.
pub fn write(measured: &[Measured]) -> Outcome {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let head = include_str!("report/head.md");
    let text = format!("{head}{}{}", markdown(measured), slope(measured));
    std::fs::write(docs.join("benchmarks.md"), text)?;
    std::fs::write(docs.join("benchmarks.svg"), chart(measured))?;
    Ok(())
}

const ROW: usize = 18;
const LEFT: f64 = 230.0;
/// The width of the expert's bar.
const ONE: f64 = 220.0;
/// The longest bar, in those of the expert.
const MOST: f64 = 1.6;

/// The library's times as bars, with the expert's as a line through all of them.
fn chart(measured: &[Measured]) -> String {
    let mut bars = String::new();
    let mut y = 14;
    let rows: Vec<&Measured> = measured
        .iter()
        .filter(|row| row.task.size != LARGE)
        .collect();
    for rows in rows.chunk_by(|one, other| one.database == other.database) {
        y += 2 * ROW;
        let _ = writeln!(
            bars,
            r#"<text x="4" y="{y}" font-weight="bold">{}</text>"#,
            rows[0].database
        );
        let ratios = rows.iter();
        for (row, ratio) in ratios.filter_map(|row| Some((row, ratio(row, OURS)?))) {
            y += ROW;
            let width = ratio.min(MOST) * ONE;
            let colour = if ratio <= 1.0 { "#2a7f62" } else { "#b5651d" };
            let top = y - 11;
            let label = LEFT + width + 5.0;
            let _ = writeln!(
                bars,
                r#"<text x="14" y="{y}">{}</text><rect x="{LEFT}" y="{top}" width="{width:.0}" height="13" fill="{colour}"/><text x="{label:.0}" y="{y}">{ratio:.2}</text>"#,
                row.task
            );
        }
    }
    let height = y + 10;
    let one = LEFT + ONE;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {height}" font-family="sans-serif" font-size="12">
<rect width="640" height="{height}" fill="white"/>
<text x="4" y="16">Time of {OURS} by that of the expert (the line): shorter is faster</text>
{bars}<line x1="{one}" y1="24" x2="{one}" y2="{height}" stroke="#444" stroke-dasharray="4 3"/>
</svg>
"##
    )
}

fn ratio(measured: &Measured, name: &str) -> Option<f64> {
    let mut entries = measured.entries.iter();
    let entry = entries.find(|entry| entry.name == name)?;
    Some(entry.ratio)
}

fn time(entry: &Entry) -> String {
    let milliseconds = entry.median.as_secs_f64() * 1e3;
    if milliseconds < 0.1 {
        return format!("{:.1} µs", milliseconds * 1e3);
    }
    let digits = if milliseconds < 10.0 { 2 } else { 1 };
    format!("{milliseconds:.digits$} ms")
}

/// The ratio to the expert that a task is to stay under.
fn goal(database: &str, Task { workload, size }: Task) -> Option<f64> {
    use Workload::{Change, Delete, Insert, Load, Replace};
    let column = match (workload, size) {
        (Insert, 1) => 0,
        (Insert, 1000) => 1,
        (Load, 1) => 2,
        (Load, 1000) => 3,
        (Change, 1) => 4,
        (Change, 1000) => 5,
        (Replace, 1) => 6,
        (Delete, 1) => 7,
        (Delete, 1000) => 8,
        _ => return None,
    };
    let goals = match database {
        "PostgreSQL, loopback" => [0.60, 1.10, 0.75, 1.15, 0.85, 1.10, 0.60, 0.60, 1.10],
        "PostgreSQL, 0.5 ms per round trip" => [0.30, 1.0, 0.50, 1.0, 0.30, 1.0, 0.35, 0.30, 1.0],
        "MariaDB, loopback" => [1.05, 1.10, 1.05, 1.10, 1.05, 1.10, 1.05, 1.05, 1.10],
        "SQLite, file" => [0.65, 0.60, 1.05, 1.05, 0.65, 1.05, 0.65, 0.65, 1.05],
        _ => return None,
    };
    Some(goals[column])
}
