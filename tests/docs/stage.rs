//! Where a page's blocks are run: a directory, ports and an engine of its own in the place of those that the page names.
//! Everything that stands for something else stands in [`Stage::new`].

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::classify::Needs;
use super::engine::Engine;
use super::likeness;
use super::page::root;
use super::shell::Shell;

/// The binary that cargo built for this test.
pub(crate) const REFORGE: &str = env!("CARGO_BIN_EXE_reforge");

pub(crate) struct Stage {
    shell: Shell,
    directory: tempfile::TempDir,
    /// What the page says and what is meant here. What is printed is turned back.
    stands_for: Vec<(String, String)>,
    /// The same, for what is never printed.
    added: Vec<(String, String)>,
    /// Ids that the page shows, and those that there are.
    ids: BTreeMap<String, String>,
    /// It ends with the test binary: files that an engine had open when its data went may be anywhere, for those who look
    /// for what is in use.
    engine: Option<&'static Engine>,
}

impl Stage {
    /// `stick` is a directory that several have in common.
    pub(crate) fn new(needs: Needs, stick: &Path) -> Stage {
        let directory = tempfile::Builder::new().prefix("reforge-docs-").tempdir().unwrap();
        let own = directory.path().canonicalize().unwrap();
        // An app's own user must be able to come to its volumes.
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["bin", "scripts", "docker"] {
            std::fs::create_dir(own.join(name)).unwrap();
        }
        symlink(REFORGE, own.join("bin/reforge")).unwrap();
        let path = format!("{}:{}", own.join("bin").display(), std::env::var("PATH").unwrap());
        let mut environment = vec![("PATH", path), ("NO_COLOR", "1".to_owned()), ("LC_ALL", "C.UTF-8".to_owned())];
        let pair = |shown: &str, real: String| (shown.to_owned(), real);
        let mut stands_for = vec![
            pair("/srv/try", own.join("try").display().to_string()),
            pair("/mnt/stick", stick.canonicalize().unwrap().display().to_string()),
            pair("127.0.0.1:7878", format!("127.0.0.1:{}", free_port())),
            pair("5433", free_port().to_string()),
        ];
        // Debian 12 has this one.
        if !Path::new("/usr/lib/postgresql/15").exists() {
            stands_for.push(pair("/usr/lib/postgresql/15", newest_postgresql().display().to_string()));
        }
        // Built already, and another build of it is no other program.
        let mut added = vec![pair("cargo run --release --", "reforge".to_owned())];
        added.push(pair("cp -r docs/", format!("cp -r {}/docs/", root().display())));
        let engine = match needs {
            Needs::Engine => Some(engine_with_redis()),
            Needs::Compose => Some(&*Box::leak(Box::new(Engine::apart()))),
            Needs::Nothing | Needs::Compilers => None,
        };
        if needs == Needs::Compose {
            with_both_words_for_compose(&own.join("bin/docker"));
        }
        if let Some(engine) = engine {
            environment.push(("DOCKER_HOST", format!("unix://{}", engine.socket().display())));
            let data = engine.socket().with_file_name("data");
            stands_for.push(pair("/var/lib/docker", data.display().to_string()));
            environment.push(("DOCKER_CONFIG", own.join("docker").display().to_string()));
            added.push(pair("[host]\n", format!("[host]\ndocker_socket = {:?}\n", engine.socket())));
        }
        if needs == Needs::Compilers {
            let lines = compilers(&own.join("try/my-restore"));
            environment.push(("WIT", root().join("wit").display().to_string()));
            environment.push(("CARGO_NET_OFFLINE", "true".to_owned()));
            added.push(pair("reforge init\n", lines));
        }
        let shell = Shell::start(&own.join("scripts"), &environment);
        Stage { shell, directory, stands_for, added, ids: BTreeMap::new(), engine }
    }

    /// Runs a block; what it printed, as the page would have it.
    pub(crate) fn run(&mut self, block: &str) -> Result<String, String> {
        let mut script = block.to_owned();
        for (shown, real) in self.stands_for.iter().chain(&self.added) {
            script = script.replace(shown, real);
        }
        for (shown, real) in &self.ids {
            script = script.replace(shown, real);
        }
        // Beginnings of them: up to the seconds, and with one digit or more of what follows.
        for (shown, real) in &self.ids {
            for length in (shown.find('-').unwrap()..shown.len()).rev() {
                script = script.replace(&shown[..length], &real[..length]);
            }
        }
        let mut printed = self.shell.run(&script)?;
        for (shown, real) in &self.stands_for {
            printed = printed.replace(real, shown);
        }
        Ok(printed)
    }

