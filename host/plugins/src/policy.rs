//! What a workload allows beyond the defaults, in the WIT's words.

use reforge_volumes::staging::Policy;

pub fn words(policy: Policy) -> Vec<String> {
    let words = [("links", policy.links), ("privileged", policy.privileged)];
    words.into_iter().filter(|(_, is_allowed)| *is_allowed).map(|(word, _)| word.to_owned()).collect()
}
