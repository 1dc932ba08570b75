//! Secrets at rest: XChaCha20-Poly1305 under the installation's key, the name of the secret bound in.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use basis::{Fault, Rng, WorkspaceId};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

/// The key that seals the secrets of an installation.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From 64 hexadecimal digits, as `OTKLIK_SECRET_KEY` holds them.
    pub fn from_hex(text: &str) -> Result<Self, Fault> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            Fault::invalid("secret_key", "the secret key is 64 hexadecimal digits (32 bytes)")
        })?;
        Ok(Self(bytes))
    }

    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads `secret.key` of the data folder, or makes it (readable by its owner only).
    pub fn of_folder(folder: &Path, rng: &mut Rng) -> Result<Self, Fault> {
        let path = folder.join("secret.key");
        let io = |e: std::io::Error| Fault::internal("secret_key", format!("{}: {e}", path.display()));
        if path.exists() {
            return Self::from_hex(&std::fs::read_to_string(&path).map_err(io)?);
        }
        let key = Self(rng.bytes());
        use std::os::unix::fs::OpenOptionsExt;
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(io)?;
        std::io::Write::write_all(&mut file, key.to_hex().as_bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        Ok(key)
    }

    pub(crate) fn seal(
        &self,
        ws: WorkspaceId,
        name: &str,
        plain: &[u8],
        nonce: [u8; 24],
    ) -> Result<String, Fault> {
        let aad = format!("{ws}/{name}");
        let sealed = XChaCha20Poly1305::new((&self.0).into())
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: aad.as_bytes() })
            .map_err(|_| Fault::internal("seal", "the secret could not be sealed"))?;
        Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    pub(crate) fn open(&self, ws: WorkspaceId, name: &str, sealed: &str) -> Result<Vec<u8>, Fault> {
        let wrong = || {
            Fault::internal(
                "seal",
                format!(
                    "the secret \"{name}\" was sealed with another key; start with the secret.key it was made with"
                ),
            )
        };
        let bytes = STANDARD.decode(sealed).map_err(|_| wrong())?;
        let (nonce, body) = bytes.split_at_checked(24).ok_or_else(wrong)?;
        let aad = format!("{ws}/{name}");
        XChaCha20Poly1305::new((&self.0).into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: aad.as_bytes() })
            .map_err(|_| wrong())
    }
}