    /// Which ids stand for those that the page shows.
    pub(crate) fn learn(&mut self, shown: &str, printed: &str) {
        for (shown, real) in likeness::ids(shown).into_iter().zip(likeness::ids(printed)) {
            let known = self.ids.entry(shown.clone()).or_insert_with(|| real.clone());
            assert_eq!(*known, real, "`{shown}` was something else before");
        }
    }

    /// What was printed, with the ids that the page knows.
    pub(crate) fn as_shown(&self, printed: &str) -> String {
        self.ids.iter().fold(printed.to_owned(), |text, (shown, real)| text.replace(real, shown))
    }

    /// The loader of configurations takes this one. A part may leave out what every one has.
    pub(crate) fn reads(&self, configuration: &str) {
        let own = self.directory.path().canonicalize().unwrap();
        let file = own.join("shown.toml");
        let host = if configuration.contains("[host]") { "" } else { "[host]\nstate_dir = \"/var/lib/part\"\n" };
        let text = format!("{host}{configuration}").replace("/var/lib/", &format!("{}/", own.display()));
        std::fs::write(&file, text).unwrap();
        let output = Command::new(REFORGE).arg("--config").arg(&file).arg("init").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for container in self.engine.iter().flat_map(|engine| engine.containers()) {
            let path = format!("/containers/{}?force=1", container["Id"].as_str().unwrap());
            self.engine.unwrap().try_call("DELETE", &path, &[]);
        }
        let own = self.directory.path().to_str().unwrap().to_owned();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let names_us = |file: &str| {
                let bytes = std::fs::read(entry.path().join(file)).unwrap_or_default();
                bytes.windows(own.len()).any(|part| part == own.as_bytes())
            };
            if (names_us("cmdline") || names_us("environ")) && pid != std::process::id() as i32 {
                // It may end by itself meanwhile.
                let _ = rustix::process::kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn newest_postgresql() -> PathBuf {
    std::fs::read_dir("/usr/lib/postgresql").unwrap().flatten().map(|entry| entry.path()).max().unwrap()
}

/// Compose is `docker compose` or, as Debian 12 has it, `docker-compose`, which calls `create` otherwise. Pages say the first.
fn with_both_words_for_compose(program: &Path) {
    let there = Command::new("docker").args(["compose", "version"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return;
    }
    let text = r#"#!/bin/sh
if [ "$1" = compose ]; then
    shift
    for word in "$@"; do
        shift
        case $word in create) set -- "$@" up --no-start ;; *) set -- "$@" "$word" ;; esac
    done
    exec docker-compose "$@"
fi
for real in /usr/bin/docker /usr/local/bin/docker; do [ -x $real ] && exec $real "$@"; done
echo 'docker is not installed: apt-get install docker.io docker-compose' >&2
exit 127
"#;
    std::fs::write(program, text).unwrap();
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// An engine that has the image which pages name, made of this machine's Redis.
fn engine_with_redis() -> &'static Engine {
    let engine: &Engine = Box::leak(Box::new(Engine::start(&[])));
    let image = engine.redis();
    engine.call("POST", &format!("/images/{image}/tag?repo=redis&tag=7"), &Value::Null);
    engine
}

/// Prepares the directory of the guide: what cargo builds and what the host compiles is kept from run to run, crates are
/// those of this repository, and the tool for Python is the one that other tests use. What to run in the place of
/// `reforge init`.
fn compilers(folder: &Path) -> String {
    let kept = |name: &str| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        directory
    };
    let tool = std::env::var_os("COMPONENTIZE_PY").map(PathBuf::from);
    let tool = tool.unwrap_or_else(|| PathBuf::from("componentize-py"));
    let python = folder.join("../in-python/venv/bin");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::create_dir_all(&python).unwrap();
    let call = format!("#!/bin/sh\nexec '{}' \"$@\"\n", tool.display());
    std::fs::write(python.join("componentize-py"), call).unwrap();
    std::fs::set_permissions(python.join("componentize-py"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink(kept("docs-guide"), folder.join("target")).unwrap();
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let compiled = kept("compiled-plugins");
    format!("reforge init\nrmdir state/cache && ln -s '{}' state/cache\n", compiled.display())
}
