//! The id of an app. Pusher's own are decimal, and its Python library takes no others, so a room's key has a decimal form: two
//! digits a character.

use crate::domain::ids::is_room_key;

const PREFIX: &str = "rk";
/// The characters of a room key, by number.
const CHARACTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of the app with this key: decimal for the room of a class, else the key.
pub fn app_id(app_key: &str) -> String {
    let Some(rest) = app_key.strip_prefix(PREFIX).filter(|_| is_room_key(app_key)) else {
        return app_key.to_owned();
    };
    let pair = |byte: u8| {
        let at = CHARACTERS.iter().position(|known| *known == byte.to_ascii_lowercase()).unwrap_or(0);
        format!("{:02}", at + 1)
    };
    rest.bytes().map(pair).collect::<Vec<_>>().concat()
}

/// The key of the app with this id, which may be the key itself.
pub fn app_key(app_id: &str) -> Option<String> {
    if !app_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(app_id.to_owned());
    }
    let pairs = app_id.as_bytes().chunks(2).map(|pair| {
        let number: usize = std::str::from_utf8(pair).ok()?.parse().ok()?;
        CHARACTERS.get(number.checked_sub(1)?).map(|byte| char::from(*byte))
    });
    let key = format!("{PREFIX}{}", pairs.collect::<Option<String>>()?);
    is_room_key(&key).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_decimal_and_leads_back_to_the_key() {
        let key = "rk0123456789abcdefghjkmnpqrs";
        let id = app_id(key);
        assert!(id.len() == 52 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        assert_eq!(app_key(&id).as_deref(), Some(key));
        assert_eq!(app_key(key).as_deref(), Some(key));
        assert_eq!(app_id("usr_1"), "usr_1");
    }

    #[test]
    fn a_number_that_is_no_key_is_no_app() {
        for id in ["3", "", "0000", &"33".repeat(26), &"01".repeat(25), &format!("{}1", "01".repeat(26))] {
            assert_eq!(app_key(id), None, "{id}");
        }
    }
}
