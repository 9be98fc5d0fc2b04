//! What a container of ours says of itself: whose it is, and the deploy spec it was created from.
//!
//! The values of environment variables are not repeated in a label: they are read from the container itself.

use std::collections::HashMap;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;

/// The host that created it.
pub(crate) const HOST: &str = "reforge.host";
/// The workload or preview.
pub(crate) const WORKLOAD: &str = "reforge.workload";
/// Its name while it stands for the workload: one that is kept has another.
pub(crate) const NAME: &str = "reforge.name";
/// What the image was called.
pub(crate) const IMAGE: &str = "reforge.image";
/// The deploy spec.
const SPEC: &str = "reforge.spec";

/// What the labels of a container for `spec` are, besides the spec's own.
pub(crate) fn of(owner: &str, name: &str, spec: &DeploySpec) -> Result<HashMap<String, String>> {
    let mut quiet = spec.clone();
    quiet.environment.iter_mut().for_each(|(_, value)| value.clear());
    let text = serde_json::to_string(&quiet)
        .map_err(|error| Failure::new(Code::Runtime, message!("cannot-write-down-a-deploy-spec", error)))?;
    let own = [(HOST, owner), (WORKLOAD, &spec.workload), (NAME, name), (IMAGE, &spec.image), (SPEC, &text)];
    Ok(own.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// The spec of a container that we created, its environment filled in again from the container's.
pub(crate) fn spec(labels: &HashMap<String, String>, environment: &[String]) -> Option<Result<DeploySpec>> {
    let text = labels.get(SPEC)?;
    let mut spec: DeploySpec = match serde_json::from_str(text) {
        Ok(spec) => spec,
        Err(error) => {
            let message = message!("the-label-of-a-container", spec = SPEC, error);
            return Some(Err(Failure::new(Code::Runtime, message)));
        }
    };
    let values: HashMap<&str, &str> = environment.iter().filter_map(|variable| variable.split_once('=')).collect();
    for (name, value) in &mut spec.environment {
        *value = values.get(name.as_str()).copied().unwrap_or_default().to_owned();
    }
    Some(Ok(spec))
}
