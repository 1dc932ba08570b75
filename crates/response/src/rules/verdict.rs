//! Was it a person who followed the link? Mail gateways fetch every link of a letter before it is shown, messengers
//! make previews, browsers prefetch. Such a visit is kept as an observation and drives nothing.

use serde::Serialize;

/// What is known of one request for a tracked link.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visit<'a> {
    /// HEAD fetches nothing to read.
    pub head: bool,
    pub user_agent: &'a str,
    /// `Purpose`, `Sec-Purpose`, `X-Purpose` or `X-Moz`, whichever came.
    pub purpose: &'a str,
    /// `Sec-Fetch-Dest`; browsers ask for a "document" when a person follows a link.
    pub fetch_dest: &'a str,
    /// `Accept-Language` came; every browser sends it.
    pub has_language: bool,
    /// Milliseconds on the campaign clock since the other side took the letter; `None` when that is not known.
    pub since_sent: Option<i64>,
    /// Links of the letter.
    pub links: usize,
    /// Different links of this very letter asked for within [`BURST_MS`], this one included.
    pub burst: usize,
    /// The same letter's links were asked for by a machine within [`BURST_MS`]: the GET of a scanner follows its HEAD.
    pub after_machine: bool,
}

/// Within how many milliseconds of real time requests belong together.
pub const BURST_MS: i64 = 10_000;

/// The same on the campaign clock, which may run faster or stand: who comes on another day is another visitor.
pub const BURST_CAMPAIGN_MS: i64 = 600_000;

/// Nobody reads a letter and follows a link sooner after the relay took it.
const TOO_SOON_MS: i64 = 3_000;

/// Why a visit is taken for a machine's; stored with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Machine {
    Head,
    Prefetch,
    Scanner,
    NoBrowser,
    TooSoon,
    AllLinks,
    AfterScan,
}

impl Machine {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Prefetch => "prefetch",
            Self::Scanner => "scanner",
            Self::NoBrowser => "no_browser",
            Self::TooSoon => "too_soon",
            Self::AllLinks => "all_links",
            Self::AfterScan => "after_scan",
        }
    }
}

/// Words in the user agent of link scanners, mail proxies, preview makers and plain HTTP clients.
const SCANNERS: &[&str] = &[
    "googleimageproxy",
    "yahoomailproxy",
    "mail.ru_bot",
    "mailruproxy",
    "yandexmail",
    "barracuda",
    "proofpoint",
    "mimecast",
    "safelinks",
    "urldefense",
    "symantec",
    "trendmicro",
    "kaspersky",
    "drweb",
    "fortiguard",
    "sophos",
    "zscaler",
    "cloudmark",
    "bot",
    "crawler",
    "spider",
    "preview",
    "scanner",
    "facebookexternalhit",
    "whatsapp",
    "viber",
    "skypeuri",
    "headless",
    "phantomjs",
    "python",
    "curl/",
    "wget/",
    "go-http-client",
    "java/",
    "libwww",
    "okhttp",
    "apache-httpclient",
    "node-fetch",
    "axios/",
    "ruby",
    "reqwest",
];

/// `None` for a person; otherwise what gave the machine away.
pub fn machine(visit: &Visit<'_>) -> Option<Machine> {
    if visit.head {
        return Some(Machine::Head);
    }
    let purpose = visit.purpose.to_ascii_lowercase();
    if purpose.contains("prefetch") || purpose.contains("preview") || purpose.contains("prerender") {
        return Some(Machine::Prefetch);
    }
    let agent = visit.user_agent.to_ascii_lowercase();
    if SCANNERS.iter().any(|word| agent.contains(word)) {
        return Some(Machine::Scanner);
    }
    // Every browser's user agent begins so (RFC 9110, 10.1.5 and the habit of thirty years); Opera Mini has its own.
    if !visit.has_language || (!agent.starts_with("mozilla/") && !agent.starts_with("opera/")) {
        return Some(Machine::NoBrowser);
    }
    if !visit.fetch_dest.is_empty() && !visit.fetch_dest.eq_ignore_ascii_case("document") {
        return Some(Machine::Prefetch);
    }
    if visit.since_sent.is_some_and(|ms| (0..TOO_SOON_MS).contains(&ms)) {
        return Some(Machine::TooSoon);
    }
    if is_burst(visit.links, visit.burst) {
        return Some(Machine::AllLinks);
    }
    if visit.after_machine {
        return Some(Machine::AfterScan);
    }
    None
}

/// Whether so many links within seconds can only be a scanner: all of two or more, or four of many.
pub const fn is_burst(links: usize, asked: usize) -> bool {
    asked >= 4 || (links >= 2 && asked >= links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BROWSER: &str =
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36";

    fn person() -> Visit<'static> {
        Visit {
            user_agent: BROWSER,
            has_language: true,
            since_sent: Some(3_600_000),
            links: 5,
            burst: 1,
            ..Visit::default()
        }
    }

    #[test]
    fn a_browser_that_follows_one_link_is_a_person() {
        assert_eq!(machine(&person()), None);
        assert_eq!(machine(&Visit { fetch_dest: "document", ..person() }), None);
        assert_eq!(machine(&Visit { since_sent: None, burst: 3, ..person() }), None);
    }

    #[test]
    fn machines_give_themselves_away() {
        let cases = [
            (Visit { head: true, ..person() }, Machine::Head),
            (Visit { purpose: "prefetch;prerender", ..person() }, Machine::Prefetch),
            (Visit { fetch_dest: "image", ..person() }, Machine::Prefetch),
            (
                Visit { user_agent: "Mozilla/5.0 (compatible; BarracudaCentral)", ..person() },
                Machine::Scanner,
            ),
            (Visit { user_agent: "TelegramBot (like TwitterBot)", ..person() }, Machine::Scanner),
            (Visit { user_agent: "", ..person() }, Machine::NoBrowser),
            (Visit { has_language: false, ..person() }, Machine::NoBrowser),
            (Visit { since_sent: Some(900), ..person() }, Machine::TooSoon),
            (Visit { burst: 5, ..person() }, Machine::AllLinks),
            (Visit { links: 40, burst: 4, ..person() }, Machine::AllLinks),
            (Visit { after_machine: true, ..person() }, Machine::AfterScan),
        ];
        for (visit, why) in cases {
            assert_eq!(machine(&visit), Some(why), "{visit:?}");
        }
    }

    #[test]
    fn a_letter_of_one_link_can_still_be_followed() {
        assert_eq!(machine(&Visit { links: 1, burst: 1, ..person() }), None);
    }

    proptest! {
        #[test]
        fn more_links_at_once_never_look_more_human(links in 0_usize..50, asked in 0_usize..50) {
            prop_assert!(!is_burst(links, asked) || is_burst(links, asked + 1));
        }
    }
}
