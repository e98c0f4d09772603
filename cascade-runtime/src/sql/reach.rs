//! The texts of what is found by foreign keys: deletes and releases without a list of rows.

use crate::meta::{ForeignKey, Table};
use crate::plan::{Base, Circle, Edge, Hop, Reach, Target};
use crate::sql::{Condition, List, Statement, Texts};
use crate::values::Side;

impl Texts {
    /// Deletes or releases what is within reach.
    pub(super) fn sweep(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        (reach, listed): (&Reach, &[Target]),
        released: Option<&[usize]>,
        skip: usize,
    ) -> usize {
        let (text, taken) = self.reached(statement, (reach, listed), skip);
        let looks = reach.unless.is_some() || !reach.is_direct();
        let text = self.swept(table, released, &Condition { text, looks });
        let (before, hint) = self.depth(reach);
        statement.text = match text.split_once(' ') {
            Some((verb, rest)) => format!("{before}{verb} {hint}{rest}"),
            None => text,
        };
        taken
    }

    /// The text that deletes the rows of a condition, or sets columns of them NULL.
    pub(super) fn swept(
        &self,
        table: &Table,
        released: Option<&[usize]>,
        condition: &Condition,
    ) -> String {
        let name = self.table(table);
        let Some(columns) = released else {
            return self.dialect.sweep(&name, condition);
        };
        let columns = self.columns(table, columns, "");
        let nulls = columns.iter().map(|column| format!("{column} = NULL"));
        let nulls = nulls.collect::<Vec<_>>().join(", ");
        self.dialect.release(&name, &nulls, condition)
    }

    /// What a statement that goes down a tree needs, to reach its end: before it, and behind its verb.
    pub(super) fn depth(&self, reach: &Reach) -> (&'static str, &'static str) {
        let goes_down = |hop: &Hop| matches!(hop, Hop::Closure { .. });
        if reach.hops.iter().any(goes_down) {
            self.dialect.unlimited()
        } else {
            ("", "")
        }
    }

    /// Reads the rows within reach and everything below them in tables that refer to each other: which table, and the keys of all of them.
    pub(super) fn trace(
        &self,
        statement: &mut Statement,
        (reach, listed): (&Reach, &[Target]),
        circle: &Circle,
        skip: usize,
    ) -> usize {
        let (condition, taken) = self.reached(statement, (reach, listed), skip);
        let names: Vec<String> = (0..circle.width()).map(|key| format!("k{key}")).collect();
        // A NULL that has the type of a column, which a database wants to know before it goes on.
        let mut absent = vec![String::new(); circle.width()];
        for (place, (table, _)) in circle.tables.iter().enumerate() {
            let columns = self.columns(table, table.key, "");
            for (part, column) in columns.into_iter().enumerate() {
                let name = self.table(table);
                absent[circle.first(place) + part] =
                    format!("(SELECT {column} FROM {name} WHERE 1 = 0)");
            }
        }
        let row = |place: usize, prefix: &str| {
            let table = circle.tables[place].0;
            let mut row = absent.clone();
            let keys = self.columns(table, table.key, prefix).into_iter();
            for (part, column) in keys.enumerate() {
                row[circle.first(place) + part] = column;
            }
            row.join(", ")
        };
        let from = self.dialect.traced();
        let integer = self.dialect.integer();
        // One term for all keys between two tables: SQLite takes 500.
        let mut ways: Vec<(Edge, Vec<&ForeignKey>)> = Vec::new();
        for edge in &circle.edges {
            let between = |other: &Edge| (other.from, other.to, other.held);
            match ways
                .iter_mut()
                .find(|(way, _)| between(way) == between(edge))
            {
                Some((_, keys)) => keys.push(edge.foreign_key),
                None => ways.push((*edge, vec![edge.foreign_key])),
            }
        }
        let terms = ways.iter().map(|(edge, keys)| {
            let above = &names[circle.first(edge.from)..];
            let (source, condition) = self.along(circle, (edge, keys), above);
            format!(
                "SELECT CAST({} AS {integer}), {} FROM {from}{source} WHERE g.t = {} AND {condition}",
                edge.to,
                row(edge.to, "c."),
                edge.from
            )
        });
        let terms = self.dialect.recursive(&terms.collect::<Vec<_>>());
        let names = names.join(", ");
        let (before, hint) = self.dialect.unlimited();
        statement.text = format!(
            "{before}WITH RECURSIVE gone(t, {names}) AS (SELECT CAST(0 AS {integer}), {} FROM {} WHERE {condition} UNION {terms}) SELECT {hint}t, {names} FROM gone",
            row(0, ""),
            self.decisive(circle.tables[0].0, "r")
        );
        taken
    }

