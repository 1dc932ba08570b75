use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use basis::Fault;

/// The hash of a new password; argon2id with the crate's defaults (19 MiB, two passes), as OWASP advises.
pub async fn hash(password: String, salt: [u8; 16]) -> Result<String, Fault> {
    if password.chars().count() < 10 {
        return Err(Fault::invalid("password", "a password has at least 10 characters"));
    }
    let failed = |e: &dyn std::fmt::Display| {
        Fault::internal("password", format!("the password cannot be hashed: {e}"))
    };
    tokio::task::spawn_blocking(move || {
        let salt = SaltString::encode_b64(&salt).map_err(|e| failed(&e))?;
        Argon2::default()
            .hash_password(password.as_bytes(), &salt)
            .map(|h| h.to_string())
            .map_err(|e| failed(&e))
    })
    .await
    .map_err(|e| failed(&e))?
}

/// Whether the password is the one of the hash. Without a hash the same work is done, so that the time does not tell who exists.
pub async fn verify(password: String, hash: Option<String>) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$9GKIcRSLQPvYpDU5jZD8oVnXJ7pGQP0jU7lQ0pVJx9I";
    let known = hash.is_some();
    let checked = tokio::task::spawn_blocking(move || {
        PasswordHash::new(hash.as_deref().unwrap_or(NOBODY))
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
    .unwrap_or(false);
    known && checked
}
