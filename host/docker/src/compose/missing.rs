//! Members that are gone are made again by Compose, from the project's files: nobody else knows what they are made of. Compose
//! creates them, and starts nothing. What an image puts into a volume that is empty goes into live as it is then: so it is done
//! before the stop, and afterwards only for what was removed in between.

use std::collections::BTreeSet;
use std::path::Path;

use super::record::{Held, Ran};
use super::unit::Member;
use super::{View, drift, program};
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::ComposeProject;

/// See [`reforge_runtime::Runtime::make_missing`]. One that Compose makes no more of was taken out of a project that is smaller now.
pub(crate) fn make_before_the_stop(view: &View<'_>) -> Result<()> {
    let services: BTreeSet<String> = drift::gone(view).into_iter().map(|gone| gone.service.clone()).collect();
    if services.is_empty() || view.record.hold.is_some() {
        return Ok(());
    }
    let refused =
        |failure: Failure| failure.with_code(Code::PolicyRefused).hint(message!("let-compose-make-it-or-adopt-again"));
    ask_compose(view, &services).map_err(refused)
}

/// Every member that ran and is gone, unless another has taken its place already.
pub(crate) fn make(view: &mut View<'_>) -> Result<()> {
    let gone = view.follow();
    if gone.is_empty() {
        return Ok(());
    }
    let services: BTreeSet<String> = gone.iter().map(|held| held.service.clone()).collect();
    ask_compose(view, &services)?;
    view.refresh()?;
    let still = view.follow();
    match still.first() {
        None => view.write(),
        Some(held) => {
            let message = message!("member-was-removed-meanwhile", name = escape::text(&held.name));
            Err(Failure::new(Code::Runtime, message).hint(message!("make-it-again-with-compose")))
        }
    }
}

impl View<'_> {
    /// Takes what stands in the place of a held member for it. Answers those that have nobody in their place.
    fn follow(&mut self) -> Vec<Held> {
        let own: Vec<Member> = self.unit.members.iter().filter(|member| member.is_own).cloned().collect();
        let Some(hold) = &mut self.record.hold else { return Vec::new() };
        let known: BTreeSet<String> = hold.members.iter().map(|held| held.id.clone()).collect();
        let is_there = |id: &str| own.iter().any(|member| member.found.id == id);
        let mut replaced = Vec::new();
        let mut gone = Vec::new();
        for held in hold.members.iter_mut().filter(|held| !held.number.is_empty() && !is_there(&held.id)) {
            let is_in_its_place = |member: &&Member| {
                member.service == held.service
                    && member.label("container-number") == Some(held.number.as_str())
                    && !member.is_one_off()
                    && (!known.contains(&member.found.id) || replaced.iter().all(|(_, id)| *id != member.found.id))
            };
            match own.iter().find(is_in_its_place) {
                Some(member) => {
                    replaced.push((held.id.clone(), member.found.id.clone()));
                    member.found.id.clone_into(&mut held.id);
                }
                None if held.ran != Ran::No => gone.push(held.clone()),
                None => {}
            }
        }
        for (before, now) in replaced {
            let needs = hold.members.iter_mut().flat_map(|held| &mut held.needs);
            needs.filter(|need| need.id == before).for_each(|need| now.clone_into(&mut need.id));
            // The one that took its place was noticed as a member of its own.
            let mut seen = false;
            hold.members.retain(|held| held.id != now || !std::mem::replace(&mut seen, true));
        }
        gone
    }
}

fn ask_compose(view: &View<'_>, services: &BTreeSet<String>) -> Result<()> {
    effect("compose-create", || Ok(create(&view.project, &view.runtime.socket, services)))
        .map_err(|error| Failure::new(Code::Runtime, message!("cannot-do", doing = "compose create", error)))?
}

/// Asks Compose for them.
fn create(project: &ComposeProject, socket: &Path, services: &BTreeSet<String>) -> Result<()> {
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    program::create(project, socket, &services).map_err(|why| {
        let message = message!("compose-could-not-make", services = escape::text(&services.join(", ")), why);
        Failure::new(Code::Runtime, message).hint(message!("make-it-again-with-compose"))
    })
}
