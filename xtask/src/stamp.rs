//! Names that say who made a thing and when, so that what a run that was killed leaves is found by a later one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a run that was killed may leave is removed by a later one when it is older than this.
const LEFTOVER: Duration = Duration::from_hours(24);

/// A name that says who made it and when.
pub(crate) fn stamped(prefix: &str) -> String {
    format!("{prefix}{}_{}", std::process::id(), now().as_secs())
}

/// Whether a name was made by [`stamped`], long ago.
pub(crate) fn is_leftover(name: &str, prefix: &str) -> bool {
    let made = name.strip_prefix(prefix).and_then(|rest| {
        let (process, time) = rest.split_once('_')?;
        process.parse::<u32>().ok()?;
        time.parse().ok()
    });
    made.is_some_and(|made| Duration::from_secs(made) + LEFTOVER < now())
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{is_leftover, now, stamped};

    const PREFIX: &str = "sqlx_cascade_test_";

    #[test]
    fn only_old_databases_of_ours_are_left_over() {
        assert!(is_leftover("sqlx_cascade_test_12_1000", PREFIX));
        assert!(!is_leftover(&stamped(PREFIX), PREFIX));
        assert!(!is_leftover(
            &format!("{PREFIX}1_{}", now().as_secs() - 3600),
            PREFIX
        ));
        for other in [
            "sqlx_cascade_test_12",
            "sqlx_cascade_test_a_1000",
            "test_12_1000",
            "sqlx_cascade_test_12_1000x",
        ] {
            assert!(!is_leftover(other, PREFIX), "{other}");
        }
    }
}
