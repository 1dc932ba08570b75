//! The people at work: what arrives is put on their agenda, what is due is done.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use basis::{Fault, Time};
use futures::StreamExt;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_util::sync::CancellationToken;

use crate::agenda::{Action, Agenda, Planned, Return};
use crate::browser::{Browser, trouble};
use crate::letter::{Letter, Page, first_of, web_addresses};
use crate::operator::Operator;
use crate::people::{Dice, Fate, LetterAnswer, Refusal, SmsAnswer, Town, Where, fate};
use crate::shop::Shop;
use crate::sink::{self, Mailbox};
use crate::smsc::{Line, Sms, Smsc};

mod acting;

use acting::Hands;

/// Where the product is and how its own people sign in.
#[derive(Clone)]
pub struct SimulationConfig {
    /// The same seed plays the same people.
    pub seed: u64,
    /// `http://127.0.0.1:8080`; nothing but this machine is ever visited.
    pub base_url: String,
    /// Where the product takes bounces and replies.
    pub inbound_smtp: SocketAddr,
    /// Works through call tasks; without one somebody else does.
    pub operator_token: Option<String>,
    /// Hands in the shop's orders.
    pub marketer_token: String,
}

impl std::fmt::Debug for SimulationConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulationConfig")
            .field("seed", &self.seed)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// How somebody feels about the shop after what happened; moves their orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Pleased(Time),
    Annoyed,
}

/// Everybody who lives in the town and how they draw.
pub(crate) struct Folk {
    pub seed: u64,
    pub town: Town,
    /// Of each of the town's people.
    fates: Vec<Fate>,
    /// Codes that people were told on the telephone and have not used yet.
    codes: Mutex<HashMap<Arc<str>, String>>,
}

impl Folk {
    pub fn new(seed: u64, town: Town) -> Self {
        let fates = town.people.iter().map(|p| fate(Dice::new(seed, &p.key), p.has_email)).collect();
        Self { seed, town, fates, codes: Mutex::default() }
    }

    /// The key of the draws of whoever has this mailbox or number; strangers are known by it alone.
    pub fn who(&self, contact: &str) -> Arc<str> {
        let own = named(contact);
        let contact = own.as_deref().unwrap_or(contact);
        self.town.find(contact).map_or_else(|| contact.into(), |at| self.town.people[at].key.as_str().into())
    }

    /// Somebody writes a code down.
    pub fn told(&self, who: &Arc<str>, code: String) {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(who), code);
    }

    /// The code that somebody holds.
    pub fn code(&self, who: &str) -> Option<String> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).get(who).cloned()
    }

    /// A code is good for one order.
    pub fn used(&self, who: &str) {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(who);
    }

    pub fn fate(&self, contact: &str) -> Fate {
        if let Some(own) = named(contact) {
            // Who has just named a mailbox reads it.
            return Fate { place: Where::Here, ..self.fate(&own) };
        }
        match self.town.find(contact) {
            Some(at) => self.fate_of(at),
            None => fate(Dice::new(self.seed, contact), contact.contains('@')),
        }
    }

    pub fn fate_of(&self, person: usize) -> Fate {
        self.fates[person]
    }

    /// Ukrainian letters in the name, else by chance: the town speaks both languages.
    pub fn ukrainian(&self, contact: &str) -> bool {
        let spelling = self.town.find(contact).and_then(|at| self.town.people[at].spellings.first());
        spelling.is_none_or(|s| s.name.to_lowercase().contains(['і', 'ї', 'є', 'ґ']))
    }
}

/// The mailbox that somebody without one names on the telephone.
pub(crate) fn mailbox_of(phone: &str) -> String {
    format!("simulated.{}@people.test", phone.trim_start_matches('+'))
}

/// The number behind a mailbox of [`mailbox_of`].
fn named(mailbox: &str) -> Option<String> {
    let digits = mailbox.strip_prefix("simulated.")?.strip_suffix("@people.test")?;
    Some(format!("+{digits}"))
}

/// A running simulation: people, their mail server and their mobile network.
pub struct Simulation {
    folk: Arc<Folk>,
    smtp: SocketAddr,
    smsc: Smsc,
    letters: UnboundedReceiver<Letter>,
    screens: UnboundedReceiver<Sms>,
    hands: Arc<Hands>,
    agenda: Agenda,
    /// The last letter in each mailbox, by its owner.
    mailboxes: HashMap<Arc<str>, Arc<Letter>>,
    moods: HashMap<Arc<str>, Mood>,
    operator: Option<Operator>,
    shop: Shop,
    config: SimulationConfig,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("config", &self.config)
            .field("smtp", &self.smtp)
            .finish_non_exhaustive()
    }
}

