//! What the host itself says, in the reader's language.
//!
//! The host has one language, English: commands, logs and the API say the same words whoever reads them. Here a sentence
//! is recognised by how it is put together in the sources, and said in Russian with the same names and figures in it.
//! What nobody recognises stays as it is and is marked as English: nothing is ever guessed or left out. What stands
//! between backticks is a name, and no name is translated.

mod catalogue;
mod template;

#[cfg(test)]
mod sources;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use super::language::Language;
use super::messages::Messages;
use catalogue::Catalogue;
use template::{Piece, Template};

/// How many sentences may stand in one another.
const DEPTH_MAX: usize = 8;
/// How many sentences are looked for in one. What is longer is nothing that the host says.
const LOOKS_MAX: usize = 256;

impl Messages {
    /// A sentence of the host.
    pub(super) fn said(&self, sentence: &str) -> Markup {
        let known = match self.language {
            Language::English => return html! { bdi { (sentence) } },
            Language::Russian => Catalogue::russian().say(sentence),
        };
        known.unwrap_or_else(|| value(sentence, false))
    }
}

impl Catalogue {
    fn say(&self, sentence: &str) -> Option<Markup> {
        Search { catalogue: self, looks: 0 }.say(sentence, 0)
    }
}

const JOINTS: [char; 4] = [';', ',', ':', ' '];

/// One sentence that is looked for, with all that stands in it.
struct Search<'a> {
    catalogue: &'a Catalogue,
    looks: usize,
}

impl Search<'_> {
    fn say(&mut self, sentence: &str, depth: usize) -> Option<Markup> {
        self.looks += 1;
        if depth == DEPTH_MAX || self.looks > LOOKS_MAX {
            return None;
        }
        let catalogue = self.catalogue;
        // What joins it to the sentence before it.
        let (joint, sentence) = sentence.split_at(sentence.find(|letter| !JOINTS.contains(&letter))?);
        catalogue.fitting(sentence).find_map(|(entry, values)| {
            let inner: Vec<_> = values
                .iter()
                .enumerate()
                .map(|(at, value)| if entry.english.is_name(at) { None } else { self.say(value, depth + 1) })
                .collect();
            // Two sentences side by side are no sentence of their own: one of them must be known. And what begins one
            // must not be taken for the beginning of any.
            let is_strange = |at: usize| inner[at].is_none() && !entry.english.is_name(at) && values[at].contains(' ');
            let is_known = match entry.english.has_words() {
                true => !entry.english.is_loose() || !(0..values.len()).any(is_strange),
                false => inner.iter().any(Option::is_some),
            };
            is_known.then(|| html! { (joint) (put_together(&entry.russian, &values, &inner)) })
        })
    }
}

fn put_together(russian: &Template, values: &[&str], inner: &[Option<Markup>]) -> Markup {
    html! {
        @for piece in &russian.pieces {
            @match piece {
                Piece::Words(words) => (words),
                Piece::Value(at) => @match inner.get(*at).and_then(Option::as_ref) {
                    Some(said) => (said),
                    None => (value(values.get(*at).copied().unwrap_or_default(), russian.is_name(*at))),
                },
            }
        }
    }
}

/// What is no sentence of the host.
fn value(value: &str, is_name: bool) -> Markup {
    match figure(value) {
        _ if is_name => html! { bdi { (value) } },
        Some(figure) => html! { bdi { (figure) } },
        None if value.contains(' ') => html! { bdi lang="en" { (value) } },
        None => html! { bdi { (value) } },
    }
}

/// Units of figures as the host writes them.
const UNITS: [(&str, &str); 10] = [
    ("B", "Б"),
    ("KiB", "КиБ"),
    ("MiB", "МиБ"),
    ("GiB", "ГиБ"),
    ("TiB", "ТиБ"),
    ("ms", "мс"),
    ("s", "с"),
    ("min", "мин"),
    ("h", "ч"),
    ("d", "дн."),
];

/// `1.5 GiB` or `10s`.
fn figure(value: &str) -> Option<String> {
    let end = value.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (number, unit) = value.split_at(end);
    number.parse::<f64>().ok()?;
    let (_, unit) = UNITS.iter().find(|(english, _)| *english == unit.trim_start())?;
    Some(format!("{}\u{a0}{unit}", number.replace('.', ",")))
}
