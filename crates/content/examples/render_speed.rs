//! How many personal letters one core makes a second: `cargo run --release -p content --example render_speed`.

use basis::{Clock, Lang, SystemClock};
use content::{Letter, Links, Merge, Person, Sender, defaults};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lang = Lang::Ru;
    let letter = Letter::compile(lang, &defaults::first_letter(lang)).map_err(|e| format!("{e:?}"))?;
    let sender = Sender {
        shop_name: "Книжная полка".into(),
        shop_url: "https://shop.example".into(),
        legal_name: "ООО «Полка»".into(),
        postal_address: "ул. Восточная, 7".into(),
        ..Sender::default()
    };
    let (rounds, mut bytes, start) = (20_000_u32, 0, SystemClock.now());
    for n in 0..rounds {
        let person = Person {
            given_name: Some("Наталья".into()),
            titles: vec!["Дюна".into(), format!("Хоббит {n}"), "Кобзар".into()],
            categories: vec!["Фантастика".into()],
            ..Person::default()
        };
        let links = Links {
            interests: format!("https://me.example/i/{n}"),
            unsubscribe: format!("https://me.example/u/{n}"),
        };
        let out = letter.render(&Merge::new(lang, &person, &sender, links), &mut |link| {
            Some(format!("https://me.example/c/{n}/{}", link.index))
        })?;
        bytes += out.html.len() + out.text.len();
    }
    let millis = SystemClock.now().millis() - start.millis();
    let text = format!("{rounds} letters of {} bytes in {millis} ms\n", bytes / usize::try_from(rounds)?);
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(())
}
