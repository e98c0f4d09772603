//! What the tokens of one struct show to be wrong: one function per rule.
//!
//! Rules that need types, or another struct, are bounds and constant assertions in the runtime.

mod cascade;
mod columns;
mod keys;
mod relations;
mod writers;

use crate::errors::Errors;
use crate::model::{Entity, Field};

/// The rules about the struct as a whole.
const STRUCT_RULES: &[fn(&Entity<'_>, &mut Errors)] = &[
    columns::table_is_named,
    columns::columns_have_names_of_their_own,
    columns::unique_sets_name_columns,
    columns::naming_style_is_known,
    keys::there_is_a_key,
    keys::key_is_not_too_long,
    keys::one_key_is_generated,
    keys::there_is_one_version,
];

/// The rules about a field by itself.
const FIELD_RULES: &[fn(&Entity<'_>, &Field<'_>, &mut Errors)] = &[
    relations::there_is_one_relation,
    relations::attribute_fits_type,
    relations::parent_is_the_held_one,
    writers::a_key_has_one_writer,
    writers::links_have_columns,
    cascade::tokens_are_known,
    cascade::orphans_are_deleted,
    cascade::shared_rows_stay,
    cascade::single_parents_are_deleted,
    cascade::passive_deletes_delete_nothing,
    cascade::viewonly_writes_nothing,
    cascade::denied_removals_delete_nothing,
    keys::key_is_a_column,
    keys::key_is_never_null,
    keys::generated_key_is_no_foreign_key,
    keys::version_is_a_column,
    columns::options_fit_the_field,
    columns::column_is_named_once,
];

/// Applies every rule.
pub(crate) fn all(entity: &Entity<'_>, errors: &mut Errors) {
    errors.enter(entity.ident);
    for rule in STRUCT_RULES {
        rule(entity, errors);
    }
    for field in &entity.fields {
        errors.enter(format_args!("{}.{}", entity.ident, field.name));
        for rule in FIELD_RULES {
            rule(entity, field, errors);
        }
    }
}
