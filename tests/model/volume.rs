//! One volume: what stands under its two names, now and after a power cut, and what is in its trees.

use std::sync::LazyLock;

use reforge_volumes::identity::Identity;

use super::machine::{Setting, VOLUMES};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tree {
    /// What was live at `begin`.
    Old,
    /// What was staged, or lent.
    New,
    /// The empty directory that is made where live was absent.
    Made,
}

impl Tree {
    pub(super) fn identity(self, volume: usize) -> &'static Identity {
        static ALL: LazyLock<Vec<Identity>> = LazyLock::new(|| {
            let one = |number: usize| serde_json::from_str(&format!("\"{:040x}\"", number + 1)).unwrap();
            (0..3 * VOLUMES).map(one).collect()
        });
        &ALL[3 * volume + self as usize]
    }
}

/// What stands under the two names of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Names {
    pub live: Option<Tree>,
    pub sibling: Option<Tree>,
}

/// A change of names. Each that was not synced is there after a power cut, or is not, whatever the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
    MakeSibling,
    MakeLive,
    Exchange,
    RemoveLive,
    RemoveSibling,
}

impl Names {
    fn after(self, change: Change) -> Names {
        let Names { live, sibling } = self;
        match change {
            Change::MakeSibling if sibling.is_none() => Names { sibling: Some(Tree::New), ..self },
            Change::MakeLive if live.is_none() => Names { live: Some(Tree::Made), ..self },
            Change::Exchange if live.is_some() && sibling.is_some() => Names { live: sibling, sibling: live },
            Change::RemoveLive => Names { live: None, ..self },
            Change::RemoveSibling => Names { sibling: None, ..self },
            _ => self,
        }
    }
}

/// What is in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Content {
    /// Not there, or not all of it.
    None,
    /// All of it, not synced.
    Written,
    Whole,
}

/// Whether the new tree's root has its owner and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Open {
    No,
    /// A power cut takes it back.
    Unsynced,
    Durable,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Volume {
    pub now: Names,
    durable: Names,
    unsynced: Vec<Change>,
    pub old: Content,
    pub new: Content,
    pub open: Open,
}

impl Volume {
    /// As it is right after `begin`.
    pub(super) fn new(setting: &Setting, index: usize) -> Volume {
        let live = (!setting.is_absent(index)).then_some(Tree::Old);
        let names = Names { live, sibling: setting.undo.then_some(Tree::New) };
        let new = if setting.undo { Content::Whole } else { Content::None };
        let open = if setting.undo { Open::Durable } else { Open::No };
        Volume { now: names, durable: names, unsynced: Vec::new(), old: Content::Whole, new, open }
    }

    pub(super) fn change(&mut self, change: Change) {
        self.now = self.now.after(change);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        self.durable = self.now;
        self.unsynced.clear();
    }

    pub(super) fn content(&mut self, tree: Tree) -> Option<&mut Content> {
        match tree {
            Tree::Old => Some(&mut self.old),
            Tree::New => Some(&mut self.new),
            Tree::Made => None,
        }
    }

    pub(super) fn holds(&self, tree: Tree) -> bool {
        self.now.live == Some(tree) || self.now.sibling == Some(tree)
    }

    /// How many sets of lost changes there are.
    pub(super) fn cuts(&self) -> u8 {
        1 << self.unsynced.len()
    }

    /// Of the changes that were not synced, those whose bit is set are there.
    pub(super) fn cut(&mut self, kept: u8) {
        let changes = self.unsynced.iter().enumerate().filter(|(bit, _)| kept & (1 << bit) != 0);
        self.durable = changes.fold(self.durable, |names, (_, change)| names.after(*change));
        self.now = self.durable;
        self.unsynced.clear();
        if self.open == Open::Unsynced {
            self.open = Open::No;
        }
        for content in [&mut self.old, &mut self.new] {
            if *content == Content::Written {
                *content = Content::None;
            }
        }
    }
}
