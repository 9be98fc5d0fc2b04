//! What one sandbox may take of the machine: all its memories together, all its tables together, and few of each.

use wasmtime::ResourceLimiter;

use super::limits;

/// Counts what a sandbox has been given. What it was given once counts until it is gone.
pub(crate) struct Bounds {
    memory_bytes: Room,
    table_elements: Room,
}

struct Room {
    taken: usize,
    most: usize,
}

impl Room {
    fn of(most: usize) -> Room {
        Room { taken: 0, most }
    }

    /// Whether one of them may grow so far; if so, that is taken. What is beyond its own maximum will not be had.
    fn take(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let taken = self.taken.saturating_add(desired.saturating_sub(current));
        let may = taken <= self.most && maximum.is_none_or(|maximum| desired <= maximum);
        if may {
            self.taken = taken;
        }
        may
    }
}

impl Bounds {
    pub(crate) fn new() -> Bounds {
        Bounds {
            memory_bytes: Room::of(limits::memory_bytes_max()),
            table_elements: Room::of(limits::TABLE_ELEMENTS_MAX),
        }
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.memory_bytes.take(current, desired, maximum))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.table_elements.take(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        limits::INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        limits::TABLES_MAX
    }

    fn memories(&self) -> usize {
        limits::MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_take_counts_together_and_what_is_refused_does_not() {
        let mut room = Room::of(100);
        assert!(room.take(0, 60, None));
        assert!(!room.take(0, 41, None));
        assert!(!room.take(0, 20, Some(10)));
        assert!(room.take(0, 30, Some(30)));
        assert!(room.take(60, 70, None));
        assert!(!room.take(30, 31, None));
    }
}
