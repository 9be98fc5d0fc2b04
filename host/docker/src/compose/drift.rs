//! What the members are made of now against what they were when they were looked at last.
//!
//! The id is the definition: a container that has it has its settings for ever. Another one in its place is followed where
//! nothing is lost by it: of the same image, settings and directories. Compose's hash proves nothing: it says what Compose was
//! told.

use std::collections::BTreeMap;

use super::View;
use super::record::Known;
use super::unit::{Member, Unit};
use crate::request;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// All members as they are.
pub(crate) fn known(unit: &Unit) -> BTreeMap<String, Known> {
    unit.members.iter().filter(|member| member.is_own).map(|member| (member.found.id.clone(), of(member))).collect()
}

/// What of it is refused, and what is only said.
#[derive(Default)]
pub(crate) struct Drift {
    pub refusals: Vec<Failure>,
    pub warnings: Vec<Failure>,
}

/// Members that are not there any more, and nobody in their place. A one-off is gone when it is done.
pub(crate) fn gone<'a>(view: &'a View<'_>) -> Vec<&'a Known> {
    let now = known(&view.unit);
    let is_gone = |(id, before): &(&String, &Known)| {
        !before.number.is_empty() && !now.contains_key(*id) && in_its_place(view, &now, before).is_none()
    };
    view.record.known.iter().filter(is_gone).map(|(_, before)| before).collect()
}

/// Who has come in the place of one that was known.
fn in_its_place<'a>(view: &View<'_>, now: &'a BTreeMap<String, Known>, before: &Known) -> Option<&'a Known> {
    let is_it = |(id, other): &(&String, &Known)| {
        !view.record.known.contains_key(*id) && (&other.service, &other.number) == (&before.service, &before.number)
    };
    now.iter().find(is_it).map(|(_, other)| other)
}

/// Every member that is another one than before, or is not there any more.
pub(crate) fn of_view(view: &View<'_>) -> Drift {
    let mut drift = Drift::default();
    let now = known(&view.unit);
    for (id, before) in &view.record.known {
        if now.contains_key(id) {
            continue;
        }
        let name = escape::text(&before.name);
        match in_its_place(view, &now, before) {
            // A one-off is gone when it is done.
            None if before.number.is_empty() => {}
            None => {
                let message = message!("member-is-not-there-any-more", name, service = escape::text(&before.service));
                drift
                    .warnings
                    .push(Failure::warning("member-gone", message).hint(message!("compose-makes-it-before-the-stop")));
            }
            Some(after) => compare(name, before, after, &mut drift),
        }
    }
    drift
}

fn compare(name: String, before: &Known, after: &Known, drift: &mut Drift) {
    if let Some(why) = moved(before, after) {
        let message = message!("member-was-made-anew-with-other-directories", name, why);
        let refusal = Failure::new(Code::VolumeRefused, message).hint(message!("adopt-the-project-again"));
        drift.refusals.push(refusal);
        return;
    }
    let mut changed = Vec::new();
    if before.image != after.image {
        changed.push(message!("changed-its-image"));
    }
    if before.settings != after.settings {
        changed.push(message!("changed-its-settings"));
    }
    let message = match changed.into_iter().reduce(|one, other| Message::all([one, other])) {
        Some(what) => message!("member-was-made-anew-and-differs", name, what),
        None => message!("member-was-made-anew", name),
    };
    drift.warnings.push(Failure::warning("member-made-anew", message).hint(message!("it-is-followed")));
}

/// The first place at which another directory is seen.
fn moved(before: &Known, after: &Known) -> Option<Message> {
    for (target, source) in &before.mounts {
        let now = after.mounts.get(target);
        if now != Some(source) {
            let (target, source) = (escape::text(target), escape::text(source));
            return Some(match now {
                Some(now) => message!("target-led-to-and-leads-to", target, source, now = escape::text(now)),
                None => message!("target-led-to-and-is-gone", target, source),
            });
        }
    }
    None
}

fn of(member: &Member) -> Known {
    let found = &member.found;
    let points = found.inspect.mounts.iter().flatten();
    let mounts = points.filter_map(|point| {
        let source = point.name.clone().or_else(|| point.source.clone())?;
        Some((point.destination.clone()?, source))
    });
    Known {
        name: found.name.clone(),
        service: member.service.clone(),
        number: member.label("container-number").filter(|_| !member.is_one_off()).unwrap_or_default().to_owned(),
        image: found.image_id().to_owned(),
        settings: settings(member),
        mounts: mounts.collect(),
    }
}

/// A digest of what it was created with, without labels, policy and what differs from one container to the next.
fn settings(member: &Member) -> String {
    let mut request = serde_json::Value::Object(request::of_container(&member.found));
    for path in ["/Labels", "/Hostname", "/Image", "/HostConfig/RestartPolicy", "/NetworkingConfig"] {
        let (parent, key) = path.rsplit_once('/').unwrap_or_default();
        let parent = if parent.is_empty() { Some(&mut request) } else { request.pointer_mut(parent) };
        if let Some(map) = parent.and_then(serde_json::Value::as_object_mut) {
            map.remove(key);
        }
    }
    blake3::hash(request.to_string().as_bytes()).to_hex().to_string()
}
