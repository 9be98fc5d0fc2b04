//! Apps that are run for real: a script that writes numbered lines, PostgreSQL, Redis, MariaDB.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{eventually, run};
use super::world::{Volume, Workload, World};

/// What a bare machine lacks.
const INSTALL: &str = "apt-get install -y postgresql redis-server mariadb-server-core mariadb-client-core";

/// A script that goes on numbering lines in `log` of its first volume, from wherever the log ends, and says in `run`
/// who it is. Restarted, it goes on counting.
pub(crate) fn counter(world: &World, name: &str) -> String {
    world.script(
        name,
        "log=\"$1/log\"\nn=$(wc -l < \"$log\" 2>/dev/null || echo 0)\n\
         while :; do n=$((n + 1)); echo \"$n\" >> \"$log\"; sleep 0.02; done\n",
    )
}

/// The lines of a counter's log, which must be 1, 2, 3 and so on.
#[track_caller]
pub(crate) fn counted(volume: &Path) -> usize {
    let text = std::fs::read_to_string(volume.join("log")).unwrap_or_default();
    // The last line may be being written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines: Vec<&str> = whole.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(*line, (index + 1).to_string(), "the log in {} is not what one app wrote", volume.display());
    }
    lines.len()
}

fn program(name: &str) -> PathBuf {
    let postgres = Path::new("/usr/lib/postgresql/15/bin").join(name);
    let others = ["/usr/bin", "/usr/sbin"].map(|directory| Path::new(directory).join(name));
    let path = [postgres].into_iter().chain(others).find(|path| path.exists());
    path.unwrap_or_else(|| panic!("`{name}` is not installed: {INSTALL}"))
}

/// A PostgreSQL whose data directory is the volume `data`, owned by `postgres`, mode 0700.
pub(crate) struct Postgres {
    socket: tempfile::TempDir,
}

impl Postgres {
    /// The workload; [`Postgres::make_cluster`] goes before its deploy.
    pub(crate) fn workload(id: &str) -> (Postgres, Workload) {
        let socket = tempfile::tempdir().unwrap();
        run("chown", &["postgres:postgres", socket.path().to_str().unwrap()]);
        let at = socket.path().to_str().unwrap().to_owned();
        let server = program("postgres").to_str().unwrap().to_owned();
        let ready = program("pg_isready").to_str().unwrap().to_owned();
        let mut workload = Workload::idle(id, [Volume::project("data")]).command(&[
            &server,
            "-D",
            "{volume:data}",
            "-k",
            &at,
            "-c",
            "listen_addresses=",
            "-c",
            "shared_buffers=4MB",
        ]);
        workload.user = Some("postgres".into());
        workload.stop_signal = "SIGINT".into();
        workload.stop_timeout = "30s".into();
        workload.health = Some(([ready, "-q".into(), "-h".into(), at].into(), "60s".into()));
        (Postgres { socket }, workload)
    }

    pub(crate) fn make_cluster(&self, volume: &Path) {
        std::fs::create_dir_all(volume).unwrap();
        run("chown", &["postgres:postgres", volume.to_str().unwrap()]);
        run("chmod", &["0700", volume.to_str().unwrap()]);
        let initdb = program("initdb");
        let arguments = ["-D", volume.to_str().unwrap(), "-A", "trust", "--no-sync", "-E", "UTF8"];
        run("setpriv", &[&AS_POSTGRES[..], &[initdb.to_str().unwrap()], &arguments].concat());
    }

    /// Where its socket is.
    pub(crate) fn directory(&self) -> &Path {
        self.socket.path()
    }

    /// Whether the running server did it.
    pub(crate) fn try_sql(&self, statement: &str) -> bool {
        let mut command = Command::new("setpriv");
        command.args(AS_POSTGRES).arg(program("psql")).args(["-X", "-q", "-h", self.socket.path().to_str().unwrap()]);
        command.args(["-d", "postgres", "-c", statement]).output().unwrap().status.success()
    }

    /// One value, asked of the running server.
    #[track_caller]
    pub(crate) fn sql(&self, statement: &str) -> String {
        let psql = program("psql");
        let at = self.socket.path().to_str().unwrap();
        let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", at, "-d", "postgres", "-c", statement];
        run("setpriv", &[&AS_POSTGRES[..], &[psql.to_str().unwrap()], &arguments].concat()).trim().to_owned()
    }
}

const AS_POSTGRES: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--init-groups"];

/// A Redis with an append-only file in the volume `data`, owned by `redis`.
pub(crate) struct Redis {
    directory: tempfile::TempDir,
}

