//! Makes a history that went wrong short: what can be left out, with the same rule broken, is left out.

use std::path::Path;
use std::time::{Duration, Instant};

use super::edit::Edit;
use super::judge::{Harm, Rule};
use super::player::{Kind, Player};

/// What is left of a history, and how it went.
pub(crate) struct Shrunk {
    pub edits: Vec<Edit>,
    pub history: Vec<String>,
    pub replays: usize,
}

/// Leaves out ever smaller pieces until nothing more can be, or the time is over.
pub(crate) fn shrink(disk: &Path, kind: Kind, edits: &[Edit], rule: Rule, limit: Duration) -> Option<Shrunk> {
    let deadline = Instant::now() + limit;
    let (history, _) = breaks(disk, kind, edits, rule)?;
    let mut shrunk = Shrunk { edits: edits.to_vec(), history, replays: 1 };
    let mut piece = shrunk.edits.len().div_ceil(2);
    loop {
        let mut from = 0;
        while from < shrunk.edits.len() && Instant::now() < deadline {
            let mut fewer = shrunk.edits.clone();
            fewer.drain(from..(from + piece).min(shrunk.edits.len()));
            shrunk.replays += 1;
            match breaks(disk, kind, &fewer, rule) {
                Some((history, played)) => {
                    (shrunk.edits, shrunk.history) = (fewer[..played].to_vec(), history);
                }
                None => from += piece,
            }
        }
        if piece == 1 || Instant::now() >= deadline {
            return Some(shrunk);
        }
        piece = piece.div_ceil(2);
    }
}

/// Plays until the rule is broken; none if it never is.
fn breaks(disk: &Path, kind: Kind, edits: &[Edit], rule: Rule) -> Option<(Vec<String>, usize)> {
    let mut player = Player::new(disk, kind);
    for (index, edit) in edits.iter().enumerate() {
        let harms = player.play(edit);
        if harms.iter().any(|harm: &Harm| harm.rule == rule) {
            return Some((std::mem::take(&mut player.history), index + 1));
        }
    }
    None
}
