//! The configuration: any text is refused with a reason, or is one configuration however often it is read.

use std::path::Path;

use reforge_config::Config;

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let check = || Config::check(text, Path::new("/etc/reforge/reforge.toml"));
    match check() {
        Ok(config) => assert_eq!(Ok(config), check()),
        Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.message.is_empty())),
    }
}
