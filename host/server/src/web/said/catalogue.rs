//! The sentences that are known. A line is one of the host's, as it stands in its sources; the indented one below it says
//! it in the other language, with the same values, `{1}` being the second one that has no name.

use std::sync::LazyLock;

use super::template::Template;

/// Most say the same as a source, and are held against it by a test.
pub(super) const FROM_SOURCES: &[&str] = &[
    include_str!("russian/host.txt"),
    include_str!("russian/api.txt"),
    include_str!("russian/deployer.txt"),
    include_str!("russian/restore.txt"),
    include_str!("russian/transaction.txt"),
    include_str!("russian/volumes.txt"),
    include_str!("russian/snapshots.txt"),
    include_str!("russian/runtime.txt"),
    include_str!("russian/plugins.txt"),
    include_str!("russian/plugin.txt"),
];
/// What is put together while it runs, and what the system says.
pub(super) const OTHERS: &[&str] = &[include_str!("russian/joined.txt"), include_str!("russian/system.txt")];

pub(super) struct Catalogue {
    /// What says most comes first.
    entries: Vec<Entry>,
}

pub(super) struct Entry {
    pub english: Template,
    pub russian: Template,
}

impl Catalogue {
    pub(super) fn russian() -> &'static Catalogue {
        static RUSSIAN: LazyLock<Catalogue> = LazyLock::new(|| {
            let pairs = FROM_SOURCES.iter().chain(OTHERS).flat_map(|text| pairs(text));
            let mut entries: Vec<Entry> = pairs.map(|(english, russian)| Entry::read(english, russian)).collect();
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.english.fixed()));
            Catalogue { entries }
        });
        &RUSSIAN
    }

    /// Every way to read a sentence, the closest first.
    pub(super) fn fitting<'a>(&'a self, sentence: &'a str) -> impl Iterator<Item = (&'a Entry, Vec<&'a str>)> {
        self.entries.iter().filter_map(move |entry| Some((entry, entry.english.values(sentence)?)))
    }
}

impl Entry {
    fn read(english: &str, russian: &str) -> Entry {
        let mut names = Vec::new();
        Entry { english: Template::read(english, &mut names), russian: Template::read(russian, &mut names) }
    }
}

/// Sentences with what they are in the other language. A line that belongs to no sentence is a test's to find.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut english = "";
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(move |line| {
        match line.strip_prefix("    ") {
            Some(russian) => Some((std::mem::take(&mut english), russian)),
            None => {
                english = line;
                None
            }
        }
    })
}
