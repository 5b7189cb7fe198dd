//! The command line: options as data.
//!
//! [`flags::FLAGS`] is the only definition of each option. The parser, the arguments file, both helps, the man page
//! and the completions all come from that table, and in the same way those of `httpmon simulate` come from
//! [`simulate::FLAGS`].

pub mod complete;
pub mod config;
pub mod examples;
pub mod flag;
pub mod flags;
pub mod help;
pub mod man;
pub mod parse;
pub mod simulate;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use self::config::Origin;
use crate::alert::measure::Threshold;
use crate::alert::plan::{self, Ruleset};
use crate::alert::syntax::Spec;
use crate::error::Error;
use crate::evaluate::Evaluation;
use crate::filter::Filter;
use crate::filter::period::{Moment, Period};
use crate::format::named::field_in;
use crate::format::rollup::{MOST_FIELDS, RollupLayout};
use crate::format::unparsed::Field;
use crate::format::{Choice, EventTime, Proxies};
use crate::ingest::Counting;
use crate::interval::Interval;
use crate::monitor::Config;
use crate::nearest;
use crate::quantity::Unit;
use crate::render::{Form, OUTPUTS, Output};
use crate::report::{KeyColumns, Scope};
use crate::simulate::Settings;
use crate::stats::MOST_DIMENSIONS;
use crate::stats::top::{self, Top};
use crate::time::{Second, Span, Zone};

/// What the command line asks httpmon to do.
#[derive(Debug)]
pub enum Command {
    /// Read a log.
    Run(Box<Options>),
    /// Write a log.
    Simulate(Box<Settings>),
    /// Print a text and end.
    Print(Printout),
}

/// A text to print instead of a run. It is made from the tables of options, whose rows can therefore only name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printout {
    /// `-h`.
    ShortHelp,
    /// `--help`.
    Help,
    /// `httpmon simulate -h`.
    SimulateShortHelp,
    /// `httpmon simulate --help`.
    SimulateHelp,
    /// Name and version.
    Version,
    /// httpmon(1).
    Man,
    /// httpmon-formats(7).
    ManFormats,
    /// httpmon-rules(7).
    ManRules,
    /// httpmon-recipes(7).
    ManRecipes,
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
}

