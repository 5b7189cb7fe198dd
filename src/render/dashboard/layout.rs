//! How the rows and columns of a screen are divided.
//!
//! Parts that are always there take a row each. The graph takes about a third of the others, and rankings and alerts
//! share the rest. On a low screen headings and lanes are left out before any part gets less than two rows.

/// The least screen: columns and rows.
pub const LEAST: (usize, usize) = (60, 15);
/// Columns past this are left blank: there are no points for them.
const WIDEST: usize = 250;
/// From this many rows on there are headings, and lanes below the graph.
const ROOMY: usize = 20;
/// A ranking is no narrower than this.
const PANEL: usize = 58;
/// The most rankings side by side.
const PANELS: usize = 3;
/// Columns left of the graph, for its scale.
pub(super) const SCALE: usize = 9;

/// Rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenLayout {
    /// Columns of the screen.
    pub width: usize,
    /// Rows of the screen.
    pub height: usize,
    /// Whether rankings have a heading, and errors and alerts a lane below the graph.
    pub roomy: bool,
    /// Rows of the graph.
    pub graph: usize,
    /// Rows of each ranking.
    pub rows: usize,
    /// Rankings side by side.
    pub panels: usize,
    /// Rows of alerts.
    pub alerts: usize,
}

impl ScreenLayout {
    /// The layout of a screen; `None` if it is too small.
    pub fn new(width: usize, height: usize) -> Option<ScreenLayout> {
        if width < LEAST.0 || height < LEAST.1 {
            return None;
        }
        let width = width.min(WIDEST);
        let roomy = height >= ROOMY;
        // Title, figures, status, time axis, dimensions, heading of the alerts, foot; graph title, two lanes,
        // heading of the rankings.
        let left = height - if roomy { 11 } else { 7 };
        let graph = (left / 3).clamp(2, 16);
        let rows = (left - graph).div_ceil(2).min(40);
        Some(ScreenLayout {
            width,
            height,
            roomy,
            graph,
            rows,
            panels: (width / PANEL).clamp(1, PANELS),
            alerts: left - graph - rows,
        })
    }

    /// The columns of the graph, one for each point.
    pub fn points(&self) -> usize {
        self.width - SCALE - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_screen_is_filled_and_has_some_of_all() {
        assert_eq!(ScreenLayout::new(59, 24), None);
        assert_eq!(ScreenLayout::new(80, 14), None);
        for height in 15..=120 {
            let layout = ScreenLayout::new(80, height).expect("large enough");
            let fixed = if layout.roomy { 11 } else { 7 };
            assert_eq!(fixed + layout.graph + layout.rows + layout.alerts, height);
            assert!(
                layout.graph >= 2 && layout.rows >= 2 && layout.alerts >= 2,
                "{height}"
            );
        }
        assert!(ScreenLayout::new(400, 24).expect("large enough").points() < 250);
    }
}
