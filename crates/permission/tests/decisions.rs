//! The decision, case by case and by properties.

use basis::Time;
use jiff::tz::TimeZone;
use permission::{
    Basis, Channel, ContactState, Decision, DeclaredBasis, Jurisdiction, Purpose, Reason, decide,
    rules::{
        decide::{LastWord, Situation, Touch},
        sets::{Cap, OwnRules, RuleSet},
    },
};
use proptest::prelude::*;

fn at(text: &str) -> Time {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn declared(basis: Basis) -> DeclaredBasis {
    DeclaredBasis {
        purpose: Purpose::Marketing,
        channel: "all".into(),
        basis,
        proof: "checkbox at checkout".into(),
    }
}

struct World {
    rules: Vec<&'static RuleSet>,
    own: OwnRules,
    declared: Vec<DeclaredBasis>,
    zones: Vec<TimeZone>,
    touches: Vec<Touch>,
}

impl World {
    fn new(jurisdiction: Jurisdiction, basis: Basis) -> Self {
        Self {
            rules: vec![RuleSet::of(jurisdiction)],
            own: OwnRules::default(),
            declared: vec![declared(basis)],
            zones: vec![TimeZone::get("Europe/Kyiv").unwrap()],
            touches: vec![],
        }
    }
    /// Monday noon in Kyiv, all well.
    fn situation(&self) -> Situation<'_> {
        Situation {
            at: at("2024-09-02T09:00:00Z"),
            purpose: Purpose::Marketing,
            channel: Channel::Email,
            rules: &self.rules,
            own: &self.own,
            has_contact: true,
            suppressed: false,
            person_dead: false,
            contact: ContactState::Ok,
            said: None,
            declared: &self.declared,
            zones: &self.zones,
            touches: &self.touches,
            expires_at: None,
        }
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let world = World::new(Jurisdiction::Ua, Basis::Consent);
    let ok = world.situation();
    assert_eq!(decide(&ok), Decision::Allow);
    let refused = |s: Situation<'_>| match decide(&s) {
        Decision::Refused(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Situation { has_contact: false, ..ok.clone() }), Reason::NoContact);
    assert_eq!(refused(Situation { suppressed: true, ..ok.clone() }), Reason::Suppressed);
    assert_eq!(refused(Situation { said: Some(LastWord::Withdrawn), ..ok.clone() }), Reason::Withdrawn);
    assert_eq!(refused(Situation { person_dead: true, ..ok.clone() }), Reason::Dead);
    assert_eq!(refused(Situation { contact: ContactState::HardBounced, ..ok.clone() }), Reason::Dead);
    assert_eq!(refused(Situation { declared: &[], ..ok.clone() }), Reason::NoConsent);
    assert_eq!(refused(Situation { purpose: Purpose::Service, ..ok.clone() }), Reason::NoConsent);
    assert_eq!(refused(Situation { channel: Channel::AutoCall, ..ok.clone() }), Reason::NoAutomaticConsent);
    assert_eq!(refused(Situation { expires_at: Some(ok.at), ..ok.clone() }), Reason::Expired);
}

#[test]
fn the_law_of_the_place_decides_about_the_basis() {
    for (jurisdiction, basis, channel, allowed) in [
        (Jurisdiction::Eu, Basis::SoftOptIn, Channel::Email, true),
        (Jurisdiction::Eu, Basis::SoftOptIn, Channel::Call, false),
        (Jurisdiction::Ru, Basis::SoftOptIn, Channel::Email, false),
        (Jurisdiction::Ru, Basis::Consent, Channel::Email, true),
        (Jurisdiction::Ru, Basis::Consent, Channel::Whatsapp, false),
        (Jurisdiction::Ua, Basis::Contract, Channel::Sms, false),
        (Jurisdiction::Us, Basis::Contract, Channel::Email, true),
        (Jurisdiction::Us, Basis::SoftOptIn, Channel::Sms, false),
    ] {
        let world = World::new(jurisdiction, basis);
        let decision = decide(&Situation { channel, ..world.situation() });
        assert_eq!(decision == Decision::Allow, allowed, "{jurisdiction} {basis} {channel}: {decision:?}");
    }
}

#[test]
fn two_places_are_held_to_the_stricter() {
    let mut world = World::new(Jurisdiction::Eu, Basis::SoftOptIn);
    assert_eq!(decide(&world.situation()), Decision::Allow);
    world.rules.push(RuleSet::of(Jurisdiction::Ru));
    assert_eq!(decide(&world.situation()), Decision::Refused(Reason::NoConsent));
}

#[test]
fn a_consent_without_proof_is_none() {
    let mut world = World::new(Jurisdiction::Eu, Basis::Consent);
    world.declared[0].proof = " ".into();
    assert_eq!(decide(&world.situation()), Decision::Refused(Reason::NoConsent));
}

