//! Which containers the deployed app consists of, which of them are drilled, and in which order they stand on each other.
//!
//! Read off what its runtime observed; nothing is asked.

use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{AppState, Observation};
use serde_json::{Map, Value};

/// Compose's labels begin so.
const COMPOSE: &str = "com.docker.compose.";
/// States of a container that the engine runs, or would in a moment.
const RAN: [&str; 3] = ["running", "paused", "restarting"];
/// What somebody waits for who needs another's end.
const TO_ITS_END: &str = "service_completed_successfully";

/// One container of the app.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Of the deployed one.
    pub id: String,
    pub name: String,
    /// Of a project; none of a container that is an app by itself.
    pub service: Option<String>,
    /// The id of the image that it was made from, and what that was called.
    pub image: String,
    pub image_name: String,
    /// The create request that would make one like it, in the engine's words.
    pub request: Map<String, Value>,
    /// Those that are started before it, by their numbers.
    pub needs: Vec<Need>,
    /// Whether the engine starts it again when it fails.
    pub comes_back: bool,
}

/// Whom one waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub other: usize,
    /// Whether its health is waited for, as opposed to its start.
    pub healthy: bool,
}

impl Part {
    /// For messages.
    pub(crate) fn shown(&self) -> String {
        escape::text(self.service.as_deref().unwrap_or(&self.name))
    }

    /// One of the request's own words about the host.
    pub(crate) fn host(&self, key: &str) -> &Value {
        self.request.get("HostConfig").map_or(&Value::Null, |host| &host[key])
    }

    /// Whose namespaces it has: of the deployed containers, by their ids.
    pub(crate) fn shares(&self) -> Vec<&str> {
        let modes = ["NetworkMode", "PidMode", "IpcMode"].into_iter().filter_map(|key| self.host(key).as_str());
        modes.filter_map(|mode| mode.strip_prefix("container:")).collect()
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.request.get("Labels")?.get(format!("{COMPOSE}{key}"))?.as_str()
    }

    /// What Compose wrote down of `depends_on`: services with their conditions.
    fn depends_on(&self) -> Option<Vec<(&str, &str)>> {
        let words = self.label("depends_on")?.split(',').filter(|one| !one.is_empty());
        let split = words.map(|one| {
            let (service, rest) = one.split_once(':').unwrap_or((one, ""));
            (service, rest.split(':').next().unwrap_or_default())
        });
        Some(split.collect())
    }
}

/// The parts that are drilled: those that ran, or that would run if the app is down now; each behind those that it needs.
pub(crate) fn of(observed: &Observation) -> Result<Vec<Part>> {
    let Some(spec) = &observed.spec else {
        return Err(Failure::new(Code::NotFound, message!("drilled-app-is-not-deployed")));
    };
    let Some(members) = observed.detail["members"].as_array() else {
        let mut part = read(&observed.detail, None)?;
        part.image.clone_from(&spec.image_digest);
        return Ok(vec![part]);
    };
    let all: Vec<(Part, &Value)> =
        members.iter().map(|member| Ok((read(member, member["service"].as_str())?, member))).collect::<Result<_>>()?;
    let is_one_off = |part: &Part| part.label("oneoff").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let ran = |member: &Value| member["status"].as_str().is_some_and(|status| RAN.contains(&status));
    let is_job = |part: &Part| {
        let waited_for = all.iter().flat_map(|(other, _)| other.depends_on().unwrap_or_default());
        waited_for.into_iter().any(|(service, how)| Some(service) == part.service.as_deref() && how == TO_ITS_END)
    };
    let is_down = matches!(observed.state, AppState::Stopped | AppState::Absent);
    let is_drilled = |part: &Part, member: &Value| if is_down { !is_job(part) } else { ran(member) };
    let drilled = all.iter().filter(|(part, member)| !is_one_off(part) && is_drilled(part, member));
    let (mut parts, started): (Vec<Part>, Vec<&str>) =
        drilled.map(|(part, member)| (part.clone(), member["started"].as_str().unwrap_or_default())).unzip();
    let needs: Vec<Vec<Need>> = (0..parts.len()).map(|one| needs_of(one, &parts, &started)).collect();
    for (part, needs) in parts.iter_mut().zip(needs) {
        part.needs = needs;
    }
    Ok(parts)
}

/// Those that are kept; nobody waits for the others.
pub(crate) fn only(all: Vec<Part>, keep: &[bool]) -> Vec<Part> {
    let place = |at: usize| keep[..at].iter().filter(|kept| **kept).count();
    let mut kept: Vec<Part> = all.into_iter().zip(keep).filter(|(_, kept)| **kept).map(|(part, _)| part).collect();
    for part in &mut kept {
        part.needs.retain(|need| keep[need.other]);
        part.needs.iter_mut().for_each(|need| need.other = place(need.other));
    }
    kept
}

