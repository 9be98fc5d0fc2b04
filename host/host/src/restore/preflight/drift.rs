//! What changed since the snapshot was taken: the image and the environment of the app.

use std::collections::BTreeSet;

use crate::host::Host;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
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
        let message = message!("the-snapshot-was-taken-with-another");
        warnings.push(Failure::warning("other-image", message).hint(message!(
            "taken-with-deployed-is-the-app",
            program = reforge_base::escape::text(&program(&captured.reference)),
            program_2 = reforge_base::escape::text(&program(&spec.image))
        )));
    }
    match host.runtime(workload)?.image_at_hand(spec) {
        Ok(at_hand) => {
            if at_hand.now.as_ref() != Some(&spec.image_digest) {
                let image = reforge_base::escape::text(&program(&spec.image));
                let message = message!("is-not-what-it-was-when", image);
                let hint = match at_hand.pinned {
                    true => message!("the-app-comes-back-with-what"),
                    false => message!("the-app-would-be-started"),
                };
                warnings.push(Failure::warning("image-moved", message).hint(hint));
            }
            Ok(at_hand.now)
        }
        Err(failure) if observation.state.should_run() => {
            // It is there to be found by the restore, not by whoever asks for one.
            let code = if failure.code == Code::NotFound { Code::PolicyRefused } else { failure.code.clone() };
            let failure = failure.context(message!("the-app-could-not-be-started")).hint(message!("deploy-it-first"));
            refusals.push(failure.with_code(code));
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

/// How the warning begins that names variables, and which message it is.
pub const ENVIRONMENT_CHANGED: &str = "environment variables changed since the snapshot";
pub const ENVIRONMENT_CHANGED_ID: &str = "environment-variables-changed";

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
    let unknown = |why: Message| {
        Failure::new(Code::Drift, message!("whether-environment-variables-changed-since", why))
            .hint(message!("compare-them-by-hand-a-secret"))
    };
    match host.state.environment_key() {
        Err(failure) => {
            warnings.push(unknown(failure.message));
            return Ok(());
        }
        Ok(key) => {
            if let Some(since) = key.since.filter(|since| *since > snapshot.descriptor.manifest.created) {
                warnings.push(unknown(message!("the-key-of-their-digests", since)));
                return Ok(());
            }
        }
    }
    let now = host.environment_digests(workload)?;
    let names: BTreeSet<&String> =
        now.keys().chain(then.keys()).filter(|name| now.get(*name) != then.get(*name)).collect();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().map(|name| reforge_base::escape::text(name)).collect();
        let message = message!("environment-variables-changed", names = names.join(", "));
        debug_assert!(message.starts_with(ENVIRONMENT_CHANGED));
        warnings.push(Failure::warning("other-environment", message).hint(message!("a-secret-that-the-data")));
    }
    Ok(())
}
