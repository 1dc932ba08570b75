use basis::{Currency, Fault, Lang, Time, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::App;

/// The clock on which campaigns run: real time for real workspaces, an accelerated one for simulated ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CampaignClock {
    pub base: Time,
    pub real: Time,
    /// Campaign milliseconds per real millisecond; 0 = paused.
    pub speed: f64,
}

impl CampaignClock {
    pub fn real_time() -> Self {
        Self { base: Time::from_millis(0), real: Time::from_millis(0), speed: 1.0 }
    }

    pub fn at(&self, real: Time) -> Time {
        let passed = real.millis() - self.real.millis();
        if (self.speed - 1.0).abs() < f64::EPSILON {
            return Time::from_millis(self.base.millis() + passed);
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "milliseconds of a demo, far below 2^53"
        )]
        let moved = (passed as f64 * self.speed) as i64;
        Time::from_millis(self.base.millis() + moved)
    }
}

/// A tenant.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// Simulated people live here; no transport but loopback is allowed.
    pub simulated: bool,
    pub language: Lang,
    /// IANA name.
    pub timezone: String,
    /// `ru`, `ua`, `eu`, `us`, `other`: which rule set of contact is in force.
    pub jurisdiction: String,
    pub currency: Currency,
    pub clock: CampaignClock,
    pub settings: serde_json::Value,
}

impl Workspace {
    pub fn campaign_now(&self, real: Time) -> Time {
        self.clock.at(real)
    }

    pub fn tz(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.timezone).unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

/// What a new workspace needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewWorkspace {
    pub name: String,
    pub simulated: bool,
    pub language: Lang,
    pub timezone: String,
    pub jurisdiction: String,
    pub currency: Currency,
}

impl NewWorkspace {
    /// What a folder that is used from the command line before anybody signed in starts with, by the language of its owner; all of
    /// it can be changed later.
    pub fn by_language(name: Option<&str>, language: Lang, timezone: &str) -> Self {
        let (jurisdiction, currency) = match language {
            Lang::Ru => ("ru", Currency::RUB),
            Lang::Uk => ("ua", Currency::UAH),
            // The strictest rules, until somebody says where the shop is.
            Lang::En => ("eu", Currency::EUR),
        };
        Self {
            name: name.unwrap_or("main").to_owned(),
            simulated: false,
            language,
            timezone: timezone.to_owned(),
            jurisdiction: jurisdiction.to_owned(),
            currency,
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.name.trim().is_empty() {
            return Err(Fault::invalid("name", "a workspace has a name"));
        }
        check_timezone(&self.timezone)?;
        check_jurisdiction(&self.jurisdiction)
    }
}

pub(crate) fn check_timezone(name: &str) -> Result<(), Fault> {
    let odd = || {
        let text = format!("\"{name}\" is not a time zone; use an IANA name as Europe/Kyiv");
        Fault::invalid("timezone", text)
    };
    jiff::tz::TimeZone::get(name).map(drop).map_err(|_| odd())
}

pub(crate) fn check_jurisdiction(word: &str) -> Result<(), Fault> {
    if ["ru", "ua", "eu", "us", "other"].contains(&word) {
        return Ok(());
    }
    let text = format!("\"{word}\" is not a jurisdiction here; use ru, ua, eu, us or other");
    Err(Fault::invalid("jurisdiction", text))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    simulated: bool,
    language: String,
    timezone: String,
    jurisdiction: String,
    currency: String,
    clock_base: i64,
    clock_real: i64,
    clock_speed: f64,
    settings: String,
}

impl Row {
    fn workspace(self) -> Result<Workspace, Fault> {
        let odd = |column: &'static str, value: &str| {
            Fault::from(store::Error::Impossible {
                table: "workspaces",
                column,
                row: self.id,
                value: value.to_owned(),
            })
        };
        Ok(Workspace {
            id: WorkspaceId(self.id),
            simulated: self.simulated,
            language: self.language.parse().map_err(|_| odd("language", &self.language))?,
            currency: self.currency.parse().map_err(|_| odd("currency", &self.currency))?,
            settings: serde_json::from_str(&self.settings).map_err(|_| odd("settings", &self.settings))?,
            clock: CampaignClock {
                base: Time::from_millis(self.clock_base),
                real: Time::from_millis(self.clock_real),
                speed: self.clock_speed,
            },
            name: self.name,
            timezone: self.timezone,
            jurisdiction: self.jurisdiction,
        })
    }
}

