//! The confirmation: whoever destroys something says what, so that a request which was meant for another thing does
//! nothing.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::caller::Admin;
use super::problem::Problem;
use super::shared::Shared;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::message;
use reforge_host::host::Host;

/// Names what is acted on.
pub(super) const CONFIRM: &str = "X-Confirm-Restore";

/// An admin's request that says what it means.
pub(super) struct Confirmed {
    pub admin: Admin,
    given: String,
}

impl FromRequestParts<Arc<Shared>> for Confirmed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Confirmed, Problem> {
        let admin = Admin::from_request_parts(parts, shared).await?;
        let mut given = parts.headers.get_all(CONFIRM).iter();
        let why = match (given.next().map(|value| value.to_str()), given.next()) {
            (Some(Ok(given)), None) => return Ok(Confirmed { given: given.to_owned(), admin }),
            // Which one counts would be a guess, and something in between may have guessed otherwise.
            (Some(_), Some(_)) => message!("more-than-one-thing-was-confirmed"),
            _ => message!("this-changes-data"),
        };
        Err(admin.attempt.turned_down(shared, unconfirmed(why)).await)
    }
}

impl Confirmed {
    pub(super) fn who(&self) -> String {
        self.admin.who()
    }

    /// As it was given, for whatever knows itself what that must be.
    pub(super) fn given(&self) -> String {
        self.given.clone()
    }

    /// The id of what was found, if it is what was confirmed. Whatever else there is, is audited.
    pub(super) fn meant(&self, host: &Host, found: Result<String, Problem>) -> Result<String, Problem> {
        let meant = found.and_then(|id| match self.given == id {
            true => Ok(id),
            false => {
                let given = escape::text(&self.given);
                Err(unconfirmed(message!("was-confirmed-and-is-meant", given, id = escape::text(&id))))
            }
        });
        self.admin.attempt.audited(host, meant)
    }
}

fn unconfirmed(detail: Message) -> Problem {
    let hint = message!("send-the-header-with-the-whole", confirm = CONFIRM);
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "confirmation", detail, hint)
}
