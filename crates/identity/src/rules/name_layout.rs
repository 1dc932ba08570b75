//! Names typed with the keyboard switched to the other layout.

use smallvec::SmallVec;

use super::dictionary::Sureness;
use super::fold;
use super::name::{Names, TokenId};

impl Names {
    /// Words typed with the keyboard switched, one by one: `Gbkbgxer Олена`, `Vfhnbyxer J. D.`. A word is believed to be one when
    /// it makes a name on the other layout and none on its own.
    pub(super) fn retyped(&mut self, text: &str) -> Option<String> {
        if !text.bytes().any(|b| b.is_ascii_alphabetic()) {
            return None;
        }
        let mut words: SmallVec<[String; 6]> = SmallVec::new();
        let mut switched = false;
        for word in text.split_whitespace() {
            let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
            let other = (letters >= 4).then(|| fold::other_layout(word)).flatten();
            match other.filter(|o| o.chars().all(char::is_alphabetic)) {
                Some(other) if !self.sounds_like_a_name(word) && self.sounds_like_a_name(&other) => {
                    switched = true;
                    words.push(other);
                }
                _ => words.push(word.to_owned()),
            }
        }
        if !switched {
            return None;
        }
        for word in &mut words {
            // Initials beside a switched word were typed on the same layout.
            let mut letters = word.chars().filter(|c| *c != '.');
            if let (Some(initial), None) = (letters.next(), letters.next())
                && let Some(other) = fold::other_layout(&initial.to_string())
            {
                *word = format!("{other}.");
            }
        }
        Some(words.join(" "))
    }

    /// Known as a first name or patronymic, or with the ending of a surname.
    fn sounds_like_a_name(&mut self, word: &str) -> bool {
        // Folded: -енко, -чук, -юк, -ский, -цкая, -ов, -ин, -ець, -ич, -ян, -шко.
        const ENDINGS: [&str; 15] = [
            "enko", "quk", "iuk", "ski", "ska", "ova", "eva", "ov", "ev", "ina", "in", "ec", "iq", "ian",
            "wko",
        ];
        let id = self.intern(word);
        let token = self.token(id);
        if token.sureness >= Sureness::Short || token.patronymic && !token.fathers.is_empty() {
            return true;
        }
        let letters = self.letters(id);
        letters.len() >= 5 && ENDINGS.iter().any(|e| letters.ends_with(e.as_bytes()))
    }

    /// A name typed with the keyboard switched is believed when the other layout yields a known first name or patronymic.
    pub(super) fn try_other_layout(&mut self, cell: &str, words: &mut SmallVec<[TokenId; 8]>) {
        let mut switched: SmallVec<[TokenId; 8]> = SmallVec::new();
        let mut known = false;
        for word in cell.split_whitespace() {
            let Some(other) = fold::other_layout(word) else { return };
            if !other.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '-') || other.chars().count() < 2
            {
                return;
            }
            let id = self.intern(&other);
            let token = self.token(id);
            known |= token.sureness == Sureness::Full || token.patronymic && !token.fathers.is_empty();
            switched.push(id);
        }
        if known && switched.len() <= 6 {
            *words = switched;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::name::Stray;

    fn spelled(cell: &str) -> [String; 2] {
        let mut names = Names::default();
        let name = names.parse(cell, &mut Stray::default());
        [name.surname, name.given].map(|id| String::from_utf8_lossy(names.letters(id)).into_owned())
    }

    #[test]
    fn one_word_of_a_name() {
        assert_eq!(spelled("Gbkbgxer Олена"), spelled("Пилипчук Олена"));
        assert_eq!(spelled("Vfhnbyxer J. D.")[0], spelled("Мартинчук Олег")[0]);
        assert_eq!(spelled("Shevchenko Олена"), spelled("Шевченко Олена"));
        assert_eq!(spelled("Smith Anna")[0], "smitg");
        let mut names = Names::default();
        let typed = names.from_parts("Ksctyrj", "Jkmuf", "", &mut Stray::default());
        let right = names.from_parts("Лысенко", "Ольга", "", &mut Stray::default());
        assert_eq!((typed.surname, typed.given), (right.surname, right.given));
    }
}
