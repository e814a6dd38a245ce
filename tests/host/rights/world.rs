//! Two schools with something of everything in the first, and everybody who might come.

use std::cell::Cell;
use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::domain::ids::{SchoolId, SignInId, UserId};
use toolboxai_edge::domain::revocation::Revocation;
use toolboxai_edge::domain::time::Timestamp;
use toolboxai_edge::domain::tokens::sha256_hex;
use toolboxai_edge::domain::user::{Identity, Role, STEP_UP_S};
use toolboxai_edge::ports::{Clock, Revocations};

use crate::support::{
    Actor, GAME_KEY, Game, OPERATOR_KEY, OTHER_GAME_KEY, ScriptedProvider, TestApp, fractions,
};

/// Who comes: the columns of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    Parent,
    Student,
    /// Whose everything is.
    Teacher,
    /// Who runs the class beside its owner.
    CoTeacher,
    /// Another teacher of the same school.
    Colleague,
    Admin,
    /// The teacher, at a school that wants a second factor, without one.
    Factorless,
    OtherTeacher,
    OtherAdmin,
    GameToken,
    GameKey,
    OtherGameKey,
    /// An integration's key with all scopes.
    IntegrationKey,
    OtherIntegrationKey,
    OperatorKey,
    /// The teacher's Studio plugin, with all capabilities.
    Plugin,
    OtherPlugin,
    /// A plugin that nobody has paired.
    UnpairedPlugin,
}

/// Everybody, in the order of the columns.
pub const CALLERS: [Caller; 19] = [
    Caller::Anonymous,
    Caller::Parent,
    Caller::Student,
    Caller::Teacher,
    Caller::CoTeacher,
    Caller::Colleague,
    Caller::Admin,
    Caller::Factorless,
    Caller::OtherTeacher,
    Caller::OtherAdmin,
    Caller::GameToken,
    Caller::GameKey,
    Caller::OtherGameKey,
    Caller::IntegrationKey,
    Caller::OtherIntegrationKey,
    Caller::OperatorKey,
    Caller::Plugin,
    Caller::OtherPlugin,
    Caller::UnpairedPlugin,
];

impl Caller {
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Parent => "parent",
            Self::Student => "student",
            Self::Teacher => "teacher",
            Self::CoTeacher => "co_teacher",
            Self::Colleague => "colleague",
            Self::Admin => "admin",
            Self::Factorless => "teacher_without_factor",
            Self::OtherTeacher => "other_school_teacher",
            Self::OtherAdmin => "other_school_admin",
            Self::GameToken => "game_token",
            Self::GameKey => "game_key",
            Self::OtherGameKey => "other_school_game_key",
            Self::IntegrationKey => "integration_key",
            Self::OtherIntegrationKey => "other_school_integration_key",
            Self::OperatorKey => "operator_key",
            Self::Plugin => "plugin_token",
            Self::OtherPlugin => "other_school_plugin_token",
            Self::UnpairedPlugin => "unpaired_plugin_token",
        }
    }

    /// The security scheme of what they bring.
    pub fn scheme(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::GameToken => Some("game_token"),
            Self::GameKey | Self::OtherGameKey => Some("game_key"),
            Self::IntegrationKey | Self::OtherIntegrationKey => Some("integration_key"),
            Self::OperatorKey => Some("operator_key"),
            Self::Plugin | Self::OtherPlugin | Self::UnpairedPlugin => Some("plugin_token"),
            _ => Some("access_token"),
        }
    }

    /// Whether they come from the second school.
    pub fn is_elsewhere(self) -> bool {
        matches!(
            self,
            Self::OtherTeacher
                | Self::OtherAdmin
                | Self::OtherGameKey
                | Self::OtherIntegrationKey
                | Self::OtherPlugin
        )
    }

    pub fn is_person(self) -> bool {
        self.scheme() == Some("access_token")
    }

    /// Number, school and role of a person.
    fn person(self) -> Option<(u32, u32, Role)> {
        Some(match self {
            Self::Teacher | Self::Factorless => (0, 1, Role::Teacher),
            Self::Colleague => (1, 1, Role::Teacher),
            Self::Admin => (2, 1, Role::Admin),
            Self::Parent => (3, 1, Role::Parent),
            Self::OtherTeacher => (4, 2, Role::Teacher),
            Self::Student => (901, 1, Role::Student),
            Self::OtherAdmin => (902, 2, Role::Admin),
            Self::CoTeacher => (903, 1, Role::Teacher),
            _ => return None,
        })
    }
}

