//! The journal's state machine: one total function that rejects every illegal move.
//!
//! It knows nothing of files. Recovery, the live transaction and any model of the protocol use these same types.

use super::event::Event;
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::message;
use reforge_volumes::identity::Identity;

/// How far a transaction got: its newest record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Milestone {
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
    pub milestone: Milestone,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalMove {
    pub milestone: Option<Milestone>,
    pub event: &'static str,
}

impl IllegalMove {
    pub fn message(&self) -> Message {
        message!("record-cannot-follow", event = self.event, milestone = format!("{:?}", self.milestone))
    }
}

impl Milestone {
    /// What is being done after this record, as the progress of a restore is called.
    pub fn goes_on_with(self) -> Phase {
        match self {
            Milestone::Begun => Phase::Extracting,
            Milestone::Sealed => Phase::Sealing,
            Milestone::Stopping => Phase::Stopping,
            Milestone::Stopped => Phase::SafetySnapshot,
            Milestone::Safe | Milestone::Swapping | Milestone::Swapped => Phase::Swapping,
            Milestone::Committed => Phase::Starting,
            Milestone::Starting => Phase::WaitingForHealth,
            Milestone::Reverting | Milestone::Reverted => Phase::Reverting,
            _ => Phase::Finishing,
        }
    }
}

impl State {
    /// The state after `begin` of a transaction over so many volumes.
    pub fn begun(volumes: usize) -> State {
        State {
            milestone: Milestone::Begun,
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
        self.aborted = matches!(self.milestone, Milestone::Committed | Milestone::Reverting);
        self.committed = self.milestone != Milestone::Committed && self.committed;
        self
    }

    /// Whether the app may have been stopped and has not been given back yet.
    pub fn holds_app(&self) -> bool {
        !matches!(
            self.milestone,
            Milestone::Begun
                | Milestone::Sealed
                | Milestone::Completed
                | Milestone::Reverted
                | Milestone::Dropping
                | Milestone::Closed
                | Milestone::Undone
        )
    }

    /// Whether nothing is left to do, now or later.
    pub fn is_over(&self) -> bool {
        matches!(self.milestone, Milestone::Closed | Milestone::Undone)
    }

    /// Whether the workload must be left alone until a start has dealt with the transaction.
    pub fn blocks(&self) -> bool {
        !(self.is_over() || self.in_window() || self.milestone == Milestone::Dropping)
    }

    /// Whether nothing but the removal of previous trees is to come, or not even that.
    pub(super) fn may_drop(&self) -> bool {
        self.in_window() || matches!(self.milestone, Milestone::Dropping | Milestone::Closed)
    }

    /// Whether only the end of the undo window is waited for.
    pub fn in_window(&self) -> bool {
        self.milestone == Milestone::Completed
            || (self.milestone == Milestone::Reverted && (self.committed || self.later_writes))
    }
}

/// The state after one more event, or why it cannot come.
pub fn next(state: &State, event: &Event) -> Result<State, IllegalMove> {
    let illegal = || IllegalMove { milestone: Some(state.milestone), event: event.name() };
    let mut after = state.clone();
    after.milestone = match (state.milestone, event) {
        (Milestone::Begun, Event::Sibling { volume, identity }) => {
            let sibling = after.siblings.get_mut(*volume).filter(|sibling| sibling.is_none()).ok_or_else(illegal)?;
            *sibling = Some(identity.clone());
            Milestone::Begun
        }
        (Milestone::Begun, Event::Sealed) if state.siblings.iter().all(Option::is_some) => Milestone::Sealed,
        (Milestone::Begun | Milestone::Sealed, Event::Closed) => Milestone::Closed,
        (Milestone::Sealed, Event::Stopping { attachment }) => {
            after.observation = Some(attachment.clone());
            Milestone::Stopping
        }
        (Milestone::Stopping, Event::Stopped) => Milestone::Stopped,
        (Milestone::Stopped, Event::Safety { snapshot }) => {
            after.safety = snapshot.clone();
            Milestone::Safe
        }
        (Milestone::Safe, Event::Swapping) => {
            after.has_swapped = true;
            Milestone::Swapping
        }
        (Milestone::Swapping, Event::LiveMade { volume, identity }) => {
            let made = after.made.get_mut(*volume).filter(|made| made.is_none()).ok_or_else(illegal)?;
            *made = Some(identity.clone());
            Milestone::Swapping
        }
        (Milestone::Swapping, Event::Swapped) => Milestone::Swapped,
        (Milestone::Swapped, Event::Commit) => {
            after.committed = true;
            Milestone::Committed
        }
        // Before the commit, and over an aborted commit, the way is back.
        (
            Milestone::Stopping | Milestone::Stopped | Milestone::Safe | Milestone::Swapping | Milestone::Swapped,
            Event::Reverted { .. },
        ) => Milestone::Reverted,
        (Milestone::Committed, Event::Reverted { .. }) if state.aborted => Milestone::Reverted,
        // After it, the way is forward, as often as it takes.
        (Milestone::Committed, Event::StartingApp | Event::Completed { .. } | Event::Reverting) if !state.aborted => {
            forward(event)
        }
        (Milestone::Starting, Event::Healthy | Event::Unconfirmed) => forward(event),
        (
            Milestone::Starting | Milestone::Healthy | Milestone::Unconfirmed,
            Event::StartingApp | Event::Completed { .. },
        ) => forward(event),
        (Milestone::Starting | Milestone::Unconfirmed, Event::Reverting) => Milestone::Reverting,
        (Milestone::Reverting, Event::Reverted { .. }) if !state.aborted => Milestone::Reverted,
        (Milestone::Reverting, Event::StartingApp | Event::Completed { .. }) if state.aborted => forward(event),
        (Milestone::Reverted | Milestone::Completed, Event::LaterWrites { .. }) => {
            after.later_writes = true;
            state.milestone
        }
        (Milestone::Reverted, Event::Dropping) | (Milestone::Completed, Event::Dropping) => Milestone::Dropping,
        (Milestone::Reverted | Milestone::Dropping, Event::Closed) => Milestone::Closed,
        (Milestone::Completed, Event::Undone) => Milestone::Undone,
        _ => return Err(illegal()),
    };
    // A record after an aborted one speaks for the direction that the abort chose.
    after.aborted = false;
    Ok(after)
}

fn forward(event: &Event) -> Milestone {
    match event {
        Event::StartingApp => Milestone::Starting,
        Event::Healthy => Milestone::Healthy,
        Event::Unconfirmed => Milestone::Unconfirmed,
        Event::Reverting => Milestone::Reverting,
        _ => Milestone::Completed,
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
        assert_eq!(run(&events).unwrap().milestone, Milestone::Closed);
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
        assert_eq!(next(&aborted, &Event::StartingApp).unwrap().milestone, Milestone::Starting);
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
