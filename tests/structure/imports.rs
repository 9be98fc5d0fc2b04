//! What a file names of its own crate: every path that begins with `crate`, `self` or `super`, in a `use`, in an
//! expression or inside of a macro. What only its tests name does not count, nor does who may see something.
//!
//! A name that the module above hands on (`pub use`) is taken for that module's.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The paths, from the root of the crate on: `a::b::C`.
pub(crate) fn imports(text: &str, module: &str) -> Vec<String> {
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("`{module}`: {error}"));
    let module: Vec<String> = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut found = Vec::new();
    walk(tokens, &module, &mut found);
    found.into_iter().map(|path| path.join("::")).collect()
}

fn walk(tokens: TokenStream, module: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        at = match &tokens[at..] {
            [TokenTree::Ident(word), TokenTree::Group(_), ..] if word == "pub" => at + 2,
            [TokenTree::Punct(mark), TokenTree::Group(attribute), ..]
                if mark.as_char() == '#' && is_of_tests(attribute.stream()) =>
            {
                after_item(&tokens, at + 2)
            }
            [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(inside), ..] if word == "mod" => {
                walk(inside.stream(), &[module, &[name.to_string()]].concat(), found);
                at + 3
            }
            [TokenTree::Ident(word), ..] if is_path(&tokens[at + 1..]) => {
                let beginning = match word.to_string().as_str() {
                    "crate" => Some(&[][..]),
                    "self" => Some(module),
                    "super" => Some(above(module)),
                    _ => None,
                };
                match beginning {
                    Some(beginning) => path(&tokens, at + 1, beginning.to_vec(), found),
                    None => at + 1,
                }
            }
            [TokenTree::Group(group), ..] => {
                walk(group.stream(), module, found);
                at + 1
            }
            _ => at + 1,
        };
    }
}

/// A path that goes on at `at`, behind its beginning or one of its names. Answers where it ends.
fn path(tokens: &[TokenTree], mut at: usize, mut names: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    while is_path(&tokens[at..]) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(name)) if name == "super" => names.truncate(names.len().saturating_sub(1)),
            Some(TokenTree::Ident(name)) => names.push(name.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                branches(group.stream(), &names, found);
                return at + 3;
            }
            // All of it, or what a function is called with.
            _ => break,
        }
        at += 3;
    }
    found.push(names);
    at
}

/// `{a, b::{self, C}, super::d as e}`
fn branches(tokens: TokenStream, names: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    for branch in tokens.split(is_comma) {
        let names = match branch.first() {
            Some(TokenTree::Ident(name)) if name == "super" => above(names).to_vec(),
            Some(TokenTree::Ident(name)) if name != "self" => [names, &[name.to_string()]].concat(),
            None => continue,
            Some(_) => names.to_vec(),
        };
        path(branch, 1, names, found);
    }
}

fn above(module: &[String]) -> &[String] {
    module.split_last().map_or(&[], |(_, above)| above)
}

/// Whether `::` comes next.
fn is_path(tokens: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':');
    matches!(tokens, [one, other, ..] if is_colon(one) && is_colon(other))
}

/// `#[cfg(test)]`
fn is_of_tests(attribute: TokenStream) -> bool {
    attribute.to_string().replace(' ', "") == "cfg(test)"
}

fn after_item(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        _ => false,
    };
    tokens[from..].iter().position(is_end).map_or(tokens.len(), |end| from + end + 1)
}

#[test]
fn every_path_into_the_own_crate_is_found() {
    for (text, expected) in [
        ("use crate::a::B;", &["a::B"][..]),
        ("use super::{b, c::{self, D as E}, super::f};", &["x::b", "x::c", "x::c::D", "f"]),
        ("pub use self::g::*; use super::super::h;", &["x::y::g", "h"]),
        ("use std::fs; use reforge_base::escape; // use crate::a;", &[]),
        ("fn f() -> u8 { crate::i::j::<u8>(self.k, \"crate::no\") }", &["i::j"]),
        ("fn f() { html! { @if a { (super::l::m(1)) } } }", &["x::l::m"]),
        ("pub(crate) fn f() {} pub(in crate::n) struct S;", &[]),
        ("mod inside { use super::o; use super::super::p; }", &["x::y::o", "x::p"]),
        ("#[cfg(test)] use crate::q; #[cfg(test)] mod tests { use super::r; } use crate::s;", &["s"]),
        ("#[cfg(test)] #[path = \"t.rs\"] pub(super) mod tests; use crate::u;", &["u"]),
    ] {
        assert_eq!(imports(text, "x::y"), expected, "{text}");
    }
}
