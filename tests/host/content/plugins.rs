//! What Studio plugins ask for: the payloads of the old plugin as it sent them.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::domain::ids::{PluginId, SchoolId, UserId};
use toolboxai_edge::domain::plugin::{Capability, PluginClaims, Registration, RegistryName};
use toolboxai_edge::model::ModelError;
use toolboxai_edge::plugins::{Owner, RegistryAnswer, RegistryOp};
use toolboxai_edge::ports::{Clock, Plugins};

use crate::support::{Actor, TestApp};

/// A plugin of the first school's first teacher, with these capabilities.
fn paired(app: &Arc<TestApp>, capabilities: &[Capability]) -> Actor {
    let plugin_id = PluginId::new(app.clock.now(), app.entropy.as_ref());
    let school_id = SchoolId::parse(&format!("sch_{:026}", 1)).unwrap();
    let user_id = UserId::parse(&format!("usr_{:026}", 0)).unwrap();
    let registration = Registration {
        studio_id: "studio-1".to_owned(),
        place_id: None,
        port: 64_989,
        version: "1.1.0".to_owned(),
        studio_user_id: None,
        features: Vec::new(),
        connection_preferences: None,
    };
    let owner = Owner { user_id: user_id.clone(), capabilities: capabilities.to_vec() };
    let registry = RegistryName::school(&school_id);
    let op = RegistryOp::Adopt { plugin_id: plugin_id.clone(), registration, owner };
    let RegistryAnswer::Registered(standing) = block_on(app.plugins.call(registry.clone(), op)).unwrap()
    else {
        panic!("not adopted")
    };
    let claims = PluginClaims {
        plugin_id,
        registry,
        school_id: Some(school_id),
        user_id: Some(user_id),
        capabilities: capabilities.to_vec(),
        generation: standing.generation,
    };
    app.with_token(&app.config.plugin_keys.sign(&claims, app.clock.now(), 3600).unwrap())
}

fn generating(app: &Arc<TestApp>) -> Actor {
    paired(app, &[Capability::ContentGenerate])
}

fn names(made: &Value) -> Vec<&str> {
    made["scripts"].as_array().unwrap().iter().map(|script| script["name"].as_str().unwrap()).collect()
}

