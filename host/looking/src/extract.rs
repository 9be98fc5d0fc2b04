//! A copy of some of a snapshot in a directory of its own: never in live, never beside it.
//!
//! It is filled under another name in the same parent, through the same staging as a restore, and gets its own name when all of
//! it is there and on disk. What the workload's policy does not let a restore bring back is left out and named. Of a workload with
//! several volumes each is a directory in the copy. Inode flags are not set, since a copy that cannot be changed or removed is of no
//! use: what goes without is named.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::judge::Judge;
use super::look::{Look, Looked};
use super::parts;
use super::place::{self, Asked};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::remark::Gathered;
use reforge_base::{Phase, escape, message, random};
use reforge_deployer::overlap;
use reforge_host::restore::preflight;
use reforge_plugins::calls::Order;
use reforge_snapshots::entries::{Entry, Kind};
use reforge_volumes::parent::Parent;
use reforge_volumes::receiver::{Pieces, Receiver};
use reforge_volumes::remove::remove_known;
use reforge_volumes::staging::entry_path;
use reforge_volumes::staging::{Expected, Policy, Quota, Staging};
use reforge_volumes::tree_digest::{Metadata, Mtime};

/// What the copy is called until it is whole.
const UNFINISHED: &str = ".unfinished-copy-";
/// Of the copy itself, where the volumes are directories in it.
const ROOT_MODE: u32 = 0o700;
/// Names that are told of what was left out.
const LEFT_OUT_MAX: usize = 100;

/// What came of it.
pub struct Extracted {
    pub to: PathBuf,
    pub entries: u64,
    pub bytes: u64,
    pub left_out: u64,
    /// The first of them, each with its volume.
    pub left_out_names: Vec<Vec<u8>>,
    /// Entries that had inode flags, which the copy has not.
    pub flags: Gathered,
}

/// What is to be copied of one volume.
#[derive(Default)]
struct Selection {
    /// The paths that were named, with everything below each.
    trees: Vec<Vec<u8>>,
    /// Directories above them.
    above: HashSet<Vec<u8>>,
    left_out: HashSet<Vec<u8>>,
    /// The leader of a hard link, where it is not copied itself, and the link that takes its place.
    instead: HashMap<Vec<u8>, Vec<u8>>,
}

impl Selection {
    fn takes(&self, path: &[u8]) -> bool {
        if !self.left_out.is_empty() && upwards(path).any(|path| self.left_out.contains(path)) {
            return false;
        }
        let is_below = |tree: &Vec<u8>| {
            tree.is_empty()
                || path.strip_prefix(&tree[..]).is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'/'))
        };
        self.above.contains(path) || self.trees.iter().any(is_below)
    }
}

impl Look<'_> {
    /// Copies what these paths name; audited.
    pub fn extract(&self, looked: &Looked, paths: &[Asked<'_>], to: &Path) -> Result<Extracted> {
        let place = Destination::of(self, to)?;
        let details = serde_json::json!({
            "workload": looked.workload.id,
            "snapshot": looked.descriptor().id,
            "to": escape::path(&place.path),
        });
        self.host.audit_event("extract", self.who, details)?;
        let mut chosen = Chosen::new(looked, preflight::policy(&looked.workload, looked.descriptor()));
        for path in paths {
            let (number, _) = place::find(&self.host.config, looked, *path)?;
            chosen.roots.push(number);
        }
        chosen.choose()?;
        place.fill(self, looked, &chosen)?;
        Ok(Extracted {
            to: place.path,
            entries: chosen.entries,
            bytes: chosen.bytes,
            left_out: chosen.left_out,
            flags: chosen.flags(),
            left_out_names: chosen.left_out_names,
        })
    }

    /// Copies one volume, by its index, whole: what comes out is what was captured, or it fails. It also fails where a restore would,
    /// for what the workload's policy does not let back.
    pub fn extract_volume(&self, looked: &Looked, volume: usize, to: &Path) -> Result<()> {
        let place = Destination::of(self, to)?;
        let mut chosen = Chosen::new(looked, preflight::policy(&looked.workload, looked.descriptor()));
        chosen.whole = Some(volume);
        chosen.roots.extend(looked.list.volume(volume).map(|range| range.start));
        chosen.choose()?;
        if let Some(name) = chosen.left_out_names.first() {
            let message = message!("a-restore-would-refuse-entries", n = chosen.left_out, name = escape::bytes(name));
            return Err(Failure::new(Code::PolicyRefused, message).hint(message!("plan-a-restore-to-see-why")));
        }
        place.fill(self, looked, &chosen)
    }
}

