//! The first form of a page that acts, read as a browser without scripts reads it.

use html5gum::{Token, Tokenizer};

/// A check-box with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    pub name: String,
    pub value: String,
    pub ticked: bool,
}

/// A form with `method="post"`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// As written; empty means the page itself.
    pub action: String,
    pub hidden: Vec<(String, String)>,
    pub ticks: Vec<Tick>,
    /// Name and value of the first button, when it has a name.
    pub button: Option<(String, String)>,
}

impl Form {
    /// `None` when the page has no form that acts.
    pub fn read(html: &str) -> Option<Self> {
        let mut form: Option<Self> = None;
        for Ok(token) in Tokenizer::new(html) {
            match token {
                Token::StartTag(tag) => {
                    let attribute = |name: &str| {
                        tag.attributes.get(name.as_bytes()).map(|v| String::from_utf8_lossy(v).into_owned())
                    };
                    if tag.name.as_slice() == b"form" {
                        if form.is_none()
                            && attribute("method").is_some_and(|m| m.eq_ignore_ascii_case("post"))
                        {
                            form = Some(Self {
                                action: attribute("action").unwrap_or_default(),
                                ..Self::default()
                            });
                        }
                        continue;
                    }
                    let Some(form) = form.as_mut() else { continue };
                    match tag.name.as_slice() {
                        b"input" => form.input(&attribute),
                        b"button" if form.button.is_none() => {
                            let value = attribute("value").unwrap_or_default();
                            form.button = attribute("name").map(|name| (name, value));
                        }
                        _ => {}
                    }
                }
                Token::EndTag(tag) if tag.name.as_slice() == b"form" && form.is_some() => break,
                _ => {}
            }
        }
        form
    }

    fn input(&mut self, attribute: &dyn Fn(&str) -> Option<String>) {
        let Some(name) = attribute("name").filter(|_| attribute("disabled").is_none()) else { return };
        match attribute("type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "checkbox" => self.ticks.push(Tick {
                name,
                // What browsers send for a box without a value.
                value: attribute("value").unwrap_or_else(|| "on".to_owned()),
                ticked: attribute("checked").is_some(),
            }),
            "submit" => {
                if self.button.is_none() {
                    self.button = Some((name, attribute("value").unwrap_or_default()));
                }
            }
            "radio" | "file" | "image" | "reset" | "button" => {}
            _ => self.hidden.push((name, attribute("value").unwrap_or_default())),
        }
    }

    /// The body that a browser posts when the button is pressed.
    pub fn body(&self) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.hidden {
            body.append_pair(name, value);
        }
        for tick in self.ticks.iter().filter(|t| t.ticked) {
            body.append_pair(&tick.name, &tick.value);
        }
        if let Some((name, value)) = &self.button {
            body.append_pair(name, value);
        }
        body.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_interests_page_is_understood() {
        let html = r#"<form action="/search"><input name="q"></form>
            <form method="POST" action="/p/abc"><input type=hidden name=lang value="uk">
            <input type="hidden" name="shown" value="7+8-.00">
            <label><input type="checkbox" name="interest" value="7" checked><span>Дитячі &lt;b&gt;</span></label>
            <label><input type="checkbox" name="interest" value="8"></label>
            <input type="checkbox" name="no" disabled checked><button name="act" value="yes">OK</button></form>
            <form method="post" action="/other"><input name="x"></form>"#;
        let mut form = Form::read(html).unwrap();
        assert_eq!(form.action, "/p/abc");
        assert_eq!(form.ticks.iter().map(|t| t.ticked).collect::<Vec<_>>(), [true, false]);
        assert_eq!(form.body(), "lang=uk&shown=7%2B8-.00&interest=7&act=yes");
        form.ticks[1].ticked = true;
        assert!(form.body().contains("interest=7&interest=8"));
    }

    #[test]
    fn a_page_without_a_form_that_acts_has_none() {
        assert_eq!(Form::read("<p>thanks</p>"), None);
        assert_eq!(Form::read("<form method=get action=/x><input name=y></form>"), None);
    }

    proptest! {
        #[test]
        fn any_page_is_read(html in "(<form method=post>|</form>|<input |name=a |type=checkbox |checked |>|[\"'<>&;a-z ]){0,40}") {
            if let Some(form) = Form::read(&html) {
                let _ = form.body();
            }
        }
    }
}
