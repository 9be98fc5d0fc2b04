//! What is wrong with a configuration: each problem with file, line and key, all of them at once, in the file's order.

use std::ops::Range;
use std::path::Path;

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// Problems found so far in one text.
pub(super) struct Problems<'a> {
    /// None for a text that nobody wrote, whose lines say nothing.
    path: Option<&'a Path>,
    pub text: &'a str,
    /// Byte at which each was found.
    found: Vec<(usize, Failure)>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(path: &'a Path, text: &'a str) -> Self {
        Problems { path: Some(path), text, found: Vec::new() }
    }

    /// Of a text that was made from a configuration in code.
    pub(crate) fn in_code(text: &'a str) -> Self {
        Problems { path: None, text, found: Vec::new() }
    }

    /// Something about the bytes `at`. Foreign text in the message is escaped by the caller.
    pub(crate) fn say(&mut self, at: Range<usize>, message: Message, hint: Message) {
        let line =
            self.text.as_bytes()[..at.start.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = match self.path {
            Some(path) => message!("problem-at-line", path = escape::path(path), line, message),
            None => message,
        };
        self.found.push((at.start, Failure::new(Code::Usage, message).hint(hint)));
    }

    /// What the TOML reader said.
    pub(crate) fn toml(&mut self, error: &toml::de::Error) {
        let at = error.span().unwrap_or(0..0);
        let said = error.message();
        let listed = |prefix: &str| {
            let (name, rest) = said.strip_prefix(prefix)?.split_once('`')?;
            Some((name.to_owned(), rest.trim_start_matches(", ").to_owned()))
        };
        if let Some((key, rest)) = listed("unknown field `") {
            let known = rest.trim_start_matches("expected ").trim_start_matches("one of ");
            self.say(at, message!("unknown-key", key = escape::text(&key)), message!("the-keys-here-are", known));
        } else if let Some((key, _)) = listed("missing field `") {
            self.say(at, message!("the-key-is-missing", key), message!("add-the-key", key));
        } else if let Some((value, rest)) = listed("unknown variant `") {
            let message = message!("cannot-be", key_before = self.key_before(at.start), value = escape::text(&value));
            self.say(at, message, message!("use-these", known = rest.trim_start_matches("expected ")));
        } else if said == "duplicate key" {
            let key = self.text.get(at.clone()).unwrap_or("");
            self.say(at, message!("the-key-is-there-twice", key = escape::text(key)), message!("keep-one-of-them"));
        } else {
            let message = message!(
                "what-and-why",
                text = self.key_before(at.start),
                more = escape::text(&said.replace('\n', ", "))
            );
            self.say(at, message, message!("the-file-is-toml-docs-configuration"));
        }
    }

    /// The key whose value starts at a byte, for people.
    fn key_before(&self, at: usize) -> Message {
        let before = self.text.get(..at).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("").trim_end();
        let key = line.strip_suffix('=').map(str::trim_end).and_then(|line| line.rsplit([' ', '{', ',', '\t']).next());
        match key {
            Some(key) if !key.is_empty() => message!("the-key", key = escape::text(key)),
            _ => message!("this-line"),
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Failure> {
        self.found.sort_by_key(|(at, _)| *at);
        self.found.into_iter().map(|(_, failure)| failure).collect()
    }
}

/// Several problems as one failure.
pub(super) fn one(path: Option<&Path>, mut found: Vec<Failure>) -> Failure {
    if found.len() == 1 {
        return found.remove(0);
    }
    let mut hints: Vec<Message> = Vec::new();
    for failure in &found {
        if !failure.hint.is_empty() && !hints.contains(&failure.hint) {
            hints.push(failure.hint.clone());
        }
    }
    let messages: Vec<Message> = found.into_iter().map(|failure| failure.message).collect();
    let n = messages.len();
    let message = match path {
        Some(path) => message!("problems-in", n, path = escape::path(path), messages),
        None => message!("problems-in-the-configuration", n, messages),
    };
    Failure::new(Code::Usage, message).hint(Message::all(hints))
}
