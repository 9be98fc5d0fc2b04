//! The crates that work in volumes have a few files that open paths and make raw calls, and clippy keeps such calls out of
//! all others.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::sources;

/// The crates that share one clippy configuration.
const CRATES: [&str; 3] = ["volumes", "snapshots", "transaction"];

/// The crates that find volumes: they have the same one, but for calls of the standard library, with which they read what is
/// their own.
const FINDERS: [&str; 2] = ["deployer", "host"];
const OF_THE_STANDARD_LIBRARY: &str = "std::";

/// The files in which one of these calls may stand, each of which says why.
const DOORS: [(&str, &str); 4] =
    [("transaction", "state_files"), ("volumes", "ambient"), ("volumes", "beneath"), ("volumes", "syscalls")];

/// What lifts the ban. Tests, which make trees by their paths, are left alone by the crate's own line.
const LIFTED: &str = "clippy::disallowed_methods";
const FOR_TESTS: &str = "#![cfg_attr(test, expect(clippy::disallowed_methods";

/// Calls that are planted, and what clippy is to say of each.
const PLANTED: [(&str, &str); 18] = [
    ("std::fs::read(path).map(drop)", "std::fs::read"),
    ("std::fs::File::open(path).map(drop)", "std::fs::File::open"),
    ("std::fs::OpenOptions::new().read(true).open(path).map(drop)", "std::fs::OpenOptions::open"),
    ("std::fs::rename(path, path)", "std::fs::rename"),
    ("std::fs::remove_dir_all(path)", "std::fs::remove_dir_all"),
    ("std::os::unix::fs::symlink(path, path)", "std::os::unix::fs::symlink"),
    ("path.exists()", "std::path::Path::exists"),
    ("path.canonicalize().map(drop)", "std::path::Path::canonicalize"),
    ("rustix::fs::openat(rustix::fs::CWD, path, flags(), mode()).map(drop)", "rustix::fs::openat"),
    ("rustix::fs::unlinkat(rustix::fs::CWD, path, rustix::fs::AtFlags::empty())", "rustix::fs::unlinkat"),
    ("rustix::fs::mkdirat(rustix::fs::CWD, path, mode())", "rustix::fs::mkdirat"),
    ("rustix::fs::stat(path).map(drop)", "rustix::fs::stat"),
    ("rustix::fs::lsetxattr(path, path, b\"\", rustix::fs::XattrFlags::empty())", "rustix::fs::lsetxattr"),
    ("unsafe { libc::open(c\"/\".as_ptr(), 0) }", "libc::open"),
    ("unsafe { libc::unlinkat(0, c\"/\".as_ptr(), 0) }", "libc::unlinkat"),
    ("unsafe { libc::syscall(0) }", "libc::syscall"),
    ("cap_std::fs::Dir::open_ambient_dir(path, authority()).map(drop)", "cap_std::fs::Dir::open_ambient_dir"),
    ("file().sync_all()", "std::fs::File::sync_all"),
];

