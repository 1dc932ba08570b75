//! Enums that are words outside: in the database, in JSON, on the command line.

/// An enum of which each variant is one word, with `ALL`, `as_str`, `Display` and `FromStr` by it. The second name says in the
/// error what was expected. Derive serde's traits on it: each variant is renamed to its word.
///
/// ```
/// basis::words! {
///     /// How a letter ended.
///     #[derive(serde::Serialize, serde::Deserialize)]
///     End, "end" { Read = "read", Lost = "lost" }
/// }
/// assert_eq!("lost".parse::<End>().unwrap().as_str(), "lost");
/// assert_eq!("burnt".parse::<End>().unwrap_err().to_string(), "\"burnt\" is not a word for \"end\"; known: read, lost");
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$variant_meta:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::Fault;

            fn from_str(word: &str) -> ::std::result::Result<Self, $crate::Fault> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::Fault::invalid(
                        $what,
                        format!("\"{word}\" is not a word for \"{}\"; known: {}", $what, [$($word),+].join(", ")),
                    )),
                }
            }
        }
    };
}
