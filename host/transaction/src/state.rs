//! The journal's state machine: one total function that rejects every illegal move.
//!
//! It knows nothing of files. Recovery, the live transaction and any model of the protocol use these same types.

use super::event::Event;
use reforge_volumes::identity::Identity;

/// How far a transaction got: its newest record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    Begun,
    Sealed,
    Stopping,
    Stopped,
    Safe,
    Swapping,
    Swapped,
    Committed,
    Starting,
    Healthy,
    Unconfirmed,
    Completed,
    Reverting,
    Reverted,
    Dropping,
    Closed,
    Undone,
}

/// What the journal has said so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub phase: Phase,
    /// A newer direction than the newest record's: a failed sync of `commit` or `reverting` was decided against it.
    pub aborted: bool,
    /// Whether `commit` was ever recorded and not aborted.
    pub committed: bool,
    /// Per volume: the recorded sibling.
    pub siblings: Vec<Option<Identity>>,
    /// Per volume: the empty directory that was made where live was absent.
    pub made: Vec<Option<Identity>>,
    /// Digest of the observation.
    pub observation: Option<String>,
    /// The safety snapshot.
    pub safety: Option<String>,
    /// Whether `swapping` was ever recorded: any staged tree may have been live.
    pub has_swapped: bool,
    /// Trees that were to be removed hold later writes, and are kept.
    pub later_writes: bool,
}

/// Why an event cannot come now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot follow {phase:?}")]
pub struct IllegalMove {
    pub phase: Option<Phase>,
    pub event: &'static str,
}

impl Phase {
    /// What is being done after this record, as the progress of a restore is called.
    pub fn goes_on_with(self) -> &'static str {
        match self {
            Phase::Begun => "extracting",
            Phase::Sealed => "sealing",
            Phase::Stopping => "stopping",
            Phase::Stopped => "safety snapshot",
            Phase::Safe | Phase::Swapping | Phase::Swapped => "swapping",
            Phase::Committed => "starting",
            Phase::Starting => "waiting for health",
            Phase::Reverting | Phase::Reverted => "reverting",
            _ => "finishing",
        }
    }
}

impl State {
    /// The state after `begin` of a transaction over so many volumes.
    pub fn begun(volumes: usize) -> State {
        State {
            phase: Phase::Begun,
            aborted: false,
            committed: false,
            siblings: vec![None; volumes],
            made: vec![None; volumes],
            observation: None,
            safety: None,
            has_swapped: false,
            later_writes: false,
        }
    }

    /// The state with an abort over its newest record; an abort over anything but a direction means nothing.
    pub fn abort(mut self) -> State {
        self.aborted = matches!(self.phase, Phase::Committed | Phase::Reverting);
        self.committed = self.phase != Phase::Committed && self.committed;
        self
    }

    /// Whether the app may have been stopped and has not been given back yet.
    pub fn holds_app(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Begun
                | Phase::Sealed
                | Phase::Completed
                | Phase::Reverted
                | Phase::Dropping
                | Phase::Closed
                | Phase::Undone
        )
    }

    /// Whether nothing is left to do, now or later.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Undone)
    }

    /// Whether the workload must be left alone until a start has dealt with the transaction.
    pub fn blocks(&self) -> bool {
        !(self.is_over() || self.in_window() || self.phase == Phase::Dropping)
    }

    /// Whether only the end of the undo window is waited for.
    pub fn in_window(&self) -> bool {
        self.phase == Phase::Completed || (self.phase == Phase::Reverted && (self.committed || self.later_writes))
    }
}

