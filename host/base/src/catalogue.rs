//! The words of everything that the host says to people, in each language: `messages/en` and `messages/ru`, a file an area.
//!
//! That an id is there, reads, takes the same values in every language and is used is the claim of a test over all
//! sources. So a missing one is no failure here.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::{FluentNumber, FluentNumberOptions};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::language::Language;
use crate::numbers;

/// What a message says something of.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Text(&'a str),
    /// A number whose digits stand side by side: of a process, a port, a byte.
    Integer(i64),
    /// How many there are: `1,234`.
    Count(i64),
}

/// Every file of one language.
macro_rules! files {
    ($($area:literal),* $(,)?) => {
        /// The areas, with their words in English and in Russian.
        pub const FILES: &[(&str, &str, &str)] = &[
            $((
                $area,
                include_str!(concat!("messages/en/", $area, ".ftl")),
                include_str!(concat!("messages/ru/", $area, ".ftl")),
            )),*
        ];
    };
}

files![
    "base",
    "cli",
    "config",
    "docker",
    "doing",
    "drilled_containers",
    "drills",
    "figures",
    "holders",
    "host",
    "notify",
    "page",
    "plugins",
    "runtime",
    "schedule",
    "server",
    "snapshots",
    "system",
    "transaction",
    "volumes"
];

/// A message in a language. None if there is none of this id.
pub fn format(language: Language, id: &str, values: &[(&str, Value<'_>)]) -> Option<String> {
    let bundle = bundle(language);
    let pattern = bundle.get_message(id)?.value()?;
    let arguments: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, fluent(value))).collect();
    Some(bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
}

/// Whether there is one.
pub fn has(id: &str) -> bool {
    bundle(Language::English).has_message(id)
}

fn fluent<'a>(value: &Value<'a>) -> FluentValue<'a> {
    match *value {
        Value::Text(text) => text.into(),
        // No number of Fluent's is exact beyond this.
        Value::Integer(number) if number.unsigned_abs() > 1 << f64::MANTISSA_DIGITS => number.to_string().into(),
        Value::Integer(number) => {
            let options = FluentNumberOptions { use_grouping: false, ..FluentNumberOptions::default() };
            FluentValue::Number(FluentNumber::new(number as f64, options))
        }
        Value::Count(number) => number.into(),
    }
}

type Bundle = FluentBundle<FluentResource>;

fn bundle(language: Language) -> &'static Bundle {
    static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| read(Language::English));
    static RUSSIAN: LazyLock<Bundle> = LazyLock::new(|| read(Language::Russian));
    match language {
        Language::English => &ENGLISH,
        Language::Russian => &RUSSIAN,
    }
}

fn read(language: Language) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(language.tag().parse().into_iter().collect());
    // Foreign text has passed the escape, and a page puts it in elements of its own where its direction could matter.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => |value, _| number(Language::English, value),
        Language::Russian => |value, _| number(Language::Russian, value),
    }));
    for (_, english, russian) in FILES {
        let source = match language {
            Language::English => english,
            Language::Russian => russian,
        };
        // What does not read is left out, and of two that are called the same the first counts: the test tells.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(partly, _)| partly);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

fn number(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) if number.options.use_grouping => {
            Some(numbers::number(language, number.value as u64))
        }
        FluentValue::Number(number) => Some((number.value as i64).to_string()),
        _ => None,
    }
}
