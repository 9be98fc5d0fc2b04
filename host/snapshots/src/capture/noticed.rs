//! What is noticed of a volume while it is captured, beside what goes into the archive: for the descriptor.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::super::format::{EntryFlags, encoded};
use super::super::xattrs::Xattrs;
use reforge_base::demands::Demands;
use reforge_base::escape;
use reforge_base::remark::{About, Gathered, Remark};
use reforge_volumes::inode_flags::{Extra, Inheritance};
use reforge_volumes::tree_digest::Mtime;

/// Entries of which the flags are written down. Those of more are named as lost.
const FLAGGED_MAX: usize = 100_000;

/// Where links lead that means no data: each machine has its own.
const OF_THE_MACHINE: [&str; 3] = ["/dev", "/proc", "/sys"];

/// What every file system takes.
const ATTRIBUTES_ANYWHERE: [&[u8]; 5] =
    [b"user.", b"trusted.", b"security.", b"system.posix_acl_access", b"system.posix_acl_default"];

/// Where the app, or the host, has a volume, and every volume that is captured with it.
#[derive(Clone, Copy)]
pub(super) struct Roots<'a> {
    pub(super) own: &'a [PathBuf],
    pub(super) all: &'a [PathBuf],
}

impl Roots<'_> {
    /// Whether a link leads to what no captured volume holds, as far as its words say. No link on the way is followed.
    fn are_left_by(&self, path: &[u8], target: &[u8]) -> bool {
        let target = Path::new(OsStr::from_bytes(target));
        let is_captured = |leads: &Path| self.all.iter().any(|root| leads.starts_with(root));
        if target.is_absolute() {
            let leads = plain(target);
            return !is_captured(&leads) && !OF_THE_MACHINE.iter().any(|machine| leads.starts_with(machine));
        }
        let above = Path::new(OsStr::from_bytes(path)).parent().unwrap_or(Path::new(""));
        let mut depth = above.components().count();
        let stays = target.components().all(|component| match component {
            Component::ParentDir => depth.checked_sub(1).inspect(|less| depth = *less).is_some(),
            Component::Normal(_) => {
                depth += 1;
                true
            }
            _ => true,
        });
        !stays && !self.own.iter().any(|root| is_captured(&plain(&root.join(above).join(target))))
    }
}

/// An absolute path without dots.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain
    })
}

/// See the module.
pub(super) struct Noticed<'a> {
    index: u32,
    roots: Roots<'a>,
    links_refused: bool,
    inheritance: Inheritance,
    /// Of the root and the directories down to where the walk stands.
    above: Vec<Extra>,
    flags: Vec<EntryFlags>,
    leads_out: Gathered,
    links: Gathered,
    lost_flags: Gathered,
    attributes: Gathered,
    demands: Demands,
}

