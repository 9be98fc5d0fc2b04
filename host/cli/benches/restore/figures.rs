//! Numbers for people, and what keeps them fair.

/// As much memory as a turn fills with what it writes: staging and safety snapshot of the largest content, and some.
const TURN_BYTES: usize = 3 << 29;
/// The smallest page.
const PAGE_BYTES: usize = 4 << 10;

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Bytes as MiB.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}

/// Memory that was free for a while is the machine's own again: see the module above.
pub(crate) fn touch_memory() {
    let mut memory = vec![0_u8; TURN_BYTES];
    memory.chunks_mut(PAGE_BYTES).for_each(|page| page[0] = 1);
    std::hint::black_box(&memory);
}
