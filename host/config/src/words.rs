//! The words of a command: a program and its arguments.

use toml::Spanned;

use super::problems::Problems;
use reforge_base::message;

/// At least a program, and nothing that no program can be given.
pub(super) fn words(key: &str, command: Spanned<Vec<String>>, problems: &mut Problems<'_>) -> Vec<String> {
    let words = command.get_ref();
    if words.first().is_none_or(String::is_empty) {
        problems.say(command.span(), message!("is-empty", key), message!("write-for-example-usr-bin-app"));
    } else if words.iter().any(|word| word.contains('\0')) {
        problems.say(command.span(), message!("key-holds-a-zero-byte", key), message!("remove-it"));
    }
    command.into_inner()
}
