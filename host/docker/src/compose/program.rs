//! The user's own Compose, as a program: either word of it, always with the project's name, directory and files named. It is never
//! asked to start or to stop anything. Each call has a limit: then it is ended with all that it started.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::client::lowered;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::spec::ComposeProject;
use reforge_runtime::limited::{Missed, output};

/// What Compose may take to read a project's files, or to say which it is.
const READ_LIMIT: Duration = Duration::from_secs(30);
/// What it may take to create containers.
const CREATE_LIMIT: Duration = Duration::from_secs(300);

/// Which words the program takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// The plugin of `docker`.
    Plugin,
    /// 1.29, or the plugin under its older name.
    Alone,
}

/// Which one is there. Says so if it does not answer.
fn words() -> Result<Words, Message> {
    let mut version = Command::new("docker");
    version.args(["compose", "version"]);
    match output(version, lowered(READ_LIMIT)) {
        Ok(said) if said.status.success() => Ok(Words::Plugin),
        Err(Missed::Hung(why)) => Err(why),
        Ok(_) | Err(Missed::NotRun(_)) => Ok(Words::Alone),
    }
}

/// A call of it about a project, of which the end is left to say.
fn command(words: Words, project: &ComposeProject, socket: &Path) -> Command {
    let mut command = Command::new(if words == Words::Plugin { "docker" } else { "docker-compose" });
    if words == Words::Plugin {
        command.arg("compose");
    }
    command.arg("-p").arg(&project.name).arg("--project-directory").arg(&project.working_dir);
    for file in &project.config_files {
        command.arg("-f").arg(file);
    }
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    command.current_dir(&project.working_dir);
    command
}

/// Has it create what services lack, and start nothing. Else what it said.
pub(crate) fn create(project: &ComposeProject, socket: &Path, services: &[&str]) -> Result<(), Message> {
    let words = words()?;
    let mut command = command(words, project, socket);
    match words {
        Words::Plugin => command.args(["create", "--no-recreate", "--no-build", "--pull", "never"]),
        Words::Alone => command.args(["up", "--no-start", "--no-recreate", "--no-deps", "--no-build"]),
    };
    command.args(services);
    match output(command, lowered(CREATE_LIMIT)) {
        Ok(said) if said.status.success() => Ok(()),
        Ok(said) => Err(escape::text(String::from_utf8_lossy(&said.stderr).trim()).into()),
        Err(Missed::Hung(why) | Missed::NotRun(why)) => Err(why),
    }
}

/// The profiles that the project's files name. None if Compose is not there, cannot read them or takes too long.
pub(crate) fn profiles(project: &ComposeProject, socket: &Path) -> Option<Vec<String>> {
    let mut command = command(words().ok()?, project, socket);
    command.args(["config", "--profiles"]);
    let said = output(command, lowered(READ_LIMIT)).ok().filter(|said| said.status.success())?;
    let text = String::from_utf8(said.stdout).ok()?;
    Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
