//! What kinds of receivers there are, by the scheme of their addresses.

/// What kind of receiver it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Ntfy,
    Gotify,
    Discord,
    Slack,
    Telegram,
    Matrix,
    Pushover,
    Apprise,
    Healthchecks,
    Kuma,
    Json,
    /// TLS by `STARTTLS`, unless the address says `?tls=none`.
    Smtp,
    /// TLS from the first byte.
    Smtps,
}

const NAMES: [(&str, Scheme); 13] = [
    ("ntfy", Scheme::Ntfy),
    ("gotify", Scheme::Gotify),
    ("discord", Scheme::Discord),
    ("slack", Scheme::Slack),
    ("telegram", Scheme::Telegram),
    ("matrix", Scheme::Matrix),
    ("pushover", Scheme::Pushover),
    ("apprise", Scheme::Apprise),
    ("healthchecks", Scheme::Healthchecks),
    ("kuma", Scheme::Kuma),
    ("json", Scheme::Json),
    ("smtp", Scheme::Smtp),
    ("smtps", Scheme::Smtps),
];

/// All of them.
pub fn names() -> [&'static str; NAMES.len()] {
    NAMES.map(|(name, _)| name)
}

impl Scheme {
    pub fn of_name(name: &str) -> Option<Scheme> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, scheme)| *scheme)
    }

    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    pub fn is_mail(self) -> bool {
        matches!(self, Scheme::Smtp | Scheme::Smtps)
    }

    /// Whether it watches that it hears of every night, and hears of nothing else.
    pub fn is_pinged(self) -> bool {
        matches!(self, Scheme::Healthchecks | Scheme::Kuma)
    }

    /// Whether nothing can be sent to it without a token.
    pub fn needs_token(self) -> bool {
        matches!(self, Scheme::Gotify | Scheme::Telegram | Scheme::Matrix | Scheme::Pushover)
    }

    /// Whether it has a use for one.
    pub fn takes_token(self) -> bool {
        !matches!(self, Scheme::Discord | Scheme::Slack | Scheme::Healthchecks | Scheme::Kuma)
    }
}
