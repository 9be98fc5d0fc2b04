//! The host itself: who asks, and how unfinished restores stand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::restore::RecoveredRestore;
use crate::tokens::Role;
use reforge_base::failure::Failure;

/// Whose token it is.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Me {
    pub name: String,
    pub role: Role,
}

/// How unfinished restores stand.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Recovery {
    /// What the start did.
    pub recovered: Vec<RecoveredRestore>,
    pub unfinished: Vec<Unfinished>,
}

/// A restore that is not over.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Unfinished {
    pub id: String,
    /// Here, and not in another process.
    pub running: bool,
    /// What is to be done about one that does not run here.
    pub error: Option<Failure>,
}
