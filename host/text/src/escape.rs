//! The one escape: foreign text becomes safe to show on a terminal, in a log, a page or a metric.
//!
//! Names in archives, plugin notes and container labels can hold control characters, terminal sequences, bidirectional
//! overrides and zero-width characters. Nothing from outside is shown without passing here: the plugin
//! escapes the names in an archive, and the host whatever a plugin says.

/// How many bytes of one foreign name are shown.
const SHOWN_BYTES_MAX: usize = 512;

/// How many characters of a foreign sentence are shown.
const SHOWN_PROSE_CHARS_MAX: usize = 4096;

/// Escapes bytes: printable text stays, everything else becomes `\xNN` or `\u{N}`; long text is cut with `…`.
pub fn bytes(name: &[u8]) -> String {
    let (shown, cut) = if name.len() > SHOWN_BYTES_MAX { (&name[..SHOWN_BYTES_MAX], "…") } else { (name, "") };
    let mut out = String::with_capacity(shown.len());
    for chunk in shown.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push(&mut out, character));
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out + cut
}

/// Escapes text.
pub fn text(name: &str) -> String {
    bytes(name.as_bytes())
}

/// Escapes sentences whose names were escaped before: backslashes stay, and more is shown of them.
pub fn prose(foreign: &str) -> String {
    let mut out = String::with_capacity(foreign.len());
    for character in foreign.chars().take(SHOWN_PROSE_CHARS_MAX) {
        if character == '\\' { out.push(character) } else { push(&mut out, character) }
    }
    out
}

/// Escapes a path. The sandbox has none.
#[cfg(unix)]
pub fn path(path: &std::path::Path) -> String {
    bytes(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

fn push(out: &mut String, character: char) {
    if character == '\\' {
        out.push_str("\\\\");
    } else if character.is_control() || is_invisible(character) {
        out.extend(character.escape_unicode());
    } else {
        out.push(character);
    }
}

/// Characters that change how the text around them is shown, or that are not shown: format and separator characters
/// of Unicode (categories Cf, Zl, Zp), variation selectors, private use and the specials.
pub fn is_invisible(character: char) -> bool {
    matches!(character as u32,
        0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x8e2 | 0x115f..=0x1160 | 0x17b4..=0x17b5
        | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1345f
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0x10ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal_or_hide() {
        for (name, shown) in [
            (&b"plain name.txt"[..], "plain name.txt"),
            ("жук".as_bytes(), "жук"),
            (b"\x1b[2J", "\\u{1b}[2J"),
            (b"a\nb", "a\\u{a}b"),
            (b"\xff\xfe", "\\xff\\xfe"),
            ("gnp\u{202e}exe".as_bytes(), "gnp\\u{202e}exe"),
            ("a\u{200b}b".as_bytes(), "a\\u{200b}b"),
            (b"a\\b", "a\\\\b"),
        ] {
            assert_eq!(bytes(name), shown);
        }
        assert!(bytes(&[b'a'; 600]).ends_with("a…"));
    }
}
