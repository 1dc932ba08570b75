//! How many letters went to each receiving domain today, for the warm-up ceiling.

use std::collections::HashMap;

use basis::{Time, WorkspaceId};
use jiff::tz::TimeZone;
use store::{Result, Tx};

/// The shop's local day and its counts.
#[derive(Debug, Default)]
pub(super) struct Day {
    date: Option<jiff::civil::Date>,
    sent: HashMap<String, u32>,
}

impl Day {
    /// Counts anew when the day has changed.
    pub(super) async fn turn(
        &mut self,
        tx: &mut Tx,
        ws: WorkspaceId,
        tz: &TimeZone,
        now: Time,
    ) -> Result<()> {
        let today = now.date(tz);
        if self.date == Some(today) {
            return Ok(());
        }
        let start = today.to_zoned(tz.clone()).map_or(now, |z| Time::from(z.timestamp()));
        let rows = store::fetch_all!(
            *tx,
            (Option<String>,),
            "SELECT address FROM messages WHERE workspace_id = $1 AND channel = 'email' AND sent_at >= $2",
            ws.get(),
            start.millis()
        )?;
        self.sent.clear();
        for (address,) in rows {
            self.count(address.as_deref().unwrap_or_default());
        }
        self.date = Some(today);
        Ok(())
    }

    pub(super) fn count(&mut self, address: &str) -> u32 {
        let slot = self.sent.entry(domain(address).to_owned()).or_default();
        *slot += 1;
        *slot
    }

    pub(super) fn sent_to(&self, address: &str) -> u32 {
        self.sent.get(domain(address)).copied().unwrap_or(0)
    }
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, d)| d)
}

/// When the next local day begins.
pub(super) fn next_day(tz: &TimeZone, now: Time) -> Time {
    let tomorrow = now.date(tz).tomorrow();
    match tomorrow.map_err(drop).and_then(|d| d.to_zoned(tz.clone()).map_err(drop)) {
        Ok(zoned) => Time::from(zoned.timestamp()),
        Err(()) => now.plus_days(1),
    }
}
