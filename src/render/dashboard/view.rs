//! What the reader chose to see, and how each key changes it.

use super::keys::KeyBinding;
use super::layout::ScreenLayout;
use crate::points::scales::STEPS;
use crate::snapshot::{Ask, Snapshot};

/// The longest filter, in bytes.
const FILTER: usize = 200;

/// Whether a text that was typed is meant as an expression; any other is looked for in the keys.
pub fn is_expression(text: &str) -> bool {
    text.contains(['=', '<', '>', '~'])
}

/// The dimensions that are gone on to first, by their titles.
const FIRST: [&str; 2] = ["paths", "clients"];

/// The index of the scale that a live log begins with: two seconds.
const LIVE: usize = 1;

/// What the reader chose.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Whether rankings and figures cover the last two minutes, not the whole run.
    pub recent: bool,
    /// The index of the chosen dimension.
    pub dimension: usize,
    /// Its first row that is shown.
    pub row: usize,
    /// Only its keys that contain this.
    pub filter: String,
    /// Whether keys go into the filter.
    pub typing: bool,
    /// The index of the scale of the graph; `None` for one that fits the whole run.
    pub scale: Option<usize>,
    /// The first alert that is shown.
    pub alert: usize,
    /// Whether the screen is paused.
    pub paused: bool,
    /// Whether all keys are listed.
    pub help: bool,
    /// The row of the ranking that is chosen, if one is.
    pub chosen: Option<usize>,
    /// The expressions that all that is shown must match.
    pub expressions: Vec<String>,
    /// For each of them the dimension whose row it was made of, if it was.
    drilled: Vec<Option<usize>>,
    /// What is wrong with what was typed.
    pub mistake: Option<String>,
    /// Whether the latest lines are shown in place of rankings.
    pub latest: bool,
}

/// What a key asks for beyond the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing: the key is unknown here.
    Ignore,
    /// To show the view, which may have changed.
    Show,
    /// To narrow all that is shown to what matches this, if it is an expression.
    Narrow(String),
    /// The same with the key of a row, and to go on to another dimension.
    Drill(String),
    /// To end.
    Quit,
}

impl View {
    /// What is shown first: the last minutes of a live log, or all of a history.
    pub fn new(live: bool) -> View {
        View {
            recent: live,
            scale: live.then_some(LIVE),
            ..View::default()
        }
    }

    /// Takes a key; `seen` is what was shown last, in `layout`.
    pub fn key(&mut self, key: KeyBinding, seen: Option<&Snapshot>, layout: &ScreenLayout) -> Act {
        self.mistake = None;
        if self.typing {
            return self.type_key(key);
        }
        match key {
            KeyBinding::Char('q' | 'Q') => return Act::Quit,
            KeyBinding::Char('p' | ' ') => self.paused = !self.paused,
            KeyBinding::Char('w') => {
                self.recent = !self.recent;
                (self.row, self.chosen) = (0, None);
            }
            KeyBinding::Char('?' | 'h') => self.help = !self.help,
            KeyBinding::Char('/') => self.typing = true,
            KeyBinding::Char('+' | '=') => self.zoom(seen, -1),
            KeyBinding::Char('-' | '_') => self.zoom(seen, 1),
            KeyBinding::Char('0') => self.scale = None,
            KeyBinding::Escape if self.help => self.help = false,
            KeyBinding::Escape => {
                self.set_filter(String::new());
                while self.take_back() {}
            }
            KeyBinding::Tab | KeyBinding::Right => self.turn(seen, 1),
            KeyBinding::BackTab | KeyBinding::Left => self.turn(seen, -1),
            KeyBinding::Up => self.choose(-1, rows(seen), layout.rows),
            KeyBinding::Down => self.choose(1, rows(seen), layout.rows),
            KeyBinding::Char('l') => self.latest = !self.latest,
            KeyBinding::Enter => match self.chosen_expression(seen) {
                Some(Ok(expression)) => return Act::Drill(expression),
                Some(Err(mistake)) => self.mistake = Some(mistake.to_owned()),
                None => return Act::Ignore,
            },
            KeyBinding::Backspace if self.take_back() => {}
            KeyBinding::PageUp => self.alert = self.alert.saturating_sub(layout.alerts.max(1)),
            KeyBinding::PageDown => {
                self.alert = step(
                    self.alert,
                    layout.alerts.max(1),
                    alerts(seen),
                    layout.alerts,
                );
            }
            KeyBinding::Home => (self.row, self.alert, self.chosen) = (0, 0, None),
            KeyBinding::End => {
                self.alert = step(self.alert, usize::MAX, alerts(seen), layout.alerts)
            }
            KeyBinding::Backspace | KeyBinding::Char(_) => return Act::Ignore,
        }
        Act::Show
    }

    /// A key while the filter is typed.
    fn type_key(&mut self, key: KeyBinding) -> Act {
        let mut filter = self.filter.clone();
        match key {
            KeyBinding::Escape => {
                self.typing = false;
                filter.clear();
            }
            KeyBinding::Enter => {
                self.typing = false;
                return Act::Narrow(filter);
            }
            // Nothing is left to delete: leave the filter.
            KeyBinding::Backspace => self.typing = filter.pop().is_some(),
            KeyBinding::Char(c) if filter.len() + c.len_utf8() <= FILTER => filter.push(c),
            _ => return Act::Ignore,
        }
        self.set_filter(filter);
        Act::Show
    }

