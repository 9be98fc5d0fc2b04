//! Directories that are never volumes: the machine's own, a container engine's socket, and what an engine keeps for itself.
//! Looks only, and at nothing of what is only mounted: it may be of a machine that does not answer.

use crate::about::About;
use reforge_base::failure::Failure;
use reforge_base::machine::is_never_a_volume;
use reforge_base::message;
use reforge_config::{Config, Volume};
use reforge_docker::root;

/// Why a volume may not be there.
pub(super) fn refusal(config: &Config, about: &About<'_>, volume: &Volume) -> Option<Failure> {
    let own = || about.refuse(message!("is-the-machines-own-directory"), message!("leave-it-out-of-the-volumes"));
    if is_never_a_volume(about.path) || about.path == config.host.docker_socket {
        return Some(own());
    }
    if !volume.capture {
        return None;
    }
    let real = about.path.canonicalize();
    let real = real.as_deref().unwrap_or(about.path);
    if is_never_a_volume(real) {
        return Some(own());
    }
    root::refusal(real, volume.engine_volume.is_some()).map(|(clause, hint)| about.refuse(clause, hint))
}
