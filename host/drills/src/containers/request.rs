//! The create request of a drilled container, made of the deployed one's: what is on the lists here is taken over, all else is not.
//!
//! Nothing is taken over that leads out: no network, name or label of the app's, no right to the machine, no mount. Mounts are
//! the business of `mounts`. Asks nobody.

use serde_json::{Map, Value, json};

use super::parts::Part;
use crate::app::Limits;

/// What a container says of itself that leads nowhere. Its host name is one of its own namespace.
const KEPT: [&str; 17] = [
    "ArgsEscaped",
    "Cmd",
    "Domainname",
    "Entrypoint",
    "ExposedPorts",
    "Healthcheck",
    "Hostname",
    "OpenStdin",
    "Shell",
    "StdinOnce",
    "StopSignal",
    "StopTimeout",
    "Tty",
    "User",
    "WorkingDir",
    "Env",
    "Image",
];
/// The same of what it says of its surroundings.
const KEPT_OF_HOST: [&str; 18] = [
    "CapDrop",
    "CpuPeriod",
    "CpuQuota",
    "CpusetCpus",
    "CpusetMems",
    "GroupAdd",
    "Init",
    "Memory",
    "MemoryReservation",
    "MemorySwap",
    "MemorySwappiness",
    "NanoCpus",
    "PidsLimit",
    "ReadonlyRootfs",
    "ShmSize",
    "StorageOpt",
    "Tmpfs",
    "Ulimits",
];
/// What every drill has in its own way, or an engine fills in by itself: not worth a word that the app's own is not taken.
const UNSAID: [&str; 20] = [
    "AutoRemove",
    "Binds",
    "BlkioWeight",
    "CapAdd",
    "CgroupnsMode",
    "ConsoleSize",
    "ContainerIDFile",
    "CpuShares",
    "Dns",
    "Isolation",
    "LogConfig",
    "MaskedPaths",
    "Mounts",
    "OomScoreAdj",
    "PortBindings",
    "ReadonlyPaths",
    "RestartPolicy",
    "Runtime",
    "SecurityOpt",
    "Sysctls",
];
/// Rights that lead no further than the container itself.
const CAPABILITIES: [&str; 15] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// What a proxy reads off everybody's environment.
const OF_PROXIES: [&str; 3] = ["VIRTUAL_", "LETSENCRYPT_", "CADDY_"];
/// Settings of the kernel that each container has by itself.
const OWN_NETWORK: [&str; 2] = ["net.core.", "net.ipv4."];
const OWN_IPC: [&str; 4] = ["kernel.msg", "kernel.sem", "kernel.shm", "fs.mqueue."];
/// Devices without which an app is slower, and no worse.
const ACCELERATORS: [&str; 3] = ["/dev/dri", "/dev/kfd", "/dev/nvidia"];
/// Nobody is there, and no way leads there: of addresses for documentation.
const NO_RESOLVER: &str = "192.0.2.1";
/// What may run in each, unless the app says less.
const PIDS_MAX: i64 = 4096;
/// Low: the default is 1024, the least 2.
const CPU_SHARES: i64 = 64;
/// The least.
const IO_WEIGHT: i64 = 10;
/// How often a check is made at least, in nanoseconds: many wait for half a minute before the first.
const CHECK_EVERY: i64 = 2_000_000_000;
/// High: the default is 0, the most 1000.
const OOM_SCORE: i64 = 800;

/// What is around a drilled container.
pub(crate) struct Around<'a> {
    /// By their deployed ids: under which name each drilled one stands.
    pub names: &'a [(String, String)],
    pub network: &'a str,
    pub labels: Map<String, Value>,
    /// What its image says.
    pub image: &'a Value,
    pub environment: &'a [(String, String)],
    pub limits: Limits,
    /// Whether the kernel has IPv6 at all.
    pub has_ipv6: bool,
    /// Whether it weighs who reads and writes.
    pub has_io_weight: bool,
    pub mounts: Vec<Value>,
    /// By which the others find it.
    pub aliases: Vec<String>,
}

