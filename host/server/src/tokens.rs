//! Who may use the API: names and roles, each with the digest of a token that was shown once and is kept nowhere.
//!
//! A token is 256 random bits, so a plain SHA-256 of it cannot be turned back. Comparing takes the same time whatever
//! was offered. A running server takes up a change at the next request. Must never write, log or show a token.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use reforge_base::durable::{self, PRIVATE_FILE};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::fingerprint::{Fingerprint, fingerprint};
use reforge_base::lock_file::{self, Locked};
use reforge_base::message;
use reforge_base::random;
use reforge_base::state_dir::StateDir;
pub use reforge_documents::host::Role;

/// What every token begins with, so that one that leaked is recognised.
const PREFIX: &str = "reforge_";
const SECRET_BYTES: usize = 32;
const NAME_BYTES_MAX: usize = 63;
/// More are no use, and each is compared with every request.
const TOKENS_MAX: usize = 256;

/// One token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub name: String,
    pub role: Role,
    pub created: jiff::Timestamp,
    sha256: String,
}

/// All tokens of a host.
pub struct Tokens {
    directory: PathBuf,
    file: PathBuf,
    known: RwLock<(Fingerprint, Vec<Token>)>,
}

impl Tokens {
    /// One whose file does not read admits nobody, and says so when it is asked for more.
    pub fn of(state: &StateDir) -> Tokens {
        Tokens { directory: state.root().to_owned(), file: state.tokens(), known: RwLock::default() }
    }

    /// Those of a host that somebody embeds.
    pub fn of_host(host: &reforge_host::Host) -> Tokens {
        Tokens::of(&host.core().state)
    }

    /// All of them, the first made first.
    pub fn list(&self) -> Result<Vec<Token>> {
        self.read()
    }

    /// Makes one. What is answered is the token itself, which nothing can show again.
    pub fn create(&self, name: &str, role: Role) -> Result<String> {
        check_name(name)?;
        let _changing = self.lock()?;
        let mut tokens = self.read()?;
        if tokens.iter().any(|token| token.name == name) {
            return Err(Failure::new(Code::Usage, message!("there-is-a-token-already", name))
                .hint(message!("give-another-name-or-revoke")));
        }
        if tokens.len() >= TOKENS_MAX {
            return Err(Failure::new(Code::TooLarge, message!("there-are-tokens-already", limit = TOKENS_MAX))
                .hint(message!("revoke-one-that-is-not-used")));
        }
        let secret = format!("{PREFIX}{}", hex::encode(random::bytes::<SECRET_BYTES>()?));
        tokens.push(Token { name: name.to_owned(), role, created: jiff::Timestamp::now(), sha256: digest(&secret) });
        self.write(&tokens)?;
        Ok(secret)
    }

    /// Ends one: the next request with it is refused, and its streams end.
    pub fn revoke(&self, name: &str) -> Result<()> {
        let _changing = self.lock()?;
        let mut tokens = self.read()?;
        let before = tokens.len();
        tokens.retain(|token| token.name != name);
        if tokens.len() == before {
            let message = message!("there-is-no-token-so-called", name = escape::text(name));
            return Err(Failure::new(Code::NotFound, message).hint(message!("reforge-token-list-shows-them")));
        }
        self.write(&tokens)
    }

    /// Whose token this is, if it is one. A file that does not read any more admits nobody.
    pub fn admit(&self, offered: &str) -> Option<Token> {
        self.refresh().ok()?;
        let offered = digest(offered);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // All of them, whichever fits: the time says nothing.
        let mut found = None;
        for token in &known.1 {
            if bool::from(token.sha256.as_bytes().ct_eq(offered.as_bytes())) {
                found = Some(token.clone());
            }
        }
        found
    }

    /// Whether a token that was admitted still is one.
    pub fn is_valid(&self, token: &Token) -> bool {
        let known = || self.known.read().unwrap_or_else(PoisonError::into_inner);
        self.refresh().is_ok() && known().1.contains(token)
    }

