//! Round trips of everything a staging can hold, and every refusal: of what a hostile plugin asks, and of what is not what
//! was captured or has no room. Digests are made by hand through `tree_digest`.

mod fixture;
mod hostile;
mod large;
mod refusals;
mod round_trip;
