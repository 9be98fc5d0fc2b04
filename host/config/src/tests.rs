use std::path::Path;
use std::time::Duration;

use super::*;

const HOST: &str = "[host]\nstate_dir = \"state\"\nvolume_root = \"/srv/reforge\"\n";
/// The workload starts at line 4, further keys at line 9.
const WORKLOAD: &str = "[[workload]]\nid = \"notes\"\nproject = \"notes\"\nstage = \"prod\"\nruntime = \"process\"\n";

fn check(text: &str) -> Result<Config, Vec<Failure>> {
    Config::check(text, Path::new("/etc/reforge.toml"))
}

/// The problems of a text without the file's name, which all must have.
fn problems(text: &str) -> Vec<String> {
    let found = check(text).expect_err(text);
    for failure in &found {
        assert_eq!(failure.code, Code::Usage);
        assert!(!failure.hint.is_empty(), "no hint: {failure}");
        assert!(!failure.message.ends_with('.') && !failure.message.contains('\n'), "{failure}");
    }
    let name = "`/etc/reforge.toml` ";
    found.iter().map(|failure| failure.message.strip_prefix(name).expect("the file's name").to_owned()).collect()
}

#[test]
fn the_example_of_the_design_is_read() {
    let text = r#"
[host]
state_dir = "/var/lib/reforge"
snapshot_dir = "/var/lib/reforge/snapshots"
volume_root = "/srv/reforge"
allowed_roots = ["/srv/data"]
undo_window = "24h"
[[workload]]
id = "notes"
project = "notes"
stage = "prod"
runtime = "docker"
image = "registry.example/acme/notes:1.4"
[[workload.volume]]
name = "data"
scope = "project"
source = "data"
target = "/var/lib/notes"
[[workload]]
id = "counter"
project = "counter"
stage = "prod"
runtime = "process"
command = ["/usr/bin/counter", "--dir", "{volume:data}"]
user = "counter"
environment = { MODE = "fast" }
stop_signal = "SIGINT"
stop_timeout = "1m 30s"
links = "contained"
privileged = true
health = { command = ["/usr/bin/counter", "ping"], interval = "2s", limit = "90s" }
[[workload.volume]]
name = "data"
scope = "stage"
source = "deep/data"
[[workload.volume]]
name = "scratch"
scope = "ephemeral"
"#;
    let config = check(text).unwrap();
    assert_eq!(config.host.undo_window, Duration::from_secs(86_400));
    assert_eq!(config.host.preview_dir, Path::new("/srv/reforge/.previews"));
    let notes = config.workload("notes").unwrap();
    assert_eq!((notes.runtime.as_str(), notes.image.as_deref()), (DOCKER, Some("registry.example/acme/notes:1.4")));
    assert_eq!((notes.links, notes.privileged, notes.stop_signal.as_str()), (Links::Refuse, false, "SIGTERM"));
    let counter = config.workload("counter").unwrap();
    assert_eq!((counter.links, counter.privileged, counter.stop_signal.as_str()), (Links::Contained, true, "SIGINT"));
    assert_eq!(counter.stop_timeout, Duration::from_secs(90));
    assert_eq!(counter.environment["MODE"], "fast");
    assert_eq!(counter.health.as_ref().unwrap().interval, Duration::from_secs(2));
    assert_eq!(counter.volumes[0].scope, Scope::Stage);
    assert_eq!(counter.volumes[1], Volume { source: None, ..Volume::new("scratch", Scope::Ephemeral, "") });
}

