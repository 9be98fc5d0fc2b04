//! What is deployed against what is about to be used, directory by directory, by identity (protocol, rule 16).
//!
//! A configuration says what shall be; an app goes on with what it was given at its start, and is brought back on what
//! its deployment says. Where the two differ, a capture would hold another set than the app has, and a restore would
//! leave the app on a mixture. Looks only, and decides by no name: a volume that was only renamed is the same directory.

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_config::PREVIEW_SUFFIX;
use reforge_runtime::{DeployedMount, Runtime};
use reforge_transaction::app::Used;
use reforge_volumes::identity::Identity;

/// Every difference, with both paths. `left` are the volumes that are not to be touched: what is deployed as them may be
/// anywhere.
pub fn refusals(runtime: &dyn Runtime, workload: &str, used: &[Used], left: &[String]) -> Result<Vec<Failure>> {
    let mut refusals = used_by_others(runtime, workload, used)?;
    let deployed = runtime.deployed_mounts(workload)?;
    if !deployed.is_empty() {
        let runs = runtime.observe(workload)?.state.should_run();
        refusals.extend(compare(&deployed, runs, used, left)?);
    }
    Ok(refusals)
}

/// Apps of other workloads that run on one of these directories: the workload was called so before, for example.
pub fn used_by_others(runtime: &dyn Runtime, workload: &str, used: &[Used]) -> Result<Vec<Failure>> {
    let mut refusals = Vec::new();
    let is_other = |name: &String| name.strip_suffix(PREVIEW_SUFFIX).unwrap_or(name) != workload;
    for other in runtime.deployed()?.into_iter().filter(is_other) {
        // What does not read of another workload harms that one alone.
        let (Ok(seen), Ok(mounts)) = (runtime.observe(&other), runtime.deployed_mounts(&other)) else { continue };
        for mount in mounts.iter().filter(|_| seen.state.should_run()) {
            if touches(mount, used)? {
                let (path, other) = (escape::path(&mount.live), escape::text(&other));
                refusals.push(refused(
                    message!("is-volume-of-workload-which-runs", path, volume = escape::text(&mount.volume), other),
                    message!("reforge-stop-ends-it-also-when", other),
                ));
            }
        }
    }
    Ok(refusals)
}

fn compare(deployed: &[DeployedMount], runs: bool, used: &[Used], left: &[String]) -> Result<Vec<Failure>> {
    let mut refusals = Vec::new();
    // Those may be anywhere, also where nothing answers: they are not looked at.
    let others: Vec<&DeployedMount> = deployed.iter().filter(|mount| !left.contains(&mount.volume)).collect();
    for used in used {
        match deployed.iter().find(|mount| mount.volume == used.volume) {
            Some(mount) => refusals.extend(elsewhere(mount, runs, used)?),
            None if !runs || has(&others, used)? => {}
            None => refusals.push(refused(
                message!("volume-is-configured", volume = used.volume, path = escape::path(&used.path)),
                message!("deploy-the-workload"),
            )),
        }
    }
    for mount in others.into_iter().filter(|_| runs) {
        let is_known = used.iter().any(|used| used.volume == mount.volume);
        if !is_known && !is_used(mount, used)? {
            refusals.push(refused(
                message!(
                    "the-app-that-is-deployed",
                    live = escape::path(&mount.live),
                    volume = escape::text(&mount.volume)
                ),
                message!("put-the-volume-into-the-configuration"),
            ));
        }
    }
    Ok(refusals)
}

/// Why the directory of a volume that is deployed is another than the one about to be used, if it is.
fn elsewhere(mount: &DeployedMount, runs: bool, used: &Used) -> Result<Option<Failure>> {
    let path = escape::path(&used.path);
    let next = if mount.live == used.path { used.identity.clone() } else { Identity::at(&mount.live)? };
    let is_elsewhere = mount.live != used.path && (next.is_none() || next != used.identity);
    // One that is stopped and whose former place is empty has no second directory.
    if is_elsewhere && (runs || next.is_some()) {
        let deployed = escape::path(&mount.live);
        let message = message!("volume-is-configured-at-and-what", volume = mount.volume, path, deployed);
        let hint = match next {
            Some(_) => message!("deploy-the-workload-so"),
            None => message!("stop-the-workload-first-the-directory"),
        };
        return Ok(Some(refused(message, hint)));
    }
    // What is not there holds nothing: the app comes back on what is put there.
    let was_replaced =
        used.identity.is_some() && mount.given.as_ref().is_some_and(|given| Some(given) != used.identity.as_ref());
    Ok(was_replaced.then(|| {
        refused(
            message!("the-app-that-runs-was-given", volume = mount.volume, path),
            message!("find-out-which-of-the-two"),
        )
    }))
}

/// Whether a directory is deployed under another name.
fn has(deployed: &[&DeployedMount], used: &Used) -> Result<bool> {
    for mount in deployed {
        if is_used(mount, std::slice::from_ref(used))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what is deployed has one of these directories, or will have it after its next start.
fn touches(mount: &DeployedMount, used: &[Used]) -> Result<bool> {
    // Where no directory has an identity there is none that could be exchanged.
    let next = match Identity::at(&mount.live) {
        Err(failure) if failure.code == Code::VolumeRefused => None,
        next => next?,
    };
    let known = [next, mount.given.clone()];
    let is = |used: &Used| used.path == mount.live || (used.identity.is_some() && known.contains(&used.identity));
    Ok(used.iter().any(is))
}

fn is_used(mount: &DeployedMount, used: &[Used]) -> Result<bool> {
    let next = Identity::at(&mount.live)?;
    let is = |used: &Used| used.path == mount.live || (used.identity.is_some() && used.identity == next);
    let is_given = |used: &Used| mount.given.is_none() || used.identity.is_none() || mount.given == used.identity;
    Ok(used.iter().any(|used| is(used) && is_given(used)))
}

fn refused(message: Message, hint: Message) -> Failure {
    Failure::new(Code::VolumeRefused, message).hint(hint)
}
