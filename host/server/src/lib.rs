//! The API and the page: the same host, asked over HTTP.
//!
//! [`api`] answers requests, [`web`] makes the page from the same answers, [`documents`] are the shapes of what is
//! answered, and [`tokens`] says who may ask.

pub use api::Api;
pub use tokens::{Role, Tokens};

pub mod api;
pub mod documents;
pub mod tokens;
pub mod web;
