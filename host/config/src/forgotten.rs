//! A workload taken out of a configuration. Nothing is believed about the text that this makes: it is read back, and must
//! mean what the one before it meant, without that workload.

use toml::{Table, Value};

use super::{Config, removals};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// The text without a workload. `config` is what the text means.
pub fn without(config: &Config, text: &str, id: &str) -> Result<String> {
    config.workload(id)?;
    let number = config.workloads.iter().position(|workload| workload.id == id).unwrap_or_default();
    let rest = removals::workload(text, number)?;
    check_text(text, &rest, number).map_err(|what| changed(config, what))?;
    let read = Config::read(&rest, &config.path)?;
    let mut meant = config.clone();
    meant.workloads.remove(number);
    if read != meant {
        return Err(changed(config, message!("something-else-would-change")));
    }
    Ok(rest)
}

/// As TOML, the new text is the old one without that table, and it only has less.
fn check_text(text: &str, rest: &str, number: usize) -> Result<(), Message> {
    let (Ok(mut meant), Ok(read)) = (text.parse::<Table>(), rest.parse::<Table>()) else {
        return Err(message!("it-would-be-no-toml"));
    };
    let workloads = meant.get_mut("workload").and_then(Value::as_array_mut);
    let workloads = workloads.filter(|list| number < list.len()).ok_or_else(|| message!("it-has-no-such-list"))?;
    workloads.remove(number);
    // Of the last header nothing is left.
    if workloads.is_empty() && !read.contains_key("workload") {
        meant.remove("workload");
    }
    let mut letters = text.chars();
    let only_less = rest.chars().all(|letter| letters.any(|other| other == letter));
    if meant == read && only_less { Ok(()) } else { Err(message!("another-key-would-change")) }
}

fn changed(config: &Config, what: Message) -> Failure {
    let message = message!("nothing-was-written-to", path = reforge_base::escape::path(&config.path), what);
    Failure::new(Code::Usage, message).hint(message!("take-the-workload-out-by-hand"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TEXT: &str = "[host]\nstate_dir = \"/state\"\n\n# by hand\n[[workload]]\nid = \"a\"\nproject = \"a\"\nstage = \"s\"\n\
        runtime = \"process\"\ncommand = [\"/a\"]\n\n[[workload]]\nid = \"b\"\nproject = \"a\"\nstage = \"t\"\nruntime = \"process\"\ncommand = [\"/b\"]\n";

    #[test]
    fn the_rest_means_what_it_meant_and_one_that_is_not_there_is_said() {
        let config = Config::read(TEXT, Path::new("/reforge.toml")).unwrap();
        let rest = without(&config, TEXT, "b").unwrap();
        let read = Config::read(&rest, Path::new("/reforge.toml")).unwrap();
        assert_eq!(read.workloads, config.workloads[..1]);
        assert!(TEXT.starts_with(&rest));
        let none = without(&read, &rest, "a").unwrap();
        assert_eq!(none, "[host]\nstate_dir = \"/state\"\n");
        assert_eq!(without(&config, TEXT, "c").unwrap_err().code, Code::NotFound);
        // A configuration that is not what the text means is no ground to take anything out on.
        assert_eq!(without(&config, &rest, "b").unwrap_err().code, Code::Usage);
    }
}
