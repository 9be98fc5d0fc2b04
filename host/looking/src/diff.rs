//! What differs between two snapshots, or between live and one: two runs of entries in path order, side by side.
//!
//! Contents are compared by their digests where both have one, else by size and time. Of live there are no digests and no
//! attributes: nothing of it is read but what a directory says.

use std::cmp::Ordering;

use super::look::{Look, Looked};
use reforge_base::failure::Result;
use reforge_deployer::resolve::ResolvedVolume;
use reforge_host::restore::run::Planned;
use reforge_snapshots::entries::{Entry, Kind};
use reforge_volumes::live_tree::{LiveEntry, LiveKind, LiveTree};
use reforge_volumes::parent::Parent;
use reforge_volumes::tree_digest::path_order;

/// What became of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

/// In what a changed one differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    Kind,
    Content,
    Target,
    Mode,
    Owner,
    Time,
    Attributes,
}

impl Aspect {
    pub fn as_str(self) -> &'static str {
        match self {
            Aspect::Kind => "kind",
            Aspect::Content => "content",
            Aspect::Target => "target",
            Aspect::Mode => "mode",
            Aspect::Owner => "owner",
            Aspect::Time => "time",
            Aspect::Attributes => "attributes",
        }
    }
}

/// One name that is not in both as it is in the other.
#[derive(Clone, Debug)]
pub struct Difference {
    pub volume: String,
    pub path: Vec<u8>,
    pub change: Change,
    pub aspects: Vec<Aspect>,
    pub before: Option<Entry>,
    pub after: Option<Entry>,
}

/// All differences, counted, and a page of them.
#[derive(Debug, Default)]
pub struct Differences {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub same: u64,
    /// Files whose contents were compared by size and time alone, for want of a digest.
    pub by_size_and_time: u64,
    pub page: Vec<Difference>,
}

/// Which of them are told.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub from: u64,
    pub most: usize,
}

impl Differences {
    /// How many there are.
    pub fn total(&self) -> u64 {
        self.added + self.removed + self.changed
    }

    fn take(&mut self, page: Page, difference: Difference) {
        let number = self.total();
        match difference.change {
            Change::Added => self.added += 1,
            Change::Removed => self.removed += 1,
            Change::Changed => self.changed += 1,
        }
        if number >= page.from && self.page.len() < page.most {
            self.page.push(difference);
        }
    }
}

/// From one snapshot to another of the same workload, volume by volume of the same name.
pub fn of_snapshots(before: &Looked, after: &Looked, page: Page) -> Result<Differences> {
    let mut found = Differences::default();
    let mut names: Vec<&str> = before.volume_names().collect();
    names.extend(after.volume_names().filter(|name| !before.volume_names().any(|known| known == *name)));
    for name in names {
        let entries = |looked: &'_ Looked| looked.volume_names().position(|known| known == name);
        let one = entries(before).map(|index| of_volume(before, index));
        let other = entries(after).map(|index| of_volume(after, index));
        merge(name, one.into_iter().flatten(), other.into_iter().flatten(), &mut |change| found.add(page, change))?;
    }
    Ok(found)
}

/// From which to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What a restore would change.
    ToSnapshot,
    /// What has changed since.
    ToLive,
}

/// Between live and a snapshot. `volumes` are those that are compared, each with its index in the snapshot.
pub fn of_live(
    looked: &Looked,
    volumes: &[(usize, ResolvedVolume)],
    direction: Direction,
    page: Page,
) -> Result<Differences> {
    let mut found = Differences::default();
    for (index, volume) in volumes {
        let live = Parent::open(&volume.parent)?.open_live(&volume.live)?.map(LiveTree::open).transpose()?;
        let of_live = live.into_iter().flatten().filter_map(|entry| of_entry(entry).transpose());
        let snapshot = of_volume(looked, *index).map(|entry| as_live_has_it(looked, *index, entry?));
        let mut add = |change: (&str, Pair)| found.add(page, change);
        match direction {
            Direction::ToSnapshot => merge(&volume.name, of_live, snapshot, &mut add)?,
            Direction::ToLive => merge(&volume.name, snapshot, of_live, &mut add)?,
        }
    }
    Ok(found)
}

/// Every volume of a snapshot that is configured, where it is live.
pub fn live_volumes(config: &reforge_config::Config, looked: &Looked) -> Vec<(usize, ResolvedVolume)> {
    let resolved = reforge_deployer::resolve::resolve(config, &looked.workload).volumes;
    let find =
        |(index, name): (usize, &str)| Some((index, resolved.iter().find(|volume| volume.name == name)?.clone()));
    looked.volume_names().enumerate().filter_map(find).collect()
}

