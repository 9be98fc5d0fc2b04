//! Detached signatures, in minisign's format.

use minisign_verify::{PublicKey, Signature};

use crate::failure::{Code, Failure, Result};
use crate::message;
use crate::message::Message;

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
        let refuse = |message: Message| {
            Failure::new(Code::PolicyRefused, message).hint(message!("plugin-keys-of-the-configuration-says"))
        };
        let text = signature.ok_or_else(|| refuse(message!("the-plugin-has-no-signature")))?;
        let signature = Signature::decode(text).map_err(|_| refuse(message!("the-plugins-signature")))?;
        let is_good =
            |key: &String| PublicKey::from_base64(key).is_ok_and(|key| key.verify(bytes, &signature, false).is_ok());
        match self.0.iter().any(is_good) {
            true => Ok(()),
            false => Err(refuse(message!("the-plugins-signature-is"))),
        }
    }
}

/// Whether text is a public key in minisign's format, without its comment line.
pub fn parse(key: &str) -> bool {
    PublicKey::from_base64(key).is_ok()
}
