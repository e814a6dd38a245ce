//! The router with the host's adapters, and clients that act as somebody.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use futures::executor::block_on;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use toolboxai_edge::config::Config;
use toolboxai_edge::content_cache::ContentCache;
use toolboxai_edge::domain::password;
use toolboxai_edge::domain::tokens::sha256_hex;
use toolboxai_edge::handlers::{App, LastChecks, router};
use toolboxai_edge::hashing::Hashing;
use toolboxai_edge::jobs::{self, JobError};
use toolboxai_edge::outbound::{Outgoing, Resilient};
use toolboxai_edge::ports::Clock;
use tower::ServiceExt;

use super::{
    HostCacheShards, HostDatabase, HostMetrics, HostPlugins, HostProbes, HostRooms, HostSchoolChannels,
    HostSettings, HostSignatures, ManualClock, MemoryCache, MemoryJobs, MemoryLimits, MemoryLog,
    MemoryMailer, MemoryRevocations, NoPause, Outside, PROVIDERS, SeededEntropy, SwitchModel,
};

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery";
/// Where people open the dashboard.
pub const PUBLIC_URL: &str = "https://edge.example";
/// The key of the first school's experience.
pub const GAME_KEY: &str = "gk_first";
/// The key of the second school's experience.
pub const OTHER_GAME_KEY: &str = "gk_second";

/// The key of the operator `ann`.
pub const OPERATOR_KEY: &str = "op_ann";

const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body, after checking the status.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks that it is this problem, with everything that a problem has.
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.text);
        let request_id = self.headers["x-request-id"].clone();
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], request_id.to_str().unwrap());
        problem
    }
}

/// Everything.
pub struct TestApp {
    pub router: Router,
    pub db: Arc<HostDatabase>,
    pub rooms: Arc<HostRooms>,
    pub school_channels: Arc<HostSchoolChannels>,
    pub plugins: Arc<HostPlugins>,
    pub clock: Arc<ManualClock>,
    pub jobs: Arc<MemoryJobs>,
    pub limits: Arc<MemoryLimits>,
    pub cache_shards: Arc<HostCacheShards>,
    pub content_cache: ContentCache,
    pub settings: Arc<HostSettings>,
    pub metrics: Arc<HostMetrics>,
    pub probes: Arc<HostProbes>,
    pub outside: Arc<Outside>,
    /// The way there: of requests and of jobs.
    pub http: Arc<Resilient>,
    pub mailer: MemoryMailer,
    pub config: Config,
    pub entropy: Arc<SeededEntropy>,
    pub log: Arc<MemoryLog>,
    pub model: Arc<SwitchModel>,
    pub revocations: Arc<MemoryRevocations>,
    /// Every body that went to somebody who is not the author of a quiz.
    pub bodies: Mutex<Vec<String>>,
}

impl TestApp {
    /// Two schools: `ada` (teacher), `alan` (teacher) and `grace` (admin) in the first, `eve` (teacher) in the second.
    pub fn new() -> Arc<Self> {
        Self::with_settings(&[])
    }

