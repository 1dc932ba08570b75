//! The shipped letters are held to the product's own checks, and each check is seen to fire.

use basis::Lang;
use content::{
    FindingCode, Guide, Letter, LetterSource, Links, Merge, Part, Person, Sender, Severity, Short,
    check_letter, check_sms, defaults, sms_size,
};

fn sender() -> Sender {
    Sender {
        shop_name: "Книжкова шафа".into(),
        shop_url: "https://shop.example".into(),
        legal_name: "ТОВ «Шафа»".into(),
        postal_address: "вул. Східна, 7, Київ".into(),
        email: "hello@shop.example".into(),
        phone: "+380441234567".into(),
    }
}

fn links() -> Links {
    Links { interests: "https://me.example/i/1".into(), unsubscribe: "https://me.example/u/1".into() }
}

fn person(name: &str, titles: &[&str]) -> Person {
    Person {
        given_name: Some(name.into()),
        titles: titles.iter().map(|t| (*t).into()).collect(),
        ..Person::default()
    }
}

#[test]
fn shipped_letters_pass_every_check_without_a_remark() {
    for lang in Lang::ALL {
        let findings = check_letter(lang, &defaults::first_letter(lang), &sender(), true);
        assert!(findings.is_empty(), "{lang}: {findings:#?}");
        for (_, letter) in defaults::onboarding(lang) {
            assert_eq!(check_letter(lang, &letter, &sender(), false), [], "{lang}: {}", letter.subject);
        }
        assert_eq!(check_sms(lang, defaults::sms(lang), &sender()), [], "{lang}");
    }
}

