//! Where a person goes after the sign-in: a path of ours and nothing else, else the callback would be an open redirect.

/// Longest path: it lies in a cookie.
const MAX_PATH: usize = 512;

/// The text, if it is a path (with query and fragment) on our own origin, whatever a browser makes of it.
pub fn local_path(text: &str) -> Option<&str> {
    let second = text.as_bytes().get(1).copied();
    let is_local = text.starts_with('/')
        // `//host` and, as browsers read it, `/\host` are other origins.
        && !matches!(second, Some(b'/' | b'\\'))
        && text.len() <= MAX_PATH
        // What RFC 3986 allows: no control character that a browser would drop, no backslash that it would turn.
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/?#".contains(&byte))
        // The API answers programs; a sign-in that returns to its own start would never end.
        && !is_api(text);
    is_local.then_some(text)
}

fn is_api(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    // Dots, and letters that are written as numbers, could lead there on a detour.
    path == "/api" || path.starts_with("/api/") || path.contains("/.") || path.contains('%')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    #[test]
    fn a_path_of_ours_stays_as_it_is() {
        for path in [
            "/",
            "/classes",
            "/classes/cls_1?tab=board#top",
            "/apiary",
            "/a:b@c/d",
            "/search?q=%2F%2Fx&r=//y",
        ] {
            assert_eq!(local_path(path), Some(path));
        }
    }

    #[test]
    fn nothing_leads_to_another_origin() {
        for elsewhere in [
            "",
            "classes",
            "https://evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " /classes",
            "/classes\r\nSet-Cookie: a=b",
            "/classes\\..\\x",
            "/%2F/evil.example",
            "/%5Cevil.example",
            "/.//evil.example",
            "/..//evil.example",
            "javascript:alert(1)",
            "/javascript:\0",
            "/ünicode",
            "/<script>",
            "@evil.example",
            ".evil.example",
        ] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(MAX_PATH))), None);
    }

    #[test]
    fn nothing_leads_into_the_api() {
        for api in ["/api", "/api/", "/api?x", "/api/v1/auth/oidc/google/start", "/x/../api/v1", "/%61pi/v1"]
        {
            assert_eq!(local_path(api), None, "{api:?}");
        }
    }

    proptest! {
        /// By the parser of somebody else: what is taken has a path and neither scheme nor host.
        #[test]
        fn what_is_taken_is_a_path_and_nothing_else(text in r"[/\\a-z.:@%?#\t ]{0,12}") {
            if let Some(path) = local_path(&text) {
                let uri: http::Uri = path.parse().unwrap();
                prop_assert!(uri.scheme().is_none() && uri.authority().is_none());
                prop_assert!(!path.starts_with("//") && !path.contains('\\'));
            }
        }
    }
}
