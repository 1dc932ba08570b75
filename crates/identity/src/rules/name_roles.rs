//! Which word of a name is the surname, which the first name, which the patronymic.

use smallvec::SmallVec;

use super::dictionary::{Gender, Sureness};
use super::name::{Name, Names, TokenId};

impl Names {
    /// Gives the words their roles.
    pub(super) fn assemble(&self, words: &[TokenId], initials: &[u8]) -> Name {
        let mut name = Name::default();
        let mut left: SmallVec<[TokenId; 8]> = SmallVec::from_slice(words);
        self.take_patronymic(&mut left, &mut name);
        self.take_given(&mut left, initials, &mut name);
        let mut left = left.into_iter();
        name.surname = left.next().unwrap_or(0);
        name.surname2 = left.next().unwrap_or(0);
        let mut initials = initials.iter().copied();
        if name.given == 0 {
            name.given_initial = initials.next().unwrap_or(0);
        } else if name.surname == 0 {
            name.surname_initial = initials.next().unwrap_or(0);
        }
        if name.patronymic == 0 {
            name.patronymic_initial = initials.next().unwrap_or(0);
        }
        name
    }

    fn take_patronymic(&self, left: &mut SmallVec<[TokenId; 8]>, name: &mut Name) {
        let is_given = |id: TokenId| self.token(id).sureness >= Sureness::Short;
        let mut best: Option<(usize, u32)> = None;
        for (at, id) in left.iter().enumerate() {
            let token = self.token(*id);
            if !token.patronymic {
                continue;
            }
            let after_given = at > 0 && is_given(left[at - 1]);
            let mut rank = 0_u32;
            rank += if token.patronymic_gender == Gender::Female { 8 } else { 0 };
            rank += if after_given { 4 } else { 0 };
            rank += if token.fathers.is_empty() { 0 } else { 2 };
            let given_gender = left
                .iter()
                .filter(|o| **o != *id && is_given(**o))
                .map(|o| self.token(*o).given_gender)
                .find(|g| *g != Gender::Unknown)
                .unwrap_or_default();
            // A masculine -ович beside a woman's name is her surname; so, in shops' exports, is one of two words.
            let surname_like = token.patronymic_gender == Gender::Male
                && (given_gender == Gender::Female || left.len() <= 2);
            if surname_like || left.len() == 1 && token.patronymic_gender != Gender::Female {
                continue;
            }
            if token.patronymic_gender == Gender::Male
                && at == 0
                && left.len() == 3
                && !after_given
                && left.iter().skip(1).any(|o| self.token(*o).patronymic)
            {
                continue;
            }
            if best.is_none_or(|b| rank >= b.1) {
                best = Some((at, rank));
            }
        }
        if let Some((at, _)) = best {
            name.patronymic = left.remove(at);
            // The word before a patronymic is the first name, unless the dictionary knows better.
            if at > 0 && self.token(left[at - 1]).sureness >= Sureness::Slip {
                name.given = left.remove(at - 1);
            }
        }
    }

    fn take_given(&self, left: &mut SmallVec<[TokenId; 8]>, initials: &[u8], name: &mut Name) {
        if name.given != 0 || left.is_empty() {
            return;
        }
        let mut best: Option<(usize, Sureness)> = None;
        let mut rivals = 0;
        for (at, id) in left.iter().enumerate() {
            let sureness = self.token(*id).sureness;
            if sureness == Sureness::None || sureness == Sureness::Slip && left.len() == 1 {
                continue;
            }
            rivals += u32::from(sureness == Sureness::Full);
            // Shops write the surname first: of two equal candidates the later is the first name.
            if best.is_none_or(|b| sureness >= b.1) {
                best = Some((at, sureness));
            }
        }
        if let Some((at, sureness)) = best {
            if sureness <= Sureness::Tender && !initials.is_empty() {
                return;
            }
            name.order_guessed = rivals > 1 && name.patronymic == 0;
            name.given = left.remove(at);
        } else if left.len() >= 2 && initials.is_empty() {
            let cyrillic = self.word(left[0]).bytes().next().is_some_and(|b| b >= 0x80);
            name.given = if cyrillic { left.remove(1) } else { left.remove(0) };
            name.order_guessed = name.patronymic == 0;
        }
    }
}
