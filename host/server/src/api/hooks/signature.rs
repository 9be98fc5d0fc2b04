//! The secret that webhooks are signed with, and whether a body is signed with it. A body is looked at as it comes:
//! nobody is known yet, so nothing of it is kept here.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// A shorter secret can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// What only the host and the senders know.
pub(crate) struct Secret(Vec<u8>);

/// A signature, while the body that it is of comes in.
pub(crate) struct Signature {
    given: Vec<u8>,
    body: Hmac<Sha256>,
}

impl Secret {
    pub(crate) fn read(file: &Path) -> Result<Secret> {
        let refused = |why: Message, hint: Message| {
            Failure::new(Code::StateRefused, message!("file-and-why", file = escape::path(file), why)).hint(hint)
        };
        let failed = |error: std::io::Error| Failure::io("read", file, &error).with_code(Code::StateRefused);
        if std::fs::metadata(file).map_err(failed)?.mode() & 0o077 != 0 {
            return Err(refused(message!("can-be-read-by-others"), message!("chmod-600-it-and-change")));
        }
        let secret = std::fs::read(file).map_err(failed)?.trim_ascii().to_vec();
        match secret.len() < SECRET_BYTES_MIN {
            true => Err(refused(message!("holds-a-secret-of-less"), message!("openssl-rand-hex-32-makes"))),
            false => Ok(Secret(secret)),
        }
    }

    /// `sha256=HEX`, if it is of that form.
    pub(crate) fn signature(&self, given: &str) -> Option<Signature> {
        let given = hex::decode(given.strip_prefix("sha256=")?).ok()?;
        Some(Signature { given, body: Hmac::new_from_slice(&self.0).ok()? })
    }
}

impl Signature {
    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.body.update(piece);
    }

    /// What tells this body from every other, once it is whole; none if the signature is not its own.
    pub(crate) fn verified(self) -> Option<String> {
        self.body.clone().verify_slice(&self.given).ok()?;
        Some(hex::encode(self.body.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_body_however_it_comes_in_and_of_one_secret() {
        let (secret, other) = (Secret(b"a secret of this length".to_vec()), Secret(b"another of this length".to_vec()));
        // As `openssl dgst -sha256 -hmac` says.
        let given = "sha256=94af5d10deecf04e99063c6389aea56964215237798db0816f2081f70ac04453";
        let verified = |secret: &Secret, given: &str, pieces: &[&[u8]]| {
            let mut signature = secret.signature(given)?;
            pieces.iter().for_each(|piece| signature.update(piece));
            signature.verified()
        };
        assert_eq!(verified(&secret, given, &[b"{\"a\":", b"1}"]).as_deref(), given.strip_prefix("sha256="));
        assert_eq!(verified(&secret, given, &[b"{\"a\":1} "]), None);
        assert_eq!(verified(&other, given, &[b"{\"a\":1}"]), None);
        for malformed in ["", "sha256=", "sha256=0", "sha1=00", &given[7..]] {
            assert_eq!(verified(&secret, malformed, &[b"{\"a\":1}"]), None, "{malformed}");
        }
    }
}
