//! A server of a world, and the client that a panel would be.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustix::process::Signal;
use serde_json::{Value, json};
use ureq::http;

use super::described;
use super::process::{Output, PATIENCE, Running, eventually};
use super::world::World;

/// What confirms a change.
pub(crate) const CONFIRM: &str = "X-Confirm-Restore";

/// `reforge serve` of a world, with a token of each role. Dropping it kills it.
pub(crate) struct Server {
    running: Running,
    pub url: String,
    pub admin: String,
    pub viewer: String,
}

impl Server {
    pub(crate) fn start(world: &World) -> Server {
        Server::with(world, &[])
    }

    /// With more arguments.
    pub(crate) fn with(world: &World, more: &[&str]) -> Server {
        let tokens = tokens(world);
        Server::of(world.start(&[SERVE, more].concat()), tokens)
    }

    /// One that waits before the first effect of a name.
    pub(crate) fn pausing_at(world: &World, effect: &str, more: &[&str]) -> Server {
        let tokens = tokens(world);
        Server::of(world.start_pausing(effect, &[SERVE, more].concat()), tokens)
    }

    /// One in which these effects fail.
    pub(crate) fn failing(world: &World, faults: &str) -> Server {
        let tokens = tokens(world);
        Server::of(world.start_with(faults, SERVE), tokens)
    }

    /// Another one after this was killed. No command comes in between.
    pub(crate) fn killed_and_started(self, world: &World) -> Server {
        let Server { running, admin, viewer, .. } = self;
        drop(running);
        Server::of(world.start(SERVE), (admin, viewer))
    }

    /// Kills it, and says where the next one may be.
    pub(crate) fn killed(self) -> Killed {
        let Server { running, url, admin, viewer } = self;
        drop(running);
        Killed { address: url.trim_start_matches("http://").to_owned(), tokens: (admin, viewer) }
    }

    fn of(mut running: Running, (admin, viewer): (String, String)) -> Server {
        let mut url = String::new();
        eventually("it listens", || {
            assert!(!running.is_over(), "it ended: {}{}", running.answered(), running.complaints());
            let answered = running.answered();
            let line = answered.lines().next().and_then(|line| line.strip_prefix("listening on "));
            url = line.filter(|_| answered.ends_with('\n')).unwrap_or_default().to_owned();
            !url.is_empty()
        });
        Server { running, url, admin, viewer }
    }

    pub(crate) fn as_admin(&self, method: &str, path: &str) -> Request {
        self.without_token(method, path).bearer(&self.admin)
    }

    pub(crate) fn as_viewer(&self, method: &str, path: &str) -> Request {
        self.without_token(method, path).bearer(&self.viewer)
    }

    pub(crate) fn without_token(&self, method: &str, path: &str) -> Request {
        Request {
            builder: http::Request::builder().method(method).uri(format!("{}{path}", self.url)),
            body: Vec::new(),
        }
    }

    /// A delivery of a webhook, signed.
    pub(crate) fn deliver(&self, path: &str, body: &str, secret: &str) -> Answer {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let asked = self.without_token("POST", path).header("X-Hub-Signature-256", &signature);
        asked.header("Content-Type", "application/json").body(body).send()
    }

