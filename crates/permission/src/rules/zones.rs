//! Where a person may be: from the number's region, else the address, else the workspace's place, else the whole country.

use std::{collections::HashMap, sync::LazyLock};

use jiff::tz::TimeZone;

static ZONES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    entries(include_str!("../../data/phone_zones.txt"))
        .map(|(prefix, zones)| (prefix, zones.split(',').collect()))
        .collect()
});

static COUNTRIES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| entries(include_str!("../../data/phone_countries.txt")).collect());

fn entries(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

/// What is known of a person's place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// E.164 numbers of the person, the one in use first.
    pub phones: &'a [&'a str],
    /// ISO 3166 code of the address's country.
    pub country: Option<&'a str>,
    pub postcode: Option<&'a str>,
    /// IANA zone of the workspace.
    pub workspace_zone: &'a str,
}

/// ISO 3166 country of an E.164 number.
pub fn country_of(phone: &str) -> Option<&'static str> {
    let digits = phone.strip_prefix('+')?;
    // +7 is shared: numbers from 6 and 7 are Kazakhstan's.
    if digits.starts_with("76") || digits.starts_with("77") {
        return Some("KZ");
    }
    (1..=3.min(digits.len()))
        .rev()
        .find_map(|n| digits.get(..n).and_then(|code| COUNTRIES.get(code).copied()))
}

/// Zones of the longest known prefix of a number.
pub fn zones_of_number(phone: &str) -> Option<&'static [&'static str]> {
    let digits = phone.strip_prefix('+')?;
    (1..=7.min(digits.len()))
        .rev()
        .find_map(|n| digits.get(..n).and_then(|prefix| ZONES.get(prefix)).map(Vec::as_slice))
}

/// Zones of Russian post offices by the first three digits of the code.
fn zone_of_russian_postcode(postcode: &str) -> Option<&'static str> {
    let first: u16 = postcode.trim().get(..3)?.parse().ok()?;
    Some(match first {
        236..=238 => "Europe/Kaliningrad",
        410..=416 | 426..=427 | 432..=433 | 443..=446 => "Europe/Samara",
        450..=462 | 614..=629 | 640..=641 => "Asia/Yekaterinburg",
        644..=646 => "Asia/Omsk",
        630..=639 | 647..=663 | 667..=668 => "Asia/Novosibirsk",
        664..=666 | 669..=671 => "Asia/Irkutsk",
        672..=676 | 687 => "Asia/Yakutsk",
        679..=682 | 690..=692 => "Asia/Vladivostok",
        685..=686 | 693..=694 => "Asia/Magadan",
        683..=684 | 688..=689 => "Asia/Kamchatka",
        // Yakutia spreads over three zones.
        677..=678 => return None,
        101..=409 | 420..=442 | 600..=613 => "Europe/Moscow",
        _ => return None,
    })
}

fn zones_of_country(country: &str) -> Option<&'static [&'static str]> {
    let code = COUNTRIES
        .iter()
        .filter(|(_, c)| **c == country)
        .map(|(code, _)| *code)
        .min_by_key(|code| code.len())?;
    if country == "KZ" {
        return ZONES.get("77").map(Vec::as_slice);
    }
    ZONES.get(code).map(Vec::as_slice)
}

/// The zones whose clocks must all allow a contact. Never empty.
pub fn zones_of(place: &Place<'_>) -> Vec<TimeZone> {
    let by_number =
        place.phones.iter().filter_map(|phone| zones_of_number(phone)).min_by_key(|zones| zones.len());
    let country = place.phones.iter().find_map(|phone| country_of(phone)).or(place.country);
    let names: Vec<&str> = match by_number {
        Some([one]) => vec![one],
        _ => {
            let by_address = match (place.country.or(country), place.postcode) {
                (Some("RU"), Some(postcode)) => zone_of_russian_postcode(postcode),
                _ => None,
            };
            let of_country = by_number.or_else(|| country.and_then(zones_of_country)).unwrap_or_default();
            match by_address {
                Some(zone) => vec![zone],
                // The workspace's own place stands in for an unknown one of the same country only.
                None if of_country.is_empty() || of_country.contains(&place.workspace_zone) => {
                    vec![place.workspace_zone]
                }
                None => of_country.to_vec(),
            }
        }
    };
    let zones: Vec<TimeZone> = names.iter().filter_map(|name| TimeZone::get(name).ok()).collect();
    if zones.is_empty() { vec![TimeZone::UTC] } else { zones }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Place<'_>) -> Vec<String> {
        zones_of(place).iter().map(|z| z.iana_name().unwrap_or("?").to_owned()).collect()
    }

    #[test]
    fn numbers_tell_their_region() {
        assert_eq!(zones_of_number("+380961234567"), Some(["Europe/Kyiv"].as_slice()));
        assert_eq!(zones_of_number("+74232123456"), Some(["Asia/Vladivostok"].as_slice()));
        assert_eq!(zones_of_number("+12125551234"), Some(["America/New_York"].as_slice()));
        assert_eq!(zones_of_number("+79991234567").map(<[_]>::len), Some(11));
        assert_eq!(country_of("+380961234567"), Some("UA"));
        assert_eq!(country_of("+77011234567"), Some("KZ"));
        assert_eq!(country_of("+79161234567"), Some("RU"));
        assert_eq!(country_of("+12125551234"), Some("US"));
    }

    #[test]
    fn number_then_address_then_workspace_then_country() {
        let mobile = ["+79161234567"];
        let base = Place { phones: &mobile, workspace_zone: "Europe/Kyiv", ..Place::default() };
        assert_eq!(names(&base).len(), 11, "a Russian mobile seen from Kyiv may be anywhere in Russia");
        assert_eq!(names(&Place { postcode: Some("690001"), ..base }), ["Asia/Vladivostok"]);
        assert_eq!(names(&Place { workspace_zone: "Europe/Moscow", ..base }), ["Europe/Moscow"]);
        let landline = ["+79161234567", "+73432123456"];
        assert_eq!(names(&Place { phones: &landline, ..base }), ["Asia/Yekaterinburg"]);
        assert_eq!(names(&Place { phones: &[], ..base }), ["Europe/Kyiv"]);
        assert_eq!(names(&Place { phones: &[], country: Some("RU"), ..base }).len(), 11);
    }

    #[test]
    fn every_zone_of_the_data_is_known() {
        for zone in ZONES.values().flatten() {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
        }
    }
}
