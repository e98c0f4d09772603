-- Foreign keys apart from the columns: beside a column, MySQL passes over them.
SET foreign_key_checks = 0;
DROP TABLE IF EXISTS album_tags, albums, tags, nodes, comments, posts, profiles, users;
SET foreign_key_checks = 1;
CREATE TABLE users (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    name varchar(255) NOT NULL
);
CREATE TABLE profiles (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    user_id bigint NOT NULL UNIQUE,
    bio varchar(255) NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE posts (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    user_id bigint NOT NULL,
    title varchar(255) NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE comments (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    post_id bigint NOT NULL,
    body varchar(255) NOT NULL,
    FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE
);
CREATE TABLE nodes (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    parent_id bigint,
    name varchar(255) NOT NULL,
    FOREIGN KEY (parent_id) REFERENCES nodes (id) ON DELETE CASCADE
);
CREATE TABLE tags (
    id bigint PRIMARY KEY,
    name varchar(255) NOT NULL
);
CREATE TABLE albums (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    name varchar(255) NOT NULL
);
CREATE TABLE album_tags (
    album_id bigint NOT NULL,
    tag_id bigint NOT NULL,
    PRIMARY KEY (album_id, tag_id),
    FOREIGN KEY (album_id) REFERENCES albums (id) ON DELETE CASCADE,
    FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
);
