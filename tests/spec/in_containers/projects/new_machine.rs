//! A project comes up on a machine that has none of it: another engine with its own root, other directories, and nothing but
//! images and one archive. And what an archive keeps of a project's own files.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::engine;
use crate::support::apps::Postgres;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::eventually;
use crate::support::projects::Project;

const SHOP: &str = r#"services:
  db:
    image: POSTGRES
    command: ["sh", "-c", "exec /usr/lib/postgresql/*/bin/postgres -D /data -k /tmp -c listen_addresses='' -c shared_buffers=4MB"]
    user: "OWNER"
    volumes: ["pg:/data"]
    stop_signal: SIGINT
    restart: always
  cache:
    image: REDIS
    command: ["redis-server", "--dir", "/data", "--appendonly", "yes", "--appendfsync", "always"]
    volumes: ["keys:/data"]
  web:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    environment: { GREETING: "${GREETING}" }
    volumes: ["./uploads:/srv/uploads"]
    secrets: [token]
    depends_on: [db, cache]
volumes: { pg: {}, keys: {} }
secrets: { token: { file: ./token } }
"#;

const PSQL: &str = "/usr/lib/postgresql/*/bin/psql -X -q -A -t -h /tmp -U postgres -d postgres -c";

/// The shop's file with this engine's images.
fn shop(engine: &Engine) -> String {
    let owner = std::fs::read_to_string("/etc/passwd").unwrap();
    let owner = owner.lines().find(|line| line.starts_with("postgres:")).unwrap().to_owned();
    let owner = owner.split(':').skip(2).take(2).collect::<Vec<_>>().join(":");
    SHOP.replace("POSTGRES", &engine.postgres()).replace("REDIS", &engine.redis()).replace("OWNER", &owner)
}

