//! Hits of robots that name themselves, if robots are counted and the log has user agents.

use super::dimension::Scratch;
use super::{Findings, Hit, Statistic, Statistics};
use crate::format::record::Record;
use crate::quantity::Caption;

/// See the module's text.
#[derive(Debug, Default)]
pub struct BotHits;

impl Statistic for BotHits {
    const CAPTION: Option<Caption> = Some(Caption {
        key: "bots",
        metric: "bots",
        label: None,
        grows: true,
        about: "Records of robots that name themselves, if the log has user agents",
    });

    /// They are counted with the [visitors](super::visitors).
    #[inline(always)]
    fn observe(&mut self, _: &Record<'_>, _: &Hit, _: &mut Scratch) {}

    fn merge(&mut self, _: &BotHits) {}

    fn findings(&self, others: &Statistics) -> Findings {
        match others.visitors.hits() {
            [0, 0] => Findings::Unknown,
            [_, bots] => Findings::Part(bots),
        }
    }
}
