//! A container engine's root directory, as far as the disk tells: nothing in it is ever a volume, but for what is in the
//! directories of its named volumes.
//!
//! In `volumes/` each directory becomes a volume at the engine's next start, and `volume prune` takes it: a sibling must never
//! lie there. A volume that the engine mounts something on shows no app what lies below. Asks no engine and changes nothing.

use std::path::Path;

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Failure;
use reforge_base::message;

/// What an engine's root holds, of every version that has named volumes.
const ROOT: [&str; 3] = ["containers", "network", VOLUMES];
/// In which each volume has a directory of its own.
const VOLUMES: &str = "volumes";
/// What apps see, in that.
const DATA: &str = "_data";
/// Where the `local` driver keeps what a volume was made with.
const OPTIONS: &str = "opts.json";

/// What is wrong with a canonical path as a volume, and what to do about it. `is_named` says that containers get it as a volume
/// of the engine.
pub fn refusal(path: &Path, is_named: bool) -> Option<(Message, Message)> {
    let volume_itself = || {
        let hint = message!("name-its-data-directory", path = escape::path(path));
        Some((message!("is-the-engines-directory-of-a-volume"), hint))
    };
    if let Some(root) = path.ancestors().find(|path| is_root(path)) {
        let mut below = path.strip_prefix(root).into_iter().flat_map(Path::iter);
        match (below.next(), below.next(), below.next()) {
            (Some(volumes), Some(_), Some(_)) if volumes == VOLUMES => {}
            (Some(volumes), Some(_), None) if volumes == VOLUMES => return volume_itself(),
            _ => {
                let clause = message!("is-the-engines-own-directory", root = escape::path(root));
                return Some((clause, message!("leave-it-out-of-the-volumes")));
            }
        }
    }
    if path.parent().is_some_and(|parent| parent.ends_with(VOLUMES)) && is_directory(&path.join(DATA)) {
        return volume_itself();
    }
    path.parent().filter(|_| is_named && path.ends_with(DATA)).and_then(mounted_over)
}

fn is_root(path: &Path) -> bool {
    ROOT.iter().all(|name| is_directory(&path.join(name)))
}

fn is_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// Whether the engine mounts something on a volume's `_data` whenever an app has it: then that directory is empty, or holds
/// what no app has seen for long. `own` is the directory that `_data` is in.
fn mounted_over(own: &Path) -> Option<(Message, Message)> {
    let options = own.join(OPTIONS);
    let text = match std::fs::read(&options) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            let failure = Failure::io("read", &options, &error);
            let clause = message!("is-of-a-volume-whose-options-cannot-be-read", failure);
            return Some((clause, message!("run-the-host-as-root")));
        }
    };
    let said: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let (kind, device) = (text("MountType"), text("MountDevice"));
    if said.is_object() && kind.is_empty() && device.is_empty() {
        return None;
    }
    let (kind, device) = (escape::text(&kind), escape::text(&device));
    let is_bind = text("MountOpts").split(',').any(|option| option == "bind" || option == "rbind");
    let hint = match is_bind {
        true => message!("name-the-directory-that-it-stands-for", device),
        false => message!("set-capture-false-for-it"),
    };
    Some((message!("is-mounted-over-by-the-engine", kind, device), hint))
}
