//! Shapes of models: keys, foreign keys, and references in circles, over modules.
#![allow(dead_code)]

mod people {
    use sqlx_cascade::{HasOne, Relations};

    type Nullable<T> = Option<T>;

    #[derive(Relations)]
    #[table(name = "users", schema = "app")]
    pub struct User {
        #[key]
        pub(crate) id: String,
        #[one_to_one(back_populates = user_id, cascade = "all, delete-orphan", passive_deletes, required)]
        pub(crate) profile: HasOne<super::places::Profile>,
        #[one_to_one(back_populates = editor_id, on_remove = "deny", cascade = "save-update, delete")]
        edited: HasOne<super::places::Profile>,
        #[one_to_one(back_populates = seen_by, viewonly, cascade = "refresh-expire")]
        seen: HasOne<super::places::Profile>,
        #[one_to_one(super::places::Profile)]
        main_profile: Nullable<i64>,
    }
}

mod places {
    use sqlx_cascade::{HasOne, Relations};

    #[derive(Relations)]
    #[table(name = "profiles")]
    pub struct Profile {
        #[key(generated)]
        id: i64,
        #[one_to_one(crate::people::User, on_delete = "cascade")]
        user_id: String,
        #[one_to_one(super::people::User, on_delete = "restrict")]
        editor_id: String,
        #[one_to_one(super::people::User, on_delete = "no action")]
        seen_by: String,
        #[one_to_one(passive_deletes = "all")]
        owner: HasOne<super::people::User>,
        #[one_to_one(cascade = "delete-orphan, delete")]
        picture: HasOne<Picture>,
    }

    #[derive(Relations)]
    #[table(name = "pictures")]
    pub struct Picture {
        #[key]
        #[one_to_one(Profile)]
        profile_id: i64,
        #[one_to_one(cascade = " all ,delete-orphan ")]
        thumbnail: HasOne<Thumbnail>,
    }

    #[derive(Relations)]
    #[table(name = "thumbnails")]
    pub struct Thumbnail {
        #[key]
        #[one_to_one(Picture, on_delete = "cascade")]
        picture_id: i64,
    }
}

mod tenants {
    use sqlx_cascade::{BelongsTo, HasOne, Relations};

    #[derive(Relations)]
    #[table(name = "orders", unique = "tenant_id, number", unique_deferrable = "tenant_id, place")]
    struct Order {
        #[key]
        tenant_id: i64,
        #[key]
        order_id: i32,
        number: i64,
        place: i64,
        #[one_to_one(back_populates = order)]
        invoice: HasOne<Invoice>,
        #[one_to_one(cascade = "all, delete-orphan")]
        shipment: HasOne<Shipment>,
    }

    /// Shares the tenant with its own key.
    #[derive(Relations)]
    #[table(name = "invoices")]
    struct Invoice {
        #[key]
        tenant_id: i64,
        #[key]
        invoice_id: i64,
        #[one_to_one(column = "tenant_id, order_id", on_delete = "set null")]
        order: Option<BelongsTo<Order>>,
        #[many_to_one(column = "tenant_id, other_order_id")]
        other: Option<BelongsTo<super::tenants::Order>>,
    }

    /// Its key is the order's.
    #[derive(Relations)]
    #[table(name = "shipments")]
    struct Shipment {
        #[key]
        tenant_id: i64,
        #[key]
        order_id: i32,
        #[one_to_one(column = "tenant_id, order_id", cascade = "save-update")]
        order: BelongsTo<Order>,
    }
}

mod trees {
    use sqlx_cascade::{BelongsTo, HasOne, Relations};

    #[derive(Relations)]
    #[table(name = "nodes", inherent = false)]
    struct Node {
        #[key(generated)]
        id: i64,
        #[one_to_one(Self, on_delete = "set null")]
        parent_id: Option<i64>,
        #[one_to_one(passive_deletes)]
        child: HasOne<Self>,
    }

    impl Node {
        fn find() {}
        fn save() {}
    }

    #[derive(Relations)]
    #[table(name = "links")]
    struct Link {
        #[key(generated)]
        id: i64,
        #[one_to_one]
        previous: Option<BelongsTo<Self>>,
        #[one_to_one(back_populates = previous)]
        next: HasOne<Link>,
        #[many_to_one(Link)]
        first: Option<BelongsTo<Link>>,
    }
}

fn main() {
    let _ = people::User::PROFILE;
}
