//! Text as a receiver takes it: no longer than it may be, and with nothing in it that means something there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands where something was left out.
const ELLIPSIS: char = '…';
/// What an encoded word of a header may be at most, in bytes before base64: 75 characters with what stands around them.
const WORD_BYTES_MAX: usize = 45;

/// The beginning of a text, of so many units at most. A unit is one of UTF-16: receivers that count characters count no
/// more than these.
pub(crate) fn to_units(text: &str, units_max: usize) -> String {
    cut(text, units_max, char::len_utf16)
}

/// The same in bytes of UTF-8.
pub(crate) fn to_bytes(text: &str, bytes_max: usize) -> String {
    cut(text, bytes_max, char::len_utf8)
}

fn cut(text: &str, most: usize, length: fn(char) -> usize) -> String {
    if text.chars().map(length).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(length(ELLIPSIS));
    let kept = text.chars().take_while(|letter| {
        let fits = room >= length(*letter);
        room = room.saturating_sub(length(*letter));
        fits
    });
    kept.chain([ELLIPSIS]).collect()
}

/// For HTML as Telegram and Matrix read it.
pub(crate) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// For Slack, where these three mean something.
pub(crate) fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A value of a header: as it is if it is plain ASCII, else in words of RFC 2047.
pub(crate) fn header(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.is_ascii() && !text.contains("=?") {
        return text;
    }
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        // A character is never divided between two words.
        if word.len() + letter.len_utf8() > WORD_BYTES_MAX {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let encoded = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

/// `user:password` in the words of HTTP.
pub(crate) fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(to_units("abc", 3), "abc");
        assert_eq!(to_units("abcd", 3), "ab…");
        // Two units each.
        assert_eq!(to_units("😀😀😀", 5), "😀😀…");
        assert_eq!(to_bytes("яяя", 6), "яяя");
        assert_eq!(to_bytes("яяяя", 7), "яя…");
    }

    #[test]
    fn a_header_is_ascii_whatever_it_says() {
        assert_eq!(header("shop: no snapshot"), "shop: no snapshot");
        assert_eq!(header("a\r\nX-Injected: 1"), "a  X-Injected: 1");
        // As Python's `email.header.make_header(decode_header(…))` reads it: «shop: снимка нет».
        assert_eq!(header("shop: снимка нет"), "=?UTF-8?B?c2hvcDog0YHQvdC40LzQutCwINC90LXRgg==?=");
        let long = header(&"я".repeat(60));
        assert_eq!(long.split(' ').count(), 3);
        assert!(long.is_ascii() && long.split(' ').all(|word| word.len() <= 75), "{long}");
    }
}
