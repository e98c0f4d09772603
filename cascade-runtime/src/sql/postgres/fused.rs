//! Several steps as the parts of one statement: data-modifying CTEs over arrays, in one round trip.
//!
//! Each part sees the tables as they were before, and foreign keys are checked at the end. The rows of each table that it inserts into stand,
//! numbered, in a CTE `k0`, `k1`, .. that draws their keys: it is materialised, so that which row got which key is exact, and rows that
//! refer to them join it by number. A part that counts another runs after it: so values that are unique are released before they are taken.

use std::fmt::Write as _;

use sqlx::TypeInfo as _;

use crate::meta::{Generated, Table};
use crate::plan::{Action, Step, sees};
use crate::sql::postgres::{Postgres, is_array, lines, names, place};
use crate::sql::{
    Bind, Bound, Content, Entering, Fused, List, Part, Returned, Statement, Texts, qualified,
};
use crate::values::{Side, Values, codec};

/// The statement so far.
#[derive(Default)]
struct Draft {
    statement: Statement,
    ctes: Vec<String>,
    /// By table that rows go into: a single row, whose key is known when it is there.
    direct: Vec<bool>,
    /// The parts so far that change rows, by their names, with the tables that they change or look at.
    parts: Vec<(String, Vec<&'static str>)>,
    /// Conditions that hold if every row was there.
    checks: Vec<String>,
    counted: Vec<usize>,
    /// What gives rows back: a FROM item with their number as `n`, and its columns.
    given: Vec<(String, Vec<String>)>,
    returns: Vec<Returned>,
}

impl Postgres {
    /// A row that enters a table alone is inserted as it is, and says its key: nobody could take it for another's. If it has to be known before that,
    /// it is drawn as those of several are.
    pub(super) fn fuse(
        &self,
        texts: &Texts,
        parts: (&[Part<'_>], &[Entering]),
        values: &Values<'_, '_>,
    ) -> Option<Fused> {
        let alone = |entering: &Entering| entering.rows.len() == 1;
        let direct = parts.1.iter().map(alone).collect();
        let draft = self.draft(texts, parts, direct, values)?;
        if draft.is_ordered() {
            return Some(draft.finish());
        }
        let none = vec![false; parts.1.len()];
        Some(self.draft(texts, parts, none, values)?.finish())
    }

    fn draft(
        &self,
        texts: &Texts,
        (parts, entering): (&[Part<'_>], &[Entering]),
        direct: Vec<bool>,
        values: &Values<'_, '_>,
    ) -> Option<Draft> {
        let mut draft = Draft {
            direct,
            ..Draft::default()
        };
        let mut sources = Vec::new();
        for (index, entering) in entering.iter().enumerate() {
            sources.push(self.source_of(texts, &mut draft, (index, entering), values)?);
        }
        for (index, part) in parts.iter().enumerate() {
            match part.step.action {
                Action::Draw { .. } => {}
                Action::Insert { .. } if !part.step.table.is_link() => {
                    let here = |entering: &Entering| entering.last == index;
                    if let Some(place) = entering.iter().position(here) {
                        let rows = (place, &entering[place]);
                        self.enter(texts, &mut draft, rows, &sources[place]);
                    }
                }
                _ => change(texts, &mut draft, (index, part), values)?,
            }
        }
        Some(draft)
    }

    /// The rows that go into a table, numbered and with the keys that they get.
    fn source_of(
        &self,
        texts: &Texts,
        draft: &mut Draft,
        (index, entering): (usize, &Entering),
        values: &Values<'_, '_>,
    ) -> Option<List> {
        let table = entering.table;
        let columns =
            (0..table.columns.len()).filter(|column| texts.inserts(table, *column, false));
        let list = List::new(table, Side::New, entering.rows.clone(), columns);
        let mut list = list.drawing(values);
        if list.cells.is_empty() {
            list.cells.push(Bound {
                content: Content::Number,
                codec: &table.columns[table.key[0]].codec,
            });
        }
        if !is_array(&list.cells) {
            return None;
        }
        // Of a row without a value there is nothing to say but its key.
        let is_blank = matches!(list.cells[0].content, Content::Number);
        draft.direct[index] &= !is_blank;
        if draft.direct[index] {
            return Some(list);
        }
        let statement = &mut draft.statement;
        let names = names(&list);
        let lines = lines(statement, list.clone());
        let keys = drawn(table).map(|column| {
            let (_, drawn) = self.drawn(table, column);
            match type_of(table, column) {
                Some(name) => format!("CAST({drawn} AS {name}) AS d{column}"),
                None => format!("{drawn} AS d{column}"),
            }
        });
        let shown: Vec<String> = keys.chain(names.iter().cloned()).collect();
        draft.ctes.push(format!(
            "k{index} AS MATERIALIZED (SELECT u.n - 1 AS n, {} FROM {lines})",
            shown.join(", "),
        ));
        Some(list)
    }

    /// The part that inserts rows, after all others that change their table.
    fn enter(
        &self,
        texts: &Texts,
        draft: &mut Draft,
        (index, entering): (usize, &Entering),
        list: &List,
    ) {
        let table = entering.table;
        let direct = draft.direct[index];
        let is_drawn = drawn(table).next().is_some();
        let (columns, cells) = inserted(list, direct);
        let (from, overriding) = if direct {
            let lines = lines(&mut draft.statement, list.clone());
            (resolved(list, &lines, &["n".to_owned()]), "")
        } else {
            let rows = resolved(list, &format!("k{index} AS u"), &keys_of(table));
            let overriding = if is_drawn {
                " OVERRIDING SYSTEM VALUE"
            } else {
                ""
            };
            (rows, overriding)
        };
        let after = draft.after(table).replacen(" AND", " WHERE", 1);
        let others: Vec<usize> = table
            .generated()
            .filter(|column| !table.columns[*column].key)
            .collect();
        // What the database fills in may depend on the order; keys that were drawn before don't.
        let order = if direct || is_drawn && others.is_empty() {
            ""
        } else {
            " ORDER BY r.n"
        };
        let returned: Vec<usize> = if direct || others.is_empty() {
            drawn(table).chain(others.iter().copied()).collect()
        } else {
            let key = table.key.iter().copied();
            key.chain(others.iter().copied()).collect()
        };
        let returning = match texts.columns(table, &returned, "") {
            columns if columns.is_empty() => "1".to_owned(),
            columns => columns.join(", "),
        };
        draft.ctes.push(format!(
            "i{index} AS (INSERT INTO {} ({}){overriding} SELECT {} FROM {from}{after}{order} RETURNING {returning})",
            qualified(self, table),
            texts.columns(table, &columns, "").join(", "),
            cells.join(", "),
        ));
        let mut inserted = format!("i{index}");
        if is_drawn && direct {
            draft.ctes.push(said(texts, index, table));
        } else if is_drawn {
            inserted = as_drawn(texts, index, table);
        }
        draft.check(&inserted, entering.rows.len());
        give_back(texts, draft, (index, entering), (list, &others));
    }
}

impl Draft {
    /// No part takes a key before it is known.
    fn is_ordered(&self) -> bool {
        let direct = self
            .direct
            .iter()
            .enumerate()
            .filter(|(_, direct)| **direct);
        let mut keys = direct.map(|(index, _)| format!("k{index} AS "));
        keys.all(|key| {
            let known = self.ctes.iter().position(|cte| cte.starts_with(&key));
            let mut before = self.ctes.iter().take(known.unwrap_or_default());
            !before.any(|cte| cte.contains(&format!("{key}p")))
        })
    }

    /// The condition that the parts so far which change a table, or look at it, have run: what is unique is released then, and a row that a
    /// part locks to look at it is there still.
    fn after(&self, table: &Table) -> String {
        let parts = self.parts.iter();
        let parts = parts.filter(|(_, tables)| tables.contains(&table.ident));
        let after =
            parts.map(|(part, _)| format!(" AND (SELECT count(*) FROM {part}) IS NOT NULL"));
        after.collect()
    }

    /// As many rows as were named were touched.
    fn check(&mut self, part: &str, rows: usize) {
        let expected = place(&mut self.statement);
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.statement.binds.push(Bind::Number(rows));
        self.checks
            .push(format!("(SELECT count(*) FROM {part}) = {expected}"));
    }

    fn finish(mut self) -> Fused {
        // A cast that fails undoes the statement. It is one of a value that isn't known before: a constant would fail when it is parsed.
        let checks = if self.checks.is_empty() {
            "0".to_owned()
        } else {
            let checks = self.checks.join(" AND ");
            format!("CAST(CASE WHEN {checks} THEN '0' ELSE 'a row is not there' END AS int)")
        };
        let counts = self.counted.iter();
        let counts = counts.map(|part| format!(", (SELECT count(*) FROM s{part}) AS t{part}"));
        let mut text = format!(
            "WITH {} SELECT * FROM (SELECT {checks} AS ok{}) AS t",
            self.ctes.join(", "),
            counts.collect::<String>()
        );
        if !self.given.is_empty() {
            let items: Vec<&str> = self.given.iter().map(|(item, _)| item.as_str()).collect();
            let columns: Vec<&str> = self
                .given
                .iter()
                .flat_map(|(_, columns)| columns)
                .map(String::as_str)
                .collect();
            let _ = write!(
                text,
                " LEFT JOIN (SELECT n, {} FROM {}) AS q ON true",
                columns.join(", "),
                joined(&items)
            );
        }
        self.statement.text = text;
        Fused {
            statement: self.statement,
            counted: self.counted,
            returns: self.returns,
        }
    }
}

/// A part that changes rows, or links them.
fn change(
    texts: &Texts,
    draft: &mut Draft,
    (index, part): (usize, &Part<'_>),
    values: &Values<'_, '_>,
) -> Option<()> {
    let start = Statement {
        places: draft.statement.places,
        is_part: true,
        ..Statement::default()
    };
    let (text, taken) = texts.part(start, part.step, (&part.rows, 0), values);
    let is_list = |bind: &Bind| !matches!(bind, Bind::Rows(list) if list.rows.len() > 1);
    if taken < part.rows.len() || !text.binds.iter().all(is_list) {
        return None;
    }
    draft.statement.places = text.places;
    draft.statement.binds.extend(text.binds);
    // A link waits for nothing: whether it is there was the same before.
    let after = if is_insert(part.step) {
        String::new()
    } else {
        draft.after(part.step.table)
    };
    draft
        .ctes
        .push(format!("s{index} AS ({}{after} RETURNING 1)", text.text));
    let exact = part.step.is_counted() && !matches!(part.step.action, Action::Sweep { .. });
    if exact {
        draft.check(&format!("s{index}"), part.rows.len());
    } else {
        draft.counted.push(index);
    }
    let seen = sees(part.step).into_iter().map(|table| table.ident);
    let tables = seen.chain([part.step.table.ident]).collect();
    draft.parts.push((format!("s{index}"), tables));
    Some(())
}

/// A FROM item `r` with the cells of a list as `c0`, `c1`, .., of which some take keys that the statement draws.
pub(super) fn resolved(list: &List, from: &str, others: &[String]) -> String {
    let cells = (0..list.cells.len())
        .filter(|cell| !matches!(list.cells[*cell].content, Content::Place { .. }));
    let shown = cells.map(|cell| {
        let drawn = list.drawn.iter().filter(|drawn| drawn.cell == cell);
        let drawn = drawn.map(|drawn| format!("p{}.d{}, ", drawn.place, drawn.by.column));
        let drawn: String = drawn.collect();
        if drawn.is_empty() {
            format!("u.c{cell}")
        } else {
            format!("COALESCE({drawn}u.c{cell}) AS c{cell}")
        }
    });
    let others = others.iter().map(|other| format!("u.{other}"));
    let shown: Vec<String> = others.chain(shown).collect();
    let joins = list.drawn.iter().map(|drawn| {
        format!(
            " LEFT JOIN k{} AS p{place} ON p{place}.n = u.c{place}",
            drawn.by.insert,
            place = drawn.place
        )
    });
    let joins: String = joins.collect();
    format!("(SELECT {} FROM {from}{joins}) AS r", shown.join(", "))
}

/// The columns that an insert gives a value, and the values: those of the list, and the keys. A row that goes in by itself gets its key from the
/// table.
fn inserted(list: &List, direct: bool) -> (Vec<usize>, Vec<String>) {
    let table = list.table;
    let keys = drawn(table).filter_map(|column| match table.columns[column].generated {
        _ if !direct => Some((column, format!("r.d{column}"))),
        Generated::Expression(expression) => Some((column, format!("({expression})"))),
        Generated::Database | Generated::No => None,
    });
    let cells = list.cells.iter().enumerate();
    let cells = cells.filter_map(|(cell, bound)| match bound.content {
        Content::Column { column, .. } => Some((column, format!("r.c{cell}"))),
        _ => None,
    });
    keys.chain(cells).unzip()
}

/// The key that a row has got, by its number, as those of several rows stand before they go in.
fn said(texts: &Texts, index: usize, table: &'static Table) -> String {
    let keys = drawn(table).map(|column| {
        let name = &texts.columns(table, &[column], "")[0];
        format!("{name} AS d{column}")
    });
    format!(
        "k{index} AS (SELECT 0::bigint AS n, {} FROM i{index})",
        keys.collect::<Vec<_>>().join(", ")
    )
}

/// The rows that were inserted with the keys that were drawn for them: a trigger may give a row another one, which nobody would hear of.
fn as_drawn(texts: &Texts, index: usize, table: &'static Table) -> String {
    let on = drawn(table).map(|column| {
        let name = &texts.columns(table, &[column], "i.")[0];
        format!("{name} = k.d{column}")
    });
    let on = on.collect::<Vec<_>>().join(" AND ");
    format!("i{index} AS i JOIN k{index} AS k ON {on}")
}

/// What comes back of the rows that were inserted: the keys that were drawn for them, and what the table has filled in.
fn give_back(
    texts: &Texts,
    draft: &mut Draft,
    (index, entering): (usize, &Entering),
    (list, others): (&List, &[usize]),
) {
    let table = entering.table;
    let columns: Vec<usize> = drawn(table).chain(others.iter().copied()).collect();
    if columns.is_empty() {
        return;
    }
    let name = |column: &usize| format!("g{index}_{column}");
    let mut shown: Vec<String> = drawn(table)
        .map(|column| format!("r.d{column} AS {}", name(&column)))
        .collect();
    let mut from = format!("k{index} AS r");
    if draft.direct[index] {
        let columns = columns.iter().zip(texts.columns(table, &columns, "i."));
        shown = columns
            .map(|(column, quoted)| format!("{quoted} AS {}", name(column)))
            .collect();
        from = format!("(SELECT 0::bigint AS n) AS r CROSS JOIN i{index} AS i");
    } else if !others.is_empty() {
        let quoted = texts.columns(table, others, "i.");
        let given = quoted.iter().zip(others);
        shown.extend(given.map(|(column, other)| format!("{column} AS {}", name(other))));
        let rows = resolved(list, &format!("k{index} AS u"), &keys_of(table));
        let on = table.key.iter().map(|key| {
            let column = &texts.columns(table, &[*key], "i.")[0];
            let is_column = |bound: &Bound| matches!(bound.content, Content::Column { column, .. } if column == *key);
            match list.cells.iter().position(is_column) {
                Some(cell) => format!("{column} = r.c{cell}"),
                None => format!("{column} = r.d{key}"),
            }
        });
        let on = on.collect::<Vec<_>>().join(" AND ");
        from = format!("{rows} JOIN i{index} AS i ON {on}");
    }
    draft.given.push((
        format!("(SELECT r.n, {} FROM {from}) AS q{index}", shown.join(", ")),
        columns.iter().map(name).collect(),
    ));
    draft.returns.push(Returned {
        table,
        rows: entering.rows.clone(),
        columns,
    });
}

/// The type of a key that is drawn, where it is one of the database's own: a sequence gives BIGINT, whatever the column is.
pub(super) fn type_of(table: &'static Table, column: usize) -> Option<String> {
    let info = codec(table, column).postgres.map(|fns| (fns.type_info)())?;
    let name = info.name();
    matches!(name, "INT2" | "INT4" | "INT8" | "UUID" | "TEXT").then(|| name.to_owned())
}

/// Items side by side, by their numbers.
fn joined(items: &[&str]) -> String {
    let (first, others) = items
        .split_first()
        .map_or(("", &[][..]), |(first, others)| (*first, others));
    let others = others
        .iter()
        .map(|item| format!(" FULL JOIN {item} USING (n)"));
    format!("{first}{}", others.collect::<String>())
}

fn is_insert(step: &Step) -> bool {
    matches!(step.action, Action::Insert { .. })
}

/// The columns of a table's key that the database draws.
fn drawn(table: &'static Table) -> impl Iterator<Item = usize> {
    table
        .generated()
        .filter(|column| table.columns[*column].key)
}

/// Their names in a source, and its number.
fn keys_of(table: &'static Table) -> Vec<String> {
    let keys = drawn(table).map(|column| format!("d{column}"));
    std::iter::once("n".to_owned()).chain(keys).collect()
}
