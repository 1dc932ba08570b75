use access::App;
use basis::{Fault, SegmentId, Time, WorkspaceId};
use serde_json::Value as Json;
use store::Tx;

use crate::rules::language::{Rule, parse};

#[derive(Debug, Clone)]
pub struct Segment {
    pub id: SegmentId,
    pub name: String,
    pub rule: Json,
    pub updated_at: Time,
}

type Row = (i64, String, String, i64);

fn segment((id, name, rule, at): Row) -> Result<Segment, Fault> {
    let rule = serde_json::from_str(&rule).map_err(|_| store::Error::Impossible {
        table: "segments",
        column: "rule",
        row: id,
        value: rule,
    })?;
    Ok(Segment { id: SegmentId(id), name, rule, updated_at: Time::from_millis(at) })
}

pub async fn list_segments(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<Segment>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        Row,
        "SELECT id, name, rule, updated_at FROM segments WHERE workspace_id = $1 ORDER BY name, id LIMIT 1000",
        ws.get()
    )?;
    rows.into_iter().map(segment).collect()
}

pub async fn segment_by_name(app: &App, ws: WorkspaceId, name: &str) -> Result<Option<SegmentId>, Fault> {
    let mut tx = app.db.read().await?;
    let row = store::fetch_optional!(
        tx,
        (i64,),
        "SELECT id FROM segments WHERE workspace_id = $1 AND name = $2",
        ws.get(),
        name
    )?;
    Ok(row.map(|(id,)| SegmentId(id)))
}

/// The rule of a segment, as JSON and read; `None` means the whole base.
pub async fn rule_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    segment: Option<SegmentId>,
) -> Result<(Json, Rule), Fault> {
    let json = match segment {
        None => serde_json::json!({ "all": [] }),
        Some(id) => {
            let row = store::fetch_optional!(
                *tx,
                Row,
                "SELECT id, name, rule, updated_at FROM segments WHERE workspace_id = $1 AND id = $2",
                ws.get(),
                id.get()
            )?;
            let row = row.ok_or_else(|| Fault::not_found("segment", "There is no such segment."))?;
            self::segment(row)?.rule
        }
    };
    let rule = parse(&json)?;
    Ok((json, rule))
}

fn named(name: &str) -> Result<&str, Fault> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Fault::invalid("name", "a segment has a name of 1 to 200 characters"));
    }
    Ok(name)
}

/// Keeps a rule under a name; the rule is checked first.
pub async fn add_segment(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    name: &str,
    rule: &Json,
    at: Time,
) -> Result<SegmentId, Fault> {
    parse(rule)?;
    let id = app.next_id();
    store::execute!(
        *tx,
        "INSERT INTO segments (workspace_id, id, name, rule, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        ws.get(),
        id,
        named(name)?,
        rule.to_string(),
        at.millis()
    )?;
    Ok(SegmentId(id))
}

pub async fn change_segment(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: SegmentId,
    name: &str,
    rule: &Json,
    at: Time,
) -> Result<(), Fault> {
    parse(rule)?;
    let touched = store::execute!(
        *tx,
        "UPDATE segments SET name = $3, rule = $4, updated_at = $5 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        named(name)?,
        rule.to_string(),
        at.millis()
    )?;
    found(touched)
}

/// Launched campaigns keep their frozen audience; a draft that names the segment has to choose anew.
pub async fn remove_segment(tx: &mut Tx, ws: WorkspaceId, id: SegmentId) -> Result<(), Fault> {
    let touched =
        store::execute!(*tx, "DELETE FROM segments WHERE workspace_id = $1 AND id = $2", ws.get(), id.get())?;
    found(touched)
}

fn found(touched: u64) -> Result<(), Fault> {
    if touched == 1 { Ok(()) } else { Err(Fault::not_found("segment", "There is no such segment.")) }
}
