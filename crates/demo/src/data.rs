//! What the demo is seeded with: the bookshop's exports as its call centre would drag them in, and the shop's catalogue.
//! Every person, number and address in them is invented.

/// The shop's orders.
pub const fn orders_csv() -> &'static [u8] {
    include_bytes!("../data/orders.csv")
}

/// The call centre's delivery addresses.
pub const fn addresses_csv() -> &'static [u8] {
    include_bytes!("../data/addresses.csv")
}

/// Title and category key of every book that is sold in [`orders_csv`].
pub const fn catalogue_csv() -> &'static [u8] {
    include_bytes!("../data/catalogue.csv")
}

/// A category of the catalogue with its names for the interests page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// As in the catalogue.
    pub key: String,
    pub name_ru: String,
    pub name_uk: String,
    pub name_en: String,
}

/// Key, then the names in Russian, Ukrainian and English.
const CATEGORIES: [[&str; 4]; 9] = [
    ["classics", "Русская классика", "Російська класика", "Russian classics"],
    ["ukrainian", "Украинская литература", "Українська література", "Ukrainian literature"],
    ["world", "Зарубежная проза", "Зарубіжна проза", "World fiction"],
    ["fantasy", "Фантастика и фэнтези", "Фантастика й фентезі", "Science fiction and fantasy"],
    ["thrillers", "Детективы и триллеры", "Детективи та трилери", "Crime and thrillers"],
    ["children", "Детские книги", "Дитячі книжки", "Children's books"],
    ["business", "Психология и дело", "Психологія та справа", "Psychology and business"],
    ["study", "Учёба и языки", "Навчання й мови", "Study and languages"],
    ["home", "Дом и поездки", "Дім і подорожі", "Home and travel"],
];

/// The categories of [`catalogue_csv`], in the order of the interests page.
pub fn categories() -> Vec<Category> {
    CATEGORIES
        .iter()
        .map(|names| {
            let [key, name_ru, name_uk, name_en] = names.map(str::to_owned);
            Category { key, name_ru, name_uk, name_en }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_title_that_is_sold_is_in_the_catalogue() {
        let mut titles = HashSet::new();
        let mut keys = HashSet::new();
        for row in csv::Reader::from_reader(catalogue_csv()).records() {
            let row = row.unwrap();
            assert!(titles.insert(row[0].to_owned()), "{} stands twice", &row[0]);
            keys.insert(row[1].to_owned());
        }
        let known: HashSet<String> = categories().into_iter().map(|c| c.key).collect();
        assert_eq!(keys, known);
        // A cell that names one book without a count or quotes is the title itself.
        let plain = |cell: &str| {
            !cell.contains(['\n', ';', '"', '«']) && !cell.ends_with(|c: char| c.is_ascii_digit())
        };
        for row in csv::Reader::from_reader(orders_csv()).records() {
            let row = row.unwrap();
            let cell = row[3].trim();
            if plain(cell) && !cell.is_empty() && !cell.ends_with("шт") {
                assert!(titles.contains(cell), "{cell} is not in the catalogue");
            }
        }
    }
}
