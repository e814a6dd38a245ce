//! The SDK's own tests: the Luau files of `roblox/sdk/tests`, each test in a game server of its own, against a scripted
//! server and on a clock that jumps.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod support;

use simulator::Module;

const MODULES: &[Module] =
    &[Module { path: "@tests/School", source: include_str!("../../sdk/tests/School.luau") }];

support::tests_of! {
    session,
    super::MODULES,
    "../../sdk/tests/session.spec.luau",
    the_key_opens_a_session_and_the_token_does_the_rest,
    a_secret_never_enters_a_body,
    a_key_in_plain_text_is_refused,
    a_misspelt_address_is_refused,
    an_expired_token_is_renewed_and_the_call_repeated,
    a_token_is_renewed_before_it_ends,
    a_new_token_that_is_refused_too_is_an_outage,
    a_closed_code_is_told_and_tried_again_later,
    another_class_begins_at_the_start_of_its_messages,
    the_servers_own_address_for_syncs_is_used,
}

support::tests_of! {
    sync,
    super::MODULES,
    "../../sdk/tests/sync.spec.luau",
    events_arrive_in_their_order,
    an_event_has_what_the_contract_asks_for,
    ids_are_unique_and_of_the_letters_that_are_allowed,
    a_large_user_id_keeps_its_digits,
    the_server_sets_the_pace,
    no_pace_makes_a_server_run_into_roblox_limits,
    one_request_is_under_way_at_a_time,
    a_call_takes_two_hundred_events_at_most,
    a_call_takes_256_kilobytes_at_most,
    an_event_that_is_far_too_large_is_not_even_queued,
    an_outage_replays_in_order_under_the_same_ids,
    an_answer_whose_acknowledgement_got_lost_counts_once,
    a_repetition_is_the_same_to_the_byte,
    retry_after_is_respected,
    the_back_off_doubles_up_to_its_ceiling,
    servers_that_failed_together_come_back_apart,
    an_event_that_cannot_be_read_is_found_and_turned_away_alone,
    a_rejected_event_tells_its_code,
    an_event_without_a_result_is_sent_again,
    an_answer_that_is_not_json_is_an_outage,
    an_answer_of_unforeseen_shape_does_not_end_the_loop,
}

support::tests_of! {
    queue,
    super::MODULES,
    "../../sdk/tests/queue.spec.luau",
    the_queue_is_bounded_and_says_so,
    the_oldest_progress_makes_room_first,
    what_is_under_way_is_not_displaced,
    what_did_not_get_through_can_make_room_again,
    an_outage_longer_than_the_queue_loses_nothing_that_was_taken_in,
    stop_sends_what_is_left_and_lets_everybody_leave,
    stop_gives_up_at_its_deadline_and_says_so,
    stop_outlasts_a_short_outage,
    stopping_twice_and_before_the_start_does_no_harm,
}

support::tests_of! {
    class,
    super::MODULES,
    "../../sdk/tests/class.spec.luau",
    joining_twice_is_joining_once,
    an_answer_comes_back_by_await_callback_and_signal,
    a_self_paced_session_brings_its_questions,
    questions_open_one_by_one_in_host_pace,
    pause_freeze_and_end_are_told,
    the_same_session_told_again_starts_nothing,
    an_answer_without_a_session_is_rejected_at_once,
    numbers_that_are_no_json_spoil_nobodys_call,
    seats_and_the_class_are_told,
    a_message_of_a_later_version_is_passed_on,
    a_handler_that_fails_harms_nobody,
    signals_disconnect_fire_once_and_can_be_waited_for,
    players_are_followed_when_asked_for,
}

support::tests_of! {
    journal,
    super::MODULES,
    "../../sdk/tests/journal.spec.luau",
    what_is_queued_stands_in_the_journal_within_seconds,
    what_the_server_has_leaves_the_journal,
    a_server_without_anything_to_send_writes_nothing,
    the_journal_of_a_dead_server_is_sent_in_order_under_its_ids,
    a_living_servers_journal_is_left_alone_until_it_is_silent,
    what_was_taken_over_stands_in_the_new_journal_before_the_old_one_goes,
    a_pupil_who_came_back_is_not_sent_away_by_the_journal,
    journals_of_other_classes_are_none_of_our_business,
    what_is_no_journal_harms_nobody,
    a_store_that_fails_is_told_once_and_tried_again,
    a_write_under_way_does_not_overtake_the_last_word,
    a_write_under_way_leaves_nothing_behind_once_all_was_sent,
    without_access_to_data_stores_the_class_goes_on,
    what_cannot_be_sent_at_the_end_is_left_for_the_next_server,
    a_long_outage_stays_within_the_budget,
    a_nudge_brings_the_next_sync_at_once,
    many_nudges_are_a_sync_a_second_at_most,
    a_nudge_does_not_hurry_a_back_off,
}

support::tests_of! {
    state,
    super::MODULES,
    "../../sdk/tests/state.spec.luau",
    a_pupils_question_is_the_first_that_is_not_finished,
    one_answer_at_a_time_and_no_more_than_allowed,
    a_question_that_another_server_has_an_answer_to_is_finished,
    in_host_pace_the_last_question_is_the_open_one,
    results_stay_until_the_next_quiz_begins,
    equal_points_are_equal_ranks,
    the_board_starts_anew_with_a_quiz_and_keeps_xp,
    settings_take_only_what_they_know,
    an_alias_is_the_same_for_a_class_and_another_elsewhere,
    settings_and_checkpoints_are_kept_between_lessons,
    a_change_before_the_record_was_read_keeps_the_rest_of_it,
    a_record_that_could_not_be_read_is_not_overwritten,
    text_is_filtered_once_and_kept,
    text_that_many_ask_for_at_once_is_filtered_once,
    text_that_cannot_be_filtered_is_not_shown,
    a_question_is_filtered_in_all_its_parts,
    the_filters_memory_is_bounded,
}

support::tests_of! {
    records,
    super::MODULES,
    "../../sdk/tests/records.spec.luau",
    a_report_and_a_checkpoint_are_sent_as_the_contract_says,
    who_reports_nothing_asks_for_nothing,
    a_report_waits_until_the_pupil_is_in_the_class,
    records_that_fail_for_a_while_are_sent_again_and_hold_up_no_answer,
    a_retry_after_is_respected_for_records_too,
    a_token_that_ended_is_renewed_and_the_report_repeated,
    a_report_that_the_school_does_not_want_says_why,
    reports_of_a_dead_server_are_sent_by_the_next_one_under_their_ids,
    what_could_not_be_reported_stands_in_the_journal,
    what_the_school_knows_of_a_pupil_comes_back,
    a_question_waits_for_the_end_of_an_outage_and_of_the_client,
    the_game_is_the_one_of_this_place,
    a_place_that_is_no_game_says_so_and_becomes_one_when_the_teacher_makes_it,
    texts_are_cut_between_characters,
    a_whole_class_at_a_checkpoint_does_not_keep_an_answer_waiting,
}
