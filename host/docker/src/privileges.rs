//! What the engine wrote about a container has to be made durable before trees move, and lies where only root comes: the
//! group of the engine's socket is not enough. Looked at while the app still runs. Looks only.

use super::View;
use super::container::Found;
use super::errors::refused;
use super::hold;
use reforge_base::failure::{Failure, reason};
use reforge_base::message;

impl View<'_> {
    /// What keeps the engine's records of this workload's containers from being made durable, said once.
    pub(crate) fn unsyncable(&self) -> Option<Failure> {
        self.found.iter().find_map(unsyncable)
    }
}

fn unsyncable(found: &Found) -> Option<Failure> {
    let error = hold::records(found).find_map(|path| std::fs::File::open(path).err())?;
    if error.kind() == std::io::ErrorKind::NotFound {
        return None;
    }
    let (shown, reason) = (found.shown(), reason(&error));
    Some(
        refused(message!("the-engines-record-cannot-be-made-durable", shown, reason))
            .hint(message!("run-as-root-not-only")),
    )
}