impl Printout {
    /// The text.
    pub fn text(self) -> String {
        match self {
            Printout::ShortHelp => help::short(),
            Printout::Help => help::long(),
            Printout::SimulateShortHelp => help::short_of_simulate(),
            Printout::SimulateHelp => help::long_of_simulate(),
            Printout::Version => format!("httpmon {}\n", env!("CARGO_PKG_VERSION")),
            Printout::Man => man::page(man::HTTPMON),
            Printout::ManFormats => man::page(man::FORMATS),
            Printout::ManRules => man::page(man::RULES),
            Printout::ManRecipes => man::page(man::RECIPES),
            Printout::Bash => complete::bash(),
            Printout::Zsh => complete::zsh(),
            Printout::Fish => complete::fish(),
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// If standard output is a terminal that shows it.
    Auto,
    /// Also in files and pipes.
    Always,
    /// Never.
    Never,
}

/// What a summary is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareWith {
    /// The same time so much earlier.
    Back(Span),
    /// What was before this moment.
    At(Moment),
    /// What was before the moment that this file says.
    File(PathBuf),
}

/// The options of a run.
#[derive(Debug)]
pub struct Options {
    /// Reads history, without a wall clock.
    pub replay: bool,
    /// The cadence of reports, if given.
    pub interval: Option<Interval>,
    /// The rate above which traffic is high, if given.
    pub threshold: Option<Threshold>,
    /// The window of that rate, and of rules without one of their own, if given.
    pub window: Option<Span>,
    /// The alert rules that were given.
    pub alerts: Vec<Spec>,
    /// The same, as they were written.
    pub rules: Vec<String>,
    /// How long to wait for late lines, if given.
    pub lateness: Option<Span>,
    /// How long a live source may hold up the others, if given.
    pub patience: Option<Span>,
    /// Which time of a request counts.
    pub time: EventTime,
    /// Which formats to read.
    pub format: Choice,
    /// Whether the client is the one that proxies report.
    pub forwarded: bool,
    /// The proxies that are trusted to report it, if given.
    pub trusted: Option<Proxies>,
    /// The zone of times without an offset.
    pub log_tz: Zone,
    /// The zone to show, if given.
    pub tz: Option<Zone>,
    /// The dimensions to list.
    pub top: Vec<Top>,
    /// Whether another list is added to them, where the arguments are read that gave them.
    pub top_given: bool,
    /// The patterns of paths that are one endpoint each.
    pub groups: Vec<String>,
    /// The hosts that are no referrers.
    pub own: Vec<String>,
    /// The dimensions that a rollup carries, if given.
    pub rollup_by: Option<Vec<Top>>,
    /// The databases of networks and countries.
    pub mmdb: Vec<OsString>,
    /// Whether clients lose their last bits before they are counted.
    pub anonymize: bool,
    /// The columns of the summary's tables of keys, if some were chosen.
    pub columns: Option<KeyColumns>,
    /// The filter that a record must match to count, if given.
    pub filter: Option<Filter>,
    /// The expressions that it was made of, as they were written.
    pub expressions: Vec<String>,
    /// When counting begins, if given.
    pub since: Option<Moment>,
    /// When counting ends, if given.
    pub until: Option<Moment>,
    /// The time that the summary is compared with, if given.
    pub compare: Option<CompareWith>,
    /// When a replay began, if its page is to say so.
    pub made: Option<Second>,
    /// The output.
    pub report: &'static Output,
    /// Whether to show a live screen instead of reports.
    pub dashboard: bool,
    /// The file to write to, if given.
    pub output: Option<PathBuf>,
    /// When to use colour.
    pub color: Color,
    /// Whether rules are tried on the log, and nothing else is said.
    pub check: bool,
    /// The rule whose alerts choose the lines to print, if given.
    pub during: Option<String>,
    /// Whether the file that a line is from is put before it.
    pub with_source: bool,
    /// The program to run at each transition, if given.
    pub on_alert: Option<OsString>,
    /// Whether it is run in replay too.
    pub on_alert_in_replay: bool,
    /// Whether the exit status says if an alert fired.
    pub exit_code: bool,
    /// Whether files are read as they grow, through every rotation.
    pub follow: bool,
    /// How far back rotated files are read first, if given.
    pub history: Option<Span>,
    /// The file that remembers what was written, if given.
    pub state: Option<PathBuf>,
    /// How long to wait for a line before ending, if given.
    pub idle_exit: Option<Span>,
    /// How many threads count in replay of files, if given.
    pub threads: Option<usize>,
    /// Alerts only.
    pub quiet: bool,
    /// Whether to say which formats were recognised.
    pub verbose: bool,
    /// The files to read: standard input if there are none, or for `-`.
    pub files: Vec<OsString>,
    /// Where each option was given.
    pub origin: Origin,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            replay: false,
            interval: None,
            threshold: None,
            window: None,
            alerts: Vec::new(),
            rules: Vec::new(),
            lateness: None,
            patience: None,
            time: EventTime::End,
            format: Choice::Auto,
            forwarded: false,
            trusted: None,
            log_tz: Zone::UTC,
            tz: None,
            top: top::default_top(),
            top_given: false,
            groups: Vec::new(),
            own: Vec::new(),
            rollup_by: None,
            mmdb: Vec::new(),
            anonymize: false,
            columns: None,
            compare: None,
            filter: None,
            expressions: Vec::new(),
            since: None,
            until: None,
            made: None,
            report: &OUTPUTS[0],
            dashboard: false,
            output: None,
            color: Color::Auto,
            check: false,
            during: None,
            with_source: false,
            on_alert: None,
            on_alert_in_replay: false,
            exit_code: false,
            follow: false,
            history: None,
            state: None,
            idle_exit: None,
            threads: None,
            quiet: false,
            verbose: false,
            files: Vec::new(),
            origin: Origin::default(),
        }
    }
}

