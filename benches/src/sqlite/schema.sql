CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE profiles (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
    bio TEXT NOT NULL
);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    title TEXT NOT NULL
);
CREATE INDEX posts_user ON posts (user_id);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    body TEXT NOT NULL
);
CREATE INDEX comments_post ON comments (post_id);
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES nodes ON DELETE CASCADE,
    name TEXT NOT NULL
);
CREATE INDEX nodes_parent ON nodes (parent_id);
CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE albums (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE album_tags (
    album_id INTEGER NOT NULL REFERENCES albums ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (album_id, tag_id)
);
CREATE INDEX album_tags_tag ON album_tags (tag_id);
