//! The promises, kept for apps that are containers of a real engine.

mod adoption;
mod adoptions;
mod boot;
mod compose;
mod crashes;
mod databases;
mod engine_volumes;
mod entrypoints;
mod networks;
mod only_mounted;
mod pair;
mod pulls;
mod self_removing;
mod survey;
mod trouble;
mod what_comes_back;
mod what_is_kept;
mod what_must_be_there;