impl Options {
    /// Checks that these options go together.
    ///
    /// # Errors
    ///
    /// Names an option that does not, and the way out.
    pub fn check(&self) -> Result<(), Error> {
        let Output { name, form, .. } = self.report;
        if self.check {
            self.check_goes_with()?;
        }
        if *form == Form::Lines {
            self.check_lines()?;
        } else if let Some((option, _)) = self.of_lines().find(|(_, given)| *given) {
            return Err(Error::new(format!(
                "{option}: is for the lines of the log: --report lines"
            )));
        }
        let has_tables = ["text", "json", "html", "email"].contains(name);
        if self.compare.is_some() && (self.check || self.dashboard || !has_tables) {
            return Err(Error::new(
                "--compare: is part of the summary of --report text, json, html and email",
            ));
        }
        let rows = *form == Form::Rows;
        if self.columns.is_some() && !has_tables && !rows {
            return Err(Error::new(format!(
                "--columns: is for the tables of keys in a summary, and --report {name} has none; leave one of them out"
            )));
        }
        if self.writes_keys() && self.interval.is_some() {
            return Err(Error::new(format!(
                "--columns: with it --report {name} writes a row for every key, not for every interval; leave out --columns or --interval"
            )));
        }
        if self.quiet && !matches!(form, Form::Stream | Form::Lines) {
            return Err(Error::new(format!(
                "--quiet: leaves nothing of --report {name} to write; only text and json can write alerts alone"
            )));
        }
        if self.replay && self.interval.is_none() && rows && !self.writes_keys() {
            return Err(Error::new(format!(
                "--report {name}: writes a row for every interval; with --replay, say how long it is: --interval 1m (or --columns hits,bytes for a row for every key)"
            )));
        }
        if self.rollup_by.is_some() && !self.writes_rollup() {
            return Err(Error::new(
                "--rollup-by: says what --report rollup carries; add that, or leave this out",
            ));
        }
        for (option, given) in [
            ("on-alert", self.on_alert.is_some()),
            ("state", self.state.is_some()),
            ("dashboard", self.dashboard),
        ] {
            if given && self.writes_rollup() {
                return Err(Error::new(format!(
                    "--{option}: --report rollup evaluates no rules and shows nothing; give it where the rollup is read"
                )));
            }
        }
        if self.on_alert_in_replay && self.on_alert.is_none() {
            return Err(Error::new(
                "--on-alert-in-replay: there is no program to run; name one: --on-alert PROG",
            ));
        }
        if self.trusted.is_some() && !self.forwarded {
            return Err(Error::new(
                "--trusted: only works with --client forwarded, which takes the client from X-Forwarded-For",
            ));
        }
        if self.follow && self.replay {
            return Err(Error::new(
                "--follow: reads files as they grow, which --replay does not; leave one of them out",
            ));
        }
        if self.follow && (self.files.is_empty() || self.files.iter().any(|file| file == "-")) {
            return Err(Error::new(
                "--follow: name the files to follow: httpmon --follow /var/log/nginx/access.log",
            ));
        }
        if self.history.is_some() && !self.follow {
            return Err(Error::new(
                "--history: is for --follow, which reads the rotated files of a log first",
            ));
        }
        if self.replay && self.state.is_some() {
            return Err(Error::new(
                "--state: only works live, for a run that continues after a restart; --replay reports all of its input every time",
            ));
        }
        self.check_fields()?;
        self.config().map(drop)
    }

    /// Whether the summary is compared with what was before a moment, from which on records count.
    pub(crate) fn compares_at(&self) -> bool {
        !matches!(self.compare, None | Some(CompareWith::Back(_)))
    }

    /// The options that only `--report lines` has, and whether they are given.
    fn of_lines(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let options = [
            ("--during", self.during.is_some()),
            ("--with-source", self.with_source),
        ];
        options.into_iter()
    }

    /// What `--report lines` cannot be combined with.
    fn check_lines(&self) -> Result<(), Error> {
        let with = [
            (self.top_given, "--top"),
            (self.dashboard, "--dashboard"),
            (self.check, "--check"),
            (self.exit_code, "--exit-code"),
            (self.state.is_some(), "--state"),
        ];
        if let Some((_, option)) = with.iter().find(|(given, _)| *given) {
            return Err(Error::new(format!(
                "--report lines: prints lines of the log and nothing else; leave out {option}"
            )));
        }
        if self.anonymize {
            return Err(Error::new(
                "--anonymize: lines as they are in the log have whole addresses; leave out --report lines or --anonymize",
            ));
        }
        let Some(label) = &self.during else {
            return Ok(());
        };
        let labels = self.ruleset().labels();
        if !labels.contains(label) {
            let meant = nearest::question(label, labels.iter().map(String::as_str));
            return Err(Error::new(format!(
                "--during: no rule is called '{label}'{meant} ({})",
                labels.join(", ")
            )));
        }
        Ok(())
    }

