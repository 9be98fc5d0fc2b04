//! At which instants a run is killed.

/// Every instant of a run that leaves another state on the disk: before an effect, or after the last one. A kill loses
/// nothing that was written, so the instants before and after a sync are one; a power cut is tested elsewhere, by
/// what is synced when. With `REFORGE_TEST_EVERY_EFFECT` it is every effect, before and after.
pub fn of(effects: &[String]) -> Vec<(usize, &'static str, &str)> {
    let every = std::env::var_os("REFORGE_TEST_EVERY_EFFECT").is_some();
    let mut instants = Vec::new();
    for (index, name) in effects.iter().enumerate() {
        let same_as_before = index > 0 && effects[index - 1].contains("sync");
        if every || !same_as_before {
            instants.push((index + 1, "before", name.as_str()));
        }
        if every || index + 1 == effects.len() {
            instants.push((index + 1, "after", name.as_str()));
        }
    }
    instants
}
