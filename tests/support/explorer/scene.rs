//! The commands that are explored, and how each may end.

use super::verdict::Ending;
use super::{Explorer, Signatures};

/// A command with everything ready for it.
pub(crate) struct Scene {
    pub arguments: Vec<String>,
    /// What goes wrong in any case, so that there is something to explore: `exchange#9:EIO`.
    pub faults: String,
    pub endings: Vec<Ending>,
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

const NOTHING_HAPPENED: &[&str] = &["failed", "reverted", "refused"];
const HAPPENED: &[&str] = &["done", "unconfirmed"];

/// A restore of data on which the app runs.
pub(crate) fn restore(explorer: &Explorer) -> Scene {
    explorer.reset();
    let (snapshot, after) = &explorer.old;
    Scene {
        arguments: words(&["restore", "run", "app", snapshot, "--yes", "--json"]),
        faults: String::new(),
        endings: vec![
            Ending::new("nothing happened", explorer.signatures(), 0, NOTHING_HAPPENED),
            Ending::new("it happened", after.clone(), 3, HAPPENED),
        ],
    }
}

/// The same with something that goes wrong in any case, the record that all is exchanged: it reverts by itself.
pub(crate) fn failing_restore(explorer: &Explorer) -> Scene {
    Scene { faults: "record-swapped:EIO".to_owned(), ..restore(explorer) }
}

/// A restore of data on which the app cannot run: it commits and reverts. What clients may have written after the
/// commit is kept; a crash between the two leaves the new data.
pub(crate) fn restore_of_bad_data(explorer: &Explorer) -> Scene {
    explorer.reset();
    let (snapshot, after) = &explorer.bad;
    let before = explorer.signatures();
    Scene {
        arguments: words(&["restore", "run", "app", snapshot, "--yes", "--json"]),
        faults: String::new(),
        endings: vec![
            Ending::new("nothing happened", before.clone(), 0, NOTHING_HAPPENED),
            Ending::new("it reverted", before, 3, NOTHING_HAPPENED),
            Ending { app: None, ..Ending::new("the commit stood", after.clone(), 3, &["unconfirmed"]) },
        ],
    }
}

/// A restore after another one, whose previous data goes as soon as this one is completed.
pub(crate) fn later_restore(explorer: &Explorer) -> Scene {
    after_a_restore(explorer);
    explorer.lives.iter().for_each(|live| super::fill(live, "later"));
    let (snapshot, after) = &explorer.old;
    Scene {
        arguments: words(&["restore", "run", "app", snapshot, "--yes", "--json"]),
        faults: String::new(),
        endings: vec![
            Ending::new("nothing happened", explorer.signatures(), 3, NOTHING_HAPPENED),
            Ending::new("it happened", after.clone(), 3, HAPPENED),
        ],
    }
}

/// A restore that is done, to be undone or finished.
fn after_a_restore(explorer: &Explorer) -> String {
    explorer.reset();
    let (snapshot, _) = &explorer.old;
    explorer.world.ok(&["restore", "run", "app", snapshot, "--yes"]);
    explorer.newest().unwrap()
}

/// The undo of the newest transaction if it can be undone, of a new restore otherwise.
pub(crate) fn undo(explorer: &Explorer) -> Scene {
    let id = explorer.in_window().unwrap_or_else(|| after_a_restore(explorer));
    let previous: Signatures = explorer.lives.each_ref().map(|live| {
        let siblings = explorer.world.siblings(live);
        let index = explorer.lives.iter().position(|other| other == live).unwrap();
        let name = siblings.iter().find(|path| path.to_str().unwrap().ends_with(&format!("-{index}")));
        name.map(|path| super::signature::of(path))
    });
    Scene {
        arguments: words(&["restore", "undo", &id, "--yes", "--json"]),
        faults: String::new(),
        endings: vec![
            Ending::new("nothing happened", explorer.signatures(), 3, NOTHING_HAPPENED),
            Ending::new("it happened", previous, 3, HAPPENED),
        ],
    }
}

/// The end of an undo window by hand.
pub(crate) fn finish(explorer: &Explorer) -> Scene {
    let id = explorer.in_window().unwrap_or_else(|| after_a_restore(explorer));
    let live = explorer.signatures();
    Scene {
        arguments: words(&["restore", "finish", &id, "--yes", "--json"]),
        faults: String::new(),
        endings: vec![
            Ending::new("nothing happened", live.clone(), 3, HAPPENED),
            Ending::new("it happened", live, 0, HAPPENED),
        ],
    }
}