/// Section 5.1: what the plugin sends to the API, and 1.2: what it sends to the bridge.
#[test]
fn the_old_plugins_request_makes_a_lesson_on_every_route_that_it_knows() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let request = json!({"subject": "Mathematics", "grade_level": 5, "learning_objectives": ["Add fractions", "Compare fractions"],
        "environment_type": "classroom", "include_quiz": true, "plugin_id": "old", "studio_id": "studio-1"});
    let mut ids = Vec::new();
    for route in [
        "/generate_content",
        "/generate_simple_content",
        "/plugin/content/generate",
        "/api/v1/plugins/content/generate",
    ] {
        let made = plugin.post(route, &request).expect(200);
        assert_eq!((&made["success"], &made["status"]), (&json!(true), &json!("success")), "{route}");
        assert_eq!(names(&made), ["Terrain", "Board", "Quiz", "QuizUi"]);
        assert_eq!(made["quiz"]["questions"].as_array().unwrap().len(), 5);
        ids.push(made["content_id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "the same request is the same content");
    assert_eq!(app.model.briefs.lock().unwrap().len(), 1, "made once");
}

#[test]
fn a_request_without_fields_has_the_old_defaults() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let lesson = plugin.post("/generate_simple_content", &json!({})).expect(200);
    assert_eq!(lesson["quiz"]["grade_level"], 5);
    let terrain = plugin.post("/generate_terrain", &json!({})).expect(200)["terrain"].clone();
    assert_eq!(
        (&terrain["theme"], &terrain["size"], &terrain["biome"], &terrain["studs"]),
        (&json!("forest"), &json!("medium"), &json!("temperate"), &json!(500))
    );
    let quiz = plugin.post("/generate_quiz", &json!({})).expect(200)["quiz"].clone();
    assert_eq!((&quiz["subject"], quiz["questions"].as_array().unwrap().len()), (&json!("Mathematics"), 5));
    let script = plugin.post("/generate_script", &json!({})).expect(200);
    assert_eq!(names(&script), ["QuizUi"]);
    assert_eq!(script["script"], script["scripts"][0]["content"]);
}

#[test]
fn terrain_is_as_large_as_its_size_says() {
    let app = TestApp::new();
    let plugin = generating(&app);
    for (size, studs) in [("small", 200), ("medium", 500), ("large", 1000), ("xlarge", 2000)] {
        let request = json!({"theme": "ocean", "size": size, "biome": "tropical", "features": ["island", "volcano"],
            "educational_context": {"subject": "Science"}});
        for route in ["/generate_terrain", "/api/v1/plugins/content/terrain"] {
            let made = plugin.post(route, &request).expect(200);
            assert_eq!(made["terrain"]["studs"], studs);
            assert!(made["content"]["notes"][0].as_str().unwrap().contains("“island” is not known"));
        }
    }
}

#[test]
fn a_quiz_may_be_asked_for_by_the_query_as_the_old_dashboard_did() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let query = "subject=Mathematics&topic=Linear+equations&difficulty=expert&num_questions=3&grade_level=8";
    let by_query = plugin.request("POST", &format!("/generate_quiz?{query}"), &[], None).expect(200);
    let body = json!({"subject": "Mathematics", "topic": "Linear equations", "difficulty": "advanced", "num_questions": 3, "grade_level": 8});
    let by_body = plugin.post("/api/v1/plugins/content/quiz", &body).expect(200);
    assert_eq!(by_query["quiz"], by_body["quiz"]);
    assert_eq!(by_query["quiz"]["questions"].as_array().unwrap().len(), 3);
}

/// Section 1.2, `/generate_script`: its parameters went into the script as they were.
#[test]
fn parameters_of_a_script_stay_data() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let evil = "\"]] os.exit() --";
    for (kind, name) in
        [("quiz_ui", "QuizUi"), ("terrain_generator", "Terrain"), ("npc_controller", "NpcController")]
    {
        let request =
            json!({"script_type": kind, "parameters": {"title": evil, "lines": [evil], "walk_speed": 12}});
        for route in ["/generate_script", "/api/v1/plugins/content/script"] {
            let made = plugin.post(route, &request).expect(200);
            assert_eq!(names(&made), [name]);
            assert!(!made["script"].as_str().unwrap().contains(evil));
        }
    }
    plugin.post("/generate_script", &json!({"script_type": "virus"})).problem(422, "invalid");
}

#[test]
fn script_templates_are_files_to_keep() {
    let app = TestApp::new();
    let plugin = paired(&app, &[Capability::ScriptRead]);
    for kind in ["quiz", "terrain", "ui"] {
        for route in ["/script", "/api/v1/plugins/content/scripts"] {
            let reply = plugin.get(&format!("{route}/{kind}"));
            assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
            let name = format!("attachment; filename=\"{kind}_template.lua\"");
            assert_eq!(reply.headers["content-disposition"], name.as_str());
            assert!(reply.text.starts_with("--!strict\n"), "{}", reply.text);
        }
    }
    let problem = plugin.get("/script/virus").problem(404, "not_found");
    assert_eq!((&problem["success"], problem["error"].is_string()), (&json!(false), true));
}

#[test]
fn each_route_wants_its_capability() {
    let app = TestApp::new();
    let (generating, reading) = (generating(&app), paired(&app, &[Capability::ScriptRead]));
    reading.post("/generate_quiz", &json!({})).problem(403, "forbidden");
    reading
        .post("/plugin/trigger-agents", &json!({"event_type": "content_request"}))
        .problem(403, "forbidden");
    generating.get("/script/quiz").problem(403, "forbidden");
    app.anonymous().post("/generate_quiz", &json!({})).problem(401, "unauthenticated");
    app.sign_in("ada").post("/generate_quiz", &json!({})).problem(401, "invalid_token");
}