    /// The rows `c` that the keys of an edge lead to, from rows that are known by some columns.
    fn along(
        &self,
        circle: &Circle,
        (edge, keys): (&Edge, &[&ForeignKey]),
        known: &[String],
    ) -> (String, String) {
        let (above, below) = (circle.tables[edge.from].0, circle.tables[edge.to].0);
        let target = self.columns(below, below.key, "c.");
        let pairs = keys.iter().map(|key| {
            if edge.held {
                equal(&target, &self.columns(above, &parts(key), "h."), "")
            } else {
                equal(&self.columns(below, &parts(key), "c."), known, "g.")
            }
        });
        let pairs = format!("({})", pairs.collect::<Vec<_>>().join(" OR "));
        let below = self.decisive(below, "c");
        if edge.held {
            let holder = equal(&self.columns(above, above.key, "h."), known, "g.");
            let source = format!("{} JOIN {below} ON {pairs}", self.decisive(above, "h"));
            (source, holder)
        } else {
            (below, pairs)
        }
    }

    /// A table whose rows decide what goes, by another name.
    fn decisive(&self, table: &Table, name: &str) -> String {
        format!("{} AS {name}", self.dialect.decisive(&self.table(table)))
    }

    /// Reads which rows of `table` refer to rows of a circle, as the keys of both.
    pub(super) fn tie(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        (foreign_key, listed): (&ForeignKey, &[Target]),
        skip: usize,
    ) -> usize {
        let target = (foreign_key.target)();
        let list = List::new(
            target,
            Side::Recorded,
            listed.to_vec(),
            target.key.iter().copied(),
        );
        let list = self.take(list, skip);
        let taken = list.rows.len();
        let targets = self.columns(target, target.key, "c.");
        let columns = self.columns(table, &parts(foreign_key), "h.");
        let condition = self.dialect.one_of(statement, &targets, list);
        statement.text = format!(
            "SELECT {}, {} FROM {} JOIN {} ON {} WHERE {condition}",
            self.columns(table, table.key, "h.").join(", "),
            targets.join(", "),
            self.decisive(table, "h"),
            self.decisive(target, "c"),
            equal(&targets, &columns, "")
        );
        taken
    }

