//! What comes in, over all wires, lands in the table `inbound` before the other side hears "yes"; the
//! handler is called after that and finds leftovers by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use access::App;
use basis::{Fault, MessageId, WorkspaceId};
use parking_lot::RwLock;
use serde_json::json;

use crate::inbound::{Mailbox, Received};
use crate::ledger;
use crate::rules::incoming::{self, Bounce, BounceKind, Incoming};
use crate::rules::receipt::Delivery;
use crate::rules::stop_words::asks_to_stop;
use crate::rules::verp::{AddressKind, MessageRef, Verp};
use crate::settings;
use crate::smpp;
use crate::transport::BoxFuture;

/// Whoever turns incoming rows into reactions.
pub trait InboundHandler: Send + Sync + 'static {
    /// Handles the row `inbound_id`, which is committed. A failure loses nothing: the row waits.
    fn handle(&self, ws: WorkspaceId, inbound_id: i64) -> BoxFuture<'_, Result<(), Fault>>;
}

/// One row of the table.
#[derive(Debug)]
struct NewInbound {
    channel: &'static str,
    kind: &'static str,
    message: Option<MessageId>,
    address: String,
    data: serde_json::Value,
}

async fn keep(app: &App, ws: WorkspaceId, row: &NewInbound) -> Result<i64, Fault> {
    let id = app.next_id();
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO inbound (workspace_id, id, channel, kind, message_id, address, data, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ws.get(),
        id,
        row.channel,
        row.kind,
        row.message.map(MessageId::get),
        row.address.as_str(),
        row.data.to_string(),
        app.now().millis()
    )?;
    tx.commit().await?;
    Ok(id)
}

async fn keep_and_handle(app: &App, handler: &dyn InboundHandler, ws: WorkspaceId, row: &NewInbound) -> bool {
    match keep(app, ws, row).await {
        Ok(id) => {
            if let Err(e) = handler.handle(ws, id).await {
                tracing::warn!(kind = row.kind, error = %e, "inbound: will be handled later");
            }
            true
        }
        Err(e) => {
            tracing::warn!(kind = row.kind, error = %e, "inbound: could not be kept, the sender will repeat it");
            false
        }
    }
}

/// The mailboxes of all workspaces: bounce, unsubscribe and reply addresses.
pub struct MailInbox {
    app: App,
    handler: Arc<dyn InboundHandler>,
    addresses: RwLock<HashMap<WorkspaceId, Verp>>,
}

impl std::fmt::Debug for MailInbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailInbox")
    }
}

/// The addresses of one workspace; `None` until it has an e-mail sender.
pub async fn verp(app: &App, ws: WorkspaceId) -> Result<Option<Verp>, Fault> {
    let Some(sender) = settings::email(app, ws).await? else { return Ok(None) };
    Ok(Some(Verp::new(app.key(ws, "verp").await?, &sender.bounce_domain)))
}

impl MailInbox {
    #[must_use]
    pub fn new(app: App, handler: Arc<dyn InboundHandler>) -> Arc<Self> {
        Arc::new(Self { app, handler, addresses: RwLock::new(HashMap::new()) })
    }

    /// Learns the addresses of all workspaces anew.
    ///
    /// # Errors
    /// The database did not answer; the addresses known so far stay.
    pub async fn refresh(&self) -> Result<(), Fault> {
        let mut fresh = HashMap::new();
        for workspace in access::workspaces(&self.app).await? {
            if let Some(verp) = verp(&self.app, workspace.id).await? {
                fresh.insert(workspace.id, verp);
            }
        }
        *self.addresses.write() = fresh;
        Ok(())
    }

    /// Our name in greetings: the domain whose MX we are.
    #[must_use]
    pub fn host(&self) -> String {
        let first = self.addresses.read().values().next().map(|v| v.domain().to_owned());
        first.unwrap_or_else(|| "localhost".to_owned())
    }

    fn read(&self, address: &str) -> Option<(AddressKind, MessageRef)> {
        let ws = Verp::workspace_of(address)?;
        self.addresses.read().get(&ws)?.parse(address)
    }

    async fn address_of(&self, of: MessageRef) -> Result<String, Fault> {
        let mut tx = self.app.db.read().await?;
        let row = ledger::row(&mut tx, of.workspace, of.message).await?;
        Ok(row.and_then(|r| r.address).unwrap_or_default())
    }

