//! `HasOne`.

use crate::models::cases;

cases![OneToOne:
    owned [cascade = "all, delete-orphan"] false;
    owned_restricted [cascade = "all, delete-orphan"] false, "restrict";
    owned_cascading [cascade = "all, delete-orphan"] false, "cascade";
    owned_passive [cascade = "all, delete-orphan", passive_deletes] false, "cascade";
    owned_denied [cascade = "all", on_remove = "deny"] false;
    owned_required [cascade = "all, delete-orphan", required] false, "cascade";
    owned_bare [cascade = "save-update, delete, delete-orphan"] false;
    denied_all [on_remove = "deny", passive_deletes = "all"] false, "cascade";
    denied_all_restricted [on_remove = "deny", passive_deletes = "all"] false, "restrict";
    viewed [viewonly] false, "cascade";
    orphan [cascade = "all, delete-orphan"] true;
    orphan_set_null [cascade = "all, delete-orphan"] true, "set null";
    orphan_cascading [cascade = "all, delete-orphan"] true, "cascade";
    default [] true;
    default_restricted [] true, "restrict";
    default_set_null [] true, "set null";
    default_cascading [] true, "cascade";
    default_passive [passive_deletes] true, "set null";
    default_passive_cascading [passive_deletes] true, "cascade";
    default_all_passive [passive_deletes = "all"] true, "set null";
    default_all_passive_bare [passive_deletes = "all"] true;
    default_denied [on_remove = "deny"] true;
    default_required [required] true;
    all [cascade = "all"] true;
    all_restricted [cascade = "all"] true, "restrict";
    all_set_null [cascade = "all"] true, "set null";
    all_cascading [cascade = "all"] true, "cascade";
    all_passive [cascade = "all", passive_deletes] true, "cascade";
    all_denied [cascade = "all", on_remove = "deny"] true;
    none [cascade = "none"] true;
    none_cascading [cascade = "none"] true, "cascade";
    save_update [cascade = "save-update"] true;
    merge [cascade = "merge"] true;
    delete [cascade = "delete"] true;
    delete_cascading [cascade = "delete"] true, "cascade";
    save_and_delete [cascade = "save-update, delete"] true, "set null";
    delete_orphan [cascade = "delete, delete-orphan"] true;
    refreshed [cascade = "save-update, merge, refresh-expire"] true;
    expunged [cascade = "save-update, merge, expunge"] true;
    only_refreshed [cascade = "refresh-expire, expunge"] true;
    viewed_nullable [viewonly] true, "set null";
];
