//! What a crash leaves behind, as far as recovery can tell: records and identities.

use std::fmt::Write as _;

use super::Explorer;

const SECTOR_BYTES: usize = 512;
/// Where a record's text begins in its sector (`host/src/transaction/journal.rs`), and where its length stands.
const TEXT_AT: usize = 18;
const LENGTH_AT: usize = 16;

impl Explorer {
    /// A name for what is on disk of the newest transaction and its volumes. Crashes with one name are one crash.
    pub(crate) fn durable_state(&self) -> String {
        let mut state = String::new();
        if let Some(id) = self.newest() {
            let directory = self.world.state_dir().join("transactions").join(&id);
            records(&std::fs::read(directory.join("journal")).unwrap_or_default()).iter().for_each(|record| {
                state.push_str(record);
                state.push(' ');
            });
            let told = self.world.state_dir().join("receipts").join(format!("{id}.json")).exists();
            let aborted = directory.join("abort").exists();
            let _ = write!(state, "told={told} aborted={aborted}");
        }
        let said = |path: &std::path::Path| {
            let names = super::super::world::names(path);
            let names = names.iter().filter_map(|name| name.file_name()?.to_str()?.strip_prefix("only-in-"));
            names.collect::<Vec<_>>().join("+")
        };
        for live in &self.lives {
            let _ = write!(state, " live:{}:{}", live.exists(), said(live));
        }
        for sibling in self.siblings() {
            let name = sibling.to_str().unwrap();
            // The part of the name that is not chance.
            let _ = write!(state, " {}:{}", name.rsplit('-').next().unwrap_or_default(), said(&sibling));
        }
        state
    }
}

/// The names of a journal's records.
pub(crate) fn records(journal: &[u8]) -> Vec<String> {
    let text = |sector: &[u8]| -> Option<String> {
        let length = u16::from_le_bytes(sector.get(LENGTH_AT..TEXT_AT)?.try_into().ok()?) as usize;
        let record: serde_json::Value = serde_json::from_slice(sector.get(TEXT_AT..TEXT_AT + length)?).ok()?;
        Some(record["event"].as_str()?.to_owned())
    };
    journal.chunks(SECTOR_BYTES).map_while(text).collect()
}
