use std::collections::BTreeMap;

use access::App;
use basis::{Fault, Lang, TemplateId, Time, WorkspaceId};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::rules::letter::LetterSource;

/// What a template makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TemplateKind {
    Letter,
    Sms,
    Script,
}

impl TemplateKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Sms => "sms",
            Self::Script => "script",
        }
    }
}

/// One text a language; SMS and scripts use `text` only.
pub type Bodies = BTreeMap<Lang, LetterSource>;

#[derive(Debug, Clone)]
pub struct Template {
    pub id: TemplateId,
    pub name: String,
    pub kind: TemplateKind,
    pub bodies: Bodies,
    pub updated_at: Time,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    kind: String,
    bodies: String,
    updated_at: i64,
}

impl Row {
    fn template(self) -> Result<Template, Fault> {
        let odd = |column, value: &str| store::Error::Impossible {
            table: "templates",
            column,
            row: self.id,
            value: value.to_owned(),
        };
        let kind = match self.kind.as_str() {
            "letter" => TemplateKind::Letter,
            "sms" => TemplateKind::Sms,
            "script" => TemplateKind::Script,
            _ => return Err(odd("kind", &self.kind).into()),
        };
        let bodies = serde_json::from_str(&self.bodies).map_err(|_| odd("bodies", &self.bodies))?;
        Ok(Template {
            id: TemplateId(self.id),
            kind,
            bodies,
            name: self.name,
            updated_at: Time::from_millis(self.updated_at),
        })
    }
}

pub async fn list_templates(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<Template>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        Row,
        "SELECT id, name, kind, bodies, updated_at FROM templates WHERE workspace_id = $1 ORDER BY kind, name, id LIMIT 1000",
        ws.get()
    )?;
    rows.into_iter().map(Row::template).collect()
}

fn json_of(bodies: &Bodies) -> Result<String, Fault> {
    serde_json::to_string(bodies).map_err(|e| Fault::internal("json", e.to_string()))
}

fn named(name: &str) -> Result<&str, Fault> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Fault::invalid("name", "a template has a name of 1 to 200 characters"));
    }
    Ok(name)
}

/// Adds a template; a name is used once for each kind.
pub async fn add_template(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    name: &str,
    kind: TemplateKind,
    bodies: &Bodies,
    at: Time,
) -> Result<TemplateId, Fault> {
    let id = app.next_id();
    store::execute!(
        *tx,
        "INSERT INTO templates (workspace_id, id, name, kind, bodies, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        ws.get(),
        id,
        named(name)?,
        kind.as_str(),
        json_of(bodies)?,
        at.millis()
    )?;
    Ok(TemplateId(id))
}

pub async fn change_template(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: TemplateId,
    name: &str,
    bodies: &Bodies,
    at: Time,
) -> Result<(), Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE templates SET name = $3, bodies = $4, updated_at = $5 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        named(name)?,
        json_of(bodies)?,
        at.millis()
    )?;
    found(touched)
}

/// Campaigns keep their own copy of what they send, so a template may go at any time.
pub async fn remove_template(tx: &mut Tx, ws: WorkspaceId, id: TemplateId) -> Result<(), Fault> {
    let touched = store::execute!(
        *tx,
        "DELETE FROM templates WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?;
    found(touched)
}

fn found(touched: u64) -> Result<(), Fault> {
    if touched == 1 { Ok(()) } else { Err(Fault::not_found("template", "There is no such template.")) }
}
