//! The cell "what was bought": one title or a list of them with quantities, quoted, bulleted, over several lines.

use basis::{fold, visible};

/// One bought thing of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// As shown: without quotes and quantity, spaces folded.
    pub title: String,
    pub quantity: u32,
}

/// The key under which two spellings are one product: case, quotes, dashes, accents and ё/е do not matter.
pub fn product_key(title: &str) -> String {
    let key = fold(title);
    // A title of signs only ("???") is still a product of its own.
    if key.is_empty() { title.trim().to_lowercase() } else { key }
}

/// Splits a cell into titles with quantities. Equal titles are joined.
pub fn read_items(cell: &str) -> Vec<Item> {
    let cell = unwrap_quotes(cell.trim());
    let mut items: Vec<Item> = Vec::new();
    for line in cell.split(['\n', '\r', ';', '|', '•', '\u{2028}']) {
        for part in split_commas(line) {
            let Some(item) = read_one(part) else { continue };
            let key = product_key(&item.title);
            match items.iter_mut().find(|known| product_key(&known.title) == key) {
                Some(known) => known.quantity = known.quantity.saturating_add(item.quantity),
                None => items.push(item),
            }
        }
    }
    items
}

/// A whole title from a file with one row per product: quotes go, separators stay.
pub fn read_title(cell: &str) -> Option<String> {
    let title = visible(unwrap_quotes(cell.trim()));
    (!title.is_empty()).then_some(title)
}

const QUOTES: [(char, char); 5] = [('"', '"'), ('«', '»'), ('“', '”'), ('„', '“'), ('\'', '\'')];

/// Takes one pair of quotes away when it encloses the whole text and nothing but it.
fn unwrap_quotes(text: &str) -> &str {
    for (open, close) in QUOTES {
        if let Some(inner) = text.strip_prefix(open).and_then(|t| t.strip_suffix(close))
            && !inner.contains(open)
            && !inner.contains(close)
        {
            return inner.trim();
        }
    }
    text
}

/// Commas belong to titles ("Математика, 5 клас") unless every part says how many or stands in quotes.
fn split_commas(line: &str) -> Vec<&str> {
    let parts: Vec<&str> = line.split(',').collect();
    let listed = |part: &&str| {
        let part = part.trim();
        quantity_at_end(part).is_some() || (!part.is_empty() && unwrap_quotes(part).len() < part.len())
    };
    if parts.len() > 1 && parts.iter().all(listed) { parts } else { vec![line] }
}

fn read_one(part: &str) -> Option<Item> {
    let mut text = part.trim().trim_start_matches(['-', '–', '—', '*', '·']).trim();
    text = strip_number(text);
    let mut quantity = 1;
    if let Some((rest, n)) = quantity_at_end(text).or_else(|| quantity_at_start(text)) {
        (text, quantity) = (rest, n);
    }
    text = unwrap_quotes(text.trim());
    if let Some((rest, n)) = quantity_at_end(text) {
        (text, quantity) = (rest, n);
    }
    let title = visible(unwrap_quotes(text.trim()));
    (!title.is_empty()).then_some(Item { title, quantity })
}

/// "1) Кобзар" and "2. Кобзар" are places in a list; "1984" and "451 градус" are titles.
fn strip_number(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 2 {
        return text;
    }
    let rest = &text[digits..];
    match rest.strip_prefix(')').or_else(|| rest.strip_prefix(". ")) {
        Some(rest) if !rest.trim().is_empty() => rest.trim_start(),
        _ => text,
    }
}

/// `x2`, `х2` (Cyrillic), `×2`, `*2`, `- 2 шт`, `(2 шт.)`, `2 pcs`.
fn quantity_at_end(text: &str) -> Option<(&str, u32)> {
    let bare = text.trim_end().trim_end_matches(['.', ')']).trim_end();
    let lower_units = ["шт", "pcs", "pc", "экз", "прим", "од", "ед"];
    let unit = lower_units.iter().find_map(|unit| {
        let head = bare.len().checked_sub(unit.len())?;
        (bare.is_char_boundary(head) && bare[head..].to_lowercase() == *unit).then(|| bare[..head].trim_end())
    });
    if let Some(head) = unit {
        let (rest, n) = trailing_number(head)?;
        let rest =
            rest.trim_end().trim_end_matches(['(', '-', '–', '—', ',', ':', 'x', 'х', '×', '*']).trim_end();
        return (!rest.is_empty()).then_some((rest, n));
    }
    let (rest, n) = trailing_number(bare)?;
    let rest_marked = rest.trim_end_matches(' ');
    let title = rest_marked.strip_suffix(['x', 'X', 'х', 'Х', '×', '*'])?;
    // "MATRIX2" is a title: the sign needs a gap before it.
    if !title.ends_with([' ', '\u{a0}', '(', '"', '»', '”']) {
        return None;
    }
    let title = title.trim_end_matches([' ', '\u{a0}', '(']);
    (!title.is_empty()).then_some((title, n))
}

