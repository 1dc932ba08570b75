//! Quiet hours: when a person may be disturbed, by the clocks of all places where the person may be.

use basis::Time;
use jiff::{
    civil::{Date, Time as ClockTime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::holidays::{Holiday, is_rest_day};

/// From one clock time up to another, in minutes after midnight; the end is outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: u16,
    pub to: u16,
}

impl Window {
    pub const fn hours(from: u16, to: u16) -> Self {
        Self { from: from * 60, to: to * 60 }
    }
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }
    fn holds(self, minute: u16) -> bool {
        (self.from..self.to).contains(&minute)
    }
}

/// The hours of working days and of weekends and holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    pub working: Window,
    pub rest: Window,
}

impl Hours {
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { working: self.working.and(other.working), rest: self.rest.and(other.rest) }
    }
}

/// Which days count as rest.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    pub holidays: Vec<Holiday>,
    /// The workspace's own days.
    pub own: Vec<Date>,
}

impl Calendar {
    fn window(&self, day: Date, hours: Hours) -> Window {
        if is_rest_day(day, &self.holidays, &self.own) { hours.rest } else { hours.working }
    }
}

/// How far ahead an open moment is looked for.
const HORIZON_DAYS: i64 = 21;

/// Whether every zone allows the moment.
pub fn open_at(at: Time, hours: Hours, calendar: &Calendar, zones: &[TimeZone]) -> bool {
    zones.iter().all(|zone| {
        let local = zone.to_datetime(at.timestamp());
        calendar.window(local.date(), hours).holds(minute_of(local.time()))
    })
}

/// The first moment not before `at` that every zone allows, or nothing within three weeks (the zones lie too far apart).
pub fn next_open(at: Time, hours: Hours, calendar: &Calendar, zones: &[TimeZone]) -> Option<Time> {
    if open_at(at, hours, calendar, zones) {
        return Some(at);
    }
    // The set of open moments can only begin where some zone's window opens.
    let mut starts: Vec<Time> = Vec::new();
    for zone in zones {
        let mut day = at.date(zone);
        for _ in 0..=HORIZON_DAYS {
            let from = calendar.window(day, hours).from;
            let clock =
                ClockTime::new(i8::try_from(from / 60).ok()?, i8::try_from(from % 60).ok()?, 0, 0).ok()?;
            // A clock time that the change to summer time skips begins just after the gap.
            if let Ok(start) = zone.to_timestamp(day.to_datetime(clock)) {
                starts.push(start.into());
            }
            day = day.tomorrow().ok()?;
        }
    }
    starts.retain(|start| *start > at);
    starts.sort_unstable();
    starts.into_iter().find(|start| open_at(*start, hours, calendar, zones))
}

fn minute_of(time: ClockTime) -> u16 {
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOURS: Hours = Hours { working: Window::hours(9, 20), rest: Window::hours(10, 18) };

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }
    fn at(text: &str) -> Time {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn the_persons_own_clock_counts() {
        let (calendar, vladivostok) = (Calendar::default(), [zone("Asia/Vladivostok")]);
        // Monday 2024-09-02, 12:00 in Moscow is 19:00 in Vladivostok, 14:00 is 21:00.
        assert!(open_at(at("2024-09-02T09:00:00Z"), HOURS, &calendar, &vladivostok));
        assert!(!open_at(at("2024-09-02T11:00:00Z"), HOURS, &calendar, &vladivostok));
        let next = next_open(at("2024-09-02T11:00:00Z"), HOURS, &calendar, &vladivostok);
        assert_eq!(next, Some(at("2024-09-02T23:00:00Z")));
    }

    #[test]
    fn weekends_and_holidays_open_later() {
        let kyiv = [zone("Europe/Kyiv")];
        // Sunday 2024-09-01: 09:30 local is closed, opens at 10:00 (07:00 UTC).
        let calendar = Calendar::default();
        assert_eq!(
            next_open(at("2024-09-01T06:30:00Z"), HOURS, &calendar, &kyiv),
            Some(at("2024-09-01T07:00:00Z"))
        );
        let calendar = Calendar { holidays: vec![Holiday::Fixed(9, 2)], own: vec![] };
        assert_eq!(
            next_open(at("2024-09-02T06:30:00Z"), HOURS, &calendar, &kyiv),
            Some(at("2024-09-02T07:00:00Z"))
        );
    }

    #[test]
    fn unknown_places_leave_the_hours_common_to_all() {
        let zones = [zone("Europe/Kaliningrad"), zone("Asia/Kamchatka")];
        // Saturday noon UTC: no common hour at a weekend, so Monday 09:00 in Kaliningrad, 19:00 in Kamchatka.
        let next = next_open(at("2024-09-07T12:00:00Z"), HOURS, &Calendar::default(), &zones);
        assert_eq!(next, Some(at("2024-09-09T07:00:00Z")));
        let far = [zone("Pacific/Pago_Pago"), zone("Pacific/Kiritimati"), zone("Europe/London")];
        assert_eq!(next_open(at("2024-09-07T12:00:00Z"), HOURS, &Calendar::default(), &far), None);
    }

    #[test]
    fn a_skipped_hour_does_not_stop_the_search() {
        // Beirut skips 00:00–01:00 on 2024-03-31.
        let hours = Hours { working: Window::hours(0, 20), rest: Window::hours(0, 20) };
        let next = next_open(at("2024-03-30T20:00:00Z"), hours, &Calendar::default(), &[zone("Asia/Beirut")]);
        assert_eq!(next, Some(at("2024-03-30T22:00:00Z")));
    }

    proptest! {
        #[test]
        fn what_is_found_is_open_and_nothing_before_is(
            millis in 1_700_000_000_000_i64..1_800_000_000_000,
            names in prop::sample::subsequence(vec!["Europe/Kyiv", "Europe/Moscow", "Asia/Omsk", "America/New_York"], 1..3),
        ) {
            let zones: Vec<TimeZone> = names.iter().map(|n| zone(n)).collect();
            let calendar = Calendar { holidays: vec![Holiday::Fixed(1, 1)], own: vec![] };
            let from = Time::from_millis(millis);
            if let Some(next) = next_open(from, HOURS, &calendar, &zones) {
                prop_assert!(open_at(next, HOURS, &calendar, &zones));
                let mut probe = from;
                while probe < next {
                    prop_assert!(!open_at(probe, HOURS, &calendar, &zones), "open at {probe} before {next}");
                    probe = probe.plus(std::time::Duration::from_secs(900));
                }
            }
        }
    }
}
