//! A Docker Engine of the tests' own: its own data, socket and processes, so that none already there is touched.
//!
//! One is shared by a test binary, and a test that kills its engine starts one for itself. A watcher ends what is left
//! when the test binary ends, however that was.

#[path = "engine/images.rs"]
pub(crate) mod images;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::Value;

/// What a bare machine lacks.
const INSTALL: &str = "apt-get install -y docker.io busybox-static";
/// How long an engine may take to come up or to end.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// Waits for the end of its standard input, which is the end of the test binary, and removes what is left of an engine:
/// everything that names its directory, and every process of its containers.
const WATCHER: &str = r#"
cat >/dev/null
ours() {
    for proc in /proc/[0-9]*; do
        pid=${proc#/proc/}
        [ "$pid" != $$ ] || continue
        if tr '\0' ' ' 2>/dev/null <"$proc/cmdline" | grep -qF -- "$1/"; then echo "$pid"; continue; fi
        for id in $(ls "$1/data/containers" 2>/dev/null); do
            if grep -qF "$id" "$proc/cgroup" 2>/dev/null; then echo "$pid"; fi
        done
    done
}
for round in 1 2 3 4 5; do
    left=$(ours "$1")
    [ -n "$left" ] || break
    kill -KILL $left 2>/dev/null
    sleep 0.1
done
awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
    umount -l "$(printf '%b' "$mount")"
done
rm -rf --one-file-system "$1"
"#;

/// An engine. Dropping it ends it.
pub(crate) struct Engine {
    directory: PathBuf,
    daemon: Mutex<Option<Child>>,
    watcher: Child,
    arguments: Vec<String>,
    /// In a network namespace of its own, which goes with its processes: what it makes of networks is nobody else's.
    apart: bool,
    /// From the start to the first answer.
    pub started_in: Duration,
}

impl Engine {
    /// The one that a test binary shares.
    pub(crate) fn shared() -> &'static Engine {
        static SHARED: OnceLock<Engine> = OnceLock::new();
        SHARED.get_or_init(|| Engine::start(&[]))
    }

    /// One of its own, with more arguments for the daemon.
    pub(crate) fn start(arguments: &[&str]) -> Engine {
        Engine::begin(arguments, false)
    }

    /// One that can have networks, ports and a swarm.
    pub(crate) fn apart() -> Engine {
        Engine::begin(&[], true)
    }

    fn begin(arguments: &[&str], apart: bool) -> Engine {
        let directory = tempfile::Builder::new().prefix("engine-").tempdir().unwrap().keep();
        let watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "watcher"])
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut engine = Engine {
            directory,
            daemon: Mutex::new(None),
            watcher,
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            apart,
            started_in: Duration::ZERO,
        };
        let began = Instant::now();
        engine.run();
        engine.started_in = began.elapsed();
        engine
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("docker.sock")
    }

    /// Starts the daemon and waits for its first answer. What a killed one left in the way is removed; it has ended.
    pub(crate) fn run(&self) {
        let at = |name: &str| self.directory.join(name);
        // Their numbers may be somebody else's by now.
        for stale in ["run/containerd/containerd.pid", "docker.pid"] {
            let _ = std::fs::remove_file(at(stale));
        }
        std::fs::write(at("daemon.json"), "{}").unwrap();
        let log = std::fs::OpenOptions::new().append(true).create(true).open(at("log")).unwrap();
        let mut command = Command::new(if self.apart { "unshare" } else { "dockerd" });
        if self.apart {
            command.args(["--net", "sh", "-c", "busybox ip link set lo up && exec dockerd \"$@\"", "dockerd"]);
        }
        let option = |name: &str, value: PathBuf| [name.to_owned(), value.to_str().unwrap().to_owned()];
        command
            .args(option("--data-root", at("data")))
            .args(option("--exec-root", at("run")))
            .args(option("--pidfile", at("docker.pid")))
            .args(option("--config-file", at("daemon.json")))
            .args(["--host", &format!("unix://{}", self.socket().display())])
            .args(["--iptables=false", "--ip6tables=false", "--bridge=none", "--shutdown-timeout=3"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        // Its children must not keep what is locked or piped here.
        let daemon = command.spawn().unwrap_or_else(|error| panic!("cannot run `dockerd` ({error}): {INSTALL}"));
        *self.daemon.lock().unwrap() = Some(daemon);
        let deadline = Instant::now() + PATIENCE;
        while self.try_call("GET", "/_ping", &[]).is_none_or(|(status, _)| status != 200) {
            let ended = self.daemon.lock().unwrap().as_mut().is_some_and(|daemon| daemon.try_wait().unwrap().is_some());
            assert!(!ended && Instant::now() < deadline, "the engine does not come up: {}", self.log());
            std::thread::sleep(POLL);
        }
    }

    /// What a command says that runs where the engine's networks are.
    pub(crate) fn beside(&self, words: &[&str]) -> String {
        let output = self.command_beside(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same for one that goes on.
    pub(crate) fn start_beside(&self, words: &[&str]) -> Child {
        self.command_beside(words).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn command_beside(&self, words: &[&str]) -> Command {
        let pid = self.daemon.lock().unwrap().as_ref().unwrap().id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &pid, "--net"]).args(words);
        command
    }

    /// The network that the daemon is in.
    pub(crate) fn network(&self) -> std::fs::File {
        let pid = self.daemon.lock().unwrap().as_ref().unwrap().id();
        std::fs::File::open(format!("/proc/{pid}/ns/net")).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        log.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// Kills the daemon at once. Its containers go on, as after a crash.
    pub(crate) fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// Ends the daemon as a shutdown of the machine does.
    pub(crate) fn stop(&self) {
        self.end(Signal::TERM);
    }

    /// Kills everything: daemon, containerd, and every process of a container. What a power cut leaves is on the disk.
    pub(crate) fn cut_power(&self) {
        self.kill();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "processes of the engine do not end: {left:?}");
            for pid in left.into_iter().filter_map(Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(POLL);
        }
    }

    fn end(&self, signal: Signal) {
        if let Some(mut daemon) = self.daemon.lock().unwrap().take() {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(Pid::from_child(&daemon), signal);
            daemon.wait().unwrap();
            self.await_end_of_containerd();
        }
    }

    /// The kernel ends containerd with its daemon, a moment later: a daemon that is started in that moment would wait for it
    /// for ever.
    fn await_end_of_containerd(&self) {
        let ours = self.directory.to_str().unwrap();
        let alive = || {
            let pid = std::fs::read_to_string(self.directory.join("run/containerd/containerd.pid")).unwrap_or_default();
            let proc = Path::new("/proc").join(pid.trim());
            !pid.is_empty() && std::fs::read_to_string(proc.join("cmdline")).is_ok_and(|line| line.contains(ours))
        };
        let deadline = Instant::now() + PATIENCE;
        while alive() {
            assert!(Instant::now() < deadline, "containerd outlives its daemon: {}", self.log());
            std::thread::sleep(POLL);
        }
    }

    /// Processes that name this engine's directory, and those of its containers.
    fn processes(&self) -> Vec<i32> {
        let name = format!("{}/", self.directory.display());
        let containers = std::fs::read_dir(self.directory.join("data/containers"));
        let ids: Vec<String> = containers
            .map(|entries| entries.flatten().map(|entry| entry.file_name().to_str().unwrap().to_owned()).collect())
            .unwrap_or_default();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            let read = |file: &str| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
            let ours = read("cmdline").contains(&name) || {
                let groups = read("cgroup");
                ids.iter().any(|id| groups.contains(id.as_str()))
            };
            // The watcher names it, too, and a zombie has ended.
            if ours && pid != self.watcher.id() as i32 && entry.path().join("exe").read_link().is_ok() {
                found.push(pid);
            }
        }
        found
    }

    /// One request: status and body. None if nobody answers.
    pub(crate) fn try_call(&self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let mut stream = UnixStream::connect(self.socket()).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let kind = if path.starts_with("/images/create") { "application/x-tar" } else { "application/json" };
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n")?;
        let status = std::str::from_utf8(&answer[..end]).ok()?.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_off(end + 4)))
    }

    /// One request that must succeed; what it answers.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
        let (status, answer) =
            self.try_call(method, path, &bytes).unwrap_or_else(|| panic!("no answer to {method} {path}"));
        assert!(status < 400, "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap_or(Value::Null)
    }

    /// All containers, whatever they are doing.
    pub(crate) fn containers(&self) -> Vec<Value> {
        self.call("GET", "/containers/json?all=1", &Value::Null).as_array().unwrap().clone()
    }

    /// One container; null if there is none.
    pub(crate) fn container(&self, name: &str) -> Value {
        let (status, answer) = self.try_call("GET", &format!("/containers/{name}/json"), &[]).unwrap();
        if status == 404 { Value::Null } else { serde_json::from_slice(&answer).unwrap() }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}
