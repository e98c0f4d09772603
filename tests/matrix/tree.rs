//! `HasMany` of the struct itself. A root has no parent, so the key is nullable.

use crate::models::trees;

trees![
    owned [cascade = "all, delete-orphan"];
    owned_restricted [cascade = "all, delete-orphan"], "restrict";
    owned_set_null [cascade = "all, delete-orphan"], "set null";
    owned_cascading [cascade = "all, delete-orphan"], "cascade";
    owned_passive [cascade = "all, delete-orphan", passive_deletes], "cascade";
    owned_denied [cascade = "all", on_remove = "deny"];
    owned_bare [cascade = "save-update, delete, delete-orphan"], "cascade";
    default [];
    default_set_null [], "set null";
    default_cascading [], "cascade";
    default_passive [passive_deletes], "set null";
    default_all_passive [passive_deletes = "all"], "set null";
    default_all_passive_bare [passive_deletes = "all"];
    default_denied [on_remove = "deny"], "restrict";
    all [cascade = "all"];
    all_cascading [cascade = "all"], "cascade";
    all_passive [cascade = "all", passive_deletes], "cascade";
    none [cascade = "none"];
    save_update [cascade = "save-update"];
    merge [cascade = "merge"];
    delete [cascade = "delete"];
    save_and_delete [cascade = "save-update, delete"], "set null";
    refreshed [cascade = "save-update, merge, refresh-expire"];
    expunged [cascade = "save-update, merge, expunge"];
    viewed [viewonly];
];
