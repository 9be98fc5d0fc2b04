//! The languages that people are answered in.

/// One of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Russian,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Russian];

    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Russian => "ru",
        }
    }

    /// As those who speak it call it.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Russian => "Русский",
        }
    }

    /// The one that a tag or a locale begins with: `ru`, `ru-RU`, `ru_RU.UTF-8`.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_', '.', '@']).next()?.to_ascii_lowercase();
        Language::ALL.into_iter().find(|language| language.tag() == primary)
    }

    /// The one that the environment asks for: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says anything decides,
    /// and what is not known is English.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
        let mut asked = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
        let asked = asked.find(|value| !value.is_empty());
        asked.and_then(|locale| Language::of_tag(&locale)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_anything_decides() {
        for (all, messages, lang, language) in [
            ("", "", "ru_RU.UTF-8", Language::Russian),
            ("", "", "RU", Language::Russian),
            ("", "en_US.UTF-8", "ru_RU.UTF-8", Language::English),
            ("ru_RU", "en_US", "en_US", Language::Russian),
            ("C.UTF-8", "", "ru_RU.UTF-8", Language::English),
            ("", "", "run", Language::English),
            ("", "", "", Language::English),
        ] {
            let variable = |name: &str| {
                let value = match name {
                    "LC_ALL" => all,
                    "LC_MESSAGES" => messages,
                    _ => lang,
                };
                Some(value.to_owned())
            };
            assert_eq!(Language::of_environment(variable), language, "{all} {messages} {lang}");
        }
        assert_eq!(Language::of_environment(|_| None), Language::English);
    }
}
