//! Detached signatures, in minisign's format.

use minisign_verify::{PublicKey, Signature};

use crate::failure::{Code, Failure, Result};

/// The public keys that the configuration names. None means that nothing needs a signature.
#[derive(Clone, Debug)]
pub struct Keys(Vec<String>);

impl Keys {
    /// Keys as [`parse`] has accepted them.
    pub fn new(keys: &[String]) -> Keys {
        Keys(keys.to_vec())
    }

    /// Whether a signature is needed.
    pub fn are_configured(&self) -> bool {
        !self.0.is_empty()
    }

    /// Refuses bytes that none of the keys has signed. Without keys nothing is refused, but a signature that came with
    /// the bytes is not called good either: nobody could have checked it.
    pub fn verify(&self, bytes: &[u8], signature: Option<&str>) -> Result<()> {
        if !self.are_configured() {
            return Ok(());
        }
        let refuse = |message: &str| {
            Failure::new(Code::PolicyRefused, message)
                .hint("`plugin_keys` of the configuration says whose plugins may be used; sign it with `minisign -S`")
        };
        let text = signature.ok_or_else(|| refuse("the plugin has no signature, and one is required"))?;
        let signature = Signature::decode(text).map_err(|_| refuse("the plugin's signature is not one of minisign"))?;
        let is_good =
            |key: &String| PublicKey::from_base64(key).is_ok_and(|key| key.verify(bytes, &signature, false).is_ok());
        match self.0.iter().any(is_good) {
            true => Ok(()),
            false => Err(refuse("the plugin's signature is of none of the configured keys, or of other bytes")),
        }
    }
}

/// Whether text is a public key in minisign's format, without its comment line.
pub fn parse(key: &str) -> bool {
    PublicKey::from_base64(key).is_ok()
}
