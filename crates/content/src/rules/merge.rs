//! What a template may say about a person: the merge fields.

use basis::Lang;
use minijinja::Value;
use serde::{Deserialize, Serialize};

use super::{grammar, names};

/// Titles named in a letter.
pub const TITLES: usize = 3;

/// Who sends: shown at the foot of each letter. CAN-SPAM (15 U.S.C. 7704(a)(5)) and the Ukrainian and Russian
/// advertising laws ask for a name and an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The shop as customers know it.
    pub shop_name: String,
    pub shop_url: String,
    pub legal_name: String,
    pub postal_address: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub phone: String,
}

/// The person, as the card knows them.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub given_name: Option<String>,
    /// Titles bought, the last first, as they came.
    pub titles: Vec<String>,
    /// Names of the categories bought, most bought first.
    pub categories: Vec<String>,
    /// How to use what was bought, the last first.
    pub guides: Vec<Guide>,
}

/// A page that explains what the person bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guide {
    pub title: String,
    pub url: String,
}

/// A category offered on the interests page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub name: String,
    pub url: String,
}

/// A set, a rare item or a discount in a category the person chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    pub title: String,
    pub text: String,
    pub url: String,
}

/// The public pages of this person, already signed.
#[derive(Debug, Clone, Default)]
pub struct Links {
    pub interests: String,
    pub unsubscribe: String,
}

/// Everything that letters, short messages and scripts may name.
#[derive(Debug, Clone, Serialize)]
pub struct Merge {
    pub lang: &'static str,
    /// Empty when unknown.
    pub given_name: String,
    /// With the name where grammar allows, without its mark: `Здравствуйте, Наталья`.
    pub greeting: String,
    /// 0 to 3 clean titles.
    pub books: Vec<String>,
    /// The same in quotes and as a list: `«Хоббит» и «Кобзар»`.
    pub book_list: String,
    pub book_count: usize,
    pub categories: Vec<String>,
    /// `«Фантастика» и «Детективы»`; empty when unknown.
    pub category_list: String,
    /// 0 to 3 pages on how to use what was bought.
    pub guides: Vec<Guide>,
    pub choices: Vec<Choice>,
    pub offers: Vec<Offer>,
    pub shop_name: String,
    pub shop_url: String,
    pub sender: Sender,
    pub interests_url: String,
    pub unsubscribe_url: String,
}

impl Merge {
    pub fn new(lang: Lang, person: &Person, sender: &Sender, links: Links) -> Self {
        let given = person.given_name.as_deref().and_then(names::display_given_name);
        let books = grammar::distinct_titles(person.titles.iter().map(String::as_str), TITLES);
        let categories = grammar::distinct_titles(person.categories.iter().map(String::as_str), TITLES);
        Self {
            lang: lang.as_str(),
            greeting: names::greeting(given.as_deref(), lang),
            given_name: given.unwrap_or_default(),
            book_list: grammar::quoted_list(&books, lang),
            book_count: books.len(),
            books,
            category_list: grammar::quoted_list(&categories, lang),
            categories,
            guides: person.guides.iter().take(TITLES).cloned().collect(),
            choices: Vec::new(),
            offers: Vec::new(),
            shop_name: sender.shop_name.clone(),
            shop_url: sender.shop_url.clone(),
            sender: sender.clone(),
            interests_url: links.interests,
            unsubscribe_url: links.unsubscribe,
        }
    }

    #[must_use]
    pub fn with_choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }

    #[must_use]
    pub fn with_offers(mut self, offers: Vec<Offer>) -> Self {
        self.offers = offers;
        self
    }

    pub fn context(&self) -> Value {
        Value::from_serialize(self)
    }

    /// Two people for trying a template out: one of whom all is known, and one of whom nothing is.
    pub fn samples(lang: Lang, sender: &Sender, links: &Links) -> [Self; 2] {
        let (given, titles, categories): (&str, [&str; 3], [&str; 2]) = match lang {
            Lang::Ru => ("Наталья", ["Мастер и Маргарита", "Хоббит", "Дюна"], ["Классика", "Фантастика"]),
            Lang::Uk => ("Наталія", ["Кобзар", "Тигролови", "Intermezzo"], ["Класика", "Поезія"]),
            Lang::En => ("Natalia", ["The Hobbit", "Dune", "Emma"], ["Classics", "Fantasy"]),
        };
        let known = Person {
            given_name: Some(given.to_owned()),
            titles: titles.map(str::to_owned).to_vec(),
            categories: categories.map(str::to_owned).to_vec(),
            guides: vec![Guide { title: titles[0].to_owned(), url: sender.shop_url.clone() }],
        };
        let choices =
            categories.map(|name| Choice { name: name.to_owned(), url: links.interests.clone() }).to_vec();
        let offers = vec![Offer {
            title: titles[0].to_owned(),
            text: categories[0].to_owned(),
            url: sender.shop_url.clone(),
        }];
        [
            Self::new(lang, &known, sender, links.clone()).with_choices(choices).with_offers(offers),
            Self::new(lang, &Person::default(), sender, links.clone()),
        ]
    }
}
