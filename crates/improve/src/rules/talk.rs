//! Talks: calls in which the person was on the line. Whether an answer to an objection worked is what came of the talk.

/// One talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    pub attempt: i64,
    pub customer: i64,
    /// Campaign day.
    pub day: i32,
    pub agreed: bool,
    /// There was a purchase after it, within the window.
    pub bought: bool,
    pub operator: i64,
    pub wave: i64,
    /// Of the script, from 0; absent where the wave has one script.
    pub variant: Option<i64>,
    /// Codes, in the order in which they were said.
    pub objections: Vec<String>,
}

impl Talk {
    pub fn raised(&self, code: &str) -> bool {
        self.objections.iter().any(|c| c == code)
    }
}

/// Which talks a figure counts.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    pub objection: Option<&'a str>,
    /// The talks without the objection instead of those with it.
    pub without: bool,
    pub operator: Option<i64>,
    /// The talks of everybody but the operator instead of the operator's.
    pub others: bool,
    /// Wave and variant of the script.
    pub script: Option<(i64, Option<i64>)>,
    pub part: Part,
}

/// Which of them a numerator counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    #[default]
    All,
    Agreed,
    Bought,
}

impl Part {
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "all" => Self::All,
            "agreed" => Self::Agreed,
            "bought" => Self::Bought,
            _ => return None,
        })
    }
}

impl Wanted<'_> {
    pub fn holds(&self, talk: &Talk) -> bool {
        self.objection.is_none_or(|code| talk.raised(code) != self.without)
            && self.operator.is_none_or(|id| (talk.operator == id) != self.others)
            && self.script.is_none_or(|(wave, variant)| talk.wave == wave && talk.variant == variant)
            && match self.part {
                Part::All => true,
                Part::Agreed => talk.agreed,
                Part::Bought => talk.bought,
            }
    }

    /// (part, whole) of the talks it wants.
    pub fn counts(&self, talks: &[Talk], part: Part) -> (u64, u64) {
        let (top, bottom) = (Wanted { part, ..self.clone() }, Wanted { part: Part::All, ..self.clone() });
        let count = |wanted: &Wanted<'_>| talks.iter().filter(|talk| wanted.holds(talk)).count() as u64;
        (count(&top), count(&bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(attempt: i64, operator: i64, agreed: bool, codes: &[&str]) -> Talk {
        Talk {
            attempt,
            customer: attempt,
            day: 0,
            agreed,
            bought: agreed && attempt % 2 == 0,
            operator,
            wave: 1,
            variant: None,
            objections: codes.iter().map(|c| (*c).to_owned()).collect(),
        }
    }

    #[test]
    fn with_and_without_an_objection_are_all_talks() {
        let talks =
            [talk(1, 7, true, &["dear"]), talk(2, 7, true, &[]), talk(3, 8, false, &["dear", "own_1"])];
        let dear = Wanted { objection: Some("dear"), ..Wanted::default() };
        let other = Wanted { without: true, ..dear.clone() };
        assert_eq!(dear.counts(&talks, Part::Agreed), (1, 2));
        assert_eq!(other.counts(&talks, Part::Agreed), (1, 1));
        assert_eq!(other.counts(&talks, Part::Bought), (1, 1));
        let eight = Wanted { operator: Some(8), ..dear };
        assert_eq!(eight.counts(&talks, Part::Agreed), (0, 1));
        assert_eq!(Wanted { others: true, ..eight }.counts(&talks, Part::Agreed), (1, 1));
    }
}
