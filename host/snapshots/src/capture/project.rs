//! The files of a Compose project on their way into the archive: beside the volumes, in gzip members of their own.
//!
//! A file is opened by one name after the other below the project's directory, and a link is never followed there. What lies
//! elsewhere is opened in the directory that its path leads to. Nothing about them fails a snapshot: what cannot be kept is listed
//! with the reason. What is written is held in memory, so both number and size have bounds.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use cap_std::fs::Dir;
use rustix::fs::FileType;
use rustix::io::Errno;

use super::super::facts::Facts;
use super::super::format::{FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX, LISTED_AS, OUTSIDE, PROJECT};
use super::super::tar_writer::{self, HeaderKind};
use super::splitter::Splitter;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::project::{FileKind, KeptFile, NotKept, Project, ProjectFile};
use reforge_volumes::ambient;
use reforge_volumes::beneath::{self, Name, errno};
use reforge_volumes::tree_digest::{self, Metadata};

/// Names in a project's directory that Compose files read values from, or include and extend. Which of them it did, it writes
/// nowhere.
const ENDINGS: [&str; 3] = [".env", ".yaml", ".yml"];
const BEGINNING: &str = ".env";

/// Reads the files that the project names and those beside them, and writes what is to be kept. Answers what became of each, and
/// how many bytes of tar stream that is.
pub(super) fn read(project: Option<Project>, splitter: &mut Splitter<'_>) -> Result<(Option<Project>, u64)> {
    let Some(mut project) = project else { return Ok((None, 0)) };
    let directory = PathBuf::from(&project.working_dir);
    // One that cannot be opened has no files.
    let opened = ambient::follow(&directory).map_err(errno).and_then(|found| beneath::again(&found)).ok();
    add_those_beside(&mut project.files, &directory, opened.as_ref());
    project.more_files = project.files.len().saturating_sub(FILES_MAX) as u64;
    project.files.truncate(FILES_MAX);
    let mut section = Section::default();
    for file in &mut project.files {
        let path = PathBuf::from(&file.path);
        let outcome = look(&directory, opened.as_ref(), &path);
        let outcome = outcome.and_then(|found| match project.project_files.keep(file.kind) {
            true => section.add(&directory, &path, found),
            false => Err(NotKept::NotAsked),
        });
        (file.kept, file.why) = match outcome {
            Ok(kept) => (Some(kept), None),
            Err(why) => (None, Some(why)),
        };
    }
    section.list(&project)?;
    splitter.apart(&section.stream)?;
    Ok((Some(project), section.stream.len() as u64))
}

/// Those that only their names tell of.
fn add_those_beside(files: &mut Vec<ProjectFile>, directory: &Path, opened: Option<&Dir>) {
    let Some(entries) = opened.and_then(|opened| opened.entries().ok()) else { return };
    let known: BTreeSet<PathBuf> = files.iter().map(|file| PathBuf::from(&file.path)).collect();
    let names: BTreeSet<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    for name in names {
        // What is no text is none of Compose's.
        let Some(text) = name.to_str() else { continue };
        let is_environment = text.starts_with(BEGINNING) || text.ends_with(ENDINGS[0]);
        let path = directory.join(text);
        if (is_environment || ENDINGS.iter().any(|ending| text.ends_with(ending))) && !known.contains(&path) {
            let kind = if is_environment { FileKind::Environment } else { FileKind::Beside };
            files.push(ProjectFile::new(path.display().to_string(), kind));
        }
    }
}

/// A file as it was found.
struct Found {
    file: std::fs::File,
    facts: Facts,
}

/// Opens a file, if it is one.
fn look(directory: &Path, opened: Option<&Dir>, path: &Path) -> Result<Found, NotKept> {
    let file = match (path.strip_prefix(directory), opened) {
        (Ok(below), Some(opened)) => open_below(opened, below),
        _ => open_elsewhere(path),
    };
    let file = file.map_err(|error| match error {
        Errno::NOENT => NotKept::Missing,
        Errno::LOOP | Errno::NOTDIR | Errno::XDEV => NotKept::Link,
        Errno::INVAL => NotKept::NotAFile,
        _ => NotKept::Unreadable,
    })?;
    let facts = Facts::of(&file).map_err(|_| NotKept::Unreadable)?;
    if facts.kind != FileType::RegularFile {
        return Err(NotKept::NotAFile);
    }
    Ok(Found { file, facts })
}