#[test]
fn what_is_left_out_has_its_default_and_relative_paths_start_at_the_file() {
    let text =
        format!("{HOST}plugin = \"p/restore.wasm\"\n{WORKLOAD}command = [\"x\"]\nhealth = {{ command = [\"y\"] }}\n");
    let config = check(&text).unwrap();
    assert_eq!(config.host.state_dir, Path::new("/etc/state"));
    assert_eq!(config.host.snapshot_dir, Path::new("/etc/state/snapshots"));
    assert_eq!(config.host.plugin.as_deref(), Some(Path::new("/etc/p/restore.wasm")));
    assert_eq!(config.host.allowed_roots, [] as [PathBuf; 0]);
    assert_eq!(config.host.undo_window, Duration::from_secs(86_400));
    assert_eq!(config.host.plugin_stall_limit, Duration::from_secs(60));
    assert_eq!(config.host.plugin_keys, [] as [String; 0]);
    let workload = &config.workloads[0];
    assert_eq!((workload.stop_signal.as_str(), workload.stop_timeout), ("SIGTERM", Duration::from_secs(10)));
    let health = workload.health.as_ref().unwrap();
    assert_eq!((health.interval, health.limit), (Duration::from_secs(1), Duration::from_secs(60)));
}

#[test]
fn each_problem_in_the_host_table_names_its_line_and_key() {
    for (line, expected) in [
        ("state_dri = \"x\"", "line 4: unknown key `state_dri`"),
        ("undo_window = \"soon\"", "line 4: `undo_window` is `soon`, which is not a duration"),
        ("undo_window = 24", "line 4: the key `undo_window`: invalid type: integer `24`, expected a string"),
        (
            "allowed_roots = \"/srv\"",
            "line 4: the key `allowed_roots`: invalid type: string \"/srv\", expected a sequence",
        ),
        ("plugin = \"../x\"", "line 4: `plugin` is `../x`, which holds `..`"),
        ("plugin = \"\"", "line 4: `plugin` is ``, which is not a path"),
        ("state_dir = \"again\"", "line 4: the key `state_dir` is there twice"),
        ("plugin = ", "line 4: the key `plugin`: string values must be quoted, expected literal string"),
    ] {
        assert_eq!(problems(&format!("{HOST}{line}\n")), [expected], "{line}");
    }
    assert_eq!(problems("[host]\n"), ["line 1: the key `state_dir` is missing"]);
    assert_eq!(problems(""), ["line 1: the table `[host]` is missing"]);
    assert_eq!(problems(&format!("{HOST}[hots]\n")), ["line 4: unknown key `hots`"]);
    assert_eq!(problems(&format!("{HOST}[workload]\n")), ["line 4: `workload` is not a list of tables"]);
}