/// The teacher's account at another provider.
const IDENTITY_ID: &str = "idn_00000000000000000000000001";

/// The keys of an integration of each school.
const INTEGRATION_KEYS: [&str; 2] = ["ik_first", "ik_second"];
/// The first one's id.
const INTEGRATION_KEY_ID: &str = "gk_00000000000000000000000901";
const INVITATION_ID: &str = "inv_00000000000000000000000001";
const CONNECTION_ID: &str = "con_00000000000000000000000001";
/// A webhook of the class.
const WEBHOOK_ID: &str = "whk_00000000000000000000000001";
/// The parent's link to the pupil.
const LINK_ID: &str = "gdn_00000000000000000000000001";

/// Both schools.
pub struct World {
    pub app: Arc<TestApp>,
    class: Value,
    quiz: Value,
    session: Value,
    game: Value,
    content: Value,
    deployment: Value,
    factor_id: String,
    seat_id: String,
    notification_id: String,
    /// For a parent.
    pub guardian_code: String,
    game_token: String,
    /// The teacher's, the other school's teacher's, and one that nobody has paired.
    plugins: [Value; 3],
    plugin_session_id: String,
    issued_at: Timestamp,
    next_address: Cell<u32>,
}

fn school(number: u32) -> String {
    format!("sch_{number:026}")
}

fn user(number: u32) -> String {
    format!("usr_{number:026}")
}

/// The sign-in of a person.
fn sign_in(number: u32) -> String {
    format!("sid_{number:026}")
}

impl World {
    pub fn new() -> Self {
        let app = TestApp::new();
        for (number, school_no, role) in [(901, 1, "student"), (902, 2, "admin"), (903, 1, "teacher")] {
            app.db.execute(&format!(
                "insert into users (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
                 select '{}', '{}', '{number}@school.example', 'n{number}', '{role}', password_hash, 0, 0
                 from users limit 1",
                user(number),
                school(school_no)
            ));
        }
        // A version of the settings that one can go back to.
        let change = json!({"cache_ttl": 60});
        app.with_token(OPERATOR_KEY).post("/config", &change).expect(200);
        let issued_at = app.clock.now();
        for caller in CALLERS.into_iter().filter(|caller| *caller != Caller::Factorless) {
            let Some((number, school_no, _)) = caller.person() else { continue };
            let now = issued_at.as_millis();
            app.db.execute(&format!(
                "insert into sessions
                     (id, school_id, user_id, device, created_at, authenticated_at, last_used_at, expires_at)
                 values ('{}', '{}', '{}', 'Device', {now}, {now}, {now}, {now} + 86400000)",
                sign_in(number),
                school(school_no),
                user(number)
            ));
        }
        let mut world = Self {
            app,
            class: Value::Null,
            quiz: Value::Null,
            session: Value::Null,
            game: Value::Null,
            content: Value::Null,
            deployment: Value::Null,
            factor_id: String::new(),
            seat_id: String::new(),
            notification_id: String::new(),
            guardian_code: String::new(),
            game_token: String::new(),
            plugins: Default::default(),
            plugin_session_id: String::new(),
            issued_at,
            next_address: Cell::new(0),
        };
        world.furnish();
        world
    }

