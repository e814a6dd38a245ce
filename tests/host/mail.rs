//! The job that sends a mail: whatever comes twice, fails or dies, a person gets it once.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::domain::ids::MailId;
use toolboxai_edge::jobs::{self, Job, JobError};
use toolboxai_edge::mail::{Letter, Locale, MailJob};
use toolboxai_edge::ports::Jobs;

use crate::support::{PUBLIC_URL, TestApp, token_in};

const ADDRESS: &str = "ada@school.example";
const TOKEN: &str = "abc123";

fn reset(cause: &str) -> Job {
    Job::Mail(MailJob {
        id: MailId::following("password_reset", cause),
        to: ADDRESS.to_owned(),
        display_name: "Ada".to_owned(),
        locale: Locale::En,
        letter: Letter::PasswordReset { link: format!("{PUBLIC_URL}/reset-password#token={TOKEN}") },
    })
}

fn enqueue(app: &TestApp, job: &Job) {
    block_on(app.jobs.send(job.clone())).unwrap();
}

fn retry_after(errors: &[JobError]) -> Vec<u32> {
    errors.iter().map(JobError::retry_after_s).collect()
}

fn mails_in(app: &TestApp, state: &str) -> i64 {
    app.db.number(&format!("select count(*) from mails where state = '{state}'"))
}

fn dead_letters(app: &TestApp) -> i64 {
    app.db.number("select count(*) from dead_letters")
}

/// Lines of the log with this message; no line of it ever holds the address or the link.
fn lines(app: &TestApp, message: &str) -> Vec<Value> {
    let lines: Vec<Value> =
        app.log.0.lock().unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        let text = line.to_string();
        assert!(!text.contains(ADDRESS) && !text.contains(TOKEN), "{text}");
    }
    lines.into_iter().filter(|line| line["message"] == message).collect()
}

#[test]
fn a_mail_goes_from_us_to_the_person_with_its_link() {
    let app = TestApp::new();
    enqueue(&app, &reset("1"));
    assert!(app.run_jobs().is_empty());
    let mail = app.mailer.newest_to(ADDRESS);
    assert_eq!(mail.from.to_string(), "ToolboxAI Edge <no-reply@edge.example>");
    assert_eq!(token_in(&mail), TOKEN);
    assert_eq!(lines(&app, "mail sent").len(), 1);
    assert_eq!(app.db.number("select count(*) from mails where state = 'sent' and sent_at is not null"), 1);
}

#[test]
fn a_job_that_comes_twice_sends_one_mail_and_another_job_another() {
    let app = TestApp::new();
    for cause in ["1", "1", "2"] {
        enqueue(&app, &reset(cause));
    }
    assert!(app.run_jobs().is_empty());
    enqueue(&app, &reset("1"));
    assert!(app.run_jobs().is_empty());
    assert_eq!(app.mailer.to(ADDRESS).len(), 2);
}

#[test]
fn what_fails_for_now_is_tried_again_after_growing_pauses() {
    let app = TestApp::new();
    enqueue(&app, &reset("1"));
    for _ in 0..3 {
        app.mailer.fail_for_now();
    }
    assert_eq!(retry_after(&app.run_jobs()), [5]);
    assert_eq!(mails_in(&app, "waiting"), 1);
    assert_eq!(retry_after(&app.run_jobs()), [30]);
    assert_eq!(retry_after(&app.run_jobs()), [300]);
    assert!(app.mailer.to(ADDRESS).is_empty());
    assert!(app.run_jobs().is_empty());
    assert_eq!(app.mailer.to(ADDRESS).len(), 1);
    assert_eq!(dead_letters(&app), 0);
}

#[test]
fn what_fails_for_good_is_buried_once_with_its_cause_in_the_log_and_no_link_in_the_record() {
    let app = TestApp::new();
    enqueue(&app, &reset("1"));
    app.mailer.fail_for_good();
    assert!(app.run_jobs().is_empty());
    enqueue(&app, &reset("1"));
    assert!(app.run_jobs().is_empty());
    assert!(app.mailer.to(ADDRESS).is_empty());
    assert_eq!((mails_in(&app, "failed"), dead_letters(&app)), (1, 1));
    let given_up = lines(&app, "mail given up");
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0]["cause"], "injected for good");
    let readable = "select count(*) from dead_letters where json_extract(body, '$.type') = 'mail'
        and json_extract(body, '$.to') = 'ada@school.example'
        and json_extract(body, '$.letter.password_reset.link') = 'https://edge.example/reset-password'";
    assert_eq!(app.db.number(readable), 1);
}

