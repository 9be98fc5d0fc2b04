//! The languages of the page, and which one a browser asks for.

use axum::http::{HeaderMap, header};

pub(super) use reforge_base::Language;

/// The one of `Accept-Language` that is liked best, English if there is none.
pub(super) fn of(headers: &HeaderMap) -> Language {
    let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
    let mut best = (Language::English, 0.0);
    for (language, liked) in lines.flat_map(|line| line.split(',')).filter_map(read) {
        if liked > best.1 {
            best = (language, liked);
        }
    }
    best.0
}

/// `ru-RU;q=0.8`, if it is one of ours.
fn read(wish: &str) -> Option<(Language, f32)> {
    let mut parts = wish.split(';').map(str::trim);
    let language = Language::of_tag(parts.next()?)?;
    let liked = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |liked| liked.parse().ok())?;
    Some((language, liked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_the_browser_likes_best() {
        for (asked, language) in [
            ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Language::Russian),
            ("en-US,en;q=0.9,ru;q=0.8", Language::English),
            ("de, ru;q=0.5, en;q=0.4", Language::Russian),
            ("de;q=0.9, RU;q=0.1", Language::Russian),
            ("ru;q=0", Language::English),
            ("ru;q=nonsense", Language::English),
            ("rue, *", Language::English),
            ("", Language::English),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, asked.parse().unwrap())]);
            assert_eq!(of(&headers), language, "{asked}");
        }
        assert_eq!(of(&HeaderMap::new()), Language::English);
    }
}
