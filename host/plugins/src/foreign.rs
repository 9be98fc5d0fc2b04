//! What a guest says, before anybody reads it: escaped, and no more of it than its limits allow.

use super::bindings::reforge::restore::types;
use super::limits;
use reforge_base::failure::{Code, Failure};

/// A failure in the guest's words: its text is foreign. Guests escape names themselves, so backslashes stay as they
/// are; control characters and the like do not.
pub fn own(failure: &types::Failure) -> Failure {
    let code = match Code::parse(&failure.code) {
        Code::Other(name) => Code::Other(reforge_base::escape::text(&shortened(&name, limits::NAME_CHARACTERS_MAX))),
        known => known,
    };
    let own = Failure::new(code, text(&failure.message));
    if failure.hint.trim().is_empty() { own } else { own.hint(text(&failure.hint)) }
}

fn text(foreign: &str) -> String {
    reforge_base::escape::prose(&shortened(foreign, limits::SENTENCE_CHARACTERS_MAX))
}

/// No more of it than that.
pub(crate) fn shortened(foreign: &str, characters: usize) -> String {
    match foreign.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &foreign[..end]),
        None => foreign.to_owned(),
    }
}
