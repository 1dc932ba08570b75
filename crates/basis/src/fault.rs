//! The error that reaches a person: what is wrong and what to do, with a stable code for programs.

use std::fmt;

/// What sort of answer a fault is. The HTTP edge maps it to a status, the command line to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The input cannot be used (422, exit 3).
    Invalid,
    /// No such thing in this workspace (404, exit 1).
    NotFound,
    /// It stands against what is there already (409, exit 1).
    Conflict,
    /// Nobody is signed in (401, exit 1).
    Unauthenticated,
    /// This person may not (403, exit 4).
    Forbidden,
    /// A rule of contact or of the product forbids it (422, exit 4).
    Refused,
    /// Too much at once (429, exit 1).
    TooMany,
    /// Too large (413, exit 3).
    TooLarge,
    /// Our own fault (500, exit 1).
    Internal,
}

/// One or more sentences for a person, one code for a program.
#[derive(Debug, Clone)]
pub struct Fault {
    pub kind: FaultKind,
    /// Stable, snake_case: `email`, `letter_without_unsubscribe`.
    pub code: &'static str,
    pub detail: String,
    /// Where in the input: (path of a field or "file:line:column", what is wrong there).
    pub fields: Vec<(String, String)>,
}

macro_rules! constructors {
    ($($name:ident => $kind:ident),* $(,)?) => {$(
        pub fn $name(code: &'static str, detail: impl Into<String>) -> Self {
            Self { kind: FaultKind::$kind, code, detail: detail.into(), fields: Vec::new() }
        }
    )*};
}

impl Fault {
    constructors! {
        invalid => Invalid, not_found => NotFound, conflict => Conflict, unauthenticated => Unauthenticated,
        forbidden => Forbidden, refused => Refused, too_many => TooMany, too_large => TooLarge, internal => Internal,
    }

    #[must_use]
    pub fn with_field(mut self, path: impl Into<String>, what: impl Into<String>) -> Self {
        self.fields.push((path.into(), what.into()));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        for (path, what) in &self.fields {
            write!(f, "\n  {path}: {what}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
