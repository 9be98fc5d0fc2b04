//! What is said of a snapshot that was imported, whenever somebody chooses it: what was left out, and what was given.

use reforge_base::failure::{Code, Failure};
use reforge_base::{Message, message};
use reforge_snapshots::format::{Descriptor, ImportRemark};

/// What a person allows for one import: set-id bits, file capabilities and `trusted.*` attributes.
pub const SET_ID: &str = "set-id";

/// One warning for each kind of thing.
pub fn warnings(descriptor: &Descriptor) -> Vec<Failure> {
    let remarks = descriptor.taken_in.iter().flat_map(|taken| &taken.remarks);
    remarks.map(|remark| Failure::new(Code::ArchiveRefused, sentence(remark))).collect()
}

/// A remark for people.
pub fn sentence(remark: &ImportRemark) -> Message {
    let (n, names) = (remark.count, names(remark));
    match &*remark.class {
        "companions" => message!("taken-in-companions", n, names),
        "labels" => message!("taken-in-labels", n, names),
        "attributes" => message!("taken-in-attributes", n, names),
        "special" => message!("taken-in-special", n, names),
        "volume-labels" => message!("taken-in-volume-labels", n, names),
        "times" => message!("taken-in-times", n, names),
        "owners" => message!("taken-in-owners", n, names),
        "unknown-owners" => message!("taken-in-unknown-owners", n, names),
        "linked-links" => message!("taken-in-linked-links", n, names),
        "lost-links" => message!("taken-in-lost-links", n, names),
        "directories" => message!("taken-in-directories", n, names),
        "outside" => message!("taken-in-outside", n, names),
        class => message!("taken-in-other", class = reforge_base::escape::text(class), n, names),
    }
}

fn names(remark: &ImportRemark) -> String {
    let shown = |name: &String| if name.is_empty() { "`.`".to_owned() } else { format!("`{name}`") };
    let mut names = remark.examples.iter().map(shown).collect::<Vec<_>>().join(", ");
    if remark.count > remark.examples.len() as u64 {
        names.push_str(", …");
    }
    names
}
