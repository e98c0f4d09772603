//! `BelongsTo`, and `Option` of it.

pub(crate) mod shared {
    use crate::models::cases;

    cases![ManyToOne:
        default [] false;
        none [cascade = "none"] false;
        owned [cascade = "all, delete-orphan", single_parent] false;
        owned_cascading [cascade = "all, delete-orphan", single_parent] false, "cascade";
        all [cascade = "all", single_parent] false;
        nullable [] true;
        nullable_none [cascade = "none"] true;
        nullable_save_update [cascade = "save-update"] true;
        nullable_merge [cascade = "merge"] true;
        nullable_refreshed [cascade = "save-update, merge, refresh-expire"] true;
        nullable_expunged [cascade = "save-update, merge, expunge"] true;
        nullable_only_refreshed [cascade = "refresh-expire, expunge"] true;
        nullable_delete [cascade = "save-update, delete", single_parent] true;
        nullable_all [cascade = "all", single_parent] true, "restrict";
        nullable_owned [cascade = "all, delete-orphan", single_parent] true;
        nullable_owned_restricted [cascade = "all, delete-orphan", single_parent] true, "restrict";
        nullable_owned_set_null [cascade = "all, delete-orphan", single_parent] true, "set null";
        nullable_only_delete [cascade = "delete, delete-orphan", single_parent] true;
    ];
}

/// No two rows have one parent.
pub(crate) mod unique {
    use crate::models::cases;

    cases![OneToOneHeld:
        default [] false;
        all [cascade = "all", single_parent] false;
        owned [cascade = "all, delete-orphan", single_parent] false;
        nullable [] true;
        nullable_none [cascade = "none"] true;
        nullable_all [cascade = "all", single_parent] true;
        nullable_owned [cascade = "all, delete-orphan", single_parent] true;
    ];
}

pub(crate) fn cases() -> Vec<crate::models::Case> {
    shared::cases().into_iter().chain(unique::cases()).collect()
}