/// Every workspace of the installation, oldest first.
pub async fn workspaces(app: &App) -> Result<Vec<Workspace>, Fault> {
    let mut tx = app.db.read().await?;
    store::fetch_all!(
        tx,
        Row,
        "SELECT id, name, simulated, language, timezone, jurisdiction, currency, clock_base, clock_real, clock_speed, settings FROM workspaces ORDER BY id"
    )?
    .into_iter()
    .map(Row::workspace)
    .collect()
}

pub async fn load_workspace(app: &App, id: WorkspaceId) -> Result<Workspace, Fault> {
    let mut tx = app.db.read().await?;
    store::fetch_optional!(
        tx,
        Row,
        "SELECT id, name, simulated, language, timezone, jurisdiction, currency, clock_base, clock_real, clock_speed, settings FROM workspaces WHERE id = $1",
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("workspace", "There is no such workspace."))?
    .workspace()
}

/// The workspace of that name, or the only one when no name is given.
pub async fn workspace_by_name(app: &App, name: Option<&str>) -> Result<Workspace, Fault> {
    let mut all = workspaces(app).await?;
    match name {
        Some(name) => {
            let names: Vec<String> = all.iter().map(|w| w.name.clone()).collect();
            all.into_iter().find(|w| w.name == name).ok_or_else(|| {
                Fault::not_found(
                    "workspace",
                    format!("there is no workspace \"{name}\"; there are: {}", names.join(", ")),
                )
            })
        }
        None if all.len() == 1 => Ok(all.remove(0)),
        None if all.is_empty() => Err(Fault::not_found(
            "workspace",
            "there is no workspace yet; start `otklik serve` and open its set-up link",
        )),
        None => {
            let names: Vec<String> = all.iter().map(|w| w.name.clone()).collect();
            Err(Fault::invalid(
                "workspace",
                format!("there are several workspaces, name one with --workspace: {}", names.join(", ")),
            ))
        }
    }
}

pub async fn create_workspace(app: &App, new: NewWorkspace) -> Result<Workspace, Fault> {
    new.check()?;
    let id = WorkspaceId(app.next_id());
    let clock = CampaignClock::real_time();
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO workspaces (id, name, simulated, language, timezone, jurisdiction, currency, clock_base, clock_real, clock_speed, settings, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', $11)",
        id.get(),
        new.name.trim(),
        new.simulated,
        new.language.as_str(),
        new.timezone.as_str(),
        new.jurisdiction.as_str(),
        new.currency.as_str(),
        clock.base.millis(),
        clock.real.millis(),
        clock.speed,
        app.now().millis()
    )?;
    tx.commit().await?;
    for purpose in crate::app::PURPOSES {
        app.key(id, purpose).await?;
    }
    load_workspace(app, id).await
}

/// The workspace of the first administrator: the one that the command line made before there was anybody, else a new one.
pub(crate) async fn found_workspace(app: &App, new: NewWorkspace) -> Result<Workspace, Fault> {
    let mut tx = app.db.read().await?;
    let lonely = store::fetch_all!(
        tx,
        (i64,),
        "SELECT w.id FROM workspaces w WHERE NOT w.simulated AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.workspace_id = w.id)"
    )?;
    drop(tx);
    let &[(id,)] = lonely.as_slice() else { return create_workspace(app, new).await };
    new.check()?;
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "UPDATE workspaces SET name = $2, language = $3, timezone = $4, jurisdiction = $5, currency = $6 WHERE id = $1",
        id,
        new.name.trim(),
        new.language.as_str(),
        new.timezone.as_str(),
        new.jurisdiction.as_str(),
        new.currency.as_str()
    )?;
    tx.commit().await?;
    load_workspace(app, WorkspaceId(id)).await
}

/// Moves the campaign clock: its time becomes `base` now and runs on at `speed`.
pub async fn set_clock(app: &App, ws: WorkspaceId, base: Time, speed: f64) -> Result<CampaignClock, Fault> {
    let clock = CampaignClock { base, real: app.now(), speed };
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "UPDATE workspaces SET clock_base = $2, clock_real = $3, clock_speed = $4 WHERE id = $1",
        ws.get(),
        clock.base.millis(),
        clock.real.millis(),
        clock.speed
    )?;
    tx.commit().await?;
    app.hub.publish(
        ws,
        "clock",
        serde_json::json!({ "campaign_now": base, "speed": speed, "paused": speed == 0.0 }),
    );
    Ok(clock)
}
