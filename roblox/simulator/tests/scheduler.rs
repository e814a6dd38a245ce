//! `task` as Roblox runs it, on a clock that jumps.

mod support;

use support::play;

#[test]
fn waiting_threads_go_on_in_the_order_of_their_time() {
    let log = play(
        "task.delay(2, print, 'second')
         task.delay(1, print, 'first')
         task.delay(2, print, 'third')
         print('now')",
    );
    assert_eq!(log, ["print: now", "print: first", "print: second", "print: third"]);
}

#[test]
fn spawn_runs_at_once_and_defer_after_the_thread_has_yielded() {
    let log = play(
        "task.defer(print, 'deferred')
         task.spawn(print, 'spawned')
         print('here')",
    );
    assert_eq!(log, ["print: spawned", "print: here", "print: deferred"]);
}

#[test]
fn a_wait_returns_how_long_it_took_and_takes_a_frame_at_least() {
    let log = play("print(task.wait(2.5)) print(task.wait() >= 1 / 61)");
    assert_eq!(log, ["print: 2.5", "print: true"]);
}

#[test]
fn a_cancelled_thread_does_not_go_on() {
    let log = play(
        "local delayed = task.delay(1, print, 'never')
         local waiting = task.spawn(function() task.wait(1) print('never') end)
         task.cancel(delayed)
         task.cancel(waiting)
         task.wait(5)
         print('end')",
    );
    assert_eq!(log, ["print: end"]);
}

#[test]
fn a_request_holds_up_no_other_thread() {
    let log = play(
        "task.delay(0.05, print, 'meanwhile')
         game:GetService('HttpService'):RequestAsync({ Url = 'http://class.test/' })
         print('answered')",
    );
    assert_eq!(log, ["print: meanwhile", "print: answered"]);
}

#[test]
fn a_failing_thread_harms_no_other() {
    let log = play(
        "task.spawn(function() error('early') end)
         task.delay(1, function() error('late') end)
         task.wait(2)
         print('still here')",
    );
    assert!(log[0].starts_with("error: ") && log[0].contains("early"), "{log:?}");
    assert!(log[1].starts_with("error: ") && log[1].contains("late"), "{log:?}");
    assert_eq!(log[2], "print: still here");
}

#[test]
fn pcall_reaches_across_a_wait() {
    let log = play("print(pcall(function() task.wait(1) error('caught', 0) end))");
    assert_eq!(log, ["print: false caught"]);
}

#[test]
fn players_come_and_go() {
    let log = play(
        "local players = game:GetService('Players')
         players.PlayerAdded:Connect(function(player) print('came', player.Name, #players:GetPlayers()) end)
         players.PlayerRemoving:Connect(function(player) print('went', player.Name, #players:GetPlayers()) end)
         local ada = { Name = 'Ada' }
         simulation.arrivals.add(ada)
         game:BindToClose(function() task.wait(1) print('closed at', os.clock()) end)
         simulation.shutdown()",
    );
    assert_eq!(log, ["print: came Ada 1", "print: went Ada 1", "print: closed at 1"]);
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let log = play(
        "local function draw(seed)
             local random = Random.new(seed)
             local list = { 1, 2, 3, 4, 5 }
             random:Shuffle(list)
             return table.concat(list) .. random:NextInteger(1, 1000) .. random:NextNumber(2, 3)
         end
         print(draw(5) == draw(5), draw(5) == draw(6))",
    );
    assert_eq!(log, ["print: true false"]);
}

#[test]
fn the_time_of_day_is_the_worlds() {
    let log = play("task.wait(1) print(DateTime.now().UnixTimestampMillis)");
    assert_eq!(log, ["print: 1795000001000"]);
}
