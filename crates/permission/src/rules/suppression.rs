//! Stop-lists hold keyed hashes, so that they outlive the person's data without keeping it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// HMAC-SHA-256 of kind and canonical value under the workspace's suppression key, in hex.
pub fn value_hash(key: &[u8; 32], kind: &str, value: &str) -> String {
    // HMAC takes keys of any length, so a key of 32 bytes is never refused.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(match_form(kind, value).as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The form under which two spellings of one mailbox meet: lower case throughout. A stop-list may stop too much, never too little.
fn match_form(kind: &str, value: &str) -> String {
    if kind == "email" { value.trim().to_lowercase() } else { value.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_hash_and_keys_differ() {
        let (a, b) = ([1; 32], [2; 32]);
        assert_eq!(value_hash(&a, "email", "Ann@x.ua"), value_hash(&a, "email", "ann@x.ua "));
        assert_ne!(value_hash(&a, "email", "ann@x.ua"), value_hash(&b, "email", "ann@x.ua"));
        assert_ne!(value_hash(&a, "email", "1"), value_hash(&a, "phone", "1"));
        assert_eq!(value_hash(&a, "phone", "+380961234567").len(), 64);
    }
}
