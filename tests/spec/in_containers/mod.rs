//! The promises, kept for apps that are containers of a real engine.

mod adopted;
mod adopted_crashes;
mod adoption;
mod adoptions;
mod boot;
mod compose;
mod crashes;
mod databases;
mod entrypoints;
mod examples;
mod forgetting;
mod getting_in;
mod networks;
mod outlook;
mod pair;
mod projects;
mod pulls;
mod self_removing;
mod starting;
mod survey;
mod trouble;
mod what_comes_back;
mod what_is_kept;
mod what_must_be_there;
mod without_root;
