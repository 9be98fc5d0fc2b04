//! Somebody who starts the project again as soon as it stops: `docker compose up` in the foreground, under a unit that restarts
//! it. It ends with its containers, comes back a second later and brings all of them up, between two exchanges if it comes to
//! that.

use std::path::{Path, PathBuf};

use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::ComposeProject;
use reforge_holders::proc_stat;

/// Commands of Compose that stay in the foreground.
const STAYING: [&str; 2] = ["up", "watch"];

/// One refusal for each process.
pub(crate) fn refusals(project: &ComposeProject) -> Result<Vec<Failure>> {
    let pids = proc_stat::pids().map_err(|error| Failure::io("list", Path::new("/proc"), &error))?;
    Ok(pids.into_iter().filter_map(|pid| of_process(pid, project)).collect())
}

fn of_process(pid: i32, project: &ComposeProject) -> Option<Failure> {
    // One that ended meanwhile starts nothing.
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<String> =
        line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    let directory = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    if !starts(&words) || !is_of(&words, &directory, project) {
        return None;
    }
    let command = escape::text(words.join(" ").trim_end());
    let message = message!("a-process-starts-the-project-again", pid, command);
    let hint = match unit_of(pid) {
        Some(unit) => message!("stop-the-unit-first", unit),
        None => message!("end-that-process-first", pid),
    };
    Some(Failure::new(Code::PolicyRefused, message).hint(hint))
}

/// Whether it is Compose, and stays.
fn starts(words: &[String]) -> bool {
    let name = |word: &String| word.rsplit('/').next().unwrap_or_default().to_owned();
    let is_compose = |word: &String| ["docker-compose", "compose", "podman-compose"].contains(&name(word).as_str());
    let Some(at) = words.iter().position(is_compose) else { return false };
    let behind = &words[at + 1..];
    let is_detached = behind.iter().any(|word| ["-d", "--detach", "--wait", "--no-start"].contains(&word.as_str()));
    !is_detached && behind.iter().any(|word| STAYING.contains(&word.as_str()))
}

/// Whether it is about this project: by name, by a file, or by the directory that it stands in.
fn is_of(words: &[String], directory: &Path, project: &ComposeProject) -> bool {
    let value = |short: &str, long: &str| {
        let at = words.iter().position(|word| word == short || word == long);
        let inline = words.iter().find_map(|word| word.strip_prefix(long)?.strip_prefix('='));
        at.and_then(|at| words.get(at + 1)).map(String::as_str).or(inline).map(str::to_owned)
    };
    if let Some(name) = value("-p", "--project-name") {
        return name == project.name;
    }
    let path = |text: String| -> PathBuf { directory.join(text) };
    match (value("-f", "--file").map(path), value("--project-directory", "--project-directory").map(path)) {
        (Some(file), _) => project.config_files.contains(&file),
        (None, Some(directory)) => directory == project.working_dir,
        (None, None) => directory == project.working_dir,
    }
}

/// The unit of the system's manager that a process belongs to.
fn unit_of(pid: i32) -> Option<String> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let mut parts = groups.lines().flat_map(|line| line.split('/'));
    parts.rfind(|part| part.ends_with(".service")).map(escape::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_it(line: &str, directory: &str) -> bool {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let project = ComposeProject::new("shop", "/srv/shop", vec!["/srv/shop/compose.yaml".into()]);
        starts(&words) && is_of(&words, Path::new(directory), &project)
    }

    #[test]
    fn what_stays_in_the_foreground_for_this_project_is_found() {
        for (line, directory, expected) in [
            ("docker compose up", "/srv/shop", true),
            ("/usr/bin/docker-compose up --remove-orphans", "/srv/shop", true),
            ("python3 /usr/bin/docker-compose -f compose.yaml up", "/srv/shop", true),
            ("docker compose -p shop -f /elsewhere/x.yaml up", "/", true),
            ("docker compose --project-directory=/srv/shop watch", "/", true),
            ("docker compose up -d", "/srv/shop", false),
            ("docker compose up", "/srv/other", false),
            ("docker compose -p other up", "/srv/shop", false),
            ("docker compose logs -f", "/srv/shop", false),
            ("vi docker-compose.yml up", "/srv/shop", false),
        ] {
            assert_eq!(is_it(line, directory), expected, "{line} in {directory}");
        }
    }
}