    /// With variables of a test's own.
    pub fn with_settings(settings: &[(&str, &str)]) -> Arc<Self> {
        let db = Arc::new(HostDatabase::new());
        let clock = Arc::new(ManualClock::new());
        let entropy = Arc::new(SeededEntropy::new(1));
        let rooms = Arc::new(HostRooms::new(db.clone(), clock.clone(), entropy.clone()));
        let plugins = Arc::new(HostPlugins::new(clock.clone(), entropy.clone()));
        let school_channels = Arc::new(HostSchoolChannels::new(SECRET, clock.clone(), entropy.clone()));
        let (jobs, log) = (Arc::new(MemoryJobs::default()), Arc::new(MemoryLog::default()));
        let outside = Arc::new(Outside::default());
        seed(&db, entropy.as_ref());
        let revocations = Arc::new(MemoryRevocations(Mutex::default(), clock.clone()));
        let limits = Arc::new(MemoryLimits::new(clock.clone()));
        let cache_shards = Arc::new(HostCacheShards::new(clock.clone()));
        let model = Arc::new(SwitchModel::default());
        let ring = format!("k1:{SECRET}");
        let config = Config::read(&|name| match name {
            _ if settings.iter().any(|(own, _)| *own == name) => {
                settings.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
            }
            "AUTH_KEYS" | "GAME_KEYS" | "PLUGIN_KEYS" | "FACTOR_KEYS" => Some(ring.clone()),
            "REALTIME_SECRET" => Some(SECRET.to_owned()),
            "PUBLIC_URL" => Some(PUBLIC_URL.to_owned()),
            "MAIL_PROVIDER" => Some("cloudflare".to_owned()),
            "MAIL_FROM" => Some("no-reply@edge.example".to_owned()),
            "OPERATOR_KEYS" => Some(format!("ann:{}", sha256_hex(OPERATOR_KEY))),
            "OIDC_PROVIDERS" => Some(PROVIDERS.to_owned()),
            _ => None,
        });
        let config = config.unwrap();
        let (metrics, probes) = (Arc::new(HostMetrics::default()), Arc::new(HostProbes::default()));
        let settings = Arc::new(HostSettings::new(clock.clone(), config.runtime));
        let content_cache = ContentCache::new(cache_shards.clone(), settings.clone(), metrics.clone());
        let outgoing = Outgoing {
            http: outside.clone(),
            clock: clock.clone(),
            pause: Arc::new(NoPause),
            entropy: entropy.clone(),
            settings: settings.clone(),
            metrics: metrics.clone(),
        };
        let http = Arc::new(Resilient::new(outgoing));
        let app = App {
            db: db.clone(),
            cache: Arc::new(MemoryCache::default()),
            jobs: jobs.clone(),
            rooms: rooms.clone(),
            inboxes: rooms.inboxes.clone(),
            school_channels: school_channels.clone(),
            plugins: plugins.clone(),
            rate_limits: limits.clone(),
            revocations: revocations.clone(),
            content_cache: content_cache.clone(),
            settings: settings.clone(),
            metrics: metrics.clone(),
            probes: probes.clone(),
            pause: Arc::new(NoPause),
            last_checks: LastChecks::default(),
            started_at: clock.now(),
            http: http.clone(),
            signatures: Arc::new(HostSignatures),
            clock: clock.clone(),
            seal_pace: Mutex::default(),
            model: model.clone(),
            hashing: Hashing::new(clock.clone(), entropy.clone(), Arc::new(NoPause)),
            entropy: entropy.clone(),
            log: log.clone(),
            config: config.clone(),
        };
        let router = router(Arc::new(app));
        let (mailer, bodies) = (MemoryMailer::default(), Mutex::default());
        Arc::new(Self {
            router,
            db,
            rooms,
            school_channels,
            plugins,
            clock,
            jobs,
            limits,
            cache_shards,
            content_cache,
            settings,
            metrics,
            probes,
            outside,
            http,
            mailer,
            config,
            entropy,
            log,
            model,
            revocations,
            bodies,
        })
    }

    /// How many events of this action are in the log or on their way to it.
    pub fn audited(&self, action: &str) -> usize {
        let written = self.db.rows(&format!("select id from audit_events where action = '{action}'")).len();
        let jobs = self.jobs.0.lock().unwrap();
        let queued = jobs.iter().filter_map(|job| serde_json::to_value(job).ok());
        written + queued.filter(|job| job["type"] == "audit" && job["event"]["action"] == action).count()
    }

    /// What jobs work with.
    pub fn ports(&self) -> jobs::Ports<'_> {
        jobs::Ports {
            db: self.db.as_ref(),
            rooms: self.rooms.as_ref(),
            inboxes: self.rooms.inboxes.as_ref(),
            school_channels: self.school_channels.as_ref(),
            http: self.http.as_ref(),
            model: self.model.as_ref(),
            mailer: &self.mailer,
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
            log: self.log.as_ref(),
            config: &self.config,
        }
    }

    /// Does everything that waits in the queue, also what comes into it meanwhile. What fails waits there again, and is
    /// answered.
    pub fn run_jobs(&self) -> Vec<JobError> {
        let (mut again, mut errors) = (Vec::new(), Vec::new());
        loop {
            let waiting = std::mem::take(&mut *self.jobs.0.lock().unwrap());
            if waiting.is_empty() {
                break;
            }
            for job in waiting {
                if let Err(error) = self.run_job(&serde_json::to_string(&job).unwrap()) {
                    errors.push(error);
                    again.push(job);
                }
            }
        }
        self.jobs.0.lock().unwrap().extend(again);
        errors
    }

    /// Does one message as the queue brings it.
    pub fn run_job(&self, message: &str) -> Result<(), JobError> {
        block_on(jobs::run(&self.ports(), message))
    }

    /// Sends a request as it is.
    pub fn send(&self, request: Request<Body>) -> Reply {
        let path = request.uri().path();
        let is_authors = path.starts_with("/api/v1/quizzes") || is_content(path);
        let response = block_on(self.router.clone().oneshot(request)).unwrap();
        let (parts, body) = response.into_parts();
        let bytes = block_on(axum::body::to_bytes(body, usize::MAX)).unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        if !is_authors {
            self.bodies.lock().unwrap().push(text.clone());
        }
        Reply { status: parts.status, headers: parts.headers, text }
    }

    /// Somebody who is not signed in.
    pub fn anonymous(self: &Arc<Self>) -> Actor {
        Actor { app: self.clone(), token: None }
    }

    /// Somebody with a token.
    pub fn with_token(self: &Arc<Self>, token: &str) -> Actor {
        Actor { app: self.clone(), token: Some(token.to_owned()) }
    }

    /// Signs in.
    pub fn sign_in(self: &Arc<Self>, name: &str) -> Actor {
        let login = json!({"email": format!("{name}@school.example"), "password": PASSWORD});
        let login = self.anonymous().post("/api/v1/auth/login", &login).expect(200);
        self.with_token(login["access_token"].as_str().unwrap())
    }
}