    /// What `--check` cannot be combined with.
    fn check_goes_with(&self) -> Result<(), Error> {
        let Output { name, form, .. } = self.report;
        if *form != Form::Stream {
            return Err(Error::new(format!(
                "--check: is written as text or JSON, not as {name}; leave out --report, or say --report json"
            )));
        }
        let with = [
            (self.follow, "--follow"),
            (self.dashboard, "--dashboard"),
            (self.quiet, "--quiet"),
            (self.interval.is_some(), "--interval"),
            (self.on_alert_in_replay, "--on-alert-in-replay"),
        ];
        match with.iter().find(|(given, _)| *given) {
            Some((_, option)) => Err(Error::new(format!(
                "--check: reads history and writes one table at its end; leave out {option}"
            ))),
            None => Ok(()),
        }
    }

    /// Whether the operands are history if all of them are regular files. A run with `--state` is live, and continues
    /// such a file where the run before it ended.
    pub fn is_history_if_regular(&self) -> bool {
        !self.replay && !self.follow && self.state.is_none()
    }

    /// What is read, and by what.
    fn scope(&self) -> Scope {
        let file = |file: &OsString| match file.to_string_lossy() {
            name if name == "-" => "standard input".to_owned(),
            name => name.into_owned(),
        };
        let traffic = self.has_traffic_rule().then(|| {
            let rate = self.threshold.unwrap_or(TRAFFIC).value();
            format!(
                "High traffic: hits > {rate}/s over {}",
                self.window_in_force()
            )
        });
        let filter = match &self.expressions[..] {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(format!("({})", several.join(") and ("))),
        };
        let named = self.files.iter().any(|file| file != "-");
        Scope {
            files: self.files.iter().filter(|_| named).map(file).collect(),
            filter,
            rules: traffic.into_iter().chain(self.rules.clone()).collect(),
            made: self.made,
            live: self
                .interval_in_force()
                .filter(|_| !self.replay)
                .map(Interval::longest),
        }
    }

    /// How far back the rotated files of a followed log are read: by default as far as the rules look.
    ///
    /// # Errors
    ///
    /// If the rules are too many.
    pub fn history_in_force(&self) -> Result<Span, Error> {
        let rules = self.config()?.evaluation.rules;
        let looks = rules.iter().map(|rule| rule.look_back()).max();
        Ok(self.history.or(looks).unwrap_or(Span(0)))
    }

    /// The configuration of a monitor under these options.
    ///
    /// # Errors
    ///
    /// If the rules are too many; the error names the option.
    pub fn config(&self) -> Result<Config, Error> {
        let top = self.tops();
        if top.len() > MOST_DIMENSIONS {
            return Err(Error::new(format!(
                "--top: a run counts at most {MOST_DIMENSIONS} dimensions, those of its rules included, and these are {}",
                top.len()
            )));
        }
        let mut asked = top.iter().filter(|top| top.asked);
        let asked = asked.any(|top| top.dimension.fields.contains(&Field::Agent));
        let mut ruleset = self.ruleset();
        let mut rollup = None;
        if self.writes_rollup() {
            // The rules say what is carried, and are evaluated where the rollup is read.
            let carried = self.asked_for().into_iter();
            rollup = Some(Arc::new(RollupLayout::of(carried)));
            (ruleset.traffic, ruleset.specs) = (None, Vec::new());
        }
        let plan = ruleset.plan();
        let plan = plan.map_err(|why| Error::new(format!("--alert: {why}")))?;
        Ok(Config {
            counting: Counting {
                robots: !self.quiet && (asked || self.report.robots),
                top,
                period: self.period(),
                filter: self.filter.clone(),
                anonymous: self.anonymize,
                expressions: plan.expressions,
                rollup,
                by_time: plan.by_time,
            },
            lateness: self.lateness_in_force(),
            patience: (!self.replay).then(|| self.patience.unwrap_or(Span(60))),
            zone: self.tz.clone(),
            evaluation: Evaluation {
                interval: self.interval_in_force(),
                rules: plan.rules,
                common: plan.common,
                named: self.named_tops().len(),
                ruleset,
                scope: Arc::new(self.scope()),
                page: self.report.page,
                columns: self.columns,
                trend: true,
            },
        })
    }

    /// Whether there is a row for each key of the summary, in the place of one for each report.
    fn writes_keys(&self) -> bool {
        self.report.form == Form::Rows && self.columns.is_some()
    }

    /// The cadence of reports in force; `None` for none.
    fn interval_in_force(&self) -> Option<Interval> {
        let live = Some(Interval::Every(Span(10)));
        let default = if self.replay { None } else { live };
        if self.quiet || self.writes_rollup() || self.writes_keys() {
            None
        } else {
            self.interval.or(default)
        }
    }

