//! Which parts of an archive hold what is wanted. A part is only read faster than all of them: what comes out is judged.

use std::collections::BTreeSet;

use reforge_plugins::bindings::reforge::restore::workers::{Part, PartFile};
use reforge_snapshots::entries::Entry;
use reforge_snapshots::format::Descriptor;

/// All of them, as every plugin reads them off the descriptor.
pub(crate) fn all(descriptor: &Descriptor) -> Vec<Part> {
    let end = descriptor.shown_bytes();
    if descriptor.parts.is_empty() {
        return vec![Part { offset: 0, length: end, inside: None }];
    }
    let ends = descriptor.parts.iter().skip(1).map(|part| part.offset).chain([end]);
    let parts = descriptor.parts.iter().zip(ends).map(|(part, end)| {
        let inside = part.inside.as_ref().map(|inside| PartFile {
            volume: inside.volume,
            path: reforge_snapshots::format::decoded(&inside.path),
            size: inside.size,
            at: inside.at,
        });
        Part { offset: part.offset, length: end.saturating_sub(part.offset), inside }
    });
    parts.collect()
}

/// Those that hold some entries, each with its number and volume. In the archive the manifest stands before the first one.
pub(crate) fn holding<'e>(
    descriptor: &Descriptor,
    entries: impl Iterator<Item = (u64, usize, &'e Entry)>,
) -> Vec<Part> {
    let all = all(descriptor);
    if descriptor.parts.is_empty() {
        return all;
    }
    let mut wanted = BTreeSet::new();
    for (number, volume, entry) in entries {
        let first = descriptor.parts.partition_point(|part| part.first_entry <= number + 1).saturating_sub(1);
        wanted.insert(first);
        let goes_on = |part: &&Part| {
            part.inside.as_ref().is_some_and(|inside| inside.volume as usize == volume && inside.path == entry.path)
        };
        wanted.extend((first + 1..).take(all[first + 1..].iter().take_while(goes_on).count()));
    }
    all.into_iter().enumerate().filter(|(number, _)| wanted.contains(number)).map(|(_, part)| part).collect()
}
