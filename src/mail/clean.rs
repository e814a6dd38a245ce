//! Text that a person typed, made fit to stand in a sentence of ours.

/// The longest name in a mail, in characters: as long as a display name or a school's name may be.
const MAX_NAME: usize = 100;

/// One line: control characters, line breaks and the characters that turn text around become spaces, runs of spaces one.
pub(super) fn line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_trouble(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name: one line, not too long, and nothing in it that a mail client would turn into a link. An invitation carries names
/// that strangers chose, to any address they like; `evil.example` must not become a link in a mail of ours.
pub(super) fn name(text: &str) -> String {
    let line = line(text);
    let mut name = String::with_capacity(line.len());
    let mut characters = line.chars().take(MAX_NAME).peekable();
    while let Some(character) = characters.next() {
        name.push(character);
        let joins = matches!(character, '.' | ':' | '/' | '@' | '。' | '．');
        if joins && characters.peek().is_some_and(|next| !next.is_whitespace()) {
            name.push(' ');
        }
    }
    if line.chars().nth(MAX_NAME).is_some() {
        name.push('…');
    }
    name
}

/// Control characters, the directional marks and overrides, and invisible ones. The joiners U+200C and U+200D stay: names
/// and emoji need them.
fn is_trouble(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_control_or_directional_characters() {
        assert_eq!(name("Ada\r\nBcc: x\u{202e}y\u{0}z\u{2028}\t!"), "Ada Bcc: x y z !");
        assert_eq!(name("  علی‌رضا 👩‍🏫 "), "علی‌رضا 👩‍🏫");
    }

    #[test]
    fn nothing_in_a_name_looks_like_a_link() {
        assert_eq!(name("https://evil.example/x?y"), "https: / / evil. example/ x?y");
        assert_eq!(name("a@evil.example"), "a@ evil. example");
        assert_eq!(name("Dr. J.R. Smith"), "Dr. J. R. Smith");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(name(&"ü".repeat(101)), format!("{}…", "ü".repeat(100)));
        assert_eq!(name(&"ü".repeat(100)), "ü".repeat(100));
    }
}
