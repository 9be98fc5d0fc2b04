//! Installed plugins: what is there, which one is in use, and how a file becomes one of them.
//!
//! `plugins/<digest>.wasm` is a plugin, `plugins/<digest>.json` its record, written last: without a record it is not
//! there. `plugins/selection.json` names the one in use and those before it, and is replaced whole. Content is compared
//! with its digest, and its signature verified with the configured keys, at every load. Must never: let anything be used
//! that [`install`] has not checked, remove what is in use.

mod files;
pub mod install;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(super) use self::files::read_bounded;
use super::{Plugin, PluginEngine};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::signature::Keys;

/// What the plugin that was built in is called where one is chosen.
pub const BUILT_IN: &str = "built-in";

/// What the one that was in use before is called where one is chosen.
pub const PREVIOUS: &str = "previous";

/// How many of those that were in use before are remembered.
const PREVIOUS_KEPT: usize = 16;

/// The shortest part of a digest that is taken for one.
const DIGEST_PREFIX_MIN: usize = 6;

/// One installed plugin, as recorded when it was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// BLAKE3 of its bytes, hexadecimal: what plans, journals and receipts name.
    pub digest: String,
    pub sha256: String,
    pub bytes: u64,
    /// What it says of itself.
    pub name: String,
    pub version: String,
    pub formats: Vec<String>,
    pub installed: jiff::Timestamp,
    pub installed_by: String,
    /// The detached signature that it came with, whole.
    pub signature: Option<String>,
}

/// Which plugin is in use, when the configuration names none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Selection {
    /// None is the one that was built in.
    active: Option<String>,
    /// Those that were in use before, newest first; none as above.
    previous: Vec<Option<String>>,
}

/// The plugins directory of one state directory.
#[derive(Clone, Debug)]
pub struct Registry {
    directory: PathBuf,
    keys: Keys,
}

impl Registry {
    /// What is installed in a directory, and whose signatures are wanted; without a key none is.
    pub fn new(directory: PathBuf, keys: &[String]) -> Registry {
        Registry { directory, keys: Keys::new(keys) }
    }

    /// Every installed plugin, the first installed first.
    pub fn list(&self) -> Result<Vec<Installed>> {
        let mut all = files::records(&self.directory)?;
        all.sort_by(|a, b| (a.installed, &a.digest).cmp(&(b.installed, &b.digest)));
        Ok(all)
    }

    /// The one in use; none is the one that was built in.
    pub fn active(&self) -> Result<Option<Installed>> {
        self.selection()?.active.map(|digest| files::record(&self.directory, &digest)).transpose()
    }

    /// The plugin that a person means: the beginning of a digest, a name, a name and version as `name@version`,
    /// [`BUILT_IN`] or [`PREVIOUS`]. None is the one that was built in.
    pub fn find(&self, wanted: &str) -> Result<Option<Installed>> {
        match wanted {
            BUILT_IN => return Ok(None),
            PREVIOUS => return self.before(),
            _ => {}
        }
        let shown = escape::text(wanted);
        let is_meant = |one: &Installed| {
            let by_digest = wanted.len() >= DIGEST_PREFIX_MIN && one.digest.starts_with(wanted);
            by_digest || one.name == wanted || format!("{}@{}", one.name, one.version) == wanted
        };
        let mut meant: Vec<Installed> = self.list()?.into_iter().filter(is_meant).collect();
        match (meant.pop(), meant.is_empty()) {
            (Some(one), true) => Ok(Some(one)),
            (Some(_), false) => Err(Failure::new(Code::Usage, message!("names-more-than-one-plugin", shown))
                .hint(message!("give-more-of-the-digest"))),
            (None, _) => Err(Failure::new(Code::NotFound, message!("no-plugin-is-installed", shown))
                .hint(message!("reforge-plugin-list-shows-those"))),
        }
    }

    /// Loads an installed plugin, or the one that was built in.
    pub fn load(&self, engine: &PluginEngine, installed: Option<&Installed>) -> Result<Plugin> {
        let Some(installed) = installed else { return Plugin::embedded(engine) };
        let bytes = files::content(&self.directory, installed)?;
        self.keys.verify(&bytes, installed.signature.as_deref())?;
        Plugin::from_bytes(engine, &bytes, message!("plugin", short = short(installed)))
    }

    /// Loads the one in use.
    pub fn load_active(&self, engine: &PluginEngine) -> Result<Plugin> {
        let active = self.active()?;
        self.load(engine, active.as_ref()).map_err(|failure| failure.hint(message!("reforge-plugin-use-built-in-goes")))
    }

    /// Makes a plugin the one in use, once it has loaded. The one so far stays if it does not.
    pub fn select(&self, engine: &PluginEngine, installed: Option<&Installed>) -> Result<()> {
        self.load(engine, installed)?.describe()?;
        let _changing = files::lock(&self.directory)?;
        let wanted = installed.map(|one| one.digest.clone());
        let Selection { active, mut previous } = match self.selection() {
            Ok(selection) if selection.active == wanted => return Ok(()),
            Ok(selection) => selection,
            // One that is damaged is replaced by what is wanted now.
            Err(failure) if failure.code == Code::StateRefused => Selection::default(),
            Err(failure) => return Err(failure),
        };
        previous.retain(|one| *one != active && *one != wanted);
        previous.insert(0, active);
        previous.truncate(PREVIOUS_KEPT);
        files::write_selection(&self.directory, &Selection { active: wanted, previous })
    }

    /// Removes an installed plugin that is not in use. Restores that began with it end with it: they hold its code.
    pub fn remove(&self, installed: &Installed) -> Result<()> {
        let _changing = files::lock(&self.directory)?;
        let mut selection = self.selection()?;
        let digest = Some(installed.digest.clone());
        if selection.active == digest {
            return Err(Failure::new(Code::PolicyRefused, message!("plugin-is-in-use", short = short(installed)))
                .hint(message!("reforge-plugin-use-name-puts-another")));
        }
        if selection.previous.contains(&digest) {
            selection.previous.retain(|one| *one != digest);
            files::write_selection(&self.directory, &selection)?;
        }
        files::remove(&self.directory, &installed.digest)
    }

    /// Where it is written which one is in use: whoever wants to notice a change looks at this file.
    pub(super) fn selection_file(&self) -> PathBuf {
        self.directory.join(files::SELECTION)
    }

    fn selection(&self) -> Result<Selection> {
        files::selection(&self.directory)
    }

    fn before(&self) -> Result<Option<Installed>> {
        match self.selection()?.previous.into_iter().next() {
            Some(digest) => digest.map(|digest| files::record(&self.directory, &digest)).transpose(),
            None => Err(Failure::new(Code::NotFound, message!("no-other-plugin-was-in-use"))),
        }
    }
}

/// How one is named to people.
fn short(installed: &Installed) -> String {
    format!("{} {}", escape::text(&installed.name), escape::text(&installed.version))
}
