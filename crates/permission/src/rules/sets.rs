//! The rule sets: one per jurisdiction, as data with the date from which each is in force.
//!
//! Facts for the engine, not legal advice; counsel confirms before live use. A workspace may only make them stricter.

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::{
    holidays::Holiday::{self, EasternEaster, Fixed, Nth, WesternEaster},
    hours::{Calendar, Hours, Window},
    terms::{Basis, Channel, Jurisdiction, Purpose},
};

/// A rule in words, with where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Law {
    pub code: &'static str,
    pub source: &'static str,
    pub ru: &'static str,
    pub uk: &'static str,
    pub en: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub struct RuleSet {
    pub jurisdiction: Jurisdiction,
    /// In force since; the version of the set.
    pub version: &'static str,
    marketing_messages: &'static [Basis],
    marketing_calls: &'static [Basis],
    /// SMS where it differs from other messages.
    marketing_sms: &'static [Basis],
    service_messages: &'static [Basis],
    service_calls: &'static [Basis],
    pub message_hours: Hours,
    pub call_hours: Hours,
    holidays: &'static [Holiday],
    /// Channels on which advertising is not carried here.
    pub channels_off: &'static [Channel],
    /// Whether the interests page may show all boxes ticked.
    pub ticked_by_default: bool,
    pub laws: &'static [Law],
}

const CONSENT: &[Basis] = &[Basis::Consent];
const CONSENT_OR_SOFT: &[Basis] = &[Basis::Consent, Basis::SoftOptIn];
const PERFORMANCE: &[Basis] = &[Basis::Consent, Basis::Contract];
const ANY: &[Basis] = &[Basis::Consent, Basis::SoftOptIn, Basis::Contract];

const MESSAGES: Hours = Hours { working: Window::hours(9, 21), rest: Window::hours(9, 21) };
const CALLS: Hours = Hours { working: Window::hours(9, 20), rest: Window::hours(10, 18) };
const US_HOURS: Hours = Hours { working: Window::hours(8, 21), rest: Window::hours(8, 21) };

const OPT_OUT: Law = Law {
    code: "opt_out_any_time",
    source: "—",
    ru: "Отказ действует сразу, на всех каналах, и переживает объединение карточек и повторную загрузку.",
    uk: "Відмова діє одразу, на всіх каналах, і переживає об’єднання карток та повторне завантаження.",
    en: "A refusal holds at once, on every channel, and outlives merges and re-imports.",
};
const MACHINE: Law = Law {
    code: "automatic_calls_need_consent",
    source: "—",
    ru: "Автоматический обзвон — только с записанным согласием на автоматические звонки.",
    uk: "Автоматичний обдзвін — лише із записаною згодою на автоматичні дзвінки.",
    en: "Automatic dialling works only with a stored consent for automatic calls.",
};

static RU: RuleSet = RuleSet {
    jurisdiction: Jurisdiction::Ru,
    version: "2026-03-01",
    marketing_messages: CONSENT,
    marketing_calls: CONSENT,
    marketing_sms: CONSENT,
    service_messages: PERFORMANCE,
    service_calls: CONSENT,
    message_hours: MESSAGES,
    call_hours: CALLS,
    holidays: &[
        Fixed(1, 1),
        Fixed(1, 2),
        Fixed(1, 3),
        Fixed(1, 4),
        Fixed(1, 5),
        Fixed(1, 6),
        Fixed(1, 7),
        Fixed(1, 8),
        Fixed(2, 23),
        Fixed(3, 8),
        Fixed(5, 1),
        Fixed(5, 9),
        Fixed(6, 12),
        Fixed(11, 4),
    ],
    channels_off: &[Channel::Telegram, Channel::Viber, Channel::Whatsapp],
    ticked_by_default: true,
    laws: &[
        Law {
            code: "ru_prior_consent",
            source: "38-ФЗ, ст. 18 ч. 1–2",
            ru: "Реклама по сетям связи — только с предварительного согласия; доказывает его отправитель; реклама автоматическим дозвоном и рассылкой без человека запрещена.",
            uk: "Реклама мережами зв’язку — лише за попередньою згодою; доводить її відправник; реклама автоматичним дозвоном без людини заборонена.",
            en: "Advertising by telecom means needs prior consent, proved by the sender; advertising by automatic dialling without a human is prohibited.",
        },
        Law {
            code: "ru_mass_calls",
            source: "41-ФЗ, с 2025-09-01",
            ru: "Массовые и автоматические вызовы, и информационные тоже, — только с согласия.",
            uk: "Масові й автоматичні виклики, інформаційні теж, — лише за згодою.",
            en: "Mass and automatic calls, informational ones too, need consent.",
        },
        Law {
            code: "ru_separate_processing",
            source: "152-ФЗ в ред. 156-ФЗ, с 2025-09-01",
            ru: "Согласие на обработку данных — отдельный документ, не часть согласия на рекламу.",
            uk: "Згода на обробку даних — окремий документ, не частина згоди на рекламу.",
            en: "Consent to process personal data is a document of its own, never merged with consent to advertising.",
        },
        Law {
            code: "ru_foreign_messengers",
            source: "ФАС, 2026-03",
            ru: "Реклама в части иностранных мессенджеров имеет признаки нарушения: каналы выключены.",
            uk: "Реклама в частині іноземних месенджерів має ознаки порушення: канали вимкнено.",
            en: "Advertising on some foreign messengers shows signs of violation: the channels are off.",
        },
        MACHINE,
        OPT_OUT,
    ],
};

