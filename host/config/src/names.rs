//! Names that people choose: they become file names, parts of paths and labels, so their alphabet is small.

use toml::Spanned;

use super::problems::Problems;
use reforge_base::escape;
use reforge_base::message;

/// Longest id, volume name, project or stage: names of files are made of them.
const NAME_BYTES_MAX: usize = 63;

/// What the name of a preview ends in, which no workload's may.
pub const PREVIEW_SUFFIX: &str = "-preview";

/// Takes a name, or reports what is wrong with it.
pub(super) fn check(key: &str, name: Spanned<String>, problems: &mut Problems<'_>) -> String {
    if !is_name(name.get_ref()) {
        problems.say(
            name.span(),
            message!("is-which-is-not-a-name", key, get_ref = escape::text(name.get_ref())),
            message!("a-name-has-1-to-63"),
        );
    }
    name.into_inner()
}

/// Whether people may choose it.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = |byte: u8| plain(byte) || matches!(byte, b'.' | b'_' | b'-');
    name.len() <= NAME_BYTES_MAX && name.bytes().next().is_some_and(plain) && name.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_a_file_name_everywhere() {
        for name in ["a", "0", "notes", "my-app_2.x", &"x".repeat(63)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".", "..", "-a", "_a", "A", "a/b", "a b", "ä", "a\0", "a\n", &"x".repeat(64)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