/// The names that a plan's restore would change.
pub fn of_plan(look: &Look<'_>, planned: &Planned, workload: &str, page: Page) -> Result<Differences> {
    let looked = look.open(workload, &planned.snapshot.descriptor.id)?;
    let targets = planned.preflight.targets.iter();
    let volumes: Vec<_> = targets.map(|target| (target.index as usize, target.resolved.clone())).collect();
    of_live(&looked, &volumes, Direction::ToSnapshot, page)
}

fn of_volume(looked: &Looked, index: usize) -> impl Iterator<Item = Result<Entry>> {
    let range = looked.list.volume(index).unwrap_or_default();
    let count = (range.end - range.start) as usize;
    looked.list.from(range.start).take(count).map(|entry| Ok(entry?.1))
}

/// Live does not say which name of a file is the first: a further one is the file itself. Nor does it tell attributes and content.
fn as_live_has_it(looked: &Looked, volume: usize, entry: Entry) -> Result<Entry> {
    let kind = match entry.kind {
        Kind::File { size, .. } => Kind::File { size, content: None },
        Kind::HardLink { leader } => {
            let leader =
                looked.list.find(volume, &leader)?.map(|number| looked.list.get(number)).transpose()?.flatten();
            Kind::File { size: leader.map_or(0, |leader| leader.size()), content: None }
        }
        other => other,
    };
    Ok(Entry { kind, attributes: None, ..entry })
}

/// None for what no snapshot holds.
fn of_entry(live: Result<LiveEntry>) -> Result<Option<Entry>> {
    let live = live?;
    let kind = match live.kind {
        LiveKind::Directory => Kind::Directory,
        LiveKind::File => Kind::File { size: live.size, content: None },
        // Its target is not read; a link of the same length and time is the same.
        LiveKind::Symlink => Kind::Symlink { target: vec![0; live.size as usize] },
        LiveKind::Other => return Ok(None),
    };
    let LiveEntry { path, mode, uid, gid, mtime, .. } = live;
    Ok(Some(Entry { path, kind, mode, uid, gid, mtime, attributes: None, is_privileged: false }))
}

enum Pair {
    Before(Entry),
    After(Entry),
    Both(Entry, Entry),
}

fn merge(
    volume: &str,
    before: impl Iterator<Item = Result<Entry>>,
    after: impl Iterator<Item = Result<Entry>>,
    take: &mut dyn FnMut((&str, Pair)),
) -> Result<()> {
    let (mut before, mut after) = (before.peekable(), after.peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return Ok(()),
            (Some(Ok(one)), Some(Ok(other))) => path_order(&one.path, &other.path),
            (_, None) => Ordering::Less,
            (None, _) => Ordering::Greater,
            // The failure comes out when it is taken.
            (Some(Err(_)), _) => Ordering::Less,
            (_, Some(Err(_))) => Ordering::Greater,
        };
        let one = if order.is_le() { before.next().transpose()? } else { None };
        let other = if order.is_ge() { after.next().transpose()? } else { None };
        match (one, other) {
            (Some(one), Some(other)) => take((volume, Pair::Both(one, other))),
            (Some(one), None) => take((volume, Pair::Before(one))),
            (None, Some(other)) => take((volume, Pair::After(other))),
            (None, None) => return Ok(()),
        }
    }
}

impl Differences {
    fn add(&mut self, page: Page, (volume, pair): (&str, Pair)) {
        let difference = |path: &[u8], change| Difference {
            volume: volume.to_owned(),
            path: path.to_vec(),
            change,
            aspects: Vec::new(),
            before: None,
            after: None,
        };
        match pair {
            Pair::Before(entry) => {
                let change = difference(&entry.path, Change::Removed);
                self.take(page, Difference { before: Some(entry), ..change });
            }
            Pair::After(entry) => {
                let change = difference(&entry.path, Change::Added);
                self.take(page, Difference { after: Some(entry), ..change });
            }
            Pair::Both(before, after) => {
                let (aspects, by_digest) = aspects(&before, &after);
                self.by_size_and_time += u64::from(!by_digest);
                if aspects.is_empty() {
                    self.same += 1;
                    return;
                }
                let change = difference(&before.path, Change::Changed);
                self.take(page, Difference { aspects, before: Some(before), after: Some(after), ..change });
            }
        }
    }
}

