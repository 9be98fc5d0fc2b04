//! Where the configuration says that volumes are. Nothing is looked at: what is really there is for `resolve` to say.

use std::path::{Path, PathBuf};

use reforge_base::spec::Mount;
use reforge_config::scope::Scope;
use reforge_config::{Config, Volume, Workload};

/// Where the configuration says that a volume is, nothing looked at. None for other scopes.
pub(super) fn configured_path(config: &Config, workload: &Workload, volume: &Volume) -> Option<PathBuf> {
    let source = volume.source.as_ref().filter(|_| volume.scope.is_supported())?;
    match home(config, workload, volume.scope) {
        Home::Below { root, names } => {
            Some(names.iter().fold(root.to_owned(), |path, name| path.join(name)).join(source))
        }
        Home::Allowed(_) => Some(PathBuf::from(source)),
        Home::Nowhere => None,
    }
}

/// The same as a mount.
pub(super) fn configured_mount(config: &Config, workload: &Workload, volume: &Volume) -> Option<Mount> {
    let live = configured_path(config, workload, volume)?;
    let target = volume.target.clone().unwrap_or_else(|| live.clone());
    Some(Mount::new(&volume.name, live, target).with_engine_volume(volume.engine_volume.clone()))
}

/// What a volume must lie below.
pub(super) enum Home<'a> {
    /// These names below the volume root, none of them a link.
    Below { root: &'a Path, names: Vec<&'a str> },
    /// One of these.
    Allowed(&'a [PathBuf]),
    /// The configuration was made by hand and has no volume root.
    Nowhere,
}

pub(super) fn home<'a>(config: &'a Config, workload: &'a Workload, scope: Scope) -> Home<'a> {
    let names = match scope {
        Scope::Absolute => return Home::Allowed(&config.host.allowed_roots),
        Scope::Project => vec![workload.project.as_str()],
        Scope::Stage => vec![workload.project.as_str(), workload.stage.as_str()],
        Scope::Instance | Scope::Ephemeral | Scope::Named | Scope::ProjectNamed => return Home::Nowhere,
    };
    match &config.host.volume_root {
        Some(root) => Home::Below { root, names },
        None => Home::Nowhere,
    }
}
