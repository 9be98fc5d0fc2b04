//! Captures of real trees, read back by other programs.

mod changing;
mod containment;
mod fixture;
mod parts;
mod refused;
mod remarks;
mod round_trip;
mod signature;
