//! `HasMany`: the structs.

use crate::models::cases;

cases![OneToMany, HasMany, one_to_many, many_to_one:
    owned [cascade = "all, delete-orphan"] i64, false;
    owned_restricted [cascade = "all, delete-orphan"] i64, false, "restrict";
    owned_cascading [cascade = "all, delete-orphan"] i64, false, "cascade";
    owned_passive [cascade = "all, delete-orphan", passive_deletes] i64, false, "cascade";
    owned_denied [cascade = "all", on_remove = "deny"] i64, false;
    owned_bare [cascade = "save-update, delete, delete-orphan"] i64, false;
    denied_all [on_remove = "deny", passive_deletes = "all"] i64, false, "cascade";
    denied_all_restricted [on_remove = "deny", passive_deletes = "all"] i64, false, "restrict";
    viewed [viewonly] i64, false, "cascade";
    orphan [cascade = "all, delete-orphan"] Option<i64>, true;
    orphan_set_null [cascade = "all, delete-orphan"] Option<i64>, true, "set null";
    orphan_cascading [cascade = "all, delete-orphan"] Option<i64>, true, "cascade";
    default [] Option<i64>, true;
    default_restricted [] Option<i64>, true, "restrict";
    default_set_null [] Option<i64>, true, "set null";
    default_cascading [] Option<i64>, true, "cascade";
    default_passive [passive_deletes] Option<i64>, true, "set null";
    default_passive_cascading [passive_deletes] Option<i64>, true, "cascade";
    default_all_passive [passive_deletes = "all"] Option<i64>, true, "set null";
    default_all_passive_bare [passive_deletes = "all"] Option<i64>, true;
    default_denied [on_remove = "deny"] Option<i64>, true;
    all [cascade = "all"] Option<i64>, true;
    all_restricted [cascade = "all"] Option<i64>, true, "restrict";
    all_set_null [cascade = "all"] Option<i64>, true, "set null";
    all_cascading [cascade = "all"] Option<i64>, true, "cascade";
    all_passive [cascade = "all", passive_deletes] Option<i64>, true, "cascade";
    all_denied [cascade = "all", on_remove = "deny"] Option<i64>, true;
    none [cascade = "none"] Option<i64>, true;
    none_cascading [cascade = "none"] Option<i64>, true, "cascade";
    save_update [cascade = "save-update"] Option<i64>, true;
    merge [cascade = "merge"] Option<i64>, true;
    delete [cascade = "delete"] Option<i64>, true;
    delete_cascading [cascade = "delete"] Option<i64>, true, "cascade";
    save_and_delete [cascade = "save-update, delete"] Option<i64>, true, "set null";
    delete_orphan [cascade = "delete, delete-orphan"] Option<i64>, true;
    refreshed [cascade = "save-update, merge, refresh-expire"] Option<i64>, true;
    expunged [cascade = "save-update, merge, expunge"] Option<i64>, true;
    only_refreshed [cascade = "refresh-expire, expunge"] Option<i64>, true;
    viewed_nullable [viewonly] Option<i64>, true, "set null";
];
