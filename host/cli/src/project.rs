//! What a snapshot says of a Compose project, and `snapshot project-files`: its files, into an empty directory.

use std::path::Path;

use reforge_base::Result;
use reforge_base::escape;
use reforge_base::project::{NotKept, Project, ProjectFile, ProjectMember};
use reforge_snapshots::format::{Descriptor, OUTSIDE};
use reforge_snapshots::project_files;
use serde_json::json;

use super::answer::Answer;
use super::args::Named;
use super::session::Session;
use super::style;
use super::words::{self, say};

/// Writes what a snapshot keeps of its project's files.
pub(crate) fn write_files(session: &Session, named: &Named, to: &Path) -> Result<Answer> {
    let host = session.looking()?;
    let workload = host.config.workload(&named.workload)?;
    let snapshot = host.store.open(&workload.id, &named.snapshot)?;
    let (project, contents) = project_files::read(&snapshot)?;
    project_files::write(to, &contents)?;
    let written: Vec<_> = contents.iter().map(|content| project_files::written_as(&content.kept)).collect();
    let mut lines = vec![say!("project-files-written", n = contents.len(), directory = escape::path(to))];
    lines.extend(written.iter().map(|name| say!("project-file-line", file = escape::path(name))));
    let outside = project.files.iter().filter(|file| lay_outside(file));
    lines.extend(outside.map(|file| say!("project-file-lay-outside", path = escape::text(&file.path))));
    lines.extend(not_kept(&project));
    let id = &snapshot.descriptor.id;
    let files = project.files.iter().filter(|file| file.kept.is_none()).collect::<Vec<_>>();
    Ok(Answer::done(lines.join("\n"), json!({ "id": id, "directory": to, "written": written, "not_kept": files })))
}

fn lay_outside(file: &ProjectFile) -> bool {
    file.kept.as_ref().is_some_and(|kept| kept.name.starts_with(OUTSIDE))
}

/// Files that a snapshot does not keep, and a new machine may need.
pub(crate) fn not_kept(project: &Project) -> impl Iterator<Item = String> {
    let missed = project.files.iter().filter(|file| file.kept.is_none());
    let lines = missed.map(|file| say!("not-captured-line", what = words::read(&file.message())));
    let more = (project.more_files > 0).then(|| say!("so-many-more-project-files", n = project.more_files));
    lines.chain(more)
}

/// The line to add where values were left out.
pub(crate) fn hint(project: &Project) -> Option<String> {
    let is_left_out = |file: &ProjectFile| file.why == Some(NotKept::NotAsked);
    project.files.iter().any(is_left_out).then(|| say!("project-files-all-keeps-them"))
}

/// Of a snapshot that was taken of one.
pub(crate) fn lines(session: &Session, descriptor: &Descriptor) -> Vec<String> {
    let Some(project) = &descriptor.project else { return Vec::new() };
    let (name, directory) = (escape::text(&project.name), escape::text(&project.working_dir));
    let unknown = || say!("version-unknown");
    let compose = project.compose_version.as_deref().map_or_else(unknown, escape::text);
    let mut lines = vec![String::new()];
    let engine = escape::text(&project.engine_version);
    lines.push(say!("project-line", name, directory, engine, compose));
    if let Some(profiles) = project.profiles.as_ref().filter(|profiles| !profiles.is_empty()) {
        lines.push(say!("project-profiles", names = escape::text(&profiles.join(", "))));
    }
    lines.push(members(session, &project.members));
    for network in &project.networks {
        let (name, driver) = (escape::text(&network.name), escape::text(&network.driver));
        lines.push(match network.external {
            true => say!("project-network-external", name, driver),
            false => say!("project-network", name, driver),
        });
    }
    for volume in &project.volumes {
        let (name, driver) = (escape::text(&volume.name), escape::text(&volume.driver));
        lines.push(match volume.external {
            true => say!("project-volume-external", name, driver),
            false => say!("project-volume", name, driver),
        });
    }
    for file in project.files.iter().filter(|file| file.kept.is_some()) {
        lines.push(say!("project-file-kept-line", what = words::read(&file.message())));
    }
    lines.extend(not_kept(project));
    lines.extend(hint(project));
    lines
}

/// In the order in which they are started.
fn members(session: &Session, members: &[ProjectMember]) -> String {
    let row = |member: &ProjectMember| {
        let waits_for: Vec<String> = member.needs.iter().map(|need| escape::text(&need.member)).collect();
        let digests: Vec<String> = member.repo_digests.iter().map(|digest| escape::text(digest)).collect();
        vec![
            escape::text(&member.service),
            escape::text(&member.name),
            escape::text(&member.state),
            escape::text(&member.image),
            if digests.is_empty() { say!("image-is-in-no-registry") } else { digests.join(", ") },
            if waits_for.is_empty() { "-".to_owned() } else { waits_for.join(", ") },
        ]
    };
    let heads = [
        say!("head-service"),
        say!("head-container"),
        say!("head-state"),
        say!("head-image"),
        say!("head-pulled-as"),
        say!("head-starts-after"),
    ];
    style::table(session.terminal.style, &heads, &members.iter().map(row).collect::<Vec<_>>())
}