/// Makes what `reforge.toml` says of the project say this, too.
fn keep_all(project: &Project<'_>) {
    let file = project.world.path("reforge.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("[workload.compose]\n").count(), 1, "{text}");
    let text = text.replace("[workload.compose]\n", "[workload.compose]\nproject_files = \"all\"\n");
    std::fs::write(file, text).unwrap();
}

/// What GNU tar finds in it.
fn listed(archive: &Path) -> String {
    let output = Command::new("tar").arg("-tzf").arg(archive).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_shop_comes_up_on_a_new_machine_with_its_rows_keys_and_files() {
    let old = Project::of(engine(), &shop(engine()));
    std::fs::write(old.bound(".env"), "GREETING=hello\n").unwrap();
    std::fs::write(old.bound("token"), "secret\n").unwrap();
    old.compose(&["up", "--no-start"]);
    let cluster = old.world.path("elsewhere/cluster");
    Postgres::workload("cluster").0.make_cluster(&cluster);
    assert!(Command::new("cp").args(["-aT"]).args([&cluster, &old.volume("pg")]).status().unwrap().success());
    old.compose(&["up", "-d"]);
    let sql = |project: &Project<'_>, statement: &str| project.inside("db", &format!("{PSQL} \"{statement}\""));
    eventually("PostgreSQL answers", || {
        old.running().contains(&"db".to_owned()) && old.answers("db", &format!("{PSQL} 'select 1'"))
    });
    sql(&old, "create table orders as select generate_series(1, 1000) as id");
    old.inside("cache", "redis-cli set visits 17");
    old.inside("web", "echo picture > /srv/uploads/one");
    old.adopt();
    keep_all(&old);
    let snapshot = old.world.snapshot(&old.name);
    let archive = old.world.path("elsewhere/shop.tar.gz");
    old.world.ok(&["snapshot", "export", &old.name, &snapshot, archive.to_str().unwrap()]);

    // Another machine: another engine, other directories.
    let there = Engine::apart();
    let world = containers::world(&there, []);
    let directory = world.path("elsewhere/moved");
    std::fs::create_dir_all(&directory).unwrap();
    let new = Project { engine: &there, world, name: old.name.clone(), directory };
    there.postgres();
    there.redis();
    there.busybox("1");
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&archive).arg("-C").arg(&new.directory).args(["--strip-components=1", "project"]);
    assert!(unpack.status().unwrap().success());
    assert_eq!(std::fs::read_to_string(new.bound(".env")).unwrap(), "GREETING=hello\n");
    std::fs::create_dir(new.bound("uploads")).unwrap();
    new.compose(&["up", "--no-start"]);
    new.adopt();
    new.world
        .ok(&["snapshot", "import", archive.to_str().unwrap(), "--workload", &new.name])
        .expect_said("of the project");
    let listed = new.world.ok(&["snapshot", "list", &new.name, "--json"]).json();
    let imported = listed["snapshots"][0]["id"].as_str().unwrap().to_owned();
    new.world.restore(&new.name, &imported, &[]).expect(0);
    assert_eq!(new.running(), Vec::<String>::new(), "the first start is Compose's");
    new.compose(&["up", "-d"]);
    eventually("PostgreSQL answers", || new.answers("db", &format!("{PSQL} 'select 1'")));
    assert_eq!(sql(&new, "select count(*) from orders"), "1000");
    eventually("Redis answers", || new.answers("cache", "redis-cli ping"));
    assert_eq!(new.inside("cache", "redis-cli get visits"), "17");
    assert_eq!(new.inside("web", "cat /srv/uploads/one"), "picture");
    assert_eq!(new.inside("web", "cat /run/secrets/token; echo $GREETING"), "secret\nhello");
    // And it is protected there, too.
    let again = new.world.snapshot(&new.name);
    new.world.restore(&new.name, &again, &[]).expect(0);
    eventually("it is up", || new.running() == ["cache", "db", "web"]);
}

const FILES: &str = r#"services:
  web:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    volumes: ["./data:/data", "./conf/app.conf:/app.conf:ro"]
    env_file: [extra.env]
"#;

/// With values beside its Compose file, one of them a link.
fn project_with_files() -> Project<'static> {
    let project = Project::of(engine(), FILES);
    std::fs::create_dir(project.bound("conf")).unwrap();
    std::fs::write(project.bound("conf/app.conf"), "listen 80\n").unwrap();
    std::fs::write(project.bound("extra.env"), "SECRET=hunter2\n").unwrap();
    std::fs::write(project.bound("large.yml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    std::fs::set_permissions(project.bound("extra.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(project.world.path("elsewhere/outside"), "A=1\n").unwrap();
    symlink("../outside", project.bound(".env.local")).unwrap();
    project.compose(&["up", "-d"]);
    project.adopt();
    project
}

/// What became of each file, by the end of its name.
fn files(shown: &Value, project: &Project<'_>) -> Vec<(String, String, String)> {
    let mut all: Vec<_> = shown["descriptor"]["project"]["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let path = Path::new(file["path"].as_str().unwrap()).strip_prefix(&project.directory).unwrap();
            let why = file["why"].as_str().unwrap_or(if file["kept"].is_object() { "kept" } else { "?" });
            (path.display().to_string(), file["kind"].as_str().unwrap().to_owned(), why.to_owned())
        })
        .collect();
    all.sort();
    all
}

fn expected(rows: [(&str, &str, &str); 5]) -> Vec<(String, String, String)> {
    rows.map(|(path, kind, why)| (path.to_owned(), kind.to_owned(), why.to_owned())).into()
}

#[test]
fn values_are_kept_only_if_the_configuration_says_so_and_their_names_always() {
    let project = project_with_files();
    let snapshot = project.world.ok(&["snapshot", "create", &project.name, "--json"]);
    let id = snapshot.json()["id"].as_str().unwrap().to_owned();
    let show = |id: &str| project.world.ok(&["snapshot", "show", &project.name, id, "--json"]).json();
    let all = |environment| {
        expected([
            (".env.local", "environment", "link"),
            ("conf/app.conf", "config", environment),
            ("docker-compose.yml", "compose", "kept"),
            ("extra.env", "environment", environment),
            ("large.yml", "beside", if environment == "kept" { "too-large" } else { "not-asked" }),
        ])
    };
    assert_eq!(files(&show(&id), &project), all("not-asked"));
    let (archive, descriptor) = project.world.snapshot_files(&project.name, &id);
    let listed = listed(&archive);
    assert!(listed.lines().any(|name| name == "project/docker-compose.yml"), "{listed}");
    assert!(listed.lines().all(|name| !name.ends_with("extra.env")), "{listed}");
    assert!(!std::fs::read_to_string(descriptor).unwrap().contains("hunter2"));

    keep_all(&project);
    let kept = project.world.snapshot(&project.name);
    assert_eq!(files(&show(&kept), &project), all("kept"));
    let said = project.world.ok(&["snapshot", "show", &project.name, &kept]);
    said.expect_said("extra.env").expect_said("is a link").expect_said("built there").expect_unsaid("hunter2");

    // Out of it: into an empty directory, and never over anything.
    let to = project.world.path("elsewhere/out");
    let out = |snapshot: &str, to: &Path| {
        project.world.reforge(&["snapshot", "project-files", &project.name, snapshot, "--to", to.to_str().unwrap()])
    };
    out(&kept, &to).expect(0);
    assert_eq!(std::fs::read_to_string(to.join("extra.env")).unwrap(), "SECRET=hunter2\n");
    assert_eq!(std::fs::read_to_string(to.join("conf/app.conf")).unwrap(), "listen 80\n");
    assert_eq!(std::fs::metadata(to.join("extra.env")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!to.join("large.yml").exists() && !to.join(".env.local").exists());
    std::fs::write(to.join("extra.env"), "mine").unwrap();
    out(&id, &to).expect(2).expect_said("is not empty");
    assert_eq!(std::fs::read_to_string(to.join("extra.env")).unwrap(), "mine");
    assert!(to.join("conf/app.conf").exists());
    project.world.ok(&["snapshot", "verify", &project.name, &kept]);
}

#[test]
fn a_restore_touches_none_of_the_projects_files() {
    let project = project_with_files();
    keep_all(&project);
    std::fs::write(project.bound("data/one"), "1").unwrap();
    let snapshot = project.world.snapshot(&project.name);
    std::fs::write(project.bound("data/one"), "2").unwrap();
    std::fs::write(project.bound("extra.env"), "SECRET=changed\n").unwrap();
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert_eq!(std::fs::read_to_string(project.bound("data/one")).unwrap(), "1");
    assert_eq!(std::fs::read_to_string(project.bound("extra.env")).unwrap(), "SECRET=changed\n");
}

#[test]
fn a_snapshot_says_what_a_new_machine_must_have() {
    let services = r#"services:
  web:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    volumes: ["data:/data", "nas:/nas"]
    networks: [front]
  job:
    image: BUSYBOX
    command: ["true"]
    networks: [front]
networks: { front: {} }
volumes:
  data: { labels: { owner: us } }
  nas: { driver_opts: { type: tmpfs, device: tmpfs, o: "size=1m" } }
"#;
    let project = Project::of(engine(), services);
    project.compose(&["up", "-d"]);
    eventually("the job is done", || project.running() == ["web"]);
    project.adopt();
    let id = project.world.snapshot(&project.name);
    let shown = project.world.ok(&["snapshot", "show", &project.name, &id, "--json"]).json();
    let told = &shown["descriptor"]["project"];
    assert_eq!(told["name"], *project.name);
    assert_eq!(told["working_dir"], project.directory.to_str().unwrap());
    assert_eq!(told["config_files"][0], project.bound("docker-compose.yml").to_str().unwrap());
    assert_eq!(told["profiles"], serde_json::json!([]));
    assert!(told["compose_version"].as_str().unwrap().starts_with(|digit: char| digit.is_ascii_digit()));
    assert!(told["engine_version"].as_str().unwrap().starts_with(|digit: char| digit.is_ascii_digit()));
    let member =
        |service: &str| told["members"].as_array().unwrap().iter().find(|member| member["service"] == service).unwrap();
    // As they were before they were stopped for it.
    assert_eq!((&member("web")["state"], &member("job")["state"]), (&"running".into(), &"exited".into()));
    assert_eq!(member("web")["number"], "1");
    assert_eq!(member("web")["repo_digests"], serde_json::json!([]));
    assert!(member("web")["image_id"].as_str().unwrap().starts_with("sha256:"));
    let front = serde_json::json!({ "name": format!("{}_front", project.name), "driver": "bridge", "external": false });
    assert_eq!(told["networks"], serde_json::json!([front]));
    let volume = |name: &str| {
        let name = format!("{}_{name}", project.name);
        told["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == *name).unwrap()
    };
    assert_eq!(volume("data")["labels"]["owner"], "us");
    assert_eq!(volume("nas")["options"]["type"], "tmpfs");
    let said = project.world.ok(&["snapshot", "show", &project.name, &id]);
    said.expect_said("Compose 1").expect_said(&format!("{}_front (bridge)", project.name)).expect_said("exited");
}

#[test]
fn a_directory_that_a_new_machine_has_elsewhere_in_the_app_is_mapped_by_hand() {
    let web = |binds: &str| {
        format!(
            "services:\n  web: {{ image: \"BUSYBOX\", command: [\"sh\", \"-c\", \"STAYS\"], volumes: [{binds}] }}\n"
        )
    };
    let old = Project::up(engine(), &web("./uploads:/srv/uploads, ./notes:/srv/notes"));
    old.inside("web", "echo picture > /srv/uploads/what; echo note > /srv/notes/what");
    old.adopt();
    let snapshot = old.world.snapshot(&old.name);
    let archive = old.world.path("elsewhere/web.tar.gz");
    old.world.ok(&["snapshot", "export", &old.name, &snapshot, archive.to_str().unwrap()]);

    // Another host, other directories, and a newer app that sees one of them elsewhere.
    let new = Project::of(engine(), &web("./texts:/srv/notes, ./files:/srv/files"));
    ["texts", "files"].iter().for_each(|name| std::fs::create_dir(new.bound(name)).unwrap());
    new.compose(&["up", "--no-start"]);
    new.adopt();
    let import = ["snapshot", "import", archive.to_str().unwrap(), "--workload", &new.name, "--json"];
    let imported = new.world.ok(&import).json()["id"].as_str().unwrap().to_owned();
    let empty = || ["texts", "files"].iter().all(|name| new.bound(name).read_dir().unwrap().next().is_none());
    new.world.reforge(&["restore", "plan", &new.name, &imported]).expect(3).expect_said("`uploads`");
    new.world.restore(&new.name, &imported, &[]).expect(3);
    assert!(empty(), "nothing is guessed");
    let map = ["--map", "uploads=files"];
    let plan = new.world.reforge(&[&["restore", "plan", &new.name, &imported][..], &map].concat());
    plan.expect(0).expect_said("files (from uploads)").expect_said("--map uploads=files");
    assert!(empty());
    new.world.restore(&new.name, &imported, &map).expect(0);
    new.compose(&["up", "-d"]);
    assert_eq!(new.inside("web", "cat /srv/files/what /srv/notes/what"), "picture\nnote");
    assert_eq!(std::fs::read_to_string(new.bound("texts/what")).unwrap(), "note\n");
}
