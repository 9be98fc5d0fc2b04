//! The one escape of the plugin: names from an archive become safe to show before they enter a message.
//!
//! The plugin cannot depend on the host, which escapes by the same rule; the host escapes again whatever it is told.

/// How many bytes of one foreign name are shown.
const SHOWN_BYTES_MAX: usize = 512;

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

fn push(out: &mut String, character: char) {
    if character == '\\' {
        out.push_str("\\\\");
    } else if character.is_control() || is_invisible(character) {
        out.extend(character.escape_unicode());
    } else {
        out.push(character);
    }
}

/// Format, separator and private characters, variation selectors and the specials: they change how text around them
/// is shown, or are not shown.
fn is_invisible(character: char) -> bool {
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
    fn a_name_cannot_steer_a_terminal_or_hide() {
        for (name, shown) in [
            (&b"plain name.txt"[..], "plain name.txt"),
            ("жук".as_bytes(), "жук"),
            (b"\x1b[2J", "\\u{1b}[2J"),
            (b"\xff\xfe", "\\xff\\xfe"),
            ("gnp\u{202e}exe".as_bytes(), "gnp\\u{202e}exe"),
            (b"a\\b", "a\\\\b"),
        ] {
            assert_eq!(bytes(name), shown);
        }
        assert!(bytes(&[b'a'; 600]).ends_with("a…"));
    }
}
