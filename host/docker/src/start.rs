//! What was stopped is started again: the very container, by its id. None is made, renamed or replaced.

use super::DockerRuntime;
use super::container::Found;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Observation;

/// See [`reforge_runtime::Runtime::start_again`].
pub(crate) fn start_again(runtime: &DockerRuntime, stopped: &Observation) -> Result<()> {
    let Some(spec) = &stopped.spec else { return Ok(()) };
    let view = runtime.view(&spec.workload)?;
    if view.found.iter().any(Found::is_up) {
        return Ok(());
    }
    let id = stopped.detail["id"].as_str().unwrap_or_default();
    let Some(found) = view.found.iter().find(|found| found.id == id) else {
        let name = escape::text(stopped.detail["name"].as_str().unwrap_or_default());
        let id = escape::text(id.get(..12).unwrap_or(id));
        let message = message!("the-container-that-was-stopped-is-gone", name, id);
        let hint = message!("reforge-deploy-makes-it-anew", workload = escape::text(&spec.workload));
        return Err(Failure::new(Code::Drift, message).hint(hint));
    };
    view.start_again(found)
}
