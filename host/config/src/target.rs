//! `target` of a volume: where an app sees it, and in a Compose project, by which service.

use std::path::{Component, Path, PathBuf};

use toml::Spanned;

use super::RuntimeName;
use super::problems::Problems;
use reforge_base::escape;
use reforge_base::message;

pub(super) fn check(runtime: &RuntimeName, target: Spanned<String>, problems: &mut Problems<'_>) -> PathBuf {
    match runtime.is_compose() {
        true => check_of_service(target, problems),
        false => check_of_app(target, problems),
    }
}

fn check_of_app(target: Spanned<String>, problems: &mut Problems<'_>) -> PathBuf {
    let path = Path::new(target.get_ref());
    if !is_place(target.get_ref()) {
        let message = message!("target-is-which-is-no-place", get_ref = escape::text(target.get_ref()));
        problems.say(target.span(), message, message!("write-an-absolute-path-without-and"));
    }
    path.to_owned()
}

/// Whether an app can see a volume there.
fn is_place(text: &str) -> bool {
    let path = Path::new(text);
    let plain = path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
    path.is_absolute() && plain && path.components().count() >= 2 && !text.contains(['\0', ':'])
}

/// `SERVICE:PATH`: a service of the project, and where its containers see the volume.
fn check_of_service(target: Spanned<String>, problems: &mut Problems<'_>) -> PathBuf {
    let text = target.get_ref();
    let is_service = |service: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        !service.is_empty() && service.bytes().all(plain)
    };
    if !text.split_once(':').is_some_and(|(service, path)| is_service(service) && is_place(path)) {
        let message = message!("target-is-which-is-no-place-of-a-service", text = escape::text(text));
        problems.say(target.span(), message, message!("write-service-and-path"));
    }
    PathBuf::from(text)
}
