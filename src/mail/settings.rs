//! Which provider sends, and as whom.

use std::sync::Arc;

use http::Uri;

use super::{Mailbox, PRODUCT};
use crate::config::{ConfigError, Lookup, secret, variable};

/// The shortest key of a provider that is taken for one.
const MIN_KEY: usize = 16;

/// What mail is sent with.
#[derive(Clone)]
pub struct MailSettings {
    /// The sender of every mail.
    pub from: Mailbox,
    /// Who takes it.
    pub provider: Provider,
}

/// Who takes mail.
#[derive(Clone)]
pub enum Provider {
    /// Cloudflare, by the binding of the Worker.
    Cloudflare,
    /// A provider with a JSON API like Resend's.
    Http {
        /// Where to post.
        url: Arc<str>,
        /// The bearer key.
        key: Arc<str>,
    },
}

impl MailSettings {
    /// Reads `MAIL_FROM`, `MAIL_PROVIDER`, and for the provider `http` also `MAIL_HTTP_URL` and `MAIL_HTTP_KEY`.
    pub fn read(get: Lookup<'_>, is_local: bool) -> Result<Self, ConfigError> {
        let from = Mailbox::parse(&variable(get, "MAIL_FROM")?, PRODUCT)
            .ok_or_else(|| wrong("MAIL_FROM", "must be an address, alone or as `Name <address>`"))?;
        let provider = match variable(get, "MAIL_PROVIDER")?.trim() {
            "cloudflare" => Provider::Cloudflare,
            "http" => Provider::Http { url: endpoint(get, is_local)?, key: key(get)? },
            _ => return Err(wrong("MAIL_PROVIDER", "must be `cloudflare` or `http`")),
        };
        Ok(Self { from, provider })
    }
}

fn endpoint(get: Lookup<'_>, is_local: bool) -> Result<Arc<str>, ConfigError> {
    let text = variable(get, "MAIL_HTTP_URL")?;
    let uri: Option<Uri> = text.trim().parse().ok();
    let is_good = uri.is_some_and(|uri| {
        let scheme = uri.scheme_str();
        (scheme == Some("https") || (is_local && scheme == Some("http")))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if !is_good {
        return Err(wrong("MAIL_HTTP_URL", "must be an https address without a user name"));
    }
    Ok(text.trim().into())
}

fn key(get: Lookup<'_>) -> Result<Arc<str>, ConfigError> {
    let text = secret(get, "MAIL_HTTP_KEY")?;
    let key = text.trim();
    if key.len() < MIN_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong(
            "MAIL_HTTP_KEY",
            "is not a provider's key: it must have 16 visible ASCII characters or more",
        ));
    }
    Ok(key.into())
}

fn wrong(name: &'static str, problem: &str) -> ConfigError {
    ConfigError { name, problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("MAIL_FROM", "School <no-reply@school.example>"),
        ("MAIL_PROVIDER", "http"),
        ("MAIL_HTTP_URL", "https://mail.example/emails"),
        ("MAIL_HTTP_KEY", "re_0123456789abcdef"),
    ];

    fn read(name: &str, value: &str, is_local: bool) -> Result<MailSettings, ConfigError> {
        let get = |asked: &str| {
            if asked == name {
                return Some(value.to_owned());
            }
            GOOD.iter().find(|(known, _)| *known == asked).map(|(_, value)| (*value).to_owned())
        };
        MailSettings::read(&get, is_local)
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_never_shown() {
        assert!(read("", "", false).is_ok());
        for (name, wrong) in [
            ("MAIL_FROM", "nobody"),
            ("MAIL_PROVIDER", "pigeon"),
            ("MAIL_HTTP_URL", "ftp://hunter2.example"),
            ("MAIL_HTTP_URL", "https://me:hunter2@mail.example"),
            ("MAIL_HTTP_URL", "http://mail.example/emails"),
            ("MAIL_HTTP_KEY", "hunter2"),
            ("MAIL_HTTP_KEY", "hunter2 hunter2 hunter2"),
        ] {
            let error = read(name, wrong, false).err().unwrap();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains(wrong));
            assert_eq!(read(name, " ", false).err().unwrap().name, name);
        }
    }

    #[test]
    fn plain_http_is_for_ones_own_machine() {
        assert!(read("MAIL_HTTP_URL", "http://127.0.0.1:9787/emails", true).is_ok());
    }

    #[test]
    fn cloudflare_needs_no_address_and_no_key() {
        let get = |name: &str| match name {
            "MAIL_FROM" => Some("no-reply@school.example".to_owned()),
            "MAIL_PROVIDER" => Some("cloudflare".to_owned()),
            _ => None,
        };
        assert!(matches!(MailSettings::read(&get, false).unwrap().provider, Provider::Cloudflare));
    }
}
