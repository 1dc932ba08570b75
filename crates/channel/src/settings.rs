//! How a workspace sends: the configuration of its e-mail and SMS senders, with their secrets sealed.

use std::net::IpAddr;

use access::{App, Workspace};
use basis::{Email, Fault, WorkspaceId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::dkim;
use crate::guard::Reach;
use crate::rules::governor::{PauseLimits, WarmUp};
use crate::smpp::SmppConfig;
use crate::smtp::{Security, SmtpConfig};

const SMTP_PASSWORD: &str = "sender.email.password";
const DKIM_KEY: &str = "sender.email.dkim";
const SMPP_PASSWORD: &str = "sender.sms.password";

/// The e-mail sender. `domain` is that of the From addresses, `bounce_domain` the one whose MX is the
/// product's own receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailSender {
    pub host: String,
    pub port: u16,
    #[schema(value_type = String, example = "start_tls")]
    pub security: Security,
    #[serde(default)]
    pub user: String,
    /// Our name in EHLO; the bounce domain when empty.
    #[serde(default)]
    pub helo: String,
    pub domain: String,
    pub bounce_domain: String,
    /// Whom letters are from, where a wave does not say.
    #[serde(default)]
    pub from_name: String,
    #[serde(default)]
    pub from_address: String,
    #[serde(default = "selector")]
    pub selector: String,
    /// Addresses that letters leave from; empty when a provider relays.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub sending_ips: Vec<IpAddr>,
    #[serde(default = "lanes")]
    pub lanes: usize,
    #[serde(default = "email_rate")]
    pub rate_per_second: f64,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub warm_up: Option<WarmUp>,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub pause: PauseLimits,
}

fn selector() -> String {
    "otklik".into()
}

fn lanes() -> usize {
    8
}

fn email_rate() -> f64 {
    50.0
}

/// The SMS sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsSender {
    pub host: String,
    pub port: u16,
    pub system_id: String,
    #[serde(default)]
    pub system_type: String,
    /// The name or number that the person sees.
    pub source: String,
    #[serde(default = "window")]
    pub window: usize,
    #[serde(default = "sms_rate")]
    pub rate_per_second: f64,
}

fn window() -> usize {
    10
}

fn sms_rate() -> f64 {
    20.0
}

/// A channel that has a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderKind {
    Email,
    Sms,
}

impl SenderKind {
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    fn password(self) -> &'static str {
        match self {
            Self::Email => SMTP_PASSWORD,
            Self::Sms => SMPP_PASSWORD,
        }
    }
}

/// What is stored, as text, and when it changed.
pub async fn stored(app: &App, ws: WorkspaceId, kind: SenderKind) -> Result<Option<(String, i64)>, Fault> {
    let mut tx = app.db.read().await?;
    Ok(store::fetch_optional!(
        tx,
        (String, i64),
        "SELECT config, updated_at FROM senders WHERE workspace_id = $1 AND channel = $2",
        ws.get(),
        kind.as_str()
    )?)
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|e| Fault::invalid("sender", format!("The sender's settings can't be read: {e}")))
}

pub async fn email(app: &App, ws: WorkspaceId) -> Result<Option<EmailSender>, Fault> {
    stored(app, ws, SenderKind::Email).await?.map(|(text, _)| parse(&text)).transpose()
}

pub async fn sms(app: &App, ws: WorkspaceId) -> Result<Option<SmsSender>, Fault> {
    stored(app, ws, SenderKind::Sms).await?.map(|(text, _)| parse(&text)).transpose()
}

/// Checks and keeps a configuration; the password is kept sealed, `None` leaves the one there is.
///
/// # Errors
/// A value that can't work, named by its field.
pub async fn save(
    app: &App,
    workspace: &Workspace,
    kind: SenderKind,
    config: &serde_json::Value,
    password: Option<&str>,
) -> Result<(), Fault> {
    let text = match kind {
        SenderKind::Email => {
            let sender: EmailSender = parse(&config.to_string())?;
            check_email(&sender)?;
            check_reach(workspace, &sender.host)?;
            serde_json::to_string(&sender)
        }
        SenderKind::Sms => {
            let sender: SmsSender = parse(&config.to_string())?;
            check_sms(&sender)?;
            check_reach(workspace, &sender.host)?;
            serde_json::to_string(&sender)
        }
    }
    .map_err(|e| Fault::internal("sender", e.to_string()))?;
    if let Some(password) = password {
        app.seal(workspace.id, kind.password(), password.as_bytes()).await?;
    }
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO senders (workspace_id, channel, config, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, channel) DO UPDATE SET config = excluded.config, updated_at = excluded.updated_at",
        workspace.id.get(),
        kind.as_str(),
        text,
        app.now().millis()
    )?;
    tx.commit().await?;
    Ok(())
}

fn host_like(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '_'))
}

fn wrong(field: &str, what: &str) -> Fault {
    Fault::invalid("sender", "The sender's settings are not complete.").with_field(field, what)
}

