//! How the workspace sends.

use access::{Answer, App, Workspace, need};
use axum::Json;
use axum::extract::Path;
use basis::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dkim;
use crate::dns::{Lookup, SystemLookup, check_domain};
use crate::rules::sender_dns::RecordState;
use crate::settings::{self, SenderKind};
use crate::smpp::Smsc;
use crate::smtp::Relay;

fn kind(word: &str) -> Result<SenderKind, Fault> {
    SenderKind::ALL
        .into_iter()
        .find(|k| k.as_str() == word)
        .ok_or_else(|| Fault::not_found("sender", "There are senders for email and sms."))
}

/// A sender's settings; its password is never shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct SenderView {
    channel: &'static str,
    configured: bool,
    /// As `EmailSender` or `SmsSender`.
    config: Option<serde_json::Value>,
    password_set: bool,
}

async fn view(app: &App, workspace: &Workspace, kind: SenderKind) -> Result<SenderView, Fault> {
    let stored = settings::stored(app, workspace.id, kind).await?;
    let config = stored
        .map(|(text, _)| serde_json::from_str(&text))
        .transpose()
        .map_err(|e| Fault::internal("sender", e.to_string()))?;
    Ok(SenderView {
        channel: kind.as_str(),
        configured: config.is_some(),
        config,
        password_set: settings::has_password(app, workspace.id, kind).await?,
    })
}

#[utoipa::path(get, path = "/api/senders/{channel}", tag = "channel", params(("channel" = String, Path, description = "email or sms")), responses((status = 200, body = SenderView)))]
pub(super) async fn get_sender(
    need::Supervisor(op): need::Supervisor,
    Path(channel): Path<String>,
) -> Answer<SenderView> {
    Ok(Json(view(&op.app, &op.workspace, kind(&channel)?).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct SenderChange {
    /// As `EmailSender` or `SmsSender`.
    config: serde_json::Value,
    /// Written once, kept sealed; leave it out to keep the one there is.
    #[serde(default)]
    password: Option<String>,
}

#[utoipa::path(put, path = "/api/senders/{channel}", tag = "channel", params(("channel" = String, Path, description = "email or sms")), request_body = SenderChange, responses((status = 200, body = SenderView)))]
pub(super) async fn put_sender(
    need::Administrator(op): need::Administrator,
    Path(channel): Path<String>,
    Json(change): Json<SenderChange>,
) -> Answer<SenderView> {
    let kind = kind(&channel)?;
    settings::save(&op.app, &op.workspace, kind, &change.config, change.password.as_deref()).await?;
    let mut tx = op.app.db.write().await?;
    let detail = json!({ "channel": kind.as_str(), "password_changed": change.password.is_some() });
    op.audit(&mut tx, "sender_changed", "sender", kind.as_str(), detail).await?;
    tx.commit().await?;
    Ok(Json(view(&op.app, &op.workspace, kind).await?))
}

/// The DNS record to publish.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct DkimRecord {
    selector: String,
    record_name: String,
    record_value: String,
}

#[utoipa::path(get, path = "/api/senders/email/dkim", tag = "channel", responses((status = 200, body = DkimRecord)))]
pub(super) async fn dkim_record(need::Supervisor(op): need::Supervisor) -> Answer<DkimRecord> {
    let sender = settings::email(&op.app, op.ws())
        .await?
        .ok_or_else(|| Fault::not_found("sender", "Set up the e-mail sender first."))?;
    let key = settings::dkim_key(&op.app, op.ws()).await?;
    let record_value = dkim::dns_record(&key).map_err(|e| Fault::internal("dkim", e.to_string()))?;
    Ok(Json(DkimRecord {
        record_name: format!("{}._domainkey.{}", sender.selector, sender.domain),
        selector: sender.selector,
        record_value,
    }))
}

/// One check of a sender. `detail` is a stable word: the state of a record, `connected`, or the
/// other side's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Check {
    /// `spf`, `dkim`, `dmarc`, `smtp`, `smpp`, `sender`.
    pub check: &'static str,
    pub ok: bool,
    pub detail: String,
}

#[utoipa::path(post, path = "/api/senders/email/check", tag = "channel", responses((status = 200, body = Vec<Check>)))]
pub(super) async fn check_email(need::Supervisor(op): need::Supervisor) -> Answer<Vec<Check>> {
    Ok(Json(check_sender(&op.app, &op.workspace, "email").await?))
}

/// Tries a sender out: the connection, and for e-mail the three DNS records. The domains of a simulated
/// workspace do not exist, so their records are not asked for and the answer says so.
///
/// # Errors
/// The database did not answer; what is wrong with the sender is in the checks.
pub async fn check_sender(app: &App, workspace: &Workspace, channel: &str) -> Result<Vec<Check>, Fault> {
    let no_sender = || vec![Check { check: "sender", ok: false, detail: "missing".into() }];
    match kind(channel)? {
        SenderKind::Email => {
            let Some(sender) = settings::email(app, workspace.id).await? else { return Ok(no_sender()) };
            let relay = Relay::new(settings::smtp_config(app, workspace, &sender).await?, 1);
            let connected = relay.check().await;
            let mut checks = if workspace.simulated {
                ["spf", "dkim", "dmarc"]
                    .map(|check| Check { check, ok: true, detail: "not looked up: simulated".into() })
                    .to_vec()
            } else {
                dns_checks(app, workspace, &sender).await?
            };
            checks.push(said("smtp", connected.map_err(|e| e.to_string())));
            Ok(checks)
        }
        SenderKind::Sms => {
            let Some(sender) = settings::sms(app, workspace.id).await? else { return Ok(no_sender()) };
            let config = settings::smpp_config(app, workspace, &sender).await?;
            let smsc = Smsc::new(config, std::sync::Arc::new(Deaf));
            let bound = smsc.keep_bound().await;
            crate::transport::Transport::close(&*smsc).await;
            Ok(vec![said("smpp", bound.map_err(|e| e.to_string()))])
        }
    }
}

fn said(check: &'static str, outcome: Result<(), String>) -> Check {
    match outcome {
        Ok(()) => Check { check, ok: true, detail: "connected".into() },
        Err(detail) => Check { check, ok: false, detail },
    }
}

/// A try-out takes nothing in: what arrives meanwhile is delivered again to the real session.
struct Deaf;

impl crate::smpp::Inbox for Deaf {
    fn store(&self, _incoming: crate::smpp::Incoming) -> crate::transport::BoxFuture<'_, bool> {
        Box::pin(std::future::ready(false))
    }
}

async fn dns_checks(
    app: &App,
    workspace: &Workspace,
    sender: &settings::EmailSender,
) -> Result<Vec<Check>, Fault> {
    let key = settings::dkim_key(app, workspace.id).await?;
    let expected = dkim::dns_record(&key).map_err(|e| Fault::internal("dkim", e.to_string()))?;
    let lookup = SystemLookup::new().map_err(|e| Fault::internal("dns", e.to_string()))?;
    let lookup: &dyn Lookup = &lookup;
    let report = check_domain(
        lookup,
        &sender.domain,
        &sender.bounce_domain,
        &sender.selector,
        &expected,
        &sender.sending_ips,
    )
    .await;
    Ok([("spf", report.spf), ("dkim", report.dkim), ("dmarc", report.dmarc)].map(record).to_vec())
}

fn record((check, state): (&'static str, RecordState)) -> Check {
    let detail =
        serde_json::to_value(state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    Check { check, ok: state.passes(), detail }
}