/// Section 1.4: the bridge answered with 500, and named the first fault alone.
#[test]
fn all_faults_are_told_at_once_with_the_members_that_old_plugins_know() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let request = json!({"subject": "x".repeat(51), "grade_level": 0, "environment_type": "a-b", "difficulty_level": "impossible",
        "learning_objectives": ["x".repeat(201)], "include_quiz": 1});
    let problem = plugin.post("/generate_simple_content", &request).problem(422, "invalid");
    assert_eq!((&problem["success"], problem["errors"].as_array().unwrap().len()), (&json!(false), 6));
    assert!(problem["error"].is_string() && problem["message"].is_string());
}

#[test]
fn what_fails_upstream_is_never_a_200() {
    let app = TestApp::new();
    let plugin = generating(&app);
    *app.model.fails.lock().unwrap() = Some(ModelError::Upstream("broken".to_owned()));
    assert_eq!(plugin.post("/generate_quiz", &json!({})).problem(502, "upstream_failed")["success"], false);
    *app.model.fails.lock().unwrap() = Some(ModelError::Unavailable("down".to_owned()));
    plugin.post("/generate_quiz", &json!({})).problem(503, "unavailable");
}

fn messages(plugin: &Actor) -> Vec<Value> {
    let polled = plugin.post("/plugin/messages", &json!({"last_message_id": 0})).expect(200);
    polled["messages"].as_array().unwrap().clone()
}

#[test]
fn triggered_content_comes_as_a_message_once() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let request = json!({"event_type": "terrain_creation", "config": {"theme": "desert", "size": "small"}, "context": {}, "request_id": "r1"});
    for route in ["/plugin/trigger-agents", "/api/v1/plugins/content/trigger"] {
        let accepted = plugin.post(route, &request).expect(202);
        assert_eq!((&accepted["status"], &accepted["request_id"]), (&json!("accepted"), &json!("r1")));
    }
    let got = messages(&plugin);
    assert_eq!(got.len(), 1, "the same request is told once");
    assert_eq!((&got[0]["type"], &got[0]["data"]["request_id"]), (&json!("content_ready"), &json!("r1")));
    assert_eq!(got[0]["data"]["response"]["terrain"]["theme"], "desert");
}

/// Then the message says how to get it.
#[test]
fn what_is_too_large_for_a_message_is_got_by_the_same_request() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let config = json!({"learning_objectives": ["Add fractions"], "num_questions": 40});
    plugin
        .post("/plugin/trigger-agents", &json!({"event_type": "content_request", "config": config}))
        .expect(202);
    let got = messages(&plugin).remove(0);
    assert_eq!((&got["type"], &got["data"]["response"]), (&json!("content_ready"), &Value::Null));
    let made = plugin.post(got["data"]["endpoint"].as_str().unwrap(), &config).expect(200);
    assert_eq!(made["content_id"], got["data"]["content_id"]);
    assert_eq!(made["content"]["seed"], got["data"]["seed"]);
}

#[test]
fn a_trigger_that_cannot_be_met_is_told_as_an_error_and_a_wrong_one_is_refused_at_once() {
    let app = TestApp::new();
    let plugin = generating(&app);
    let history = json!({"event_type": "quiz_generation", "config": {"subject": "History"}});
    plugin.post("/plugin/trigger-agents", &history).expect(202);
    let got = messages(&plugin).remove(0);
    assert_eq!((&got["type"], &got["data"]["code"]), (&json!("error"), &json!("content_refused")));
    assert!(got["data"]["message"].as_str().unwrap().contains("knows nothing of History"));
    let wrong = json!({"event_type": "quiz_generation", "config": {"grade_level": 0}});
    let problem = plugin.post("/plugin/trigger-agents", &wrong).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/config/grade_level");
    let unknown = json!({"event_type": "ci_cd_trigger"});
    let problem = plugin.post("/plugin/trigger-agents", &unknown).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/event_type");
}
