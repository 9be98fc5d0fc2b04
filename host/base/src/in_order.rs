//! Does something to several members, each as soon as those that it comes after are done; those without an order between them
//! at the same time. What is asked for in a circle is done all the same, in the order in which it was given.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::failure::{Failure, Result};
use crate::threads;

/// `after` says by their numbers which of `count` one comes after. Everything is done, whatever fails; answers every failure.
pub fn run(
    count: usize,
    after: &(dyn Fn(usize) -> Vec<usize> + Sync),
    act: &(dyn Fn(usize) -> Result<()> + Sync),
) -> Vec<Failure> {
    let board =
        Board { state: Mutex::new(State { done: vec![false; count], failures: Vec::new() }), moved: Condvar::new() };
    let order = without_circles(count, after);
    std::thread::scope(|scope| {
        for (one, waits_for) in order.iter().enumerate() {
            let board = &board;
            let started = threads::spawn_in(scope, "member", move || {
                board.wait(waits_for);
                board.finish(one, act(one));
            });
            if let Err(failure) = started {
                // Nobody waits for one that will never come.
                board.finish(one, Err(failure));
            }
        }
    });
    board.state.into_inner().unwrap_or_else(PoisonError::into_inner).failures
}

struct Board {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    done: Vec<bool>,
    failures: Vec<Failure>,
}

impl Board {
    fn wait(&self, others: &[usize]) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |state: &mut State| others.iter().any(|other| !state.done[*other]);
        drop(self.moved.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner));
    }

    fn finish(&self, one: usize, result: Result<()>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done[one] = true;
        state.failures.extend(result.err());
        self.moved.notify_all();
    }
}

/// Each one's predecessors, those left out that would close a circle.
fn without_circles(count: usize, after: &(dyn Fn(usize) -> Vec<usize> + Sync)) -> Vec<Vec<usize>> {
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for one in 0..count {
        for other in after(one).into_iter().filter(|other| *other < count && *other != one) {
            if !leads_to(&order, other, one) {
                order[one].push(other);
            }
        }
    }
    order
}

fn leads_to(order: &[Vec<usize>], from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (vec![false; order.len()], vec![from]);
    while let Some(one) = open.pop() {
        if one == to {
            return true;
        }
        if !std::mem::replace(&mut seen[one], true) {
            open.extend(&order[one]);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Code;

    fn order_of(after: &[&[usize]]) -> Vec<usize> {
        let done = Mutex::new(Vec::new());
        let failures = run(after.len(), &|one| after[one].to_vec(), &|one| {
            done.lock().unwrap().push(one);
            Ok(())
        });
        assert!(failures.is_empty());
        done.into_inner().unwrap()
    }

    #[test]
    fn each_comes_after_those_that_it_stands_on() {
        let order = order_of(&[&[1, 2], &[2], &[], &[0]]);
        let at = |one: usize| order.iter().position(|other| *other == one).unwrap();
        assert!(at(2) < at(1) && at(1) < at(0) && at(0) < at(3), "{order:?}");
    }

    #[test]
    fn a_circle_keeps_nobody_waiting() {
        assert_eq!(order_of(&[&[1], &[0], &[2]]).len(), 3);
    }

    #[test]
    fn one_that_fails_keeps_nobody_waiting() {
        let failures = run(3, &|one| if one == 0 { vec![] } else { vec![one - 1] }, &|one| match one {
            0 => Err(Failure::new(Code::Runtime, "no")),
            _ => Ok(()),
        });
        assert_eq!(failures.len(), 1);
    }
}
