//! What a column means, by its header (Russian, Ukrainian, English) and by what its cells look like.

use std::sync::LazyLock;

use basis::fold;

pub use super::header_words::header_role;
use super::{
    dates::{DateOrder, parse_date},
    items::read_items,
    money::parse_amount,
    role::Role,
    status::read_status,
};

/// A cell that cannot be a header: a number, a date, an e-mail, a phone.
pub fn looks_like_data(cell: &str) -> bool {
    let cell = cell.trim();
    if cell.is_empty() {
        return false;
    }
    is_email(cell)
        || is_phone(cell)
        || parse_date(cell, DateOrder::Dmy).is_ok()
        || parse_amount(cell, None).is_ok()
        || cell.chars().count() > 120
}

pub fn is_email(cell: &str) -> bool {
    let Some((local, domain)) = cell.trim().split_once('@') else { return false };
    let domain = domain.split([' ', ',', ';']).next().unwrap_or_default();
    !local.is_empty() && !local.contains(char::is_whitespace) && domain.contains('.') && domain.len() > 3
}

/// 9 to 13 digits with the signs that people write into numbers, or several such numbers; a remark or an extension beside them, and
/// what a spreadsheet makes of them (`3,80674128093E+11`).
pub fn is_phone(cell: &str) -> bool {
    is_plain_phone(cell) || is_remarked_phone(cell)
}

fn is_remarked_phone(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    let signs = |c: char| {
        c.is_alphanumeric()
            || c.is_whitespace()
            || matches!(c, '+' | '(' | ')' | '-' | '.' | ',' | ';' | '/' | '\u{a0}')
    };
    // The first run of digits and signs holds a whole number.
    let first: String = cell
        .chars()
        .skip_while(|c| !c.is_ascii_digit() && *c != '+')
        .take_while(|c| !c.is_alphabetic())
        .collect();
    let whole = first.chars().filter(char::is_ascii_digit).count();
    (9..=45).contains(&digits)
        && letters <= 20
        && letters * 2 <= digits * 3
        && whole >= 9
        && cell.chars().all(signs)
}

fn is_plain_phone(cell: &str) -> bool {
    let first = cell.split([';', '/']).next().unwrap_or_default();
    let first = first.split(',').next().unwrap_or_default();
    let bare = first.trim().trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, '.' | ' ' | ':'));
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    (9..=13).contains(&digits)
        && bare
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | ' ' | '.' | '\u{a0}'))
}

/// Shares (0–100) of the non-empty cells of a column that look like something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    pub filled: usize,
    pub distinct: usize,
    pub email: usize,
    pub phone: usize,
    pub date: usize,
    pub number: usize,
    pub whole: usize,
    pub money: usize,
    pub status: usize,
    pub name: usize,
    pub list: usize,
    pub address: usize,
}

