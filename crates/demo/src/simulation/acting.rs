//! One action of one person, over the wire.

use std::net::SocketAddr;
use std::sync::Arc;

use basis::{Fault, Time};

use super::{Folk, Mood};
use crate::agenda::{Action, Planned, Return};
use crate::browser::{Agent, Answer, Browser, trouble};
use crate::form::Form;
use crate::letter::Letter;
use crate::people::Dice;
use crate::returned;
use crate::smsc::Smsc;

/// Everything that people act with.
pub(super) struct Hands {
    pub browser: Browser,
    pub smsc: Smsc,
    pub inbound: SocketAddr,
    pub folk: Arc<Folk>,
}

/// How gateways introduce themselves; the last one hides behind a browser's name and is told by its haste.
const SCANNERS: [&str; 3] = [
    "Mozilla/5.0 (compatible; MailGateway LinkScanner/2.1)",
    "python-requests/2.31.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
];

impl Hands {
    /// Does it; answers how the person feels afterwards, when that changed.
    ///
    /// # Errors
    /// The product could not be reached or failed; it may be tried again.
    pub async fn act(&self, planned: &Planned, now: Time) -> Result<Option<Mood>, Fault> {
        let dice = Dice::new(self.folk.seed, &planned.who);
        let agent = Agent::pick(dice.below("browser", 6), self.folk.ukrainian(&planned.who));
        match &planned.action {
            Action::Receipt { sms, state, error } => {
                let done = now.timestamp().strftime("%y%m%d%H%M").to_string();
                if self.smsc.receipt(sms, state, error, &done).await {
                    Ok(None)
                } else {
                    Err(trouble("a receipt was not taken".to_owned()))
                }
            }
            Action::Mail { letter, what } => self.write(letter, *what, now, dice).await,
            Action::Scan { paths } => {
                let how = dice.below("scanner", SCANNERS.len());
                for path in paths {
                    self.browser.scan(path, how == 0, SCANNERS[how]).await?;
                }
                Ok(None)
            }
            Action::Follow { path } => {
                let answer = self.browser.visit(path, &agent).await?;
                seen(path, &answer)?;
                Ok(None)
            }
            Action::Choose { path, first } => {
                if let Some(first) = first {
                    self.browser.visit(first, &agent).await?;
                }
                let pressed = self.fill(path, &agent, |form| tick(form, dice)).await?;
                Ok(pressed.then_some(Mood::Pleased(now)))
            }
            Action::Leave { path } => {
                let pressed = self.fill(path, &agent, |_| {}).await?;
                Ok(pressed.then_some(Mood::Annoyed))
            }
            Action::OneClick { path } => {
                let answer = self.browser.one_click(path).await?;
                Ok(seen(path, &answer)?.then_some(Mood::Annoyed))
            }
            Action::Text { from, to, text } => {
                if self.smsc.write(from, to, text).await {
                    Ok(Some(Mood::Annoyed))
                } else {
                    Err(trouble("a short message was not taken".to_owned()))
                }
            }
            // An operator answers; see `operator`.
            Action::PhoneBack { .. } => Ok(None),
        }
    }

    async fn write(
        &self,
        letter: &Letter,
        what: Return,
        now: Time,
        dice: Dice<'_>,
    ) -> Result<Option<Mood>, Fault> {
        let id = format!("{:016x}", dice.number(&letter.message_id));
        let (mail, mood) = match what {
            Return::Bounce { status, diagnostic } => {
                (returned::bounce(letter, status, diagnostic, now, &id), None)
            }
            Return::Complaint => (returned::complaint(letter, now, &id), Some(Mood::Annoyed)),
            Return::Words(text) => (returned::words(letter, text, now, &id), None),
            Return::Away => (returned::away(letter, now, &id), None),
            Return::Unsubscribe => {
                let to = letter.unsubscribe_mailto.as_deref().unwrap_or(&letter.reply_to);
                (returned::unsubscribe(letter, to, now, &id), Some(Mood::Annoyed))
            }
        };
        returned::deliver(self.inbound, &mail).await?;
        Ok(mood)
    }