    async fn take(&self, received: &Received) -> Result<bool, Fault> {
        // An address that was ours when the dialogue began may be gone with its workspace.
        let Some((kind, of)) = self.read(&received.rcpt) else { return Ok(true) };
        let mut row = sort(kind, &received.raw, received.mail_from.is_empty());
        row.message = Some(of.message);
        let own = self.address_of(of).await?;
        if !own.is_empty() {
            row.address = own;
        }
        Ok(keep_and_handle(&self.app, &*self.handler, of.workspace, &row).await)
    }
}

/// Which row a message becomes.
fn sort(kind: AddressKind, raw: &[u8], null_sender: bool) -> NewInbound {
    let row =
        |kind, address: String, data| NewInbound { channel: "email", kind, message: None, address, data };
    match incoming::classify(raw, null_sender) {
        None => row("unknown", String::new(), json!({ "why": "not_a_message" })),
        Some(Incoming::Complaint(c)) => {
            row("complaint", c.recipient.unwrap_or_default(), json!({ "type": c.feedback_type }))
        }
        Some(Incoming::Bounce(b)) => bounce(b),
        Some(Incoming::AutoReply { subject }) => {
            row("auto_reply", String::new(), json!({ "subject": subject }))
        }
        Some(Incoming::Reply(r)) => {
            let from = r.from.unwrap_or_default();
            match kind {
                AddressKind::Unsubscribe => row("unsubscribe", from, json!({})),
                // People answer to the envelope sender only through odd programs, but they are people.
                AddressKind::Reply | AddressKind::Bounce => {
                    let word = if r.asks_to_stop { "stop" } else { "reply" };
                    row(word, from, json!({ "subject": r.subject, "text": r.text }))
                }
            }
        }
    }
}

fn bounce(b: Bounce) -> NewInbound {
    let kind = if b.kind == BounceKind::Notice { "unknown" } else { "bounce" };
    NewInbound {
        channel: "email",
        kind,
        message: None,
        address: b.recipient.unwrap_or_default(),
        data: json!({ "hard": b.kind == BounceKind::Hard, "status": b.status, "diagnostic": b.diagnostic }),
    }
}

impl Mailbox for MailInbox {
    fn accepts<'a>(&'a self, rcpt: &'a str) -> BoxFuture<'a, Result<bool, Fault>> {
        Box::pin(async move {
            if self.read(rcpt).is_some() {
                return Ok(true);
            }
            // The bounce of the first letter may come before the sender that was set up a second ago is known here, and a refusal
            // would be for good.
            if Verp::workspace_of(rcpt).is_none() {
                return Ok(false);
            }
            self.refresh().await?;
            Ok(self.read(rcpt).is_some())
        })
    }

    fn store(&self, message: Received) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            self.take(&message).await.unwrap_or_else(|e| {
                tracing::warn!(error = %e, "inbound mail: not kept");
                false
            })
        })
    }
}

/// Receipts and answers of one workspace's SMSC.
pub(crate) struct SmsInbox {
    pub app: App,
    pub workspace: WorkspaceId,
    pub handler: Arc<dyn InboundHandler>,
}

impl SmsInbox {
    /// A receipt can overtake the answer to its own submission; the answer is on the disk soon after.
    async fn message_of(&self, provider_id: &str) -> Result<Option<MessageId>, Fault> {
        for wait in [0, 50, 200, 800, 2000] {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let mut tx = self.app.db.read().await?;
            let found = ledger::find_by_provider(&mut tx, self.workspace, "sms", provider_id).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn row(&self, incoming: smpp::Incoming) -> Result<NewInbound, Fault> {
        Ok(match incoming {
            smpp::Incoming::Receipt { number, receipt } => NewInbound {
                channel: "sms",
                kind: "receipt",
                message: self.message_of(&receipt.message_id).await?,
                address: international(&number),
                data: json!({
                    "delivered": receipt.delivery == Delivery::Delivered,
                    "final": receipt.delivery != Delivery::Pending,
                    "state": receipt.state,
                    "error": receipt.error,
                    "provider_id": receipt.message_id,
                }),
            },
            smpp::Incoming::Text { from, text, .. } | smpp::Incoming::Part { from, text, .. } => NewInbound {
                channel: "sms",
                kind: if asks_to_stop(&text) { "stop" } else { "reply" },
                message: None,
                address: international(&from),
                data: json!({ "subject": "", "text": text }),
            },
        })
    }
}

/// SMSCs write numbers with or without the plus sign.
fn international(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("+{digits}")
}

impl smpp::Inbox for SmsInbox {
    fn store(&self, incoming: smpp::Incoming) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            match self.row(incoming).await {
                Ok(row) => keep_and_handle(&self.app, &*self.handler, self.workspace, &row).await,
                Err(e) => {
                    tracing::warn!(error = %e, "inbound sms: not kept");
                    false
                }
            }
        })
    }
}
