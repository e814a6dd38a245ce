//! The sample experience's own tests: its server scripts run as they are, in a game server with a scripted school, on a clock
//! that jumps.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod support;

use simulator::Module;

const MODULES: &[Module] = &[
    Module { path: "@tests/School", source: include_str!("../../sdk/tests/School.luau") },
    Module { path: "@tests/Place", source: include_str!("../../experience/tests/Place.luau") },
];

support::tests_of! {
    class,
    super::MODULES,
    "../../experience/tests/class.spec.luau",
    a_code_opens_the_class_for_everybody,
    a_wrong_code_is_told_and_another_may_be_tried,
    codes_cannot_be_guessed_in_a_hurry,
    an_unreachable_server_is_told_and_waited_for,
    a_place_without_its_key_says_so,
    a_code_in_the_places_attributes_needs_nobody,
    a_self_paced_quiz_leads_through_all_types,
    in_host_pace_everybody_waits_for_the_teacher,
    pads_answer_what_has_such_answers,
    what_is_no_answer_is_refused_here,
    a_screen_that_sends_nonsense_harms_nobody,
    a_pupil_whom_the_teacher_has_not_let_in_sees_no_question,
    pause_and_freeze_reach_every_screen,
    time_is_longer_for_who_needs_it,
    settings_are_told_to_nobody_else_and_kept,
    the_trail_is_walked_in_order_and_where_one_really_is,
    who_comes_back_goes_on_where_they_were,
    each_stop_is_told_to_the_school_with_what_was_learnt,
    who_comes_to_another_server_goes_on_where_the_school_says,
    what_was_walked_before_the_class_opened_is_told_once_it_is,
    nothing_is_taken_back_by_what_the_school_says,
    a_checkpoint_that_makes_no_sense_here_is_passed_over,
    a_stop_that_the_school_has_not_heard_of_outlasts_the_server,
    the_board_shows_the_best_as_they_wish_to_be_seen,
    text_of_the_school_is_filtered_before_a_screen_has_it,
    an_announcement_reaches_every_screen_filtered_and_once,
    a_failing_filter_shows_nothing,
    the_schools_badges_are_shown_once,
    everybody_leaves_when_the_server_closes,
    the_place_is_small_enough_for_a_weak_machine,
    a_pupil_who_leaves_is_forgotten,
}