impl Redis {
    pub(crate) fn workload(id: &str) -> (Redis, Workload) {
        let directory = tempfile::tempdir().unwrap();
        run("chown", &["redis:redis", directory.path().to_str().unwrap()]);
        let socket = directory.path().join("redis.sock").to_str().unwrap().to_owned();
        let server = program("redis-server").to_str().unwrap().to_owned();
        let client = program("redis-cli").to_str().unwrap().to_owned();
        let mut workload = Workload::idle(id, [Volume::project("data")]).command(&[
            &server,
            "--port",
            "0",
            "--unixsocket",
            &socket,
            "--dir",
            "{volume:data}",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]);
        workload.user = Some("redis".into());
        let check = "test \"$(\"$0\" -s \"$1\" ping)\" = PONG".to_owned();
        workload.health = Some((["/bin/sh".into(), "-c".into(), check, client, socket].into(), "60s".into()));
        (Redis { directory }, workload)
    }

    /// Where its socket is.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Whether the running server did it.
    pub(crate) fn try_command(&self, words: &[&str]) -> bool {
        let socket = self.directory.path().join("redis.sock");
        let output = Command::new(program("redis-cli")).arg("-s").arg(socket).args(words).output().unwrap();
        output.status.success() && !output.stdout.starts_with(b"ERR") && output.stderr.is_empty()
    }

    #[track_caller]
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let socket = self.directory.path().join("redis.sock");
        let client = program("redis-cli");
        run(client.to_str().unwrap(), &[&["-s", socket.to_str().unwrap()], words].concat()).trim().to_owned()
    }
}

/// A MariaDB that writes out its log at each commit, as it does unless told otherwise; its data directory is the volume `data`.
pub(crate) struct Mariadb {
    directory: tempfile::TempDir,
}

impl Mariadb {
    /// Whoever it runs as: the packages without a service make no user for it.
    const USER: &'static str = "nobody";

    /// The workload; [`Mariadb::make`] goes before its deploy.
    pub(crate) fn workload(id: &str) -> (Mariadb, Workload) {
        let directory = tempfile::tempdir().unwrap();
        run("chown", &[Mariadb::USER, directory.path().to_str().unwrap()]);
        let server = program("mariadbd").to_str().unwrap().to_owned();
        let mariadb = Mariadb { directory };
        let [socket, pid] = ["--socket", "--pid-file"].map(|option| format!("{option}={}", mariadb.at(&option[2..])));
        let mut workload = Workload::idle(id, [Volume::project("data")]).command(&[
            &server,
            "--no-defaults",
            "--datadir={volume:data}",
            &socket,
            &pid,
            "--skip-networking",
            "--innodb-buffer-pool-size=8M",
        ]);
        workload.user = Some(Mariadb::USER.into());
        workload.stop_timeout = "30s".into();
        let client = program("mariadb").to_str().unwrap().to_owned();
        let check = [client, "--no-defaults".into(), socket, "-uroot".into(), "-e".into(), "select 1".into()];
        workload.health = Some((check.into(), "60s".into()));
        (mariadb, workload)
    }

    /// Its system tables.
    pub(crate) fn make(&self, volume: &Path) {
        std::fs::create_dir_all(volume).unwrap();
        run("chown", &[Mariadb::USER, volume.to_str().unwrap()]);
        let (user, data) = (format!("--user={}", Mariadb::USER), format!("--datadir={}", volume.display()));
        let arguments = ["--no-defaults", &user, &data, "--auth-root-authentication-method=normal", "--skip-test-db"];
        run(program("mariadb-install-db").to_str().unwrap(), &arguments);
    }

    fn at(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn client(&self, statements: &str) -> Command {
        let mut command = Command::new(program("mariadb"));
        command.args(["--no-defaults", "-uroot", "-N", "-B"]).arg(format!("--socket={}", self.at("socket")));
        command.args(["-e", statements]);
        command
    }

    /// Whether the running server did it.
    pub(crate) fn try_sql(&self, statements: &str) -> bool {
        self.client(statements).output().unwrap().status.success()
    }

    /// What the running server answers, without what is around it.
    #[track_caller]
    pub(crate) fn sql(&self, statements: &str) -> String {
        let output = self.client(statements).output().unwrap();
        assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// Waits until a counter has written more.
#[track_caller]
pub(crate) fn writes_on(volume: &Path) {
    let before = counted(volume);
    eventually("the app writes on", || counted(volume) > before);
}

/// A program that stays in another session and holds something, until it is dropped.
pub(crate) struct Stranger(std::process::Child);

impl Stranger {
    /// A shell that runs these lines.
    pub(crate) fn shell(lines: &str) -> Stranger {
        Stranger(Command::new("/bin/sh").args(["-c", lines]).spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
