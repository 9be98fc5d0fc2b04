//! `[host]`: where the host keeps its things and where volumes may live.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::problems::Problems;
use super::raw::RawHost;
use super::size::check_size;
use super::{Host, Workload, duration};
use crate::scope::Scope;
use reforge_base::message;
use reforge_base::{Language, escape, signature};

/// Where an engine listens when nothing else is said.
const DOCKER_SOCKET: &str = "/var/run/docker.sock";
/// Below the volume root. No project can have this name, so no volume can.
pub(super) const PREVIEWS: &str = ".previews";
/// What the names of directories beside the state directory end with.
const PREVIEWS_BESIDE: &str = "-previews";
const DRILLS: &str = "-drills";
/// How long the previous trees are kept when nothing else is said.
const UNDO_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// One after the other: each reads its volumes as fast as the disk goes.
const SNAPSHOTS_AT_ONCE: u32 = 1;
/// How long a plugin may go on without progress when nothing else is said.
pub const PLUGIN_STALL_LIMIT: Duration = Duration::from_secs(60);

pub(super) fn check(raw: RawHost, base: &Path, workloads: &[Workload], problems: &mut Problems<'_>) -> Host {
    let at = raw.state_dir.span();
    let state_dir = path("state_dir", base, raw.state_dir, problems);
    let mut optional = |key, value: Option<Spanned<String>>| value.map(|value| path(key, base, value, problems));
    let volume_root = optional("volume_root", raw.volume_root);
    let snapshot_dir = optional("snapshot_dir", raw.snapshot_dir).unwrap_or_else(|| state_dir.join("snapshots"));
    let preview_dir = optional("preview_dir", raw.preview_dir);
    let plugin = optional("plugin", raw.plugin);
    let drill_dir = optional("drill_dir", raw.drill_dir).unwrap_or_else(|| beside(&state_dir, DRILLS));
    let docker_socket = optional("docker_socket", raw.docker_socket).unwrap_or_else(|| DOCKER_SOCKET.into());
    let allowed_roots = raw.allowed_roots.into_iter().map(|root| path("allowed_roots", base, root, problems)).collect();
    if volume_root.is_none() {
        require_volume_root(at, workloads, problems);
    }
    Host {
        preview_dir: preview_dir.unwrap_or_else(|| match &volume_root {
            Some(root) => root.join(PREVIEWS),
            // Beside it: an app with a user of its own cannot pass a state directory.
            None => beside(&state_dir, PREVIEWS_BESIDE),
        }),
        state_dir,
        snapshot_dir,
        volume_root,
        allowed_roots,
        previous_max: check_size("previous_max", raw.previous_max, problems),
        undo_window: duration_or("undo_window", raw.undo_window, UNDO_WINDOW, problems),
        docker_socket,
        plugin,
        plugin_stall_limit: duration_or("plugin_stall_limit", raw.plugin_stall_limit, PLUGIN_STALL_LIMIT, problems),
        plugin_keys: raw.plugin_keys.into_iter().map(|key| plugin_key(key, problems)).collect(),
        language: raw.language.and_then(|tag| language(&tag, problems)),
        snapshots_at_once: at_once(raw.snapshots_at_once, problems),
        import_entries_max: raw.import_entries_max,
        import_ratio_max: raw.import_ratio_max,
        drill_dir,
        drill_host_commands: raw.drill_host_commands,
    }
}

impl Host {
    /// What a file means that says nothing else.
    pub(super) fn new(state_dir: PathBuf) -> Host {
        Host {
            snapshot_dir: state_dir.join("snapshots"),
            preview_dir: beside(&state_dir, PREVIEWS_BESIDE),
            drill_dir: beside(&state_dir, DRILLS),
            drill_host_commands: false,
            state_dir,
            volume_root: None,
            allowed_roots: Vec::new(),
            undo_window: UNDO_WINDOW,
            previous_max: None,
            docker_socket: DOCKER_SOCKET.into(),
            plugin: None,
            plugin_stall_limit: PLUGIN_STALL_LIMIT,
            plugin_keys: Vec::new(),
            language: None,
            snapshots_at_once: SNAPSHOTS_AT_ONCE,
            import_entries_max: None,
            import_ratio_max: None,
        }
    }
}

fn beside(state_dir: &Path, suffix: &str) -> PathBuf {
    let mut name = state_dir.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    state_dir.with_file_name(name)
}

fn language(tag: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Language> {
    let language = Language::ALL.into_iter().find(|language| language.tag() == tag.get_ref());
    if language.is_none() {
        let known = Language::ALL.map(|language| format!("`{}`", language.tag())).join(", ");
        let message = message!("language-is-which", get_ref = escape::text(tag.get_ref()));
        problems.say(tag.span(), message, message!("use-these", known));
    }
    language
}

fn at_once(value: Option<Spanned<u32>>, problems: &mut Problems<'_>) -> u32 {
    let Some(value) = value else { return SNAPSHOTS_AT_ONCE };
    if *value.get_ref() == 0 {
        problems.say(value.span(), message!("snapshots-at-once-is-0"), message!("write-1-or-more"));
    }
    *value.get_ref()
}

fn plugin_key(key: Spanned<String>, problems: &mut Problems<'_>) -> String {
    if !signature::parse(key.get_ref()) {
        let message = message!("plugin-keys-has", get_ref = escape::text(key.get_ref()));
        problems.say(key.span(), message, message!("write-the-second-line"));
    }
    key.into_inner()
}

fn require_volume_root(at: std::ops::Range<usize>, workloads: &[Workload], problems: &mut Problems<'_>) {
    for workload in workloads {
        let rooted = |scope| matches!(scope, Scope::Project | Scope::Stage);
        if let Some(volume) = workload.volumes.iter().find(|volume| rooted(volume.scope)) {
            problems.say(
                at.clone(),
                message!(
                    "volume-of-has-the-scope",
                    name = escape::text(&volume.name),
                    id = escape::text(&workload.id),
                    scope = volume.scope.as_str()
                ),
                message!("add-volume-root-srv-reforge"),
            );
            return;
        }
    }
}

/// A path of this host; a relative one is relative to the configuration's directory.
pub(super) fn path(key: &str, base: &Path, value: Spanned<String>, problems: &mut Problems<'_>) -> PathBuf {
    let shown = escape::text(value.get_ref());
    let path = Path::new(value.get_ref());
    if value.get_ref().is_empty() || value.get_ref().contains('\0') {
        problems.say(
            value.span(),
            message!("is-which-is-not-a-path", key, shown),
            message!("name-a-directory-or-file"),
        );
    } else if path.components().any(|component| component == Component::ParentDir) {
        problems.say(value.span(), message!("is-which-holds", key, shown), message!("write-the-path-out"));
    }
    base.join(path).components().collect()
}

/// A duration, its default, or a problem.
pub(super) fn duration_or(
    key: &str,
    value: Option<Spanned<String>>,
    default: Duration,
    problems: &mut Problems<'_>,
) -> Duration {
    let Some(value) = value else { return default };
    duration::parse(value.get_ref()).unwrap_or_else(|clause| {
        let message = message!("is-which", key, get_ref = escape::text(value.get_ref()), clause);
        problems.say(value.span(), message, message!("write-for-example-10s-1m-30s"));
        default
    })
}