/// What the planted calls need, and calls that are as they should be.
const BESIDE: &str = "
use std::path::Path;
fn flags() -> rustix::fs::OFlags { rustix::fs::OFlags::empty() }
fn mode() -> rustix::fs::Mode { rustix::fs::Mode::empty() }
fn authority() -> cap_std::AmbientAuthority { unreachable!() }
fn file() -> std::fs::File { unreachable!() }
pub fn allowed(dir: &cap_std::fs::Dir) -> std::io::Result<()> {
    dir.open(\"name\")?;
    dir.create_dir(\"name\")?;
    rustix::fs::fchmod(dir, mode())?;
    Ok(())
}
";

fn host() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn configuration(path: &Path) -> Vec<toml::Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    table["disallowed-methods"].as_array().unwrap().clone()
}

#[test]
fn one_configuration_bans_calls_on_paths_for_all_crates_that_work_in_volumes_each_with_its_reason() {
    let shared = host().join("volumes/.clippy.toml").canonicalize().unwrap();
    let banned = configuration(&shared);
    for name in CRATES {
        assert_eq!(host().join(name).join(".clippy.toml").canonicalize().unwrap(), shared, "{name}");
    }
    for entry in configuration(&host().join("../.clippy.toml")) {
        assert!(banned.contains(&entry), "clippy reads the nearest configuration alone: {entry}");
    }
    for entry in &banned {
        assert!(entry["reason"].as_str().is_some_and(|reason| reason.len() > 20), "{entry}");
    }
}

#[test]
fn the_crates_that_find_volumes_ban_the_same_but_for_the_standard_library() {
    let everywhere = configuration(&host().join("../.clippy.toml"));
    let mut expected = configuration(&host().join("volumes/.clippy.toml"));
    expected.retain(|entry| everywhere.contains(entry) || !is_of_the_standard_library(entry["path"].as_str().unwrap()));
    for name in FINDERS {
        assert_eq!(configuration(&host().join(name).join(".clippy.toml")), expected, "{name}");
    }
}

fn is_of_the_standard_library(path: &str) -> bool {
    path.starts_with(OF_THE_STANDARD_LIBRARY)
}

#[test]
fn only_the_doors_lift_the_ban() {
    let mut doors = Vec::new();
    let is_bound = |name: &str| FINDERS.contains(&name) || CRATES.contains(&name);
    for (name, files) in sources::crates().into_iter().filter(|(name, _)| is_bound(name)) {
        for file in files {
            let lifts = file.text.lines().filter(|line| line.contains(LIFTED) && !line.starts_with(FOR_TESTS)).count();
            doors.extend((lifts > 0).then(|| (name.clone(), file.module.clone())));
        }
    }
    doors.sort();
    assert_eq!(doors, DOORS.map(|(name, module)| (name.to_owned(), module.to_owned())));
}

#[test]
fn clippy_finds_a_call_that_is_planted() {
    check_planted("volumes", &PLANTED);
    let syncs = |name: &str| name.contains("sync_");
    let of_others = PLANTED.into_iter().filter(|(_, name)| !is_of_the_standard_library(name) || syncs(name));
    check_planted(FINDERS[0], &of_others.collect::<Vec<_>>());
}

/// All of them are found under the configuration of a crate.
fn check_planted(of: &str, calls: &[(&str, &str)]) {
    let place = tempfile::tempdir().unwrap();
    let planted: String = (calls.iter().enumerate())
        .map(|(number, (call, _))| format!("pub fn planted_{number}(path: &Path) {{ let _ = {call}; }}\n"))
        .collect();
    plant(place.path(), &format!("{BESIDE}{planted}"));
    let said = clippy(place.path(), of);
    for (call, name) in calls {
        assert!(said.contains(&format!("use of a disallowed method `{name}`")), "`{call}` passed:\n{said}");
    }
    assert_eq!(said.matches("use of a disallowed method").count(), calls.len(), "{said}");
}

/// A crate with the same dependencies, in the same versions, so that nothing is fetched.
fn plant(place: &Path, source: &str) {
    let manifest = "[package]\nname = \"planted\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
        cap-std = \"4\"\nlibc = \"0.2\"\nrustix = { version = \"1\", features = [\"fs\"] }\n\n[workspace]\n";
    std::fs::create_dir(place.join("src")).unwrap();
    std::fs::write(place.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(place.join("src/lib.rs"), source).unwrap();
    std::fs::copy(host().join("../Cargo.lock"), place.join("Cargo.lock")).unwrap();
}

/// What clippy says of it under the configuration of a crate.
fn clippy(place: &Path, of: &str) -> String {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let output = Command::new(env!("CARGO"))
        .args(["clippy", "--offline", "--quiet", "--", "-D", "clippy::disallowed_methods"])
        .current_dir(place)
        .env("CARGO_TARGET_DIR", target)
        .env("CLIPPY_CONF_DIR", host().join(of))
        .output()
        .unwrap();
    assert!(!output.status.success(), "clippy had nothing to say");
    String::from_utf8(output.stderr).unwrap()
}
