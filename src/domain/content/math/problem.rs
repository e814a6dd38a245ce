//! A problem: what is asked, its key, what goes wrong with it, and the working. Every form of question is made from these.

use super::super::rational::Rational;
use super::super::work::Work;
use super::level::Level;

/// Wrong options of a choice.
const DISTRACTORS: usize = 3;

/// A possible answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Exactly.
    pub value: Rational,
    /// As it is shown.
    pub text: String,
}

/// What somebody answers who has a known misconception.
#[derive(Clone, Debug)]
pub struct Slip {
    /// The answer.
    pub answer: Answer,
    /// What was thought: "adds … ".
    pub thought: &'static str,
}

/// How answers are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Such as `x = `.
    pub before: &'static str,
    /// Such as ` cm²`.
    pub after: &'static str,
}

impl Style {
    /// A bare number.
    pub const NUMBER: Self = Self { before: "", after: "" };

    /// An answer written so.
    pub fn of(self, value: Rational) -> Answer {
        Answer { value, text: format!("{}{}{}", self.before, value.text(), self.after) }
    }
}

/// A problem.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The whole question: "27 + 38 = ?".
    pub ask: String,
    /// What is computed, alone: "27 + 38".
    pub expression: String,
    /// What stands before and after an answer to make a statement of it: "27 + 38 = " and "".
    pub claim: (String, String),
    /// The key.
    pub key: Answer,
    /// The best-known misconception first. Some may come to the key by chance; see [`Problem::distractors`].
    pub slips: Vec<Slip>,
    /// How one comes to the key.
    pub working: String,
    /// How answers are written.
    pub style: Style,
    /// Whether the key is a number; `<` is none.
    pub has_value: bool,
}

impl Problem {
    /// A computation: "expression = key".
    pub fn compute(expression: String, key: Rational, working: String) -> Self {
        Self {
            ask: format!("{expression} = ?"),
            claim: (format!("{expression} = "), String::new()),
            key: Style::NUMBER.of(key),
            expression,
            slips: Vec::new(),
            working,
            style: Style::NUMBER,
            has_value: true,
        }
    }

    /// A question in words, about something that has a name: "the area of …".
    pub fn about(thing: &str, key: Rational, style: Style, working: String) -> Self {
        let mut name = thing.chars();
        let upper: String = name.next().into_iter().flat_map(char::to_uppercase).chain(name).collect();
        Self {
            ask: format!("What is {thing}?"),
            claim: (format!("{upper} is "), String::new()),
            key: style.of(key),
            expression: upper,
            slips: Vec::new(),
            working,
            style,
            has_value: true,
        }
    }

    /// Adds a misconception by the value that it leads to.
    pub fn slip(mut self, value: Rational, thought: &'static str) -> Self {
        self.slips.push(Slip { answer: self.style.of(value), thought });
        self
    }

    /// Adds one whose answer is a whole number.
    pub fn slip_whole(self, value: i64, thought: &'static str) -> Self {
        self.slip(Rational::whole(value), thought)
    }

    /// Adds one whose answer is a fraction as it comes, not in lowest terms.
    pub fn slip_raw(mut self, numerator: i64, denominator: i64, thought: &'static str) -> Self {
        if denominator > 0 {
            let value = Rational::new(numerator, denominator);
            let text = format!("{}{numerator}/{denominator}{}", self.style.before, self.style.after);
            self.slips.push(Slip { answer: Answer { value, text }, thought });
        }
        self
    }

    /// A statement: with the key it is true.
    pub fn statement(&self, answer: &Answer) -> String {
        format!("{}{}{}", self.claim.0, answer.text, self.claim.1)
    }

    /// Wrong answers that differ from the key and from each other, in value and not in looks alone. Misconceptions first, and
    /// where they are too few, slips of one or ten.
    pub fn distractors(&self, level: Level, work: &mut Work) -> Vec<Slip> {
        let mut candidates = self.slips.clone();
        if self.has_value {
            let mut near = [1, -1, 10, -10, 2, -2];
            work.shuffle(&mut near);
            let unit = Rational::new(1, self.key.value.denominator());
            candidates.extend(near.map(|by| Slip {
                answer: self.style.of(self.key.value + unit * Rational::whole(by)),
                thought: "miscounts",
            }));
        }
        let allows_negative = level.has_negatives() || self.key.value.is_negative();
        let mut chosen: Vec<Slip> = Vec::new();
        for slip in candidates {
            work.step(1);
            let value = slip.answer.value;
            let is_new = value != self.key.value && chosen.iter().all(|other| other.answer.value != value);
            if is_new && (allows_negative || !value.is_negative()) && chosen.len() < DISTRACTORS {
                chosen.push(slip);
            }
        }
        chosen
    }
}
