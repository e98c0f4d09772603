//! What random programs found, shrunk and pinned: each is run on every database.

use crate::op::{At, Op::*};
use crate::programs;

programs! {
    /// Nothing is done.
    empty: [];
}
