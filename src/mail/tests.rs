use super::*;

const LINK: &str = "https://edge.example/verify-email#token=abc&x='1'";
const ORIGIN: &str = "https://edge.example";

fn job(display_name: &str, letter: Letter) -> MailJob {
    MailJob {
        id: MailId::following("test", "1"),
        to: "ada@school.example".to_owned(),
        display_name: display_name.to_owned(),
        locale: Locale::En,
        letter,
    }
}

fn message(display_name: &str, letter: Letter) -> Message {
    let from = Mailbox::parse("no-reply@edge.example", PRODUCT).unwrap();
    render(&job(display_name, letter), &from, ORIGIN)
}

/// One of each, with `text` wherever a person chose the words.
fn letters(text: &str) -> Vec<Letter> {
    let (text, link) = (text.to_owned(), LINK.to_owned());
    vec![
        Letter::VerifyEmail { link: link.clone() },
        Letter::AlreadyRegistered {
            sign_in_link: "https://edge.example/sign-in".to_owned(),
            reset_link: link.clone(),
        },
        Letter::PasswordReset { link: link.clone() },
        Letter::PasswordChanged,
        Letter::SessionStolen { device: text.clone(), place: text.clone() },
        Letter::SignInFromNewDevice { device: text.clone(), place: text.clone() },
        Letter::FactorAdded { name: text.clone() },
        Letter::FactorRemoved { name: text.clone() },
        Letter::RecoveryCodeUsed { left: 1 },
        Letter::Invitation {
            school_name: text.clone(),
            inviter_name: text.clone(),
            role: Role::Teacher,
            link,
        },
        Letter::AccountSuspended { school_name: text },
    ]
}

#[test]
fn both_bodies_name_the_product_greet_the_person_and_carry_every_link() {
    for letter in letters("Turing School") {
        let kind = letter.kind();
        let mut links: Vec<String> =
            letter.clone().links_mut().into_iter().map(|link| link.clone()).collect();
        links.push(ORIGIN.to_owned());
        let message = message("Ada Lovelace", letter);
        for link in links {
            assert!(message.text.contains(&link), "{kind}: {}", message.text);
            let href = format!("href=\"{}\"", layout::escape(&link));
            assert!(message.html.contains(&href), "{kind}: {}", message.html);
        }
        for body in [&message.text, &message.html] {
            assert!(body.contains("Hello Ada Lovelace,") && body.contains(PRODUCT), "{kind}: {body}");
        }
        assert!(!message.subject.is_empty() && message.subject.chars().count() < 120, "{kind}");
    }
}

#[test]
fn no_name_can_inject_markup_a_header_or_a_link() {
    let evil = "<script>alert(1)</script>\"' onx=\r\nBcc: eve@evil.example\u{202e} https://evil.example/";
    for letter in letters(evil) {
        let kind = letter.kind();
        let message = message(evil, letter);
        assert!(!message.subject.contains(|c: char| c.is_control()), "{kind}: {:?}", message.subject);
        let html = message.html.to_lowercase();
        assert!(!html.contains("<script") && !html.contains("onx=\""), "{kind}: {html}");
        for body in [&message.text, &message.html, &message.subject] {
            assert!(!body.contains("evil.example") && !body.contains('\u{202e}'), "{kind}: {body}");
        }
        // A line break in a name would forge a paragraph.
        assert!(!message.text.contains("\nBcc"), "{kind}: {}", message.text);
    }
}

#[test]
fn every_tag_of_the_html_is_one_of_ours_and_closed() {
    for letter in letters("</p><img src=x>") {
        let html = message("</body>", letter).html;
        for tag in ["html", "head", "body", "style", "title", "div", "h1", "p", "a"] {
            let opened =
                html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "<{tag}> in {html}");
        }
        assert!(!html.contains("<img"));
    }
}

#[test]
fn a_person_without_a_name_is_greeted_all_the_same() {
    assert!(message(" \n ", Letter::PasswordChanged).text.starts_with("Hello,\n\n"));
}

#[test]
fn the_same_job_gives_the_same_message_under_the_same_key() {
    let (first, second) = (message("Ada", Letter::PasswordChanged), message("Ada", Letter::PasswordChanged));
    assert!(first == second);
    assert_eq!(first.idempotency_key, MailId::following("test", "1").as_str());
}

#[test]
fn a_record_and_a_debug_text_hold_no_token() {
    for letter in letters("x") {
        let job = job("Ada", letter);
        assert!(!format!("{job:?} {:?}", job.letter).contains("token"));
        assert!(!format!("{job:?}").contains("ada@"));
        let record = serde_json::to_string(&job.without_secrets()).unwrap();
        assert!(!record.contains("token="), "{record}");
    }
}

/// Changing these would break what waits in the queue.
#[test]
fn a_waiting_mail_stays_readable() {
    for (letter, json) in letters("x").into_iter().zip([
        r#"{"verify_email":{"link":"L"}}"#,
        r#"{"already_registered":{"sign_in_link":"https://edge.example/sign-in","reset_link":"L"}}"#,
        r#"{"password_reset":{"link":"L"}}"#,
        r#""password_changed""#,
        r#"{"session_stolen":{"device":"x","place":"x"}}"#,
        r#"{"sign_in_from_new_device":{"device":"x","place":"x"}}"#,
        r#"{"factor_added":{"name":"x"}}"#,
        r#"{"factor_removed":{"name":"x"}}"#,
        r#"{"recovery_code_used":{"left":1}}"#,
        r#"{"invitation":{"school_name":"x","inviter_name":"x","role":"teacher","link":"L"}}"#,
        r#"{"account_suspended":{"school_name":"x"}}"#,
    ]) {
        let json = json.replace('L', LINK);
        assert_eq!(serde_json::to_string(&letter).unwrap(), json);
        assert!(serde_json::from_str::<Letter>(&json).unwrap() == letter);
        assert!(json.contains(&format!("\"{}\"", letter.kind())));
    }
}