#[test]
fn a_shipped_letter_reads_well_in_each_language() {
    let mut shown = String::new();
    for (lang, who) in [
        (Lang::Ru, person("НАТАЛЬЯ", &["\"Дюна\"", "Хоббит", "Кобзар", "Лис"])),
        (Lang::Uk, person("Наталія", &["Кобзар", "Intermezzo"])),
        (Lang::En, person("Natalia", &["Emma"])),
        (Lang::Uk, Person::default()),
    ] {
        let letter = Letter::compile(lang, &defaults::first_letter(lang)).unwrap();
        let out = letter.render(&Merge::new(lang, &who, &sender(), links()), &mut |_| None).unwrap();
        shown.push_str(&format!("=== {}\n{}\n\n", out.subject, out.text));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn the_onboarding_letters_read_well_with_a_guide_and_without() {
    let mut shown = String::new();
    for lang in Lang::ALL {
        let known = Person {
            guides: vec![Guide {
                title: "Телескоп".into(), url: "https://shop.example/how?a=1&b=2".into()
            }],
            ..person("Наталія", &["Телескоп"])
        };
        for (_, source) in defaults::onboarding(lang) {
            let letter = Letter::compile(lang, &source).unwrap();
            for who in [&known, &Person::default()] {
                let out = letter.render(&Merge::new(lang, who, &sender(), links()), &mut |_| None).unwrap();
                let text = out.text.split("\n-- ").next().unwrap_or_default();
                shown.push_str(&format!("=== {}\n{text}\n\n", out.subject));
                assert!(!out.text.contains("\n\n\n"), "{}", out.text);
            }
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn scripts_and_messages_render_for_everyone() {
    for lang in Lang::ALL {
        let script = Short::compile(lang, "script", defaults::call_script(lang)).unwrap();
        let sms = Short::compile(lang, "sms", defaults::sms(lang)).unwrap();
        for merge in Merge::samples(lang, &sender(), &links()) {
            let said = script.render(&merge, &mut |_| None).unwrap();
            assert!(said.contains(&merge.greeting) && said.contains("# "));
            let text = sms.render(&merge, &mut |_| None).unwrap();
            assert!(text.contains("https://me.example/i/1"), "{text}");
            assert!(sms_size(&text).parts <= 3, "{text}");
        }
    }
}

#[test]
fn text_of_people_cannot_become_markup() {
    let letter = Letter::compile(Lang::Ru, &defaults::first_letter(Lang::Ru)).unwrap();
    let who = person("Анна", &["<script>alert(1)</script> {{ 7*7 }} & 'x'", "\u{202e}abc\u{200b}"]);
    let out = letter.render(&Merge::new(Lang::Ru, &who, &sender(), links()), &mut |_| None).unwrap();
    assert!(!out.html.contains("<script>alert"));
    assert!(out.html.contains("&lt;script&gt;") && out.html.contains("{{ 7*7 }}"));
    assert!(!out.html.contains('\u{202e}'));
    assert!(!out.subject.contains('\n'));
}

#[test]
fn web_links_are_tracked_and_own_pages_are_not() {
    let letter = Letter::compile(Lang::En, &defaults::first_letter(Lang::En)).unwrap();
    let mut seen = Vec::new();
    let merge = Merge::new(Lang::En, &person("Ann", &["Emma"]), &sender(), links());
    let out = letter
        .render(&merge, &mut |link| {
            seen.push(link.url.to_owned());
            Some(format!("https://me.example/c/{}", seen.len()))
        })
        .unwrap();
    assert!(seen.iter().all(|url| url.starts_with("https://shop.example")), "{seen:?}");
    assert!(out.html.contains("https://me.example/c/1") && !out.html.contains("\"https://shop.example"));
    assert!(out.html.contains("https://me.example/u/1") && out.text.contains("https://me.example/u/1"));
}

fn codes(source: &LetterSource) -> Vec<FindingCode> {
    check_letter(Lang::Ru, source, &sender(), true).iter().map(|f| f.code).collect()
}

fn letter(body: &str) -> LetterSource {
    LetterSource {
        subject: "Как вам книга?".into(),
        mjml: format!(
            "<mjml><mj-body>\n<mj-section><mj-column>\n{body}\n</mj-column></mj-section>\n<letter-footer />\n</mj-body></mjml>"
        ),
        text: "{{ greeting }}! {{ interests_url }}".into(),
    }
}

const LINK: &str = "<mj-text><a href=\"{{ interests_url }}\">темы</a> <a href=\"https://shop.example/a\">каталог</a></mj-text>";

#[test]
fn each_check_fires_on_its_own_fault() {
    assert_eq!(codes(&letter(LINK)), []);
    let mut bare = letter(LINK);
    bare.mjml = bare.mjml.replace("<letter-footer />", "");
    assert!(codes(&bare).starts_with(&[FindingCode::NoUnsubscribe, FindingCode::NoSenderIdentity]));

    let hidden = letter(LINK);
    let hidden = LetterSource {
        mjml: hidden.mjml.replace("<letter-footer />", "{% if books %}<letter-footer />{% endif %}"),
        ..hidden
    };
    assert!(codes(&hidden).contains(&FindingCode::NoUnsubscribe), "an unsubscribe link for some is none");

    let after = letter(LINK);
    let tail = format!(
        "<letter-footer /><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>",
        "слово ".repeat(60)
    );
    let after = LetterSource { mjml: after.mjml.replace("<letter-footer />", &tail), ..after };
    assert!(codes(&after).contains(&FindingCode::UnsubscribeNotLast));

    let sells = letter(&format!(
        "{LINK}\n<mj-text>Дорогие покупатели, скидка 20% до пятницы, всего 199 грн</mj-text>"
    ));
    let findings = check_letter(Lang::Ru, &sells, &sender(), true);
    let about: Vec<_> = findings.iter().map(|f| (f.code, f.excerpt.as_str(), f.line)).collect();
    assert!(about.contains(&(FindingCode::Flattery, "Дорогие покупатели", Some(4))), "{about:?}");
    assert!(about.contains(&(FindingCode::SellingInFirstLetter, "скидка", Some(4))), "{about:?}");
    assert!(findings.iter().all(|f| f.severity == Severity::Warn), "words are the author's choice");
    assert!(check_letter(Lang::Ru, &sells, &sender(), false).iter().all(|f| f.code == FindingCode::Flattery));

    let evil = letter(&format!("{LINK}<mj-text><a href=\"javascript:alert(1)\">x</a></mj-text>"));
    assert!(codes(&evil).contains(&FindingCode::UnsafeLink));
    let pictures = letter("<mj-image src=\"https://shop.example/a.png\" />");
    let found = codes(&pictures);
    for code in [
        FindingCode::ImageOnly,
        FindingCode::ImageWithoutText,
        FindingCode::NoInterestsLink,
        FindingCode::FewLinks,
    ] {
        assert!(found.contains(&code), "{found:?}");
    }
    let loud = LetterSource {
        subject: "СРОЧНО ПРОЧТИТЕ ЭТО ПИСЬМО СЕГОДНЯ ДО ВЕЧЕРА ИЛИ БУДЕТ ПОЗДНО".into(),
        ..letter(LINK)
    };
    assert_eq!(codes(&loud), [FindingCode::LongSubject, FindingCode::LoudSubject]);
    assert_eq!(codes(&LetterSource { subject: " ".into(), ..letter(LINK) }), [FindingCode::EmptySubject]);
    assert_eq!(codes(&LetterSource { text: String::new(), ..letter(LINK) }), [FindingCode::MissingText]);

    let nobody = Sender { postal_address: String::new(), ..sender() };
    let found = check_letter(Lang::Ru, &letter(LINK), &nobody, true);
    assert_eq!((found[0].code, found[0].part), (FindingCode::NoSenderIdentity, Part::Sender));
}

#[test]
fn the_text_part_is_derived_and_gets_its_own_way_out() {
    let source = LetterSource { text: String::new(), ..letter(LINK) };
    let made = Letter::compile(Lang::Ru, &source).unwrap();
    let out =
        made.render(&Merge::new(Lang::Ru, &person("Анна", &[]), &sender(), links()), &mut |_| None).unwrap();
    assert!(out.text.contains("темы (https://me.example/i/1)"), "{}", out.text);
    assert!(out.text.contains("https://me.example/u/1"), "{}", out.text);
}
