//! What the DNS says about a sender's domain, judged from texts alone: SPF (RFC 7208), the published
//! DKIM key (RFC 6376 §3.6.1) and DMARC (RFC 7489).

use std::net::IpAddr;

/// How one record looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    Ok,
    Missing,
    /// More than one record where the standard allows one.
    Several,
    Malformed,
    /// Another key than ours is published.
    OtherKey,
    /// The key was withdrawn (`p=` is empty).
    Revoked,
    /// SPF does not name the host that sends.
    NotAuthorised,
    /// The record works but asks for nothing (`p=none`, `+all`).
    Weak,
    LookupFailed,
}

impl RecordState {
    /// Whether letters may leave: a weak record is a warning.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Ok | Self::Weak)
    }
}

/// The value of a tag in a `k=v; k=v` record.
fn tag<'a>(record: &'a str, name: &str) -> Option<&'a str> {
    record.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn only<'a>(records: &'a [String], starts: &str) -> Result<&'a str, RecordState> {
    let mut found = records
        .iter()
        .filter(|r| r.trim_start().get(..starts.len()).is_some_and(|head| head.eq_ignore_ascii_case(starts)));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.trim()),
        (None, _) => Err(RecordState::Missing),
        (Some(_), Some(_)) => Err(RecordState::Several),
    }
}

/// Compares the published key with ours (`expected` is the record that [`crate::dkim::dns_record`] makes).
#[must_use]
pub fn judge_dkim(records: &[String], expected: &str) -> RecordState {
    let keys: Vec<&String> = records.iter().filter(|r| tag(r, "p").is_some()).collect();
    let record = match keys.as_slice() {
        [one] => *one,
        [] => return RecordState::Missing,
        _ => return RecordState::Several,
    };
    if tag(record, "v").is_some_and(|v| v != "DKIM1") || tag(record, "k").is_some_and(|k| k != "rsa") {
        return RecordState::Malformed;
    }
    let bare = |r: &str| -> String {
        tag(r, "p").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect()
    };
    let published = bare(record);
    if published.is_empty() {
        RecordState::Revoked
    } else if published == bare(expected) {
        RecordState::Ok
    } else {
        RecordState::OtherKey
    }
}

/// Judges the record of `_dmarc.domain`.
#[must_use]
pub fn judge_dmarc(records: &[String]) -> RecordState {
    let record = match only(records, "v=DMARC1") {
        Ok(record) => record,
        Err(state) => return state,
    };
    match tag(record, "p").map(str::to_ascii_lowercase).as_deref() {
        Some("quarantine" | "reject") => RecordState::Ok,
        Some("none") => RecordState::Weak,
        _ => RecordState::Malformed,
    }
}

/// One thing that an SPF record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    Ip(IpAddr, u8),
    A(Option<String>, u8, u8),
    Mx(Option<String>, u8, u8),
    Include(String),
    Exists,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spf {
    pub terms: Vec<(Qualifier, Mechanism)>,
    pub redirect: Option<String>,
}

/// Finds and parses the SPF record among the TXT records of a domain.
///
/// # Errors
/// None, several, or one that can't be parsed.
pub fn parse_spf(records: &[String]) -> Result<Spf, RecordState> {
    let records: Vec<String> = records
        .iter()
        .filter(|r| {
            let lower = r.trim().to_ascii_lowercase();
            lower == "v=spf1" || lower.starts_with("v=spf1 ")
        })
        .cloned()
        .collect();
    let record = only(&records, "v=spf1")?;
    let mut spf = Spf::default();
    for term in record.split_ascii_whitespace().skip(1) {
        if let Some((name, value)) = term.split_once('=') {
            if name.eq_ignore_ascii_case("redirect") {
                spf.redirect = Some(value.to_ascii_lowercase());
            }
            continue;
        }
        let (qualifier, rest) = match term.as_bytes() {
            [b'+', ..] => (Qualifier::Pass, &term[1..]),
            [b'-', ..] => (Qualifier::Fail, &term[1..]),
            [b'~', ..] => (Qualifier::SoftFail, &term[1..]),
            [b'?', ..] => (Qualifier::Neutral, &term[1..]),
            _ => (Qualifier::Pass, term),
        };
        spf.terms.push((qualifier, mechanism(rest).ok_or(RecordState::Malformed)?));
    }
    Ok(spf)
}