    /// Something of everything, all of it the teacher's.
    fn furnish(&mut self) {
        ScriptedProvider::of(&self.app);
        let teacher = self.actor(Caller::Teacher, true);
        let class =
            json!({"name": "5a", "subject": "Mathematics", "grade_level": 5, "join_policy": "approval"});
        self.class = teacher.post("/api/v1/classes", &class).expect(201);
        self.quiz = teacher.make_quiz(&fractions());
        // Not confirmed, so that signing in asks for none.
        let factor = teacher.post("/api/v1/auth/factors/totp", &json!({"name": "Phone"})).expect(201);
        factor["id"].as_str().unwrap().clone_into(&mut self.factor_id);
        self.session = teacher.make_session(&self.class, &self.quiz, "self");
        let game =
            json!({"title": "Space", "subject": "Science", "grade_level": 5, "class_id": self.class["id"]});
        self.game = teacher.post("/api/v1/roblox/games", &game).expect(201);
        let content = json!({"kind": "lesson", "title": "Orbit", "subject": "Science", "grade_level": 5, "status": "ready"});
        self.content = teacher.post("/api/v1/roblox/content", &content).expect(201);
        let deployment = json!({"content_id": self.content["id"], "game_id": self.game["id"]});
        self.deployment = teacher.post("/api/v1/roblox/content/deploy", &deployment).expect(202);
        assert!(self.app.run_jobs().is_empty());
        let mut game = Game::open(&self.app, &self.class, "job");
        let join = game.join(1);
        game.sync(&[join]);
        self.game_token = game.server.token.unwrap();
        self.app.clock.advance(1000);
        assert!(block_on(self.app.rooms.ring()));
        self.issued_at = self.app.clock.now();
        let inbox = teacher.get("/api/v1/notifications").expect(200);
        inbox["items"][0]["id"].as_str().unwrap().clone_into(&mut self.notification_id);
        inbox["items"][0]["seat_id"].as_str().unwrap().clone_into(&mut self.seat_id);
        self.insert_rows();
        self.plugins = ["teacher", "other", "unpaired"].map(|name| {
            let body = json!({"studio_id": format!("studio-{name}")});
            self.app.anonymous().post("/register_plugin", &body).expect(200)
        });
        for (at, owner) in [Caller::Teacher, Caller::OtherTeacher].into_iter().enumerate() {
            let code = json!({"user_code": self.plugins[at]["pairing"]["user_code"]});
            self.actor(owner, true).post("/api/v1/plugins/pairings/approve", &code).expect(200);
            let plugin = self.app.with_token(self.plugins[at]["token"].as_str().unwrap());
            self.plugins[at] = plugin.post("/api/v1/plugins/refresh", &json!({})).expect(200);
        }
        let session = self.actor(Caller::Plugin, true).post("/plugin/session/start", &json!({})).expect(200);
        session["session_id"].as_str().unwrap().clone_into(&mut self.plugin_session_id);
        let class = self.class["id"].as_str().unwrap();
        let path = format!("/api/v1/classes/{class}/seats/{}/guardian-code", self.seat_id);
        let code = teacher.post(&path, &json!({})).expect(201);
        code["code"].as_str().unwrap().clone_into(&mut self.guardian_code);
    }

    /// What would take a mail, another person or another provider to make.
    fn insert_rows(&self) {
        let (school, teacher, co_teacher, parent) = (school(1), user(0), user(903), user(3));
        let (class, seat) = (self.class["id"].as_str().unwrap(), &self.seat_id);
        let game = self.game["id"].as_str().unwrap();
        let later = self.app.clock.now().as_millis() + 86_400_000;
        for (number, key) in (1..).zip(INTEGRATION_KEYS) {
            self.app.db.execute(&format!(
                r#"insert into game_keys (id, school_id, name, key_hash, created_at, kind, scopes)
                values ('gk_{:026}', '{}', 'Sheet', '{}', 0, 'integration',
                    '["classes:read","results:read","quizzes:read","audit:read"]')"#,
                900 + number,
                self::school(number),
                sha256_hex(key)
            ));
        }
        self.app.db.execute(&format!(
            "insert into identities (id, school_id, user_id, issuer, subject, provider, created_at)
             values ('{IDENTITY_ID}', '{school}', '{teacher}', 'https://op.example', 'ada', 'google', 0);
             insert into class_teachers (class_id, user_id, school_id, added_at)
             values ('{class}', '{co_teacher}', '{school}', 0);
             insert into invitations (id, school_id, token_hash, email, role, class_id, invited_by, created_at, expires_at)
             values ('{INVITATION_ID}', '{school}', 'hash', 'who@school.example', 'teacher', '{class}', '{teacher}', 0, {later});
             insert into guardians
                 (id, school_id, class_id, seat_id, display_name, user_school_id, user_id, created_at)
             values ('{LINK_ID}', '{school}', '{class}', '{seat}', 'Pupil 01', '{school}', '{parent}', 0);
             insert into roblox_connections (id, school_id, universe_id, kid, api_key, last_four, created_by, created_at)
             values ('{CONNECTION_ID}', '{school}', '1', 'k1', 'AAAA', 'AAAA', '{teacher}', 0);
             insert into roblox_progress (game_id, seat_id, school_id, class_id, percent, time_spent_s, objectives, data,
                 reported_at, updated_at)
             values ('{game}', '{seat}', '{school}', '{class}', 1, 0, '[]', '{{}}', 0, 0);
             insert into webhooks (id, school_id, class_id, url, events, created_by, created_at)
             values ('{WEBHOOK_ID}', '{school}', '{class}', 'https://hooks.example/', '[]', '{teacher}', 0)"
        ));
    }

