//! The tables.

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
    }
}

diesel::table! {
    profiles (id) {
        id -> BigInt,
        user_id -> BigInt,
        bio -> Text,
    }
}

diesel::table! {
    posts (id) {
        id -> BigInt,
        user_id -> BigInt,
        title -> Text,
    }
}

diesel::table! {
    comments (id) {
        id -> BigInt,
        post_id -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    nodes (id) {
        id -> BigInt,
        parent_id -> Nullable<BigInt>,
        name -> Text,
    }
}

diesel::table! {
    albums (id) {
        id -> BigInt,
        name -> Text,
    }
}

diesel::table! {
    album_tags (album_id, tag_id) {
        album_id -> BigInt,
        tag_id -> BigInt,
    }
}

diesel::joinable!(profiles -> users (user_id));
diesel::joinable!(posts -> users (user_id));
diesel::joinable!(comments -> posts (post_id));
diesel::allow_tables_to_appear_in_same_query!(users, profiles, posts, comments);
