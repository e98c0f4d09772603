//! What a failure leaves behind: nothing, in the tables and in memory.

mod commit;
mod conflict;
mod connection;
mod doubt;
mod dropped;
mod home;
mod hostile;
mod models;
mod natural;
mod on_postgres;
mod on_sqlite;
mod operation;
mod others;
mod proxy;
mod readers;
mod secrets;
mod statement;
mod terminated;
mod transaction;
mod writers;
