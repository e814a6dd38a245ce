//! Pupils at play: the scripts that the simulator runs, against a scripted school and on a clock that jumps.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod support;

use simulator::Module;
use support::{Scene, respond_in_luau};

const SCHOOL: Module = Module { path: "@tests/School", source: include_str!("../../sdk/tests/School.luau") };

/// A quiz with one question of each type, what the author has as right, and a class to play it.
const SCENERY: &str = include_str!("pupils.luau");

/// Plays a scenario until the game server closes.
fn played(scenario: &str) -> Scene {
    let scene = Scene::new(vec![SCHOOL]);
    respond_in_luau(&scene);
    let lua = scene.server.lua();
    let main = lua.load(include_str!("../luau/main.luau")).set_name("=main").into_function().unwrap();
    lua.globals().set("playClass", main).unwrap();
    lua.load(SCENERY).set_name("=scenery").exec().unwrap();
    let to_its_end = format!("{scenario}\nprint('played')");
    scene.server.start("scenario", &to_its_end, ()).unwrap();
    scene.server.run();
    // The class may not be over before the scenario is: what that still asserts would go unsaid.
    assert_eq!(scene.log(), ["print: played"]);
    scene
}

/// Plays a scenario and checks what it left behind.
fn play(scenario: &str, check: &str) {
    if let Err(error) = played(scenario).server.lua().load(check).set_name("=check").exec() {
        panic!("{error}");
    }
}

