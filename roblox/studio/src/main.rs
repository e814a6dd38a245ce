//! `studio URL`: an author at work with a real server. It says on standard output what happens, a line a step: `code XXXX-XXXX`
//! (which somebody has to confirm meanwhile), `paired`, `written …`, `inserted …`, `undone …`, `templates`, and after a start
//! with what the first one had stored: `resumed`, `left`. The exit code is 0 when all of it happened.

use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;

use simulator::RealWorld;

const LIVE: &str = include_str!("../luau/live.luau");
const AGAIN: &str = include_str!("../luau/again.luau");

/// Runs a script in a Studio with these settings; answers the settings afterwards, and whether all went well.
fn session(settings: &str, script: &str, url: &str) -> mlua::Result<(String, bool)> {
    let is_well = Rc::new(Cell::new(true));
    let heard = is_well.clone();
    let log = move |level: &str, words: &str| {
        if level == "print" {
            println!("{words}");
        } else {
            heard.set(false);
            eprintln!("{level}: {words}");
        }
    };
    let studio = studio::open(Rc::new(RealWorld::new()), settings, &[], log)?;
    studio.start("live", script, url)?;
    studio.run();
    Ok((studio::settings(&studio)?, is_well.get()))
}

fn both(url: &str) -> mlua::Result<bool> {
    let (settings, is_well) = session("{}", LIVE, url)?;
    Ok(is_well && session(&settings, AGAIN, url)?.1)
}

fn address() -> Result<String, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    match parser.next()? {
        Some(lexopt::Arg::Value(url)) => url.into_string().map_err(lexopt::Error::from),
        Some(other) => Err(other.unexpected()),
        None => Err("say the server's address: studio http://127.0.0.1:8787".into()),
    }
}

fn main() -> ExitCode {
    let url = match address() {
        Ok(url) => url,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match both(&url) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
