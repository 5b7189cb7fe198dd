//! Hits and errors over time, as points of one length: what is drawn of a run.
//!
//! Evaluation adds closed seconds to them and renderers draw them, so they belong to neither. This module imports
//! nothing but time.

pub mod scales;
pub mod series;
pub mod week;
