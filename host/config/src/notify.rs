//! `[[notify]]`: where people elsewhere are told of what happens. What is wrong with an address is told without it: most of it
//! is secret.

use std::path::{Path, PathBuf};

use reforge_base::{escape, message};
use reforge_notify::{Channel, Kind, Way};
use toml::Spanned;

use super::problems::Problems;
use super::raw::RawNotify;
use super::{Workload, host, names};

pub(super) fn check(
    raw: Vec<Spanned<RawNotify>>,
    base: &Path,
    workloads: &[Workload],
    problems: &mut Problems<'_>,
) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    let chosen: Vec<String> =
        raw.iter().filter_map(|one| one.get_ref().name.as_ref()).map(|name| name.get_ref().clone()).collect();
    for one in raw {
        let at = one.span();
        let RawNotify { name, url, command, token_file, on, workloads: of } = one.into_inner();
        let Some(way) = way(at, url, command, problems) else { continue };
        let mut channel = Channel::new("", way);
        channel.name = match name {
            Some(name) => {
                if channels.iter().any(|known| known.name == *name.get_ref()) {
                    let message = message!("two-channels-are-called", name = escape::text(name.get_ref()));
                    problems.say(name.span(), message, message!("give-each-another-name"));
                }
                names::check("name", name, problems)
            }
            None => free_name(&channel.way.usual_name(), &channels, &chosen),
        };
        channel.token_file = token_file.and_then(|file| token(file, base, &channel.way, problems));
        if let Some(on) = on {
            channel.on = on.into_iter().filter_map(|kind| kind_of(&kind, &channel.way, problems)).collect();
        }
        channel.workloads = of.unwrap_or_default().into_iter().map(|id| known(id, workloads, problems)).collect();
        channels.push(channel);
    }
    channels
}

fn way(
    at: std::ops::Range<usize>,
    url: Option<Spanned<String>>,
    command: Option<Spanned<Vec<String>>>,
    problems: &mut Problems<'_>,
) -> Option<Way> {
    match (url, command) {
        (Some(url), None) => match reforge_notify::address(url.get_ref()) {
            Ok(address) => Some(Way::Address(address)),
            Err(clause) => {
                let message = message!("url-of-a-channel", clause);
                problems.say(url.span(), message, message!("docs-notifications-has-a-block-for-each"));
                None
            }
        },
        (None, Some(words)) => {
            if words.get_ref().first().is_none_or(String::is_empty) {
                let message = message!("command-of-a-channel-is-empty");
                problems.say(words.span(), message, message!("write-program-and-arguments"));
                return None;
            }
            Some(Way::Command(words.into_inner()))
        }
        _ => {
            problems.say(
                at,
                message!("a-channel-has-one-of-both"),
                message!("docs-notifications-has-a-block-for-each"),
            );
            None
        }
    }
}

/// The scheme, and a number where that is taken.
fn free_name(usual: &str, channels: &[Channel], chosen: &[String]) -> String {
    let is_taken = |name: &String| chosen.contains(name) || channels.iter().any(|known| known.name == *name);
    let numbered = (2..).map(|number: u32| format!("{usual}-{number}"));
    std::iter::once(usual.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

fn token(file: Spanned<String>, base: &Path, way: &Way, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let takes_none = match way {
        Way::Command(_) => true,
        Way::Address(address) => !address.scheme.takes_token(),
    };
    if takes_none {
        problems.say(file.span(), message!("this-channel-takes-no-token"), message!("remove-token-file"));
        return None;
    }
    Some(host::path("token_file", base, file, problems))
}

fn kind_of(name: &Spanned<String>, way: &Way, problems: &mut Problems<'_>) -> Option<Kind> {
    if way.is_pinged() {
        problems.say(name.span(), message!("who-is-pinged-hears-of-nights-alone"), message!("remove-on"));
        return None;
    }
    let kind = Kind::of_name(name.get_ref());
    if kind.is_none() {
        let known = Kind::CHOSEN.map(|kind| format!("`{}`", kind.as_str())).join(", ");
        let message = message!("on-has-which", get_ref = escape::text(name.get_ref()));
        problems.say(name.span(), message, message!("use-these", known));
    }
    kind
}

fn known(id: Spanned<String>, workloads: &[Workload], problems: &mut Problems<'_>) -> String {
    if !workloads.iter().any(|workload| workload.id == *id.get_ref()) {
        let message = message!("there-is-no-workload", id = escape::text(id.get_ref()));
        problems.say(id.span(), message, message!("name-a-workload-of-this-file"));
    }
    id.into_inner()
}
