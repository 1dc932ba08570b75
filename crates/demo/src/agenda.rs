//! What the people have decided to do and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use basis::Time;

use crate::letter::Letter;
use crate::smsc::Sms;

/// Mail that goes back because of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    Bounce { status: &'static str, diagnostic: &'static str },
    Complaint,
    Words(&'static str),
    Away,
    Unsubscribe,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The network reports on a message.
    Receipt {
        sms: Arc<Sms>,
        state: &'static str,
        error: &'static str,
    },
    Mail {
        letter: Arc<Letter>,
        what: Return,
    },
    /// A gateway fetches all links at once.
    Scan {
        paths: Vec<String>,
    },
    /// Follows a link.
    Follow {
        path: String,
    },
    /// Opens the interests page, ticks and confirms; on the way there a link of the letter may be looked at.
    Choose {
        path: String,
        first: Option<String>,
    },
    /// Opens the unsubscribe page and presses the button.
    Leave {
        path: String,
    },
    OneClick {
        path: String,
    },
    Text {
        from: String,
        to: String,
        text: &'static str,
    },
    /// Calls the shop; somebody has to be there to answer.
    PhoneBack {
        phone: String,
    },
}

/// An action of one person at a moment.
#[derive(Debug, Clone)]
pub struct Planned {
    pub due: Time,
    /// What the person's draws are keyed by.
    pub who: Arc<str>,
    pub action: Action,
    pub tries: u8,
    number: u64,
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Planned {}
impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Planned {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

#[derive(Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<Planned>>,
    number: u64,
}

impl Agenda {
    pub fn plan(&mut self, due: Time, who: &Arc<str>, action: Action) {
        self.number += 1;
        let planned = Planned { due, who: Arc::clone(who), action, tries: 0, number: self.number };
        self.heap.push(Reverse(planned));
    }

    /// Puts something off that failed.
    pub fn again(&mut self, mut planned: Planned, due: Time) {
        planned.due = due;
        planned.tries += 1;
        self.heap.push(Reverse(planned));
    }

    /// Everything that is due, in its order.
    pub fn due(&mut self, now: Time) -> Vec<Planned> {
        let mut out = Vec::new();
        while self.heap.peek().is_some_and(|Reverse(p)| p.due <= now) {
            if let Some(Reverse(planned)) = self.heap.pop() {
                out.push(planned);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_its_order_and_the_rest_stays() {
        let mut agenda = Agenda::default();
        let who: Arc<str> = "a".into();
        for (at, path) in [(30, "c"), (10, "a"), (20, "b"), (10, "a2")] {
            agenda.plan(Time::from_millis(at), &who, Action::OneClick { path: path.to_owned() });
        }
        let names = |planned: Vec<Planned>| -> Vec<String> {
            planned
                .into_iter()
                .map(|p| match p.action {
                    Action::OneClick { path } => path,
                    other => format!("{other:?}"),
                })
                .collect()
        };
        assert_eq!(names(agenda.due(Time::from_millis(20))), ["a", "a2", "b"]);
        assert!(agenda.due(Time::from_millis(29)).is_empty());
        assert_eq!(names(agenda.due(Time::from_millis(31))), ["c"]);
    }
}