/// `2 x Кобзар`, `2 шт Кобзар`.
fn quantity_at_start(text: &str) -> Option<(&str, u32)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 3 {
        return None;
    }
    let n = number(&text[..digits])?;
    let rest = text[digits..].trim_start();
    let rest = ["шт.", "шт", "pcs", "x ", "X ", "х ", "Х ", "×", "* "]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark))?;
    let rest = rest.trim();
    (!rest.is_empty()).then_some((rest, n))
}

fn trailing_number(text: &str) -> Option<(&str, u32)> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 3 {
        return None;
    }
    let at = text.len() - digits;
    Some((&text[..at], number(&text[at..])?))
}

fn number(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(cell: &str) -> String {
        read_items(cell).iter().map(|i| format!("{}={}", i.title, i.quantity)).collect::<Vec<_>>().join(" / ")
    }

    #[test]
    fn cells_of_shops() {
        for (cell, items) in [
            ("Портрет Дориана Грея x2", "Портрет Дориана Грея=2"),
            ("\"Дюна\"", "Дюна=1"),
            ("Хоббит - 1 шт\nКобзар - 2 шт", "Хоббит=1 / Кобзар=2"),
            ("\"1984 x2\nМатематика, 5 клас x2\"", "1984=2 / Математика, 5 клас=2"),
            ("Преступление и наказание; Дюна - 2 шт", "Преступление и наказание=1 / Дюна=2"),
            ("Карлсон, який живе на даху", "Карлсон, який живе на даху=1"),
            (
                "Карлсон, який живе на даху x1\nКарлсон, який живе на даху - 1 шт",
                "Карлсон, який живе на даху=2",
            ),
            ("1984", "1984=1"),
            ("451 градус за Фаренгейтом", "451 градус за Фаренгейтом=1"),
            ("«Дюна» x3", "Дюна=3"),
            ("\"Дюна\", \"Кобзар\"", "Дюна=1 / Кобзар=1"),
            ("Дюна x1, Кобзар x2", "Дюна=1 / Кобзар=2"),
            ("2 x Кобзар", "Кобзар=2"),
            ("1) Кобзар\n2) Дюна (2 шт.)", "Кобзар=1 / Дюна=2"),
            ("• Кобзар • Дюна", "Кобзар=1 / Дюна=1"),
            ("Дюна × 2", "Дюна=2"),
            ("MATRIX2", "MATRIX2=1"),
            ("Уловка-22", "Уловка-22=1"),
            ("", ""),
            (" ; \n", ""),
        ] {
            assert_eq!(list(cell), items, "{cell}");
        }
    }

    #[test]
    fn spellings_of_one_product_meet() {
        assert_eq!(product_key("«Мёртвые  души»"), product_key("мертвые души"));
        assert_eq!(product_key("\u{200b}Дюна"), product_key("ДЮНА"));
        assert_ne!(product_key("Дюна"), product_key("Дюна 2"));
        assert_ne!(product_key("???"), product_key("!!!"));
    }

    proptest! {
        #[test]
        fn titles_never_come_out_empty(cell in "\\PC{0,60}") {
            for item in read_items(&cell) {
                prop_assert!(!item.title.is_empty() && item.quantity > 0);
            }
        }

        #[test]
        fn a_written_list_is_read_back(titles in prop::collection::btree_set("[А-Яа-яA-Z][а-яїіє]{2,8}( [а-яіє]{3,8}){0,2}", 1..5), n in 1_u32..20) {
            let cell = titles.iter().map(|t| format!("{t} x{n}")).collect::<Vec<_>>().join("\n");
            let total: u32 = read_items(&cell).iter().map(|i| i.quantity).sum();
            prop_assert_eq!(total, n * u32::try_from(titles.len()).unwrap());
        }
    }
}
