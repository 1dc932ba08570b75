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
    let file = by_language!(lang, "letter1", ".txt");
    let (subject, text) = file.split_once('\n').unwrap_or((file, ""));
    LetterSource {
        subject: subject.trim_start_matches("Subject:").trim().to_owned(),
        mjml: by_language!(lang, "letter1", ".mjml").to_owned(),
        text: text.trim().to_owned(),
    }
}

/// "Look into your mailbox", for those the letter met with silence.
pub fn sms(lang: Lang) -> &'static str {
    by_language!(lang, "sms", ".txt").trim_ascii()
}

/// What the operator says.
pub fn call_script(lang: Lang) -> &'static str {
    by_language!(lang, "call", ".txt").trim_ascii()
}
