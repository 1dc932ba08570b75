//! What happened with a customer and is told by other tables than the timeline's: orders, imports, links between records, what
//! colleagues wrote, moves between stages. It is read, not copied, so that it is true after every merge, undo and re-run.

use access::Op;
use basis::{CustomerId, Fault, InteractionId, Time};
use serde_json::{Value as Json, json};
use store::{Tx, Value};
use timeline::Entry;

use super::load::DESK;
use super::said::Cells;
use super::write::list_of;

/// What a reader wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Orders,
    Messages,
    Calls,
    Consents,
    /// What happened with the card itself: imports, merges, corrections, stages.
    Card,
}

impl Part {
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "orders" => Self::Orders,
            "messages" => Self::Messages,
            "calls" => Self::Calls,
            "consents" => Self::Consents,
            "card" => Self::Card,
            _ => return None,
        })
    }

    /// Kinds of the timeline's own rows.
    #[must_use]
    pub fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &["order"],
            Self::Messages => &[
                "letter_sent",
                "letter_delivered",
                "letter_bounced",
                "open",
                "click",
                "sms_sent",
                "sms_delivered",
                "sms_failed",
                "sms_undelivered",
                "reply",
                "mention",
                "review",
                "case_opened",
                "case_closed",
                "answer",
            ],
            Self::Calls => &["call"],
            Self::Consents => {
                &["consent", "choice", "subscribed", "agreed", "refused", "opt_out", "complaint"]
            }
            Self::Card => &["merge", "split", "dead", "note", "correction"],
        }
    }
}

fn entry(id: i64, at: i64, kind: &str, actor: &str, data: Json) -> Entry {
    Entry {
        id: InteractionId(id),
        at: Time::from_millis(at),
        kind: kind.to_owned(),
        channel: "system".to_owned(),
        direction: "none".to_owned(),
        campaign_id: None,
        wave_id: None,
        message_id: None,
        actor_kind: actor.to_owned(),
        actor_id: "0".to_owned(),
        data,
    }
}

/// A local day as the instant at which it begins in the workspace.
fn instant(op: &Op, day: i64) -> i64 {
    let civil = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    let begins = civil.ok().and_then(|d| d.to_zoned(op.workspace.tz()).ok());
    begins.map_or(day * 86_400_000, |z| z.timestamp().as_millisecond())
}

/// Everything of the wanted part (all when absent), newest first.
///
/// # Errors
/// The database's.
pub async fn told(tx: &mut Tx, op: &Op, ids: &[CustomerId], part: Option<Part>) -> Result<Vec<Entry>, Fault> {
    let Some(current) = ids.first().map(|id| id.get()) else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    let wants = |p: Part| part.is_none_or(|wanted| wanted == p);
    if wants(Part::Orders) {
        orders(tx, op, current, &mut out).await?;
    }
    if wants(Part::Card) {
        imports(tx, op, current, &mut out).await?;
        links(tx, op, current, &mut out).await?;
        by_colleagues(tx, op, current, &mut out).await?;
        stages(tx, op, ids, &mut out).await?;
    }
    out.sort_by(|a, b| b.at.cmp(&a.at).then(b.id.get().cmp(&a.id.get())));
    Ok(out)
}

async fn orders(tx: &mut Tx, op: &Op, customer: i64, out: &mut Vec<Entry>) -> Result<(), Fault> {
    let ws = op.ws().get();
    let rows = store::fetch_all!(
        *tx,
        (i64, String, i64, i64, String, i64, String),
        "SELECT o.id, o.number, o.ordered_at, o.day, o.status, o.amount_minor, o.currency FROM record_customers rc
         JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY o.ordered_at DESC, o.id DESC LIMIT 500",
        ws,
        customer
    )?;
    let lines = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT l.order_id, p.title FROM record_customers rc
         JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
         JOIN order_lines l ON l.workspace_id = o.workspace_id AND l.order_id = o.id
         JOIN products p ON p.workspace_id = l.workspace_id AND p.id = l.product_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY l.order_id, l.line_no LIMIT 2000",
        ws,
        customer
    )?;
    out.extend(rows.into_iter().map(|(id, number, at, day, status, minor, currency)| {
        let items: Vec<&str> = lines.iter().filter(|l| l.0 == id).map(|l| l.1.as_str()).collect();
        let data = json!({
            "number": number, "day": day, "status": status, "items": items, "amount": { "minor": minor, "currency": currency },
        });
        entry(id, at, "order", "customer", data)
    }));
    Ok(())
}

