//! Everything that the page says, in each language. That a message is there, reads and takes the same values in every
//! language is a test's claim, so a missing one is no failure here: its name is shown.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::language::Language;
use super::numbers;

const ENGLISH: &str = include_str!("messages/en.ftl");
const RUSSIAN: &str = include_str!("messages/ru.ftl");

/// The messages of one language.
pub(super) struct Messages {
    pub language: Language,
    bundle: FluentBundle<FluentResource>,
}

pub(super) fn of(language: Language) -> &'static Messages {
    static ENGLISH_MESSAGES: LazyLock<Messages> = LazyLock::new(|| Messages::read(Language::English));
    static RUSSIAN_MESSAGES: LazyLock<Messages> = LazyLock::new(|| Messages::read(Language::Russian));
    match language {
        Language::English => &ENGLISH_MESSAGES,
        Language::Russian => &RUSSIAN_MESSAGES,
    }
}

impl Messages {
    fn read(language: Language) -> Messages {
        let source = match language {
            Language::English => ENGLISH,
            Language::Russian => RUSSIAN,
        };
        // What does not read is left out, here and in the test that finds it missing.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partly, _)| partly);
        let tags = language.tag().parse().into_iter().collect();
        let mut bundle = FluentBundle::new_concurrent(tags);
        // Foreign text has passed the escape, and stands in elements of its own where its direction could matter.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match language {
            Language::English => |value, _| number(Language::English, value),
            Language::Russian => |value, _| number(Language::Russian, value),
        }));
        // The same message twice: the first one counts, and the test tells.
        let _ = bundle.add_resource(resource);
        Messages { language, bundle }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    pub(super) fn text(&self, id: &str) -> String {
        self.with(id, [])
    }

    /// A message that says something of these values.
    pub(super) fn with<'a>(&self, id: &str, values: impl IntoIterator<Item = (&'a str, FluentValue<'a>)>) -> String {
        let pattern = self.bundle.get_message(id).and_then(|message| message.value());
        let Some(pattern) = pattern else { return id.to_owned() };
        let values = FluentArgs::from_iter(values);
        self.bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }
}

fn number(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(numbers::number(language, number.value as u64)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use reforge_base::failure::Code;

    /// Names of messages, each with the values that it takes.
    fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut id = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
                id = name.to_owned();
                assert!(all.insert(id.clone(), BTreeSet::new()).is_none(), "`{id}` is there twice");
            }
            let values = line.split('$').skip(1).map(|rest| rest.split([' ', '}', ',']).next().unwrap().to_owned());
            all.entry(id.clone()).or_default().extend(values);
        }
        all.remove("");
        all
    }

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

    /// Whether a message is chosen by a word of a document.
    fn is_chosen_by_a_word(id: &str) -> bool {
        ["code-", "warning-", "phase-", "outcome-", "is-", "state-", "reason-", "role-", "month-"]
            .iter()
            .any(|beginning| id.starts_with(beginning))
    }

    #[test]
    fn no_message_is_missing_in_either_language_and_each_takes_the_same_values() {
        let (english, russian) = (messages(ENGLISH), messages(RUSSIAN));
        assert!(english.len() > 100);
        assert_eq!(english, russian);
        for language in Language::ALL {
            for (id, values) in &english {
                let message = of(language).bundle.get_message(id);
                let pattern =
                    message.and_then(|message| message.value()).unwrap_or_else(|| panic!("{language:?} {id}"));
                for number in [0, 1, 2, 5, 11, 21, 1234] {
                    let values = FluentArgs::from_iter(values.iter().map(|name| (name.as_str(), number)));
                    let mut errors = Vec::new();
                    let text = of(language).bundle.format_pattern(pattern, Some(&values), &mut errors);
                    assert_eq!((errors.len(), text.trim().is_empty()), (0, false), "{language:?} {id}: {text}");
                }
            }
        }
    }

    #[test]
    fn every_message_that_is_said_is_there_and_every_message_is_said() {
        let source = sources("web");
        let said: BTreeSet<&str> = ["text(\"", "with(\""]
            .iter()
            .flat_map(|call| source.split(call).skip(1).filter_map(|rest| rest.split('"').next()))
            .collect();
        for id in &said {
            assert!(of(Language::English).has(id), "`{id}` is said and not there");
        }
        let known = messages(ENGLISH);
        for id in known.keys().filter(|id| !is_chosen_by_a_word(id)) {
            assert!(source.contains(&format!("\"{id}\"")), "`{id}` is never said");
        }
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
            assert_eq!(russian.with("entries", [("n", number.into())]), said);
        }
        assert_eq!(of(Language::English).with("entries", [("n", 1.into())]), "1 entry");
        assert_eq!(of(Language::English).with("entries", [("n", 1004.into())]), "1,004 entries");
    }
}
