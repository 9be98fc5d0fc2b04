//! What changed since the snapshot was taken: the image and the environment of the app.

use std::collections::BTreeSet;

use crate::host::Host;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::spec::Observation;
use reforge_config::Workload;
use reforge_config::deploy_spec::program;
use reforge_snapshots::store::OpenSnapshot;

/// The image that will be started must be there before anything is stopped; one that differs from the snapshot's is
/// said. Answers what the reference means right now.
pub(super) fn look_at_image(
    host: &Host,
    workload: &Workload,
    observation: &Observation,
    snapshot: &OpenSnapshot,
    warnings: &mut Vec<Failure>,
    refusals: &mut Vec<Failure>,
) -> Result<Option<String>> {
    let Some(spec) = &observation.spec else { return Ok(None) };
    let captured = &snapshot.descriptor.manifest.image;
    if !captured.digest.is_empty() && captured.digest != spec.image_digest {
        let message = "the snapshot was taken with another image than the one that is deployed".to_owned();
        warnings.push(Failure::warning("other-image", message).hint(format!(
            "taken with `{}`, deployed is `{}`: the app must be able to read that data",
            reforge_base::escape::text(&program(&captured.reference)),
            reforge_base::escape::text(&program(&spec.image))
        )));
    }
    match host.runtime(workload)?.image_at_hand(spec) {
        Ok(at_hand) => {
            if at_hand.now.as_ref() != Some(&spec.image_digest) {
                let image = reforge_base::escape::text(&program(&spec.image));
                let message = format!("`{image}` is not what it was when it was deployed");
                let hint = match at_hand.pinned {
                    true => "the app comes back with what it runs now; a deploy takes the new one",
                    false => "the app would be started as it is now",
                };
                warnings.push(Failure::warning("image-moved", message).hint(hint));
            }
            Ok(at_hand.now)
        }
        Err(failure) if observation.state.should_run() => {
            // It is there to be found by the restore, not by whoever asks for one.
            let code = if failure.code == Code::NotFound { Code::PolicyRefused } else { failure.code.clone() };
            let failure = failure.context("the app could not be started again").hint("deploy it first");
            refusals.push(Failure { code, ..failure });
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

/// How the warning begins that names variables.
pub const ENVIRONMENT_CHANGED: &str = "environment variables changed since the snapshot";

/// Environment that changed since the snapshot, by name and never by value.
pub(super) fn environment_drift(
    host: &Host,
    workload: &Workload,
    snapshot: &OpenSnapshot,
    warnings: &mut Vec<Failure>,
) -> Result<()> {
    let then = &snapshot.descriptor.manifest.environment;
    if snapshot.descriptor.imported || (then.is_empty() && workload.environment.is_empty()) {
        return Ok(());
    }
    let unknown = |why: String| {
        Failure::new(
            Code::Drift,
            format!("whether environment variables changed since the snapshot is not known: {why}"),
        )
        .hint("compare them by hand: a secret that the data was made with may be needed")
    };
    match host.state.environment_key() {
        Err(failure) => {
            warnings.push(unknown(failure.message));
            return Ok(());
        }
        Ok(key) => {
            if let Some(since) = key.since.filter(|since| *since > snapshot.descriptor.manifest.created) {
                warnings.push(unknown(format!("the key of their digests was made anew at {since:.0}")));
                return Ok(());
            }
        }
    }
    let now = host.environment_digests(workload)?;
    let names: BTreeSet<&String> =
        now.keys().chain(then.keys()).filter(|name| now.get(*name) != then.get(*name)).collect();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().map(|name| reforge_base::escape::text(name)).collect();
        let message = format!("environment variables changed since the snapshot: {}", names.join(", "));
        debug_assert!(message.starts_with(ENVIRONMENT_CHANGED));
        warnings.push(
            Failure::warning("other-environment", message).hint("a secret that the data was made with may be needed"),
        );
    }
    Ok(())
}
