//! DKIM: keys, signatures and the DNS record that publishes a key (RFC 6376, RFC 8301).

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::crypto::{RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::{Canonicalization, DkimSigner, Done};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

/// Headers under the signature. Those of the unsubscribe are in it, as RFC 8058 §4 demands.
const SIGNED: [&str; 13] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "Auto-Submitted",
    "Precedence",
];

#[derive(Debug, thiserror::Error)]
pub enum DkimError {
    #[error("the key could not be made")]
    Generate,
    #[error("the stored key is not an RSA key in PKCS#8")]
    Key,
    #[error("the letter could not be signed: {0}")]
    Sign(String),
}

/// A fresh RSA-2048 private key, PKCS#8 DER. RSA, because some large mailbox providers still do not
/// verify Ed25519; 2048 bits, because a longer one does not fit one TXT string.
///
/// # Errors
/// The system gave no randomness.
pub fn generate_key() -> Result<Zeroizing<Vec<u8>>, DkimError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| DkimError::Generate)?;
    let der = pair.as_der().map_err(|_| DkimError::Generate)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// The TXT record of `selector._domainkey.domain` for a private key.
///
/// # Errors
/// The key can't be read.
pub fn dns_record(private_pkcs8: &[u8]) -> Result<String, DkimError> {
    let pair = KeyPair::from_pkcs8(private_pkcs8).map_err(|_| DkimError::Key)?;
    let public = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key())
        .map_err(|_| DkimError::Key)?;
    Ok(format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public.as_ref())))
}

/// Signs letters of one domain. Cheap to share, made once per campaign.
pub struct Signer {
    inner: DkimSigner<RsaKey<Sha256>, Done>,
    domain: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl Signer {
    /// # Errors
    /// The key can't be read.
    pub fn new(domain: &str, selector: &str, private_pkcs8: &[u8]) -> Result<Self, DkimError> {
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(private_pkcs8));
        let key = RsaKey::<Sha256>::from_key_der(der).map_err(|_| DkimError::Key)?;
        let inner = DkimSigner::from_key(key)
            .domain(domain)
            .selector(selector)
            .headers(SIGNED)
            .header_canonicalization(Canonicalization::Relaxed)
            .body_canonicalization(Canonicalization::Relaxed);
        Ok(Self { inner, domain: domain.to_owned() })
    }

    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The letter with its `DKIM-Signature` in front. Call it last: a later change breaks it.
    ///
    /// # Errors
    /// The letter has none of the signed headers.
    pub fn sign(&self, letter: &[u8]) -> Result<Vec<u8>, DkimError> {
        let signature = self.inner.sign(letter).map_err(|e| DkimError::Sign(e.to_string()))?;
        let header = signature.to_header();
        let mut out = Vec::with_capacity(header.len() + letter.len());
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(letter);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_holds_the_public_half() {
        let key = generate_key().unwrap();
        let record = dns_record(&key).unwrap();
        let p = STANDARD.decode(record.split("p=").nth(1).unwrap()).unwrap();
        // SubjectPublicKeyInfo of RSA-2048 is 294 bytes.
        assert_eq!(p.len(), 294);
        assert!(dns_record(b"not a key").is_err());
        assert!(Signer::new("a.example", "s", b"not a key").is_err());
    }

    #[test]
    fn signs_in_front_of_the_letter() {
        let key = generate_key().unwrap();
        let signer = Signer::new("books.example", "otklik1", &key).unwrap();
        let letter = b"From: a@books.example\r\nTo: b@c.example\r\nSubject: x\r\n\r\nhello\r\n";
        let signed = signer.sign(letter).unwrap();
        let text = String::from_utf8(signed.clone()).unwrap();
        assert!(text.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"), "{text}");
        assert!(text.contains("d=books.example") && text.contains("s=otklik1"));
        assert!(signed.ends_with(letter));
    }
}
