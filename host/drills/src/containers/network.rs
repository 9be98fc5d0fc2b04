//! The network of a drill: a bridge of its own that leads nowhere, and on which the machine itself has no address.

use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_docker::{Engine, Kind};
use serde_json::{Map, Value, json};

use super::sweep::Marks;
use crate::network::within;

/// From this API on, which is engine 28, a bridge can be made without an address.
const ISOLATED_API: (u64, u64) = (1, 48);
const ISOLATED: (&str, &str) = ("com.docker.network.bridge.gateway_mode_ipv4", "isolated");
/// Before, the address that a bridge would have is not given to it.
const WITHOUT_ADDRESS: (&str, &str) = ("com.docker.network.bridge.inhibit_ipv4", "true");

/// Makes it, and looks whether the engine made what was asked for. Its id.
pub(crate) fn make(engine: &Engine, marks: &Marks) -> Result<String> {
    let (option, value) = if engine.api()? >= ISOLATED_API { ISOLATED } else { WITHOUT_ADDRESS };
    let options = Map::from_iter([(option.to_owned(), Value::from(value))]);
    let request = json!({
        "Name": marks.prefix(), "Driver": "bridge", "Internal": true, "EnableIPv6": false, "Attachable": false,
        "Labels": marks.labels(), "Options": options,
    });
    let id = engine.make_network(request)?;
    let found = engine.inspect(Kind::Network, &id)?.unwrap_or_default();
    let differs = [
        ("Internal", found["Internal"] != true),
        ("EnableIPv6", found["EnableIPv6"] == true),
        ("Driver", found["Driver"] != "bridge"),
        (option, found["Options"][option] != value),
        ("Labels", found["Labels"] != Value::Object(marks.labels())),
    ];
    let names: Vec<&str> = differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    if !names.is_empty() {
        let message = message!("drilled-network-is-not-as-asked", names = names.join(", "));
        return Err(Failure::new(Code::PolicyRefused, message));
    }
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    deafen(engine.process().unwrap_or(own), id.get(..12).unwrap_or(&id))?;
    Ok(id)
}

/// The machine takes nothing that comes from the bridge: no packet whose sender it would answer by another way, which are all, and
/// nothing of IPv6. A bridge that is not where its engine is, is none of this machine's.
fn deafen(engine: i32, id: &str) -> Result<()> {
    let settings = [("ipv4", "rp_filter"), ("ipv6", "disable_ipv6")];
    for (family, setting) in settings {
        let path = std::path::PathBuf::from(format!("/proc/sys/net/{family}/conf/br-{id}/{setting}"));
        let set = || {
            within(engine, || if path.exists() { std::fs::write(&path, "1") } else { Ok(()) })
                .map_err(|failure| std::io::Error::other(failure.message.to_string()))?
        };
        effect("drill-bridge", set).map_err(|error| Failure::io("write", &path, &error))?;
    }
    Ok(())
}
