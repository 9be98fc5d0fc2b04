//! What a refusal of a volume is about, and how it begins.

use std::path::Path;

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// What a refusal is about.
pub(super) struct About<'a> {
    pub workload: &'a str,
    pub volume: &'a str,
    pub path: &'a Path,
}

impl About<'_> {
    pub(super) fn refuse(&self, clause: impl Into<Message>, hint: impl Into<Message>) -> Failure {
        let message = message!(
            "volume-of-at",
            volume = escape::text(self.volume),
            workload = escape::text(self.workload),
            path = escape::path(self.path),
            clause = clause.into()
        );
        Failure::new(Code::VolumeRefused, message).hint(hint)
    }
}