/// In what two entries differ, and whether that is certain of their contents.
fn aspects(before: &Entry, after: &Entry) -> (Vec<Aspect>, bool) {
    let mut aspects = Vec::new();
    let mut by_digest = true;
    match (&before.kind, &after.kind) {
        (Kind::File { size, content }, Kind::File { size: other_size, content: other }) => {
            by_digest = content.is_some() && other.is_some();
            let differs = size != other_size || (by_digest && content != other);
            aspects.extend(differs.then_some(Aspect::Content));
        }
        (Kind::Symlink { target }, Kind::Symlink { target: other }) => {
            // Live's is not read.
            let unread = |target: &[u8]| target.first() == Some(&0);
            let same = if unread(target) || unread(other) { target.len() == other.len() } else { target == other };
            aspects.extend((!same).then_some(Aspect::Target));
        }
        (Kind::HardLink { leader }, Kind::HardLink { leader: other }) => {
            aspects.extend((leader != other).then_some(Aspect::Target));
        }
        (Kind::Directory, Kind::Directory) => {}
        _ => aspects.push(Aspect::Kind),
    }
    let rows = [
        (before.mode != after.mode, Aspect::Mode),
        ((before.uid, before.gid) != (after.uid, after.gid), Aspect::Owner),
        (before.mtime != after.mtime, Aspect::Time),
        (before.attributes != after.attributes, Aspect::Attributes),
    ];
    aspects.extend(rows.into_iter().filter(|(differs, _)| *differs).map(|(_, aspect)| aspect));
    (aspects, by_digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_volumes::tree_digest::{Metadata, Mtime};

    fn file(path: &str, size: u64, digest: Option<u8>) -> Entry {
        let kind = Kind::File { size, content: digest.map(|byte| [byte; 32]) };
        Entry::new(path.as_bytes(), &Metadata { mode: 0o644, ..Metadata::default() }, kind)
    }

    fn compared(before: &[Entry], after: &[Entry], page: Page) -> Differences {
        let mut found = Differences::default();
        let run = |entries: &[Entry]| entries.iter().cloned().map(Ok).collect::<Vec<_>>().into_iter();
        merge("v", run(before), run(after), &mut |pair| found.add(page, pair)).unwrap();
        found
    }

    const ALL: Page = Page { from: 0, most: 100 };

    #[test]
    fn names_that_came_went_and_changed_are_told_in_path_order() {
        let before = [file("a/b", 1, Some(1)), file("a-b", 1, Some(1)), file("gone", 1, Some(1))];
        let after = [file("a/b", 1, Some(2)), file("a/new", 1, Some(1)), file("a-b", 1, Some(1))];
        let found = compared(&before, &after, ALL);
        let told: Vec<_> = found.page.iter().map(|one| (String::from_utf8_lossy(&one.path), one.change)).collect();
        assert_eq!(
            told,
            [("a/b".into(), Change::Changed), ("a/new".into(), Change::Added), ("gone".into(), Change::Removed)]
        );
        assert_eq!((found.added, found.removed, found.changed, found.same), (1, 1, 1, 1));
        let second = compared(&before, &after, Page { from: 1, most: 1 });
        assert_eq!((second.total(), &second.page[0].path[..]), (3, &b"a/new"[..]));
    }

    #[test]
    fn without_a_digest_size_and_time_decide_and_that_is_said() {
        let old = file("f", 1, Some(1));
        for (new, aspects, uncertain) in [
            (file("f", 1, Some(1)), vec![], 0),
            (file("f", 1, Some(2)), vec![Aspect::Content], 0),
            (file("f", 1, None), vec![], 1),
            (file("f", 2, None), vec![Aspect::Content], 1),
            (Entry { mtime: Mtime { seconds: 9, nanoseconds: 0 }, ..file("f", 1, None) }, vec![Aspect::Time], 1),
            (Entry { mode: 0o600, uid: 5, ..file("f", 1, Some(1)) }, vec![Aspect::Mode, Aspect::Owner], 0),
            (Entry { kind: Kind::Directory, ..file("f", 1, None) }, vec![Aspect::Kind], 0),
        ] {
            let found = compared(std::slice::from_ref(&old), std::slice::from_ref(&new), ALL);
            let told = found.page.first().map_or(Vec::new(), |one| one.aspects.clone());
            assert_eq!((told, found.by_size_and_time), (aspects, uncertain), "{new:?}");
        }
    }
}
