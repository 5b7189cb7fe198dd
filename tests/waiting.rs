//! Records of a quiet log wait to be placed together; what comes of them is asked for little by little.

use httpmon::format::record::Record;
use httpmon::monitor::Monitor;
use httpmon::report::Event;
use httpmon::run;
use httpmon::time::{Second, Span};

const START: i64 = 1_760_000_000;
const INTERVAL: Span = Span(10);

/// A hit in about each second second, and an hour without any.
fn times() -> impl Iterator<Item = i64> {
    (0..20_000).map(|n| START + n * 2 + n % 2 + if n > 12_345 { 3600 } else { 0 })
}

fn monitor() -> Monitor {
    let options = run::options(&["--replay".to_owned(), format!("--interval={INTERVAL}")]);
    let config = options.and_then(|options| options.config());
    Monitor::new(config.expect("options that work"))
}

fn observe(monitor: &mut Monitor, time: i64) {
    let clients: [&[u8]; 3] = [b"10.0.0.1", b"10.0.0.2", b"10.0.0.3"];
    let record = Record {
        time: Second(time),
        client: clients[time as usize % 3],
        status: Some(200),
        ..Record::EMPTY
    };
    monitor.observe(&record, None);
}

fn text(event: &Event) -> String {
    format!("{event:?}")
}

#[test]
fn little_waits_to_be_written_where_somebody_asks_for_it() {
    let mut all = monitor();
    times().for_each(|time| observe(&mut all, time));
    all.finish();
    let want: Vec<String> = std::iter::from_fn(|| all.next_event().as_ref().map(text)).collect();

    let mut asked = monitor();
    let mut found = Vec::new();
    let (mut reports, mut at_once) = (0, 0);
    let mut ask = |monitor: &mut Monitor| {
        while let Some(event) = monitor.next_event() {
            if let Event::Report(report) = &event {
                reports += 1;
                // One that has no hit in its last second ends with the next.
                let end = report.to.expect("it ends") + INTERVAL;
                at_once += usize::from(monitor.books().first_open <= end);
            }
            found.push(text(&event));
        }
    };
    for time in times() {
        observe(&mut asked, time);
        if time % 100 == 0 {
            asked.begin_to_place(false);
            ask(&mut asked);
        }
    }
    asked.begin_to_place(true);
    ask(&mut asked);
    asked.finish();
    ask(&mut asked);
    assert!(found == want, "it makes no difference when it is asked for");
    assert!(reports > 3000, "{reports}");
    assert!(10 * at_once > 9 * reports, "{at_once} of {reports}");
}
