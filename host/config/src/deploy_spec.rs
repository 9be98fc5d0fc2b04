//! What shall run: the deploy spec of a workload, made from the configuration, an image and directories.
//!
//! The image of a process is its command line, quoted as a shell would, with `{volume:NAME}` left in it. So the image
//! of one stage can be deployed in another, where the same names lead to other directories. The runtime puts the
//! directories of a spec's mounts in their place, so a spec can be run again without any configuration.

use std::collections::BTreeMap;

use crate::Workload;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};

/// Begins a placeholder, which ends with `}`.
const PLACEHOLDER: &str = "{volume:";

/// The image that the configuration names.
pub fn configured_image(workload: &Workload) -> Result<String> {
    if let Some(project) = &workload.compose {
        return Ok(project.image());
    }
    match image_is_command(workload) {
        true => shlex::try_join(workload.command.iter().map(String::as_str))
            .map_err(|error| no_image(workload).context(error.to_string())),
        false => workload.image.clone().ok_or_else(|| no_image(workload)),
    }
}

/// Whether a workload's image is its command line: a process's always, a container's never, and of any other runtime's
/// what says no image.
pub fn image_is_command(workload: &Workload) -> bool {
    let is_named = workload.runtime.is_docker() || workload.compose.is_some() || workload.image.is_some();
    workload.runtime.is_process() || !is_named
}

/// A spec but for the image's digest, which only the runtime knows.
pub fn spec(workload: &Workload, name: &str, image: &str, mounts: Vec<Mount>) -> Result<DeploySpec> {
    let command = match image_is_command(workload) {
        false => workload.command.clone(),
        true => {
            let words = shlex::split(image).filter(|words| !words.is_empty());
            words.ok_or_else(|| no_image(workload).hint(message!("write-the-command-line")))?
        }
    };
    check_placeholders(workload, &command, &mounts)?;
    let mut spec = DeploySpec::new(name, image);
    spec.command = command;
    spec.user.clone_from(&workload.user);
    spec.environment = workload.environment.clone().into_iter().collect();
    spec.stop_signal.clone_from(&workload.stop_signal);
    spec.stop_timeout = workload.stop_timeout;
    spec.health.clone_from(&workload.health);
    spec.mounts = mounts;
    spec.container = workload.container.clone();
    Ok(spec)
}

/// How an image is called in a message that anybody may see: an image reference as it is, and a command line, whose
/// arguments may hold secrets, by its first word.
pub fn program(image: &str) -> String {
    let words = shlex::split(image).unwrap_or_default();
    words.into_iter().next().unwrap_or_default()
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

/// The names of the volumes that a text asks for. One that is not closed asks for what no volume is called.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split(PLACEHOLDER).skip(1).map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name))
}

/// Every volume that a command asks for has a directory, or the app could not start.
fn check_placeholders(workload: &Workload, command: &[String], mounts: &[Mount]) -> Result<()> {
    let has = |name: &str| mounts.iter().any(|mount| mount.volume == name);
    match command.iter().flat_map(|word| placeholders(word)).find(|name| !has(name)) {
        None => Ok(()),
        Some(name) => {
            let message = message!("has-no-volume", id = escape::text(&workload.id), name = escape::text(name));
            Err(Failure::new(Code::Usage, message).hint(message!("add-the-volume-to-the-configuration")))
        }
    }
}

fn no_image(workload: &Workload) -> Failure {
    Failure::new(Code::Usage, message!("there-is-no-image-for", id = escape::text(&workload.id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DOCKER, PROCESS};

    fn workload(id: &str, project: &str, stage: &str) -> Workload {
        let command = vec!["/bin/app".to_owned()];
        Workload { command, ..Workload::new(id, project, stage, PROCESS) }
    }

    fn mount(volume: &str, live: &str) -> Mount {
        Mount::new(volume, live, "/in/app")
    }

    #[test]
    fn the_image_of_a_process_is_its_command_and_can_be_read_back() {
        let mut app = workload("a", "notes", "prod");
        app.command = ["/bin/app", "--dir={volume:data}/x", "two words", "it's #1", ""].map(String::from).into();
        let image = configured_image(&app).unwrap();
        let spec = spec(&app, "a", &image, vec![mount("data", "/srv/x")]).unwrap();
        assert_eq!((spec.command, spec.image), (app.command, image));
    }

    #[test]
    fn the_command_of_a_container_is_the_configurations() {
        let mut app = workload("a", "notes", "prod");
        app.runtime = DOCKER.into();
        app.command = vec!["serve".to_owned()];
        let spec = spec(&app, "a", "acme/notes:1", vec![]).unwrap();
        assert_eq!((spec.image.as_str(), spec.command), ("acme/notes:1", vec!["serve".to_owned()]));
    }

    #[test]
    fn an_image_that_asks_for_a_volume_that_is_not_there_is_refused() {
        let app = workload("a", "notes", "prod");
        let failure = spec(&app, "a", "/bin/app {volume:other}", vec![mount("data", "/srv/data")]).unwrap_err();
        assert_eq!(failure.message, "`a` has no volume `other`");
        let open = spec(&app, "a", "/bin/app {volume:data/x", vec![mount("data", "/srv/data")]).unwrap_err();
        assert_eq!(open.message, "`a` has no volume `data/x`");
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
