//! Random edits of a deployment between its commands, and an app that is asked what it sees.
//!
//! `edit` is the table of what may happen and `generate` how often it does; `player` makes it happen in a world;
//! `app` is who is asked, `picture` and `stored` are what is on the disk; `ledger` and `judge` say what must hold;
//! `shrink` makes a history that went wrong short.

pub mod app;
pub mod by_hand;
pub mod commands;
pub mod configuration;
pub mod edit;
pub mod generate;
pub mod judge;
pub mod ledger;
pub mod picture;
pub mod player;
pub mod shrink;
pub mod stored;

pub use edit::Edit;
pub use judge::{Harm, Rule};
pub use player::Player;
