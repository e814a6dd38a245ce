//! When things go wrong between any two lines: evictions, failed writes, D1 away, events in any order.

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use toolboxai_edge::rooms::Room;

use crate::support::{Playing, playing, right_response};

/// Ranks and XP by name: what a class compares. (Seat ids are drawn at random.)
fn board(playing: &Playing) -> Vec<Value> {
    let board = playing.show("/leaderboard?window=session");
    board["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["rank"], item["display_name"], item["xp"], item["points"]]))
        .collect()
}

#[test]
fn a_room_that_was_evicted_knows_everything_again() {
    let mut playing = playing(4);
    let events = playing.answers(4);
    playing.game.sync(&events[..20]);
    let paths = [
        "/leaderboard?window=session",
        "/leaderboard",
        "/results",
        "/seats",
        "/live-sessions",
        "/events?after=0&limit=500",
    ];
    let before: Vec<Value> = paths.iter().map(|path| playing.show(path)).collect();
    playing.app.rooms.evict();
    let after: Vec<Value> = paths.iter().map(|path| playing.show(path)).collect();
    assert_eq!(before, after);
    let again = playing.game.sync(&events);
    let statuses: Vec<&str> = again["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["status"].as_str().unwrap())
        .collect();
    assert!(statuses[..20].iter().all(|status| *status == "duplicate"));
    assert!(statuses[20..].iter().all(|status| *status == "applied"));
}

#[test]
fn a_write_that_fails_in_the_middle_of_a_batch_leaves_nothing_behind() {
    for nth in 1..=6 {
        let mut playing = playing(4);
        let room_key = playing.class["room_key"].as_str().unwrap().to_owned();
        let events = playing.answers(4);
        playing.game.sync(&events[..7]);
        let before = (board(&playing), playing.show("/results"), playing.show("/events?after=0"));
        playing.app.rooms.fail_statement(&room_key, nth);
        playing.game.send(&events[7..14]).problem(503, "unavailable");
        assert_eq!(
            (board(&playing), playing.show("/results"), playing.show("/events?after=0")),
            before,
            "statement {nth}"
        );
        let answer = playing.game.sync(&events[7..14]);
        assert!(
            answer["results"].as_array().unwrap().iter().all(|result| result["status"] == "applied"),
            "statement {nth}"
        );
    }
}

#[test]
fn a_batch_that_comes_twice_counts_once_even_across_an_eviction() {
    let mut playing = playing(3);
    let events = playing.answers(3);
    let first = playing.game.sync(&events);
    playing.app.rooms.evict();
    let second = playing.game.sync(&events);
    let outcomes = |answer: &Value| -> Vec<Value> {
        answer["results"].as_array().unwrap().iter().map(|result| result["result"].clone()).collect()
    };
    assert_eq!(outcomes(&first), outcomes(&second));
    let room_key = playing.class["room_key"].as_str().unwrap();
    assert_eq!(playing.app.rooms.number(room_key, "select count(*) from answers"), 21);
}

#[test]
fn the_ledger_and_the_totals_agree() {
    let mut playing = playing(5);
    let events = playing.answers(5);
    playing.game.sync(&events);
    let differing = "select count(*) from seat_xp where xp <> coalesce((select sum(xp) from xp_ledger where seat_no = seat_xp.no), 0)";
    assert_eq!(playing.app.rooms.number(playing.class["room_key"].as_str().unwrap(), differing), 0);
}

#[test]
fn while_d1_is_away_syncs_go_on_and_the_outbox_drains_later() {
    let mut playing = playing(3);
    let events = playing.answers(3);
    playing.app.db.fail_next(3);
    let mut failures = 0;
    for part in events.chunks(7) {
        let answer = playing.game.sync(part);
        assert!(answer["results"].as_array().unwrap().iter().all(|result| result["status"] == "applied"));
        playing.app.clock.advance(61_000);
        failures += usize::from(!block_on(playing.app.rooms.ring()));
    }
    assert_eq!(failures, 3);
    assert_eq!(playing.app.db.number("select count(*) from session_sheets"), 0);
    playing.app.clock.advance(61_000);
    assert!(block_on(playing.app.rooms.ring()));
    assert_d1_equals_the_room(&playing);
    let room_key = playing.class["room_key"].as_str().unwrap();
    assert_eq!(playing.app.rooms.number(room_key, "select count(*) from outbox"), 0);
}

/// The results from the room, and from D1 alone.
fn assert_d1_equals_the_room(playing: &Playing) {
    use toolboxai_edge::domain::ids::{ClassId, SchoolId, SessionId};
    let class = ClassId::parse(playing.class["id"].as_str().unwrap()).unwrap();
    let session = SessionId::parse(playing.session["id"].as_str().unwrap()).unwrap();
    let school = SchoolId::parse(&format!("sch_{:026}", 1)).unwrap();
    let sheet =
        block_on(toolboxai_edge::storage::reports::sheet(playing.app.db.as_ref(), &school, &class, &session));
    let stored = toolboxai_edge::domain::results::Results::from(sheet.unwrap().unwrap());
    let live = playing.ada.get(&format!("/api/v1/classes/{class}/results?session_id={session}")).expect(200);
    assert_eq!(serde_json::to_value(stored).unwrap(), live);
    let seats = playing
        .app
        .db
        .number(&format!("select count(*) from seats where class_id = '{class}' and status = 'active'"));
    assert_eq!(seats, i64::try_from(live["rows"].as_array().unwrap().len()).unwrap());
}

#[test]
fn a_report_that_arrives_twice_or_late_changes_nothing() {
    use toolboxai_edge::storage::reports;
    let mut playing = playing(2);
    let room_key = playing.class["room_key"].as_str().unwrap().to_owned();
    let events = playing.answers(2);
    playing.game.sync(&events[..3]);
    playing.app.clock.advance(31_000);
    let old = playing.app.rooms.run(&room_key, Room::due).unwrap().unwrap();
    // The room died before D1 answered: it reports again, and more.
    playing.app.rooms.evict();
    playing.game.sync(&events[3..]);
    playing.app.clock.advance(31_000);
    assert!(block_on(playing.app.rooms.ring()));
    assert_d1_equals_the_room(&playing);
    for _ in 0..2 {
        block_on(reports::apply(playing.app.db.as_ref(), &old)).unwrap();
        assert_d1_equals_the_room(&playing);
    }
}

#[test]
fn what_changes_while_a_report_is_on_its_way_is_reported_next() {
    use toolboxai_edge::storage::reports;
    let mut playing = playing(2);
    let room_key = playing.class["room_key"].as_str().unwrap().to_owned();
    let events = playing.answers(2);
    playing.game.sync(&events[..3]);
    playing.app.clock.advance(31_000);
    let report = playing.app.rooms.run(&room_key, Room::due).unwrap().unwrap();
    playing.game.sync(&events[3..]);
    block_on(reports::apply(playing.app.db.as_ref(), &report)).unwrap();
    playing.app.rooms.run(&room_key, |room, ctx| Ok(((), room.reported(ctx, &report, true)?))).unwrap();
    playing.app.clock.advance(31_000);
    assert!(block_on(playing.app.rooms.ring()));
    assert_d1_equals_the_room(&playing);
}

/// One D1 row for many answers: a class of 30 that answers at an ordinary pace, through to the end.
#[test]
fn in_the_steady_state_d1_writes_at_most_a_twentieth_of_a_row_an_answer() {
    let mut playing = playing(30);
    playing.app.clock.advance(31_000);
    block_on(playing.app.rooms.ring());
    let changes = |playing: &Playing| playing.app.db.number("select total_changes()");
    let (before, mut answers) = (changes(&playing), 0);
    for number in 0..7 {
        // Everybody answers one question in 20 seconds.
        for second in 0..20 {
            playing.app.clock.advance(1000);
            let question = playing.quiz["questions"][number].clone();
            let events: Vec<Value> = (1..=30)
                .filter(|user| user % 20 == second % 20)
                .map(|user| playing.game.answer(user, &playing.session, &question, right_response(&question)))
                .collect();
            answers += i64::try_from(events.len()).unwrap();
            playing.game.sync(&events);
            block_on(playing.app.rooms.ring());
        }
    }
    let written = changes(&playing) - before;
    assert_eq!(answers, 210);
    assert!(written * 20 <= answers, "{written} rows for {answers} answers");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the order, the batches, the repeats and the evictions: the same answers give the same board and results.
    #[test]
    fn the_same_set_of_answers_gives_the_same_board_in_whatever_order(
        order in Just((0..28_usize).collect::<Vec<_>>()).prop_shuffle(),
        batch in 1_usize..12,
        repeats in prop::collection::vec(any::<bool>(), 28),
        evictions in prop::collection::vec(any::<bool>(), 28),
    ) {
        let mut reference = playing(4);
        let events = reference.answers(4);
        reference.game.sync(&events);

        let mut shuffled = playing(4);
        let events = shuffled.answers(4);
        for (number, part) in order.chunks(batch).enumerate() {
            let part: Vec<Value> = part.iter().map(|index| events[*index].clone()).collect();
            shuffled.game.sync(&part);
            if repeats[number] {
                shuffled.game.sync(&part);
            }
            if evictions[number] {
                shuffled.app.rooms.evict();
            }
        }
        prop_assert_eq!(board(&reference), board(&shuffled));
    }
}