impl Looks {
    pub fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut looks = Self::default();
        let mut seen: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
        for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
            looks.filled += 1;
            seen.insert(cell);
            let date = parse_date(cell, DateOrder::Dmy).is_ok() || parse_date(cell, DateOrder::Mdy).is_ok();
            let amount = parse_amount(cell, None).ok();
            looks.email += usize::from(is_email(cell));
            looks.phone += usize::from(is_phone(cell) && !date);
            looks.date += usize::from(date && !cell.bytes().all(|b| b.is_ascii_digit()));
            looks.number += usize::from(amount.is_some());
            looks.whole +=
                usize::from(amount.is_some_and(|a| a.value.whole().is_some() && a.currency.is_none()));
            looks.money +=
                usize::from(amount.is_some_and(|a| a.currency.is_some() || a.value.whole().is_none()));
            looks.status += usize::from(read_status(cell).is_some() && cell.chars().count() < 40);
            looks.name += usize::from(is_name(cell));
            looks.list += usize::from(cell.contains('\n') || read_items(cell).iter().any(|i| i.quantity > 1));
            looks.address += usize::from(is_address(cell));
        }
        looks.distinct = seen.len();
        let filled = looks.filled.max(1);
        for share in [
            &mut looks.email,
            &mut looks.phone,
            &mut looks.date,
            &mut looks.number,
            &mut looks.whole,
            &mut looks.money,
            &mut looks.status,
            &mut looks.name,
            &mut looks.list,
            &mut looks.address,
        ] {
            *share = *share * 100 / filled;
        }
        looks
    }

    /// The role that the cells alone suggest, with a confidence of 0–100.
    pub fn role(&self) -> Option<(Role, u8)> {
        if self.filled == 0 {
            return None;
        }
        let sure = |share: usize| u8::try_from(share.min(95)).unwrap_or(95);
        let repeats = self.filled >= 10 && self.distinct * 3 <= self.filled;
        let found = [
            (self.email >= 60, Role::Email, self.email),
            (self.date >= 80, Role::OrderDate, self.date),
            (self.money >= 60, Role::Amount, self.money * 8 / 10),
            (self.phone >= 70, Role::Phone, self.phone),
            (self.status >= 80 && (repeats || self.filled < 10), Role::Status, self.status * 8 / 10),
            (self.address >= 60, Role::Address, self.address * 8 / 10),
            (self.name >= 70 && !repeats, Role::FullName, self.name * 8 / 10),
            (self.list >= 25, Role::Items, 60),
        ];
        found.into_iter().find(|(hit, _, _)| *hit).map(|(_, role, share)| (role, sure(share)))
    }

    /// Whether the cells speak against a role that the header named.
    pub fn contradicts(&self, role: Role) -> bool {
        // A handful of odd cells is no evidence against a header.
        if self.filled < 5 {
            return false;
        }
        match role {
            Role::OrderDate | Role::DeliveryDate => self.date < 30 && self.whole < 60,
            Role::Email => self.email < 20,
            // Numbers are written in many ways; only cells that are something else speak against the header.
            Role::Phone => self.phone < 20 && self.email.max(self.date).max(self.name).max(self.money) > 50,
            Role::Amount | Role::Price | Role::Quantity => self.number < 30,
            Role::FullName | Role::GivenName | Role::FamilyName => self.number > 70 || self.email > 60,
            Role::Items => self.number > 90 || self.date > 60,
            Role::Address => self.email > 60 || self.date > 60 || self.number > 70,
            Role::Status => self.date > 60,
            _ => false,
        }
    }
}

/// Two to four words of letters, each with a capital, or surname and initials.
fn is_name(cell: &str) -> bool {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let wordy = |word: &&str| {
        word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | 'ʼ' | '.'))
            && word.chars().next().is_some_and(char::is_alphabetic)
    };
    let capitals = words.iter().filter(|word| word.chars().next().is_some_and(char::is_uppercase)).count();
    (2..=4).contains(&words.len()) && words.iter().all(wordy) && capitals >= 2
}

const ADDRESS_WORDS: [&str; 22] = [
    "ул",
    "вул",
    "улица",
    "вулиця",
    "просп",
    "пр",
    "проспект",
    "бульвар",
    "бул",
    "пер",
    "провулок",
    "переулок",
    "площа",
    "площадь",
    "кв",
    "буд",
    "дом",
    "отделение",
    "видд",
    "видделення",
    "street",
    "road",
];

fn is_address(cell: &str) -> bool {
    let folded = fold(cell);
    let digits = cell.chars().any(|c| c.is_ascii_digit());
    static WORDS: LazyLock<Vec<String>> =
        LazyLock::new(|| ADDRESS_WORDS.iter().map(|word| fold(word)).collect());
    let word = folded.split(' ').any(|word| WORDS.iter().any(|known| known == word));
    digits
        && (word
            || (cell.contains(',')
                && folded.split(' ').count() >= 3
                && cell.chars().filter(|c| c.is_alphabetic()).count() > 8))
}

/// A guessed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    pub role: Role,
    /// 0–100.
    pub confidence: u8,
}