    /// What an admin is answered.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.as_admin("GET", path).send().expect(200).json()
    }

    /// Begins a restore of `app`, confirmed.
    pub(crate) fn restore(&self, snapshot: &str) -> Request {
        let body = json!({ "snapshot": snapshot });
        self.as_admin("POST", "/api/v1/workloads/app/restores").header(CONFIRM, snapshot).json(&body)
    }

    /// Waits until a restore is over.
    #[track_caller]
    pub(crate) fn ended(&self, id: &str) -> Value {
        let mut document = Value::Null;
        eventually("the restore ends", || {
            document = self.get(&format!("/api/v1/restores/{id}"));
            document["running"].is_null()
        });
        document
    }

    /// A connection on which nothing was sent yet.
    pub(crate) fn connection(&self) -> Connection {
        let address = self.url.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Connection(stream)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub(crate) fn reaches_its_pause(&mut self) {
        assert!(self.running.reaches_its_pause(), "it ended: {}", self.running.complaints());
    }

    pub(crate) fn go_on(&self) {
        self.running.go_on();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(self) -> Output {
        self.running.signal(Signal::TERM);
        self.running.wait()
    }

    pub(crate) fn wait(self) -> Output {
        self.running.wait()
    }
}

/// From its next start on, a server of the world takes webhooks that are signed with this. Answers where it is written.
pub(crate) fn sign_webhooks(world: &mut World, secret: &str) -> PathBuf {
    let file = world.path("webhook-secret");
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.host_lines.push_str(&format!("[api]\nwebhook_secret_file = {file:?}\n"));
    world.write_config();
    file
}

/// Where a server was, and who may use the next one.
pub(crate) struct Killed {
    pub address: String,
    tokens: (String, String),
}

impl Killed {
    /// No command comes in between.
    pub(crate) fn started_there(self, world: &World) -> Server {
        Server::of(world.start(&["serve", "--listen", &self.address]), self.tokens)
    }
}

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

fn tokens(world: &World) -> (String, String) {
    let list = world.ok(&["token", "list", "--json"]).json();
    let number = list["tokens"].as_array().unwrap().len();
    (token(world, &format!("admin{number}"), "admin"), token(world, &format!("viewer{number}"), "viewer"))
}

/// Makes a token.
pub(crate) fn token(world: &World, name: &str, role: &str) -> String {
    let made = world.ok(&["token", "create", name, "--role", role, "--json"]).json();
    made["token"].as_str().unwrap().to_owned()
}

/// What no decent client would send, byte by byte.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn sent(mut self, bytes: &str) -> Connection {
        self.0.write_all(bytes.as_bytes()).unwrap();
        self
    }

    /// Sends the same over and over, so many times at most, until the other end does not want it. Answers how often it
    /// was taken.
    pub(crate) fn taken_of(mut self, bytes: &[u8], most: usize) -> usize {
        self.0.set_write_timeout(Some(PATIENCE)).unwrap();
        (0..most).take_while(|_| self.0.write_all(bytes).is_ok()).count()
    }

    /// Sends one byte.
    pub(crate) fn drop(&mut self) {
        self.0.write_all(b"x").unwrap();
    }

    /// Whether anything came.
    pub(crate) fn is_answered(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let came = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).unwrap();
        came.is_ok()
    }

    /// All that comes until the other end closes.
    #[track_caller]
    pub(crate) fn answer(mut self) -> String {
        let mut answer = Vec::new();
        let read = self.0.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(read.is_ok(), "{read:?}: {answer}");
        answer
    }
}

/// A request that can be sent.
pub(crate) struct Request {
    builder: http::request::Builder,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(self, name: &str, value: &str) -> Request {
        Request { builder: self.builder.header(name, value), ..self }
    }

    pub(crate) fn bearer(self, token: &str) -> Request {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Request {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Request {
        Request { body: body.into(), ..self }
    }

    /// What is answered is as the API describes it, whatever it is that a test wants to see.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let (method, uri) = (self.builder.method_ref().cloned(), self.builder.uri_ref().cloned());
        let answer = self.open().whole();
        described::check(method.unwrap().as_str(), uri.unwrap().path(), &answer);
        answer
    }

    /// Sends it and reads no more than the head of the answer.
    #[track_caller]
    pub(crate) fn open(self) -> Open {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = self.builder.body(self.body).unwrap();
        Open(agent.run(request).unwrap_or_else(|error| panic!("no answer: {error}")))
    }
}

/// An answer that is being read.
pub(crate) struct Open(http::Response<ureq::Body>);

impl Open {
    pub(crate) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub(crate) fn reader(self) -> ureq::BodyReader<'static> {
        self.0.into_body().into_reader()
    }

    fn whole(self) -> Answer {
        let (parts, mut body) = self.0.into_parts();
        let bytes = body.with_config().limit(1 << 30).read_to_vec().unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// A problem with this status and code, that says what it is and says nothing of the inside of the host.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && !detail.contains("panicked"), "{problem}");
        problem
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}
