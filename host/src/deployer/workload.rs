//! What shall run: the deploy spec of a workload, made from the configuration, an image and directories.
//!
//! The image of a process is its command line, quoted as a shell would, with `{volume:NAME}` left in it. So the image
//! of one stage can be deployed in another, where the same names lead to other directories; a spec's `command` holds
//! the directories, so that it can be run again without any configuration.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::config::{RuntimeKind, Workload};
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::runtime::{DeploySpec, HealthCheck, Mount};

/// Begins a placeholder, which ends with `}`.
const PLACEHOLDER: &str = "{volume:";

/// The image that the configuration names.
pub fn configured_image(workload: &Workload) -> Result<String> {
    match workload.runtime {
        RuntimeKind::Docker => workload.image.clone().ok_or_else(|| no_image(workload)),
        RuntimeKind::Process => shlex::try_join(workload.command.iter().map(String::as_str))
            .map_err(|error| no_image(workload).context(error)),
    }
}

/// A spec but for the image's digest, which only the runtime knows.
pub fn spec(workload: &Workload, name: &str, image: &str, mounts: Vec<Mount>) -> Result<DeploySpec> {
    let fill = |text: &String| expand(workload, text, &mounts);
    let command = match workload.runtime {
        RuntimeKind::Docker => workload.command.clone(),
        RuntimeKind::Process => {
            let words = shlex::split(image).filter(|words| !words.is_empty());
            words.ok_or_else(|| no_image(workload).hint("write the command line as for a shell, quotes closed"))?
        }
    };
    let health = workload.health.as_ref().map(|health| {
        let command = health.command.iter().map(fill).collect::<Result<_>>()?;
        Ok::<_, Failure>(HealthCheck { command, ..health.clone() })
    });
    let environment = workload.environment.iter().map(|(name, value)| Ok((name.clone(), fill(value)?)));
    Ok(DeploySpec {
        workload: name.to_owned(),
        image: image.to_owned(),
        image_digest: String::new(),
        command: command.iter().map(fill).collect::<Result<_>>()?,
        user: workload.user.clone(),
        environment: environment.collect::<Result<_>>()?,
        stop_signal: workload.stop_signal.clone(),
        stop_timeout: workload.stop_timeout,
        health: health.transpose()?,
        mounts,
    })
}

/// Name of each environment variable and a digest of its value under the host's key, for descriptors: a plain digest
/// of a short secret can be guessed.
pub fn environment_digests(workload: &Workload, key: &[u8; 32]) -> BTreeMap<String, String> {
    let digest = |name: &String, value: &String| {
        let mut hasher = blake3::Hasher::new_keyed(key);
        // No name holds a zero byte.
        hasher.update(name.as_bytes()).update(&[0]).update(value.as_bytes());
        hasher.finalize().to_hex().to_string()
    };
    workload.environment.iter().map(|(name, value)| (name.clone(), digest(name, value))).collect()
}

/// The names of the volumes that a text asks for.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split(PLACEHOLDER).skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// Puts directories where `{volume:NAME}` stands: those of this host for a process, those of the app in a container.
fn expand(workload: &Workload, text: &str, mounts: &[Mount]) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(PLACEHOLDER) {
        let Some((name, after)) = after.split_once('}') else { break };
        let mount = mounts.iter().find(|mount| mount.volume == name).ok_or_else(|| {
            let message = format!("`{}` has no volume `{}`", escape::text(&workload.id), escape::text(name));
            Failure::new(Code::Usage, message).hint("add the volume to the configuration, or deploy another image")
        })?;
        out.push_str(before);
        out.push_str(utf8(match workload.runtime {
            RuntimeKind::Process => &mount.live,
            RuntimeKind::Docker => &mount.target,
        })?);
        rest = after;
    }
    Ok(out + rest)
}

fn utf8(path: &Path) -> Result<&str> {
    std::str::from_utf8(path.as_os_str().as_bytes()).map_err(|_| {
        let message = format!("`{}` is not UTF-8, so it cannot stand in a command line", escape::path(path));
        Failure::new(Code::VolumeRefused, message).hint("rename the directory, or do not use `{volume:NAME}`")
    })
}

fn no_image(workload: &Workload) -> Failure {
    Failure::new(Code::Usage, format!("there is no image for `{}`", escape::text(&workload.id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployer::fixture::workload;

    fn mount(volume: &str, live: &str) -> Mount {
        Mount { volume: volume.to_owned(), live: live.into(), target: "/in/app".into() }
    }

    #[test]
    fn the_image_of_a_process_keeps_its_placeholders_and_the_command_has_the_directories() {
        let mut app = workload("a", "notes", "prod");
        app.command = ["/bin/app", "--dir={volume:data}/x", "two words", "{volume:data}"].map(String::from).into();
        let image = configured_image(&app).unwrap();
        let spec = spec(&app, "a", &image, vec![mount("data", "/srv/it's")]).unwrap();
        assert_eq!(spec.command, ["/bin/app", "--dir=/srv/it's/x", "two words", "/srv/it's"]);
        assert!(spec.image.contains("{volume:data}/x"), "{}", spec.image);
        assert!(!spec.image.contains("/srv"), "{}", spec.image);
    }

    #[test]
    fn a_container_sees_its_targets() {
        let mut app = workload("a", "notes", "prod");
        app.runtime = RuntimeKind::Docker;
        app.command = vec!["{volume:data}".to_owned()];
        let spec = spec(&app, "a", "acme/notes:1", vec![mount("data", "/srv/data")]).unwrap();
        assert_eq!((spec.image.as_str(), spec.command), ("acme/notes:1", vec!["/in/app".to_owned()]));
    }

    #[test]
    fn an_image_that_asks_for_a_volume_that_is_not_there_is_refused() {
        let app = workload("a", "notes", "prod");
        let failure = spec(&app, "a", "/bin/app {volume:other}", vec![mount("data", "/srv/data")]).unwrap_err();
        assert_eq!(failure.message, "`a` has no volume `other`");
        for image in ["", "  ", "/bin/app 'open"] {
            assert_eq!(spec(&app, "a", image, vec![]).unwrap_err().message, "there is no image for `a`", "{image}");
        }
    }

    #[test]
    fn equal_secrets_have_equal_digests_only_under_one_key_and_name() {
        let mut app = workload("a", "notes", "prod");
        app.environment = [("A", "1"), ("B", "1")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (one, two) = (environment_digests(&app, &[1; 32]), environment_digests(&app, &[2; 32]));
        assert_eq!(one, environment_digests(&app, &[1; 32]));
        assert_ne!(one["A"], one["B"]);
        assert_ne!(one["A"], two["A"]);
        assert_eq!(one["A"].len(), 64);
    }
}
