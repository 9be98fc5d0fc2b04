//! What is said of a snapshot that was imported, whenever somebody chooses it: what was left out, and what was given.

use reforge_base::failure::{Code, Failure};
use reforge_base::{Message, message};
use reforge_snapshots::format::{Descriptor, Remark};

/// What a person allows for one import: set-id bits, file capabilities and `trusted.*` attributes.
pub const SET_ID: &str = "set-id";

/// One warning for each kind of thing.
pub fn warnings(descriptor: &Descriptor) -> Vec<Failure> {
    let remarks = descriptor.taken_in.iter().flat_map(|taken| &taken.remarks);
    remarks.map(|remark| Failure::new(Code::ArchiveRefused, sentence(remark))).collect()
}

/// A remark for people.
pub fn sentence(remark: &Remark) -> Message {
    let (n, names) = (remark.count, names(remark));
    match &*remark.class {
        "companions" => message!("remark-companions", n, names),
        "labels" => message!("remark-labels", n, names),
        "attributes" => message!("remark-attributes", n, names),
        "special" => message!("remark-special", n, names),
        "volume-labels" => message!("remark-volume-labels", n, names),
        "times" => message!("remark-times", n, names),
        "linked-links" => message!("remark-linked-links", n, names),
        "lost-links" => message!("remark-lost-links", n, names),
        "directories" => message!("remark-directories", n, names),
        "outside" => message!("remark-outside", n, names),
        class => message!("remark-other", class = reforge_base::escape::text(class), n, names),
    }
}

fn names(remark: &Remark) -> String {
    let shown = |name: &String| if name.is_empty() { "`.`".to_owned() } else { format!("`{name}`") };
    let mut names = remark.examples.iter().map(shown).collect::<Vec<_>>().join(", ");
    if remark.count > remark.examples.len() as u64 {
        names.push_str(", …");
    }
    names
}
