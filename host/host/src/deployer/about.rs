//! What a refusal of a volume is about, and how it begins.

use std::path::Path;

use reforge_base::escape;
use reforge_base::failure::{Code, Failure};

/// What a refusal is about.
pub(super) struct About<'a> {
    pub workload: &'a str,
    pub volume: &'a str,
    pub path: &'a Path,
}

impl About<'_> {
    pub(super) fn refuse(&self, clause: impl AsRef<str>, hint: impl Into<String>) -> Failure {
        let message = format!(
            "volume `{}` of `{}` at `{}` {}",
            escape::text(self.volume),
            escape::text(self.workload),
            escape::path(self.path),
            clause.as_ref()
        );
        Failure::new(Code::VolumeRefused, message).hint(hint)
    }
}