/// At once so many people act.
const AT_ONCE: usize = 12;
/// An action that failed so often is given up.
const TRIES: u8 = 4;

const MINUTE: f64 = 60_000.0;
const DAY: f64 = 86_400_000.0;

/// Between a few minutes and `days` later, mostly soon.
fn later(now: Time, dice: Dice<'_>, question: &str, days: f64) -> Time {
    let wait = 5.0 * MINUTE + dice.unit(question).powi(3) * days * DAY;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few days, in milliseconds"
    )]
    let wait = wait as u64;
    now.plus(Duration::from_millis(wait))
}

impl Simulation {
    /// Starts the mail server and the mobile network on ports of this machine.
    ///
    /// # Errors
    /// An address that is not on this machine, or no port to be had.
    pub async fn start(config: SimulationConfig) -> Result<Self, Fault> {
        let browser = Browser::new(&config.base_url)?;
        if !config.inbound_smtp.ip().is_loopback() {
            return Err(Fault::refused("not_loopback", "Simulated people write only to this machine."));
        }
        let folk = Arc::new(Folk::new(config.seed, Town::of_bookshop()));
        let failed = |e: std::io::Error| trouble(format!("no port for simulated people: {e}"));
        let readers = Arc::clone(&folk);
        let (smtp, mut arriving) =
            sink::start(Arc::new(move |to: &str| mailbox(&readers, to))).await.map_err(failed)?;
        let carriers = Arc::clone(&folk);
        let (smsc, screens) =
            Smsc::start(Arc::new(move |to: &str| line(&carriers, to))).await.map_err(failed)?;
        let (read, letters) = mpsc::unbounded_channel();
        // Thousands of whole letters would fill the memory; what their readers need of them is small.
        tokio::spawn(async move {
            while let Some(raw) = arriving.recv().await {
                if let Some(letter) = Letter::read(&raw.return_path, &raw.to, &raw.raw)
                    && read.send(letter).is_err()
                {
                    break;
                }
            }
        });
        let hands = Arc::new(Hands {
            browser: browser.clone(),
            smsc: smsc.clone(),
            inbound: config.inbound_smtp,
            folk: Arc::clone(&folk),
        });
        Ok(Self {
            operator: config
                .operator_token
                .clone()
                .map(|token| Operator::new(browser.clone(), token, Arc::clone(&folk))),
            shop: Shop::new(browser, config.marketer_token.clone(), Arc::clone(&folk)),
            folk,
            smtp,
            smsc,
            letters,
            screens,
            hands,
            agenda: Agenda::default(),
            mailboxes: HashMap::new(),
            moods: HashMap::new(),
            config,
        })
    }

    /// Port of the people's mail server on 127.0.0.1.
    pub fn smtp_port(&self) -> u16 {
        self.smtp.port()
    }

    /// Port of the message centre on 127.0.0.1; system id `otklik`, password `demo`.
    pub fn smpp_port(&self) -> u16 {
        self.smsc.address.port()
    }