fn check_email(sender: &EmailSender) -> Result<(), Fault> {
    for (field, value) in
        [("host", &sender.host), ("domain", &sender.domain), ("bounce_domain", &sender.bounce_domain)]
    {
        if !host_like(value) {
            return Err(wrong(field, "a host or domain name"));
        }
    }
    if sender.port == 0 {
        return Err(wrong("port", "1 to 65535"));
    }
    if !sender.from_address.is_empty() {
        let from = Email::parse(&sender.from_address)?;
        // DMARC wants the From domain under the key's domain.
        if from.domain() != sender.domain && !from.domain().ends_with(&format!(".{}", sender.domain)) {
            return Err(wrong("from_address", "an address of the sender's domain"));
        }
    }
    if sender.selector.is_empty() || !sender.selector.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(wrong("selector", "letters, digits and hyphens"));
    }
    if !(sender.rate_per_second > 0.0 && sender.rate_per_second <= 10_000.0) {
        return Err(wrong("rate_per_second", "more than 0, at most 10000"));
    }
    if !(1..=64).contains(&sender.lanes) {
        return Err(wrong("lanes", "1 to 64"));
    }
    Ok(())
}

fn check_sms(sender: &SmsSender) -> Result<(), Fault> {
    if !host_like(&sender.host) {
        return Err(wrong("host", "a host name"));
    }
    if sender.port == 0 {
        return Err(wrong("port", "1 to 65535"));
    }
    if sender.system_id.is_empty() || sender.system_id.len() > 15 {
        return Err(wrong("system_id", "1 to 15 characters"));
    }
    let name = sender.source.trim_start_matches('+');
    let number = name.chars().all(|c| c.is_ascii_digit());
    if name.is_empty() || name.len() > if number { 15 } else { 11 } {
        return Err(wrong("source", "a number, or a name of at most 11 characters"));
    }
    if !(1..=1000).contains(&sender.window) {
        return Err(wrong("window", "1 to 1000"));
    }
    if !(sender.rate_per_second > 0.0 && sender.rate_per_second <= 10_000.0) {
        return Err(wrong("rate_per_second", "more than 0, at most 10000"));
    }
    Ok(())
}

/// A literal address outside loopback is refused at once; names are checked when they are resolved.
fn check_reach(workspace: &Workspace, host: &str) -> Result<(), Fault> {
    let Ok(ip) = host.parse::<IpAddr>() else { return Ok(()) };
    reach(workspace).check((ip, 0).into()).map_err(|e| Fault::refused("not_loopback", e.to_string()))
}

/// How far a workspace's connections may go.
#[must_use]
pub fn reach(workspace: &Workspace) -> Reach {
    if workspace.simulated { Reach::LoopbackOnly } else { Reach::Anywhere }
}

/// Whom letters are from, where a wave does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    pub name: String,
    pub address: String,
}

/// The default sender of a workspace; `None` without an e-mail sender.
pub async fn default_from(app: &App, ws: WorkspaceId) -> Result<Option<From>, Fault> {
    let Some(sender) = email(app, ws).await? else { return Ok(None) };
    let name = if sender.from_name.trim().is_empty() {
        content::sender_of(&access::load_workspace(app, ws).await?).shop_name
    } else {
        sender.from_name
    };
    let address =
        if sender.from_address.is_empty() { format!("hello@{}", sender.domain) } else { sender.from_address };
    Ok(Some(From { name, address }))
}

/// Whether a password is kept.
pub async fn has_password(app: &App, ws: WorkspaceId, kind: SenderKind) -> Result<bool, Fault> {
    Ok(app.unseal(ws, kind.password()).await?.is_some())
}

async fn password(app: &App, ws: WorkspaceId, kind: SenderKind) -> Result<Option<Zeroizing<String>>, Fault> {
    let Some(bytes) = app.unseal(ws, kind.password()).await? else { return Ok(None) };
    let text =
        String::from_utf8(bytes).map_err(|_| Fault::internal("sender", "the kept password is not text"))?;
    Ok(Some(Zeroizing::new(text)))
}

/// The client configuration of the e-mail sender.
pub async fn smtp_config(
    app: &App,
    workspace: &Workspace,
    sender: &EmailSender,
) -> Result<SmtpConfig, Fault> {
    let password = password(app, workspace.id, SenderKind::Email).await?;
    let helo = if sender.helo.is_empty() { &sender.bounce_domain } else { &sender.helo };
    Ok(SmtpConfig {
        host: sender.host.clone(),
        port: sender.port,
        security: sender.security,
        user: (!sender.user.is_empty()).then(|| sender.user.clone()),
        password: password.filter(|_| !sender.user.is_empty()),
        helo: helo.clone(),
        reach: reach(workspace),
        tls: None,
        timeouts: crate::smtp::Timeouts::default(),
    })
}

/// The client configuration of the SMS sender.
pub async fn smpp_config(app: &App, workspace: &Workspace, sender: &SmsSender) -> Result<SmppConfig, Fault> {
    let password = password(app, workspace.id, SenderKind::Sms).await?.unwrap_or_default();
    let mut config = SmppConfig::loopback(sender.port, &sender.system_id, &password, &sender.source);
    config.host.clone_from(&sender.host);
    config.system_type.clone_from(&sender.system_type);
    config.window = sender.window;
    config.reach = reach(workspace);
    Ok(config)
}

/// The workspace's DKIM key, made on first use.
pub async fn dkim_key(app: &App, ws: WorkspaceId) -> Result<Zeroizing<Vec<u8>>, Fault> {
    if let Some(key) = app.unseal(ws, DKIM_KEY).await? {
        return Ok(Zeroizing::new(key));
    }
    let key = tokio::task::spawn_blocking(dkim::generate_key)
        .await
        .map_err(|e| Fault::internal("dkim", e.to_string()))?
        .map_err(|e| Fault::internal("dkim", e.to_string()))?;
    app.seal(ws, DKIM_KEY, &key).await?;
    Ok(key)
}
