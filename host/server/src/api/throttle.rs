//! How often an address may try and fail. A valid token is never asked here, so nobody can be locked out by others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many tries may fail at once.
const BURST: u32 = 10;
/// After this time one more may.
const INTERVAL: Duration = Duration::from_secs(6);
/// Addresses that are remembered; beyond that, new ones share one allowance.
const ADDRESSES_MAX: usize = 4096;

/// Failed tries by address.
#[derive(Default)]
pub(super) struct Throttle {
    tries: Mutex<HashMap<IpAddr, Tries>>,
}

#[derive(Clone, Copy)]
struct Tries {
    failed: u32,
    since: Instant,
}

impl Throttle {
    /// Counts a failed try. False when there were too many.
    pub(super) fn may_fail(&self, from: IpAddr, now: Instant) -> bool {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = network(from);
        if tries.len() >= ADDRESSES_MAX && !tries.contains_key(&key) {
            tries.retain(|_, tries| tries.forgotten(now).failed > 0);
            if tries.len() >= ADDRESSES_MAX {
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let entry = tries.entry(key).or_insert(Tries { failed: 0, since: now });
        *entry = entry.forgotten(now);
        if entry.failed >= BURST {
            return false;
        }
        entry.failed += 1;
        true
    }
}

impl Tries {
    /// Without those that are long ago.
    fn forgotten(self, now: Instant) -> Tries {
        let passed = now.saturating_duration_since(self.since);
        let intervals = (passed.as_millis() / INTERVAL.as_millis()).min(u128::from(u32::MAX)) as u32;
        match intervals {
            0 => self,
            _ if intervals >= self.failed => Tries { failed: 0, since: now },
            _ => Tries { failed: self.failed - intervals, since: self.since + INTERVAL * intervals },
        }
    }
}

/// A machine has at least a network of IPv6 addresses to try from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_fail_a_few_times_and_later_again() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let from: IpAddr = "192.0.2.1".parse().unwrap();
        let allowed = (0..100).filter(|_| throttle.may_fail(from, now)).count();
        assert_eq!(allowed, BURST as usize);
        assert!(throttle.may_fail("192.0.2.2".parse().unwrap(), now), "another address has its own allowance");
        assert!(throttle.may_fail(from, now + INTERVAL));
        assert!(!throttle.may_fail(from, now + INTERVAL), "one more per interval");
    }

    #[test]
    fn many_addresses_take_no_more_memory_and_a_network_is_one() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..3 * ADDRESSES_MAX as u32 {
            throttle.may_fail(IpAddr::V4(number.into()), now);
        }
        assert!(throttle.tries.lock().unwrap().len() <= ADDRESSES_MAX + 1);
        let throttle = Throttle::default();
        let allowed = (0..100u16)
            .filter(|last| throttle.may_fail(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, *last)), now));
        assert_eq!(allowed.count(), BURST as usize);
    }
}
