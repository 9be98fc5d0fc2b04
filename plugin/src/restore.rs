//! THE flow: a restore from the lock to a healthy app, steps 1 to 9 of the protocol.
//!
//! Each phase returns the proof that the next one needs. Before the swap every failure simply ends the flow: the host
//! reverts once the export has returned. It must never go on after a failure, and never revert for anything but a
//! failed redeploy or an app that is bad for certain.

use crate::host::{Health, Host, Job};
use crate::manifest::Descriptor;
use crate::plan;
use crate::{Failure, Result, escape};

/// Puts every volume of the snapshot back, or leaves all as they are. Answers how it went, in words.
pub fn restore<H: Host>(host: &H, archive: &H::Archive, job: &Job) -> Result<String> {
    let lease = host.lock()?;
    let descriptor = Descriptor::open(archive)?;
    let volumes = plan::survey(host, &descriptor, job).volumes_or_refusal()?;
    let transaction = host.begin(&lease, &job.plan_digest, &plan::handles(&volumes))?;

    let staged = volumes.iter().map(|volume| host.stage(&transaction, &volume.name)).collect::<Result<Vec<_>>>()?;
    let indexes = volumes.iter().map(|volume| volume.index).collect::<Vec<_>>();
    host.phase("extracting");
    host.extract(archive, &descriptor.parts_to_extract()?, &indexes, &staged.iter().collect::<Vec<_>>())?;
    let sealed = staged.iter().map(|staging| host.seal(staging)).collect::<Result<Vec<_>>>()?;

    let stopped = host.stop(&lease)?;
    let safety = host.capture_safety(&lease, &stopped)?;
    let swapped = host.swap(&transaction, &sealed.iter().collect::<Vec<_>>(), &stopped, &safety)?;

    let health = bring_up(host, &swapped)?;
    Ok(summary(job, &descriptor, volumes.len(), health))
}

/// Starts the app on the new data. A failed start or an app that is bad for certain is reverted and is a failure.
fn bring_up<H: Host>(host: &H, swapped: &H::Swapped) -> Result<Health> {
    if let Err(failure) = host.redeploy(swapped) {
        return Err(revert(host, swapped, failure.context("the app could not be started on the restored data")));
    }
    match host.await_healthy(swapped)? {
        Health::ConfirmedBad => {
            let failure = Failure::new("app-bad", "the app started on the restored data and failed its health check");
            Err(revert(host, swapped, failure))
        }
        health => Ok(health),
    }
}

/// Exchanges back and answers why; a revert that fails outranks its reason.
fn revert<H: Host>(host: &H, swapped: &H::Swapped, why: Failure) -> Failure {
    match host.revert(swapped) {
        Ok(()) => why,
        Err(failure) => failure.context(format!("{}; going back failed too", why.message)),
    }
}

fn summary(job: &Job, descriptor: &Descriptor, volumes: usize, health: Health) -> String {
    let state = match health {
        Health::Healthy => "the app is healthy",
        Health::Unknown | Health::ConfirmedBad => "whether the app is healthy is not known",
    };
    let plural = if volumes == 1 { "volume" } else { "volumes" };
    let (workload, id) = (escape::text(&job.workload), escape::text(&descriptor.id));
    format!("{volumes} {plural} of {workload} restored from {id}; {state}")
}
