//! What a restore, an undo, a capture or an import is doing right now, as whoever watches it is told.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::message::Message;

/// The phases, each with its name in documents and events.
macro_rules! phases {
    ($($(#[$meta:meta])* $phase:ident = $name:literal,)*) => {
        /// One step of something that takes long. Stable, for programs, as its name.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Phase {
            $($(#[$meta])* $phase,)*
        }

        impl Phase {
            pub const ALL: &[Phase] = &[$(Phase::$phase),*];

            /// In documents and events.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Phase::$phase => $name,)*
                }
            }
        }
    };
}

phases! {
    /// Nothing was announced yet.
    #[default]
    Beginning = "",
    ReadingTheArchive = "reading the archive",
    Inspecting = "inspecting",
    Planning = "planning",
    Extracting = "extracting",
    Sealing = "sealing",
    CheckingTheArchive = "checking the archive",
    Stopping = "stopping",
    SafetySnapshot = "safety snapshot",
    Swapping = "swapping",
    Starting = "starting",
    WaitingForHealth = "waiting for health",
    Finishing = "finishing",
    Reverting = "reverting",
    Capturing = "capturing",
    Copying = "copying",
    Storing = "storing",
    Verifying = "verifying",
    Exporting = "exporting",
    Reading = "reading",
    Compiling = "compiling",
    CheckingItsPromises = "checking its promises",
    Asking = "asking",
}

impl Phase {
    /// For people: a word or two.
    pub fn message(self) -> Message {
        Message::of(format!("phase-name-{}", self.slug()), [])
    }

    /// Its name without blanks, as ids are.
    pub fn slug(self) -> String {
        match self {
            Phase::Beginning => "beginning".to_owned(),
            named => named.as_str().replace(' ', "-"),
        }
    }

    /// Whether a restore is still stopped by a cancel that comes now: from the commit on nobody looks, nor on the way back.
    pub fn can_be_cancelled(self) -> bool {
        !matches!(self, Phase::Starting | Phase::WaitingForHealth | Phase::Finishing | Phase::Reverting)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Phase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Phase, D::Error> {
        let name = String::deserialize(deserializer)?;
        let phase = Phase::ALL.iter().find(|phase| phase.as_str() == name);
        phase.copied().ok_or_else(|| D::Error::custom(format!("`{name}` is no phase")))
    }
}

impl utoipa::PartialSchema for Phase {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Phase {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_by_its_name_and_has_words() {
        for phase in Phase::ALL {
            let text = serde_json::to_string(phase).unwrap();
            assert_eq!(serde_json::from_str::<Phase>(&text).unwrap(), *phase);
            assert!(!phase.message().is_empty());
        }
        assert!(serde_json::from_str::<Phase>("\"dancing\"").is_err());
    }
}
