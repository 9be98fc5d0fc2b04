//! A deploy of what somebody else made puts a container of our own in its place: only if a person was shown what would change,
//! and only from what was written down at its adoption and what it is now.

use serde_json::json;

use super::adopted::{Adopted, COUNTS};
use crate::support::api::Server;
use crate::support::apps;

#[test]
fn a_deploy_says_what_it_would_change_and_goes_back_to_the_day_of_adoption_only_if_told_to() {
    let app = Adopted::running(COUNTS, json!({}));
    let config = app.world.path("reforge.toml");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&config).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&config, text.replace(from, to)).unwrap();
    };
    app.engine.busybox("2");
    edit("\"test/busybox:1\"", "\"test/busybox:2\"\nenvironment = { SECRET = \"hunter3\" }\nmemory = \"64 MiB\"");
    let before = app.container();
    let output = app.world.reforge(&["deploy", &app.name]);
    output
        .expect(3)
        .expect_said("then `test/busybox:2` (")
        .expect_said("`SECRET`")
        .expect_said("`memory`")
        .expect_clear();
    output.expect_unsaid("hunter");
    app.assert_is(&before);
    let on_terminal = |answer: &str| {
        let mut terminal = app.world.on_terminal(&["deploy", &app.name]);
        terminal.shows("Deploy it?");
        terminal.types(answer);
        terminal.ends().0
    };
    assert_ne!(on_terminal("n\n"), Some(0));
    app.assert_is(&before);
    assert_eq!(on_terminal("y\n"), Some(0));
    let deployed = app.container();
    assert_ne!(deployed["Id"], before["Id"]);
    assert_eq!(deployed["HostConfig"]["Memory"], 64 << 20);
    assert!(deployed["Config"]["Env"].as_array().unwrap().contains(&json!("SECRET=hunter3")));
    assert_eq!(app.holders(), [app.id()], "what it replaced is gone");
    apps::writes_on(&app.live);
    app.world.reforge(&app.restore()).expect(0);
    assert!(app.is_restored());
    assert_ne!(app.container()["Id"], deployed["Id"], "what Reforge made it makes anew");
    assert_eq!(app.holders(), [app.id()]);
    app.world.ok(&["stop", &app.name]);
}

#[test]
fn over_http_it_is_replaced_only_if_that_is_asked_for() {
    let app = Adopted::running(COUNTS, json!({}));
    let before = app.container();
    let server = Server::start(&app.world);
    let path = format!("/api/v1/workloads/{}/deploy", app.name);
    let refused = server.as_admin("POST", &path).send();
    assert_eq!((refused.status / 100, &refused.json()["code"]), (4, &json!("policy-refused")));
    app.assert_is(&before);
    let done = server.as_admin("POST", &format!("{path}?replace=true")).send().expect(200).json();
    assert_eq!(done["health"], "healthy");
    assert_ne!(app.container()["Id"], before["Id"]);
    assert_eq!(app.holders(), [app.id()]);
    server.as_admin("POST", &path).send().expect(200);
    drop(server);
    app.world.ok(&["stop", &app.name]);
}

#[test]
fn a_configuration_that_a_version_before_wrote_goes_on_and_says_the_same() {
    let app = Adopted::running(COUNTS, json!({ "Memory": 67_108_864 }));
    let config = app.world.path("reforge.toml");
    let mut table: toml::Table = std::fs::read_to_string(&config).unwrap().parse().unwrap();
    let workload = table["workload"][0].as_table_mut().unwrap();
    let container = app.container();
    // All that the container had was written down, its environment and what the engine says anyway included.
    let mut host = container["HostConfig"].as_object().unwrap().clone();
    host.retain(|key, value| !value.is_null() && !["Binds", "KernelMemory", "KernelMemoryTCP"].contains(&key.as_str()));
    host.insert("Mounts".into(), json!([]));
    let rest = json!({
        "command": container["Config"]["Cmd"],
        "environment": { "SECRET": "hunter2" },
        "restart": "always",
        "stop_signal": "SIGTERM",
        "stop_timeout": "1s",
        "request": { "AttachStdin": false, "WorkingDir": "", "HostConfig": host },
    });
    workload.extend(toml::Table::try_from(&rest).unwrap());
    std::fs::write(&config, toml::to_string(&table).unwrap()).unwrap();
    app.world.reforge(&["deploy", &app.name]).expect(3).expect_unsaid("with changes");
    app.world.reforge(&app.restore()).expect(0);
    app.assert_is(&container);
    app.world.ok(&["deploy", &app.name, "--yes"]);
    let deployed = app.container();
    for same in ["/Config/Cmd", "/Config/Env", "/HostConfig/Memory", "/HostConfig/RestartPolicy"] {
        assert_eq!(deployed.pointer(same), container.pointer(same), "{same}");
    }
    app.world.ok(&["stop", &app.name]);
}
