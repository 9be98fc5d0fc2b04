//! What of a machine is nobody's data, whoever mounts it into an app.

use std::path::Path;

/// Places in which there is nothing but the machine itself.
const OWN: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Below `/dev`, and yet a directory like any other.
const SHARED_MEMORY: &str = "/dev/shm";

/// The sockets of an engine, and the directory in which it keeps everything, as they are called on most machines.
const ENGINES: [&str; 3] = ["/run/docker.sock", "/var/run/docker.sock", "/var/lib/docker"];

/// Whether a path is the machine's own: `/`, `/dev`, `/proc`, `/sys`, a container engine's socket or its root. An engine's root
/// elsewhere is found only by looking at it, or by asking the engine.
pub fn is_never_a_volume(path: &Path) -> bool {
    let is_shared_memory = path.starts_with(SHARED_MEMORY) && path != Path::new(SHARED_MEMORY);
    let is_own = OWN.iter().any(|own| path.starts_with(own)) && !is_shared_memory;
    is_own || path == Path::new("/") || ENGINES.iter().any(|engines| path == Path::new(engines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_machines_own_is_told_from_directories_like_any_other() {
        for own in ["/", "/dev", "/dev/dri", "/dev/shm", "/proc", "/proc/1", "/sys/fs", "/var/run/docker.sock"] {
            assert!(is_never_a_volume(Path::new(own)), "{own}");
        }
        for data in ["/dev/shm/app", "/srv", "/devices", "/var/lib/docker/volumes/a/_data", "/var/lib"] {
            assert!(!is_never_a_volume(Path::new(data)), "{data}");
        }
    }
}
