//! Parts of a statement whose rows another part gives them: what is deleted leads to what refers to it.

use crate::meta::{ForeignKey, Table};
use crate::plan::{Action, sees};
use crate::sql::reach::parts as parts_of;
use crate::sql::{Condition, Part, Texts};

/// The parts that delete what others lead through, by the parts below them, and the foreign key that leads there.
///
/// What is deleted comes back of its part, and is locked by it: so what is below needn't be looked for in the table, which would lock it before. That part
/// runs first then, and so nothing else may look at its table that ran before it.
pub(super) fn swept_above(parts: &[Part<'_>]) -> Vec<Option<(usize, &'static ForeignKey)>> {
    let place = |index: usize| {
        let Action::Sweep { reach, .. } = &parts[index].step.action else {
            return None;
        };
        let mut others = parts.iter().enumerate().skip(index + 1);
        others.find_map(|(place, other)| match &other.step.action {
            Action::Sweep {
                reach: above,
                columns: None,
            } => Some((place, reach.below(above)?)),
            _ => None,
        })
    };
    let mut above: Vec<_> = (0..parts.len()).map(place).collect();
    let looks = |part: &Part<'_>, table: &Table| {
        let seen = sees(part.step).into_iter().chain([part.step.table]);
        seen.into_iter().any(|seen| seen.ident == table.ident)
    };
    loop {
        let is_seen = |place: usize| {
            let mut before = parts[..place].iter().zip(&above);
            before.any(|(part, above)| above.is_none() && looks(part, parts[place].step.table))
        };
        let places = above.iter().flatten().map(|(place, _)| *place);
        let Some(seen) = places.into_iter().find(|place| is_seen(*place)) else {
            return above;
        };
        for place in &mut above {
            *place = place.filter(|(place, _)| *place != seen);
        }
    }
}

/// The places of parts, each behind the one that it takes rows from.
pub(super) fn in_order(above: &[Option<(usize, &'static ForeignKey)>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(above.len());
    for index in 0..above.len() {
        let next = |place: &usize| above[*place].map(|(above, _)| above);
        let chain = std::iter::successors(Some(index), next);
        let new: Vec<usize> = chain.take_while(|place| !order.contains(place)).collect();
        order.extend(new.into_iter().rev());
    }
    order
}

/// What a part returns: the keys of what it deletes, where others take them.
pub(super) fn returned(
    texts: &Texts,
    parts: &[Part<'_>],
    (index, above): (usize, &[Option<(usize, &'static ForeignKey)>]),
) -> String {
    let mut taken = above.iter().flatten();
    if taken.any(|(above, _)| *above == index) {
        let table = parts[index].step.table;
        texts.columns(table, table.key, "").join(", ")
    } else {
        "1".to_owned()
    }
}

/// The text that deletes or releases what refers to the rows that a part deletes.
pub(super) fn swept(texts: &Texts, part: &Part<'_>, (above, key): (usize, &ForeignKey)) -> String {
    let (table, target) = (part.step.table, (key.target)());
    let condition = Condition {
        text: format!(
            "({}) IN (SELECT {} FROM s{above})",
            texts.columns(table, &parts_of(key), "").join(", "),
            texts.columns(target, target.key, "").join(", ")
        ),
        looks: true,
    };
    let columns = match &part.step.action {
        Action::Sweep { columns, .. } => columns.as_deref(),
        _ => None,
    };
    texts.swept(table, columns, &condition)
}