    /// The lateness in force: live 5 s, the usual time between flushes of nginx's buffer; in replay 60 s, as waiting
    /// costs nothing there.
    fn lateness_in_force(&self) -> Span {
        self.lateness
            .unwrap_or(Span(if self.replay { 60 } else { 5 }))
    }

    /// The period that counts.
    pub fn period(&self) -> Period {
        Period {
            since: self.since,
            until: self.until,
            zone: self.tz.clone(),
        }
    }

    /// How many threads count in replay of files: by default one for each core, but eight at most, because a single
    /// thread merges what they counted.
    pub fn threads_in_force(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
        self.threads.unwrap_or_else(cores)
    }

    /// The program to run at each transition in this run.
    pub fn hook(&self) -> Option<OsString> {
        self.on_alert
            .clone()
            .filter(|_| !self.replay || self.on_alert_in_replay)
    }

    /// Whether a rollup is written.
    pub fn writes_rollup(&self) -> bool {
        self.report.form == Form::Rollup
    }

    /// The dimensions that were asked for: a rollup must carry them to be read, and carries them where one is written.
    pub fn asked_for(&self) -> Vec<&'static str> {
        let listed = match &self.rollup_by {
            Some(list) => list,
            None => &self.top,
        };
        let needed = plan::needed(&self.alerts, &[]);
        let of_rules = self.alerts.iter().filter_map(|spec| spec.filter.as_ref());
        let filters = self.filter.iter().chain(of_rules);
        let tops = listed.iter().chain(&needed);
        let mut names = Vec::new();
        let filtered = filters.flat_map(Filter::dimensions);
        let dimensions = tops.map(|top| top.dimension).chain(filtered);
        dimensions.for_each(|dimension| dimension.add_kinds(&mut names));
        names
    }

    /// The fields that were asked for by their own names.
    pub fn named_fields(&self) -> Vec<&'static str> {
        let names = self.asked_for().into_iter();
        names.filter_map(field_in).collect()
    }

    /// Whether the fields that were asked for by their own names can be there.
    fn check_fields(&self) -> Result<(), Error> {
        let names = self.named_fields();
        if let Some(why) = names.iter().find_map(|name| self.format.lacks_field(name)) {
            return Err(Error::new(format!("--format: {why}")));
        }
        if self.writes_rollup() && names.len() > MOST_FIELDS {
            return Err(Error::new(format!(
                "--rollup-by: a rollup carries at most {MOST_FIELDS} fields by their own names"
            )));
        }
        Ok(())
    }

    /// The dimensions that are counted: those to list, and those that rules need.
    pub fn tops(&self) -> Vec<Top> {
        if self.writes_rollup() {
            // Its rows say all.
            return Vec::new();
        }
        let mut tops = self.named_tops();
        if self.dashboard {
            top::add_to_choose_from(&mut tops);
        }
        tops
    }

    /// Those of them by which an alert names its cause; what a screen adds comes behind them.
    fn named_tops(&self) -> Vec<Top> {
        let asked = self.top_given || self.top.iter().any(|top| top.asked);
        let page = self.report.page && !asked;
        let listed = if page { &top::page_top() } else { &self.top };
        let mut tops = top::with_standing(listed);
        // A column may be of durations, and the summary has a line for each key.
        if self.columns.is_some() {
            tops.iter_mut().for_each(|top| top.asked |= top.rows > 0);
        }
        let needed = plan::needed(&self.alerts, &tops);
        tops.extend(needed);
        tops
    }

    /// Whether the traffic rule is in force: if there is no other, or if one of its own options is given.
    fn has_traffic_rule(&self) -> bool {
        self.alerts.is_empty() || self.threshold.is_some() || self.window.is_some()
    }

    /// The window of the traffic rule, and of rules without one of their own.
    fn window_in_force(&self) -> Span {
        self.window.unwrap_or(Span(120))
    }

    /// The rule that `--during` names.
    pub fn rule_of_lines(&self) -> Option<Spec> {
        self.ruleset().named(self.during.as_deref()?)
    }

    /// The rules in force.
    fn ruleset(&self) -> Ruleset {
        let traffic = self.threshold.unwrap_or(TRAFFIC);
        Ruleset {
            traffic: self.has_traffic_rule().then_some(traffic),
            window: self.window_in_force(),
            specs: self.alerts.clone(),
            tops: self.tops(),
            checks: self.check,
        }
    }
}

/// Ten requests per second.
const TRAFFIC: Threshold = Threshold {
    billionths: 10_000_000_000,
    unit: Unit::PerSecond,
};
