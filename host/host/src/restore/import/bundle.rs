//! A snapshot of ours in one file, from another machine or another workload ([`reforge_snapshots::bundle`]).
//!
//! It comes back as what it was: with its tree digests, its project, and how it was taken. But it can be forged, so nothing of it
//! is believed that decides anything: the archive must be the one that the descriptor names, the plugin reads it whole
//! and counts what the descriptor counts, and the snapshot is one that was imported. A plugin is shown no parts of it.

use std::fs::File;
use std::io::Read as _;

use super::{Import, Taken, TakenIn, allowed, copy, unreadable};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};
use reforge_snapshots::bundle;
use reforge_snapshots::format::{Archive, Descriptor, VolumeTotals};
use reforge_snapshots::store::{Pending, descriptor_problem};

/// A bundle that was read to its end: its archive in the store, and what it says of it.
pub(super) struct Copied {
    descriptor: Descriptor,
    pending: Pending,
    archive: Archive,
}

impl Import<'_> {
    /// Copies the bundle that begins with this block.
    pub(super) fn bundle(&self, first: &[u8], input: &mut File) -> Result<Copied> {
        if self.request.how.maps() || self.request.how.owners_by_name {
            let message = message!("a-bundle-says-which-volume-is-which");
            return Err(Failure::new(Code::Usage, message).hint(message!("restore-it-with-map")));
        }
        let bundle::Head { descriptor, archive_bytes } = bundle::head(first, input)?;
        let pending = self.begin(archive_bytes)?;
        let archive = copy(&mut input.by_ref().take(archive_bytes), &pending, self.request, self.progress)?;
        // To the end of what is piped, so that whoever writes it is not broken off.
        std::io::copy(input, &mut std::io::sink()).map_err(|error| unreadable(self.request, &error))?;
        Ok(Copied { descriptor, pending, archive })
    }

    /// The snapshot that it was, if it says the truth.
    pub(super) fn of_bundle(&self, Copied { descriptor, pending, archive }: Copied) -> Result<Taken> {
        if archive != descriptor.archive {
            return Err(bundle::damaged(message!("its-archive-does-not-match")));
        }
        let claimed = self.claimed(pending.id(), descriptor);
        if let Some(what) = descriptor_problem(&claimed, &self.workload.id) {
            return Err(bundle::damaged(what));
        }
        let unknown = self.undescribed(pending.id(), archive, claimed.taken_in.clone());
        let counted = self.inspected_as(&pending, Descriptor { project: claimed.project.clone(), ..unknown })?;
        if !counts_agree(&claimed, &counted) {
            return Err(bundle::damaged(message!("its-descriptor-is-not-of-its-archive")));
        }
        self.published(pending, claimed)
    }

    /// What is said of it from now on.
    fn claimed(&self, id: &str, carried: Descriptor) -> Descriptor {
        let (snapshot, workload) = (escape::text(&carried.id), escape::text(&carried.manifest.workload));
        let taken_in = TakenIn {
            format: format!("bundle of `{snapshot}` of `{workload}`"),
            places: Vec::new(),
            remarks: carried.taken_in.map(|before| before.remarks).unwrap_or_default(),
            allowed: allowed(&self.request.how),
        };
        Descriptor { id: id.to_owned(), imported: true, parts: Vec::new(), taken_in: Some(taken_in), ..carried }
    }
}

fn counts_agree(claimed: &Descriptor, counted: &Descriptor) -> bool {
    let counts =
        |totals: &VolumeTotals| (totals.index, totals.entries, totals.bytes, totals.symlinks, totals.hard_links);
    claimed.manifest == counted.manifest && claimed.volumes.iter().map(counts).eq(counted.volumes.iter().map(counts))
}