#[test]
fn every_type_of_question_is_answered_once_by_everybody() {
    play(
        "startQuiz({})
         startClass({ pupils = pupils(10, 0) })",
        "local seen = {}
         for _, answer in applied('answer') do
             local key = answer.player.user_id .. answer.question_id
             assert(not seen[key], 'answered twice')
             seen[key] = true
             assert(isValid[answer.question_id](answer.response), answer.question_id)
             assert(answer.elapsed_ms >= 3000 and answer.elapsed_ms <= 12100)
         end
         assert(#applied('answer') == 70 and #applied('join') == 10 and #applied('leave') == 10)
         assert(count('acknowledged') == 70 and count('submitted') == 70 and count('joined') == 10)
         assert(last().type == 'closed' and last().flushed and last().reason == 'everyone_left')",
    );
}

#[test]
fn an_able_pupil_answers_as_the_author_wrote() {
    play(
        "startQuiz({})
         startClass({ pupils = pupils(3, 1), answers = answers })",
        "local Http = game:GetService('HttpService')
         assert(#applied('answer') == 21)
         for _, answer in applied('answer') do
             local got, right = Http:JSONEncode(answer.response), Http:JSONEncode(rightResponses[answer.question_id])
             assert(got == right, answer.question_id .. ': ' .. got)
         end",
    );
}

#[test]
fn a_wrong_answer_is_tried_again_where_the_session_allows_it() {
    play(
        "school.judge = wrong
         startQuiz({ max_attempts = 2 })
         startClass({ pupils = pupils(10, 1) })",
        "local answers = #applied('answer')
         assert(answers > 75 and answers < 140, answers)",
    );
    play(
        "school.judge = wrong
         startQuiz({ max_attempts = 1 })
         startClass({ pupils = pupils(10, 1) })",
        "assert(#applied('answer') == 70)",
    );
}

#[test]
fn pupils_wait_for_the_session_and_for_each_question_that_the_teacher_opens() {
    play(
        "startClass({ pupils = pupils(5, 0), stay = 'session-end' })
         task.wait(60)
         assert(#applied('join') == 5 and #applied('answer') == 0)
         startQuiz({ pace = 'host', questions = {} })
         task.wait(30)
         assert(#applied('answer') == 0)
         for index, question in questions do
             school:say('question_opened', { session_id = 'ses_1', index = index - 1, question = question })
             task.wait(25)
             assert(#applied('answer') == 5 * index, index)
         end
         assert(#applied('leave') == 0)
         school:say('session_ended', { session_id = 'ses_1' })",
        "assert(#applied('leave') == 5 and last().reason == 'everyone_left')",
    );
}

#[test]
fn pupils_hold_still_while_the_teacher_speaks() {
    play(
        "startQuiz({})
         startClass({ pupils = pupils(8, 0) })
         task.wait(15)
         school:say('session_paused', { session_id = 'ses_1' })
         task.wait(10)
         before = #applied('answer')
         assert(before < 56)
         task.wait(60)
         assert(#applied('answer') == before)
         school:say('class_frozen', { session_id = 'ses_1' })
         school:say('session_resumed', { session_id = 'ses_1' })
         task.wait(60)
         assert(#applied('answer') == before)
         school:say('class_unfrozen', { session_id = 'ses_1' })",
        "assert(#applied('answer') == 56)",
    );
}

#[test]
fn an_answer_that_a_pause_caught_is_given_again() {
    play(
        "local caught = {}
         school.judge = function(event)
             local key = event.type == 'answer' and event.player.user_id .. event.question_id
             if key and not caught[key] then
                 caught[key] = true
                 return { status = 'rejected', code = 'session_paused', detail = '' }
             end
             return nil
         end
         startQuiz({})
         startClass({ pupils = pupils(2, 0) })",
        "assert(count('rejected') == 14 and count('acknowledged') == 14 and #applied('answer') == 14)",
    );
}

#[test]
fn a_pupil_who_must_be_let_in_answers_afterwards() {
    play(
        "school.judge = function(event)
             return if event.type == 'join' then { seat_status = 'pending' } else nil
         end
         startQuiz({})
         startClass({ pupils = pupils(2, 0), stay = 'session-end' })
         task.wait(60)
         assert(#applied('answer') == 0)
         school:say('seat_approved', { seat_id = 'seat_1', user_id = applied('join')[1].player.user_id })
         task.wait(120)
         assert(#applied('answer') == 7)
         school:say('seat_approved', { seat_id = 'seat_2', user_id = applied('join')[2].player.user_id })
         task.wait(120)
         school:say('session_ended', { session_id = 'ses_1' })",
        "assert(#applied('answer') == 14)",
    );
}

#[test]
fn a_pupil_without_a_seat_goes_away() {
    play(
        "school.judge = function(event)
             return if event.type == 'join' then { status = 'rejected', code = 'class_full', detail = '' } else nil
         end
         startQuiz({})
         startClass({ pupils = pupils(3, 0) })",
        "assert(count('rejected') == 3 and count('submitted') == 0 and last().flushed)",
    );
}

#[test]
fn those_who_stay_for_ever_play_one_session_after_the_other() {
    play(
        "startQuiz({})
         startClass({ pupils = pupils(2, 0), stay = 'forever', max_seconds = 400 })
         task.wait(150)
         school:say('session_ended', { session_id = 'ses_1' })
         startQuiz({ session_id = 'ses_2' })",
        "local bySession = {}
         for _, answer in applied('answer') do
             bySession[answer.session_id] = (bySession[answer.session_id] or 0) + 1
         end
         assert(bySession.ses_1 == 14 and bySession.ses_2 == 14)
         assert(count('session_started') == 2 and last().reason == 'max_seconds')",
    );
}

#[test]
fn nothing_is_told_as_acknowledged_before_the_server_said_so() {
    play(
        "startQuiz({})
         startClass({ pupils = pupils(5, 0) })
         task.wait(8)
         -- Applied, but the word of it gets lost; then silence.
         for _ = 1, 6 do
             school:nextReply(function(request)
                 school:sync(request)
                 return { error = 'ConnectionClosed' }
             end)
         end
         task.wait(1)
         local before = count('acknowledged')
         while count('outage') == 0 do task.wait(1) end
         assert(count('acknowledged') == before)",
        "assert(count('acknowledged') == 35 and #applied('answer') == 35)
         assert(count('outage') == 1 and count('recovered') == 1)
         local duplicates = 0
         for _, report in reports do
             if report.status == 'duplicate' then duplicates += 1 end
         end
         assert(duplicates > 0 and duplicates < 35)",
    );
}

#[test]
fn who_is_refused_at_the_door_does_not_wait_for_ever() {
    play(
        "school:failNext(9, { status = 401, json = { code = 'invalid_token', detail = 'revoked' } })
         startClass({ pupils = pupils(3, 0) })",
        "assert(last().reason == 'refused' and not last().flushed and #school.requests == 1)",
    );
}

#[test]
fn the_same_seed_plays_the_same_class() {
    let scenario = "startQuiz({})
        startClass({ pupils = pupils(6, 0.5), answers = answers })";
    let transcript =
        || played(scenario).server.lua().load("return transcript()").eval::<Vec<String>>().unwrap();
    let first = transcript();
    assert_eq!(first.len(), 42);
    assert_eq!(first, transcript());
}
