//! What is true on every database: each scenario runs on SQLite, and on PostgreSQL where `SQLX_CASCADE_POSTGRES_URL` names a server.

mod counts;
mod merge;
mod keys;
mod models;
mod options;
mod patch;
mod payloads;
mod seed;
mod seed_nullable;
mod shared_keys;
mod support;
mod tokens;
