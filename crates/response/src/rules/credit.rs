//! Which wave earned a reaction, and when a person counts as unreachable.

/// One contact of a campaign with one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    pub message: i64,
    pub wave: i64,
    /// When the other side took it; `None` when it was not sent.
    pub sent_at: Option<i64>,
}

/// The contact that earned a choice, an agreement or a refusal made at `at` by way of `own`: the last one sent before
/// it. The short message "look into your mailbox" so earns the choice that is made in the letter.
/// A click is not credited so: it belongs to its own letter.
pub fn earned(own: Contact, contacts: &[Contact], at: i64) -> Contact {
    contacts
        .iter()
        .filter(|c| c.sent_at.is_some_and(|sent| sent <= at))
        .max_by_key(|c| (c.sent_at, c.message))
        .copied()
        .filter(|last| last.sent_at > own.sent_at)
        .unwrap_or(own)
}

/// How one channel ended for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// Refused by the other side, bounced, wrong number, never answered.
    Failed,
    /// There was nothing to try: no such contact, or one that is known to be dead.
    Nothing,
    /// Reached, not known, still open, or kept back by a rule.
    Else,
}

/// Reasons of the ledger that mean "no usable contact of this kind".
pub const NO_CONTACT: [&str; 6] =
    ["no_contact", "no_address", "dead", "dead_contact", "hard_bounced", "wrong_number"];

pub fn try_of(state: &str, reason: &str, bounced: bool) -> Try {
    if bounced || state == "rejected" {
        Try::Failed
    } else if state == "excluded" && NO_CONTACT.contains(&reason) {
        Try::Nothing
    } else {
        Try::Else
    }
}

/// Dead: every wave has had its turn, at least one contact was tried and failed, and no other way is left.
pub fn is_dead(waves: usize, tries: &[Try]) -> bool {
    tries.len() >= waves && tries.contains(&Try::Failed) && !tries.contains(&Try::Else)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contact(message: i64, sent: Option<i64>) -> Contact {
        Contact { message, wave: message * 10, sent_at: sent }
    }

    #[test]
    fn the_message_sent_last_before_the_choice_earns_it() {
        let letter = contact(1, Some(100));
        let sms = contact(2, Some(700));
        assert_eq!(earned(letter, &[letter, sms], 500), letter, "the message was not yet sent");
        assert_eq!(earned(letter, &[letter, sms], 900), sms);
        assert_eq!(
            earned(letter, &[letter, contact(2, None)], 900),
            letter,
            "an unsent message earns nothing"
        );
        assert_eq!(earned(sms, &[], 900), sms);
    }

    #[test]
    fn dead_needs_a_failure_and_no_open_way() {
        assert!(is_dead(3, &[Try::Failed, Try::Failed, Try::Failed]));
        assert!(is_dead(3, &[Try::Failed, Try::Nothing, Try::Nothing]));
        assert!(!is_dead(3, &[Try::Nothing, Try::Nothing, Try::Nothing]), "never tried, never failed");
        assert!(!is_dead(3, &[Try::Failed, Try::Failed]), "a wave is still to come");
        assert!(!is_dead(2, &[Try::Failed, Try::Else]));
    }

    #[test]
    fn what_a_ledger_row_says() {
        assert_eq!(try_of("accepted", "", true), Try::Failed);
        assert_eq!(try_of("rejected", "no_answer", false), Try::Failed);
        assert_eq!(try_of("excluded", "no_contact", false), Try::Nothing);
        assert_eq!(try_of("excluded", "no_consent", false), Try::Else);
        assert_eq!(try_of("uncertain", "", false), Try::Else);
    }

    proptest! {
        #[test]
        fn credit_goes_to_a_contact_that_was_made(at in 0_i64..1000, sent in proptest::collection::vec(proptest::option::of(0_i64..1000), 1..6)) {
            let all: Vec<Contact> = sent.iter().enumerate().map(|(i, s)| contact(i64::try_from(i).unwrap(), *s)).collect();
            let got = earned(all[0], &all, at);
            prop_assert!(all.contains(&got));
            prop_assert!(got == all[0] || got.sent_at.is_some_and(|s| s <= at));
        }
    }
}
