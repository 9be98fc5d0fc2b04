//! A channel: where messages go, which of them, and of which workloads.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};

use crate::address::Address;
use crate::happening::Kind;
use crate::table;

/// Where messages go.
#[derive(Clone, PartialEq, Eq)]
pub enum Way {
    Address(Address),
    /// A program that gets each message as JSON on its standard input.
    Command(Vec<String>),
}

/// `[[notify]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Channel {
    pub name: String,
    pub way: Way,
    /// Holds the token, the password or what a body is signed with.
    pub token_file: Option<PathBuf>,
    pub on: Vec<Kind>,
    /// Of which workloads it hears; all of them if none is named.
    pub workloads: Vec<String>,
}

impl Channel {
    /// One that hears of what is usual, of all workloads.
    pub fn new(name: &str, way: Way) -> Channel {
        let on = match way.is_pinged() {
            true => Vec::new(),
            false => Kind::USUAL.to_vec(),
        };
        Channel { name: name.to_owned(), way, token_file: None, on, workloads: Vec::new() }
    }

    /// Whether it hears of such things.
    pub(crate) fn hears(&self, kind: Kind) -> bool {
        match kind {
            Kind::Test => true,
            Kind::Night => self.way.is_pinged(),
            kind => self.on.contains(&kind),
        }
    }

    /// Those of some workloads of which it hears.
    pub(crate) fn of(&self, workloads: &[String]) -> Vec<String> {
        let wanted = |workload: &&String| self.workloads.is_empty() || self.workloads.contains(workload);
        workloads.iter().filter(wanted).cloned().collect()
    }

    /// The token, from its file or from the address.
    pub(crate) fn token(&self) -> Result<Option<String>> {
        let Some(file) = &self.token_file else {
            return Ok(match &self.way {
                Way::Address(address) => table::token_in(address),
                Way::Command(_) => None,
            });
        };
        let failed = |error: std::io::Error| Failure::io("read", file, &error).with_code(Code::StateRefused);
        if std::fs::metadata(file).map_err(failed)?.mode() & 0o077 != 0 {
            let why = message!("can-be-read-by-others");
            let message = message!("file-and-why", file = escape::path(file), why);
            return Err(Failure::new(Code::StateRefused, message).hint(message!("chmod-600-it-and-change")));
        }
        Ok(Some(std::fs::read_to_string(file).map_err(failed)?.trim().to_owned()))
    }
}

impl Way {
    /// Whether it hears of nights alone.
    pub fn is_pinged(&self) -> bool {
        matches!(self, Way::Address(address) if address.scheme.is_pinged())
    }

    /// What it is called that has no name: its scheme, or its program.
    pub fn usual_name(&self) -> String {
        match self {
            Way::Address(address) => address.scheme.as_str().to_owned(),
            Way::Command(_) => "command".to_owned(),
        }
    }
}

/// Without anything that may be a secret: of an address scheme and host, of a command its program.
impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Address(address) => fmt::Display::fmt(address, formatter),
            Way::Command(words) => {
                let program = escape::text(words.first().map_or("", String::as_str));
                formatter.write_str(&if words.len() > 1 { format!("{program} …") } else { program })
            }
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