    /// Does everything that people, servers, the operator and the shop do up to the campaign's present moment.
    /// Answers how much was done; 0 when all is quiet.
    ///
    /// # Errors
    /// The product does not tell the time. What fails for one person is put off and does not stop the others.
    pub async fn tick(&mut self) -> Result<usize, Fault> {
        let (now, zone) = self.time().await?;
        self.collect(now);
        let due = self.agenda.due(now);
        let mut done = due.len();
        let (calls, rest): (Vec<Planned>, Vec<Planned>) =
            due.into_iter().partition(|p| matches!(p.action, Action::PhoneBack { .. }));
        for call in calls {
            if let (Action::PhoneBack { phone }, Some(operator)) = (call.action, &mut self.operator) {
                operator.rings(phone);
            }
        }
        let hands = &self.hands;
        let results: Vec<(Planned, Result<Option<Mood>, Fault>)> = futures::stream::iter(rest)
            .map(|planned| async move {
                let result = hands.act(&planned, now).await;
                (planned, result)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (planned, result) in results {
            match result {
                Ok(Some(mood)) => {
                    self.moods.insert(planned.who, mood);
                }
                Ok(None) => {}
                Err(fault) if planned.tries + 1 < TRIES => {
                    tracing::debug!(%fault, "a simulated person tries again");
                    // A paused clock would repeat it at once and for ever; a little later is another tick.
                    self.agenda.again(planned, now.plus(Duration::from_secs(60)));
                }
                Err(fault) => tracing::warn!(%fault, "a simulated person gave up"),
            }
        }
        if let Some(operator) = &mut self.operator {
            self.shop.open_catalogue().await;
            let (handled, moods) = operator.work(now, &zone).await;
            done += handled;
            self.moods.extend(moods);
        }
        done += self.shop.hand_in(now, &zone, &self.moods).await;
        Ok(done)
    }

    /// Ticks beside a running clock until it is cancelled.
    pub async fn run(mut self, cancel: CancellationToken) {
        const REST: Duration = Duration::from_millis(250);
        const AFTER_TROUBLE: Duration = Duration::from_secs(2);
        loop {
            let rest = match self.tick().await {
                Ok(_) => REST,
                Err(fault) => {
                    tracing::warn!(%fault, "simulated people do not know the time");
                    AFTER_TROUBLE
                }
            };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    async fn time(&self) -> Result<(Time, TimeZone), Fault> {
        let me = self.hands.browser.get("/api/me", &self.config.marketer_token).await?;
        let told = |what: &str| trouble(format!("/api/me has no {what}"));
        let now = me.get("campaign_now").ok_or_else(|| told("campaign_now"))?;
        let now = serde_json::from_value(now.clone()).map_err(|e| trouble(format!("campaign_now: {e}")))?;
        let name =
            me.pointer("/workspace/timezone").and_then(|v| v.as_str()).ok_or_else(|| told("timezone"))?;
        let zone = TimeZone::get(name).map_err(|e| trouble(format!("timezone: {e}")))?;
        Ok((now, zone))
    }

    fn collect(&mut self, now: Time) {
        while let Ok(letter) = self.letters.try_recv() {
            let who = self.folk.who(&letter.to);
            let letter = Arc::new(letter);
            let fate = self.folk.fate(&letter.to);
            for (due, action) in answers(Dice::new(self.folk.seed, &who), fate, &letter, now) {
                self.agenda.plan(due, &who, action);
            }
            if fate.place == Where::Here {
                self.mailboxes.insert(who, letter);
            }
        }
        while let Ok(sms) = self.screens.try_recv() {
            let who = self.folk.who(&sms.to);
            let fate = self.folk.fate(&sms.to);
            let ukrainian = self.folk.ukrainian(&sms.to);
            let letter = self.mailboxes.get(&who).cloned();
            let dice = Dice::new(self.folk.seed, &who);
            for (due, action) in sms_answers(dice, fate, sms, letter.as_deref(), ukrainian, now) {
                self.agenda.plan(due, &who, action);
            }
        }
    }
}

fn mailbox(folk: &Folk, to: &str) -> Mailbox {
    let fate = folk.fate(to);
    let who = folk.who(to);
    let dice = Dice::new(folk.seed, &who);
    match fate.place {
        Where::Gone if refused_at_once(dice) => Mailbox::Refuses,
        _ if fate.greylisted => Mailbox::TakesSecondTry,
        _ if dice.chance("slow", 0.02) => Mailbox::TakesSlowly,
        _ => Mailbox::Takes,
    }
}

/// Some servers know their mailboxes at the door, others find out later and send a bounce.
fn refused_at_once(dice: Dice<'_>) -> bool {
    dice.chance("door", 0.55)
}

fn line(folk: &Folk, to: &str) -> Line {
    let who = folk.who(to);
    let dice = Dice::new(folk.seed, &who);
    match folk.fate(to).place {
        Where::Gone if dice.chance("line", 0.5) => Line::Unknown,
        _ if dice.chance("throttle", 0.02) => Line::ThrottlesFirst,
        _ => Line::Takes,
    }
}

/// What a letter sets in motion.
fn answers(dice: Dice<'_>, fate: Fate, letter: &Arc<Letter>, now: Time) -> Vec<(Time, Action)> {
    let mail = |what| Action::Mail { letter: Arc::clone(letter), what };
    match fate.place {
        Where::Gone => {
            let what = Return::Bounce {
                status: "5.1.1",
                diagnostic: "550 5.1.1 User unknown; mailbox closed [simulated]",
            };
            return vec![(now, mail(what))];
        }
        Where::MailboxFull => {
            let what = Return::Bounce { status: "5.2.2", diagnostic: "552 5.2.2 Mailbox full [simulated]" };
            return vec![(now, mail(what))];
        }
        Where::Here => {}
    }
    let mut out = Vec::new();
    if fate.scanned {
        let paths: Vec<String> =
            letter.links.iter().filter_map(|l| crate::letter::page_of(l)).map(|(_, path)| path).collect();
        out.push((now, Action::Scan { paths }));
    }
    if fate.away {
        out.push((now, mail(Return::Away)));
    }
    let interests = first_of(&letter.links, Page::Interests);
    let tracked = first_of(&letter.links, Page::Tracked);
    let at = later(now, dice, "letter read", 2.7);
    let action = match fate.letter {
        LetterAnswer::Chooses => interests
            .map(|path| Action::Choose { path, first: tracked.filter(|_| dice.chance("looks first", 0.35)) }),
        LetterAnswer::Looks => tracked.map(|path| Action::Follow { path }),
        LetterAnswer::Replies => {
            Some(mail(Return::Words("Спасибо, я подумаю и напишу вам позже. [simulated]")))
        }
        LetterAnswer::Refuses(how) => refusal(how, letter),
        LetterAnswer::Silent => None,
    };
    out.extend(action.map(|action| (at, action)));
    out
}

/// The wanted way out, or the next best that the letter offers.
fn refusal(how: Refusal, letter: &Arc<Letter>) -> Option<Action> {
    let mail = |what| Action::Mail { letter: Arc::clone(letter), what };
    let page = || first_of(&letter.links, Page::Unsubscribe).map(|path| Action::Leave { path });
    match how {
        Refusal::Page => page(),
        Refusal::OneClick => {
            let link = letter.one_click.as_deref().and_then(crate::letter::page_of);
            link.map(|(_, path)| Action::OneClick { path }).or_else(page)
        }
        Refusal::Mailto => {
            letter.unsubscribe_mailto.is_some().then(|| mail(Return::Unsubscribe)).or_else(page)
        }
        Refusal::Words => Some(mail(Return::Words("Не пишите мне больше, пожалуйста. [simulated]"))),
        Refusal::Complaint => Some(mail(Return::Complaint)),
    }
}

/// What a short message sets in motion.
fn sms_answers(
    dice: Dice<'_>,
    fate: Fate,
    sms: Sms,
    letter: Option<&Letter>,
    ukrainian: bool,
    now: Time,
) -> Vec<(Time, Action)> {
    let sms = Arc::new(sms);
    let receipt = |state, error| Action::Receipt { sms: Arc::clone(&sms), state, error };
    if fate.place == Where::Gone {
        let (state, error) = if dice.chance("absent", 0.6) { ("UNDELIV", "001") } else { ("EXPIRED", "027") };
        return vec![(now, receipt(state, error))];
    }
    let mut out = vec![(now, receipt("DELIVRD", "000"))];
    let links: Vec<String> = web_addresses(&sms.text).map(str::to_owned).collect();
    let short = first_of(&links, Page::Interests).or_else(|| first_of(&links, Page::Tracked));
    let in_mailbox = letter.and_then(|l| first_of(&l.links, Page::Interests));
    let action = match fate.sms {
        SmsAnswer::Chooses => {
            let path =
                if dice.chance("mailbox first", 0.5) { in_mailbox.or(short) } else { short.or(in_mailbox) };
            path.map(|path| Action::Choose { path, first: None })
        }
        SmsAnswer::PhonesBack => Some(Action::PhoneBack { phone: sms.to.clone() }),
        SmsAnswer::Stop => {
            let text = if dice.chance("latin", 0.3) {
                "STOP"
            } else if ukrainian {
                "Стоп"
            } else {
                "СТОП, не пишите"
            };
            Some(Action::Text { from: sms.to.clone(), to: sms.from.clone(), text })
        }
        SmsAnswer::Silent => None,
    };
    out.extend(action.map(|action| (later(now, dice, "message read", 1.8), action)));
    out
}

#[cfg(test)]
mod tests;
