//! Tables of what was measured.

use std::time::{Duration, Instant};

/// What a task returned, and how long it took.
pub(crate) fn timed<T>(task: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = task();
    (result, start.elapsed())
}

/// `83.25` seconds as `1 min 23.2 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let all = duration.as_secs_f64();
    let minutes = duration.as_secs() / 60;
    if minutes == 0 {
        format!("{all:.2} s")
    } else {
        format!("{minutes} min {:02} s", duration.as_secs() % 60)
    }
}

/// Prints rows in aligned columns.
pub(crate) fn table<const N: usize>(title: &str, rows: &[[String; N]]) {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    println!("\n{title}");
    for row in rows {
        let cells = row
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<0$}", width(column)));
        println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
