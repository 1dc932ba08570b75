use super::*;

const NOW: Time = Time::from_millis(1_725_175_800_000);

fn letter(to: &str) -> Arc<Letter> {
    Arc::new(Letter {
        to: to.to_owned(),
        return_path: "b.x@bounce.test".to_owned(),
        subject: "Дякуємо".to_owned(),
        reply_to: "r.x@bounce.test".to_owned(),
        message_id: "1@shop.test".to_owned(),
        one_click: Some("http://127.0.0.1:1/u/x".to_owned()),
        unsubscribe_mailto: Some("u.x@bounce.test".to_owned()),
        links: ["p/x", "r/x", "u/x"].iter().map(|p| format!("http://127.0.0.1:1/{p}")).collect(),
        head: String::new(),
    })
}

fn kind(action: &Action) -> &'static str {
    match action {
        Action::Mail { what: Return::Bounce { .. }, .. } => "bounce",
        Action::Mail { what: Return::Away, .. } => "away",
        Action::Scan { .. } => "scan",
        Action::Choose { .. } => "positive",
        Action::Follow { .. }
        | Action::Mail {
            what:
                Return::Words("Спасибо, я подумаю и напишу вам позже. [simulated]"),
            ..
        } => "else",
        Action::Mail { .. } | Action::Leave { .. } | Action::OneClick { .. } => "negative",
        Action::Receipt { .. } | Action::Text { .. } | Action::PhoneBack { .. } => "other",
    }
}

#[test]
fn ten_thousand_letters_are_answered_in_the_proportions_of_the_case() {
    let folk = Folk::new(7, Town::default());
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for n in 0..10_000 {
        let to = format!("reader{n}@people.test");
        if mailbox(&folk, &to) == Mailbox::Refuses {
            *counts.entry("bounce").or_default() += 1;
            continue;
        }
        let dice = Dice::new(folk.seed, &to);
        let actions = answers(dice, folk.fate(&to), &letter(&to), NOW);
        for (due, action) in &actions {
            *counts.entry(kind(action)).or_default() += 1;
            let soon = matches!(kind(action), "bounce" | "away" | "scan");
            assert!(*due == NOW || !soon);
            assert!(soon || (*due > NOW.plus(Duration::from_secs(60)) && *due < NOW.plus_days(3)));
        }
    }
    let share = |what: &str| counts.get(what).copied().unwrap_or(0);
    assert!((2_750..3_200).contains(&share("positive")), "{counts:?}");
    assert!((900..1_300).contains(&(share("negative") + share("bounce"))), "{counts:?}");
    assert!((750..1_050).contains(&share("bounce")), "{counts:?}");
    assert!(share("scan") > 400 && share("away") > 100, "{counts:?}");
}

#[test]
fn a_short_message_wins_a_quarter_of_its_readers() {
    let folk = Folk::new(7, Town::default());
    let (mut won, mut delivered) = (0, 0);
    for n in 0..10_000 {
        let to = format!("+38050{n:07}");
        if line(&folk, &to) == Line::Unknown {
            continue;
        }
        let sms = Sms {
            from: "Knyha".into(),
            to: to.clone(),
            text: "http://127.0.0.1/p/x".into(),
            receipt: Some("1".into()),
        };
        let actions = sms_answers(Dice::new(7, &to), folk.fate(&to), sms, None, true, NOW);
        let Action::Receipt { state, .. } = &actions[0].1 else { panic!("{actions:?}") };
        delivered += usize::from(*state == "DELIVRD");
        won += actions
            .iter()
            .filter(|(_, a)| matches!(a, Action::Choose { .. } | Action::PhoneBack { .. }))
            .count();
    }
    let percent = 100 * won / delivered;
    assert!((23..29).contains(&percent), "{percent}% of {delivered}");
}

#[test]
fn a_letter_without_a_way_out_is_still_refused_in_words_only() {
    let mut bare = (*letter("a@b.test")).clone();
    bare.links.clear();
    bare.one_click = None;
    bare.unsubscribe_mailto = None;
    let bare = Arc::new(bare);
    assert_eq!(refusal(Refusal::OneClick, &bare), None);
    assert!(refusal(Refusal::Words, &bare).is_some());
    let full = letter("a@b.test");
    assert_eq!(refusal(Refusal::OneClick, &full), Some(Action::OneClick { path: "/u/x".to_owned() }));
}

#[test]
fn a_mailbox_named_on_the_telephone_is_the_same_persons() {
    let folk = Folk::new(7, Town::of_bookshop());
    let person = folk.town.people.iter().find(|p| p.key.starts_with('+')).unwrap();
    let mailbox = mailbox_of(&person.key);
    assert_eq!(folk.who(&mailbox).as_ref(), person.key);
    assert_eq!(folk.fate(&mailbox).place, Where::Here);
    assert_eq!(folk.fate(&mailbox).letter, folk.fate(&person.key).letter);
    assert_eq!(folk.who("somebody@people.test").as_ref(), "somebody@people.test");
}

#[tokio::test]
async fn people_stay_on_this_machine() {
    let config = |base_url: &str, inbound: &str| SimulationConfig {
        seed: 1,
        base_url: base_url.to_owned(),
        inbound_smtp: inbound.parse().unwrap(),
        operator_token: None,
        marketer_token: String::new(),
    };
    assert!(Simulation::start(config("http://shop.example", "127.0.0.1:25")).await.is_err());
    assert!(Simulation::start(config("http://127.0.0.1:1", "10.0.0.1:25")).await.is_err());
    let simulation = Simulation::start(config("http://127.0.0.1:1", "127.0.0.1:1")).await.unwrap();
    assert_ne!(simulation.smtp_port(), simulation.smpp_port());
}
