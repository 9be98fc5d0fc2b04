//! Random edits of a deployment between its commands, and an app that is asked what it sees.
//!
//! `edit` is the table of what may happen and `generate` how often it does; `player` makes it happen in a world;
//! `app` is who is asked, `picture` and `stored` are what is on the disk; `ledger` and `judge` say what must hold;
//! `shrink` makes a history that went wrong short.

pub(crate) mod app;
pub(crate) mod by_hand;
pub(crate) mod commands;
pub(crate) mod configuration;
pub(crate) mod edit;
pub(crate) mod generate;
pub(crate) mod judge;
pub(crate) mod ledger;
pub(crate) mod picture;
pub(crate) mod player;
pub(crate) mod shrink;
pub(crate) mod stored;

pub(crate) use edit::Edit;
pub(crate) use judge::{Harm, Rule};
pub(crate) use player::Player;
