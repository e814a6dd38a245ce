//! The command line.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

/// What `--help` says.
pub const HELP: &str = "\
Plays a live class: Roblox game servers with pupils, outside Roblox.

Usage: simulator --class-code CODE [options]

  --url URL            where the class's server is    [http://127.0.0.1:8787]
  --game-key KEY       the experience's key           [environment: GAME_KEY]
  --class-code CODE    the code that the teacher shows
  --students N         pupils, spread over the servers  [30]
  --servers N          game servers                     [1]
  --speed X            how much faster than life pupils think  [1]
  --seed N             the same pupils, with the same thoughts, for the same number  [1]
  --answers FILE       JSON, prompt -> right answer as the author wrote it: able pupils know it
  --until WHEN         session-end: pupils stay until the session ends  [default]
                       idle: each leaves when done
                       forever: one session after the other
  --max-seconds N      close the game servers after this time
  --place              run the sample experience's server: pupils enter the code in its lobby, play its
                       arena and walk its trail
  --sessions N         with --place: pupils leave after so many quizzes  [1]
  --stops FROM-TO      with --place: the stops of the trail to which pupils walk, one after the other  [1-5]
  --crash-at N         with --place: each game server dies once, when the class's server is out of reach and so
                       many answers wait; another one takes its place, to which one pupil comes back
  --json               one JSON object a line on standard output
  --help               this

It waits for a session to start. The exit code is 0 when the server has all that was sent.
";

/// The stops that the sample experience has.
const WHOLE_TRAIL: (u32, u32) = (1, 5);

/// When pupils leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When the session ends.
    SessionEnd,
    /// Each when done.
    Idle,
    /// Not by themselves.
    Forever,
}

impl Until {
    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionEnd => "session-end",
            Self::Idle => "idle",
            Self::Forever => "forever",
        }
    }
}

/// What to play.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Where the class's server is.
    pub url: String,
    /// The experience's key.
    pub game_key: String,
    /// The class.
    pub class_code: String,
    /// Pupils in all.
    pub students: usize,
    /// Game servers.
    pub servers: usize,
    /// 2 thinks twice as fast.
    pub speed: f64,
    /// Of all chance.
    pub seed: u64,
    /// By prompt, the right answer as the author wrote it.
    pub answers: HashMap<String, serde_json::Value>,
    /// When pupils leave.
    pub until: Until,
    /// When the game servers close at the latest.
    pub max_duration: Option<Duration>,
    /// Reports as JSON on standard output.
    pub json: bool,
    /// Plays in the sample experience.
    pub place: bool,
    /// In the sample experience: after how many quizzes pupils leave.
    pub sessions: u32,
    /// In the sample experience: the first and the last stop of the trail to which pupils walk.
    pub stops: (u32, u32),
    /// In the sample experience: a game server dies once, when so many answers wait.
    pub crash_at: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8787".to_owned(),
            game_key: String::new(),
            class_code: String::new(),
            students: 30,
            servers: 1,
            speed: 1.0,
            seed: 1,
            answers: HashMap::new(),
            until: Until::SessionEnd,
            max_duration: None,
            json: false,
            place: false,
            sessions: 1,
            stops: WHOLE_TRAIL,
            crash_at: None,
        }
    }
}