/// Roles of all columns together: a role that can stand only once goes to the column that is surest of it.
pub fn guess_roles(headers: &[String], looks: &[Looks]) -> Vec<Guess> {
    let mut guesses: Vec<Guess> = headers
        .iter()
        .enumerate()
        .map(|(index, header)| one_column(header, looks.get(index).copied().unwrap_or_default()))
        .collect();
    for role in Role::ALL.iter().copied().filter(|role| !role.repeats()) {
        let mut holders: Vec<usize> = (0..guesses.len()).filter(|i| guesses[*i].role == role).collect();
        // The surest keeps it; of equals the first.
        holders.sort_by_key(|i| (std::cmp::Reverse(guesses[*i].confidence), *i));
        for loser in holders.into_iter().skip(1) {
            let own = headers.get(loser).is_some_and(|header| role == Role::OrderId && is_any_number(header));
            let free = !guesses.iter().any(|guess| guess.role == Role::RecordId);
            guesses[loser] = if own && free {
                Guess { role: Role::RecordId, confidence: 60 }
            } else {
                Guess { role: Role::Other, confidence: 30 }
            };
        }
    }
    number_of_the_row(headers, looks, &mut guesses);
    guesses
}

/// A header that says "number" without saying of what.
fn is_any_number(header: &str) -> bool {
    matches!(header.trim().to_lowercase().as_str(), "номер" | "№" | "no" | "number" | "nr" | "#" | "№ п/п")
}

fn one_column(header: &str, looks: Looks) -> Guess {
    let by_cells = looks.role();
    match header_role(header) {
        Some((role, strength)) if !looks.contradicts(role) => {
            let agrees = by_cells.is_some_and(|(cells, _)| cells == role);
            // "Contact" may be a name, a phone or an e-mail: the cells decide.
            if let Some((cells, share)) = by_cells
                && matches!(
                    role,
                    Role::FullName | Role::CustomerKey | Role::Address | Role::Note | Role::Other
                )
                && matches!(cells, Role::Email | Role::Phone | Role::FullName | Role::Address)
                && cells != role
                && share >= 70
                && strength < 3
                && matches!(
                    (role, cells),
                    (Role::FullName | Role::CustomerKey, Role::Email | Role::Phone)
                        | (Role::CustomerKey, Role::FullName)
                )
            {
                return Guess { role: cells, confidence: share };
            }
            let base = match strength {
                // "№" beside "№ заказа" is the number of something else.
                2 if role == Role::OrderId && is_any_number(header) => 55,
                2 => 90,
                _ => 75,
            };
            Guess { role, confidence: if agrees { base + 9 } else { base } }
        }
        Some(_) => by_cells.map_or(Guess { role: Role::Other, confidence: 30 }, |(role, share)| Guess {
            role,
            confidence: share / 2,
        }),
        None => by_cells.map_or(Guess { role: Role::Other, confidence: 20 }, |(role, share)| Guess {
            role,
            confidence: share / 10 * 7,
        }),
    }
}