fn open_below(directory: &Dir, path: &Path) -> rustix::io::Result<std::fs::File> {
    let (above, name) = (path.parent().ok_or(Errno::INVAL)?, path.file_name().ok_or(Errno::INVAL)?);
    let mut reached = beneath::again(directory)?;
    for component in above.components() {
        let Component::Normal(name) = component else { return Err(Errno::XDEV) };
        reached = beneath::directory(&reached, Name::new(name).ok_or(Errno::INVAL)?)?;
    }
    Ok(beneath::file_unmoved(&reached, Name::new(name).ok_or(Errno::INVAL)?)?.into_std())
}

fn open_elsewhere(path: &Path) -> rustix::io::Result<std::fs::File> {
    let (above, name) = (path.parent().ok_or(Errno::INVAL)?, path.file_name().ok_or(Errno::INVAL)?);
    let above = ambient::follow(above).map_err(errno)?;
    Ok(beneath::file_unmoved(&above, Name::new(name).ok_or(Errno::INVAL)?)?.into_std())
}

/// What is written into the archive.
#[derive(Default)]
struct Section {
    stream: Vec<u8>,
    content_bytes: u64,
    names: BTreeSet<Vec<u8>>,
}

impl Section {
    fn add(&mut self, directory: &Path, path: &Path, found: Found) -> Result<KeptFile, NotKept> {
        let Found { file, facts } = found;
        let limit = FILE_BYTES_MAX.min(FILES_BYTES_MAX - self.content_bytes);
        let mut content = Vec::new();
        // It may have grown since it was looked at: what is read counts.
        file.take(limit + 1).read_to_end(&mut content).map_err(|_| NotKept::Unreadable)?;
        if content.len() as u64 > limit {
            return Err(NotKept::TooLarge);
        }
        let name = name_of(directory, path).filter(|name| self.names.insert(name.as_bytes().to_vec()));
        let name = name.ok_or(NotKept::Other)?;
        let metadata =
            Metadata { mode: facts.mode, uid: facts.uid, gid: facts.gid, mtime: facts.mtime, xattrs: Vec::new() };
        self.content_bytes += content.len() as u64;
        let at = self.entry(name.as_bytes(), &metadata, &content);
        let blake3 = hex::encode(tree_digest::block(&content));
        Ok(KeptFile { name, bytes: content.len() as u64, mode: facts.mode, at, blake3 })
    }

    /// What all of it was, for whoever has the archive and nothing else.
    fn list(&mut self, project: &Project) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(project)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-write-the-manifest", error)))?;
        text.push(b'\n');
        self.entry(LISTED_AS.as_bytes(), &Metadata { mode: 0o600, ..Metadata::default() }, &text);
        Ok(())
    }

    /// Answers where the content begins.
    fn entry(&mut self, name: &[u8], metadata: &Metadata, content: &[u8]) -> u64 {
        let size = content.len() as u64;
        tar_writer::header(&mut self.stream, name, metadata, &HeaderKind::File { size });
        let at = self.stream.len() as u64;
        self.stream.extend_from_slice(content);
        self.stream.resize(self.stream.len() + tar_writer::padding(size), 0);
        at
    }
}

/// What a file is called in the archive. None for one that no name can be made of.
fn name_of(directory: &Path, path: &Path) -> Option<String> {
    let (first, below) = match path.strip_prefix(directory) {
        Ok(below) => (PROJECT, below),
        Err(_) => (OUTSIDE, path.strip_prefix("/").ok()?),
    };
    let is_plain = below.components().all(|component| matches!(component, Component::Normal(_)));
    let text = std::str::from_utf8(below.as_os_str().as_bytes()).ok()?;
    (is_plain && !text.is_empty()).then(|| format!("{first}/{text}"))
}
