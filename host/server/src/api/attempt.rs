//! What somebody tried, for the audit log: what is turned down before it comes to the host, which audits the rest, is
//! audited here. Nobody without a token is: that is counted.

use axum::http::request::Parts;
use serde_json::{Value, json};

use super::problem::Problem;
use super::shared::Shared;
use reforge_base::escape;
use reforge_host::host::Host;

/// A request and who sent it.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub who: String,
    method: String,
    path: String,
}

impl Attempt {
    pub(super) fn of(who: String, parts: &Parts) -> Attempt {
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        Attempt { who, method: escape::text(method), path: escape::text(path) }
    }

    /// It is turned down: with the problem, or because nothing more can be written down now.
    pub(super) async fn turned_down(&self, shared: &Shared, problem: Problem) -> Problem {
        let Ok(permit) = shared.lines.take().await else { return Problem::overloaded() };
        let (host, who, details) = (shared.host.clone(), self.who.clone(), self.details(&problem));
        let written = tokio::task::spawn_blocking(move || {
            let _turn = permit;
            host.audit_event(REFUSED, &who, details)
        });
        // That it could not be written down does not make the try any more allowed.
        let _ = written.await;
        problem
    }

    /// The same where it may block.
    pub(super) fn audited<T>(&self, host: &Host, done: Result<T, Problem>) -> Result<T, Problem> {
        if let Err(problem) = &done {
            // As above.
            let _ = host.audit_event(REFUSED, &self.who, self.details(problem));
        }
        done
    }

    fn details(&self, problem: &Problem) -> Value {
        json!({ "method": self.method, "path": self.path, "status": problem.status().as_u16(), "code": problem.code() })
    }
}

const REFUSED: &str = "refused";
