//! What else one could use: written as their users write it, with what they offer for graphs.

pub mod diesel;
pub mod seaorm;
