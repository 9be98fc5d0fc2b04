//! What a capture says of a volume beside its counts: what of it a restore would refuse, lose or leave elsewhere, and what
//! changed while it was read.
//!
//! A snapshot's descriptor keeps it, and people read it where a snapshot is taken, shown, planned and restored. It decides
//! nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::escape;
use crate::message;
use crate::message::Message;

/// Names that one remark lists. The others are counted.
pub const NAMES_MAX: usize = 100;

/// Names that are left where only a few are kept.
const NAMES_SHORT: usize = 10;

/// Names that a person is told in one line.
const NAMES_TOLD: usize = 3;

/// One thing to know of one volume of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Remark {
    pub volume: String,
    pub what: About,
    /// How many entries it is about.
    pub count: u64,
    /// The first of them, escaped, some with why: 100 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Changed while it was read: what the archive holds of it may be of several instants, or be filled up with zeros, or
    /// be missing.
    Changed,
    /// Symbolic links to what no volume of the snapshot holds.
    LeadsOut,
    /// Links, which the workload did not let in when the snapshot was taken.
    LinksRefused,
    /// Files that have further names outside of the volume, and come back as files of their own.
    NamesOutside,
    /// Sockets and fifos, which are left out.
    Special,
    /// Inode flags and project ids that no restore brings back.
    Flags,
    /// Extended attributes that only the same kind of file system takes.
    Attributes,
    /// It held something in the snapshot before, and holds nothing now.
    Emptied,
    /// A volume of the snapshot before that is not in this one.
    Gone,
    /// What a later version says.
    #[serde(other)]
    Other,
}

impl Remark {
    /// For people.
    pub fn message(&self) -> Message {
        let volume = escape::text(&self.volume);
        let (n, names) = (self.count, self.told());
        match self.what {
            About::Changed => message!("remark-changed", volume, n, names),
            About::LeadsOut => message!("remark-leads-out", volume, n, names),
            About::LinksRefused => message!("remark-links-refused", volume, n, names),
            About::NamesOutside => message!("remark-names-outside", volume, n, names),
            About::Special => message!("remark-special", volume, n, names),
            About::Flags => message!("remark-flags", volume, n, names),
            About::Attributes => message!("remark-attributes", volume, n, names),
            About::Emptied => message!("remark-emptied", volume, n),
            About::Gone => message!("remark-gone", volume),
            About::Other => message!("remark-other", volume, n, names),
        }
    }

    /// The same with a few names only, for where many are kept or listed.
    pub fn short(&self) -> Remark {
        let names = self.names.iter().take(NAMES_SHORT).cloned().collect();
        Remark { volume: self.volume.clone(), names, ..*self }
    }

    /// The first names, and how many more there are.
    pub fn told(&self) -> Message {
        let told = self.names.iter().take(NAMES_TOLD).map(|name| format!("`{}`", escape::prose(name)));
        let told = told.collect::<Vec<_>>().join(", ");
        match self.count.saturating_sub(self.names.len().min(NAMES_TOLD) as u64) {
            0 => Message::from(told),
            more => message!("names-and-more", names = told, more),
        }
    }
}

/// What a remark is made of, while a volume is looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    count: u64,
    names: Vec<String>,
}

impl Gathered {
    /// One more entry. Its name is made only while there is room for it.
    pub fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.names.len() < NAMES_MAX {
            self.names.push(name());
        }
    }

    /// Entries so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first of them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The remark, if there is anything to say.
    pub fn remark(mut self, volume: &str, what: About) -> Option<Remark> {
        // Threads found them in any order.
        self.names.sort_unstable();
        (self.count > 0).then(|| Remark { volume: volume.to_owned(), what, count: self.count, names: self.names })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_lists_a_hundred_names_counts_all_and_tells_the_first() {
        let mut gathered = Gathered::default();
        (0..250).for_each(|number| gathered.add(|| format!("f{number:03}")));
        let remark = gathered.remark("data", About::Changed).unwrap();
        assert_eq!((remark.count, remark.names.len()), (250, NAMES_MAX));
        let told = remark.message();
        assert_eq!((remark.short().count, remark.short().names.len()), (250, NAMES_SHORT));
        assert_eq!(remark.short().message(), told);
        assert!(told.contains("250") && told.contains("`f000`, `f001`, `f002`") && told.contains("247"), "{told}");
        assert_eq!(Gathered::default().remark("data", About::Changed), None);
    }

    #[test]
    fn what_a_later_version_remarks_is_read_as_another() {
        let read: Remark = serde_json::from_str(r#"{"volume":"v","what":"of-the-future","count":2,"more":1}"#).unwrap();
        assert_eq!((read.what, read.count, read.names.len()), (About::Other, 2, 0));
        let written = Remark { what: About::LeadsOut, names: vec!["a -> /b".to_owned()], ..read };
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(text, r#"{"volume":"v","what":"leads-out","count":2,"names":["a -> /b"]}"#);
        assert_eq!(serde_json::from_str::<Remark>(&text).unwrap(), written);
    }
}
