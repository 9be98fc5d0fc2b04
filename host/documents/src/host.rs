//! The host itself: who asks, and how unfinished restores stand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::restore::RecoveredRestore;
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

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Changes.
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Admin => "admin",
        }
    }
}