    /// The id that belongs into a path, a query or a body, by its name and the segment before it. Nothing where the name is
    /// none of an id.
    pub fn id(&self, segment: &str, name: &str) -> Option<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Some(match (segment, name) {
            ("sessions", "session_id") => sign_in(0),
            (_, "school_id") => school(1),
            (_, "class_id") => text(&self.class["id"]),
            (_, "class_code") => text(&self.class["join_code"]),
            (_, "room_key" | "app_key") => text(&self.class["room_key"]),
            (_, "quiz_id") => text(&self.quiz["id"]),
            (_, "session_id") => text(&self.session["id"]),
            (_, "content_id") => text(&self.content["id"]),
            (_, "deployment_id") => text(&self.deployment["id"]),
            (_, "game_id") => text(&self.game["id"]),
            (_, "connection_id") => CONNECTION_ID.to_owned(),
            (_, "factor_id") => self.factor_id.clone(),
            (_, "seat_id" | "student_id") => self.seat_id.clone(),
            (_, "notification_id") => self.notification_id.clone(),
            ("teachers", "user_id") => user(903),
            (_, "user_id") => user(0),
            (_, "key_id") => INTEGRATION_KEY_ID.to_owned(),
            (_, "invitation_id") => INVITATION_ID.to_owned(),
            (_, "link_id") => LINK_ID.to_owned(),
            (_, "plugin_id") => text(&self.plugins[0]["plugin_id"]),
            (_, "plugin_session_id") => self.plugin_session_id.clone(),
            (_, "identity_id") => IDENTITY_ID.to_owned(),
            (_, "webhook_id") => WEBHOOK_ID.to_owned(),
            _ => return None,
        })
    }

    /// Somebody with what they bring. A person who is not recent proved who they are when that had just become too long ago.
    pub fn actor(&self, caller: Caller, is_recent: bool) -> Actor {
        match caller {
            Caller::Anonymous => self.app.anonymous(),
            Caller::GameToken => self.app.with_token(&self.game_token),
            Caller::GameKey => self.app.with_token(GAME_KEY),
            Caller::OtherGameKey => self.app.with_token(OTHER_GAME_KEY),
            Caller::Plugin => self.plugin(0),
            Caller::OtherPlugin => self.plugin(1),
            Caller::UnpairedPlugin => self.plugin(2),
            Caller::IntegrationKey => self.app.with_token(INTEGRATION_KEYS[0]),
            Caller::OtherIntegrationKey => self.app.with_token(INTEGRATION_KEYS[1]),
            Caller::OperatorKey => self.app.with_token(OPERATOR_KEY),
            _ => self.app.with_token(&self.access_token(caller, is_recent)),
        }
    }

    fn plugin(&self, at: usize) -> Actor {
        self.app.with_token(self.plugins[at]["token"].as_str().unwrap())
    }

    /// The code that the unpaired plugin shows.
    pub fn user_code(&self) -> Value {
        self.plugins[2]["pairing"]["user_code"].clone()
    }

    fn access_token(&self, caller: Caller, is_recent: bool) -> String {
        let (number, school_no, role) = caller.person().unwrap();
        let identity = Identity {
            user_id: UserId::parse(&user(number)).unwrap(),
            school_id: SchoolId::parse(&school(school_no)).unwrap(),
            role,
            display_name: "Somebody".to_owned(),
            sign_in_id: SignInId::parse(&sign_in(number)).unwrap(),
            authenticated_at: self.issued_at.as_secs() - if is_recent { 0 } else { STEP_UP_S },
            factor_missing: caller == Caller::Factorless,
        };
        self.app.config.auth_keys.sign(&identity, self.issued_at, 900).unwrap()
    }

    /// An address that nobody came from before, so that no limit of an address is met.
    pub fn address(&self) -> String {
        let number = self.next_address.get() + 1;
        self.next_address.set(number);
        format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255)
    }

    /// Ends all sign-ins and plugins, and revokes the key.
    pub fn end_everybody(&self) {
        let people = CALLERS.into_iter().filter_map(Caller::person).map(|(number, ..)| sign_in(number));
        let plugins = self.plugins.iter().map(|plugin| plugin["plugin_id"].as_str().unwrap().to_owned());
        let subjects = people.chain([format!("gk_{:026}", 1)]).chain(plugins);
        let until = self.app.clock.now().plus_millis(960_000);
        let entry = |subject| Revocation { subject, issued_until: None, until };
        block_on(self.app.revocations.end(subjects.map(entry).collect())).unwrap();
    }
}
