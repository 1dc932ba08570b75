//! Signed links of letters: no login, nothing to guess, short enough for an SMS.
//!
//! A token is base64url of 1 byte of kind, 8 + 8 bytes of workspace and message, 2 bytes of link number and the first
//! 12 bytes of HMAC-SHA256 over them: 42 characters.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use basis::{MessageId, WorkspaceId};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// A tracked link of the letter, by its number in the wave's `links`.
    Click(u16),
    Preferences,
    Unsubscribe,
    /// The letter itself, in the browser.
    Browser,
}

impl LinkKind {
    /// The page of a token.
    pub fn path_of(self, token: &str) -> String {
        let letter = match self {
            Self::Click(_) => 'r',
            Self::Preferences => 'p',
            Self::Unsubscribe => 'u',
            Self::Browser => 'v',
        };
        format!("/{letter}/{token}")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub workspace: WorkspaceId,
    pub message: MessageId,
    pub kind: LinkKind,
}

impl Link {
    /// The path on the public site.
    pub fn path(&self, key: &[u8; 32]) -> String {
        self.kind.path_of(&make(key, *self))
    }
}

/// The token of a link.
pub fn make(key: &[u8; 32], link: Link) -> String {
    let (kind, number) = match link.kind {
        LinkKind::Click(number) => (1_u8, number),
        LinkKind::Preferences => (2, 0),
        LinkKind::Unsubscribe => (3, 0),
        LinkKind::Browser => (4, 0),
    };
    let mut bytes = Vec::with_capacity(31);
    bytes.push(kind);
    bytes.extend_from_slice(&link.workspace.get().to_be_bytes());
    bytes.extend_from_slice(&link.message.get().to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    let tag = tag(key, &bytes);
    bytes.extend_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Which workspace a token claims to be of, before its signature is checked with that workspace's key.
pub fn workspace_of(token: &str) -> Option<WorkspaceId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(WorkspaceId(i64::from_be_bytes(bytes.get(1..9)?.try_into().ok()?)))
}

/// The link of a token, or nothing when a single bit of it was changed.
pub fn read(key: &[u8; 32], token: &str) -> Option<Link> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (body, given) = bytes.split_at_checked(19)?;
    if !bool::from(tag(key, body).as_slice().ct_eq(given)) {
        return None;
    }
    let number = u16::from_be_bytes(body.get(17..19)?.try_into().ok()?);
    let kind = match body.first()? {
        1 => LinkKind::Click(number),
        2 => LinkKind::Preferences,
        3 => LinkKind::Unsubscribe,
        4 => LinkKind::Browser,
        _ => return None,
    };
    Some(Link {
        workspace: WorkspaceId(i64::from_be_bytes(body.get(1..9)?.try_into().ok()?)),
        message: MessageId(i64::from_be_bytes(body.get(9..17)?.try_into().ok()?)),
        kind,
    })
}

fn tag(key: &[u8; 32], body: &[u8]) -> [u8; 12] {
    let mut short = [0; 12];
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(body);
        let full = mac.finalize().into_bytes();
        short.copy_from_slice(&full[..12]);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_token_leads_nowhere() {
        let key = [7; 32];
        let link = Link { workspace: WorkspaceId(5), message: MessageId(1 << 60), kind: LinkKind::Click(3) };
        let token = make(&key, link);
        assert_eq!(token.len(), 42);
        assert_eq!(read(&key, &token), Some(link));
        assert_eq!(workspace_of(&token), Some(WorkspaceId(5)));
        assert_eq!(read(&[8; 32], &token), None);
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            if changed != token {
                assert_eq!(read(&key, &changed), None, "{changed}");
            }
        }
        assert_eq!(read(&key, ""), None);
    }
}