static UA: RuleSet = RuleSet {
    jurisdiction: Jurisdiction::Ua,
    version: "2023-07-01",
    marketing_messages: CONSENT,
    marketing_calls: CONSENT,
    marketing_sms: CONSENT,
    service_messages: PERFORMANCE,
    service_calls: PERFORMANCE,
    message_hours: MESSAGES,
    call_hours: CALLS,
    holidays: &[
        Fixed(1, 1),
        Fixed(3, 8),
        EasternEaster(0),
        EasternEaster(1),
        EasternEaster(49),
        EasternEaster(50),
        Fixed(5, 1),
        Fixed(5, 8),
        Fixed(6, 28),
        Fixed(7, 15),
        Fixed(8, 24),
        Fixed(10, 1),
        Fixed(12, 25),
    ],
    channels_off: &[],
    ticked_by_default: true,
    laws: &[
        Law {
            code: "ua_prior_consent",
            source: "Закон України «Про рекламу», ст. 14-3",
            ru: "Массовые сообщения и звонки — только с предварительного письменного или электронного согласия; отказ всегда.",
            uk: "Масові повідомлення й дзвінки — лише за попередньою письмовою чи електронною згодою; відмова завжди.",
            en: "Mass messages and calls need prior written or electronic consent; opt-out always.",
        },
        MACHINE,
        OPT_OUT,
    ],
};

static EU: RuleSet = RuleSet {
    jurisdiction: Jurisdiction::Eu,
    version: "2019-10-01",
    marketing_messages: CONSENT_OR_SOFT,
    // Article 13(3) leaves live calls to the member states; the stricter reading is shipped.
    marketing_calls: CONSENT,
    marketing_sms: CONSENT_OR_SOFT,
    service_messages: PERFORMANCE,
    service_calls: PERFORMANCE,
    message_hours: MESSAGES,
    call_hours: CALLS,
    holidays: &[
        Fixed(1, 1),
        WesternEaster(-2),
        WesternEaster(0),
        WesternEaster(1),
        Fixed(5, 1),
        WesternEaster(39),
        WesternEaster(50),
        Fixed(12, 25),
        Fixed(12, 26),
    ],
    channels_off: &[],
    ticked_by_default: false,
    laws: &[
        Law {
            code: "eu_no_ticked_boxes",
            source: "CJEU C-673/17",
            ru: "Заранее отмеченная галочка — не согласие.",
            uk: "Заздалегідь позначена галочка — не згода.",
            en: "Pre-ticked boxes are not consent.",
        },
        Law {
            code: "eu_soft_opt_in",
            source: "2002/58/EC, art. 13(2)",
            ru: "Своим покупателям — о похожих своих товарах, с отказом в каждом письме.",
            uk: "Своїм покупцям — про схожі власні товари, з відмовою в кожному листі.",
            en: "To existing customers about own similar goods, with a way out in each message.",
        },
        Law {
            code: "eu_withdrawal",
            source: "GDPR, art. 7(3), 15, 17",
            ru: "Отозвать согласие так же легко, как дать; выгрузка и удаление данных по просьбе.",
            uk: "Відкликати згоду так само легко, як дати; вивантаження й видалення даних на прохання.",
            en: "Withdrawal as easy as giving; export and erasure on request.",
        },
        MACHINE,
        OPT_OUT,
    ],
};

