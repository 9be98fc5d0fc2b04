//! Runs the program that somebody's repository is made by, and reads the tar that it writes. The repository itself is never
//! looked at: its own program, with the passwords and settings of whoever calls, knows how.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use super::Input;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message, threads};

/// Of what the program says, the end is kept.
const SAID_BYTES_MAX: usize = 2 << 10;

/// A place in a repository: `restic:REPOSITORY#SNAPSHOT:PATH` or `borg:REPOSITORY::ARCHIVE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    program: &'static str,
    arguments: Vec<String>,
    /// The directory that was asked for: the program writes the names of everything above it, too.
    below: Option<String>,
}

impl From {
    /// What a person wrote.
    pub fn parse(text: &str) -> Result<From> {
        let malformed = || {
            let message = message!("is-no-place-in-a-repository", text = escape::text(text));
            Failure::new(Code::Usage, message).hint(message!("a-place-is-written-like-this"))
        };
        let (program, rest) = text.split_once(':').ok_or_else(malformed)?;
        let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match program {
            "restic" => {
                let (repository, place) = rest.rsplit_once('#').ok_or_else(malformed)?;
                let (snapshot, path) = place.split_once(':').ok_or_else(malformed)?;
                if repository.is_empty() || snapshot.is_empty() || !path.starts_with('/') {
                    return Err(malformed());
                }
                let repository = format!("--repo={repository}");
                let arguments = strings(&["dump", &repository, "--archive=tar", "--quiet", "--", snapshot, path]);
                Ok(From { program: "restic", arguments, below: Some(path.to_owned()) })
            }
            "borg" => {
                let (repository, archive) = rest.rsplit_once("::").ok_or_else(malformed)?;
                if repository.is_empty() || archive.is_empty() {
                    return Err(malformed());
                }
                Ok(From { program: "borg", arguments: strings(&["export-tar", "--", rest, "-"]), below: None })
            }
            _ => Err(malformed()),
        }
    }

    /// Where in what the program writes the data begins, if nothing else says so.
    pub fn below(&self) -> Option<&str> {
        self.below.as_deref()
    }

    /// Starts the program.
    pub fn open(&self) -> Result<Input<'static>> {
        let program = self.program;
        let started = Command::new(program)
            .args(&self.arguments)
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| {
            Failure::new(Code::Usage, message!("cannot-run-the-program", program, error))
                .hint(message!("the-program-must-be-installed", program))
        })?;
        let (Some(out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Failure::new(Code::Io, message!("the-program-has-no-output", program)));
        };
        let mut child = Ended(child);
        let said = threads::spawn("program-words", move || {
            let (mut kept, mut buffer) = (Vec::new(), [0; SAID_BYTES_MAX]);
            while let Ok(read @ 1..) = err.read(&mut buffer) {
                kept.extend_from_slice(&buffer[..read]);
                let over = kept.len().saturating_sub(SAID_BYTES_MAX);
                kept.drain(..over);
            }
            String::from_utf8_lossy(&kept).into_owned()
        })?;
        let ended = move || {
            let status = child.0.wait();
            let said = said.join().unwrap_or_default();
            match status {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => {
                    let (status, said) = (status.to_string(), escape::prose(said.trim()));
                    Err(Failure::new(
                        Code::ArchiveRefused,
                        message!("the-program-failed-and-said", program, status, said),
                    )
                    .hint(message!("nothing-was-taken-in-try-the-program", program)))
                }
                Err(error) => Err(Failure::new(Code::Io, message!("cannot-run-the-program", program, error))),
            }
        };
        Ok(Input::Stream(std::fs::File::from(std::os::fd::OwnedFd::from(out)), Box::new(ended)))
    }
}

/// A program that does not outlive the import.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // One that has ended by itself was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_repository_becomes_the_programs_own_words() {
        for (text, words) in [
            (
                "restic:sftp:host:/srv/repo#latest:/srv/app",
                Some("restic dump --repo=sftp:host:/srv/repo --archive=tar --quiet -- latest /srv/app"),
            ),
            ("borg:ssh://host/./repo::nightly", Some("borg export-tar -- ssh://host/./repo::nightly -")),
            ("restic:/repo#latest:relative", None),
            ("restic:/repo", None),
            ("borg:/repo", None),
            ("kopia:/repo#x:/y", None),
            ("/file", None),
        ] {
            let parsed = From::parse(text).ok();
            let parsed = parsed.map(|from| format!("{} {}", from.program, from.arguments.join(" ")));
            assert_eq!(parsed.as_deref(), words, "{text}");
        }
    }
}
