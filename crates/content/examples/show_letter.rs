//! Prints the shipped first letter for a made-up person: `cargo run -p content --example show_letter -- ru > letter.html`;
//! with a second word `text` its plain-text part, with `check` what the checks say of it.

use std::io::Write;

use basis::Lang;
use content::{Letter, Links, Merge, Person, Sender, check_letter, defaults};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let lang: Lang = words.next().as_deref().unwrap_or("ru").parse()?;
    let mode = words.next().unwrap_or_default();
    let (name, titles, shop) = match lang {
        Lang::Ru => ("Наталья", ["Мастер и Маргарита", "\"Дюна\"", "Хоббит"], "Книжная полка"),
        Lang::Uk => ("Наталія", ["Тигролови", "Кобзар", "Intermezzo"], "Книжкова шафа"),
        Lang::En => ("Natalia", ["The Hobbit", "Dune", "Emma"], "The Bookshelf"),
    };
    let sender = Sender {
        shop_name: shop.to_owned(),
        shop_url: "https://shop.example".to_owned(),
        legal_name: shop.to_owned(),
        postal_address: "Київ, вул. Східна, 7".to_owned(),
        email: "hello@shop.example".to_owned(),
        phone: String::new(),
    };
    let person = Person {
        given_name: Some(name.to_owned()),
        titles: titles.map(str::to_owned).to_vec(),
        categories: vec!["Фантастика".to_owned()],
        ..Person::default()
    };
    let links = Links {
        interests: "https://shop.example/p/token".to_owned(),
        unsubscribe: "https://shop.example/u/token".to_owned(),
    };
    let source = defaults::first_letter(lang);
    let mut out = std::io::stdout();
    if mode == "check" {
        writeln!(out, "{:#?}", check_letter(lang, &source, &sender, true))?;
        return Ok(());
    }
    let letter = Letter::compile(lang, &source).map_err(|errors| format!("{errors:?}"))?;
    let made = letter.render(&Merge::new(lang, &person, &sender, links), &mut |_| None)?;
    let shown =
        if mode == "text" { format!("Subject: {}\n\n{}", made.subject, made.text) } else { made.html };
    writeln!(out, "{shown}")?;
    Ok(())
}
