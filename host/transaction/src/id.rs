//! Ids of transactions, as they are given. Which form they have is in `names`.

use std::path::Path;

pub use super::names::{sibling_name, sibling_prefix};

use super::names::is_id;
use super::{listing, receipt};
use reforge_base::failure::Result;
use reforge_base::random;

/// How the time of an id is written, to the second.
const ID_TIME: &str = "%Y%m%dT%H%M%S";

/// A new id: the time to the millisecond, and chance. Ids sort as they were given, whatever the clock does: a new one comes
/// after every id that a journal or a receipt has. A restore is given its own under its workload's lease.
pub fn new_id(transactions: &Path, receipts: &Path) -> Result<String> {
    let journals = listing::names(transactions)?;
    let journals = journals.iter().filter_map(|name| name.to_str().and_then(time_of));
    let told = receipt::ids(receipts)?;
    let newest = journals.chain(told.iter().filter_map(|id| time_of(id))).max();
    id_after(newest, jiff::Timestamp::now())
}

/// The time of `now`, or a millisecond after the newest if a clock that was set back is not as far yet.
fn id_after(newest: Option<jiff::Timestamp>, now: jiff::Timestamp) -> Result<String> {
    let next = newest.and_then(|newest| newest.checked_add(jiff::SignedDuration::from_millis(1)).ok());
    let time = next.map_or(now, |next| next.max(now));
    let millisecond = time.as_millisecond().rem_euclid(1000);
    Ok(format!("{}.{millisecond:03}-{}", time.strftime(ID_TIME), hex::encode(random::bytes::<3>()?)))
}

/// The time in an id; none in what is no id.
fn time_of(id: &str) -> Option<jiff::Timestamp> {
    let (second, rest) = id.split_once('.').filter(|_| is_id(id))?;
    let second = jiff::civil::DateTime::strptime(ID_TIME, second).ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    second.timestamp().checked_add(jiff::SignedDuration::from_millis(rest.get(..3)?.parse().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_as_an_id_has_the_form_of_one() {
        assert!(is_id(&id_after(None, jiff::Timestamp::now()).unwrap()));
        for other in ["", "20261124T162620.944-c6de9", "20261124T162620.944-c6de911", "20261124T162620-944-c6de91"] {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn ids_sort_as_they_were_given_also_when_the_clock_is_set_back() {
        let directory = tempfile::tempdir().unwrap();
        let (transactions, receipts) = (directory.path().join("transactions"), directory.path().join("receipts"));
        let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72);
        let first = id_after(None, ahead).unwrap();
        std::fs::create_dir_all(transactions.join(&first)).unwrap();
        let second = new_id(&transactions, &receipts).unwrap();
        assert!(second > first && is_id(&second), "{second} after {first}");
        // Its journal is forgotten, its receipt is not.
        std::fs::create_dir(&receipts).unwrap();
        std::fs::write(receipts.join(format!("{second}.json")), "{}").unwrap();
        for stray in ["note", "20269999T999999.999-ffffff", "99991231T235959.999-ffffff.old"] {
            std::fs::create_dir(transactions.join(stray)).unwrap();
        }
        let third = new_id(&transactions, &receipts).unwrap();
        assert!(third > second && is_id(&third), "{third} after {second}");
        let at = |id: &str| time_of(id).unwrap().as_millisecond();
        assert_eq!(at(&third) - at(&first), 2);
    }

    #[test]
    fn an_id_tells_the_time_as_long_as_the_clock_goes_on() {
        let now = jiff::Timestamp::from_millisecond(1_795_537_580_944).unwrap();
        let id = id_after(Some(now - jiff::SignedDuration::from_secs(1)), now).unwrap();
        assert_eq!(time_of(&id), Some(now), "{id}");
        // Nothing comes after the last of all times.
        let last = time_of("99991231T235959.999-ffffff");
        assert!(is_id(&id_after(last, now).unwrap()));
    }
}
