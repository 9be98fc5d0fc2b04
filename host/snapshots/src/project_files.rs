//! The files of a Compose project in an archive, and the way out of it: into an empty directory, never over what is there.
//!
//! No header is read here. The descriptor says where each content lies in what few gzip members inflate to, and what its digest
//! is; what does not match is damage. An archive of somebody else has no such descriptor, and its files are for `tar`.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path};

use cap_std::fs::Dir;
use rustix::io::Errno;

use super::format::PROJECT;
use super::store::OpenSnapshot;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::project::{KeptFile, Project};
use reforge_volumes::beneath::{self, Name};
use reforge_volumes::{ambient, syscalls, tree_digest};

/// What anybody may look into, as the directory of a project is.
const DIRECTORY_MODE: u32 = 0o755;
const PERMISSIONS: u32 = 0o777;

/// One file with its content.
#[derive(Debug)]
pub struct Content {
    pub kept: KeptFile,
    pub bytes: Vec<u8>,
}

/// Reads what a snapshot keeps of its project's files. Each is what its digest says.
pub fn read(snapshot: &OpenSnapshot) -> Result<(Project, Vec<Content>)> {
    let id = &snapshot.descriptor.id;
    let Some(project) = &snapshot.descriptor.project else {
        let message = message!("snapshot-has-no-project-files", id = escape::text(id));
        return Err(Failure::new(Code::NotFound, message).hint(message!("take-them-out-with-tar")));
    };
    let kept: Vec<&KeptFile> = project.files.iter().filter_map(|file| file.kept.as_ref()).collect();
    let stream = if kept.is_empty() { Vec::new() } else { inflated(snapshot, project)? };
    let content = |kept: &&KeptFile| {
        let end = usize::try_from(kept.at.checked_add(kept.bytes)?).ok()?;
        let bytes = stream.get(usize::try_from(kept.at).ok()?..end)?;
        (hex::encode(tree_digest::block(bytes)) == kept.blake3)
            .then(|| Content { kept: (*kept).clone(), bytes: bytes.to_vec() })
    };
    let contents = kept.iter().map(|kept| {
        content(kept)
            .ok_or_else(|| damaged(id, message!("its-project-files-are-not-what", name = escape::text(&kept.name))))
    });
    Ok((project.clone(), contents.collect::<Result<_>>()?))
}

fn inflated(snapshot: &OpenSnapshot, project: &Project) -> Result<Vec<u8>> {
    let damaged = || damaged(&snapshot.descriptor.id, message!("its-project-files-cannot-be-read"));
    // The bounds were checked when it was opened.
    let entries = project.entries.ok_or_else(damaged)?;
    let mut bytes = vec![0; usize::try_from(entries.bytes).map_err(|_| damaged())?];
    snapshot.file.read_exact_at(&mut bytes, entries.offset).map_err(|_| damaged())?;
    let mut stream = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(&bytes[..]).take(entries.inflated + 1);
    decoder.read_to_end(&mut stream).map_err(|_| damaged())?;
    if stream.len() as u64 == entries.inflated { Ok(stream) } else { Err(damaged()) }
}

fn damaged(id: &str, what: reforge_base::Message) -> Failure {
    Failure::new(Code::SnapshotDamaged, message!("snapshot-is-damaged", id = escape::text(id), what))
}

/// Writes files into a directory that is empty, or is not there yet. They are this user's own.
pub fn write(directory: &Path, contents: &[Content]) -> Result<()> {
    let opened = open_empty(directory)?;
    for content in contents {
        let failed = |error: Errno| Failure::io("write", &directory.join(written_as(&content.kept)), &error.into());
        durable::sync_file(&write_one(&opened, content).map_err(failed)?)?;
    }
    durable::sync_open_directory(opened.as_fd(), directory)
}

fn open_empty(directory: &Path) -> Result<Dir> {
    let failed = |error: Errno| Failure::io("open", directory, &error.into());
    let opened = match ambient::follow(directory) {
        Ok(found) => beneath::again(&found).map_err(failed)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(directory).map_err(failed)?,
        Err(error) => return Err(Failure::io("open", directory, &error)),
    };
    let mut entries = opened.entries().map_err(|error| Failure::io("list", directory, &error))?;
    if entries.next().is_some() {
        let message = message!("directory-is-not-empty", directory = escape::path(directory));
        return Err(Failure::new(Code::Usage, message).hint(message!("project-files-never-go-over-others")));
    }
    Ok(opened)
}

fn make(directory: &Path) -> rustix::io::Result<Dir> {
    let absolute =
        std::path::absolute(directory).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::INVAL))?;
    let (Some(above), Some(name)) = (absolute.parent(), absolute.file_name()) else { return Err(Errno::INVAL) };
    let above = ambient::follow(above).map_err(beneath::errno)?;
    below(&above, Name::new(name).ok_or(Errno::INVAL)?)
}

/// A directory in another one, made if it is not there.
fn below(above: &Dir, name: Name<'_>) -> rustix::io::Result<Dir> {
    match beneath::make_directory(above, name) {
        Ok(()) => {
            let made = beneath::directory(above, name)?;
            syscalls::set_mode(&made, DIRECTORY_MODE).map(|()| made)
        }
        Err(Errno::EXIST) => beneath::directory(above, name),
        Err(error) => Err(error),
    }
}

fn write_one(directory: &Dir, content: &Content) -> rustix::io::Result<File> {
    let name = written_as(&content.kept);
    let mut names: Vec<&std::ffi::OsStr> = Vec::new();
    for component in name.components() {
        let Component::Normal(name) = component else { return Err(Errno::INVAL) };
        names.push(name);
    }
    let (last, above) = names.split_last().ok_or(Errno::INVAL)?;
    let mut reached = beneath::again(directory)?;
    for name in above {
        reached = below(&reached, Name::new(name).ok_or(Errno::INVAL)?)?;
    }
    let mode = content.kept.mode & PERMISSIONS;
    let mut file: File = beneath::new_file(&reached, Name::new(last).ok_or(Errno::INVAL)?, mode)?.into_std();
    let failed = |error: std::io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    file.write_all(&content.bytes).map_err(failed)?;
    // Whatever the umask is.
    syscalls::set_mode(&file, mode).map(|()| file)
}

/// The name below the directory that files are written to.
pub fn written_as(kept: &KeptFile) -> &Path {
    let name = Path::new(&kept.name);
    name.strip_prefix(PROJECT).unwrap_or(name)
}
