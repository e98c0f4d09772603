//! Several steps as the parts of one statement: data-modifying CTEs over arrays, in one round trip.
//!
//! Each part sees the tables as they were before, and foreign keys are checked at the end. The rows of each table that it inserts into stand,
//! numbered, in a CTE `k0`, `k1`, .. that draws their keys: it is materialised, so that which row got which key is exact, and rows that
//! refer to them join it by number. A part that counts another runs after it: so values that are unique are released before they are taken.

use std::fmt::Write as _;

use sqlx::TypeInfo as _;

use crate::meta::{Generated, Table};
use crate::plan::{Action, Step, sees};
use crate::sql::postgres::given::{Given, given};
use crate::sql::postgres::swept::{in_order, returned, swept, swept_above};
use crate::sql::postgres::{Postgres, is_array, lines, names};
use crate::sql::{
    Bind, Bound, Content, Dialect as _, Entering, Fused, List, Part, Statement, Texts, listed_cell,
    qualified,
};
use crate::values::{Drawn, Side, Values, codec};

/// The statement so far.
#[derive(Default)]
struct Draft {
    statement: Statement,
    ctes: Vec<Cte>,
    /// By table that rows go into: a single row, whose key is known when it is there.
    direct: Vec<bool>,
    /// The parts so far that change rows, by their names, with the tables that they change or look at.
    parts: Vec<(String, Vec<&'static str>)>,
    given: Given,
}

/// A part of the text.
struct Cte {
    text: String,
    /// Which of the tables that rows go into draw the keys that it takes.
    takes: Vec<usize>,
    /// Which of them has its key known from here on, where that is when its row is there.
    says: Option<usize>,
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
        let above = swept_above(parts);
        for index in in_order(&above) {
            let part = &parts[index];
            match part.step.action {
                Action::Draw { .. } => {}
                Action::Insert { .. } if !part.step.table.is_link() => {
                    let here = |entering: &Entering| entering.last == index;
                    if let Some(place) = entering.iter().position(here) {
                        let rows = (place, &entering[place]);
                        self.enter(texts, &mut draft, rows, &sources[place]);
                    }
                }
                _ => {
                    let returned = returned(texts, parts, (index, &above));
                    if let Some((above, key)) = above[index] {
                        let text = swept(texts, part, (above, key));
                        draft.change((index, part), (&text, &returned), []);
                    } else {
                        let (text, takes) = changing(texts, &mut draft, part, values)?;
                        draft.change((index, part), (&text, &returned), takes);
                        draft.look(part.step);
                    }
                }
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
        if !is_array(&list.cells) {
            return None;
        }
        // Of a row without a value there is nothing to say but its key.
        draft.direct[index] &= !list.cells.is_empty();
        if draft.direct[index] {
            return Some(list);
        }
        let is_bound = |cell: &Bound| cell.content.is_bound();
        if list.rows.len() > 1 && !list.cells.iter().any(is_bound) {
            list.cells.push(Bound {
                content: Content::Number,
                codec: &table.columns[table.key[0]].codec,
            });
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
        let number = "u.n - 1 AS n".to_owned();
        let shown = std::iter::once(number).chain(keys).chain(names);
        let shown: Vec<String> = shown.collect();
        draft.push(
            format!(
                "k{index} AS MATERIALIZED (SELECT {} FROM {lines})",
                shown.join(", ")
            ),
            [],
        );
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
        let after = draft.after(table).replacen(" AND", " WHERE", 1);
        let (columns, from, overriding) = if direct {
            let row = self.row(&mut draft.statement, list.clone());
            let columns = inserted(list, direct, |cell| row[cell].clone());
            (columns, String::new(), "")
        } else {
            let rows = resolved(list, &format!("k{index} AS u"), &keys_of(table));
            let overriding = if is_drawn {
                " OVERRIDING SYSTEM VALUE"
            } else {
                ""
            };
            let columns = inserted(list, direct, listed_cell);
            (columns, format!(" FROM {rows}"), overriding)
        };
        let (columns, cells): (Vec<usize>, Vec<String>) = columns;
        let given = given(table);
        let is_key = |column: &usize| table.columns[*column].key;
        // What the database fills in may depend on the order; keys that were drawn before don't.
        let order = if direct || is_drawn && given.iter().all(is_key) {
            ""
        } else {
            " ORDER BY r.n"
        };
        let mut returned = given;
        if !direct {
            let key = table.key.iter();
            let others = key.filter(|column| !returned.contains(column)).copied();
            returned.extend(others.collect::<Vec<_>>());
        }
        let returning = match texts.columns(table, &returned, "") {
            columns if columns.is_empty() => "1".to_owned(),
            columns => columns.join(", "),
        };
        draft.push(
            format!(
                "i{index} AS (INSERT INTO {} ({}){overriding} SELECT {}{from}{after}{order} RETURNING {returning})",
                qualified(self, table),
                texts.columns(table, &columns, "").join(", "),
                cells.join(", "),
            ),
            list.takes(),
        );
        if is_drawn && direct {
            draft.say(said(texts, index, table), index);
        }
        let Draft {
            given, statement, ..
        } = draft;
        given.enter(texts, statement, (index, entering), (list, direct));
    }
}

impl Draft {
    /// Adds a part of the text, which takes keys that these inserts draw.
    fn push(&mut self, text: String, takes: impl IntoIterator<Item = usize>) {
        self.ctes.push(Cte {
            text,
            takes: takes.into_iter().collect(),
            says: None,
        });
    }

    /// Adds what says the key of a row that is there.
    fn say(&mut self, text: String, insert: usize) {
        self.ctes.push(Cte {
            text,
            takes: Vec::new(),
            says: Some(insert),
        });
    }

    /// No part takes a key before it is known.
    fn is_ordered(&self) -> bool {
        let direct = |insert: &usize| self.direct[*insert];
        let known = |insert: usize| {
            let mut ctes = self.ctes.iter();
            ctes.position(|cte| cte.says == Some(insert))
        };
        self.ctes.iter().enumerate().all(|(place, cte)| {
            let mut takes = cte.takes.iter().copied().filter(direct);
            takes.all(|insert| known(insert) < Some(place))
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

    /// Adds a part that changes rows, or links them.
    fn change(
        &mut self,
        (index, part): (usize, &Part<'_>),
        (text, returned): (&str, &str),
        takes: impl IntoIterator<Item = usize>,
    ) {
        let (table, name) = (part.step.table, format!("s{index}"));
        // A link waits for nothing: whether it is there was the same before.
        let after = if is_insert(part.step) {
            String::new()
        } else {
            self.after(table)
        };
        self.push(
            format!("{name} AS ({text}{after} RETURNING {returned})"),
            takes,
        );
        if part.step.is_counted() && !matches!(part.step.action, Action::Sweep { .. }) {
            let rows = part.rows.len();
            self.given.expect(&mut self.statement, &name, rows);
        } else {
            self.given.count(index);
        }
        self.parts.push((name, vec![table.ident]));
    }

    /// The last part looks at tables.
    fn look(&mut self, step: &Step) {
        if let Some((_, tables)) = self.parts.last_mut() {
            tables.extend(sees(step).iter().map(|table| table.ident));
        }
    }

    fn finish(self) -> Fused {
        let is_taken = |insert: usize| self.ctes.iter().any(|cte| cte.takes.contains(&insert));
        let parts = self.ctes.iter();
        let parts = parts.filter(|cte| cte.says.is_none_or(is_taken));
        let parts: Vec<&str> = parts.map(|cte| cte.text.as_str()).collect();
        self.given.finish(self.statement, &parts)
    }
}

/// The text that changes rows, or links them, and which inserts draw the keys that it takes.
fn changing(
    texts: &Texts,
    draft: &mut Draft,
    part: &Part<'_>,
    values: &Values<'_, '_>,
) -> Option<(String, Vec<usize>)> {
    let start = Statement {
        places: draft.statement.places,
        is_part: true,
        ..Statement::default()
    };
    let (statement, taken) = texts.part(start, part.step, (&part.rows, 0), values);
    let is_list = |bind: &Bind| !matches!(bind, Bind::Rows(list) if list.rows.len() > 1);
    if taken < part.rows.len() || !statement.binds.iter().all(is_list) {
        return None;
    }
    let inserts = statement.binds.iter().flat_map(|bind| match bind {
        Bind::Rows(list) | Bind::Arrays(list) => list.takes().collect(),
        Bind::Number(_) => Vec::new(),
    });
    let inserts = inserts.collect();
    draft.statement.places = statement.places;
    draft.statement.binds.extend(statement.binds);
    Some((statement.text, inserts))
}

/// A FROM item `r` with the cells of a list as `c0`, `c1`, .., of which some take keys that the statement draws.
pub(super) fn resolved(list: &List, from: &str, others: &[String]) -> String {
    let mut shown: Vec<String> = others.iter().map(|other| format!("u.{other}")).collect();
    let mut joins = String::new();
    for (cell, bound) in list.cells.iter().enumerate() {
        let mut taken = None;
        match bound.content {
            Content::Drawn { by, .. } if by.sole => taken = Some(key_of(by)),
            Content::Drawn { by, .. } | Content::Place { by, .. } => {
                let (insert, column) = (by.insert, by.column);
                let _ = write!(
                    joins,
                    " LEFT JOIN k{insert} AS p{cell} ON p{cell}.n = u.c{cell}"
                );
                taken = Some(format!("p{cell}.d{column}"));
            }
            _ => {}
        }
        let drawn = list.drawn.iter().filter(|drawn| drawn.cell == cell);
        let drawn = drawn.map(|drawn| format!("p{}.d{}, ", drawn.place, drawn.by.column));
        let drawn: String = drawn.collect();
        match (bound.content, taken) {
            (Content::Place { .. }, _) => {}
            (_, Some(key)) => shown.push(format!("{key} AS c{cell}")),
            _ if drawn.is_empty() => shown.push(format!("u.c{cell}")),
            _ => shown.push(format!("COALESCE({drawn}u.c{cell}) AS c{cell}")),
        }
    }
    format!("(SELECT {} FROM {from}{joins}) AS r", shown.join(", "))
}

/// The key that the only row draws which goes into a table.
pub(super) fn key_of(by: Drawn) -> String {
    format!("(SELECT d{} FROM k{})", by.column, by.insert)
}

/// The columns that an insert gives a value, and the values: those of the list, and the keys. A row that goes in by itself gets its key from the
/// table.
fn inserted(
    list: &List,
    direct: bool,
    cell_of: impl Fn(usize) -> String,
) -> (Vec<usize>, Vec<String>) {
    let table = list.table;
    let keys = drawn(table).filter_map(|column| match table.columns[column].generated {
        _ if !direct => Some((column, format!("r.d{column}"))),
        Generated::Expression(expression) => Some((column, format!("({expression})"))),
        Generated::Database | Generated::No => None,
    });
    let cells = list.cells.iter().enumerate();
    let cells = cells.filter_map(|(cell, bound)| match bound.content {
        Content::Column { column, .. } | Content::Drawn { column, .. } => {
            Some((column, cell_of(cell)))
        }
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
        "k{index} AS NOT MATERIALIZED (SELECT 0::bigint AS n, {} FROM i{index})",
        keys.collect::<Vec<_>>().join(", ")
    )
}

/// The type of a key that is drawn, where it is one of the database's own: a sequence gives BIGINT, whatever the column is.
pub(super) fn type_of(table: &'static Table, column: usize) -> Option<String> {
    let info = codec(table, column).postgres.map(|fns| (fns.type_info)())?;
    let name = info.name();
    matches!(name, "INT2" | "INT4" | "INT8" | "UUID" | "TEXT").then(|| name.to_owned())
}

/// A column of a row that has gone in, as it comes back. What can't be read would be there all the same, where nothing can be undone any more: a key
/// is cast to its type.
pub(super) fn read_key(table: &'static Table, column: usize, name: &str) -> String {
    let key = table.columns[column].key;
    match type_of(table, column).filter(|_| key) {
        Some(cast) => format!("CAST({name} AS {cast})"),
        None => name.to_owned(),
    }
}

fn is_insert(step: &Step) -> bool {
    matches!(step.action, Action::Insert { .. })
}

/// The columns of a table's key that the database draws.
pub(super) fn drawn(table: &'static Table) -> impl Iterator<Item = usize> {
    table
        .generated()
        .filter(|column| table.columns[*column].key)
}

/// Their names in a source, and its number.
pub(super) fn keys_of(table: &'static Table) -> Vec<String> {
    let keys = drawn(table).map(|column| format!("d{column}"));
    std::iter::once("n".to_owned()).chain(keys).collect()
}