/// Without an order number, a first column "id"/"№" of distinct values in a file of orders is the order number.
fn number_of_the_row(headers: &[String], looks: &[Looks], guesses: &mut [Guess]) {
    let has = |guesses: &[Guess], role: Role| guesses.iter().any(|guess| guess.role == role);
    let orders = has(guesses, Role::Amount) || has(guesses, Role::Items) || has(guesses, Role::Status);
    if !orders || has(guesses, Role::OrderId) {
        return;
    }
    let place = guesses.iter().position(|guess| guess.role == Role::RecordId);
    if let Some(place) = place
        && place < headers.len()
        && looks.get(place).is_some_and(|l| l.distinct == l.filled)
    {
        guesses[place] = Guess { role: Role::OrderId, confidence: 60 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(header: &str) -> Role {
        header_role(header).map_or(Role::Other, |(role, _)| role)
    }

    #[test]
    fn headers_of_three_languages() {
        for (header, expected) in [
            ("Order no", Role::OrderId),
            ("№ замовлення", Role::OrderId),
            ("Номер заказа", Role::OrderId),
            ("InvoiceNo", Role::OrderId),
            ("Order date", Role::OrderDate),
            ("Дата заказа", Role::OrderDate),
            ("InvoiceDate", Role::OrderDate),
            ("Дата", Role::OrderDate),
            ("Delivery date", Role::DeliveryDate),
            ("Дата доставки", Role::DeliveryDate),
            ("Books", Role::Items),
            ("Товари", Role::Items),
            ("Amount", Role::Amount),
            ("Сума", Role::Amount),
            ("Сумма, грн", Role::Amount),
            ("Order status", Role::Status),
            ("Статус", Role::Status),
            ("Full name", Role::FullName),
            ("ПІБ", Role::FullName),
            ("ФИО", Role::FullName),
            ("Покупатель", Role::FullName),
            ("Contact", Role::FullName),
            ("E-mail", Role::Email),
            ("Эл. почта", Role::Email),
            ("Електронна пошта", Role::Email),
            ("Phone", Role::Phone),
            ("Телефон", Role::Phone),
            ("Delivery address", Role::Address),
            ("Адреса доставки", Role::Address),
            ("Note", Role::Note),
            ("Row", Role::RecordId),
            ("CustomerID", Role::CustomerKey),
            ("Country", Role::Country),
            ("Quantity", Role::Quantity),
            ("UnitPrice", Role::Price),
            ("Кіл-ть", Role::Quantity),
            ("Имя", Role::GivenName),
            ("Ім’я", Role::GivenName),
            ("Прізвище", Role::FamilyName),
            ("По батькові", Role::Patronymic),
            ("Дата народження", Role::BirthDate),
            ("otklik_reason", Role::Ignore),
            ("Operator", Role::Other),
            ("Lorem", Role::Other),
        ] {
            assert_eq!(role(header), expected, "{header}");
        }
    }

    #[test]
    fn cells_speak_when_headers_do_not() {
        let headers: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let columns = [
            vec!["x@gmail.com", "y@ukr.net", "z@meta.ua"],
            vec!["01.03.2022", "15.04.2022", "2022-05-06"],
            vec!["+38 (096) 510-22-20", "0965102220", "80965102220"],
            vec!["1 234,50 грн", "62.87", "230 грн."],
            vec!["Терехина Наталья Алексеевна", "Бойко Олександр", "Терехина Н.А."],
        ];
        let looks: Vec<Looks> = columns.iter().map(|c| Looks::of(c.iter().copied())).collect();
        let roles: Vec<Role> = guess_roles(&headers, &looks).iter().map(|g| g.role).collect();
        assert_eq!(roles, [Role::Email, Role::OrderDate, Role::Phone, Role::Amount, Role::FullName]);
    }

    #[test]
    fn numbers_of_something_else() {
        let roles = |headers: &[&str]| -> Vec<Role> {
            let headers: Vec<String> = headers.iter().map(|h| (*h).to_owned()).collect();
            guess_roles(&headers, &[]).iter().map(|g| g.role).collect()
        };
        assert_eq!(
            roles(&["Номер", "Дата", "№ заказа", "Телефон"]),
            [Role::RecordId, Role::OrderDate, Role::OrderId, Role::Phone]
        );
        assert_eq!(roles(&["№", "Замовлення", "Адреса"]), [Role::RecordId, Role::OrderId, Role::Address]);
        assert_eq!(roles(&["Код", "Заказ №", "Адрес"]), [Role::RecordId, Role::OrderId, Role::Address]);
        assert_eq!(roles(&["Номер", "Дата", "Сума"])[0], Role::OrderId);
        assert_eq!(roles(&["Валюта", "VK", "Соцсеть"]), [Role::Currency, Role::Social, Role::Social]);
    }

    #[test]
    fn phones_in_one_odd_style_are_phones() {
        for cell in [
            "0503639957; 0678999486",
            "0503639957 0678999486",
            "505584446",
            "0503639957 доб. 12",
            "тел 0503639957 мама",
            "3,80674128093E+11",
        ] {
            assert!(is_phone(cell), "{cell}");
        }
        for cell in ["вул. Садова 12, кв. 345", "Олена Петрівна", "01.02.2023", "a@b.ua", "12345"]
        {
            assert!(!is_phone(cell), "{cell}");
        }
        let local = Looks::of(["4609270", "4609271", "4609272", "4609273", "4609274"].into_iter());
        assert!(!local.contradicts(Role::Phone), "seven digits of a town");
    }

    #[test]
    fn cells_overrule_a_wrong_header() {
        let headers: Vec<String> = ["Date", "Phone"].map(str::to_owned).into();
        let looks = [
            Looks::of(["a@b.ua", "c@d.ua", "e@f.ua", "g@h.ua", "i@j.ua"].into_iter()),
            Looks::of(["0501112233", "0671112233", "-"].into_iter()),
        ];
        let roles: Vec<Role> = guess_roles(&headers, &looks).iter().map(|g| g.role).collect();
        assert_eq!(roles, [Role::Email, Role::Phone]);
    }
}
