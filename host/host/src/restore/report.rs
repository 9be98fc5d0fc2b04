//! What is told at the end of a restore or undo, whether or not it ever began.

use serde::Serialize;
use utoipa::ToSchema;

use reforge_base::failure::Failure;
use reforge_transaction::receipt::{Outcome, Receipt};

/// How it ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Report {
    pub outcome: Outcome,
    #[serde(rename = "error")]
    pub failure: Option<Failure>,
    /// The plugin's summary.
    pub summary: String,
    /// None when it was turned down before a journal was begun.
    pub receipt: Option<Receipt>,
    pub warnings: Vec<Failure>,
}

impl Report {
    /// Turned down, cancelled or failed before anything was begun.
    pub fn unchanged(failure: Failure) -> Report {
        let outcome = Outcome::of_unchanged(&failure);
        Report { outcome, failure: Some(failure), summary: String::new(), receipt: None, warnings: Vec::new() }
    }
}