/// The state after one more event, or why it cannot come.
pub fn next(state: &State, event: &Event) -> Result<State, IllegalMove> {
    let illegal = || IllegalMove { phase: Some(state.phase), event: event.name() };
    let mut after = state.clone();
    after.phase = match (state.phase, event) {
        (Phase::Begun, Event::Sibling { volume, identity }) => {
            let sibling = after.siblings.get_mut(*volume).filter(|sibling| sibling.is_none()).ok_or_else(illegal)?;
            *sibling = Some(identity.clone());
            Phase::Begun
        }
        (Phase::Begun, Event::Sealed) if state.siblings.iter().all(Option::is_some) => Phase::Sealed,
        (Phase::Begun | Phase::Sealed, Event::Closed) => Phase::Closed,
        (Phase::Sealed, Event::Stopping { attachment }) => {
            after.observation = Some(attachment.clone());
            Phase::Stopping
        }
        (Phase::Stopping, Event::Stopped) => Phase::Stopped,
        (Phase::Stopped, Event::Safety { snapshot }) => {
            after.safety = snapshot.clone();
            Phase::Safe
        }
        (Phase::Safe, Event::Swapping) => {
            after.has_swapped = true;
            Phase::Swapping
        }
        (Phase::Swapping, Event::LiveMade { volume, identity }) => {
            let made = after.made.get_mut(*volume).filter(|made| made.is_none()).ok_or_else(illegal)?;
            *made = Some(identity.clone());
            Phase::Swapping
        }
        (Phase::Swapping, Event::Swapped) => Phase::Swapped,
        (Phase::Swapped, Event::Commit) => {
            after.committed = true;
            Phase::Committed
        }
        // Before the commit, and over an aborted commit, the way is back.
        (Phase::Stopping | Phase::Stopped | Phase::Safe | Phase::Swapping | Phase::Swapped, Event::Reverted { .. }) => {
            Phase::Reverted
        }
        (Phase::Committed, Event::Reverted { .. }) if state.aborted => Phase::Reverted,
        // After it, the way is forward, as often as it takes.
        (Phase::Committed, Event::StartingApp | Event::Completed { .. } | Event::Reverting) if !state.aborted => {
            forward(event)
        }
        (Phase::Starting, Event::Healthy | Event::Unconfirmed) => forward(event),
        (Phase::Starting | Phase::Healthy | Phase::Unconfirmed, Event::StartingApp | Event::Completed { .. }) => {
            forward(event)
        }
        (Phase::Starting | Phase::Unconfirmed, Event::Reverting) => Phase::Reverting,
        (Phase::Reverting, Event::Reverted { .. }) if !state.aborted => Phase::Reverted,
        (Phase::Reverting, Event::StartingApp | Event::Completed { .. }) if state.aborted => forward(event),
        (Phase::Reverted | Phase::Completed, Event::LaterWrites { .. }) => {
            after.later_writes = true;
            state.phase
        }
        (Phase::Reverted, Event::Dropping) | (Phase::Completed, Event::Dropping) => Phase::Dropping,
        (Phase::Reverted | Phase::Dropping, Event::Closed) => Phase::Closed,
        (Phase::Completed, Event::Undone) => Phase::Undone,
        _ => return Err(illegal()),
    };
    // A record after an aborted one speaks for the direction that the abort chose.
    after.aborted = false;
    Ok(after)
}

fn forward(event: &Event) -> Phase {
    match event {
        Event::StartingApp => Phase::Starting,
        Event::Healthy => Phase::Healthy,
        Event::Unconfirmed => Phase::Unconfirmed,
        Event::Reverting => Phase::Reverting,
        _ => Phase::Completed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Moment;
    use super::*;

    fn run(events: &[Event]) -> Result<State, IllegalMove> {
        events.iter().try_fold(State::begun(0), |state, event| next(&state, event))
    }

    fn to_commit() -> Vec<Event> {
        vec![
            Event::Sealed,
            Event::Stopping { attachment: "x".into() },
            Event::Stopped,
            Event::Safety { snapshot: Some("s".into()) },
            Event::Swapping,
            Event::Swapped,
            Event::Commit,
        ]
    }

    #[test]
    fn the_way_forward_is_one_line() {
        let mut events = to_commit();
        events.extend([Event::StartingApp, Event::Healthy, Event::Completed { at: Moment::now() }]);
        events.extend([Event::Dropping, Event::Closed]);
        assert_eq!(run(&events).unwrap().phase, Phase::Closed);
    }

    #[test]
    fn no_step_before_the_commit_can_be_left_out() {
        let events = to_commit();
        for left_out in 0..events.len() - 1 {
            let mut events = events.clone();
            events.remove(left_out);
            assert!(run(&events).is_err(), "without {}", to_commit()[left_out].name());
        }
    }

    #[test]
    fn an_aborted_commit_only_goes_back_and_an_aborted_revert_only_forward() {
        let reverted = Event::Reverted { at: Moment::now() };
        let committed = run(&to_commit()).unwrap();
        assert!(next(&committed, &reverted).is_err());
        let aborted = committed.clone().abort();
        assert!(next(&aborted, &Event::StartingApp).is_err());
        assert!(!next(&aborted, &reverted).unwrap().committed);

        let reverting = next(&committed, &Event::Reverting).unwrap();
        assert!(next(&reverting, &Event::StartingApp).is_err());
        let aborted = reverting.abort();
        assert!(next(&aborted, &reverted).is_err());
        assert_eq!(next(&aborted, &Event::StartingApp).unwrap().phase, Phase::Starting);
    }

    #[test]
    fn a_sibling_is_recorded_once_and_sealed_needs_all() {
        let state = State::begun(1);
        assert!(next(&state, &Event::Sealed).is_err());
        assert!(next(&state, &Event::Sibling { volume: 1, identity: crate::fixture::identity("a") }).is_err());
        let sibling = Event::Sibling { volume: 0, identity: crate::fixture::identity("a") };
        let state = next(&state, &sibling).unwrap();
        assert!(next(&state, &sibling).is_err());
        assert!(next(&state, &Event::Sealed).is_ok());
    }
}
