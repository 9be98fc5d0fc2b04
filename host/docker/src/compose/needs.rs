//! In which order members stand on each other: what Compose wrote down of `depends_on`, and whose namespaces they have.
//!
//! Compose 1.29 writes nothing down. There the order is that in which they were started: each stands on the one before.

use super::unit::{Member, Unit, shares};
use serde::{Deserialize, Serialize};

/// Compose 2 has it on every container, empty where nothing was said.
const DEPENDS_ON: &str = "depends_on";

/// What one waits for before it is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Need {
    /// A member.
    pub id: String,
    /// Whether its health is waited for, as opposed to its start.
    pub healthy: bool,
}

/// What a member needs of the others. `ran` says which of them ran: nobody waits for the others where only times tell.
pub(crate) fn of(member: &Member, unit: &Unit, ran: &dyn Fn(&Member) -> bool) -> Vec<Need> {
    let mut needs: Vec<Need> = match member.label(DEPENDS_ON).filter(|_| member.is_own) {
        Some(text) => text.split(',').flat_map(|one| of_service(one, member, unit)).collect(),
        None => before(member, unit, ran),
    };
    for id in shares(&member.found) {
        if unit.by_id(&id).is_some() && needs.iter().all(|need| need.id != id) {
            needs.push(Need { id, healthy: false });
        }
    }
    needs
}

/// `SERVICE:CONDITION:RESTART`. One that ran to its end is not run again, so nobody waits for it.
fn of_service(text: &str, member: &Member, unit: &Unit) -> Vec<Need> {
    let mut words = text.split(':');
    let (service, condition) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if condition == "service_completed_successfully" {
        return Vec::new();
    }
    let is_of = |other: &&Member| {
        other.is_own && other.service == service && !other.is_one_off() && other.found.id != member.found.id
    };
    let need = |other: &Member| Need { id: other.found.id.clone(), healthy: condition == "service_healthy" };
    unit.members.iter().filter(is_of).map(need).collect()
}

/// The one that was started just before it, of those that say nothing either.
fn before(member: &Member, unit: &Unit, ran: &dyn Fn(&Member) -> bool) -> Vec<Need> {
    if !member.is_own {
        return Vec::new();
    }
    let key = |member: &Member| (member.found.started(), member.found.id.clone());
    let is_before =
        |other: &&Member| other.is_own && other.label(DEPENDS_ON).is_none() && ran(other) && key(other) < key(member);
    let last = unit.members.iter().filter(is_before).max_by_key(|other| key(other));
    last.map(|other| Need { id: other.found.id.clone(), healthy: true }).into_iter().collect()
}