    /// The condition on the table at the end of a reach, and how many of the rows that its base lists it takes.
    pub(super) fn reached(
        &self,
        statement: &mut Statement,
        (reach, listed): (&Reach, &[Target]),
        skip: usize,
    ) -> (String, usize) {
        let mut table = reach.base.table();
        let listed = listed.to_vec();
        let list = match &reach.base {
            Base::Rows { .. } | Base::Gathered { .. } => {
                List::new(table, Side::Recorded, listed, table.key.iter().copied())
            }
            Base::Owned { foreign_key, .. } => List::keys((foreign_key.target)(), listed),
            Base::Former {
                holder,
                foreign_key,
                ..
            } => List::new(holder, Side::Recorded, listed, parts(foreign_key)),
        };
        let list = self.take(list, skip);
        let taken = list.rows.len();
        let key = self.columns(table, table.key, "");
        let mut condition = match &reach.base {
            // The first hop compares the children's foreign key with the keys themselves.
            Base::Rows { .. } => {
                let columns = match reach.hops.first() {
                    Some(Hop::Children { table, foreign_key }) => {
                        self.columns(table, &parts(foreign_key), "")
                    }
                    Some(Hop::Closure { .. }) | None => key,
                };
                self.dialect.one_of(statement, &columns, list)
            }
            Base::Owned {
                foreign_key, kept, ..
            } => {
                let columns = self.columns(table, &parts(foreign_key), "");
                let owned = self.dialect.one_of(statement, &columns, list);
                format!("{owned}{}", self.spared(statement, table, kept))
            }
            Base::Former { .. } | Base::Gathered { .. } => {
                let these = self.dialect.one_of(statement, &key, list.clone());
                let unreferred = reach.unless.map(|unless| {
                    let columns = key.join(", ");
                    self.unreferred(statement, &columns, unless, list)
                });
                format!("{these}{}", unreferred.unwrap_or_default())
            }
        };
        for (index, hop) in reach.hops.iter().enumerate() {
            match hop {
                Hop::Children {
                    table: child,
                    foreign_key,
                } => {
                    if index > 0 || !matches!(reach.base, Base::Rows { .. }) {
                        let columns = self.columns(child, &parts(foreign_key), "").join(", ");
                        // What is above is locked: else a rival could move it away before its own turn, and lose what is below.
                        let above = format!(
                            "SELECT {} FROM {} AS t WHERE {condition}{}",
                            self.columns(table, table.key, "").join(", "),
                            self.table(table),
                            self.dialect.for_update()
                        );
                        condition = format!("({columns}) IN {}", self.dialect.subquery(&above));
                    }
                    table = child;
                }
                Hop::Closure {
                    table,
                    foreign_keys,
                } => condition = self.closure(table, foreign_keys, &condition),
            }
        }
        (condition, taken)
    }

    /// The condition that leaves out rows that others refer to.
    fn unreferred(
        &self,
        statement: &mut Statement,
        key: &str,
        (holder, foreign_key): (&'static Table, &ForeignKey),
        list: List,
    ) -> String {
        let columns = self.columns(holder, &parts(foreign_key), "");
        let referred = self.dialect.one_of(statement, &columns, list);
        let holders = format!(
            "SELECT {} FROM {} WHERE {referred}",
            columns.join(", "),
            self.table(holder)
        );
        format!(" AND NOT ({key}) IN {}", self.dialect.subquery(&holders))
    }

    /// The condition that leaves out the rows that a whole operation spares.
    fn spared(&self, statement: &mut Statement, table: &'static Table, kept: &[Target]) -> String {
        if kept.is_empty() {
            return String::new();
        }
        let list = List::new(
            table,
            Side::Recorded,
            kept.to_vec(),
            table.key.iter().copied(),
        );
        let key = self.columns(table, table.key, "");
        format!(" AND NOT ({})", self.dialect.one_of(statement, &key, list))
    }

    /// The rows that satisfy a condition and everything below them. UNION, so that cycles in the data end.
    fn closure(
        &self,
        table: &'static Table,
        foreign_keys: &[&'static ForeignKey],
        condition: &str,
    ) -> String {
        let name = self.table(table);
        let key = self.columns(table, table.key, "").join(", ");
        let child = self.columns(table, table.key, "t.").join(", ");
        let joins: Vec<String> = foreign_keys
            .iter()
            .map(|foreign_key| {
                let columns = self.columns(table, &parts(foreign_key), "t.");
                let pairs = columns.iter().zip(table.key).map(|(column, key)| {
                    format!(
                        "{column} = gone.{}",
                        self.dialect.quote(table.columns[*key].name)
                    )
                });
                format!("({})", pairs.collect::<Vec<_>>().join(" AND "))
            })
            .collect();
        let joins = joins.join(" OR ");
        format!(
            "({key}) IN (WITH RECURSIVE gone AS (SELECT {key} FROM {name} WHERE {condition} UNION SELECT {child} FROM {name} AS t JOIN gone ON {joins}) SELECT {key} FROM gone)"
        )
    }
}

/// The condition that columns are equal, pair by pair.
fn equal(columns: &[String], others: &[String], prefix: &str) -> String {
    let pairs = columns.iter().zip(others);
    let pairs = pairs.map(|(column, other)| format!("{column} = {prefix}{other}"));
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// The columns of a foreign key, in the order of the target's key.
pub(crate) fn parts(foreign_key: &ForeignKey) -> Vec<usize> {
    foreign_key.parts.iter().map(|part| part.column).collect()
}
