//! Hits and errors over time, as points of one length: what is drawn of a run.
//!
//! This is ground, as quantities are: whoever evaluates closed seconds adds them up, and renderers draw them. It imports
//! nothing but time.

pub mod scales;
pub mod series;
