//! The API and the page: the same host, asked over HTTP.
//!
//! [`api`] answers requests, [`web`] makes the page from the same answers (their shapes are [`reforge_documents`]),
//! and [`tokens`] says who may ask.

pub use api::Api;
pub use tokens::{Role, Tokens};

pub mod api;
pub mod tokens;
pub mod web;
