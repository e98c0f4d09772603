//! What a failure leaves behind: nothing, in the tables and in memory.

mod albums;
mod blog;
mod blog_operation;
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
mod on_postgres;
mod on_sqlite;
mod operation;
mod others;
mod ours;
mod proxy;
mod readers;
mod rivals;
mod secrets;
mod statement;
mod terminated;
mod transaction;
mod writers;
