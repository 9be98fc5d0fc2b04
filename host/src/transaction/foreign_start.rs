//! Something other than us started the app while it had to be down (protocol, rule 11).
//!
//! What it wrote may be a mixture that no rename can undo, so it is noticed, kept and said, and the app is not started
//! again. Nothing here stops or starts anything.

use std::path::Path;

use super::Transaction;
use super::places::Live;
use super::table;
use crate::durable;
use crate::failure::Result;

const FILE: &str = "started-by-others";

/// Whether it was noticed by an earlier start.
pub(super) fn was_noticed(directory: &Path) -> bool {
    directory.join(FILE).exists()
}

impl Transaction {
    /// Looks for it before the app is stopped. Durable before that: afterwards, and after a crash, nobody could tell.
    pub(super) fn notice_foreign_start(&mut self, lives: &[Live]) -> Result<()> {
        if !self.foreign_start && table::had_to_be_down(self.journal.state(), lives) && !self.app.is_down()? {
            durable::write_durably(self.journal.directory(), FILE, b"", durable::PRIVATE_FILE)?;
            self.foreign_start = true;
        }
        Ok(())
    }

    pub(super) fn foreign_start_hint(&self) -> String {
        let safety = self.journal.state().safety.as_deref().unwrap_or("none");
        format!(
            "something else started the app meanwhile, so its latest writes may be a mixture; it was stopped and not \
             started again; the state before is snapshot `{safety}`"
        )
    }
}