/// A path, and the directories above it up to the volume's root.
fn upwards(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(path), |path| (!path.is_empty()).then(|| entry_path::split(path).0))
}

/// What is taken of each volume, and what that comes to.
struct Chosen<'a> {
    looked: &'a Looked,
    policy: Policy,
    /// The one volume of which all is wanted, as the volume that it was.
    whole: Option<usize>,
    roots: Vec<u64>,
    selections: Vec<Arc<Selection>>,
    entries: u64,
    bytes: u64,
    left_out: u64,
    left_out_names: Vec<Vec<u8>>,
    /// Every entry whose content is wanted, for the parts that hold it.
    numbers: Vec<(u64, usize, Entry)>,
}

impl<'a> Chosen<'a> {
    fn new(looked: &'a Looked, policy: Policy) -> Chosen<'a> {
        Chosen {
            looked,
            policy,
            whole: None,
            roots: Vec::new(),
            selections: Vec::new(),
            entries: 0,
            bytes: 0,
            left_out: 0,
            left_out_names: Vec::new(),
            numbers: Vec::new(),
        }
    }

    fn choose(&mut self) -> Result<()> {
        let volumes = self.looked.descriptor().volumes.len();
        let mut selections: Vec<Selection> = (0..volumes).map(|_| Selection::default()).collect();
        for number in self.roots.clone() {
            let (volume, entry) = self.entry(number)?;
            let selection = &mut selections[volume];
            selection.above.extend(upwards(&entry.path).skip(1).map(<[u8]>::to_vec));
            selection.trees.push(entry.path);
        }
        for (volume, selection) in selections.iter_mut().enumerate() {
            if !selection.trees.is_empty() {
                self.measure(volume, selection)?;
            }
        }
        self.selections = selections.into_iter().map(Arc::new).collect();
        Ok(())
    }

    fn entry(&self, number: u64) -> Result<(usize, Entry)> {
        let found = self.looked.list.volume_of(number).zip(self.looked.list.get(number)?);
        found.ok_or_else(|| Failure::new(Code::NotFound, message!("there-is-no-entry-of-this-number", number)))
    }

    fn measure(&mut self, volume: usize, selection: &mut Selection) -> Result<()> {
        let range = self.looked.list.volume(volume).unwrap_or_default();
        let privileged = self.policy.privileged || !self.looked.descriptor().imported;
        let mut next = range.start;
        let mut entries = self.looked.list.from(next);
        while next < range.end {
            entries.seek(next);
            let Some((number, entry)) = entries.next().transpose()? else { break };
            next = number + 1;
            if !selection.takes(&entry.path) {
                // Nothing below it is taken, either.
                next = self.looked.list.behind(number);
                continue;
            }
            let is_link = matches!(entry.kind, Kind::Symlink { .. } | Kind::HardLink { .. });
            // A further name of a file that is not in the copy becomes the file.
            let becomes_file = match &entry.kind {
                Kind::HardLink { leader } => !selection.takes(leader) && !selection.instead.contains_key(leader),
                _ => false,
            };
            let is_refused = (entry.is_privileged && !privileged) || (is_link && !becomes_file && !self.policy.links);
            if is_refused {
                self.leave_out(volume, &entry, selection);
                next = self.looked.list.behind(number);
                continue;
            }
            self.entries += 1;
            match &entry.kind {
                Kind::HardLink { leader } if becomes_file => {
                    let number = self.looked.list.find(volume, leader)?;
                    let number = number.ok_or_else(|| {
                        let path = escape::bytes(&entry.path);
                        Failure::new(Code::SnapshotDamaged, message!("entry-is-a-link-to-no-file", path))
                    })?;
                    let (_, file) = self.entry(number)?;
                    self.bytes += file.size();
                    selection.instead.insert(leader.clone(), entry.path.clone());
                    self.numbers.push((number, volume, file));
                }
                Kind::File { size, .. } => self.bytes += size,
                _ => {}
            }
            self.numbers.push((number, volume, entry));
        }
        Ok(())
    }

    /// What is copied and had inode flags.
    fn flags(&self) -> Gathered {
        let mut gathered = Gathered::default();
        for one in self.looked.descriptor().flags.iter().flatten().filter(|one| !one.set.is_empty()) {
            let path = one.decoded_path();
            let is_copied = self.selections.get(one.volume as usize).is_some_and(|selection| selection.takes(&path));
            if is_copied {
                let volume = self.looked.volume_names().nth(one.volume as usize).unwrap_or_default();
                gathered.add(|| format!("{}/{} ({})", escape::text(volume), escape::bytes(&path), one.set));
            }
        }
        gathered
    }

    fn leave_out(&mut self, volume: usize, entry: &Entry, selection: &mut Selection) {
        self.left_out += 1;
        if self.left_out_names.len() < LEFT_OUT_MAX {
            let name = self.looked.volume_names().nth(volume).unwrap_or_default();
            self.left_out_names.push([name.as_bytes(), b"/", &entry.path].concat());
        }
        selection.left_out.insert(entry.path.clone());
    }
}

/// Where the copy goes.
struct Destination {
    path: PathBuf,
    parent: Parent,
    name: OsString,
}

impl Destination {
    fn of(look: &Look<'_>, to: &Path) -> Result<Destination> {
        let usage = |error: &std::io::Error| Failure::io("look at", to, error).with_code(Code::Usage);
        let absolute = std::path::absolute(to).map_err(|error| usage(&error))?;
        let (Some(above), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return Err(Failure::new(Code::Usage, message!("nothing-is-extracted-to-the-root")));
        };
        let above = above.canonicalize().map_err(|error| usage(&error))?;
        let path = above.join(name);
        overlap::refuse_copy_at(&look.host.config, &path)?;
        let parent = Parent::open(&above)?;
        if parent.identity(name)?.is_some() && !parent.is_empty_directory(name)? {
            let failure = Failure::new(Code::Usage, message!("holds-something-already", path = escape::path(&path)));
            return Err(failure.hint(message!("name-a-directory-that-is-empty-or-new")));
        }
        Ok(Destination { name: name.to_owned(), path, parent })
    }

