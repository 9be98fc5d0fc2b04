//! Numbers in the form of each language.

use crate::language::Language;

/// Between groups of digits, and on a page between a number and its unit.
pub const NO_BREAK: char = '\u{a0}';

/// `1,234` or `1 234`.
pub(super) fn number(language: Language, number: u64) -> String {
    let separator = match language {
        Language::English => ',',
        Language::Russian => NO_BREAK,
    };
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// With one digit behind the point, or the comma.
pub(super) fn decimal(language: Language, number: f64) -> String {
    let text = format!("{number:.1}");
    match language {
        Language::English => text,
        Language::Russian => text.replace('.', ","),
    }
}
