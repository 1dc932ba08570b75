//! Return addresses that name the message they belong to (VERP), signed so that nobody can forge a
//! bounce, an unsubscribe or a reply for another person's message.
//!
//! Local part: `b.` `u.` or `r.` and 40 base32 letters of message (8 bytes), workspace (8 bytes) and a
//! MAC (9 bytes of HMAC-SHA256 over kind, message, workspace). Lower case only, because relays on the way
//! may change the case of a local part; 42 characters of the 64 that RFC 5321 allows.

use basis::{MessageId, WorkspaceId};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// What the address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// Envelope sender: bounces and complaints come here.
    Bounce,
    /// `List-Unsubscribe: <mailto:…>`.
    Unsubscribe,
    /// `Reply-To` when replies are wanted in the product.
    Reply,
}

impl AddressKind {
    fn letter(self) -> char {
        match self {
            Self::Bounce => 'b',
            Self::Unsubscribe => 'u',
            Self::Reply => 'r',
        }
    }
}

/// The message an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageRef {
    pub workspace: WorkspaceId,
    pub message: MessageId,
}

/// Makes and reads the addresses of one installation.
#[derive(Clone)]
pub struct Verp {
    key: [u8; 32],
    domain: String,
}

impl std::fmt::Debug for Verp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verp").field("domain", &self.domain).finish_non_exhaustive()
    }
}

const MAC_LEN: usize = 9;
const TOKEN_LEN: usize = 16 + MAC_LEN;

impl Verp {
    /// `domain` is the one whose MX points at the inbound receiver.
    #[must_use]
    pub fn new(key: [u8; 32], domain: &str) -> Self {
        Self { key, domain: domain.to_ascii_lowercase() }
    }

    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    fn mac(&self, kind: AddressKind, of: MessageRef) -> [u8; MAC_LEN] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(b"otklik verp 1");
        mac.update(&[u8::try_from(kind.letter()).unwrap_or(b'?')]);
        mac.update(&of.message.get().to_be_bytes());
        mac.update(&of.workspace.get().to_be_bytes());
        let full = mac.finalize().into_bytes();
        let mut short = [0; MAC_LEN];
        short.copy_from_slice(&full[..MAC_LEN]);
        short
    }

    /// The full address, `b.…@bounces.shop.example`.
    #[must_use]
    pub fn address(&self, kind: AddressKind, of: MessageRef) -> String {
        let mut token = [0u8; TOKEN_LEN];
        token[..8].copy_from_slice(&of.message.get().to_be_bytes());
        token[8..16].copy_from_slice(&of.workspace.get().to_be_bytes());
        token[16..].copy_from_slice(&self.mac(kind, of));
        format!("{}.{}@{}", kind.letter(), base32(&token), self.domain)
    }

    /// Which workspace an address claims to be of, before its signature is checked with that workspace's key.
    #[must_use]
    pub fn workspace_of(address: &str) -> Option<WorkspaceId> {
        let (local, _) = address.rsplit_once('@')?;
        let token = unbase32(local.split_once('.')?.1)?;
        Some(WorkspaceId(i64::from_be_bytes(token[8..16].try_into().ok()?)))
    }

    /// Reads an address back; `None` for any address that this installation did not make.
    #[must_use]
    pub fn parse(&self, address: &str) -> Option<(AddressKind, MessageRef)> {
        let (local, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let (kind, token) = local.split_once('.')?;
        let kind = match kind {
            "b" | "B" => AddressKind::Bounce,
            "u" | "U" => AddressKind::Unsubscribe,
            "r" | "R" => AddressKind::Reply,
            _ => return None,
        };
        let token = unbase32(token)?;
        let message = MessageId(i64::from_be_bytes(token[..8].try_into().ok()?));
        let workspace = WorkspaceId(i64::from_be_bytes(token[8..16].try_into().ok()?));
        let of = MessageRef { workspace, message };
        bool::from(self.mac(kind, of).ct_eq(&token[16..])).then_some((kind, of))
    }
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn base32(bytes: &[u8; TOKEN_LEN]) -> String {
    let mut out = String::with_capacity(TOKEN_LEN * 8 / 5);
    for five in bytes.chunks_exact(5) {
        let value = five.iter().fold(0u64, |acc, &b| (acc << 8) | u64::from(b));
        for shift in (0..8).rev() {
            let index = usize::try_from((value >> (shift * 5)) & 31).unwrap_or(0);
            out.push(char::from(ALPHABET[index]));
        }
    }
    out
}

fn unbase32(text: &str) -> Option<[u8; TOKEN_LEN]> {
    if text.len() != TOKEN_LEN * 8 / 5 {
        return None;
    }
    let mut out = [0u8; TOKEN_LEN];
    for (group, five) in text.as_bytes().chunks_exact(8).zip(out.chunks_exact_mut(5)) {
        let mut value = 0u64;
        for letter in group {
            let letter = letter.to_ascii_lowercase();
            let index = ALPHABET.iter().position(|&a| a == letter)?;
            value = (value << 5) | u64::try_from(index).ok()?;
        }
        five.copy_from_slice(&value.to_be_bytes()[3..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [AddressKind; 3] = [AddressKind::Bounce, AddressKind::Unsubscribe, AddressKind::Reply];

    #[test]
    fn another_key_or_domain_does_not_read_it() {
        let verp = Verp::new([7; 32], "Bounces.shop.example");
        let of = MessageRef { workspace: WorkspaceId(3), message: MessageId(99) };
        let address = verp.address(AddressKind::Bounce, of);
        assert_eq!(verp.parse(&address), Some((AddressKind::Bounce, of)));
        assert_eq!(verp.parse(&address.to_uppercase()), Some((AddressKind::Bounce, of)));
        assert_eq!(Verp::new([8; 32], "bounces.shop.example").parse(&address), None);
        assert_eq!(Verp::new([7; 32], "other.example").parse(&address), None);
        assert_eq!(verp.parse(&address.replacen("b.", "u.", 1)), None);
    }

    proptest! {
        #[test]
        fn round_trip(workspace: i64, message: i64, key: [u8; 32], kind in 0usize..3) {
            let verp = Verp::new(key, "x.example");
            let of = MessageRef { workspace: WorkspaceId(workspace), message: MessageId(message) };
            let address = verp.address(KINDS[kind], of);
            prop_assert!(address.split('@').next().unwrap().len() <= 64);
            prop_assert_eq!(verp.parse(&address), Some((KINDS[kind], of)));
        }

        #[test]
        fn one_changed_letter_is_refused(message: i64, at in 2usize..42, to in 0usize..32) {
            let verp = Verp::new([1; 32], "x.example");
            let address = verp.address(AddressKind::Bounce, MessageRef { workspace: WorkspaceId(1), message: MessageId(message) });
            let mut bytes = address.into_bytes();
            prop_assume!(bytes[at] != ALPHABET[to]);
            bytes[at] = ALPHABET[to];
            prop_assert_eq!(verp.parse(std::str::from_utf8(&bytes).unwrap()), None);
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,80}") {
            prop_assert_eq!(Verp::new([1; 32], "x.example").parse(&text), None);
        }
    }
}
