//! What a Compose project was when a snapshot was taken of it: what a new machine has to have before the data comes back.
//!
//! A runtime tells it, a snapshot's descriptor keeps it, and the archive holds it once more for whoever has nothing else. It is
//! for people: a restore never looks at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::escape;
use crate::message;
use crate::message::Message;

/// A project, as labels and the engine tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Project {
    pub name: String,
    /// The directory that Compose was started in, absolute.
    pub working_dir: String,
    /// Its Compose files, absolute, in Compose's order.
    pub config_files: Vec<String>,
    /// Profiles that its files name. None: nobody could be asked. Containers do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Vec<String>>,
    /// Of the Compose that made the containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_version: Option<String>,
    pub engine_version: String,
    /// In the order in which they are started.
    pub members: Vec<ProjectMember>,
    pub networks: Vec<ProjectNetwork>,
    pub volumes: Vec<ProjectVolume>,
    /// What the configuration says of its files.
    pub project_files: ProjectFiles,
    pub files: Vec<ProjectFile>,
    /// How many more there are than are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_files: u64,
    /// Where its files stand in the archive. None if it holds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<ProjectEntries>,
}

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProjectMember {
    /// The container's name.
    pub name: String,
    pub service: String,
    /// Which of its service; empty for one that Compose did not number.
    pub number: String,
    /// The engine's word: `running`, `exited`, `created`, `paused`.
    pub state: String,
    /// The image as the container was made of it.
    pub image: String,
    /// Of the image on that machine.
    pub image_id: String,
    /// By what it can be pulled. None: it was built there, and no registry is known to have it.
    pub repo_digests: Vec<String>,
    /// What it waits for before it is started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<ProjectNeed>,
}

/// One edge of the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProjectNeed {
    /// A container's name.
    pub member: String,
    /// Whether its health is waited for, as opposed to its start.
    pub healthy: bool,
}

/// A network that a member is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProjectNetwork {
    pub name: String,
    pub driver: String,
    /// Not made by the project: it must be there before Compose is asked for anything.
    pub external: bool,
}

/// A volume of the engine that a member has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ProjectVolume {
    pub name: String,
    pub driver: String,
    /// Not made by the project.
    pub external: bool,
    /// Without the values of passwords.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Which of a project's files a snapshot keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProjectFiles {
    /// None: only what they are called.
    Names,
    /// The Compose files.
    #[default]
    Compose,
    /// Those that hold values, too: `.env`, secrets, configs.
    All,
}

impl ProjectFiles {
    pub fn as_str(self) -> &'static str {
        match self {
            ProjectFiles::Names => "names",
            ProjectFiles::Compose => "compose",
            ProjectFiles::All => "all",
        }
    }

    /// Whether files of a kind are kept.
    pub fn keep(self, kind: FileKind) -> bool {
        match self {
            ProjectFiles::Names => false,
            ProjectFiles::Compose => kind == FileKind::Compose,
            ProjectFiles::All => true,
        }
    }
}

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectFile {
    /// Absolute, on the machine that it was on.
    pub path: String,
    pub kind: FileKind,
    /// What is kept of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptFile>,
    /// Why nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<NotKept>,
}

/// What a file is to its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// One that Compose was given.
    Compose,
    /// Values for the Compose files or for containers.
    Environment,
    /// Mounted as a secret.
    Secret,
    /// A single file that is mounted.
    Config,
    /// Beside the Compose files: they may include or extend it.
    Beside,
    /// What a later version says.
    #[serde(other)]
    Other,
}

/// A file in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptFile {
    /// Its whole name in the archive.
    pub name: String,
    pub bytes: u64,
    /// Permission bits.
    pub mode: u32,
    /// Where its content begins in what [`ProjectEntries`] inflate to.
    pub at: u64,
    /// Hexadecimal.
    pub blake3: String,
}

/// Whole gzip members of the archive. Plugins are not shown them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectEntries {
    /// First byte in the archive.
    pub offset: u64,
    pub bytes: u64,
    /// What they inflate to, in bytes.
    pub inflated: u64,
}

/// Why a file is not in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotKept {
    /// The configuration does not say `project_files = "all"`.
    NotAsked,
    Missing,
    /// Larger than one may be, or all together are.
    TooLarge,
    /// It is a link, or is reached through one below the project's directory.
    Link,
    NotAFile,
    Unreadable,
    /// What a later version says.
    #[serde(other)]
    Other,
}

impl ProjectFile {
    /// One of which nothing is known yet but its name.
    pub fn new(path: impl Into<String>, kind: FileKind) -> ProjectFile {
        ProjectFile { path: path.into(), kind, kept: None, why: None }
    }

    /// For people.
    pub fn message(&self) -> Message {
        let path = escape::text(&self.path);
        match (&self.kept, self.why) {
            (Some(_), _) => message!("project-file-kept", path),
            (None, Some(NotKept::NotAsked)) => message!("project-file-not-asked", path),
            (None, Some(NotKept::Missing)) => message!("project-file-missing", path),
            (None, Some(NotKept::TooLarge)) => message!("project-file-too-large", path),
            (None, Some(NotKept::Link)) => message!("project-file-link", path),
            (None, Some(NotKept::NotAFile)) => message!("project-file-not-a-file", path),
            (None, Some(NotKept::Unreadable)) => message!("project-file-unreadable", path),
            (None, Some(NotKept::Other) | None) => message!("project-file-other", path),
        }
    }
}

impl ProjectVolume {
    /// Takes the values of passwords out of an option such as `addr=nas,username=u,password=p`.
    pub fn without_passwords(option: &str) -> String {
        let one = |part: &str| match part.split_once('=') {
            Some((key, _)) if ["pass", "password", "pwd", "passwd"].contains(&key.trim()) => format!("{key}=***"),
            _ => part.to_owned(),
        };
        option.split(',').map(one).collect::<Vec<_>>().join(",")
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_volume_is_written_down() {
        for (option, shown) in [
            ("addr=nas,username=u,password=p=q,vers=3", "addr=nas,username=u,password=***,vers=3"),
            ("rw,bind", "rw,bind"),
            ("pass=x", "pass=***"),
            ("", ""),
        ] {
            assert_eq!(ProjectVolume::without_passwords(option), shown);
        }
    }

    #[test]
    fn what_a_later_version_says_more_is_read() {
        let text = r#"{"name":"shop","tomorrow":1,"files":[{"path":"/x","kind":"of-tomorrow","why":"of-tomorrow"}]}"#;
        let project: Project = serde_json::from_str(text).unwrap();
        assert_eq!(project.name, "shop");
        let file = ProjectFile { why: Some(NotKept::Other), ..ProjectFile::new("/x", FileKind::Other) };
        assert_eq!(project.files, [file]);
    }

    #[test]
    fn values_are_kept_only_if_that_was_said() {
        let kinds = [FileKind::Compose, FileKind::Environment, FileKind::Secret, FileKind::Config, FileKind::Beside];
        assert!(kinds.iter().all(|kind| ProjectFiles::All.keep(*kind) && !ProjectFiles::Names.keep(*kind)));
        let kept: Vec<_> = kinds.into_iter().filter(|kind| ProjectFiles::default().keep(*kind)).collect();
        assert_eq!(kept, [FileKind::Compose]);
    }
}
