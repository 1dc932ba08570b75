use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! roles {
    ($($variant:ident = $name:literal, $doc:literal;)+) => {
        /// What a column means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $(#[doc = $doc] $variant,)+ }

        impl Role {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the mapping file.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

roles! {
    RecordId = "record_id", "The number of the row in its source.";
    OrderId = "order_id", "The number of the order.";
    OrderDate = "order_date", "When the order was made; in a list of contacts, when the row was written.";
    DeliveryDate = "delivery_date", "When the order was handed over.";
    Items = "items", "What was bought: one product, or a list of them in one cell.";
    Amount = "amount", "The sum of the order.";
    Quantity = "quantity", "How many pieces, for files with one row per product.";
    Price = "price", "The price of one piece.";
    Currency = "currency", "The currency of the sums of the row: a code (USD), a sign or a word.";
    Status = "status", "New, paid, cancelled, returned and the like, in the words of the source.";
    PromoCode = "promo_code", "The code that the order was made with.";
    Channel = "channel", "Where the customer came from: an advertisement, a search, a friend.";
    CustomerKey = "customer_key", "The customer's number in the source.";
    FullName = "full_name", "The whole name in one cell.";
    GivenName = "given_name", "The first name.";
    FamilyName = "family_name", "The surname.";
    Patronymic = "patronymic", "The patronymic.";
    Email = "email", "E-mail, one or several in a cell.";
    Social = "social", "A profile in a social network or messenger: a link, a name, a number.";
    Phone = "phone", "Phone, one or several in a cell.";
    Address = "address", "The whole postal address in one cell.";
    Street = "street", "The street, when it has a column of its own.";
    House = "house", "The house, flat or both.";
    City = "city", "The town.";
    Region = "region", "The region or state.";
    Postcode = "postcode", "The postal code.";
    Country = "country", "The country.";
    BirthDate = "birth_date", "The date of birth.";
    NationalId = "national_id", "A tax or social number.";
    Other = "other", "Kept with the record, without a meaning of its own.";
    Note = "note", "A remark of an operator or of the customer.";
    Ignore = "ignore", "Not read at all.";
}

impl Role {
    /// Two columns may share it: two phones, a name in two languages.
    pub const fn repeats(self) -> bool {
        matches!(
            self,
            Self::FullName
                | Self::Email
                | Self::Phone
                | Self::Social
                | Self::Address
                | Self::Note
                | Self::Other
                | Self::Ignore
        )
    }

    pub const fn is_date(self) -> bool {
        matches!(self, Self::OrderDate | Self::DeliveryDate | Self::BirthDate)
    }

    pub const fn is_number(self) -> bool {
        matches!(self, Self::Amount | Self::Quantity | Self::Price)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a role of a column; known are record_id, order_id, order_date, … (docs/import.md)")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|role| role.as_str() == s).ok_or_else(|| UnknownRole(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_back_from_its_word() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), *role);
            assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
        }
        assert!("phones".parse::<Role>().is_err());
    }
}
