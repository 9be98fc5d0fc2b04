//! What each directory holds that becomes a volume: how much, and what a restore treats in its own way. Looks only.

use std::path::{Path, PathBuf};

use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::message;
use reforge_base::spec::Mount;
use reforge_config::Links;
use reforge_volumes::live_tree::{self, Totals};
use reforge_volumes::parent::Parent;

/// One of them.
pub(crate) struct Measured {
    pub volume: String,
    pub live: PathBuf,
    /// Or why nobody knows.
    pub totals: Result<Totals>,
}

pub(crate) fn all(mounts: &[Mount]) -> Vec<Measured> {
    let measure = |mount: &Mount| Measured {
        volume: mount.volume.clone(),
        live: mount.live.clone(),
        totals: measure(&mount.live),
    };
    mounts.iter().map(measure).collect()
}

/// What a workload with these directories has to say about links, so that a snapshot of them can be restored.
pub(crate) fn links(all: &[Measured]) -> Links {
    let has_links = |totals: &Totals| totals.symlinks + totals.hard_links > 0;
    match all.iter().any(|one| one.totals.as_ref().is_ok_and(has_links)) {
        true => Links::Contained,
        false => Links::default(),
    }
}

fn measure(live: &Path) -> Result<Totals> {
    let missing = || Failure::new(reforge_base::Code::VolumeRefused, message!("live-is-not-there"));
    let real = live.canonicalize().map_err(|error| Failure::io("look at", live, &error))?;
    let (parent, name) = real.parent().zip(real.file_name()).ok_or_else(missing)?;
    let directory = Parent::open(parent)?.open_live(name)?.ok_or_else(missing)?;
    live_tree::totals(directory)
}
