use std::os::unix::ffi::OsStringExt as _;

use super::*;
use reforge_base::spec::Mount;

fn spec(command: &[&str]) -> DeploySpec {
    let mount = |volume: &str, live: &[u8]| Mount::new(volume, OsString::from_vec(live.to_vec()), "/data");
    let mut spec = DeploySpec::new("notes", "");
    spec.command = command.iter().map(|word| (*word).to_owned()).collect();
    spec.mounts = vec![mount("data", b"/srv/\xff"), mount("tricky", b"/srv/{volume:data}")];
    spec.stop_timeout = std::time::Duration::from_secs(1);
    spec
}

#[test]
fn placeholders_become_live_paths_once_and_byte_for_byte() {
    for (word, replaced) in [
        ("plain", &b"plain"[..]),
        ("--dir={volume:data}/x", b"--dir=/srv/\xff/x"),
        ("{volume:data}{volume:tricky}", b"/srv/\xff/srv/{volume:data}"),
        ("{other}", b"{other}"),
    ] {
        assert_eq!(live(word, &spec(&[])).expect("known").as_bytes(), replaced);
    }
    for word in ["{volume:none}", "{volume:}", "{volume:data"] {
        assert_eq!(live(word, &spec(&[])).expect_err("unknown").code, Code::AppBad, "{word}");
    }
}

#[test]
fn a_command_is_absolute_or_in_path() {
    let path_of = |spec: &DeploySpec| program_file(spec, &spec.command);
    assert!(path_of(&spec(&["sh"])).expect("found").is_absolute());
    let mut elsewhere = spec(&["sh"]);
    elsewhere.environment.push(("PATH".to_owned(), "/nonexistent::relative".to_owned()));
    for (spec, says) in [
        (elsewhere, "no such file in PATH"),
        (spec(&["./sh"]), "is not absolute"),
        (spec(&["/nonexistent/sh"]), "no such file"),
        (spec(&["/etc/passwd"]), "is not executable"),
        (spec(&["/etc"]), "is not a file"),
        (spec(&[]), "has no command"),
    ] {
        let failure = path_of(&spec).expect_err(says);
        assert_eq!(failure.code, Code::AppBad);
        assert!(failure.message.contains(says), "{}", failure.message);
    }
}
