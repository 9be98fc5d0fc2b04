//! Everything that the page itself says, in the reader's language: from the catalogues of all messages.

use reforge_base::catalogue;

use super::language::Language;

/// The messages in one language.
pub(super) struct Messages {
    pub language: Language,
}

pub(super) fn of(language: Language) -> &'static Messages {
    const ENGLISH: Messages = Messages { language: Language::English };
    const RUSSIAN: Messages = Messages { language: Language::Russian };

    match language {
        Language::English => &ENGLISH,
        Language::Russian => &RUSSIAN,
    }
}

/// What a message says something of.
pub(crate) enum Value {
    Text(String),
    Count(u64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}
impl From<u64> for Value {
    fn from(count: u64) -> Value {
        Value::Count(count)
    }
}
impl Messages {
    pub(super) fn has(&self, id: &str) -> bool {
        catalogue::has(id)
    }

    pub(super) fn text(&self, id: &str) -> String {
        self.with(id, [])
    }

    /// A message that says something of these values. One that is not there, which a test finds, is its name.
    pub(super) fn with<'a>(&self, id: &str, values: impl IntoIterator<Item = (&'a str, Value)>) -> String {
        let values: Vec<_> = values.into_iter().collect();
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| match value {
                Value::Text(text) => (*name, catalogue::Value::Text(text)),
                Value::Count(count) => (*name, catalogue::Value::Count(i64::try_from(*count).unwrap_or(i64::MAX))),
            })
            .collect();
        catalogue::format(self.language, id, &values).unwrap_or_else(|| id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use reforge_base::failure::Code;

    /// The sources of the page, and of what it shows.
    fn sources(below: &str) -> String {
        let mut text = String::new();
        let mut directories = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(below)];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let source = std::fs::read_to_string(path).unwrap();
                    text.push_str(source.split("#[cfg(test)]").next().unwrap());
                }
            }
        }
        text
    }

    #[test]
    fn every_failure_code_is_translated() {
        let source = sources("api");
        let second =
            |rest: &str| rest.split_once(',')?.1.trim_start().strip_prefix('"')?.split('"').next().map(str::to_owned);
        let own = source.split("Problem::new(").skip(1).filter_map(second);
        let codes: BTreeSet<String> = own.chain(Code::names().map(str::to_owned)).collect();
        assert!(["busy", "origin-refused"].iter().all(|code| codes.contains(*code)), "{codes:?}");
        for code in &codes {
            for language in Language::ALL {
                assert!(of(language).has(&format!("code-{code}")), "`{code}` has no words in {language:?}");
            }
        }
    }

    #[test]
    fn russian_has_its_plural_forms() {
        let russian = of(Language::Russian);
        for (number, said) in [
            (1, "1 запись"),
            (2, "2 записи"),
            (5, "5 записей"),
            (11, "11 записей"),
            (21, "21 запись"),
            (112, "112 записей"),
            (1004, "1\u{a0}004 записи"),
        ] {
            assert_eq!(russian.with("entries", [("n", u64::into(number))]), said);
        }
        assert_eq!(of(Language::English).with("entries", [("n", u64::into(1))]), "1 entry");
        assert_eq!(of(Language::English).with("entries", [("n", u64::into(1004))]), "1,004 entries");
    }
}
