//! What is true on every database.

#[test]
fn nothing() {}
