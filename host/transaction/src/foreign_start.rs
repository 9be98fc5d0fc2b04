//! Something other than us started the app while it had to be down (protocol, rule 11).
//!
//! What it wrote may be a mixture that no rename can undo, so it is noticed, kept and said, and the app is not started
//! again. Nothing here stops or starts anything.

use std::path::Path;

use super::Transaction;
use super::event::Event;
use super::open_volumes::Live;
use super::state_files;
use super::table;
use reforge_base::Message;
use reforge_base::durable;
use reforge_base::failure::Result;
use reforge_base::message;

const FILE: &str = "started-by-others";

/// Whether it was noticed by an earlier start.
pub(super) fn was_noticed(directory: &Path) -> bool {
    state_files::exists(&directory.join(FILE))
}

impl Transaction {
    /// Looks for it before the app is stopped. Durable before that: afterwards, and after a crash, nobody could tell.
    pub(super) fn notice_foreign_start(&mut self, lives: &[Live]) -> Result<()> {
        let had_to_be_down = !self.foreign_start && table::had_to_be_down(self.journal.state(), lives);
        if had_to_be_down && (!self.app.is_down()? || self.was_written_on_a_mixture(lives)?) {
            durable::write_durably(self.journal.directory(), FILE, b"", durable::PRIVATE_FILE)?;
            self.foreign_start = true;
        }
        Ok(())
    }

    /// Whether somebody wrote while some volumes were new and some old, and is gone: then the old ones hold a part of it.
    fn was_written_on_a_mixture(&self, lives: &[Live]) -> Result<bool> {
        if !self.is_reopened || !lives.contains(&Live::Old) || !lives.contains(&Live::New) {
            return Ok(false);
        }
        for (place, live) in self.open_volumes.iter().zip(lives) {
            let since = if *live == Live::New { Event::Sealed } else { Event::Stopped };
            let tree = place.parent.open_live(&place.volume.live)?;
            if tree.is_some_and(|tree| self.was_changed_since(since.name(), tree)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn foreign_start_hint(&self) -> Message {
        let safety = self.journal.state().safety.as_deref().unwrap_or("none");
        message!("something-else-started-the-app-meanwhile", safety)
    }
}
