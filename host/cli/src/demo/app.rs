//! The demo's app: writes numbered records for ever, each on disk before the next, and never rewrites a file.
//!
//! Every start opens a new segment in `records/` and in `lines/`; what earlier starts wrote stays as it is. So what a
//! snapshot held can be compared byte by byte although the app runs again.

#![expect(clippy::disallowed_methods, reason = "it plays an app, which syncs its own data as apps do")]

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::super::args::DemoApp;

/// Where the app adds files, one per start: in its data and in its log.
pub(crate) const RECORDS: &str = "records";
pub(crate) const LINES: &str = "lines";

const BETWEEN_RECORDS: Duration = Duration::from_millis(20);
/// The check looks twice; the app writes several times in between.
const BETWEEN_LOOKS: Duration = Duration::from_millis(120);
/// More than one block, so that it is restored in pieces.
const PHOTO_BYTES: usize = 3 << 20;
/// Somebody who is not root; used only by root.
const OTHER_USER: u32 = 1001;

/// Runs until it is stopped, or checks whether another one does.
pub(crate) fn run(arguments: &DemoApp) -> ExitCode {
    let done = if arguments.check { check(&arguments.data) } else { write_for_ever(&arguments.data, &arguments.log) };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // Its standard error is the workload's log.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "demo app: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Files and directories with modes of their own, made by the first start.
fn furnish(data: &Path, log: &Path) -> io::Result<()> {
    if data.join(RECORDS).exists() {
        return Ok(());
    }
    directory(&log.join(LINES), 0o755)?;
    directory(&data.join("private"), 0o700)?;
    directory(&data.join("public"), 0o755)?;
    directory(&data.join("inbox"), 0o1770)?;
    file(&data.join("private/key"), 0o600, b"correct horse battery staple\n")?;
    file(&data.join("public/index.html"), 0o644, b"<h1>hello</h1>\n")?;
    file(&data.join("settings.toml"), 0o640, b"colour = \"blue\"\n")?;
    file(&data.join("photo.raw"), 0o644, &photo())?;
    if rustix::process::geteuid().is_root() {
        for path in ["private", "private/key", "inbox"] {
            std::os::unix::fs::chown(data.join(path), Some(OTHER_USER), Some(OTHER_USER))?;
        }
    }
    std::fs::set_permissions(data, Permissions::from_mode(0o750))?;
    // Last: that it is there says that the rest is.
    directory(&data.join(RECORDS), 0o755)
}

fn directory(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(mode).create(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

fn file(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

/// Bytes that do not repeat and do not compress.
fn photo() -> Vec<u8> {
    let mut bytes = vec![0; PHOTO_BYTES];
    blake3::Hasher::new().update(b"the photo of the demo").finalize_xof().fill(&mut bytes);
    bytes
}

fn write_for_ever(data: &Path, log: &Path) -> io::Result<bool> {
    furnish(data, log)?;
    let mut number = last_number(data)?;
    let (mut records, mut lines) = (segment(&data.join(RECORDS))?, segment(&log.join(LINES))?);
    loop {
        number += 1;
        records.write_all(format!("{number:06} {}\n", jiff::Timestamp::now()).as_bytes())?;
        records.sync_data()?;
        lines.write_all(format!("wrote record {number}\n").as_bytes())?;
        std::thread::sleep(BETWEEN_RECORDS);
    }
}

/// A new file after all others.
fn segment(directory: &Path) -> io::Result<File> {
    let last = segments(directory)?.pop();
    let last = last.as_deref().and_then(Path::file_stem).and_then(|stem| stem.to_str()?.parse().ok());
    let path = directory.join(format!("{:04}.txt", last.unwrap_or(0u32) + 1));
    OpenOptions::new().append(true).create_new(true).mode(0o644).open(path)
}

/// Oldest first.
fn segments(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: io::Result<Vec<PathBuf>> = std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

/// The newest record's number, 0 before the first.
pub(crate) fn last_number(data: &Path) -> io::Result<u64> {
    for segment in segments(&data.join(RECORDS))?.iter().rev() {
        let text = std::fs::read_to_string(segment)?;
        // A line without its end is being written right now.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        if let Some(number) = whole.lines().last().and_then(|line| line.get(..6)?.parse().ok()) {
            return Ok(number);
        }
    }
    Ok(0)
}

fn check(data: &Path) -> io::Result<bool> {
    let before = last_number(data)?;
    std::thread::sleep(BETWEEN_LOOKS);
    Ok(last_number(data)? > before)
}