    fn set_filter(&mut self, filter: String) {
        if filter != self.filter {
            self.filter = filter;
            (self.row, self.chosen) = (0, None);
        }
    }

    /// Narrows all that is shown to what matches this as well.
    pub fn add(&mut self, expression: String) {
        self.set_filter(String::new());
        (self.row, self.chosen) = (0, None);
        if !self.expressions.contains(&expression) {
            self.expressions.push(expression);
            self.drilled.push(None);
        }
    }

    /// Goes on from the row that was added last to a dimension that has more than one key of it: paths and clients before
    /// the others.
    pub fn drill(&mut self, seen: Option<&Snapshot>) {
        if let Some(last) = self.drilled.last_mut() {
            *last = Some(self.dimension);
        }
        let dimensions = seen.map_or(&[][..], |seen| &seen.dimensions);
        let named = |title| dimensions.iter().position(|&(name, _)| name == title);
        let first = FIRST.into_iter().filter_map(named);
        let others = (1..dimensions.len()).map(|steps| (self.dimension + steps) % dimensions.len());
        let free = |&place: &usize| dimensions[place].1 && !self.drilled.contains(&Some(place));
        if let Some(place) = first.chain(others).find(free) {
            self.dimension = place;
        }
    }

    /// Takes the last expression back, and goes back to where it was made: whether there was one.
    fn take_back(&mut self) -> bool {
        let Some(dimension) = self.drilled.pop() else {
            return false;
        };
        self.expressions.pop();
        self.dimension = dimension.unwrap_or(self.dimension);
        (self.row, self.chosen) = (0, None);
        true
    }

    /// Chooses another of `all` rows, and moves those that are shown where it would not be among them.
    fn choose(&mut self, by: isize, all: usize, room: usize) {
        let Some(last) = all.checked_sub(1) else {
            return;
        };
        let next = self
            .chosen
            .map_or(self.row, |row| row.saturating_add_signed(by));
        let chosen = next.min(last);
        self.chosen = Some(chosen);
        self.row = self.row.clamp((chosen + 1).saturating_sub(room), chosen);
    }

    /// The expression for the chosen row, the first if none was chosen; or why there is none.
    fn chosen_expression(&self, seen: Option<&Snapshot>) -> Option<Result<String, &'static str>> {
        let ranking = seen?.rankings.first()?;
        let row = ranking.rows.get(self.chosen.unwrap_or(self.row))?;
        let key = std::str::from_utf8(&row.key);
        let quote = |key: &&str| ['\'', '"'].into_iter().find(|&quote| !key.contains(quote));
        let quoted = key.ok().and_then(|key| Some((key, quote(&key)?)));
        Some(match quoted {
            Some((key, quote)) => Ok(format!("{}={quote}{key}{quote}", ranking.dimension.name)),
            None => Err("this key cannot be written as an expression"),
        })
    }

    /// Chooses the next dimension that has a key. The filter only applied to the one before.
    fn turn(&mut self, seen: Option<&Snapshot>, by: isize) {
        if let Some(place) = next(seen, self.dimension, by) {
            self.dimension = place;
            (self.row, self.chosen) = (0, None);
            self.filter.clear();
        }
    }

    fn zoom(&mut self, seen: Option<&Snapshot>, by: isize) {
        let shown = seen.and_then(|seen| seen.scale.as_ref());
        let place = shown.and_then(|scale| STEPS.iter().position(|&step| step == scale.step()));
        if let Some(place) = self.scale.or(place) {
            self.scale = Some(place.saturating_add_signed(by).min(STEPS.len() - 1));
        }
    }

    /// The text that is looked for in the keys.
    fn searched(&self) -> &str {
        if is_expression(&self.filter) {
            return "";
        }
        &self.filter
    }

    /// What to ask for to show this in `layout`.
    pub fn ask(&self, layout: &ScreenLayout) -> Ask {
        Ask {
            recent: self.recent,
            dimension: self.dimension,
            rankings: layout.panels,
            rows: self.row + layout.rows,
            filter: self.searched().as_bytes().to_vec(),
            scale: self.scale,
            points: layout.points(),
            alerts: (self.alert, layout.alerts),
        }
    }
}

/// The index of the next dimension with a key after `from`, or before it, in a circle.
fn next(seen: Option<&Snapshot>, from: usize, by: isize) -> Option<usize> {
    let dimensions = seen.map_or(&[][..], |seen| &seen.dimensions);
    let count = dimensions.len();
    (1..count)
        .map(|steps| (from as isize + by * steps as isize).rem_euclid(count as isize) as usize)
        .find(|&place| dimensions[place].1)
}

/// That many further, but not past the last screenful of `all`.
fn step(from: usize, by: usize, all: usize, room: usize) -> usize {
    from.saturating_add(by).min(all.saturating_sub(room))
}

fn rows(seen: Option<&Snapshot>) -> usize {
    let count = |seen: &Snapshot| match seen.matched {
        Some((keys, _)) => keys,
        None => seen.rankings.first().map_or(0, |ranking| ranking.unique),
    };
    seen.map_or(0, |seen| usize::try_from(count(seen)).unwrap_or(usize::MAX))
}

fn alerts(seen: Option<&Snapshot>) -> usize {
    seen.map_or(0, |seen| {
        usize::try_from(seen.alerts.0).unwrap_or(usize::MAX)
    })
}