    fn fill(&self, look: &Look<'_>, looked: &Looked, chosen: &Chosen<'_>) -> Result<()> {
        let sibling = format!("{UNFINISHED}{}", random::bytes::<4>()?.map(|byte| format!("{byte:02x}")).concat());
        let made = self.parent.make_own(&sibling)?;
        let filled = self.fill_sibling(look, looked, chosen, (&sibling, &made));
        if filled.is_err() {
            // The failure that led here is the one to tell; what stays says by its name what it is.
            let _ = remove_known(&self.parent, &sibling, &[&made]);
        }
        filled
    }

    fn fill_sibling(
        &self,
        look: &Look<'_>,
        looked: &Looked,
        chosen: &Chosen<'_>,
        (sibling, made): (&str, &reforge_volumes::identity::Identity),
    ) -> Result<()> {
        let descriptor = looked.descriptor();
        let several = chosen.whole.is_none() && descriptor.volumes.len() > 1;
        let tree_digest = chosen.whole.and_then(|index| descriptor.volumes.get(index)?.tree_digest.clone());
        let quota = Quota {
            policy: Policy { privileged: chosen.policy.privileged || !descriptor.imported, ..chosen.policy },
            budget: preflight::BUDGET,
            expected: Expected { tree_digest, entries: chosen.entries + u64::from(several), bytes: chosen.bytes },
            cancelled: look.progress.cancelled.clone(),
            ..Quota::default()
        };
        let staging = Staging::create_known(&self.parent, sibling, made, None::<cap_std::fs::Dir>, quota)?;
        let staging = Arc::new(staging);
        if several {
            let now = reforge_base::clock::now();
            let mtime = Mtime { seconds: now.as_second(), nanoseconds: 0 };
            let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
            let root = Metadata { mode: ROOT_MODE, uid, gid, mtime, ..Metadata::default() };
            staging.directory(b"", &root)?;
        }
        look.progress.begin(Phase::Extracting, chosen.bytes, chosen.entries);
        let mut into: Vec<(u32, Arc<dyn Receiver>)> = Vec::new();
        for ((index, selection), totals) in (0u32..).zip(&chosen.selections).zip(&descriptor.volumes) {
            if selection.trees.is_empty() {
                continue;
            }
            let name = looked.volume_names().nth(index as usize).unwrap_or_default();
            let prefix = if several { name.as_bytes().to_vec() } else { Vec::new() };
            let judge = Arc::new(Judge::new(totals, look.progress.cancelled.clone()));
            let (staging, selection) = (staging.clone(), selection.clone());
            into.push((index, Arc::new(Copying { judge, staging, selection, prefix })));
        }
        let wanted = chosen.numbers.iter().map(|(number, volume, entry)| (*number, *volume, entry));
        let parts = parts::holding(descriptor, wanted);
        look.read(&looked.workload, &looked.snapshot, (&parts, Order::Any), into)?;
        look.progress.begin(Phase::Sealing, 0, 0);
        let sealed = staging.seal()?;
        drop(staging);
        sealed.tree.open_up(&self.parent, sibling)?;
        if self.parent.identity(&self.name)?.is_some() {
            self.parent.remove_empty(&self.name)?;
        }
        self.parent.put_back(sibling, &self.name)?;
        self.parent.sync()
    }
}

/// Hands on what is chosen of one volume.
struct Copying {
    judge: Arc<Judge>,
    staging: Arc<Staging>,
    selection: Arc<Selection>,
    prefix: Vec<u8>,
}

impl Copying {
    /// Where a path goes in the copy.
    fn at(&self, path: &[u8]) -> Vec<u8> {
        match (self.prefix.is_empty(), path.is_empty()) {
            (true, _) => path.to_vec(),
            (false, true) => self.prefix.clone(),
            (false, false) => [&self.prefix, &b"/"[..], path].concat(),
        }
    }