static US: RuleSet = RuleSet {
    jurisdiction: Jurisdiction::Us,
    version: "2025-04-11",
    // CAN-SPAM is an opt-out law.
    marketing_messages: ANY,
    marketing_calls: CONSENT_OR_SOFT,
    // A text message is a call under the TCPA.
    marketing_sms: CONSENT,
    service_messages: ANY,
    service_calls: ANY,
    message_hours: US_HOURS,
    call_hours: US_HOURS,
    holidays: &[
        Fixed(1, 1),
        Nth(1, Weekday::Monday, 3),
        Nth(2, Weekday::Monday, 3),
        Nth(5, Weekday::Monday, -1),
        Fixed(6, 19),
        Fixed(7, 4),
        Nth(9, Weekday::Monday, 1),
        Nth(10, Weekday::Monday, 2),
        Fixed(11, 11),
        Nth(11, Weekday::Thursday, 4),
        Fixed(12, 25),
    ],
    channels_off: &[],
    ticked_by_default: true,
    laws: &[
        Law {
            code: "us_hours",
            source: "47 CFR 64.1200(c)(1)",
            ru: "Звонки и SMS — с 8:00 до 21:00 по времени абонента.",
            uk: "Дзвінки й SMS — з 8:00 до 21:00 за часом абонента.",
            en: "Calls and texts between 8:00 and 21:00 at the called party.",
        },
        Law {
            code: "us_revocation",
            source: "47 CFR 64.1200(a)(10)",
            ru: "Отзыв любым разумным способом (слово STOP); у нас действует сразу.",
            uk: "Відкликання будь-яким розумним способом (слово STOP); у нас діє одразу.",
            en: "Revocation by any reasonable means (STOP); here it holds at once.",
        },
        Law {
            code: "us_can_spam",
            source: "15 U.S.C. 7704",
            ru: "В каждом письме — почтовый адрес отправителя и отказ.",
            uk: "У кожному листі — поштова адреса відправника й відмова.",
            en: "Each letter carries the sender's postal address and a way out.",
        },
        MACHINE,
        OPT_OUT,
    ],
};

static OTHER: RuleSet = RuleSet {
    jurisdiction: Jurisdiction::Other,
    version: "2026-01-01",
    marketing_messages: CONSENT_OR_SOFT,
    marketing_calls: CONSENT,
    marketing_sms: CONSENT_OR_SOFT,
    service_messages: PERFORMANCE,
    service_calls: PERFORMANCE,
    message_hours: MESSAGES,
    call_hours: CALLS,
    holidays: &[Fixed(1, 1), Fixed(12, 25)],
    channels_off: &[],
    ticked_by_default: false,
    laws: &[MACHINE, OPT_OUT],
};

impl RuleSet {
    pub fn of(jurisdiction: Jurisdiction) -> &'static Self {
        match jurisdiction {
            Jurisdiction::Ru => &RU,
            Jurisdiction::Ua => &UA,
            Jurisdiction::Eu => &EU,
            Jurisdiction::Us => &US,
            Jurisdiction::Other => &OTHER,
        }
    }

    /// Which bases carry a contact of this purpose on this channel.
    pub const fn bases(&self, purpose: Purpose, channel: Channel) -> &'static [Basis] {
        match (purpose, channel) {
            // Whatever it is about, a machine's call needs the consent to automatic calls.
            (Purpose::AutomaticCalls, _) | (_, Channel::AutoCall) => CONSENT,
            // A third party gets data of the person, hashed or not: nothing less than a consent to that (GDPR article 6(1)(a),
            // 152-FZ article 6, the Ukrainian law on personal data article 11).
            (Purpose::AdAudiences, _) => CONSENT,
            (Purpose::Processing, _) => PERFORMANCE,
            (Purpose::Marketing, Channel::Call) => self.marketing_calls,
            (Purpose::Marketing, Channel::Sms) => self.marketing_sms,
            (Purpose::Marketing, _) => self.marketing_messages,
            (Purpose::Service, Channel::Call) => self.service_calls,
            (Purpose::Service, _) => self.service_messages,
        }
    }

    pub fn hours(&self, channel: Channel) -> Hours {
        if channel.is_call() { self.call_hours } else { self.message_hours }
    }

    pub fn calendar(&self, own: &[Date]) -> Calendar {
        Calendar { holidays: self.holidays.to_vec(), own: own.to_vec() }
    }
}