/// What a part needs of the machine by its very request, and cannot live without, in the engine's words.
pub(crate) fn needs_of_machine(part: &Part) -> Vec<String> {
    let mut needs = Vec::new();
    if part.host("Privileged") == true {
        needs.push("Privileged".to_owned());
    }
    if part.host("NetworkMode") == "host" {
        needs.push("NetworkMode host".to_owned());
    }
    let devices = part.host("Devices").as_array().into_iter().flatten();
    let paths = devices.filter_map(|device| device["PathOnHost"].as_str());
    needs.extend(paths.filter(|path| !is_accelerator(path)).map(str::to_owned));
    needs
}

fn is_accelerator(path: &str) -> bool {
    ACCELERATORS.iter().any(|known| path.starts_with(known))
}

/// The request, and what of the part's own was not taken over.
pub(crate) fn of(part: &Part, around: Around<'_>) -> (Value, Vec<String>) {
    let mut left = Vec::new();
    let mut request: Map<String, Value> = part
        .request
        .iter()
        .filter(|(key, _)| KEPT.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut host = Map::new();
    for (key, value) in part.request.get("HostConfig").and_then(Value::as_object).into_iter().flatten() {
        if KEPT_OF_HOST.contains(&key.as_str()) {
            host.insert(key.clone(), value.clone());
        } else if !UNSAID.contains(&key.as_str()) && !is_mode(key) && !says_nothing(value) {
            left.push(key.clone());
        }
    }
    request.insert("Image".to_owned(), part.image.clone().into());
    check(&mut request);
    request.insert("Env".to_owned(), environment(part, &around, &mut left));
    request.insert("Labels".to_owned(), labels(around.labels, around.image));
    capabilities(part, &mut host, &mut left);
    if let Some(options) = security(part, &mut left) {
        host.insert("SecurityOpt".to_owned(), options);
    }
    let joins = namespaces(part, around.names, &mut host, &mut left);
    let network = match joins {
        Network::Of(name) => format!("container:{name}"),
        Network::None => "none".to_owned(),
        Network::Own => around.network.to_owned(),
    };
    host.insert("Sysctls".to_owned(), sysctls(part, network == around.network, around.has_ipv6, &mut left));
    if network.starts_with("container:") {
        ["Hostname", "Domainname", "ExposedPorts"].into_iter().for_each(|key| {
            request.remove(key);
        });
    } else {
        // Search and options empty, or the engine takes the machine's own.
        host.extend([
            ("Dns".to_owned(), json!([NO_RESOLVER])),
            ("DnsSearch".to_owned(), json!(["."])),
            ("DnsOptions".to_owned(), json!([])),
        ]);
    }
    if network == around.network {
        let endpoint = json!({ "Aliases": around.aliases });
        request.insert("NetworkingConfig".to_owned(), json!({ "EndpointsConfig": { (around.network): endpoint } }));
    }
    host.insert("NetworkMode".to_owned(), network.into());
    limits(&mut host, around.limits);
    if around.has_io_weight {
        host.insert("BlkioWeight".to_owned(), IO_WEIGHT.into());
    }
    host.insert("Mounts".to_owned(), around.mounts.into());
    host.insert("RestartPolicy".to_owned(), json!({ "Name": "no" }));
    host.insert(
        "LogConfig".to_owned(),
        json!({ "Type": "json-file", "Config": { "max-size": "1m", "max-file": "1" } }),
    );
    request.insert("HostConfig".to_owned(), host.into());
    let runtime = part.host("Runtime").as_str().unwrap_or_default();
    if !["", "runc"].contains(&runtime) {
        left.push(format!("Runtime {runtime}"));
    }
    left.sort();
    left.dedup();
    (request.into(), left)
}

/// Their own code says what becomes of these.
fn is_mode(key: &str) -> bool {
    ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode"].contains(&key)
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// The app's own without what proxies read, and on top what the drill has.
fn environment(part: &Part, around: &Around<'_>, left: &mut Vec<String>) -> Value {
    let is_read = |name: &str| OF_PROXIES.iter().any(|prefix| name.starts_with(prefix));
    let more = around.environment;
    let name_of = |variable: &str| variable.split('=').next().unwrap_or_default().to_owned();
    let mut kept = Vec::new();
    let all = part.request.get("Env").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for variable in all {
        let name = name_of(variable);
        if is_read(&name) {
            left.push(name);
        } else if more.iter().all(|(said, _)| *said != name) {
            kept.push(variable.to_owned());
        }
    }
    // The engine adds what the image says, unless something else is said.
    let of_image = around.image["Config"]["Env"].as_array().into_iter().flatten().filter_map(Value::as_str);
    kept.extend(of_image.map(name_of).filter(|name| is_read(name)).map(|name| format!("{name}=")));
    kept.extend(more.iter().map(|(name, value)| format!("{name}={value}")));
    kept.into()
}

/// Its own check, made often.
fn check(request: &mut Map<String, Value>) {
    let Some(check) = request.get_mut("Healthcheck").and_then(Value::as_object_mut) else { return };
    let own = check.get("Interval").and_then(Value::as_i64).filter(|interval| *interval > 0);
    check.insert("Interval".to_owned(), own.map_or(CHECK_EVERY, |own| own.min(CHECK_EVERY)).into());
}

/// Only the drill's. The engine adds the image's own to any container: they are there, and say nothing.
fn labels(own: Map<String, Value>, image: &Value) -> Value {
    let of_image = image["Config"]["Labels"].as_object().into_iter().flatten();
    let mut all: Map<String, Value> = of_image.map(|(key, _)| (key.clone(), "".into())).collect();
    all.extend(own);
    all.into()
}

/// Those of no list are not added. And nobody makes packets of its own: a frame could be written that reaches the machine without
/// a route.
fn capabilities(part: &Part, host: &mut Map<String, Value>, left: &mut Vec<String>) {
    let plain = |name: &str| name.trim_start_matches("CAP_").to_ascii_uppercase();
    let asked = part.host("CapAdd").as_array().into_iter().flatten().filter_map(Value::as_str).map(plain);
    let (kept, dropped): (Vec<String>, Vec<String>) = asked.partition(|name| CAPABILITIES.contains(&name.as_str()));
    left.extend(dropped.iter().map(|name| format!("CapAdd {name}")));
    host.insert("CapAdd".to_owned(), kept.into());
    let dropped = host.remove("CapDrop");
    let mut dropped: Vec<Value> = dropped.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    dropped.push("NET_RAW".into());
    host.insert("CapDrop".to_owned(), dropped.into());
}

/// Only what tightens for certain: a profile of the app's own may be wider than the engine's.
fn security(part: &Part, left: &mut Vec<String>) -> Option<Value> {
    const TIGHTENS: [&str; 3] = ["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"];
    let asked = part.host("SecurityOpt").as_array().into_iter().flatten().filter_map(Value::as_str);
    let (kept, dropped): (Vec<&str>, Vec<&str>) = asked.partition(|option| TIGHTENS.contains(option));
    left.extend(dropped.iter().map(|option| {
        let name = option.split(['=', ':']).next().unwrap_or_default();
        format!("SecurityOpt {name}")
    }));
    (!kept.is_empty()).then(|| kept.into())
}

/// Whose network a drilled container has.
enum Network {
    Own,
    None,
    Of(String),
}

/// Its own, or those of another that is drilled; never the machine's.
fn namespaces(
    part: &Part,
    names: &[(String, String)],
    host: &mut Map<String, Value>,
    left: &mut Vec<String>,
) -> Network {
    let mode = |key: &str| part.host(key).as_str().unwrap_or_default().to_owned();
    let drilled = |mode: &str| {
        let id = mode.strip_prefix("container:")?;
        names.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone())
    };
    for (key, own) in [("PidMode", ""), ("IpcMode", "private"), ("UTSMode", ""), ("UsernsMode", "")] {
        let mode = mode(key);
        let kept = match drilled(&mode) {
            Some(name) => format!("container:{name}"),
            None if key == "IpcMode" && ["shareable", "none"].contains(&mode.as_str()) => mode,
            None => {
                if !["", "private", "shareable"].contains(&mode.as_str()) {
                    left.push(format!("{key} {}", mode.split(':').next().unwrap_or_default()));
                }
                own.to_owned()
            }
        };
        host.insert(key.to_owned(), kept.into());
    }
    host.insert("CgroupnsMode".to_owned(), "private".into());
    let mode = mode("NetworkMode");
    match drilled(&mode) {
        Some(name) => Network::Of(name),
        None if mode == "none" || part.request.get("NetworkDisabled") == Some(&Value::Bool(true)) => Network::None,
        None => {
            if mode == "host" || mode.starts_with("container:") {
                left.push(format!("NetworkMode {}", mode.split(':').next().unwrap_or_default()));
            }
            Network::Own
        }
    }
}

/// Those of namespaces that the container has itself; IPv6 off.
fn sysctls(part: &Part, has_network: bool, has_ipv6: bool, left: &mut Vec<String>) -> Value {
    let has_ipc = !part.host("IpcMode").as_str().unwrap_or_default().starts_with("container:");
    let is_own = |name: &str| {
        let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        (has_network && of(&OWN_NETWORK)) || (has_ipc && of(&OWN_IPC))
    };
    let mut kept = Map::new();
    for (name, value) in part.host("Sysctls").as_object().into_iter().flatten() {
        if is_own(name) {
            kept.insert(name.clone(), value.clone());
        } else {
            left.push(format!("Sysctls {name}"));
        }
    }
    if has_network && has_ipv6 {
        kept.insert("net.ipv6.conf.all.disable_ipv6".to_owned(), "1".into());
    }
    kept.into()
}

/// What it may take: never more than the app itself may.
fn limits(host: &mut Map<String, Value>, limits: Limits) {
    let number =
        |host: &Map<String, Value>, key: &str| host.get(key).and_then(Value::as_i64).filter(|value| *value > 0);
    let put = |host: &mut Map<String, Value>, key: &str, value: i64| host.insert(key.to_owned(), value.into());
    if let Some(bytes) = limits.memory {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let bytes = number(host, "Memory").map_or(bytes, |own| own.min(bytes));
        host.remove("MemoryReservation");
        put(host, "Memory", bytes);
        put(host, "MemorySwap", bytes);
    }
    if let Some(cpus) = limits.cpus {
        let nano = (cpus * 1e9) as i64;
        let quota = number(host, "CpuQuota")
            .map(|quota| quota.saturating_mul(1_000_000_000) / number(host, "CpuPeriod").unwrap_or(100_000));
        let own = number(host, "NanoCpus").into_iter().chain(quota).min();
        host.remove("CpuQuota");
        host.remove("CpuPeriod");
        put(host, "NanoCpus", own.map_or(nano, |own| own.min(nano)));
    }
    let pids = number(host, "PidsLimit").map_or(PIDS_MAX, |own| own.min(PIDS_MAX));
    put(host, "PidsLimit", pids);
    put(host, "CpuShares", CPU_SHARES);
    put(host, "OomScoreAdj", OOM_SCORE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(request: Value) -> Part {
        let Value::Object(request) = request else { panic!("a request is an object") };
        Part {
            id: "own".to_owned(),
            name: "shop-web-1".to_owned(),
            service: Some("web".to_owned()),
            image: "sha256:1".to_owned(),
            image_name: "web:1".to_owned(),
            request,
            needs: Vec::new(),
            comes_back: true,
        }
    }

    fn cut(part: &Part) -> (Value, Vec<String>) {
        let image = json!({ "Config": { "Labels": { "traefik.enable": "true" }, "Env": ["CADDY_PORT=1"] } });
        let Value::Object(labels) = json!({ "reforge.drill": "d" }) else { panic!("labels are an object") };
        let limits = Limits { memory: Some(1 << 20), cpus: Some(0.5) };
        let names = [("db".to_owned(), "reforge-drill-d-db".to_owned())];
        let environment = [("MAIL".to_owned(), "off".to_owned())];
        let around = Around {
            names: &names,
            network: "reforge-drill-d",
            labels,
            image: &image,
            environment: &environment,
            limits,
            has_ipv6: true,
            has_io_weight: true,
            mounts: vec![json!({ "Type": "volume" })],
            aliases: vec!["web".to_owned()],
        };
        of(part, around)
    }

    #[test]
    fn of_a_request_with_everything_in_it_nothing_leads_out() {
        let hostile = json!({
            "Image": "web:latest", "Cmd": ["run"], "Hostname": "shop", "MacAddress": "02:42:ac:11:00:02", "Volumes": { "/v": {} },
            "Env": ["A=1", "MAIL=smtp://out", "VIRTUAL_HOST=shop", "LETSENCRYPT_HOST=shop", "CADDY_X=1"],
            "Labels": { "traefik.enable": "true", "com.docker.compose.project": "shop" },
            "Healthcheck": { "Test": ["CMD", "true"], "Interval": 30_000_000_000_i64 }, "Unheard": "of",
            "NetworkingConfig": { "EndpointsConfig": { "front": { "Aliases": ["web"], "MacAddress": "02:42:ac:11:00:02" } } },
            "HostConfig": {
                "Privileged": true, "NetworkMode": "front", "PidMode": "host", "IpcMode": "host", "UTSMode": "host", "UsernsMode": "host",
                "CgroupnsMode": "host", "CgroupParent": "/", "CapAdd": ["CAP_SYS_ADMIN", "NET_ADMIN", "CHOWN", "ALL"], "CapDrop": ["KILL"],
                "SecurityOpt": ["seccomp=unconfined", "apparmor:unconfined", "label=disable", "no-new-privileges"],
                "Devices": [{ "PathOnHost": "/dev/sda" }], "DeviceCgroupRules": ["a *:* rwm"], "DeviceRequests": [{ "Count": -1 }],
                "Binds": ["/:/host"], "VolumesFrom": ["live"], "Links": ["live:live"], "ExtraHosts": ["host:host-gateway"],
                "PortBindings": { "80/tcp": [{ "HostPort": "80" }] }, "PublishAllPorts": true, "Dns": ["1.1.1.1"], "DnsSearch": ["corp"],
                "DnsOptions": ["ndots:5"], "Mounts": [{ "Type": "bind", "Source": "/", "Target": "/host" }], "MaskedPaths": [],
                "ReadonlyPaths": [], "Runtime": "privileged-runtime", "OomKillDisable": true, "OomScoreAdj": -1000, "AutoRemove": true,
                "RestartPolicy": { "Name": "always" }, "LogConfig": { "Type": "syslog" }, "VolumeDriver": "nfs", "Memory": 1 << 30,
                "MemorySwap": -1, "CpuQuota": 20_000, "PidsLimit": -1, "Sysctls": { "net.ipv4.ip_unprivileged_port_start": "0",
                    "net.ipv6.conf.all.disable_ipv6": "0", "kernel.shmmax": "1", "vm.overcommit_memory": "1" },
                "Tmpfs": { "/run": "size=1m" }, "Unheard": true,
            },
        });
        let (request, left) = cut(&part(hostile));
        let expected = json!({
            "Image": "sha256:1", "Cmd": ["run"], "Hostname": "shop", "Env": ["A=1", "CADDY_PORT=", "MAIL=off"],
            "Labels": { "reforge.drill": "d", "traefik.enable": "" },
            "Healthcheck": { "Test": ["CMD", "true"], "Interval": 2_000_000_000_i64 },
            "NetworkingConfig": { "EndpointsConfig": { "reforge-drill-d": { "Aliases": ["web"] } } },
            "HostConfig": {
                "NetworkMode": "reforge-drill-d", "PidMode": "", "IpcMode": "private", "UTSMode": "", "UsernsMode": "",
                "CgroupnsMode": "private", "CapAdd": ["CHOWN"], "CapDrop": ["KILL", "NET_RAW"], "SecurityOpt": ["no-new-privileges"],
                "Dns": ["192.0.2.1"], "DnsSearch": ["."], "DnsOptions": [], "Mounts": [{ "Type": "volume" }],
                "RestartPolicy": { "Name": "no" },
                "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m", "max-file": "1" } },
                "Memory": 1 << 20, "MemorySwap": 1 << 20, "NanoCpus": 200_000_000, "PidsLimit": 4096, "CpuShares": 64, "BlkioWeight": 10,
                "OomScoreAdj": 800, "Tmpfs": { "/run": "size=1m" },
                "Sysctls": { "net.ipv4.ip_unprivileged_port_start": "0", "kernel.shmmax": "1", "net.ipv6.conf.all.disable_ipv6": "1" },
            },
        });
        assert_eq!(request, expected);
        let told = [
            "CADDY_X",
            "CapAdd ALL",
            "CapAdd NET_ADMIN",
            "CapAdd SYS_ADMIN",
            "CgroupParent",
            "DeviceCgroupRules",
            "DeviceRequests",
            "Devices",
            "DnsOptions",
            "DnsSearch",
            "ExtraHosts",
            "IpcMode host",
            "LETSENCRYPT_HOST",
            "Links",
            "OomKillDisable",
            "PidMode host",
            "Privileged",
            "PublishAllPorts",
            "Runtime privileged-runtime",
            "SecurityOpt apparmor",
            "SecurityOpt label",
            "SecurityOpt seccomp",
            "Sysctls net.ipv6.conf.all.disable_ipv6",
            "Sysctls vm.overcommit_memory",
            "UTSMode host",
            "Unheard",
            "UsernsMode host",
            "VIRTUAL_HOST",
            "VolumeDriver",
            "VolumesFrom",
        ];
        assert_eq!(left, told);
    }

    #[test]
    fn namespaces_are_those_of_parts_that_are_drilled_or_its_own() {
        let modes = |network: &str, ipc: &str| {
            let request = json!({ "Hostname": "h", "HostConfig": { "NetworkMode": network, "IpcMode": ipc } });
            let (request, left) = cut(&part(request));
            let host = &request["HostConfig"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&host["NetworkMode"]), text(&host["IpcMode"]), !host["Dns"].is_null(), left.len())
        };
        let row = |network: &str, ipc: &str, dns, left| (network.to_owned(), ipc.to_owned(), dns, left);
        let db = "container:reforge-drill-d-db";
        assert_eq!(modes("container:db", "container:db"), row(db, db, false, 0));
        assert_eq!(modes("container:live", "container:live"), row("reforge-drill-d", "private", true, 2));
        assert_eq!(modes("none", "shareable"), row("none", "shareable", true, 0));
    }

    #[test]
    fn what_lives_by_the_machine_is_named() {
        let needs = |host: Value| needs_of_machine(&part(json!({ "HostConfig": host })));
        let device = |path: &str| json!({ "Devices": [{ "PathOnHost": path }] });
        assert_eq!(needs(json!({ "Privileged": true, "NetworkMode": "host" })), ["Privileged", "NetworkMode host"]);
        assert_eq!(needs(device("/dev/ttyUSB0")), ["/dev/ttyUSB0"]);
        assert_eq!(needs(device("/dev/dri/renderD128")), [""; 0]);
    }
}
