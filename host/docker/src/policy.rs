//! Restart policies, in our form and in the engine's.

use bollard::models::{RestartPolicy, RestartPolicyNameEnum};

use reforge_base::spec::Restart;

/// The engine's form of a policy.
pub(crate) fn engines(policy: &Restart) -> RestartPolicy {
    let (name, maximum_retry_count) = match policy {
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        Restart::OnFailure { retries_max } => (RestartPolicyNameEnum::ON_FAILURE, retries_max.map(i64::from)),
    };
    RestartPolicy { name: Some(name), maximum_retry_count }
}

/// The policy that the engine's form stands for.
pub(crate) fn of_engine(policy: &RestartPolicy) -> Restart {
    match policy.name {
        Some(RestartPolicyNameEnum::ALWAYS) => Restart::Always,
        Some(RestartPolicyNameEnum::UNLESS_STOPPED) => Restart::UnlessStopped,
        Some(RestartPolicyNameEnum::ON_FAILURE) => {
            let retries = policy.maximum_retry_count.and_then(|retries| u32::try_from(retries).ok());
            Restart::OnFailure { retries_max: retries.filter(|retries| *retries > 0) }
        }
        Some(RestartPolicyNameEnum::NO | RestartPolicyNameEnum::EMPTY) | None => Restart::No,
    }
}
