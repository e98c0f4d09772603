//! What a failure leaves behind: nothing, in the tables and in memory.

mod albums;
#[path = "../support/aside.rs"]
mod aside;
mod blog;
mod blog_memory;
mod blog_operation;
mod blog_readers;
mod commit;
mod conflict;
mod connection;
mod doubt;
mod dropped;
mod foreign;
mod home;
mod hostile;
mod models;
mod natural;
mod on_mysql;
mod on_postgres;
mod on_sqlite;
mod operation;
mod others;
mod ours;
#[expect(dead_code, reason = "the matrix counts")]
#[path = "../proxy/mod.rs"]
mod proxy;
mod readers;
mod retry;
mod rival_readers;
mod rivals;
mod secrets;
mod statement;
mod terminated;
mod transaction;
mod writers;
