//! A shortcut for nearly every line of NCSA's family: it reads what the steps of its programs read, without going from
//! step to step, which takes as long as the reading itself.
//!
//! It also finds the end of the line, since the newline comes right after the last field. Searching for it first was a
//! tenth of the time of a whole replay.

use super::cursor::Cursor;
use super::head::{self, Head};
use super::known_agents::KnownAgents;
use super::record::Record;
use super::step::{Step, referrer_and_agent};
use super::tail;
use super::timestamp::Timestamps;

/// The fields of such a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// [`Step::Head`], perhaps [`Step::Between`], and [`Step::Entry`].
    Entry,
    /// The same, then [`Step::Optional`] and [`Step::Tail`].
    EntryAndTail,
    /// The same, with referrer and agent before the tail, which a line may end before.
    PerhapsAgent,
    /// The same, where none may.
    Agent,
}

impl Plain {
    /// The shortcut for these steps; `None` if there is none.
    pub(super) fn of(steps: &[Step]) -> Option<Plain> {
        let [Step::Head(Head::Any | Head::Client), rest @ ..] = steps else {
            return None;
        };
        // Words in between do not begin with a quote, and a plain line has a quote there.
        let rest: Vec<Step> = rest
            .iter()
            .filter(|step| **step != Step::Between)
            .cloned()
            .collect();
        let [Step::Entry, rest @ ..] = rest.as_slice() else {
            return None;
        };
        let [before @ .., _] = referrer_and_agent();
        match rest {
            [] => Some(Plain::Entry),
            [Step::Optional, Step::Tail] => Some(Plain::EntryAndTail),
            [Step::Optional, fields @ .., Step::Tail] if *fields == before => {
                Some(Plain::PerhapsAgent)
            }
            [fields @ .., Step::Optional, Step::Tail] if *fields == before => Some(Plain::Agent),
            _ => None,
        }
    }

    /// Reads what all steps would read, of the line that `text` begins with; and returns its length with the
    /// newline. `None` leaves `record` as [`Record::EMPTY`]; the line is to be read by all steps then.
    #[inline(always)] // And all that it calls: six calls were 80 instructions.
    pub(super) fn read<'a>(
        self,
        text: &'a [u8],
        times: &mut Timestamps,
        agents: &mut KnownAgents,
        record: &mut Record<'a>,
    ) -> Option<usize> {
        let at = head::plain(text, times, record)?;
        let read = self.read_behind(Cursor { line: text, at }, agents, record);
        if read.is_none() {
            *record = Record::EMPTY;
        }
        read
    }

    /// Reads what comes after the head.
    #[inline(always)]
    fn read_behind<'a>(
        self,
        mut cursor: Cursor<'a>,
        agents: &mut KnownAgents,
        record: &mut Record<'a>,
    ) -> Option<usize> {
        cursor.literal(b" \"").ok()?;
        let behind_entry = cursor.plain_entry(record).then_some(cursor.at)?;
        if matches!(self, Plain::PerhapsAgent | Plain::Agent) && cursor.known_agent(agents, record)
        {
            return Some(cursor.at + 1);
        }
        let read = match self {
            Plain::Entry | Plain::EntryAndTail => true,
            Plain::PerhapsAgent => {
                matches!(cursor.rest(), [b'\n', ..]) || cursor.plain_agent(agents, record)
            }
            Plain::Agent => cursor.plain_agent(agents, record),
        };
        cursor.go_to_newline().filter(|()| read)?;
        if self != Plain::Entry {
            let tail = &cursor.line[behind_entry..cursor.at];
            tail::read(tail.strip_suffix(b"\r").unwrap_or(tail), record);
        }
        Some(cursor.at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::program::Program;
    use super::super::step::entry_steps;
    use super::super::unparsed::Field;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_line_is_read_in_one_as_step_by_step(
            client in "192\\.0\\.2\\.[1-9]|192\\.0\\.2\\.7|www\\.example\\.com|2001:db8::7|2001:db8:[0-9a-g:.]{1,40}|1:80|7|",
            head in " - - \\[| - - \\[| - ann \\[|  - - \\[",
            time in "20/Nov/2026:09:00:0[0-9] \\+0000|1/Nov/2026:09:00:00|32/Nov/2026:09:00:00 \\+0000",
            between in "\\] \"|\\] \"|\\] \"|\\] \\(x\\) \"|\\]",
            request in r#"(GET|GET|POST|-)( |/|a|"|\\"){0,4}( HTTP/1\.1)?"#,
            rest in r#"" (200|20|-) (5|-|[0-9]{1,20})( ("-"|"a"|"\\""|"")( "(x|\\"|a b||Mozilla/5\.0 \(X11; Linux x86_64; rv:145\.0\) Firefox(/1)?)")?)?( 0\.123)?"#,
            after in "\n|\r\n|\r\r\n|\n\n|\n192\\.0\\.2\\.7 - - \\[\"\n|",
            head_kind in prop::sample::select(vec![Head::Any, Head::Client, Head::Host]),
            (words, tail, agent, optional) in any::<(bool, bool, bool, bool)>(),
            known in proptest::collection::vec("Mozilla/5\\.0 \\(X11; Linux x86_64; rv:145\\.0\\) Firefox(|/1|/1\\\\|/1 x)", 0..4),
        ) {
            let mut steps = vec![Step::Head(head_kind)];
            steps.extend(words.then_some(Step::Between));
            steps.extend(entry_steps());
            if tail {
                let [agents @ .., _] = referrer_and_agent();
                let fields = if agent { &agents[..] } else { &[] };
                let at = if optional { steps.len() } else { steps.len() + fields.len() };
                steps.extend_from_slice(fields);
                steps.insert(at, Step::Optional);
                steps.push(Step::Tail);
            }
            let program = Program::new(&steps, &[Field::Agent]);
            prop_assert_eq!(program.has_plain(), head_kind != Head::Host);
            let line = format!("{client}{head}{time}{between}{request}{rest}");
            let text = format!("{line}{after}");
            let (mut in_one, mut by_step) = (Record::EMPTY, Record::EMPTY);
            let times = || Timestamps::new(crate::time::Zone::UTC);
            let mut agents = KnownAgents::default();
            known.iter().for_each(|agent| agents.add(format!("{agent}\"\n").as_bytes(), agent.len()));
            let read = program.read_plain(text.as_bytes(), &mut times(), &mut agents, &mut in_one);
            in_one.agent_hash = 0;
            if read.is_some() {
                // What was read is known now.
                let mut again = Record::EMPTY;
                let len = program.read_plain(text.as_bytes(), &mut times(), &mut agents, &mut again);
                again.agent_hash = 0;
                prop_assert_eq!((len, again), (read, in_one), "{}", line);
            }
            if let Some(len) = read {
                let end = text.find('\n').expect("a line that is read has an end");
                prop_assert_eq!(len, end + 1);
                let line = text[..end].strip_suffix('\r').unwrap_or(&text[..end]);
                prop_assert_eq!(program.read(line.as_bytes(), &mut times(), &mut by_step), Ok(()), "{}", text);
            }
            prop_assert_eq!(in_one, by_step, "{}", line);
        }
    }
}
