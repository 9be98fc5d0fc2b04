//! The recovery table: what is to be done about a transaction, from its newest record and from what is live.
//!
//! Pure and total. Recovery, a revert and the model of the protocol all decide by [`row`]; only those who carry a row out
//! touch anything. It must never guess: what fits no row is a person's.

use super::open_volumes::Live;
use super::state::{Milestone, State};

/// One row of the protocol's table: what is done about everything that stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// The app never noticed: the siblings go (an undo's are left alone); `closed`.
    Forget,
    /// Stop; exchange back each that is new, put back each that is gone; sync parents; `reverted`; then as [`Row::FinishGoingBack`].
    GoBack,
    /// App back as it was; drop, or keep for the window after a commit; `closed`.
    FinishGoingBack,
    /// Stop; exchange forward each that is old; sync parents; `starting-app`; redeploy; complete.
    GoForward,
    /// Only the receipt and the policies are missing; the window runs.
    Window,
    /// Go on dropping; `closed`.
    GoOnDropping,
    /// Nothing.
    Over,
    /// No row fits: everything is kept, the app is not started, a person decides.
    NeedsOperator,
}

/// The row of a transaction whose journal says `state` and whose lives were judged by identity.
pub fn row(state: &State, lives: &[Live]) -> Row {
    use Live::{Gone, Neither, New, Old};
    use Milestone::*;
    let all = |wanted: Live| lives.iter().all(|live| *live == wanted);
    let any_mix = || !lives.contains(&Neither);
    let all_there = || any_mix() && !lives.contains(&Gone);
    match state.milestone {
        Begun | Sealed if all(Old) => Row::Forget,
        Stopping | Stopped | Safe if all(Old) => Row::GoBack,
        Swapping | Swapped if any_mix() => Row::GoBack,
        Committed if state.aborted && any_mix() => Row::GoBack,
        Committed if !state.aborted && all(New) => Row::GoForward,
        Starting | Unconfirmed | Healthy if all(New) => Row::GoForward,
        Reverting if state.aborted && all_there() => Row::GoForward,
        Reverting if !state.aborted && any_mix() => Row::GoBack,
        Reverted if all(Old) => Row::FinishGoingBack,
        Completed => Row::Window,
        Dropping => Row::GoOnDropping,
        Closed | Undone => Row::Over,
        _ => Row::NeedsOperator,
    }
}

/// Whether an app that is up now was started by something other than us: we had stopped it, and started nothing since.
pub fn had_to_be_down(state: &State, lives: &[Live]) -> bool {
    use Milestone::*;
    match state.milestone {
        Stopped | Safe | Swapping | Swapped | Committed => true,
        // It may run on the new trees until it is stopped for the first exchange back.
        Reverting => lives.contains(&Live::Old),
        _ => false,
    }
}