impl Options {
    /// Reads the arguments. `None` when help was asked for.
    ///
    /// # Errors
    ///
    /// A sentence for the person at the terminal.
    pub fn parse(
        arguments: impl IntoIterator<Item = OsString>,
        game_key: Option<String>,
    ) -> Result<Option<Self>, String> {
        let mut options = Self { game_key: game_key.unwrap_or_default(), ..Self::default() };
        let mut parser = Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            if matches!(argument, Arg::Long("help") | Arg::Short('h')) {
                return Ok(None);
            }
            let Arg::Long(name) = argument else { return Err(argument.unexpected().to_string()) };
            let name = name.to_owned();
            options.set(&name, &mut parser).map_err(|error| format!("--{name}: {error}"))?;
        }
        options.check()?;
        Ok(Some(options))
    }

    fn set(&mut self, name: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
        match name {
            "url" => parser.value()?.string()?.trim_end_matches('/').clone_into(&mut self.url),
            "game-key" => self.game_key = parser.value()?.string()?,
            "class-code" => self.class_code = parser.value()?.string()?,
            "students" => self.students = parser.value()?.parse()?,
            "servers" => self.servers = parser.value()?.parse()?,
            "speed" => self.speed = parser.value()?.parse()?,
            "seed" => self.seed = parser.value()?.parse()?,
            "answers" => self.answers = read_answers(parser.value()?.into())?,
            "until" => self.until = parse_until(&parser.value()?.string()?)?,
            "max-seconds" => self.max_duration = Some(parse_seconds(&parser.value()?.string()?)?),
            "json" => self.json = true,
            "place" => self.place = true,
            "sessions" => self.sessions = parser.value()?.parse()?,
            "stops" => self.stops = parse_stops(&parser.value()?.string()?)?,
            "crash-at" => self.crash_at = Some(parser.value()?.parse()?),
            _ => return Err("there is no such option".into()),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if self.class_code.is_empty() {
            return Err("--class-code is missing: the code that the class's page shows".to_owned());
        }
        if self.game_key.is_empty() {
            return Err("the game key is missing: --game-key, or GAME_KEY in the environment".to_owned());
        }
        if self.servers == 0 || self.speed <= 0.0 || !self.speed.is_finite() {
            return Err("--servers and --speed must be more than 0".to_owned());
        }
        if !self.place && (self.crash_at.is_some() || self.sessions != 1 || self.stops != WHOLE_TRAIL) {
            return Err("--sessions, --stops and --crash-at go with --place".to_owned());
        }
        if !self.url.starts_with("http://") {
            return Err("--url must begin with http://: the simulator is for a server near by".to_owned());
        }
        Ok(())
    }
}

fn parse_until(text: &str) -> Result<Until, lexopt::Error> {
    [Until::SessionEnd, Until::Idle, Until::Forever]
        .into_iter()
        .find(|until| until.name() == text)
        .ok_or_else(|| "session-end, idle or forever".into())
}

fn parse_stops(text: &str) -> Result<(u32, u32), lexopt::Error> {
    let (from, to) = text.split_once('-').ok_or("such as 1-5")?;
    Ok((from.parse().map_err(|_| "not a number")?, to.parse().map_err(|_| "not a number")?))
}

fn parse_seconds(text: &str) -> Result<Duration, lexopt::Error> {
    let seconds = text.parse().map_err(|_| "not a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a number of seconds".into())
}

fn read_answers(path: PathBuf) -> Result<HashMap<String, serde_json::Value>, lexopt::Error> {
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use super::{Options, Until};

    fn parse(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(Into::into), Some("key".to_owned()))
    }

    #[test]
    fn a_class_code_is_enough() {
        let options = parse("--class-code K7M2QX").unwrap().unwrap();
        assert_eq!((options.students, options.servers, options.until), (30, 1, Until::SessionEnd));
        assert_eq!(options.game_key, "key");
    }

    #[test]
    fn every_option_is_read() {
        let options = parse(
            "--class-code A --url http://localhost:9/ --students 8 --servers 2 --speed 2.5 --seed 7 --until idle \
             --max-seconds 1.5 --json --game-key other --place --sessions 2 --stops 2-3 --crash-at 5",
        )
        .unwrap()
        .unwrap();
        assert_eq!(options.url, "http://localhost:9");
        assert_eq!((options.students, options.servers, options.seed), (8, 2, 7));
        assert_eq!(options.max_duration.unwrap().as_millis(), 1500);
        assert_eq!((options.place, options.sessions, options.crash_at), (true, 2, Some(5)));
        assert_eq!(options.stops, (2, 3));
        assert!(options.json && options.game_key == "other" && options.until == Until::Idle);
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence() {
        for line in [
            "",
            "--class-code A --until never",
            "--class-code A --speed 0",
            "--class-code A --crash-at 3",
            "--class-code A --stops 1-2",
            "--class-code A --place --stops 3",
            "--nonsense",
            "word",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert_eq!(parse("--help"), Ok(None));
    }
}