    /// The name under which a file goes into the copy.
    fn name_of<'p>(&'p self, path: &'p [u8]) -> Option<&'p [u8]> {
        match self.selection.instead.get(path) {
            Some(link) => Some(link),
            None => self.selection.takes(path).then_some(path),
        }
    }
}

impl Receiver for Copying {
    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        let metadata = self.judge.directory(path, metadata)?;
        if self.selection.takes(path) { self.staging.directory(&self.at(path), &metadata) } else { Ok(()) }
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        let metadata = self.judge.file(path, metadata, content.len() as u64)?;
        match self.name_of(path) {
            Some(name) => self.staging.file(&self.at(name), &metadata, content),
            None => Ok(()),
        }
    }

    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Box<dyn Pieces>> {
        let metadata = self.judge.file(path, metadata, size)?;
        match self.name_of(path) {
            Some(name) => Ok(Box::new(self.staging.large_file(&self.at(name), &metadata, size)?)),
            None => Ok(Box::new(PassedOver { judge: self.judge.clone(), path: path.to_vec(), size })),
        }
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Box<dyn Pieces>> {
        self.judge.rest(path, size)?;
        match self.name_of(path) {
            Some(name) => Ok(Box::new(self.staging.large_file_part(&self.at(name), size)?)),
            None => Ok(Box::new(PassedOver { judge: self.judge.clone(), path: path.to_vec(), size })),
        }
    }

    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()> {
        let metadata = self.judge.symlink(path, metadata, target)?;
        if self.selection.takes(path) { self.staging.symlink(&self.at(path), &metadata, target) } else { Ok(()) }
    }

    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()> {
        let metadata = self.judge.hard_link(path, metadata, leader)?;
        match self.name_of(leader) {
            // It is the file itself here.
            Some(name) if name == path => Ok(()),
            Some(name) if self.selection.takes(path) => {
                self.staging.hard_link(&self.at(path), &metadata, &self.at(name))
            }
            _ => Ok(()),
        }
    }
}

/// A file that nobody has asked for.
struct PassedOver {
    judge: Arc<Judge>,
    path: Vec<u8>,
    size: u64,
}

impl Pieces for PassedOver {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.judge.piece(&self.path, self.size, offset, bytes)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}
