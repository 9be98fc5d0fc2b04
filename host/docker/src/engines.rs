//! Engines on which an app cannot be held down, or of which nobody knows that it can. Looks only.

use bollard::models::{ContainerUpdateBody, SystemInfo, SystemVersion};

use super::client::Client;
use super::errors::{EngineError, refused};
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;

/// What Podman calls itself in its answer to Docker's question.
const PODMAN: &str = "Podman Engine";
/// What a rootless engine says of its security.
const ROOTLESS: &str = "name=rootless";
/// No container has this name.
const NOBODY: &str = "reforge.nobody";

/// Why this engine is none for an app that it has got from somebody else, if it is none.
pub(crate) fn refusal(client: &Client) -> Result<Option<Failure>> {
    let info = client.ask(|docker| docker.info());
    let info = info.map_err(client.failed(message!("ask-the-engine-about-its-machine")))?;
    if is_rootless(&info) {
        return Ok(Some(refused(message!("the-engine-is-rootless")).hint(message!("use-an-engine-of-the-machines"))));
    }
    let version = client.ask(|docker| docker.version());
    let version = version.map_err(client.failed(message!("ask-the-engine-which-api")))?;
    if !is_podman(&version) {
        return Ok(None);
    }
    // Asked for a container that nobody has, one that can do it says so, and one that cannot has no such call.
    match client.ask(|docker| docker.update_container(NOBODY, ContainerUpdateBody::default())) {
        Err(error) if is_no_such_call(&error) => {
            let refusal = refused(message!(
                "the-engine-cannot-switch-policies-off",
                version = escape::text(&version.version.unwrap_or_default())
            ));
            Ok(Some(refusal.hint(message!("use-an-engine-of-the-machines"))))
        }
        Err(EngineError::Said { .. }) | Ok(_) => Ok(None),
        Err(error) => Err(client.failed(message!("ask-the-engine-which-api"))(error)),
    }
}

fn is_rootless(info: &SystemInfo) -> bool {
    info.security_options.iter().flatten().any(|option| option.split(',').any(|part| part == ROOTLESS))
}

fn is_podman(version: &SystemVersion) -> bool {
    version.components.iter().flatten().any(|component| component.name == PODMAN)
}

/// Podman says "Not Found" where it has no such call, and names the container where it has.
fn is_no_such_call(error: &EngineError) -> bool {
    matches!(error, EngineError::Said { status: 404 | 405, message } if !message.contains(NOBODY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_known_by_what_it_says_of_itself() {
        let info = |text: &str| is_rootless(&serde_json::from_str(text).unwrap());
        assert!(info(r#"{ "SecurityOptions": ["name=seccomp,profile=default", "name=rootless", "name=cgroupns"] }"#));
        assert!(!info(r#"{ "SecurityOptions": ["name=seccomp,profile=rootless"] }"#));
        assert!(!info("{}"));
        let version = |name: &str| {
            let text =
                format!(r#"{{ "Version": "4.3.1", "Components": [{{ "Name": "{name}", "Version": "4.3.1" }}] }}"#);
            is_podman(&serde_json::from_str(&text).unwrap())
        };
        assert!(version("Podman Engine") && !version("Engine"));
        let said = |status, message: &str| is_no_such_call(&EngineError::Said { status, message: message.to_owned() });
        assert!(said(404, "Not Found") && said(405, ""));
        assert!(!said(404, "no such container: reforge.nobody") && !said(500, "Not Found"));
    }
}
