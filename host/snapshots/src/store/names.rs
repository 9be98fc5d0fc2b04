//! Ids and file names: sortable, short, unique, and never a way out of their directory.

use std::collections::BTreeSet;

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::random;

/// `20261123T142501Z`, the part of an id that is a time.
pub(super) const SECOND_BYTES: usize = 16;
const ID_TIME: &str = "%Y%m%dT%H%M%SZ";
const SECOND: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);
/// Longest name of a workload or snapshot; with prefix and suffix it stays a file name.
const NAME_BYTES_MAX: usize = 200;
/// A file that is not yet a snapshot, and a descriptor that is no longer one.
pub(super) const NEW: &str = ".new-";
pub(super) const GONE: &str = ".gone-";
const ARCHIVE: &str = ".tar.gz";
const DESCRIPTOR: &str = ".json";
const ENTRIES: &str = ".entries";
/// How many ids a hint names.
const NEAREST_MAX: usize = 3;

/// A new id: the second of its making, or the one after the `newest` if a clock that was set back is not as far yet, so
/// that ids sort as they were given. Two in one second differ by chance; the caller asks whether it is taken.
pub(super) fn new_id(created: jiff::Timestamp, newest: Option<&Newest>) -> Result<String> {
    let random = random::bytes::<3>()?;
    let goes_back = |newest: &&Newest| created < newest.created.unwrap_or(newest.second).max(newest.second);
    let next = newest.filter(goes_back).and_then(|newest| newest.second.checked_add(SECOND).ok());
    Ok(format!("{}-{}", next.unwrap_or(created).strftime(ID_TIME), hex::encode(random)))
}

/// When the newest snapshot of a workload was made: by its id, and by itself if that reads.
pub(super) struct Newest {
    pub second: jiff::Timestamp,
    pub created: Option<jiff::Timestamp>,
}

/// The second in an id that was given here; none in any other.
pub(super) fn second_of(id: &str) -> Option<jiff::Timestamp> {
    let second = jiff::civil::DateTime::strptime(ID_TIME, id.get(..SECOND_BYTES)?).ok()?;
    Some(second.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

pub(super) fn archive_name(id: &str) -> String {
    format!("{id}{ARCHIVE}")
}

pub(super) fn descriptor_name(id: &str) -> String {
    format!("{id}{DESCRIPTOR}")
}

pub(super) fn entries_name(id: &str) -> String {
    format!("{id}{ENTRIES}")
}

/// The id of the snapshot whose entry list a file is.
pub(super) fn id_of_entries(name: &str) -> Option<&str> {
    name.strip_suffix(ENTRIES).filter(|id| is_safe(id))
}

/// The id that a file of the store belongs to; none for files under way.
pub(super) fn id_of(name: &str) -> Option<&str> {
    let id = name.strip_suffix(ARCHIVE).or_else(|| name.strip_suffix(DESCRIPTOR))?;
    is_safe(id).then_some(id)
}

/// Refuses what is no name of a snapshot.
pub(super) fn check_snapshot(name: &str) -> Result<()> {
    check(name, || message!("is-not-the-name-of-a-snapshot", name = escape::text(name)))
}

/// Refuses what is no name of a workload.
pub(super) fn check_workload(name: &str) -> Result<()> {
    check(name, || message!("is-not-the-name-of-a-workload", name = escape::text(name)))
}

fn check(name: &str, refusal: impl FnOnce() -> Message) -> Result<()> {
    if is_safe(name) { Ok(()) } else { Err(Failure::new(Code::Usage, refusal())) }
}

fn is_safe(name: &str) -> bool {
    let safe = |character: char| character != '/' && !character.is_control();
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with('.')
        && !name.contains("..")
        && name.chars().all(safe)
}

/// A hint with the ids that begin most like `name`, the newest first among equals.
pub(super) fn nearest(ids: &BTreeSet<String>, name: &str) -> Message {
    let alike = |id: &String| id.bytes().zip(name.bytes()).take_while(|(left, right)| left == right).count();
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort_by_key(|id| std::cmp::Reverse((alike(id), *id)));
    if ids.is_empty() {
        return message!("there-are-none-yet-take");
    }
    let shown: Vec<String> = ids.iter().take(NEAREST_MAX).map(|id| format!("`{}`", escape::text(id))).collect();
    message!("nearest", shown = shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_they_were_given_also_when_the_clock_is_set_back() {
        let at = |second: i64| jiff::Timestamp::from_second(second).unwrap();
        let now = at(1_795_537_580);
        let second = |created, newest: Option<(i64, Option<i64>)>| {
            let newest = newest.map(|(second, created)| Newest { second: at(second), created: created.map(at) });
            let id = new_id(created, newest.as_ref()).unwrap();
            assert!(is_safe(&id), "{id}");
            second_of(&id).unwrap().as_second() - now.as_second()
        };
        let now_s = now.as_second();
        assert_eq!(second(now, None), 0);
        assert_eq!(second(now, Some((now_s - 60, Some(now_s - 60)))), 0, "the clock goes on");
        assert_eq!(second(now, Some((now_s, Some(now_s)))), 0, "two in one second");
        assert_eq!(second(now, Some((now_s + 60, Some(now_s + 60)))), 61, "the clock was set back");
        assert_eq!(second(now, Some((now_s + 61, Some(now_s - 5)))), 62, "and another one since");
        assert_eq!(second(now, Some((now_s + 60, None))), 61, "the newest is damaged");
        let last = second_of("99991230T220000Z-ffffff").unwrap();
        assert!(new_id(now, Some(&Newest { second: last, created: None })).is_ok(), "nothing comes after it");
        for foreign in ["", "by hand", "20269999T999999Z-ffffff"] {
            assert_eq!(second_of(foreign), None, "{foreign}");
        }
    }
}