/// What writes for authors: drafts have their keys.
fn is_content(path: &str) -> bool {
    ["/api/v1/content/", "/api/v1/plugins/content/", "/generate_", "/plugin/content/", "/script/"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// One hash for everybody: hashing is slow on purpose.
fn seed(db: &HostDatabase, entropy: &SeededEntropy) {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let hash = HASH.get_or_init(|| password::hash(PASSWORD, entropy).unwrap());
    let school = |n| format!("sch_{n:026}");
    for n in [1, 2] {
        db.execute(&format!(
            "insert into schools (id, name, created_at) values ('{}', 'School {n}', 0)",
            school(n)
        ));
    }
    let people = [
        (1, "ada", "teacher"),
        (1, "alan", "teacher"),
        (1, "grace", "admin"),
        (1, "peter", "parent"),
        (2, "eve", "teacher"),
    ];
    for (n, (school_no, name, role)) in people.into_iter().enumerate() {
        db.execute(&format!(
            "insert into users (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
             values ('usr_{n:026}', '{}', '{name}@school.example', '{name}', '{role}', '{hash}', 0, 0)",
            school(school_no)
        ));
    }
    for (n, key) in [(1, GAME_KEY), (2, OTHER_GAME_KEY)] {
        db.execute(&format!(
            "insert into game_keys (id, school_id, name, key_hash, created_at)
             values ('gk_{n:026}', '{}', 'Experience', '{}', 0)",
            school(n),
            sha256_hex(key)
        ));
    }
}

/// A hash with other parameters than ours.
pub fn hash_with(memory_kib: u32, password: &str) -> String {
    use argon2::password_hash::{PasswordHasher, SaltString};
    let params = argon2::Params::new(memory_kib, 2, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let salt = SaltString::encode_b64(&[7; 16]).unwrap();
    argon2.hash_password(password.as_bytes(), &salt).unwrap().to_string()
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Actor {
    pub app: Arc<TestApp>,
    pub token: Option<String>,
}

impl Actor {
    /// A request with headers of its own.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.send(request.body(body.map_or_else(Body::empty, Body::from)).unwrap())
    }

    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.request("POST", path, &[], Some(body.to_string()))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.request("PATCH", path, &[], Some(body.to_string()))
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path, &[], None)
    }

    /// Makes a class and gives it.
    pub fn make_class(&self) -> Value {
        let class = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5});
        self.post("/api/v1/classes", &class).expect(201)
    }

    /// Makes and publishes a quiz; gives the author's view.
    pub fn make_quiz(&self, quiz: &Value) -> Value {
        let quiz = self.post("/api/v1/quizzes", quiz).expect(201);
        self.post(&format!("/api/v1/quizzes/{}/publish", quiz["id"].as_str().unwrap()), &json!({}))
            .expect(200);
        quiz
    }

    /// Makes a live session.
    pub fn make_session(&self, class: &Value, quiz: &Value, pace: &str) -> Value {
        let path = format!("/api/v1/classes/{}/live-sessions", class["id"].as_str().unwrap());
        self.post(&path, &json!({"quiz_id": quiz["id"], "pace": pace})).expect(201)
    }

    /// Moves a live session.
    pub fn move_session(&self, session: &Value, what: &str) -> Reply {
        self.post(&format!("/api/v1/live-sessions/{}/{what}", session["id"].as_str().unwrap()), &json!({}))
    }
}