#[test]
fn what_is_no_address_is_never_handed_to_a_provider() {
    let app = TestApp::new();
    let Job::Mail(mut mail) = reset("1") else { unreachable!() };
    mail.to = "ada@school.example\r\nBcc: eve@evil.example".to_owned();
    enqueue(&app, &Job::Mail(mail));
    assert!(app.run_jobs().is_empty());
    assert!(app.mailer.sent.lock().unwrap().is_empty());
    assert_eq!(dead_letters(&app), 1);
}

#[test]
fn a_mail_that_was_tried_too_often_becomes_a_dead_letter_and_one_that_was_sent_does_not() {
    let app = TestApp::new();
    let message = serde_json::to_string(&reset("1")).unwrap();
    let bury =
        |app: &Arc<TestApp>, message: &str| block_on(jobs::bury(&app.ports(), jobs::QUEUE, message)).unwrap();
    app.mailer.fail_for_now();
    app.run_job(&message).unwrap_err();
    bury(&app, &message);
    bury(&app, &message);
    assert_eq!((mails_in(&app, "failed"), dead_letters(&app)), (1, 1));
    assert_eq!(app.db.number(&format!("select count(*) from dead_letters where body like '%{TOKEN}%'")), 0);

    let sent = serde_json::to_string(&reset("2")).unwrap();
    app.run_job(&sent).unwrap();
    bury(&app, &sent);
    assert_eq!((mails_in(&app, "sent"), dead_letters(&app)), (1, 1));
}

/// Dies between sending and remembering: the next try waits for the lease, then sends under the same key.
#[test]
fn a_try_that_died_after_sending_is_repeated_under_the_same_key() {
    let app = TestApp::new();
    let message = serde_json::to_string(&reset("1")).unwrap();
    app.db.execute(&format!(
        "insert into mails (id, kind, state, attempts, claimed_until, created_at)
         values ('{}', 'password_reset', 'sending', 1, 1795428060000, 1795428000000)",
        MailId::following("password_reset", "1")
    ));
    let busy = app.run_job(&message).unwrap_err();
    assert_eq!(busy.retry_after_s(), 60);
    assert!(app.mailer.to(ADDRESS).is_empty());
    app.clock.advance(60_000);
    app.run_job(&message).unwrap();
    let key = MailId::following("password_reset", "1");
    assert_eq!(app.mailer.newest_to(ADDRESS).idempotency_key, key.as_str());
}

/// The claim, and what follows the provider's answer: sent, released, buried.
#[test]
fn whichever_write_fails_a_mail_goes_out_under_one_key_or_is_buried_once() {
    let key = MailId::following("password_reset", "1");
    for (failing, outcome) in [(1, "sent"), (2, "sent"), (2, "waiting"), (2, "failed")] {
        let app = TestApp::new();
        let message = serde_json::to_string(&reset("1")).unwrap();
        match outcome {
            "waiting" => app.mailer.fail_for_now(),
            "failed" => (0..2).for_each(|_| app.mailer.fail_for_good()),
            _ => {}
        }
        app.db.fail_nth(failing);
        app.run_job(&message).unwrap_err();
        while app.run_job(&message).is_err() {
            app.clock.advance(30_000);
        }
        let mut keys: Vec<String> =
            app.mailer.to(ADDRESS).into_iter().map(|message| message.idempotency_key).collect();
        keys.dedup();
        let (sent, buried) = if outcome == "failed" { (0, 1) } else { (1, 0) };
        assert_eq!(keys.len(), usize::try_from(sent).unwrap());
        assert!(keys.iter().all(|sent| sent == key.as_str()));
        assert_eq!(
            (mails_in(&app, "sent"), dead_letters(&app)),
            (sent, buried),
            "write {failing}, {outcome}"
        );
    }
}

#[test]
fn after_thirty_days_nothing_of_a_mail_is_left() {
    let app = TestApp::new();
    enqueue(&app, &reset("1"));
    enqueue(&app, &reset("2"));
    app.mailer.fail_for_good();
    assert!(app.run_jobs().is_empty());
    let day_ms = 86_400_000;
    for (days, left) in [(29, (2, 1)), (2, (0, 0))] {
        app.clock.advance(days * day_ms);
        block_on(jobs::tick(&app.ports())).unwrap();
        assert_eq!((app.db.number("select count(*) from mails"), dead_letters(&app)), left);
    }
}

#[test]
fn a_message_that_does_not_read_is_told_by_its_type_and_not_by_its_words() {
    let app = TestApp::new();
    let mut message = serde_json::to_value(reset("1")).unwrap();
    message["letter"]["password_reset"]["link"] = json!(7);
    message["display_name"] = json!({"secret": TOKEN});
    let error = app.run_job(&message.to_string()).unwrap_err().to_string();
    assert_eq!(error, "not a job: Data error in one of type mail");
    let error = app.run_job(ADDRESS).unwrap_err().to_string();
    assert_eq!(error, "not a job: Syntax error in one of type unknown");
}