impl<'a> Noticed<'a> {
    pub(super) fn new(index: u32, roots: Roots<'a>, links_refused: bool, inheritance: Inheritance) -> Noticed<'a> {
        Noticed {
            index,
            roots,
            links_refused,
            inheritance,
            above: Vec::new(),
            flags: Vec::new(),
            leads_out: Gathered::default(),
            links: Gathered::default(),
            lost_flags: Gathered::default(),
            attributes: Gathered::default(),
            demands: Demands::of(index),
        }
    }

    /// A directory, whose entries come next.
    pub(super) fn directory(&mut self, path: &[u8], extra: Extra) {
        self.flags(path, extra, true);
        self.above.push(extra);
    }

    /// All entries of a directory came.
    pub(super) fn end(&mut self) {
        self.above.pop();
    }

    /// A file.
    pub(super) fn file(&mut self, path: &[u8], extra: Extra) {
        self.flags(path, extra, false);
    }

    fn flags(&mut self, path: &[u8], extra: Extra, is_directory: bool) {
        // Of the root itself live's count, where there is a live.
        let root = self.above.first().copied().unwrap_or(extra);
        if let Some(lost) = extra.lost_below(root) {
            self.lost_flags.add(|| format!("{} ({lost})", escape::bytes(path)));
        }
        let above = self.above.last().copied().unwrap_or_default();
        let Some(set) = extra.to_set(above, is_directory, self.inheritance) else { return };
        if self.flags.len() < FLAGGED_MAX {
            self.flags.push(EntryFlags { volume: self.index, path: encoded(path), set });
        } else if !set.is_empty() {
            self.lost_flags.add(|| format!("{} ({set})", escape::bytes(path)));
        }
    }

    pub(super) fn symlink(&mut self, path: &[u8], target: &[u8]) {
        let shown = || format!("{} -> {}", escape::bytes(path), escape::bytes(target));
        if self.roots.are_left_by(path, target) {
            self.leads_out.add(shown);
        }
        if self.links_refused {
            self.links.add(shown);
        }
    }

    pub(super) fn hard_link(&mut self, path: &[u8]) {
        if self.links_refused {
            self.links.add(|| escape::bytes(path));
        }
    }

    /// Any entry's time and attributes.
    pub(super) fn metadata(&mut self, path: &[u8], mtime: Mtime, xattrs: &Xattrs) {
        self.demands.time(path, mtime.seconds, mtime.nanoseconds);
        if xattrs.is_empty() {
            return;
        }
        self.demands.attributes(path, xattrs);
        let foreign = |name: &[u8]| !ATTRIBUTES_ANYWHERE.iter().any(|known| name.starts_with(known));
        if let Some((name, _)) = xattrs.iter().find(|(name, _)| foreign(name)) {
            self.attributes.add(|| format!("{} ({})", escape::bytes(path), escape::bytes(name)));
        }
    }

    /// Everything, with what only the end of the volume shows.
    pub(super) fn finish(
        self,
        volume: &str,
        names_outside: Gathered,
        changed: Gathered,
    ) -> (Vec<Remark>, Vec<EntryFlags>, Demands) {
        let rows = [
            (About::Changed, changed),
            (About::LeadsOut, self.leads_out),
            (About::LinksRefused, self.links),
            (About::NamesOutside, names_outside),
            (About::Flags, self.lost_flags),
            (About::Attributes, self.attributes),
        ];
        let remarks = rows.into_iter().filter_map(|(what, gathered)| gathered.remark(volume, what));
        (remarks.collect(), self.flags, self.demands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_out_when_no_captured_volume_holds_what_it_names() {
        let own = [PathBuf::from("/data"), PathBuf::from("/srv/app/data")];
        let all = [&own[..], &[PathBuf::from("/media"), PathBuf::from("/srv/app/media")]].concat();
        let roots = Roots { own: &own, all: &all };
        for (path, target, leaves) in [
            ("uploads", "/mnt/big/uploads", true),
            ("pg_tblspc/16384", "/space", true),
            ("uploads", "../../other", true),
            ("a/b", "../../x", true),
            ("a/b", "../x", false),
            ("a/b", "../x/./y/../z", false),
            ("a/b", "x/../../../y", true),
            ("current", "releases/1", false),
            ("here", ".", false),
            ("own", "/data/x", false),
            ("own", "/srv/app/data/x", false),
            ("own", "/data/../database", true),
            ("own", "/database", true),
            ("pictures", "/media/pictures", false),
            ("pictures", "../media/pictures", false),
            ("d/pictures", "../../media/pictures", false),
            ("access.log", "/dev/stdout", false),
            ("fd", "/proc/self/fd/1", false),
            ("root", "/", true),
        ] {
            assert_eq!(roots.are_left_by(path.as_bytes(), target.as_bytes()), leaves, "{path} -> {target}");
        }
        let unknown = Roots { own: &[], all: &[] };
        assert!(unknown.are_left_by(b"a", b"../b") && !unknown.are_left_by(b"a", b"b"));
    }
}
