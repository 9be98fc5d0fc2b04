//! The files that the crates of the host are built of, without those of their tests.

use std::path::Path;

/// Where the tests of a file begin, which are its last part.
const TESTS: &str = "#[cfg(test)]\nmod tests {";

/// A file, and the module that it is: `a::b`, or nothing for the root of its crate.
pub(crate) struct File {
    pub module: String,
    pub text: String,
}

/// The crates by name, each with its files.
pub(crate) fn crates() -> Vec<(String, Vec<File>)> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut crates = Vec::new();
    for entry in std::fs::read_dir(host).unwrap() {
        let entry = entry.unwrap();
        let mut files = Vec::new();
        read(&entry.path().join("src"), "", &mut files);
        crates.push((entry.file_name().into_string().unwrap(), files));
    }
    crates.sort_by(|one, other| one.0.cmp(&other.0));
    crates
}

/// What of a file is not its tests.
pub(crate) fn production(text: &str) -> &str {
    text.split_once(TESTS).map_or(text, |(before, _)| before)
}

fn read(directory: &Path, above: &str, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let module = match (above, stem) {
            ("", "lib" | "main") => String::new(),
            (above, "mod") => above.to_owned(),
            ("", name) => name.to_owned(),
            (above, name) => format!("{above}::{name}"),
        };
        if stem.ends_with("tests") || stem == "fixture" {
            continue;
        } else if path.is_dir() {
            read(&path, &module, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(File { module, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

#[test]
fn tests_are_no_part_of_production() {
    assert_eq!(production("fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n"), "fn a() {}\n\n");
    assert_eq!(production("fn a() {}\n#[cfg(test)]\nmod tests;\n"), "fn a() {}\n#[cfg(test)]\nmod tests;\n");
    let crates = crates();
    let base = &crates.iter().find(|(name, _)| name == "base").unwrap().1;
    let has = |module: &str| base.iter().any(|file| file.module == module);
    assert!(has("") && has("mounts") && has("mounts::table") && has("state_dir") && !has("state_dir::tests"));
}
