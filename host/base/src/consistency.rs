//! How a snapshot was taken: what was done to the app meanwhile, for how long, and which hooks ran.
//!
//! The configuration chooses one, a snapshot's descriptor keeps what was done, and people read it wherever they choose a snapshot.
//! It decides nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::escape;
use crate::message;
use crate::message::{Message, Source};

/// What is done to an app that runs while a snapshot is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// It is stopped, and started again.
    #[default]
    Stop,
    /// It is frozen, and thawed: what is captured is what a power cut at that moment would leave.
    Pause,
    /// Nothing: entries are of different instants.
    Live,
}

impl Consistency {
    pub const ALL: [Consistency; 3] = [Consistency::Stop, Consistency::Pause, Consistency::Live];

    pub fn as_str(self) -> &'static str {
        match self {
            Consistency::Stop => "stop",
            Consistency::Pause => "pause",
            Consistency::Live => "live",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Consistency> {
        Consistency::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// What was done for one snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SnapshotConsistency)]
#[non_exhaustive]
pub struct Taken {
    /// What was used. Of an app that did not run it is `stop`.
    pub used: Consistency,
    /// Whether the app ran before.
    pub app_ran: bool,
    /// Why it is `live` although something else was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_live: Option<WhyLive>,
    /// From the moment the app was told to stop until it was back and waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downtime_ms: Option<u64>,
    /// How long the app was frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<u64>,
    /// How long each part of an app that has several was down or frozen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberTime>,
    /// What ran before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookRun>,
}

/// Why a snapshot is `live` although it was to be more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhyLive {
    /// The app was frozen for as long as it may be, and thawed.
    PauseLimit,
    /// Something else woke the app, or started a part of it, while it was frozen.
    Woken,
    /// The app did not run, and something else wrote.
    OthersWrote,
    /// What a later version says.
    #[serde(other)]
    Other,
}

/// How long one part of an app was down or frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberTime {
    pub name: String,
    pub ms: u64,
}

impl MemberTime {
    pub fn new(name: impl Into<String>, time: Duration) -> MemberTime {
        MemberTime { name: name.into(), ms: milliseconds(time) }
    }
}

/// A command that is run around a snapshot, in the app's container or as its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// In which part of an app that has several.
    #[serde(default)]
    pub member: Option<String>,
    pub command: Vec<String>,
    /// When it is ended, and has failed.
    pub limit: Duration,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HookTime {
    /// Before the app is stopped or frozen.
    Before,
    /// After it was started or thawed, whatever became of the snapshot.
    After,
}

/// One hook that ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HookRun {
    pub when: HookTime,
    /// In which part of the app; none of an app that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The first word of its command: others may hold secrets.
    pub program: String,
    /// How it failed; none if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Message>,
    /// The same as a message, for who shows it in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<Source>,
    pub took_ms: u64,
    /// The end of what it said, escaped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

impl HookRun {
    /// For people: what it did not do, or what it said.
    pub fn message(&self) -> Message {
        let program = escape::text(&self.program);
        let place = self
            .member
            .as_ref()
            .map_or_else(Message::default, |member| message!("hook-in-member", member = escape::text(member)));
        match &self.failure {
            None => message!("hook-ran", program, place, took = Duration::from_millis(self.took_ms)),
            Some(failure) => {
                let failure = Message::written(failure.to_string(), self.failure_message.clone());
                message!("hook-failed", program, place, failure)
            }
        }
    }
}

impl Taken {
    /// Of an app that did or did not run.
    pub fn new(used: Consistency, app_ran: bool) -> Taken {
        Taken {
            used,
            app_ran,
            why_live: None,
            downtime_ms: None,
            pause_ms: None,
            members: Vec::new(),
            hooks: Vec::new(),
        }
    }

    /// Live although something else was asked for.
    pub fn because(self, why: WhyLive) -> Taken {
        Taken { why_live: Some(why), ..self }
    }

    /// Whether files of different instants may stand beside each other in it.
    pub fn is_mixed(&self) -> bool {
        self.used == Consistency::Live && (self.app_ran || self.why_live.is_some())
    }

    /// Without what hooks said: what a receipt keeps.
    pub fn without_hooks(&self) -> Taken {
        Taken { hooks: Vec::new(), ..self.clone() }
    }

    /// How long the app was down or frozen, if it was.
    pub fn interruption(&self) -> Option<Duration> {
        self.downtime_ms.or(self.pause_ms).map(Duration::from_millis)
    }

    /// In a few words, for a list.
    pub fn word(&self) -> Message {
        match (self.used, self.app_ran) {
            (Consistency::Live, true) => message!("taken-live"),
            (Consistency::Live, false) if self.why_live.is_some() => message!("taken-while-others-wrote"),
            (Consistency::Pause, _) => message!("taken-paused"),
            (Consistency::Stop, true) => message!("taken-stopped"),
            (_, false) => message!("taken-not-running"),
        }
    }

    /// In a sentence.
    pub fn message(&self) -> Message {
        match (self.interruption(), self.used) {
            (Some(time), Consistency::Stop) => message!("taken-stopped-for", time),
            (Some(time), Consistency::Pause) => message!("taken-paused-for", time),
            _ => self.word(),
        }
    }

    /// What to know before it is restored; none if there is nothing to.
    pub fn warning(&self) -> Option<Message> {
        if !self.is_mixed() {
            return None;
        }
        Some(match self.why_live {
            None => message!("taken-live-warning"),
            Some(WhyLive::PauseLimit) => {
                let limit = self.interruption().unwrap_or_default();
                message!("taken-live-pause-limit", limit)
            }
            Some(WhyLive::Woken) => message!("taken-live-woken"),
            Some(WhyLive::OthersWrote) => message!("taken-live-others-wrote"),
            Some(WhyLive::Other) => message!("taken-live-for-another-reason"),
        })
    }
}

/// In a few words, also of a snapshot that does not say.
pub fn word(taken: Option<&Taken>) -> Message {
    taken.map_or_else(|| message!("taken-unknown"), Taken::word)
}

/// In a sentence, also of a snapshot that does not say.
pub fn sentence(taken: Option<&Taken>) -> Message {
    taken.map_or_else(|| message!("taken-unknown"), Taken::message)
}

/// As a document has it.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_of_a_running_app_carries_a_warning_and_others_do_not() {
        for (used, ran, warns) in [
            (Consistency::Stop, true, false),
            (Consistency::Stop, false, false),
            (Consistency::Pause, true, false),
            (Consistency::Live, true, true),
            (Consistency::Live, false, false),
        ] {
            assert_eq!(Taken::new(used, ran).warning().is_some(), warns, "{used:?} {ran}");
        }
        let limit = Taken {
            why_live: Some(WhyLive::PauseLimit),
            pause_ms: Some(60_000),
            ..Taken::new(Consistency::Live, true)
        };
        assert!(limit.warning().is_some_and(|text| text.contains("60 s")), "{:?}", limit.warning());
    }

    #[test]
    fn what_a_later_version_says_is_read() {
        let text = r#"{"used":"live","app_ran":true,"why_live":"of-the-future","more":1}"#;
        let read: Taken = serde_json::from_str(text).unwrap();
        assert_eq!(read, Taken { why_live: Some(WhyLive::Other), ..Taken::new(Consistency::Live, true) });
        let plain = serde_json::to_string(&Taken::new(Consistency::Stop, false)).unwrap();
        assert_eq!(plain, r#"{"used":"stop","app_ran":false}"#);
    }
}
