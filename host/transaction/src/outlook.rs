//! What becomes of an unfinished transaction: whether the next start settles it by itself. Looks only.

use super::event::Begin;
use super::journal::Journal;
use super::open_volumes::{Live, OpenVolume};
use super::table::{self, Row};
use reforge_base::failure::Result;

/// False if only a person can decide: the trees fit no row of the table.
pub fn settles_itself(journal: &Journal, begin: &Begin) -> bool {
    let classify = |(index, volume)| OpenVolume::open(volume)?.classify(journal.state(), index);
    let lives: Result<Vec<Live>> = begin.volumes.iter().enumerate().map(classify).collect();
    // Trees that cannot be found are waited for: their disk may come.
    lives.map_or(true, |lives| table::row(journal.state(), &lives) != Row::NeedsOperator)
}
