//! Rules about what a relation writes: a foreign key of a child, or rows of a table of links.

use quote::ToTokens;

use super::columns;
use crate::errors::Errors;
use crate::model::{Entity, Field, Kind, Links, Relation};
use crate::names;

/// What a relation writes.
enum Written<'f> {
    /// A foreign key of a child, by the field that declares it; without one it is the only one.
    ForeignKey {
        child: String,
        field: Option<String>,
    },
    /// Rows of a table of links.
    Links { through: String, links: &'f Links },
}

impl Written<'_> {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::ForeignKey { child, field },
                Self::ForeignKey {
                    child: other,
                    field: named,
                },
            ) => child == other && (field == named || field.is_none() || named.is_none()),
            (
                Self::Links { through, links },
                Self::Links {
                    through: other,
                    links: others,
                },
            ) => through == other && links == others,
            _ => false,
        }
    }
}

/// Two relations that write one foreign key of a child, or the same links.
pub(super) fn a_key_has_one_writer(entity: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some((relation, written)) = written(entity, field) else {
        return;
    };
    let above = entity
        .fields
        .iter()
        .take_while(|other| !std::ptr::eq(*other, field));
    let same = |other: &&Field<'_>| {
        self::written(entity, other).is_some_and(|(_, other)| other.is_same(&written))
    };
    let Some(other) = above.into_iter().find(same).map(|other| &other.name) else {
        return;
    };
    let message = match written {
        Written::ForeignKey { child, .. } => format!(
            "`{other}` writes the same foreign key of `{child}`: give each a key of its own with `back_populates = field`, or write `viewonly` on one"
        ),
        Written::Links { through, .. } => format!(
            "`{other}` writes the same columns of \"{through}\": name others with `source` and `target`, or write `viewonly` on one"
        ),
    };
    errors.at(relation.word, message);
}

/// What the relation of a field writes, where that is known for certain; a `BelongsTo` is a foreign key of its own.
fn written<'f, 'a>(
    entity: &Entity<'_>,
    field: &'f Field<'a>,
) -> Option<(&'f Relation<'a>, Written<'f>)> {
    let relation = field.relation()?;
    let keys = &relation.keys;
    if keys.viewonly.is_some() || !relation.is_read {
        return None;
    }
    let written = match &relation.kind {
        Kind::HasOne | Kind::HasMany => {
            let child = names::without_self(relation.target.to_token_stream(), entity.ident);
            let named = keys.back_populates.as_ref();
            Written::ForeignKey {
                child: names::text(&child),
                field: named.map(|given| names::plain(&given.value)),
            }
        }
        Kind::ManyToMany(links) => Written::Links {
            through: keys.through.as_ref()?.value.value(),
            links,
        },
        Kind::BelongsTo(_) => return None,
    };
    Some((relation, written))
}

/// No `through`, or columns of links that have no names of their own.
pub(super) fn links_have_columns(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some(relation) = field.relation() else {
        return;
    };
    let Kind::ManyToMany(links) = &relation.kind else {
        return;
    };
    let keys = &relation.keys;
    match &keys.through {
        Some(given) => columns::usable(&given.value, errors),
        None if relation.is_read => errors.at(
            relation.word,
            "links are rows of a table of their own: name it, `through = \"..\"`",
        ),
        None => {}
    }
    let before = errors.count();
    for (given, names) in [(&keys.source, &links.source), (&keys.target, &links.target)] {
        if let Some(given) = given {
            columns::usable_names(&given.value, names, errors);
        }
    }
    if errors.count() > before || !relation.is_read {
        return;
    }
    if let Some(name) = links.source.iter().find(|name| links.target.contains(name)) {
        let named = keys.target.as_ref().or(keys.source.as_ref());
        errors.at(
            named.map_or_else(
                || relation.word.to_token_stream(),
                |given| given.value.to_token_stream(),
            ),
            format!(
                "both keys of a link would be in the column \"{name}\": name two with `source = \"..\"` and `target = \"..\"`"
            ),
        );
    }
}
