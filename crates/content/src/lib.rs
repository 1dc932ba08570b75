#![doc = include_str!("../README.md")]

mod api;
pub mod rules;
mod store;

pub use api::routes;

pub use rules::{
    checks::{Finding, FindingCode, Part, Severity, check_letter, check_script, check_sms},
    defaults,
    language::{choose_language, spelling_votes},
    letter::{Letter, LetterSource, RenderedLetter, Short},
    links::Link,
    merge::{Choice, Guide, Links, Merge, Offer, Person, Sender},
    sandbox::TemplateError,
    sms::{Encoding, SmsSize, sms_size},
};
pub use store::{Recipient, TemplateKind, recipients, sender_of};
