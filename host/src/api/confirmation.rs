//! The confirmation: whoever destroys something says what, so that a request which was meant for another thing does
//! nothing.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::caller::Admin;
use super::problem::Problem;
use super::shared::Shared;
use crate::escape;
use crate::host::Host;

/// Names what is acted on.
pub const CONFIRM: &str = "X-Confirm-Restore";

/// An admin's request that says what it means.
pub struct Confirmed {
    pub admin: Admin,
    given: String,
}

impl FromRequestParts<Arc<Shared>> for Confirmed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Confirmed, Problem> {
        let admin = Admin::from_request_parts(parts, shared).await?;
        match parts.headers.get(CONFIRM).and_then(|value| value.to_str().ok()) {
            Some(given) => Ok(Confirmed { given: given.to_owned(), admin }),
            None => {
                let problem = unconfirmed("this changes data and was not confirmed".to_owned());
                Err(admin.tried.turned_down(shared, problem).await)
            }
        }
    }
}

impl Confirmed {
    pub fn who(&self) -> String {
        self.admin.who()
    }

    /// As it was given, for whatever knows itself what that must be.
    pub fn given(&self) -> String {
        self.given.clone()
    }

    /// The id of what was found, if it is what was confirmed. Whatever else there is, is audited.
    pub fn meant(&self, host: &Host, found: Result<String, Problem>) -> Result<String, Problem> {
        let meant = found.and_then(|id| match self.given == id {
            true => Ok(id),
            false => {
                let given = escape::text(&self.given);
                Err(unconfirmed(format!("`{given}` was confirmed and `{}` is meant", escape::text(&id))))
            }
        });
        self.admin.tried.audited(host, meant)
    }
}

fn unconfirmed(detail: String) -> Problem {
    let hint = format!("send the header `{CONFIRM}` with the whole id of what is acted on");
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "confirmation", detail, hint)
}
