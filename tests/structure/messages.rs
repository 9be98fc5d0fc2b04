//! What the host says: every place in the sources that says a message, and the catalogues that have its words.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Names of variables, by the message.
pub(crate) type Messages = BTreeMap<String, BTreeSet<String>>;

/// A place that says a message: `message!("id", name, other = expression)`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) variables: BTreeSet<String>,
}

/// What the sources of one file say.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) sites: Vec<Site>,
    /// What `Failure::io` and its like are told was being done.
    pub(crate) doings: BTreeSet<String>,
    /// Every other text: views choose messages by tables of their ids.
    pub(crate) texts: BTreeSet<String>,
}

impl Said {
    pub(crate) fn read(&mut self, text: &str) {
        let tokens: TokenStream = text.parse().unwrap();
        self.walk(tokens);
    }

    fn walk(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match (token, tokens.get(at + 1), tokens.get(at + 2)) {
                (TokenTree::Ident(name), Some(TokenTree::Punct(mark)), Some(TokenTree::Group(group)))
                    if mark.as_char() == '!' && (name == "message" || name == "say") =>
                {
                    self.sites.extend(site(group.stream()));
                }
                (TokenTree::Ident(name), Some(TokenTree::Group(group)), _)
                    if name == "io" && group.delimiter() == Delimiter::Parenthesis =>
                {
                    self.doings.extend(group.stream().into_iter().filter_map(|token| literal(&token)));
                }
                _ => (),
            }
            self.texts.extend(literal(token));
            if let TokenTree::Group(group) = token {
                self.walk(group.stream());
            }
        }
    }
}

/// What is given to somebody as a text that no catalogue has: `Failure::new(code, "…")`, `.hint(format!("…"))`.
pub(crate) fn unsaid(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    given(text.parse().unwrap(), &mut found);
    found
}

/// Whoever takes a message, or what becomes one.
fn takes_a_message(tokens: &[TokenTree], at: usize) -> bool {
    let TokenTree::Ident(name) = &tokens[at] else { return false };
    let is = |back: usize, mark: char| {
        at.checked_sub(back).is_some_and(|at| matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == mark))
    };
    let of =
        |kind: &[&str]| at.checked_sub(3).is_some_and(|at| kind.iter().any(|kind| tokens[at].to_string() == *kind));
    match name.to_string().as_str() {
        "hint" | "context" => is(1, '.'),
        "new" | "warning" => is(1, ':') && of(&["Failure", "Problem", "Error"]),
        "other" => is(1, ':') && of(&["Error"]),
        "from" => is(1, ':') && of(&["Message"]),
        _ => false,
    }
}

fn given(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if group.delimiter() == Delimiter::Parenthesis && at > 0 && takes_a_message(&tokens, at - 1) {
            let arguments: Vec<TokenTree> = group.stream().into_iter().collect();
            let parts = arguments.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
            found.extend(parts.filter_map(spoken).filter(|text| has_words(text)));
        }
        given(group.stream(), found);
    }
}

/// The text that an argument is: a literal, or what `format!` makes.
fn spoken(argument: &[TokenTree]) -> Option<String> {
    match argument {
        [TokenTree::Punct(mark), rest @ ..] if mark.as_char() == '&' => spoken(rest),
        [text @ TokenTree::Literal(_), ..] => literal(text),
        [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Group(group), ..] if name == "format" => {
            literal(&group.stream().into_iter().next()?)
        }
        _ => None,
    }
}

/// A name is one word, or stands in backticks; what `format!` puts in is a name.
fn has_words(text: &str) -> bool {
    let words = regex::Regex::new("`[^`]*`|[{][^}]*[}]").unwrap().replace_all(text, "_").into_owned();
    words.split_whitespace().count() > 1 && words.chars().any(char::is_alphabetic)
}

/// None of the macro's own definition.
fn site(tokens: TokenStream) -> Option<Site> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut parts = tokens.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
    let id = literal(parts.next()?.first()?)?;
    let mut variables = BTreeSet::new();
    for part in parts.filter(|part| !part.is_empty()) {
        match part {
            [TokenTree::Ident(name)] => variables.insert(name.to_string()),
            [TokenTree::Ident(name), TokenTree::Punct(mark), ..] if mark.as_char() == '=' => {
                variables.insert(name.to_string())
            }
            other => panic!("`{id}` is told {other:?}"),
        };
    }
    Some(Site { id, variables })
}

fn literal(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    Some(literal.to_string().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// The messages of a catalogue, and what is wrong with how they stand there.
pub(crate) fn catalogue(source: &str) -> Messages {
    let mut all = Messages::new();
    let mut id = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            name.clone_into(&mut id);
            assert!(all.insert(id.clone(), BTreeSet::new()).is_none(), "`{id}` is there twice");
        }
        let variables = line.split('$').skip(1).map(|rest| rest.split([' ', '}', ',']).next().unwrap().to_owned());
        all.entry(id.clone()).or_default().extend(variables);
    }
    all.remove("");
    all
}

/// Variables whose number chooses between forms.
pub(crate) fn counted(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut id = "";
    for line in source.lines() {
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}', '#'])) {
            id = name;
        }
        if let Some(name) = line.strip_suffix(" ->").and_then(|line| line.rsplit('$').next()) {
            all.entry(id.to_owned()).or_default().insert(name.trim().to_owned());
        }
    }
    all
}

#[test]
fn what_is_said_is_found_wherever_it_stands() {
    let mut said = Said::default();
    said.read(
        r#"fn a() {
            let b = html! { p { (say!("c", d, e = f(message!("g", h = [1, 2])))) } };
            let i = Failure::io("look at", path, &error);
        }"#,
    );
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let found: Vec<_> = said.sites.iter().map(|site| (site.id.as_str(), site.variables.clone())).collect();
    assert_eq!(found, [("c", names(&["d", "e"])), ("g", names(&["h"]))]);
    assert_eq!(said.doings, names(&["look at"]));
    let source = "# x = y\na = { $b } of { $c }\nd = { $n ->\n    [one] { $n } e\n   *[other] { $n } f\n}\n";
    assert_eq!(catalogue(source)["a"], names(&["b", "c"]));
    assert_eq!(counted(source), BTreeMap::from([("d".to_owned(), names(&["n"]))]));
}

#[test]
fn a_sentence_that_no_catalogue_has_is_found_and_a_name_is_none() {
    let found = |text: &str| unsaid(&format!("fn a() {{ {text} }}"));
    for text in [
        r#"Failure::new(Code::Io, "it is gone")"#,
        r#"Err(Failure::new(Code::Io, format!("`{path}` is gone")))"#,
        r#"failure.hint(&"put it back")"#,
        r#"failure.context(format!("{n} times"))"#,
        r#"io::Error::other("it is gone")"#,
        r#"vec![Message::from("it is gone")]"#,
    ] {
        assert_eq!(found(text).len(), 1, "{text}");
    }
    for text in [
        r#"Failure::new(Code::Io, message!("it-is-gone", path = format!("{path} of {other}")))"#,
        r#"Failure::new(Code::Io, error.to_string())"#,
        r#"Message::from(format!("`{}`", "it is gone"))"#,
        r#"Failure::warning("environment-changed", message)"#,
        r#"Message::from(format!("SIG{name}"))"#,
        r#"Value::from("it is gone")"#,
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}