fn mechanism(term: &str) -> Option<Mechanism> {
    let lower = term.to_ascii_lowercase();
    let (name, value) = match lower.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => match lower.split_once('/') {
            Some((name, _)) => (name, Some(&lower[name.len()..])),
            None => (lower.as_str(), None),
        },
    };
    match (name, value) {
        ("all", None) => Some(Mechanism::All),
        ("include", Some(domain)) if !domain.is_empty() => Some(Mechanism::Include(domain.to_owned())),
        ("ip4" | "ip6", Some(range)) => {
            let (ip, prefix) = range.split_once('/').map_or((range, None), |(i, p)| (i, Some(p)));
            let ip: IpAddr = ip.parse().ok()?;
            if ip.is_ipv4() != (name == "ip4") {
                return None;
            }
            let most = if ip.is_ipv4() { 32 } else { 128 };
            let prefix = match prefix {
                Some(p) => p.parse::<u8>().ok().filter(|&p| p <= most)?,
                None => most,
            };
            Some(Mechanism::Ip(ip, prefix))
        }
        ("a" | "mx", value) => {
            let value = value.unwrap_or_default();
            let (domain, prefixes) = value.split_once('/').map_or((value, ""), |(d, p)| (d, p));
            let (v4, v6) = prefixes.split_once("//").unwrap_or((prefixes, ""));
            let number = |s: &str, most: u8| {
                if s.is_empty() {
                    Some(most)
                } else {
                    s.trim_start_matches('/').parse().ok().filter(|&n: &u8| n <= most)
                }
            };
            let (v4, v6) = (number(v4, 32)?, number(v6, 128)?);
            let domain = (!domain.is_empty()).then(|| domain.to_owned());
            Some(if name == "a" { Mechanism::A(domain, v4, v6) } else { Mechanism::Mx(domain, v4, v6) })
        }
        ("exists", Some(_)) | ("ptr", _) => Some(Mechanism::Exists),
        _ => None,
    }
}

/// Whether an address lies in a network.
#[must_use]
pub fn within(ip: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let (a, b, width) = match (ip.to_canonical(), network.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32u8),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
        _ => return false,
    };
    let drop = u32::from(width.saturating_sub(prefix));
    a.checked_shr(drop).unwrap_or(0) == b.checked_shr(drop).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn txt(records: &[&str]) -> Vec<String> {
        records.iter().map(|&r| r.to_owned()).collect()
    }

    #[test]
    fn judges_the_key() {
        let ours = "v=DKIM1; k=rsa; p=ABCD";
        assert_eq!(judge_dkim(&txt(&["v=DKIM1;k=rsa;p=AB CD"]), ours), RecordState::Ok);
        assert_eq!(judge_dkim(&txt(&["p=ABCD"]), ours), RecordState::Ok);
        assert_eq!(judge_dkim(&txt(&["v=DKIM1; p=XYZ"]), ours), RecordState::OtherKey);
        assert_eq!(judge_dkim(&txt(&["v=DKIM1; p="]), ours), RecordState::Revoked);
        assert_eq!(judge_dkim(&txt(&["hello"]), ours), RecordState::Missing);
        assert_eq!(judge_dkim(&txt(&["v=DKIM1; k=ed25519; p=ABCD"]), ours), RecordState::Malformed);
        assert_eq!(judge_dkim(&txt(&["p=ABCD", "p=XYZ"]), ours), RecordState::Several);
    }

    #[test]
    fn judges_the_policy() {
        assert_eq!(judge_dmarc(&txt(&["v=DMARC1; p=reject; rua=mailto:a@b"])), RecordState::Ok);
        assert_eq!(judge_dmarc(&txt(&["v=DMARC1; p=none"])), RecordState::Weak);
        assert_eq!(judge_dmarc(&txt(&["v=DMARC1"])), RecordState::Malformed);
        assert_eq!(judge_dmarc(&[]), RecordState::Missing);
        assert_eq!(judge_dmarc(&txt(&["v=DMARC1; p=none", "v=DMARC1; p=none"])), RecordState::Several);
    }

    #[test]
    fn parses_spf() {
        let spf =
            parse_spf(&txt(&["x", "v=spf1 ip4:192.0.2.0/24 a mx:mail.x/30 include:_spf.y ~all"])).unwrap();
        assert_eq!(spf.terms.len(), 5);
        assert_eq!(spf.terms[2].1, Mechanism::Mx(Some("mail.x".into()), 30, 128));
        assert_eq!(spf.terms[4], (Qualifier::SoftFail, Mechanism::All));
        assert_eq!(parse_spf(&txt(&["v=spf10 all"])), Err(RecordState::Missing));
        assert_eq!(parse_spf(&txt(&["v=spf1 ip4:300.1.1.1 -all"])), Err(RecordState::Malformed));
        assert_eq!(parse_spf(&txt(&["v=spf1 -all", "v=spf1 +all"])), Err(RecordState::Several));
        assert_eq!(parse_spf(&txt(&["v=spf1 redirect=_spf.z"])).unwrap().redirect.as_deref(), Some("_spf.z"));
    }

    #[test]
    fn networks() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        assert!(within(ip("192.0.2.77"), ip("192.0.2.0"), 24));
        assert!(!within(ip("192.0.3.77"), ip("192.0.2.0"), 24));
        assert!(within(ip("8.8.8.8"), ip("1.1.1.1"), 0));
        assert!(within(ip("::ffff:192.0.2.1"), ip("192.0.2.1"), 32));
        assert!(!within(ip("2001:db8::1"), ip("192.0.2.1"), 0));
        assert!(within(ip("2001:db8::1"), ip("2001:db8::"), 32));
    }

    proptest! {
        #[test]
        fn never_panics(record in "\\PC{0,80}", tail in "(ip4:|ip6:|a/|mx:|include:|all)[0-9a-f.:/]{0,20}") {
            let records = vec![format!("v=spf1 {record} {tail}"), record.clone()];
            let _ = parse_spf(&records);
            let _ = judge_dmarc(&records);
            let _ = judge_dkim(&records, &record);
        }
    }
}
