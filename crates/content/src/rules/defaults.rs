//! The letters, messages and scripts that the product ships, as data files.

use basis::Lang;

use super::letter::LetterSource;

macro_rules! by_language {
    ($lang:expr, $before:literal, $after:literal) => {
        match $lang {
            Lang::Ru => include_str!(concat!("../../data/", $before, ".ru", $after)),
            Lang::Uk => include_str!(concat!("../../data/", $before, ".uk", $after)),
            Lang::En => include_str!(concat!("../../data/", $before, ".en", $after)),
        }
    };
}

/// The sender and unsubscribe block, for `<letter-footer />`.
pub fn footer_mjml(lang: Lang) -> &'static str {
    by_language!(lang, "footer", ".mjml")
}

/// The same for the plain-text part, added when its author wrote no unsubscribe link.
pub fn footer_text(lang: Lang) -> &'static str {
    by_language!(lang, "footer", ".txt")
}

/// The first letter: thanks for the very books bought, asks for interests, sells nothing.
/// The first line of its text file is the subject.
pub fn first_letter(lang: Lang) -> LetterSource {
    letter(by_language!(lang, "letter1", ".mjml"), by_language!(lang, "letter1", ".txt"))
}

/// A letter out of its two files.
fn letter(mjml: &str, file: &str) -> LetterSource {
    let (subject, text) = file.split_once('\n').unwrap_or((file, ""));
    LetterSource {
        subject: subject.trim_start_matches("Subject:").trim().to_owned(),
        mjml: mjml.to_owned(),
        text: text.trim().to_owned(),
    }
}

/// For who bought, for the first time, what has to be understood before it is of use: each letter with the days after the one
/// before it. Where to start, is it going well, what next.
pub fn onboarding(lang: Lang) -> [(i64, LetterSource); 3] {
    [
        (1, letter(by_language!(lang, "onboarding1", ".mjml"), by_language!(lang, "onboarding1", ".txt"))),
        (4, letter(by_language!(lang, "onboarding2", ".mjml"), by_language!(lang, "onboarding2", ".txt"))),
        (10, letter(by_language!(lang, "onboarding3", ".mjml"), by_language!(lang, "onboarding3", ".txt"))),
    ]
}

/// "Look into your mailbox", for those the letter met with silence.
pub fn sms(lang: Lang) -> &'static str {
    by_language!(lang, "sms", ".txt").trim_ascii()
}

/// What the operator says.
pub fn call_script(lang: Lang) -> &'static str {
    by_language!(lang, "call", ".txt").trim_ascii()
}
