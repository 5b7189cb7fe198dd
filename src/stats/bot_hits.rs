//! Hits of robots that name themselves, if robots are counted and the log has user agents.

use super::dimension::Scratch;
use super::{Findings, Hit, Statistic};
use crate::format::record::Record;
use crate::quantity::Caption;

/// See the module's text.
#[derive(Debug, Default)]
pub struct BotHits {
    /// Records that have a user agent.
    agents: u64,
    /// Those whose user agent names a robot.
    bots: u64,
}

impl Statistic for BotHits {
    const CAPTION: Option<Caption> = Some(Caption {
        key: "bots",
        metric: "bots",
        label: None,
        grows: true,
        about: "Records of robots that name themselves, if the log has user agents",
    });

    #[inline]
    fn observe(&mut self, _: &Record<'_>, _: &Hit, scratch: &mut Scratch) {
        if let Some(agent) = scratch.agent {
            self.agents += 1;
            self.bots += u64::from(agent.is_robot);
        }
    }

    fn merge(&mut self, other: &BotHits) {
        self.agents += other.agents;
        self.bots += other.bots;
    }

    fn findings(&self) -> Findings {
        match self.agents {
            0 => Findings::Unknown,
            _ => Findings::Part(self.bots),
        }
    }
}
