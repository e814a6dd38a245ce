//! The SDK's README shows a whole server script: it runs as it stands there.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod support;

use simulator::Module;
use support::{Scene, respond_in_luau};

const SCHOOL: Module = Module { path: "@tests/School", source: include_str!("../../sdk/tests/School.luau") };

/// The place in which the script stands: its services, and the experience's own quiz module.
const PLACE: &str = r#"
school = require("@tests/School").open()
quiz = { feedbacks = {} }
function quiz.show(questions, onAnswer)
    onAnswer(school.player(1), questions[1], true, 800)
end
function quiz.feedback(_player, question, result, code)
    table.insert(quiz.feedbacks, question.id .. " " .. tostring(result.correct) .. " " .. tostring(code))
end
function quiz.hide()
    quiz.isHidden = true
end
local byPath = require
function require(what)
    return if what == quiz then quiz else byPath(what)
end
script = { Parent = { Quiz = quiz } }
local services = game.GetService
function game:GetService(name)
    return if name == "ServerScriptService" then { ToolboxAI = "@sdk" } else services(game, name)
end
"#;

#[test]
fn the_readmes_server_script_runs() {
    let readme = include_str!("../../sdk/README.md");
    let script = readme.split("```luau\n").nth(1).unwrap().split("```").next().unwrap();
    let scene = Scene::new(vec![SCHOOL]);
    respond_in_luau(&scene);
    scene.server.lua().load(PLACE).set_name("=place").exec().unwrap();
    scene.server.start("script", script, ()).unwrap();
    let log = scene.play(
        "simulation.arrivals.add(school.player(1))
         school:startSession('q_1')
         task.wait(10)
         school:say('session_ended', { session_id = 'ses_1' })
         task.wait(10)
         print(table.concat(quiz.feedbacks, ', '), quiz.isHidden)
         simulation.shutdown()
         print(#school.applied)",
    );
    assert_eq!(log[0], "print: q_1 true nil true");
    assert_eq!(log[1], "print: 3", "join, answer, leave");
}
