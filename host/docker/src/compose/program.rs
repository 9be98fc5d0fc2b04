//! The user's own Compose, as a program: either word of it, always with the project's name, directory and files named. It is never
//! asked to start or to stop anything.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use reforge_base::spec::ComposeProject;
use reforge_base::threads;

/// What Compose may take to read a project's files.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// A call of it, and whether it is the plugin of `docker`, whose words differ from those of 1.29.
pub(crate) fn command(project: &ComposeProject, socket: &Path) -> (Command, bool) {
    let is_plugin = runs("docker", &["compose", "version"]);
    let mut command = Command::new(if is_plugin { "docker" } else { "docker-compose" });
    if is_plugin {
        command.arg("compose");
    }
    command.arg("-p").arg(&project.name).arg("--project-directory").arg(&project.working_dir);
    for file in &project.config_files {
        command.arg("-f").arg(file);
    }
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    command.current_dir(&project.working_dir).stdin(Stdio::null());
    (command, is_plugin)
}

/// The profiles that the project's files name. None if Compose is not there, cannot read them or takes too long.
pub(crate) fn profiles(project: &ComposeProject, socket: &Path) -> Option<Vec<String>> {
    let (mut command, _) = command(project, socket);
    let mut child = command.args(["config", "--profiles"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut output = child.stdout.take()?;
    let (said, heard) = mpsc::channel();
    let reader = threads::spawn("compose-output", move || {
        let mut text = String::new();
        let read = output.read_to_string(&mut text).is_ok();
        // Nobody waits any longer after the limit.
        let _ = said.send(read.then_some(text));
    });
    let text = reader.ok().and_then(|_| heard.recv_timeout(READ_LIMIT).ok()).flatten();
    if text.is_none() {
        // It may have ended by itself.
        let _ = child.kill();
    }
    let is_done = child.wait().is_ok_and(|status| status.success());
    let lines = text.filter(|_| is_done)?;
    Some(lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    quiet.is_ok_and(|output| output.status.success())
}
