//! Asks the DNS about a sender's domain before a launch.

use std::collections::HashMap;
use std::net::IpAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

use crate::rules::sender_dns::{
    Mechanism, Qualifier, RecordState, Spf, judge_dkim, judge_dmarc, parse_spf, within,
};
use crate::transport::BoxFuture;

/// The lookup failed; "no such name" is an empty answer, not a failure.
#[derive(Debug, Clone, thiserror::Error)]
#[error("DNS lookup failed: {0}")]
pub struct LookupError(pub String);

type Answer<'a, T> = BoxFuture<'a, Result<Vec<T>, LookupError>>;

/// Where answers come from.
pub trait Lookup: Send + Sync {
    fn txt(&self, name: &str) -> Answer<'_, String>;
    fn addresses(&self, name: &str) -> Answer<'_, IpAddr>;
    fn mx(&self, name: &str) -> Answer<'_, String>;
}

/// The resolver of this machine.
pub struct SystemLookup(TokioResolver);

impl std::fmt::Debug for SystemLookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemLookup")
    }
}

impl SystemLookup {
    /// # Errors
    /// The machine's resolver configuration can't be read.
    pub fn new() -> Result<Self, LookupError> {
        let failed = |e: hickory_resolver::net::NetError| LookupError(e.to_string());
        Ok(Self(TokioResolver::builder_tokio().map_err(failed)?.build().map_err(failed)?))
    }
}

fn settle<T>(outcome: Result<Vec<T>, hickory_resolver::net::NetError>) -> Result<Vec<T>, LookupError> {
    match outcome {
        Ok(found) => Ok(found),
        Err(e) if e.is_no_records_found() || e.is_nx_domain() => Ok(Vec::new()),
        Err(e) => Err(LookupError(e.to_string())),
    }
}

/// A trailing dot keeps search domains out of it.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

impl Lookup for SystemLookup {
    fn txt(&self, name: &str) -> Answer<'_, String> {
        let name = absolute(name);
        Box::pin(async move {
            settle(self.0.txt_lookup(name).await.map(|answer| {
                answer
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::TXT(txt) => Some(
                            txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect::<String>(),
                        ),
                        _ => None,
                    })
                    .collect()
            }))
        })
    }

    fn addresses(&self, name: &str) -> Answer<'_, IpAddr> {
        let name = absolute(name);
        Box::pin(async move { settle(self.0.lookup_ip(name).await.map(|answer| answer.iter().collect())) })
    }

    fn mx(&self, name: &str) -> Answer<'_, String> {
        let name = absolute(name);
        Box::pin(async move {
            settle(self.0.mx_lookup(name).await.map(|answer| {
                answer
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::MX(mx) => Some(mx.exchange.to_ascii()),
                        _ => None,
                    })
                    .collect()
            }))
        })
    }
}

/// Fixed answers: tests, and simulated workspaces, whose domains do not exist.
#[derive(Debug, Clone, Default)]
pub struct FixedLookup {
    pub txt: HashMap<String, Vec<String>>,
    pub addresses: HashMap<String, Vec<IpAddr>>,
    pub mx: HashMap<String, Vec<String>>,
}

fn fixed<T: Clone>(map: &HashMap<String, Vec<T>>, name: &str) -> Vec<T> {
    map.get(name.trim_end_matches('.')).cloned().unwrap_or_default()
}

impl Lookup for FixedLookup {
    fn txt(&self, name: &str) -> Answer<'_, String> {
        Box::pin(std::future::ready(Ok(fixed(&self.txt, name))))
    }

    fn addresses(&self, name: &str) -> Answer<'_, IpAddr> {
        Box::pin(std::future::ready(Ok(fixed(&self.addresses, name))))
    }

    fn mx(&self, name: &str) -> Answer<'_, String> {
        Box::pin(std::future::ready(Ok(fixed(&self.mx, name))))
    }
}

/// What a receiver would find.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DomainReport {
    pub spf: RecordState,
    pub dkim: RecordState,
    pub dmarc: RecordState,
}

impl DomainReport {
    #[must_use]
    pub fn passes(&self) -> bool {
        self.spf.passes() && self.dkim.passes() && self.dmarc.passes()
    }
}

/// Checks the three records. `sending` are the addresses letters leave from: the relay's when it is our
/// own, empty when a provider relays (then only the presence of SPF is judged).
pub async fn check_domain(
    lookup: &dyn Lookup,
    from_domain: &str,
    return_domain: &str,
    selector: &str,
    expected_key: &str,
    sending: &[IpAddr],
) -> DomainReport {
    let dkim = match lookup.txt(&format!("{selector}._domainkey.{from_domain}")).await {
        Ok(records) => judge_dkim(&records, expected_key),
        Err(_) => RecordState::LookupFailed,
    };
    let dmarc = dmarc(lookup, from_domain).await;
    // SPF is about the envelope sender: the domain of the return path.
    let spf = spf(lookup, return_domain, sending).await;
    DomainReport { spf, dkim, dmarc }
}

/// The domain's own record, else that of the organisational domain. Without a public suffix list the
/// parents are tried while they have two labels.
async fn dmarc(lookup: &dyn Lookup, domain: &str) -> RecordState {
    let mut name = domain;
    loop {
        match lookup.txt(&format!("_dmarc.{name}")).await {
            Err(_) => return RecordState::LookupFailed,
            Ok(records) => match judge_dmarc(&records) {
                RecordState::Missing => {}
                state => return state,
            },
        }
        match name.split_once('.') {
            Some((_, parent)) if parent.contains('.') => name = parent,
            _ => return RecordState::Missing,
        }
    }
}