/// How often one person may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// A channel; absent = all channels together.
    pub channel: Option<Channel>,
    pub days: u16,
    pub contacts: u16,
}

/// A workspace's own, stricter rules: the value of `contact_rules` in its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnRules {
    pub message_hours: Option<Hours>,
    pub call_hours: Option<Hours>,
    pub channels_off: Vec<Channel>,
    pub holidays: Vec<Date>,
    pub caps: Vec<Cap>,
    /// `false` unticks where the law would allow ticking; `true` cannot tick where it does not.
    pub ticked_by_default: bool,
}

impl Default for OwnRules {
    fn default() -> Self {
        Self {
            message_hours: None,
            call_hours: None,
            channels_off: Vec::new(),
            holidays: Vec::new(),
            caps: vec![
                Cap { channel: None, days: 1, contacts: 2 },
                Cap { channel: Some(Channel::Email), days: 7, contacts: 3 },
                Cap { channel: Some(Channel::Sms), days: 7, contacts: 2 },
                Cap { channel: Some(Channel::Call), days: 1, contacts: 2 },
            ],
            ticked_by_default: true,
        }
    }
}

impl OwnRules {
    pub fn hours(&self, channel: Channel) -> Option<Hours> {
        if channel.is_call() { self.call_hours } else { self.message_hours }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_opt_in_carries_advertising_in_the_eu_and_not_in_russia_or_ukraine() {
        let has = |j, channel| RuleSet::of(j).bases(Purpose::Marketing, channel).contains(&Basis::SoftOptIn);
        assert!(has(Jurisdiction::Eu, Channel::Email) && !has(Jurisdiction::Eu, Channel::Call));
        assert!(!has(Jurisdiction::Ru, Channel::Email) && !has(Jurisdiction::Ua, Channel::Sms));
        assert!(!has(Jurisdiction::Us, Channel::Sms));
    }

    #[test]
    fn no_rule_set_lets_a_machine_call_on_less_than_consent() {
        for jurisdiction in Jurisdiction::ALL {
            for purpose in Purpose::ALL {
                assert_eq!(RuleSet::of(*jurisdiction).bases(*purpose, Channel::AutoCall), [Basis::Consent]);
            }
        }
    }

    #[test]
    fn no_rule_set_hands_contacts_to_a_network_on_less_than_consent() {
        for jurisdiction in Jurisdiction::ALL {
            for channel in Channel::ALL {
                assert_eq!(
                    RuleSet::of(*jurisdiction).bases(Purpose::AdAudiences, *channel),
                    [Basis::Consent]
                );
            }
        }
    }

    #[test]
    fn no_hours_pass_the_us_limit_or_the_default() {
        for jurisdiction in Jurisdiction::ALL {
            let set = RuleSet::of(*jurisdiction);
            for hours in [set.message_hours, set.call_hours] {
                assert!(hours.working.from >= 8 * 60 && hours.working.to <= 21 * 60);
                assert!(hours.rest.from >= 8 * 60 && hours.rest.to <= 21 * 60);
            }
            assert!(set.version.parse::<Date>().is_ok());
        }
        assert!(!RuleSet::of(Jurisdiction::Eu).ticked_by_default);
    }

    #[test]
    fn own_rules_read_from_settings() {
        let own: OwnRules = serde_json::from_str(
            r#"{"caps":[{"channel":null,"days":7,"contacts":1}],"channels_off":["sms"],"holidays":["2024-09-02"]}"#,
        )
        .unwrap();
        assert_eq!(own.caps.len(), 1);
        assert!(serde_json::from_str::<OwnRules>(r#"{"chanels_off":[]}"#).is_err());
    }
}