    /// Opens a page, fills its form in and presses the button; `false` when the page has no form for this person.
    async fn fill(&self, path: &str, agent: &Agent, fill: impl FnOnce(&mut Form)) -> Result<bool, Fault> {
        let page = self.browser.visit(path, agent).await?;
        if !seen(path, &page)? {
            return Ok(false);
        }
        // A tracked link leads to the page by a redirect; only the product's own pages are visited.
        let (path, page) = match page.location.as_deref().and_then(own_path) {
            Some(next) => {
                let page = self.browser.visit(&next, agent).await?;
                (next, page)
            }
            None => (path.to_owned(), page),
        };
        let Some(mut form) = Form::read(&page.body) else { return Ok(false) };
        fill(&mut form);
        let action = if form.action.is_empty() { path } else { own_path(&form.action).unwrap_or(path) };
        let answer = self.browser.press(&action, agent, form.body()).await?;
        if !seen(&action, &answer)? {
            return Ok(false);
        }
        if let Some(next) = answer.location.as_deref().and_then(own_path) {
            self.browser.visit(&next, agent).await?;
        }
        Ok(true)
    }
}

/// The path of a public page; also of an absolute address, which is then asked for on this machine.
fn own_path(link: &str) -> Option<String> {
    if link.starts_with('/') && !link.starts_with("//") {
        return Some(link.to_owned());
    }
    crate::letter::page_of(link).map(|(_, path)| path)
}

/// A page that is not there for this person is no reason to try again; a server that fails is.
fn seen(path: &str, answer: &Answer) -> Result<bool, Fault> {
    if answer.status.is_success() || answer.status.is_redirection() {
        return Ok(true);
    }
    if answer.status.is_server_error() || answer.status.as_u16() == 429 {
        return Err(trouble(format!("{}: {}", path.get(..3).unwrap_or(path), answer.status)));
    }
    tracing::debug!(status = %answer.status, "a public page turned a simulated person away");
    Ok(false)
}

/// Four of ten take what is ticked; the others pick one to three topics of their own.
fn tick(form: &mut Form, dice: Dice<'_>) {
    let takes_defaults = dice.chance("defaults", 0.4) && form.ticks.iter().any(|t| t.ticked);
    if takes_defaults || form.ticks.is_empty() {
        return;
    }
    for topic in &mut form.ticks {
        topic.ticked = false;
    }
    for question in ["topic", "second topic", "third topic"].into_iter().take(1 + dice.below("topics", 3)) {
        let at = dice.below(question, form.ticks.len());
        form.ticks[at].ticked = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Tick;

    #[test]
    fn everybody_chooses_something() {
        let mut own = 0;
        for n in 0..500 {
            let who = format!("p{n}@people.test");
            let ticks = (0..9)
                .map(|n| Tick { name: "interest".into(), value: n.to_string(), ticked: true })
                .collect();
            let mut form = Form { ticks, ..Form::default() };
            tick(&mut form, Dice::new(1, &who));
            let chosen = form.ticks.iter().filter(|t| t.ticked).count();
            assert!((1..=3).contains(&chosen) || chosen == 9);
            own += usize::from(chosen < 9);
        }
        assert!((250..350).contains(&own), "{own}");
        let mut plain = Form::default();
        tick(&mut plain, Dice::new(1, "x"));
        assert!(plain.ticks.is_empty());
    }

    #[test]
    fn nobody_is_led_away() {
        assert_eq!(own_path("/p/x?saved=1").as_deref(), Some("/p/x?saved=1"));
        assert_eq!(own_path("https://shop.example/catalogue"), None);
        assert_eq!(own_path("//shop.example/p/x"), None);
    }
}