#[test]
fn each_problem_in_a_workload_names_its_line_and_key() {
    for (line, expected) in [
        ("comand = [\"x\"]", "line 9: unknown key `comand`"),
        ("command = []", "line 9: `command` is empty"),
        ("command = [\"\"]", "line 9: `command` is empty"),
        ("command = \"/bin/x\"", "line 9: the key `command`: invalid type: string \"/bin/x\", expected a sequence"),
        ("", "line 5: the workload `notes` is a process and has no `command`"),
        ("command = [\"x\"]\nimage = \"y\"", "line 10: the workload `notes` is a process and has an `image`"),
        ("command = [\"x\"]\nuser = \"a b\"", "line 10: `user` is `a b`, which is not a user"),
        (
            "command = [\"x\"]\nstop_signal = \"SIGKILL\"",
            "line 10: `stop_signal` is `SIGKILL`, which does not ask an app to end",
        ),
        (
            "command = [\"x\"]\nstop_signal = \"TERM\"",
            "line 10: `stop_signal` is `TERM`, which does not ask an app to end",
        ),
        ("command = [\"x\"]\nstop_timeout = \"-1s\"", "line 10: `stop_timeout` is `-1s`, which is negative"),
        ("command = [\"x\"]\nlinks = \"follow\"", "line 10: the key `links` cannot be `follow`"),
        (
            "command = [\"x\"]\nprivileged = \"yes\"",
            "line 10: the key `privileged`: invalid type: string \"yes\", expected a boolean",
        ),
        (
            "command = [\"x\"]\nenvironment = { \"A=B\" = \"x\" }",
            "line 10: `environment` has the name `A=B`, which no variable can have",
        ),
        ("command = [\"x\"]\nhealth = { command = [\"x\"], every = \"1s\" }", "line 10: unknown key `every`"),
        ("command = [\"x\"]\nhealth = { command = [] }", "line 10: `command` is empty"),
        (
            "command = [\"x\"]\nhealth = { command = [\"x\"], interval = \"0s\" }",
            "line 10: `interval` of `health` is zero",
        ),
        (
            "command = [\"x {volume:data\"]",
            "line 8: the workload `notes` uses the volume `data`, which the workload does not have",
        ),
        (
            "command = [\"x\"]\nenvironment = { D = \"{volume:data}\" }",
            "line 8: the workload `notes` has `{volume:NAME}` in its `environment`",
        ),
        (
            "command = [\"x {volume:data}\"]",
            "line 8: the workload `notes` uses the volume `data`, which the workload does not have",
        ),
    ] {
        assert_eq!(problems(&format!("{HOST}{WORKLOAD}{line}\n")), [expected], "{line}");
    }
    let changed = |from: &str, to: &str| problems(&format!("{HOST}{WORKLOAD}command = [\"x\"]\n").replace(from, to));
    assert_eq!(changed("id = \"notes\"", "id = \"No tes\""), ["line 5: `id` is `No tes`, which is not a name"]);
    assert_eq!(
        changed("id = \"notes\"", "id = \"x-preview\""),
        ["line 5: `id` is `x-preview`, and names that end in `-preview` are for previews"]
    );
    assert_eq!(changed("stage = \"prod\"", "stage = \"a/b\""), ["line 7: `stage` is `a/b`, which is not a name"]);
    assert_eq!(changed("\"process\"", "\"podman\""), ["line 8: the key `runtime` cannot be `podman`"]);
    assert_eq!(changed("stage = \"prod\"\n", ""), ["line 4: the key `stage` is missing"]);
    assert_eq!(
        changed("\"process\"", "\"docker\""),
        ["line 5: the workload `notes` runs in docker and has no `image`"]
    );
}

#[test]
fn each_problem_in_a_volume_names_its_line_and_key() {
    let volume = |scope: &str, source: &str| format!("name = \"data\"\nscope = \"{scope}\"\nsource = \"{source}\"");
    for (lines, expected) in [
        (volume("project", "/abs"), "line 13: `source` is `/abs`, which is absolute"),
        (volume("stage", "a/../b"), "line 13: `source` is `a/../b`, which holds `..`"),
        (volume("project", "a//b"), "line 13: `source` is `a//b`, which holds an empty part or `.`"),
        (volume("project", "a/"), "line 13: `source` is `a/`, which holds an empty part or `.`"),
        (volume("project", "./a"), "line 13: `source` is `./a`, which holds an empty part or `.`"),
        (volume("project", ""), "line 13: `source` is ``, which names no directory"),
        (
            volume("project", ".reforge-x/a"),
            "line 13: `source` is `.reforge-x/a`, which holds a name that is kept for restores",
        ),
        (volume("absolute", "a"), "line 13: `source` is `a`, which is not absolute"),
        (volume("absolute", "/"), "line 13: `source` is `/`, which names no directory"),
        (volume("absolute", "/a/../b"), "line 13: `source` is `/a/../b`, which holds `..`"),
        (volume("shared", "a"), "line 12: `scope` is `shared`, which is none"),
        (volume("project", "a").replace("data", "My Data"), "line 11: `name` is `My Data`, which is not a name"),
        (volume("project", "a") + "\ntarget = \"rel\"", "line 14: `target` is `rel`, which is no place in an app"),
        (
            volume("project", "a") + "\ntarget = \"/a/../b\"",
            "line 14: `target` is `/a/../b`, which is no place in an app",
        ),
        (volume("project", "a") + "\ntarget = \"/\"", "line 14: `target` is `/`, which is no place in an app"),
        (volume("project", "a") + "\nreadonly = true", "line 14: unknown key `readonly`"),
        ("name = \"data\"\nscope = \"project\"".to_owned(), "line 11: volume `data` has no `source`"),
        ("name = \"data\"".to_owned(), "line 10: the key `scope` is missing"),
    ] {
        let text = format!("{HOST}{WORKLOAD}command = [\"x\"]\n[[workload.volume]]\n{lines}\n");
        assert_eq!(problems(&text), [expected], "{lines}");
    }
    for own in ["/proc/sys", "/sys", "/dev/dri", "/dev/shm", "/var/run/docker.sock", "/var/lib/docker"] {
        let text = format!("{HOST}{WORKLOAD}command = [\"x\"]\n[[workload.volume]]\n{}\n", volume("absolute", own));
        let expected = format!("line 13: `source` is `{own}`, which is the machine's own and no data of an app");
        assert_eq!(problems(&text), [expected]);
    }
    let text = format!(
        "{HOST}{WORKLOAD}command = [\"{{volume:tmp}}\"]\n[[workload.volume]]\nname = \"tmp\"\nscope = \"named\"\n"
    );
    assert_eq!(
        problems(&text),
        ["line 8: the workload `notes` uses the volume `tmp`, which has the scope `named` and no directory of ours"]
    );
    let text = format!("{HOST}{WORKLOAD}command = [\"x\"]\n[[workload.volume]]\n{}\n", volume("project", "a"));
    assert_eq!(
        problems(&text.replace("volume_root = \"/srv/reforge\"\n", "")),
        ["line 2: volume `data` of `notes` has the scope `project`, and `[host]` has no `volume_root`"]
    );
    assert_eq!(
        problems(&text.replace("runtime = \"process\"\ncommand = [\"x\"]", "runtime = \"docker\"\nimage = \"x\"")),
        ["line 11: volume `data` has no `target`"]
    );
    let twice = format!("{text}[[workload.volume]]\n{}\n", volume("project", "b"));
    assert_eq!(problems(&twice), ["line 15: a second volume of this workload is named `data`"]);
}

