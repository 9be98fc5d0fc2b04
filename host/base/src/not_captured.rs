//! What an app has and no snapshot holds, each with its place and why.
//!
//! A runtime tells it of what it runs, a snapshot's descriptor keeps it, and people read it wherever they choose a snapshot. It
//! decides nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::escape;
use crate::message;
use crate::message::Message;

/// One thing that is not in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct NotCaptured {
    /// Where the app sees it.
    pub target: String,
    /// What it is: a path of this machine, or what the engine calls a volume.
    pub what: String,
    pub why: WhyNot,
    /// The driver or the file system, where that is the reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Why it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNot {
    /// The configuration says `capture = false`.
    Configured,
    /// A named volume of a driver that keeps it elsewhere.
    OtherDriver,
    /// A volume over which the engine mounts another file system: of a network, or in memory.
    MountedOver,
    /// A volume with a limit on its size that a restored directory would not have.
    Limited,
    /// A volume that has no name of its own.
    Anonymous,
    /// A single file.
    SingleFile,
    /// The app cannot write to it.
    ReadOnly,
    /// A file system in memory.
    InMemory,
    /// Nothing is there, or the engine has no such volume any more.
    Gone,
    /// A directory of the system's or of the engine's own.
    OfTheMachine,
    /// A directory that the configuration has no volume for.
    NotAVolume,
    /// What a later version says.
    #[serde(other)]
    Other,
}

impl NotCaptured {
    pub fn new(target: impl Into<String>, what: impl Into<String>, why: WhyNot) -> NotCaptured {
        NotCaptured { target: target.into(), what: what.into(), why, detail: String::new() }
    }

    /// With the driver or the file system that is the reason.
    pub fn because_of(self, detail: &str) -> NotCaptured {
        NotCaptured { detail: detail.to_owned(), ..self }
    }

    /// For people.
    pub fn message(&self) -> Message {
        let (target, what, detail) = (escape::text(&self.target), escape::text(&self.what), escape::text(&self.detail));
        match self.why {
            WhyNot::Configured => message!("not-captured-configured", target, what),
            WhyNot::OtherDriver => message!("not-captured-other-driver", target, what, detail),
            WhyNot::MountedOver => message!("not-captured-mounted-over", target, what, detail),
            WhyNot::Limited => message!("not-captured-limited", target, what, detail),
            WhyNot::Anonymous => message!("not-captured-anonymous", target, what),
            WhyNot::SingleFile => message!("not-captured-single-file", target, what),
            WhyNot::ReadOnly => message!("not-captured-read-only", target, what),
            WhyNot::InMemory => message!("not-captured-in-memory", target),
            WhyNot::Gone => message!("not-captured-gone", target, what),
            WhyNot::OfTheMachine => message!("not-captured-of-the-machine", target, what),
            WhyNot::NotAVolume => message!("not-captured-not-a-volume", target, what),
            WhyNot::Other => message!("not-captured-other", target, what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_a_later_version_is_read_as_another() {
        let text = r#"{"target":"/x","what":"y","why":"of-the-future","more":1}"#;
        let read: NotCaptured = serde_json::from_str(text).unwrap();
        assert_eq!(read, NotCaptured::new("/x", "y", WhyNot::Other));
        let driver = NotCaptured::new("/x", "y", WhyNot::OtherDriver).because_of("rclone");
        let text = serde_json::to_string(&driver).unwrap();
        assert_eq!(text, r#"{"target":"/x","what":"y","why":"other-driver","detail":"rclone"}"#);
        assert_eq!(serde_json::from_str::<NotCaptured>(&text).unwrap(), driver);
    }
}
