//! `ManyToMany`.

use crate::models::cases;

cases![ManyToMany:
    default [] false;
    default_cascading [] false, "cascade";
    save_update [cascade = "save-update"] false;
    merge [cascade = "merge"] false;
    none [cascade = "none"] false;
    none_cascading [cascade = "none"] false, "cascade";
    refreshed [cascade = "save-update, merge, refresh-expire"] false;
    expunged [cascade = "save-update, merge, expunge"] false;
    only_refreshed [cascade = "refresh-expire, expunge"] false;
    denied [on_remove = "deny"] false;
    viewed [viewonly] false;
    viewed_cascading [viewonly] false, "cascade";
    all [cascade = "all", single_parent] false;
    all_denied [cascade = "all", single_parent, on_remove = "deny"] false;
    owned [cascade = "all, delete-orphan", single_parent] false;
    owned_restricted [cascade = "all, delete-orphan", single_parent] false, "restrict";
    owned_cascading [cascade = "all, delete-orphan", single_parent] false, "cascade";
    delete [cascade = "save-update, delete", single_parent] false;
    only_delete [cascade = "delete, delete-orphan", single_parent] false;
];
