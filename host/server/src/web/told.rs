//! What the host tells, as the page shows it: in the reader's language, names apart from the words, and what is typed as
//! code. What is not the host's own stays as it is and is marked as English: nothing is ever guessed or left out.

use std::cell::RefCell;
use std::time::Duration;

use maud::{Markup, PreEscaped, html};
use reforge_base::formatting;
use reforge_base::message::{Argument, Message, Source};
use reforge_base::numbers::NO_BREAK;

use super::language::Language;
use super::messages::Messages;

/// Around the number of an argument: characters that no text has, since the escape takes them out.
const MARK: char = '\u{e000}';
/// How many messages may stand in one another.
const DEPTH_MAX: usize = 16;

impl Messages {
    pub(crate) fn told(&self, message: &Message) -> Markup {
        self.told_within(message, 0)
    }

    fn told_within(&self, message: &Message, depth: usize) -> Markup {
        let own = message.source().filter(|_| depth < DEPTH_MAX).and_then(|source| self.own(source, depth));
        own.unwrap_or_else(|| self.foreign(message))
    }

    /// None if this version knows no such message.
    fn own(&self, source: &Source, depth: usize) -> Option<Markup> {
        let arguments = RefCell::new(Vec::new());
        let mark = |argument: &Argument| {
            let mut arguments = arguments.borrow_mut();
            arguments.push(self.argument(argument, depth));
            format!("{MARK}{}{MARK}", arguments.len() - 1)
        };
        let text = source.with(self.language, mark)?;
        let arguments = arguments.into_inner();
        let mut code = Code::default();
        for (at, part) in text.split(MARK).enumerate() {
            match at % 2 {
                0 => code.words(part),
                _ => code.push(part.parse().ok().and_then(|index: usize| arguments.get(index)).unwrap_or(&html! {})),
            }
        }
        Some(code.end())
    }

    fn argument(&self, argument: &Argument, depth: usize) -> Markup {
        match argument {
            Argument::Integer(number) => html! { (number) },
            Argument::Text(text) => html! { bdi { (text) } },
            Argument::Bytes { bytes } => html! { (no_break(&formatting::bytes(self.language, *bytes))) },
            Argument::Duration { milliseconds } => {
                html! { (no_break(&formatting::duration(self.language, Duration::from_millis(*milliseconds)))) }
            }
            Argument::Instant { instant } => self.instant(*instant),
            Argument::Message(message) => self.told_within(message, depth + 1),
            Argument::All(all) => html! {
                @for (at, message) in all.iter().enumerate() {
                    @if at > 0 { "; " }
                    (self.told_within(message, depth + 1))
                }
            },
        }
    }

    fn foreign(&self, text: &str) -> Markup {
        let mut code = Code::default();
        code.words(text);
        let shown = code.end();
        match self.language {
            Language::Russian if text.contains(' ') => html! { bdi lang="en" { (shown) } },
            _ => html! { bdi { (shown) } },
        }
    }
}

/// A figure stays in one line.
pub(crate) fn no_break(figure: &str) -> String {
    figure.replace(' ', &NO_BREAK.to_string())
}

/// Text in which backticks enclose what is typed.
#[derive(Default)]
struct Code {
    html: String,
    is_open: bool,
}

impl Code {
    fn words(&mut self, words: &str) {
        for (at, part) in words.split('`').enumerate() {
            if at > 0 {
                self.html.push_str(if self.is_open { "</code>" } else { "<code>" });
                self.is_open = !self.is_open;
            }
            self.push(&html! { (part) });
        }
    }

    fn push(&mut self, markup: &Markup) {
        self.html.push_str(&markup.0);
    }

    /// What was opened and not closed is closed.
    fn end(mut self) -> Markup {
        if self.is_open {
            self.html.push_str("</code>");
        }
        PreEscaped(self.html)
    }
}

#[cfg(test)]
mod tests {
    use reforge_base::message::Bytes;
    use reforge_base::{Code as FailureCode, Failure, message};

    use super::super::messages::of;
    use super::*;

    fn shown(language: Language, message: &Message) -> String {
        of(language).told(message).into_string()
    }

    #[test]
    fn a_message_keeps_its_names_and_what_stands_in_it_is_told_too() {
        let failure = Failure::io("read", "/srv/<b>".as_ref(), &std::io::ErrorKind::NotFound.into());
        let missing = rustix::io::Errno::NOENT;
        let failure = failure.with_message(Failure::io("read", "/srv/<b>".as_ref(), &missing.into()).message);
        for (message, english, russian) in [
            (
                failure.message,
                "cannot read <code><bdi>/srv/&lt;b&gt;</bdi></code>: no such file or directory",
                "не удалось прочитать <code><bdi>/srv/&lt;b&gt;</bdi></code>: нет такого файла или каталога",
            ),
            (message!("try-again").clone(), "try again", "попробуйте ещё раз"),
            (
                Message::all([message!("try-again"), Message::from("nobody says `this")]),
                "try again; <bdi>nobody says <code>this</code></bdi>",
                "попробуйте ещё раз; <bdi lang=\"en\">nobody says <code>this</code></bdi>",
            ),
        ] {
            assert_eq!(shown(Language::English, &message), english);
            assert_eq!(shown(Language::Russian, &message), russian);
        }
    }

    #[test]
    fn a_figure_has_the_form_of_the_language_and_stays_in_one_line() {
        let message = message!("context", doing = Bytes(1536), message = Duration::from_secs(600));
        assert_eq!(shown(Language::English, &message), "1.5\u{a0}KiB: 10\u{a0}min");
        assert_eq!(shown(Language::Russian, &message), "1,5\u{a0}КиБ: 10\u{a0}мин");
    }

    #[test]
    fn text_is_no_markup_and_messages_in_messages_have_an_end() {
        let plugin = Failure::new(FailureCode::Plugin, "<script>").message;
        assert_eq!(shown(Language::English, &plugin), "<bdi>&lt;script&gt;</bdi>");
        let mut message = Message::from("x");
        for _ in 0..100 {
            message = message!("context", doing = "a", message);
        }
        assert!(shown(Language::Russian, &message).len() < 10_000);
    }
}
