//! Round trips of everything a staging can hold, and every refusal. Digests are made by hand through `tree_digest`.

mod fixture;
mod large;
mod refusals;
mod round_trip;
