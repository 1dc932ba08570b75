//! Levels of agreement, field by field, and the pattern they make.

pub const FIELDS: usize = 11;
/// Levels per field, missing included.
pub const LEVELS: usize = 8;

/// A field of the comparison; its number is its place in the pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    Given,
    Surname,
    Patronymic,
    Phone,
    Email,
    Birth,
    National,
    Address,
    Postcode,
    Region,
    Other,
}

impl Field {
    pub const ALL: [Self; FIELDS] = [
        Self::Given,
        Self::Surname,
        Self::Patronymic,
        Self::Phone,
        Self::Email,
        Self::Birth,
        Self::National,
        Self::Address,
        Self::Postcode,
        Self::Region,
        Self::Other,
    ];
}

/// Level 0 is "missing on one side" and 1 is "the same" in every field.
pub const MISSING: u8 = 0;
pub const SAME: u8 = 1;

/// First names.
pub mod given {
    /// Саша and Александр, Наталія and Наталья.
    pub const VARIANT: u8 = 2;
    pub const INITIAL: u8 = 3;
    pub const SLIP: u8 = 4;
    pub const DIFFERENT: u8 = 5;
}
/// Surnames.
pub mod surname {
    pub const SLIP: u8 = 2;
    /// Two slips, or one half of a double surname.
    pub const PART: u8 = 3;
    /// Different surnames of women with one first name: marriage changes surnames.
    pub const DIFFERENT_WOMAN: u8 = 4;
    pub const DIFFERENT: u8 = 5;
}
pub mod patronymic {
    pub const INITIAL: u8 = 2;
    pub const SLIP: u8 = 3;
    pub const DIFFERENT: u8 = 4;
}
pub mod phones {
    /// One digit wrong, lost or swapped.
    pub const NEAR: u8 = 2;
    pub const DIFFERENT: u8 = 3;
}
pub mod emails {
    /// One mailbox name, another ending of the same domain.
    pub const ENDING: u8 = 2;
    /// A slip or another provider; the mailbox name says no more than the person's name.
    pub const LIKE_NAME: u8 = 3;
    /// The same, but the mailbox name holds digits besides the name.
    pub const LIKE_DIGITS: u8 = 4;
    /// The same, and the mailbox name is a word of its own.
    pub const LIKE_OWN: u8 = 5;
    pub const DIFFERENT: u8 = 6;
}
pub mod single {
    pub const SLIP: u8 = 2;
    pub const DIFFERENT: u8 = 3;
}
pub mod home {
    /// One house; a flat is missing.
    pub const HOUSE: u8 = 2;
    pub const STREET: u8 = 3;
    pub const TOWN: u8 = 4;
    pub const DIFFERENT: u8 = 5;
    /// One pick-up branch.
    pub const BRANCH: u8 = 6;
}

/// What comparing two cards says before weights are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparison {
    pub levels: [u8; FIELDS],
    /// Bits won by the rarity of the values that agree, to be added to the weights of the levels.
    pub rarity: f32,
    /// The share of `rarity` by field, for explaining.
    pub rarities: [f32; FIELDS],
    /// The two cannot be one person whatever else agrees.
    pub veto: Option<Veto>,
    /// What agrees in place of a mailbox is a profile in a social network.
    pub by_profile: bool,
    /// Something besides the name agrees.
    pub beyond_name: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Veto {
    GivenName,
    Patronymic,
    Gender,
    /// Born many years apart.
    BirthDate,
    /// One is called the elder, the other the younger.
    Generation,
    NationalId,
    Manual,
}

impl Comparison {
    /// Three bits a field.
    #[must_use]
    pub fn pattern(&self) -> u64 {
        self.levels.iter().rev().fold(0, |p, l| p << 3 | u64::from(*l))
    }

    pub(super) fn set(&mut self, field: Field, level: u8, rarity: f32) {
        let at = field as usize;
        self.levels[at] = level;
        self.rarities[at] = rarity;
        self.rarity += rarity;
    }
}

/// The levels of a pattern.
#[must_use]
pub fn levels_of(pattern: u64) -> [u8; FIELDS] {
    let mut rest = pattern;
    [0; FIELDS].map(|_| {
        let level = u8::try_from(rest & 7).unwrap_or(0);
        rest >>= 3;
        level
    })
}
