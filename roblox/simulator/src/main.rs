//! The command `simulator`: plays a class and tells how it goes.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;
use std::time::Duration;

use simulator::{HELP, Options, Report, Reported, Totals, run};

/// Between two lines of progress where they cannot overwrite each other.
const LINE_EVERY: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let options = match Options::parse(arguments, std::env::var("GAME_KEY").ok()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("simulator: {sentence}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    eprintln!(
        "{} pupils on {} game servers join class {} at {}",
        options.students, options.servers, options.class_code, options.url
    );
    let mut console = Console { json: options.json, is_terminal: stderr().is_terminal(), last_line: None };
    let totals =
        run(&options, |reported| observe(reported, options.json), |totals, at| console.tick(totals, at));
    console.finish(&totals);
    if totals.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn observe(reported: &Reported, json: bool) {
    if json && let Ok(line) = serde_json::to_string(reported) {
        // A reader that has gone away must not end the class.
        let _ = writeln!(stdout(), "{line}");
    }
    let server = reported.server.unwrap_or_default();
    match &reported.report {
        Report::SessionStarted { question_count, pace, .. } => {
            say(&format!(
                "server {server}: a session of {question_count} questions has started, {pace} pace"
            ));
        }
        Report::SessionEnded { .. } => say(&format!("server {server}: the session has ended")),
        Report::Outage { status, code, detail } => {
            say(&format!("server {server}: offline ({status} {code}: {detail}); answers wait"));
        }
        Report::Recovered { seconds } => say(&format!("server {server}: back after {seconds:.1} s")),
        Report::Refused { status, code, detail } => {
            say(&format!("server {server}: refused ({status} {code}: {detail})"));
        }
        Report::ScriptError { message } => say(&format!("server {server}: {message}")),
        _ => {}
    }
}

/// A line of its own, over whatever stands on the progress line.
fn say(words: &str) {
    let clear = if stderr().is_terminal() { "\r\x1b[K" } else { "" };
    eprintln!("{clear}{words}");
}

struct Console {
    json: bool,
    is_terminal: bool,
    last_line: Option<Duration>,
}

impl Console {
    fn tick(&mut self, totals: &Totals, at: Duration) {
        if self.is_terminal {
            eprint!("\r\x1b[K{}", line(totals, at));
            let _ = stderr().flush();
        } else if !self.json && self.last_line.is_none_or(|last| at.saturating_sub(last) >= LINE_EVERY) {
            self.last_line = Some(at);
            eprintln!("{}", line(totals, at));
        }
    }

    fn finish(&self, totals: &Totals) {
        let clear = if self.is_terminal { "\r\x1b[K" } else { "" };
        let flushed =
            if totals.flushed { "everything was delivered" } else { "NOT everything was delivered" };
        eprintln!("{clear}{}", line(totals, Duration::from_secs_f64(totals.seconds)));
        eprintln!(
            "{flushed}; {} requests, {} dropped, {} script errors",
            totals.requests, totals.dropped, totals.script_errors
        );
    }
}

fn line(totals: &Totals, at: Duration) -> String {
    let share = (totals.correct * 100).checked_div(totals.acknowledged).unwrap_or_default();
    let offline =
        if totals.offline > 0 { format!(", {} offline NOW", totals.offline) } else { String::new() };
    format!(
        "{:4.0} s  {} joined  {} answered  {} acknowledged  {share} % right  {} XP  {} rejected  {} outages{offline}",
        at.as_secs_f64(),
        totals.joined,
        totals.submitted,
        totals.acknowledged,
        totals.xp_gained,
        totals.rejected,
        totals.outages,
    )
}