    fn refresh(&self) -> Result<()> {
        let now = fingerprint(&self.file);
        if now == self.known.read().unwrap_or_else(PoisonError::into_inner).0 {
            return Ok(());
        }
        // The stamp first: a change while it is read is seen the next time.
        let tokens = self.read()?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = (now, tokens);
        Ok(())
    }

    fn read(&self) -> Result<Vec<Token>> {
        match std::fs::read(&self.file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                let message = message!("does-not-read", file = escape::path(&self.file), error);
                Failure::new(Code::StateRefused, message).hint(message!("put-it-back-from-a-backup"))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Failure::io("read", &self.file, &error)),
        }
    }

    fn write(&self, tokens: &[Token]) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(tokens).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        durable::write_durably(&self.directory, name_of(&self.file), &bytes, PRIVATE_FILE)
    }

    /// Held while they are changed; what a killed change left half-written goes.
    fn lock(&self) -> Result<Locked> {
        let held = lock_file::lock(&self.directory.join("tokens.lock"))?;
        durable::remove_temporaries(&self.directory, |target| target == name_of(&self.file))?;
        Ok(held)
    }
}

fn name_of(file: &std::path::Path) -> &str {
    file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// It stands in audit lines and receipts.
fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    if !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain) {
        return Ok(());
    }
    let message = message!("is-no-name-for-a-token", name = escape::text(name));
    Err(Failure::new(Code::Usage, message).hint(message!("a-name-has-1-to-63-letters")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_config::Config;

    fn tokens() -> (tempfile::TempDir, Tokens) {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("reforge.toml");
        std::fs::write(&config, "[host]\nstate_dir = \"state\"\n").unwrap();
        let state = Config::load(&config).unwrap().init_state().unwrap();
        let tokens = Tokens::of(&state);
        (directory, tokens)
    }

    #[test]
    fn a_token_is_admitted_until_it_is_revoked_also_by_another_process() {
        let (directory, tokens) = tokens();
        let elsewhere =
            Tokens { directory: tokens.directory.clone(), file: tokens.file.clone(), known: RwLock::default() };
        let secret = elsewhere.create("ops", Role::Admin).unwrap();
        let admitted = tokens.admit(&secret).expect("it was made");
        assert_eq!((admitted.name.as_str(), admitted.role), ("ops", Role::Admin));
        assert!(tokens.is_valid(&admitted));
        elsewhere.revoke("ops").unwrap();
        assert_eq!(tokens.admit(&secret), None);
        assert!(!tokens.is_valid(&admitted));
        let again = elsewhere.create("ops", Role::Admin).unwrap();
        assert_ne!(again, secret, "a new one of the same name is another one");
        assert!(!tokens.is_valid(&admitted));
        drop(directory);
    }

    #[test]
    fn what_is_kept_is_not_the_token() {
        let (directory, tokens) = tokens();
        let secret = tokens.create("ops", Role::Viewer).unwrap();
        let kept = std::fs::read_to_string(directory.path().join("state/tokens.json")).unwrap();
        assert!(!kept.contains(&secret) && !kept.contains(&secret[PREFIX.len()..]), "{kept}");
        for offered in ["", "reforge_", &secret[1..], &secret[..secret.len() - 1], &format!("{secret}0")] {
            assert_eq!(tokens.admit(offered), None, "{offered:?}");
        }
    }

    #[test]
    fn names_are_plain_and_of_one_token_each() {
        let (_directory, tokens) = tokens();
        tokens.create("a.b-c_d@e", Role::Viewer).unwrap();
        for name in ["", "a b", "a\n", "\u{202e}x", &"x".repeat(64), "a.b-c_d@e"] {
            assert_eq!(tokens.create(name, Role::Viewer).unwrap_err().code, Code::Usage, "{name:?}");
        }
        assert_eq!(tokens.revoke("nobody").unwrap_err().code, Code::NotFound);
    }
}
