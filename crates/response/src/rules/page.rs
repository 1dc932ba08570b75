//! The public pages as HTML: no script, one column, readable on a small phone, light and dark by the reader's system.

use std::sync::LazyLock;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use basis::{Fault, Lang};
use minijinja::{Environment, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::texts::{Texts, own_name, texts};

const CSS: &str = include_str!("../../templates/page.css");

static ENGINE: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut env = Environment::new();
    // Names ending in .html escape every value.
    env.add_template("page.html", include_str!("../../templates/page.html"))?;
    env.add_template("preferences.html", include_str!("../../templates/preferences.html"))?;
    env.add_template("unsubscribe.html", include_str!("../../templates/unsubscribe.html"))?;
    env.add_template("note.html", include_str!("../../templates/note.html"))?;
    Ok(env)
});

/// The policy of the pages: no script, no picture, no frame; the one style sheet by its hash; forms to ourselves only.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(CSS.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// The policy of a letter shown in the browser: its author's styles and pictures, in a sandbox that runs nothing.
pub const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/// What every page shows around its content.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    #[serde(skip)]
    pub lang: Lang,
    /// The workspace as its customers know it.
    pub shop: String,
    pub simulated: bool,
    /// The page's own path, for the language switch.
    pub path: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Topic {
    pub id: String,
    pub name: String,
    pub ticked: bool,
}

/// The interests page.
#[derive(Debug, Clone, Serialize)]
pub struct Preferences {
    pub address: String,
    pub topics: Vec<Topic>,
    /// All were ticked by the shop, not by the person.
    pub defaults: bool,
    pub sealed: String,
    pub unsubscribe_path: String,
}

/// A page that only says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    Gone,
    Tampered,
    Expired,
    Trouble,
}

fn render(name: &str, frame: &Frame, page: impl Serialize, title: &str) -> Result<String, Fault> {
    let failed = |e: &minijinja::Error| Fault::internal("page", format!("the page {name} was not made: {e}"));
    let env = ENGINE.as_ref().map_err(failed)?;
    let languages: Vec<_> = Lang::ALL
        .iter()
        .map(|l| context! { code => l.as_str(), name => own_name(*l), current => *l == frame.lang })
        .collect();
    let t: &Texts = texts(frame.lang);
    // The style sheet is ours and is hashed in the policy: it must stand in the page byte for byte.
    let css = minijinja::Value::from_safe_string(CSS.to_owned());
    let values = context! { t, frame, page, title, languages, css };
    env.get_template(name).and_then(|template| template.render(values)).map_err(|e| failed(&e))
}

/// # Errors
/// Only when a template of ours is broken.
pub fn preferences(frame: &Frame, page: &Preferences) -> Result<String, Fault> {
    render("preferences.html", frame, page, texts(frame.lang).preferences_title)
}

/// The same page after Confirm: what was chosen, and the way back.
///
/// # Errors
/// Only when a template of ours is broken.
pub fn saved(frame: &Frame, chosen: &[String]) -> Result<String, Fault> {
    let t = texts(frame.lang);
    let text = if chosen.is_empty() { t.saved_none } else { t.saved_some };
    let page = context! { text, list => chosen, back => frame.path, back_text => t.change };
    render("note.html", frame, page, t.saved_title)
}

/// # Errors
/// Only when a template of ours is broken.
pub fn unsubscribe(frame: &Frame, address: &str, preferences_path: &str) -> Result<String, Fault> {
    render(
        "unsubscribe.html",
        frame,
        context! { address, preferences_path },
        texts(frame.lang).unsubscribe_title,
    )
}

/// # Errors
/// Only when a template of ours is broken.
pub fn note(frame: &Frame, note: Note) -> Result<String, Fault> {
    let t = texts(frame.lang);
    let (title, text) = match note {
        Note::Gone => (t.gone_title, t.gone),
        Note::Tampered => (t.tampered_title, t.tampered),
        Note::Expired => (t.expired_title, t.expired),
        Note::Trouble => (t.trouble_title, t.trouble),
    };
    render("note.html", frame, context! { text }, title)
}

/// The language of a page: the one asked for, else the letter's, else the first of the browser's that we speak, else the shop's.
pub fn language(asked: Option<&str>, letter: Option<&str>, accept: &str, shop: Lang) -> Lang {
    let known = |code: &str| code.parse::<Lang>().ok();
    asked
        .and_then(known)
        .or_else(|| letter.and_then(known))
        .or_else(|| {
            accept.split(',').find_map(|part| known(part.trim().split(['-', ';']).next().unwrap_or("")))
        })
        .unwrap_or(shop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(lang: Lang) -> Frame {
        Frame {
            lang, shop: "Книгарня <«Перо»> & Co".to_owned(), simulated: true, path: "/p/abc".to_owned()
        }
    }

    fn page() -> Preferences {
        Preferences {
            address: "ol***@ukr.net".to_owned(),
            topics: vec![
                Topic {
                    id: "7".to_owned(), name: "Детская <b>книга</b>".to_owned(), ticked: true
                },
                Topic { id: "8".to_owned(), name: "Фантастика".to_owned(), ticked: false },
            ],
            defaults: true,
            sealed: "7+8-.00".to_owned(),
            unsubscribe_path: "/u/def".to_owned(),
        }
    }

    #[test]
    fn pages_are_as_they_were_looked_at() {
        insta::assert_snapshot!("preferences_ru", preferences(&frame(Lang::Ru), &page()).unwrap());
        insta::assert_snapshot!(
            "unsubscribe_uk",
            unsubscribe(&frame(Lang::Uk), "ol***@ukr.net", "/p/abc").unwrap()
        );
        insta::assert_snapshot!("saved_en", saved(&frame(Lang::En), &["Poetry".to_owned()]).unwrap());
        insta::assert_snapshot!(
            "expired_ru",
            note(&Frame { simulated: false, ..frame(Lang::Ru) }, Note::Expired).unwrap()
        );
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let html = preferences(&frame(Lang::En), &page()).unwrap();
        assert!(!html.contains("<b>") && !html.contains("<«"));
        assert!(!html.contains("<script") && !html.contains("style="), "nothing that the policy forbids");
    }

    #[test]
    fn every_page_is_made_in_every_language() {
        for lang in Lang::ALL {
            let frame = frame(lang);
            for which in [Note::Gone, Note::Tampered, Note::Expired, Note::Trouble] {
                let html = note(&frame, which).unwrap();
                assert!(html.contains(&format!("<html lang=\"{lang}\"")));
            }
            saved(&frame, &[]).unwrap();
            unsubscribe(&frame, "a***@x.ua", "/p/x").unwrap();
            preferences(&frame, &page()).unwrap();
        }
    }

    #[test]
    fn the_language_is_the_letters_unless_the_reader_switches() {
        assert_eq!(language(Some("en"), Some("uk"), "ru", Lang::Ru), Lang::En);
        assert_eq!(language(Some("zz"), Some("uk"), "ru", Lang::Ru), Lang::Uk);
        assert_eq!(language(None, None, "de-DE, uk;q=0.8, en", Lang::Ru), Lang::Uk);
        assert_eq!(language(None, None, "", Lang::Ru), Lang::Ru);
    }

    #[test]
    fn the_policy_names_the_style_sheet_that_is_in_the_page() {
        let html = note(&frame(Lang::En), Note::Gone).unwrap();
        let css = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(css.as_bytes()));
        assert!(POLICY.contains(&hash));
    }
}
