//! The statements that were really sent: sqlx logs each when it is done, in the span of the test that sent it.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Span, Subscriber, debug_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The name of the spans that record.
const NAME: &str = "recorded";

/// The statements of one test.
#[derive(Clone, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<String>>>);

/// The records of tests whose span is not made yet, by their number.
static WAITING: Mutex<Vec<Option<Record>>> = Mutex::new(Vec::new());

impl Record {
    pub(crate) fn new() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::registry().with(Recorder);
            tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
        });
        Self::default()
    }

    /// The span in which what is sent is recorded here.
    pub(crate) fn span(&self) -> Span {
        let number = {
            let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(Some(self.clone()));
            waiting.len() as u64 - 1
        };
        debug_span!("recorded", number)
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn put(&self, texts: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = texts;
    }

    fn push(&self, text: String) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text);
    }
}

struct Recorder;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != NAME {
            return;
        }
        let mut number = Number(None);
        attributes.record(&mut number);
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        let record = number.0.and_then(|number| waiting.get_mut(number)?.take());
        if let (Some(span), Some(record)) = (context.span(id), record) {
            span.extensions_mut().insert(record);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let record = context.event_scope(event).and_then(|mut scope| {
            scope.find_map(|span| span.extensions().get::<Record>().cloned())
        });
        if let Some(record) = record {
            let mut text = Text::default();
            event.record(&mut text);
            let text = if text.statement.is_empty() {
                text.summary
            } else {
                text.statement
            };
            // Several statements may be one message. What sets up a connection isn't about the test: a pool opens one when it likes.
            let texts = text.trim().split(";\n");
            for text in texts.filter(|text| !text.starts_with("SET ")) {
                record.push(text.to_owned());
            }
        }
    }
}

struct Number(Option<usize>);

impl Visit for Number {
    fn record_u64(&mut self, _: &Field, value: u64) {
        self.0 = usize::try_from(value).ok();
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// A text, and its first words where it is long.
#[derive(Default)]
struct Text {
    summary: String,
    statement: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// How statements begin that are about the connection and its transactions.
const OF_THE_CONNECTION: [&str; 7] = [
    "SET ",
    "PRAGMA",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
];

/// `INSERT users`: what a statement does, and to which table, part by part; nothing for what concerns the connection.
pub(crate) fn short(text: &str) -> Vec<String> {
    let text = text.trim_start();
    if is_union(text) {
        let arms = text.split(" UNION ALL ").skip(1);
        return arms.filter_map(short_of_one).collect();
    }
    if !is_several(text) {
        return short_of_one(text).into_iter().collect();
    }
    // The parts of a statement that is several.
    let starts = text.match_indices(" AS (").map(|(start, _)| start);
    let named = starts.filter_map(|start| {
        let name = text[..start].rsplit([' ', '(']).next()?;
        let number: usize = name.strip_prefix(['s', 'i'])?.parse().ok()?;
        let part = short_of_one(&text[start + " AS (".len()..])?;
        Some((name.starts_with('s').then_some(number), part))
    });
    let mut parts: Vec<(Option<usize>, String)> = named.collect();
    // A part whose rows another takes stands before it, and counts as what comes after.
    for _ in 0..parts.len() {
        for place in 1..parts.len() {
            if let (Some(before), Some(after)) = (parts[place - 1].0, parts[place].0)
                && before > after
            {
                parts.swap(place - 1, place);
            }
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

/// Whether it is several writes as one.
pub(crate) fn is_several(text: &str) -> bool {
    text.starts_with("WITH ") && text.contains(" AS ok")
}

/// Whether it reads several tables.
fn is_union(text: &str) -> bool {
    text.starts_with("SELECT 0::bigint, ARRAY[")
}

/// What stands before the alias of the rows that are read: `t`, or `t0`, `t1`, ..
fn before_alias(text: &str) -> Option<&str> {
    let mut aliases = text.match_indices(" AS t");
    let is_alias = |(start, alias): &(usize, &str)| {
        let rest =
            text[start + alias.len()..].trim_start_matches(|digit: char| digit.is_ascii_digit());
        rest.starts_with([' ', ','])
    };
    let (start, _) = aliases.find(is_alias)?;
    Some(&text[..start])
}

fn short_of_one(text: &str) -> Option<String> {
    // What MariaDB alone reads of it.
    let text = match text
        .strip_prefix("/*M!")
        .and_then(|rest| rest.split_once("*/ "))
    {
        Some((_, statement)) => statement,
        None => text,
    };
    let after = |words: &str| text.split_once(words).map(|(_, rest)| rest);
    let (verb, rest) = if let Some(rest) = text.strip_prefix("UPDATE ") {
        ("UPDATE", rest)
    } else if let Some(rest) = text.strip_prefix("DELETE FROM ") {
        ("DELETE", rest)
    } else if let Some(rest) = after("INSERT INTO ") {
        ("INSERT", rest)
    } else if text.contains("FROM generate_series(") {
        return Some("DRAW".to_owned());
    } else if text.starts_with("WITH RECURSIVE gone(t, ") {
        return Some("TRACE".to_owned());
    } else if let Some(before) = before_alias(text) {
        let table = before.rsplit_once(' ').map_or(before, |(_, table)| table);
        let verb = if text.starts_with("SELECT count(*) FROM (SELECT 1 FROM") {
            "LOCK"
        } else {
            "SELECT"
        };
        (verb, table)
    } else if OF_THE_CONNECTION.iter().any(|word| text.starts_with(word)) {
        return None;
    } else {
        return Some(text.to_owned());
    };
    let mut name = String::new();
    let mut quoted = false;
    for character in rest.chars() {
        match character {
            '"' | '`' => quoted = !quoted,
            ' ' if !quoted => break,
            character => name.push(character),
        }
    }
    Some(format!("{verb} {name}"))
}