#[test]
fn a_volume_of_an_engine_is_named_and_its_directory_is_the_engines() {
    let text = |scope: &str, source: &str, more: &str| {
        let workload = WORKLOAD.replace("process", "docker");
        format!(
            "{HOST}allowed_roots = [\"/\"]\n{workload}image = \"x\"\n[[workload.volume]]\nname = \"db\"\ntarget = \"/db\"\n\
             scope = \"{scope}\"\nsource = \"{source}\"\n{more}\n"
        )
    };
    let data = "/var/lib/docker/volumes/shop_db/_data";
    let named = "engine_volume = \"shop_db\"";
    for source in [data, "/srv/shop/db"] {
        let config = check(&text("absolute", source, named)).unwrap();
        let volume = &config.workloads[0].volumes[0];
        assert_eq!((volume.engine_volume.as_deref(), volume.capture), (Some("shop_db"), true));
    }
    let config = check(&text("absolute", "/mnt/media", "capture = false")).unwrap();
    assert!(!config.workloads[0].volumes[0].capture);
    for (text, expected) in [
        (text("project", "db", named), "line 16: the volume of the engine `shop_db` has the scope `project`"),
        (
            text("absolute", data, "engine_volume = \"other_db\""),
            "line 15: `engine_volume` is `other_db`, and `source` is the directory of the volume `shop_db`",
        ),
        (
            text("absolute", "/var/lib/docker/volumes/shop_db", named),
            "line 15: `source` is `/var/lib/docker/volumes/shop_db`, which is the engine's own directory of the volume",
        ),
        (
            text("absolute", data, "engine_volume = \"a/b\""),
            "line 16: `engine_volume` is `a/b`, which is no engine's name of a volume",
        ),
        (
            text("absolute", data, named)
                .replace("\"docker\"\nimage", "\"process\"\ncommand")
                .replace("\"x\"", "[\"x\"]"),
            "line 16: `engine_volume` is `shop_db`, and the workload is a process",
        ),
        (
            text("ephemeral", "x", "capture = false"),
            "line 16: `capture` says nothing of a volume of the scope `ephemeral`",
        ),
    ] {
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem == expected), "{expected}: {found:?}");
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = format!(
        "[host]\nstate_dri = \"x\"\n{WORKLOAD}comand = []\n[[workload.volume]]\nname = 3\n{WORKLOAD}oops = 1\n[other]\n"
    );
    let found = problems(&text);
    assert_eq!(
        found,
        [
            "line 2: unknown key `state_dri`",
            "line 8: unknown key `comand`",
            "line 10: the key `name`: invalid type: integer `3`, expected a string",
            "line 16: unknown key `oops`",
            "line 17: unknown key `other`",
        ]
    );
    let text = format!(
        "{HOST}undo_window = \"x\"\n{WORKLOAD}command = []\n{WORKLOAD}command = [\"x\"]\nstop_signal = \"y\"\n"
    );
    assert_eq!(
        problems(&text),
        [
            "line 4: `undo_window` is `x`, which is not a duration",
            "line 10: `command` is empty",
            "line 12: a second workload has the id `notes`",
            "line 17: `stop_signal` is `y`, which does not ask an app to end",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_and_several_problems_are_one_failure_each() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("reforge.toml");
    let failure = Config::load(&path).unwrap_err();
    assert_eq!((failure.code, failure.hint.as_str()), (Code::Usage, "name the configuration with `--config FILE`"));
    assert!(failure.message.starts_with("cannot read `"), "{}", failure.message);
    std::fs::write(&path, b"[host]\nstate_dir = \"\xff\"\n").unwrap();
    assert!(Config::load(&path).unwrap_err().message.ends_with("` line 2: not UTF-8"));
    std::fs::write(&path, "[host]\nstate_dir = \"..\"\nundo_window = \"x\"\n").unwrap();
    let failure = Config::load(&path).unwrap_err();
    assert!(failure.message.starts_with("2 problems in `"), "{}", failure.message);
    assert!(failure.message.contains("line 2: ") && failure.message.contains("line 3: "), "{}", failure.message);
    std::fs::write(&path, "[host]\nstate_dir = \"s\"\n").unwrap();
    assert_eq!(Config::load(&path).unwrap().host.state_dir, directory.path().join("s"));
}

#[test]
fn foreign_text_in_a_problem_is_escaped() {
    let expected = problems("[host]\nstate_dir = \"x\"\n\"a\\u001b[2J\" = 1\n");
    assert_eq!(expected, ["line 3: unknown key `a\\u{1b}[2J`"]);
}

#[test]
fn a_workload_that_is_not_there_is_named_with_those_that_are() {
    let config = check(&format!("{HOST}{WORKLOAD}command = [\"x\"]\n")).unwrap();
    let failure = config.workload("nots").unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (Code::NotFound, "there is no workload `nots`"));
    assert!(failure.hint.ends_with("has: notes"), "{}", failure.hint);
}

#[test]
fn a_runtime_is_one_that_the_host_has_and_which_those_are_is_told() {
    let text = |name: &str| format!("{HOST}{}command = [\"x\"]\n", WORKLOAD.replace("process", name));
    let refused = |name: &str, known: &[&str]| {
        let found = Config::check_for(&text(name), Path::new("/etc/reforge.toml"), known).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        (found[0].message.clone(), found[0].hint.clone())
    };
    let (message, hint) = refused("mine", &BUILT_IN);
    assert!(message.ends_with("line 8: the key `runtime` cannot be `mine`"), "{message}");
    assert_eq!(hint, "use `process` or `docker` or `compose`");
    assert_eq!(refused("mine", &["other"]).1, "use `other`, or register a runtime of that name when the host is built");
    assert_eq!(refused("process", &["mine"]).1, "use `mine`");
    let config = Config::check_for(&text("mine"), Path::new("/etc/reforge.toml"), &["mine"]).unwrap();
    assert_eq!(config.workloads[0].runtime.as_str(), "mine");
}