fn read(said: &Value, service: Option<&str>) -> Result<Part> {
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let request = said["request"].as_object().filter(|_| said["id"].is_string()).cloned();
    let request = request.ok_or_else(|| Failure::new(Code::Runtime, message!("drilled-app-is-not-described")))?;
    let policy = text("policy");
    Ok(Part {
        id: text("id"),
        name: text("name"),
        service: service.map(str::to_owned),
        image: text("image"),
        image_name: request.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned(),
        request,
        needs: Vec::new(),
        comes_back: !policy.is_empty() && policy != "no",
    })
}

/// What Compose wrote down; Compose 1.29 writes nothing: there each stands on the one that was started before it. And whoever has
/// another's namespace stands on that one.
fn needs_of(one: usize, parts: &[Part], started: &[&str]) -> Vec<Need> {
    let part = &parts[one];
    let others = || (0..parts.len()).filter(move |other| *other != one);
    let mut needs = match part.depends_on() {
        Some(on) => {
            let of = |(service, how): &(&str, &str)| {
                let healthy = *how == "service_healthy";
                let is_it = |other: &usize| parts[*other].service.as_deref() == Some(*service);
                others().filter(is_it).map(|other| Need { other, healthy }).collect::<Vec<_>>()
            };
            on.iter().filter(|(_, how)| *how != TO_ITS_END).flat_map(of).collect()
        }
        None if part.label("project").is_some() => {
            let key = |at: usize| (started[at], &parts[at].id);
            let before = others().filter(|other| parts[*other].depends_on().is_none() && key(*other) < key(one));
            before.max_by_key(|other| key(*other)).map(|other| Need { other, healthy: true }).into_iter().collect()
        }
        None => Vec::new(),
    };
    for id in part.shares() {
        let shared = others().find(|other| parts[*other].id == id);
        if let Some(other) = shared.filter(|other| needs.iter().all(|need: &Need| need.other != *other)) {
            needs.push(Need { other, healthy: false });
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_base::spec::DeploySpec;
    use serde_json::json;

    fn member(service: &str, status: &str, depends_on: Option<&str>, mode: &str) -> Value {
        let mut labels = json!({ "com.docker.compose.project": "shop", "com.docker.compose.oneoff": "False" });
        if let Some(on) = depends_on {
            labels["com.docker.compose.depends_on"] = on.into();
        }
        if service == "shell" {
            labels["com.docker.compose.oneoff"] = "True".into();
        }
        json!({ "id": format!("id-{service}"), "name": format!("shop-{service}-1"), "service": service, "status": status,
            "started": format!("2026-01-01T00:00:0{}Z", service.len()), "policy": "always", "image": "sha256:1",
            "request": { "Image": "i:1", "Labels": labels, "HostConfig": { "NetworkMode": mode } } })
    }

    fn drilled(state: AppState, members: Vec<Value>) -> Vec<(String, Vec<(usize, bool)>)> {
        let observed = Observation::new(state, Some(DeploySpec::new("shop", "compose:shop")))
            .with_detail(json!({ "members": members }));
        let parts = of(&observed).unwrap();
        let needs = |part: &Part| part.needs.iter().map(|need| (need.other, need.healthy)).collect();
        parts.iter().map(|part| (part.service.clone().unwrap(), needs(part))).collect()
    }

    #[test]
    fn those_that_ran_are_drilled_each_behind_those_that_it_needs() {
        let members = || {
            vec![
                member(
                    "web",
                    "running",
                    Some("db:service_healthy:true,setup:service_completed_successfully:false"),
                    "x",
                ),
                member("db", "running", Some(""), "x"),
                member("setup", "exited", Some(""), "x"),
                member("shell", "running", Some(""), "x"),
                member("side", "restarting", Some(""), "container:id-web"),
                member("off", "exited", Some(""), "x"),
            ]
        };
        let named = |all: Vec<(&str, Vec<(usize, bool)>)>| -> Vec<(String, Vec<(usize, bool)>)> {
            all.into_iter().map(|(name, needs)| (name.to_owned(), needs)).collect()
        };
        let running = named(vec![("web", vec![(1, true)]), ("db", vec![]), ("side", vec![(0, false)])]);
        assert_eq!(drilled(AppState::Running, members()), running);
        let stopped =
            named(vec![("web", vec![(1, true)]), ("db", vec![]), ("side", vec![(0, false)]), ("off", vec![])]);
        assert_eq!(drilled(AppState::Stopped, members()), stopped);
    }

    #[test]
    fn where_nothing_is_written_down_each_stands_on_the_one_that_was_started_before_it() {
        let members = vec![member("web", "running", None, "x"), member("db", "running", None, "x")];
        let all = drilled(AppState::Running, members);
        assert_eq!((&all[0].1, &all[1].1), (&vec![(1, true)], &vec![]));
    }
}
