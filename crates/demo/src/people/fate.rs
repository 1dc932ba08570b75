//! What a person does about a letter, a short message and a call. The shares are those of the case that the product is
//! built after: of a letter's recipients about 30% choose interests, 60% stay silent, the rest refuse or bounce; a short
//! message wins another quarter of its recipients; about 11% of the base cannot be reached at all.

/// Seeded draws that belong to one person: the same question gets the same answer for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice<'a> {
    seed: u64,
    who: &'a str,
}

impl<'a> Dice<'a> {
    pub(crate) const fn new(seed: u64, who: &'a str) -> Self {
        Self { seed, who }
    }

    pub(crate) fn number(&self, question: &str) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(question.as_bytes());
        hasher.update(&[0]);
        hasher.update(self.who.as_bytes());
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&self, question: &str) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let mantissa = (self.number(question) >> 11) as f64;
        mantissa / 9_007_199_254_740_992.0
    }

    pub(crate) fn chance(&self, question: &str, share: f64) -> bool {
        self.unit(question) < share
    }

    /// Uniform in `0..bound`; 0 for a bound of 0.
    pub(crate) fn below(&self, question: &str, bound: usize) -> usize {
        let wide = u128::from(self.number(question)) * u128::try_from(bound).unwrap_or(0);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// One of the parts, by their shares; the last one takes what is left.
    fn part<T: Copy>(&self, question: &str, parts: &[(f64, T)], rest: T) -> T {
        let mut left = self.unit(question);
        for (share, part) in parts {
            if left < *share {
                return *part;
            }
            left -= share;
        }
        rest
    }
}

/// Whether a person can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    Here,
    /// The mailbox is dead, the phone works.
    MailboxFull,
    /// Mailbox and phone are dead, and somebody else or nobody answers the number.
    Gone,
}

/// How somebody says no to letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Page,
    /// The button of the mail program (RFC 8058).
    OneClick,
    Mailto,
    Words,
    /// "This is spam".
    Complaint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterAnswer {
    /// Chooses interests on the page.
    Chooses,
    /// Follows a link and does nothing more.
    Looks,
    /// Answers in words that decide nothing.
    Replies,
    Refuses(Refusal),
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsAnswer {
    /// Looks into the mailbox, or follows the short link, and chooses interests.
    Chooses,
    /// Calls back and asks for the letter again.
    PhonesBack,
    Stop,
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAnswer {
    Agrees,
    Refuses,
    /// "Call me later", then agrees, refuses or does not answer.
    Later,
    /// Does not answer at first, then agrees.
    SecondTry,
    NeverAnswers,
    WrongNumber,
}

/// Everything a person is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    pub place: Where,
    pub letter: LetterAnswer,
    pub sms: SmsAnswer,
    pub call: CallAnswer,
    /// The mail server turns the first try away.
    pub greylisted: bool,
    /// A gateway fetches every link of a letter as it arrives.
    pub scanned: bool,
    /// An automatic "I am away" answers every letter.
    pub away: bool,
}

/// Of people with a mailbox, and of people who never gave one: who left nothing but a number years ago is harder to find.
const GONE: (f64, f64) = (0.08, 0.256);
const MAILBOX_FULL: f64 = 0.01;

/// The fate of the person known by `who`.
pub(crate) fn fate(dice: Dice<'_>, has_email: bool) -> Fate {
    let gone = if has_email { GONE.0 } else { GONE.1 };
    let full = if has_email { MAILBOX_FULL } else { 0.0 };
    let place = dice.part("place", &[(gone, Where::Gone), (full, Where::MailboxFull)], Where::Here);
    let refusal = dice.part(
        "refusal",
        &[(0.40, Refusal::Page), (0.25, Refusal::OneClick), (0.17, Refusal::Mailto), (0.16, Refusal::Words)],
        Refusal::Complaint,
    );
    let letter = dice.part(
        "letter",
        &[
            (0.325, LetterAnswer::Chooses),
            (0.022, LetterAnswer::Refuses(refusal)),
            (0.020, LetterAnswer::Looks),
            (0.006, LetterAnswer::Replies),
        ],
        LetterAnswer::Silent,
    );
    let sms = dice.part(
        "sms",
        &[(0.18, SmsAnswer::Chooses), (0.08, SmsAnswer::PhonesBack), (0.03, SmsAnswer::Stop)],
        SmsAnswer::Silent,
    );
    let call = if place == Where::Gone {
        dice.part("call", &[(0.6, CallAnswer::WrongNumber)], CallAnswer::NeverAnswers)
    } else {
        dice.part(
            "call",
            &[
                (0.40, CallAnswer::Agrees),
                (0.17, CallAnswer::Refuses),
                (0.15, CallAnswer::Later),
                (0.10, CallAnswer::SecondTry),
                (0.15, CallAnswer::NeverAnswers),
            ],
            CallAnswer::WrongNumber,
        )
    };
    Fate {
        place,
        letter,
        sms,
        call,
        greylisted: dice.chance("greylisted", 0.04),
        scanned: dice.chance("scanned", 0.06),
        away: dice.chance("away", 0.02),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn town(seed: u64, has_email: bool) -> Vec<Fate> {
        (0..10_000).map(|n| fate(Dice::new(seed, &format!("person{n}@people.test")), has_email)).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "ten thousand people")]
    fn share(people: &[Fate], is: impl Fn(&Fate) -> bool) -> f64 {
        people.iter().filter(|f| is(f)).count() as f64 / people.len() as f64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        // The tolerances are about four standard errors of a share of ten thousand.
        #[test]
        fn the_shares_are_those_of_the_case(seed in any::<u64>()) {
            let people = town(seed, true);
            let reached = |f: &Fate| f.place == Where::Here;
            let positive = share(&people, |f| reached(f) && f.letter == LetterAnswer::Chooses);
            prop_assert!((positive - 0.296).abs() < 0.02, "positive {positive}");
            let negative = share(&people, |f| !reached(f) || matches!(f.letter, LetterAnswer::Refuses(_)));
            prop_assert!((negative - 0.11).abs() < 0.015, "negative or bounced {negative}");
            let silent = 1.0 - positive - negative;
            prop_assert!((silent - 0.595).abs() < 0.025, "silent {silent}");
            let answered = share(&people, |f| matches!(f.sms, SmsAnswer::Chooses | SmsAnswer::PhonesBack));
            prop_assert!((answered - 0.26).abs() < 0.02, "answered the short message {answered}");
            let gone = share(&people, |f| f.place == Where::Gone);
            let gone_without = share(&town(seed, false), |f| f.place == Where::Gone);
            // 427 of the bookshop's 2,510 people left no mailbox.
            let base = gone * 0.83 + gone_without * 0.17;
            prop_assert!((base - 0.11).abs() < 0.015, "unreachable {base}");
        }

        #[test]
        fn a_person_never_changes_their_mind(seed in any::<u64>(), who in "[a-z]{1,12}@[a-z]{2,8}\\.test") {
            prop_assert_eq!(fate(Dice::new(seed, &who), true), fate(Dice::new(seed, &who), true));
        }

        #[test]
        fn who_is_gone_agrees_to_nothing(seed in any::<u64>(), who in "\\+380[0-9]{9}") {
            let fate = fate(Dice::new(seed, &who), false);
            if fate.place == Where::Gone {
                prop_assert!(matches!(fate.call, CallAnswer::WrongNumber | CallAnswer::NeverAnswers));
            }
        }
    }
}