/// RFC 7208 §4.6.4: at most ten lookups, or the record is worthless to receivers.
const MOST_LOOKUPS: u8 = 10;

async fn spf(lookup: &dyn Lookup, domain: &str, sending: &[IpAddr]) -> RecordState {
    let record = match lookup.txt(domain).await {
        Err(_) => return RecordState::LookupFailed,
        Ok(records) => match parse_spf(&records) {
            Ok(record) => record,
            Err(state) => return state,
        },
    };
    if record.terms.contains(&(Qualifier::Pass, Mechanism::All)) {
        return RecordState::Weak;
    }
    for &ip in sending {
        let mut left = MOST_LOOKUPS;
        match evaluate(lookup, domain.to_owned(), record.clone(), ip, &mut left).await {
            Ok(Some(Qualifier::Pass)) => {}
            Ok(_) => return RecordState::NotAuthorised,
            Err(state) => return state,
        }
    }
    RecordState::Ok
}

fn evaluate<'a>(
    lookup: &'a dyn Lookup,
    domain: String,
    record: Spf,
    ip: IpAddr,
    left: &'a mut u8,
) -> BoxFuture<'a, Result<Option<Qualifier>, RecordState>> {
    Box::pin(async move {
        for (qualifier, mechanism) in record.terms {
            let matched = match mechanism {
                Mechanism::All => true,
                Mechanism::Ip(network, prefix) => within(ip, network, prefix),
                Mechanism::Exists => {
                    spend(left)?;
                    false
                }
                Mechanism::A(name, v4, v6) => {
                    spend(left)?;
                    let found = lookup.addresses(name.as_deref().unwrap_or(&domain)).await;
                    any_within(ip, &found.map_err(|_| RecordState::LookupFailed)?, v4, v6)
                }
                Mechanism::Mx(name, v4, v6) => {
                    spend(left)?;
                    let hosts = lookup.mx(name.as_deref().unwrap_or(&domain)).await;
                    let mut matched = false;
                    for host in hosts.map_err(|_| RecordState::LookupFailed)?.iter().take(10) {
                        let found = lookup.addresses(host).await.map_err(|_| RecordState::LookupFailed)?;
                        matched |= any_within(ip, &found, v4, v6);
                    }
                    matched
                }
                Mechanism::Include(name) => {
                    spend(left)?;
                    let inner = fetch(lookup, &name).await?;
                    evaluate(lookup, name, inner, ip, left).await? == Some(Qualifier::Pass)
                }
            };
            if matched {
                return Ok(Some(qualifier));
            }
        }
        match record.redirect {
            None => Ok(None),
            Some(name) => {
                spend(left)?;
                let inner = fetch(lookup, &name).await?;
                evaluate(lookup, name, inner, ip, left).await
            }
        }
    })
}

fn spend(left: &mut u8) -> Result<(), RecordState> {
    *left = left.checked_sub(1).ok_or(RecordState::Malformed)?;
    Ok(())
}

async fn fetch(lookup: &dyn Lookup, name: &str) -> Result<Spf, RecordState> {
    let records = lookup.txt(name).await.map_err(|_| RecordState::LookupFailed)?;
    // A missing target of include or redirect is a permanent error (RFC 7208 §5.2).
    parse_spf(&records).map_err(|_| RecordState::Malformed)
}

fn any_within(ip: IpAddr, found: &[IpAddr], v4: u8, v6: u8) -> bool {
    found.iter().any(|&a| within(ip, a, if a.is_ipv4() { v4 } else { v6 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> FixedLookup {
        let txt = |s: &str| vec![s.to_owned()];
        FixedLookup {
            txt: HashMap::from([
                ("books.example".into(), txt("v=spf1 include:_spf.relay.example mx -all")),
                ("_spf.relay.example".into(), txt("v=spf1 ip4:192.0.2.0/28 ?all")),
                ("otklik._domainkey.books.example".into(), txt("v=DKIM1; p=KEY")),
                ("_dmarc.books.example".into(), txt("v=DMARC1; p=quarantine")),
                ("loop.example".into(), txt("v=spf1 include:loop.example -all")),
            ]),
            addresses: HashMap::from([("mx1.books.example".into(), vec!["198.51.100.5".parse().unwrap()])]),
            mx: HashMap::from([("books.example".into(), vec!["mx1.books.example.".into()])]),
        }
    }

    async fn check(ip: &[&str]) -> DomainReport {
        let sending: Vec<IpAddr> = ip.iter().map(|i| i.parse().unwrap()).collect();
        check_domain(&zone(), "books.example", "books.example", "otklik", "p=KEY", &sending).await
    }

    #[tokio::test]
    async fn a_prepared_domain_passes() {
        for ip in [&["192.0.2.7"][..], &["198.51.100.5"], &[]] {
            let report = check(ip).await;
            assert!(report.passes(), "{ip:?} {report:?}");
        }
        assert_eq!(check(&["203.0.113.1"]).await.spf, RecordState::NotAuthorised);
    }

    #[tokio::test]
    async fn a_subdomain_uses_the_policy_of_its_parent() {
        let report =
            check_domain(&zone(), "mail.books.example", "nowhere.example", "otklik", "p=KEY", &[]).await;
        assert_eq!(
            report,
            DomainReport { spf: RecordState::Missing, dkim: RecordState::Missing, dmarc: RecordState::Ok }
        );
    }

    #[tokio::test]
    async fn endless_includes_end() {
        let state = spf(&zone(), "loop.example", &["192.0.2.1".parse().unwrap()]).await;
        assert_eq!(state, RecordState::Malformed);
    }
}