#[test]
fn a_machine_calls_only_with_its_own_consent() {
    let world = World::new(Jurisdiction::Ru, Basis::Consent);
    let automatic = DeclaredBasis {
        purpose: Purpose::AutomaticCalls,
        channel: "auto_call".into(),
        ..declared(Basis::Consent)
    };
    let s = Situation { channel: Channel::AutoCall, ..world.situation() };
    assert_eq!(decide(&s), Decision::Refused(Reason::NoAutomaticConsent));
    assert_eq!(decide(&Situation { said: Some(LastWord::Given(automatic)), ..s }), Decision::Allow);
}

#[test]
fn held_contacts_say_until_when() {
    let world = World::new(Jurisdiction::Ua, Basis::Consent);
    // 22:00 in Kyiv.
    let night = Situation { at: at("2024-09-02T19:00:00Z"), ..world.situation() };
    assert_eq!(
        decide(&night),
        Decision::Held { until: at("2024-09-03T06:00:00Z"), reason: Reason::QuietHours }
    );
    let late = Situation { expires_at: Some(at("2024-09-03T05:00:00Z")), ..night };
    assert_eq!(decide(&late), Decision::Refused(Reason::Expired), "a schedule that ends before the morning");
}

#[test]
fn caps_hold_until_there_is_room_and_the_hour_is_right() {
    let mut world = World::new(Jurisdiction::Ua, Basis::Consent);
    world.own.caps = vec![Cap { channel: Some(Channel::Email), days: 7, contacts: 1 }];
    world.touches = vec![Touch { channel: Channel::Email, at: at("2024-08-30T18:00:00Z") }];
    // Room on Friday at 21:00 in Kyiv, which is closed; Saturday at 9:00.
    let expected = Decision::Held { until: at("2024-09-07T06:00:00Z"), reason: Reason::FrequencyCap };
    assert_eq!(decide(&world.situation()), expected);
    assert_eq!(decide(&Situation { channel: Channel::Sms, ..world.situation() }), Decision::Allow);
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(Channel::ALL)
}

proptest! {
    /// Whatever else is true, a suppressed or withdrawn person, or one without a basis, is never contacted.
    #[test]
    fn no_contact_without_a_right(
        millis in 1_700_000_000_000_i64..1_800_000_000_000,
        channel in any_channel(),
        jurisdiction in prop::sample::select(Jurisdiction::ALL),
        suppressed: bool, withdrawn: bool, dead: bool, has_basis: bool,
        basis in prop::sample::select(Basis::ALL),
    ) {
        let mut world = World::new(jurisdiction, basis);
        if !has_basis { world.declared.clear(); }
        let s = Situation {
            at: Time::from_millis(millis), channel, suppressed, person_dead: dead,
            said: withdrawn.then_some(LastWord::Withdrawn), ..world.situation()
        };
        let decision = decide(&s);
        if suppressed || withdrawn || dead || !has_basis {
            prop_assert!(matches!(decision, Decision::Refused(_)), "{decision:?}");
        }
        prop_assert_eq!(decide(&s), decision, "the same situation has the same answer");
    }

    /// What is held is allowed at the moment it names, when nothing else has changed.
    #[test]
    fn a_held_contact_passes_at_its_time(
        millis in 1_700_000_000_000_i64..1_800_000_000_000,
        call: bool,
        touches in prop::collection::vec(0_i64..10 * 86_400_000, 0..6),
        zone in prop::sample::select(vec!["Europe/Kyiv", "Asia/Kamchatka", "America/New_York"]),
    ) {
        let mut world = World::new(Jurisdiction::Us, Basis::Consent);
        world.rules.push(RuleSet::of(Jurisdiction::Ua));
        world.zones = vec![TimeZone::get(zone).unwrap()];
        let channel = if call { Channel::Call } else { Channel::Email };
        world.touches = touches.iter().map(|ago| Touch { channel, at: Time::from_millis(millis - ago) }).collect();
        let s = Situation { at: Time::from_millis(millis), channel, ..world.situation() };
        if let Decision::Held { until, .. } = decide(&s) {
            prop_assert!(until > s.at);
            prop_assert_eq!(decide(&Situation { at: until, ..s }), Decision::Allow);
        }
    }

    /// Stricter own rules never let through what looser ones stopped.
    #[test]
    fn own_rules_only_narrow(millis in 1_700_000_000_000_i64..1_800_000_000_000, from in 0_u16..12, to in 12_u16..24) {
        use permission::rules::hours::{Hours, Window};
        let mut world = World::new(Jurisdiction::Ua, Basis::Consent);
        let law = decide(&Situation { at: Time::from_millis(millis), ..world.situation() });
        let window = Window::hours(from, to);
        world.own.message_hours = Some(Hours { working: window, rest: window });
        let own = decide(&Situation { at: Time::from_millis(millis), ..world.situation() });
        if own == Decision::Allow {
            prop_assert_eq!(law, Decision::Allow);
        }
    }
}
