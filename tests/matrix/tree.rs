//! `HasMany` of the struct itself. A root has no parent, so the key is nullable.

use crate::models::cases;

cases![Tree:
    owned [cascade = "all, delete-orphan"] true;
    owned_restricted [cascade = "all, delete-orphan"] true, "restrict";
    owned_set_null [cascade = "all, delete-orphan"] true, "set null";
    owned_cascading [cascade = "all, delete-orphan"] true, "cascade";
    owned_passive [cascade = "all, delete-orphan", passive_deletes] true, "cascade";
    owned_denied [cascade = "all", on_remove = "deny"] true;
    owned_bare [cascade = "save-update, delete, delete-orphan"] true, "cascade";
    default [] true;
    default_set_null [] true, "set null";
    default_cascading [] true, "cascade";
    default_passive [passive_deletes] true, "set null";
    default_all_passive [passive_deletes = "all"] true, "set null";
    default_all_passive_bare [passive_deletes = "all"] true;
    default_denied [on_remove = "deny"] true, "restrict";
    all [cascade = "all"] true;
    all_cascading [cascade = "all"] true, "cascade";
    all_passive [cascade = "all", passive_deletes] true, "cascade";
    none [cascade = "none"] true;
    save_update [cascade = "save-update"] true;
    merge [cascade = "merge"] true;
    delete [cascade = "delete"] true;
    save_and_delete [cascade = "save-update, delete"] true, "set null";
    refreshed [cascade = "save-update, merge, refresh-expire"] true;
    expunged [cascade = "save-update, merge, expunge"] true;
    viewed [viewonly] true;
];
