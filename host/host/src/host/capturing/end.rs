//! How an interruption ended, as a snapshot's descriptor says it.

use std::time::Duration;

use reforge_base::consistency::{Consistency, MemberTime, Taken, WhyLive, milliseconds};

/// See the module.
pub(super) struct Ended {
    used: Consistency,
    time: Duration,
    members: Vec<MemberTime>,
    why_live: Option<WhyLive>,
}

impl Ended {
    /// From the stop to the start.
    pub(super) fn stopped(time: Duration, members: Vec<(String, Duration)>) -> Ended {
        let members = members.into_iter().map(|(name, time)| MemberTime::new(name, time)).collect();
        Ended { used: Consistency::Stop, time, members, why_live: None }
    }

    /// All parts together. With a reason it was not for the whole time.
    pub(super) fn frozen(time: Duration, members: &[String], why_live: Option<WhyLive>) -> Ended {
        let members = members.iter().map(|name| MemberTime::new(name, time)).collect();
        let used = if why_live.is_some() { Consistency::Live } else { Consistency::Pause };
        Ended { used, time, members, why_live }
    }

    pub(super) fn taken(&self) -> Taken {
        let time = Some(milliseconds(self.time));
        let mut taken = Taken::new(self.used, true);
        taken.why_live = self.why_live;
        taken.members.clone_from(&self.members);
        match self.used {
            Consistency::Stop => taken.downtime_ms = time,
            Consistency::Pause | Consistency::Live => taken.pause_ms = time,
        }
        taken
    }
}