async fn imports(tx: &mut Tx, op: &Op, customer: i64, out: &mut Vec<Entry>) -> Result<(), Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, i64, String, i64),
        "SELECT i.id, COALESCE(i.campaign_at, i.created_at) AS at, s.name, COUNT(*) AS records FROM record_customers rc
         JOIN records r ON r.workspace_id = rc.workspace_id AND r.id = rc.record_id
         JOIN imports i ON i.workspace_id = r.workspace_id AND i.id = r.import_id
         JOIN sources s ON s.workspace_id = i.workspace_id AND s.id = i.source_id
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2
         GROUP BY i.id, COALESCE(i.campaign_at, i.created_at), s.name ORDER BY 2 DESC, 1 DESC LIMIT 200",
        op.ws().get(),
        customer
    )?;
    out.extend(rows.into_iter().map(|(id, at, source, records)| {
        entry(id, at, "import", "system", json!({ "source": source, "records": records }))
    }));
    Ok(())
}

/// Links that the engine made together are told together; what people decided, one by one.
async fn links(tx: &mut Tx, op: &Op, customer: i64, out: &mut Vec<Entry>) -> Result<(), Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, i64, String, String, Option<i64>),
        "SELECT id, at, kind, made_by, undone_at FROM merges WHERE workspace_id = $1 AND customer_id = $2 ORDER BY at, id LIMIT 600",
        op.ws().get(),
        customer
    )?;
    let mut together: Vec<(i64, i64, Vec<String>, usize)> = Vec::new();
    for (id, at, kind, made_by, undone_at) in rows {
        if let Some(undone) = undone_at {
            out.push(entry(id, undone, "merge_undone", "user", json!({ "kinds": [kind] })));
        }
        if made_by == "user" {
            out.push(entry(id, at, "joined_by_hand", "user", json!({})));
            continue;
        }
        match together.last_mut().filter(|last| last.1 == at) {
            Some(last) => {
                if !last.2.contains(&kind) {
                    last.2.push(kind);
                }
                last.3 += 1;
            }
            None => together.push((id, at, vec![kind], 1)),
        }
    }
    out.extend(together.into_iter().map(|(id, at, kinds, links)| {
        entry(id, at, "joined", "system", json!({ "kinds": kinds, "links": links }))
    }));
    Ok(())
}

/// Corrections, and people entered by hand: records of the colleagues' own source.
async fn by_colleagues(tx: &mut Tx, op: &Op, customer: i64, out: &mut Vec<Entry>) -> Result<(), Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT r.id, r.payload FROM record_customers rc
         JOIN records r ON r.workspace_id = rc.workspace_id AND r.id = rc.record_id AND r.current
         JOIN sources s ON s.workspace_id = r.workspace_id AND s.id = r.source_id AND s.name = $3
         WHERE rc.workspace_id = $1 AND rc.customer_id = $2 ORDER BY r.id DESC LIMIT 200",
        op.ws().get(),
        customer,
        DESK
    )?;
    for (id, payload) in rows {
        let cells = Cells::read(&payload);
        let date: Option<jiff::civil::Date> = cells.text("order_date").parse().ok();
        let at =
            date.and_then(|d| d.to_zoned(op.workspace.tz()).ok()).map(|z| z.timestamp().as_millisecond());
        let fields: Vec<&str> = ["full_name", "phone", "email", "address"]
            .into_iter()
            .filter(|role| !cells.text(role).is_empty())
            .collect();
        let kind = if cells.text("entered") == "new" { "entered" } else { "correction" };
        let data =
            json!({ "fields": fields, "note": cells.text("note"), "day": date.map(|d| d.to_string()) });
        out.push(entry(id, at.unwrap_or(0), kind, "user", data));
    }
    Ok(())
}

async fn stages(tx: &mut Tx, op: &Op, ids: &[CustomerId], out: &mut Vec<Entry>) -> Result<(), Fault> {
    let list = list_of(&ids.iter().map(|id| id.get()).collect::<Vec<_>>());
    let sql = format!(
        "SELECT id, from_stage, to_stage, day FROM stage_moves WHERE workspace_id = $1 AND customer_id IN ({list}) ORDER BY id DESC LIMIT 200"
    );
    let rows: Vec<(i64, String, String, i64)> = tx.fetch_dyn(&sql, &[Value::Int(op.ws().get())]).await?;
    out.extend(rows.into_iter().filter(|(_, from, to, _)| from != to).map(|(id, from, to, day)| {
        entry(id, instant(op, day), "stage", "system", json!({ "from": from, "to": to, "day": day }))
    }));
    Ok(())
}
