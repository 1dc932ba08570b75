//! The people behind a figure.

use std::collections::HashMap;

use access::Op;
use basis::{CampaignId, CustomerId, Fault, Money, Time, WaveId, WorkspaceId, mask_email, mask_phone};
use campaign::VariantNo;
use serde::Serialize;
use store::{Tx, Value, dialect};
use utoipa::ToSchema;

use crate::rules::cell::{self, CellOf};

/// A person in the list of a figure; the shape of the list of customers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Person {
    #[schema(value_type = String)]
    pub id: CustomerId,
    pub name: String,
    /// Masked, unless this operation may see them.
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    pub city: String,
    pub orders: i64,
    /// The shop's local day.
    #[schema(value_type = Option<String>, format = Date)]
    pub last_order_day: Option<String>,
    pub stage: String,
    #[schema(value_type = Object)]
    pub revenue: Money,
    /// The member's id when the audience was frozen; the cursor.
    #[serde(skip)]
    pub member: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    member: i64,
    current_id: i64,
    display_name: Option<String>,
    city: Option<String>,
    orders: Option<i64>,
    last_day: Option<i64>,
    stage: Option<String>,
    revenue_minor: Option<i64>,
}

/// SELECT of the member ids of a cell; `$4` is the wave.
fn members(cell: &str, of_wave: bool, variant: Option<VariantNo>) -> Result<String, Fault> {
    let parsed = cell::parse(cell, of_wave)?;
    let mut condition = parsed.condition;
    if let Some(VariantNo(no)) = variant {
        match parsed.of {
            CellOf::Ledger => condition = format!("{condition} AND g.variant = {no}"),
            CellOf::Reactions => {
                condition = format!(
                    "{condition} AND EXISTS (SELECT 1 FROM messages g WHERE g.workspace_id = $1 AND g.campaign_id = $2
                       AND g.wave_id = $4 AND g.customer_id = x.customer_id AND g.variant = {no})"
                );
            }
            CellOf::Final | CellOf::Members => {
                return Err(Fault::not_found("cell", format!("the figure \"{cell}\" is of no variant")));
            }
        }
    }
    Ok(match parsed.of {
        CellOf::Ledger => format!(
            "SELECT g.customer_id AS member FROM messages g
             WHERE g.workspace_id = $1 AND g.campaign_id = $2 AND g.wave_id = $4 AND $3 = $3 AND {condition}"
        ),
        CellOf::Reactions => format!(
            "SELECT DISTINCT x.customer_id AS member FROM reactions x
             WHERE x.workspace_id = $1 AND x.campaign_id = $2 AND x.wave_id = $4 AND x.verdict = 'human' AND x.at <= $3 AND {condition}"
        ),
        CellOf::Final => {
            format!("SELECT customer_id AS member FROM ({}) AS p WHERE {condition} AND $4 = $4", cell::partition())
        }
        CellOf::Members => format!(
            "SELECT m.customer_id AS member FROM campaign_members m
             WHERE m.workspace_id = $1 AND m.campaign_id = $2 AND $3 = $3 AND $4 = $4 AND {condition}"
        ),
    })
}

/// Which figure, seen when.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    pub campaign: CampaignId,
    pub wave: Option<WaveId>,
    pub variant: Option<VariantNo>,
    pub cell: &'a str,
    pub at: Time,
    /// Only these members.
    pub only: Option<&'a [i64]>,
}

/// The people of a figure, in the order of their ids, `limit` at most, after the member `after`.
///
/// # Errors
/// A figure that does not exist.
pub async fn people(
    tx: &mut Tx,
    op: &Op,
    which: Which<'_>,
    after: i64,
    limit: u32,
) -> Result<Vec<Person>, Fault> {
    let ws = op.ws();
    let narrowed = match which.only {
        Some(_) => format!("AND k.member IN {}", dialect::id_list(tx.engine(), 7)),
        None => String::new(),
    };
    let sql = format!(
        "SELECT k.member, COALESCE(a.current_id, k.member) AS current_id, c.display_name, c.city,
           f.orders, f.last_day, f.stage, f.revenue_minor
         FROM ({}) AS k
         LEFT JOIN customer_aliases a ON a.workspace_id = $1 AND a.customer_id = k.member
         LEFT JOIN customers c ON c.workspace_id = $1 AND c.id = COALESCE(a.current_id, k.member)
         LEFT JOIN profiles f ON f.workspace_id = $1 AND f.customer_id = COALESCE(a.current_id, k.member)
         WHERE k.member > $5 {narrowed} ORDER BY k.member LIMIT $6",
        members(which.cell, which.wave.is_some(), which.variant)?
    );
    let mut args = vec![
        Value::Int(ws.get()),
        Value::Int(which.campaign.get()),
        Value::Int(which.at.millis()),
        Value::Int(which.wave.map_or(0, WaveId::get)),
        Value::Int(after),
        Value::Int(i64::from(limit)),
    ];
    if let Some(only) = which.only {
        args.push(Value::Text(serde_json::json!(only).to_string()));
    }
    let rows: Vec<Row> = tx.fetch_dyn(&sql, &args).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.current_id).collect();
    let mut contacts = contacts(tx, ws, &ids, op.unmasked()).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (phones, emails) = contacts.remove(&row.current_id).unwrap_or_default();
            Person {
                id: CustomerId(row.current_id),
                name: row.display_name.unwrap_or_default(),
                phones,
                emails,
                city: row.city.unwrap_or_default(),
                orders: row.orders.unwrap_or(0),
                last_order_day: row
                    .last_day
                    .and_then(|day| i32::try_from(day).ok())
                    .map(insight::orders::day_name),
                stage: row.stage.unwrap_or_else(|| "none".to_owned()),
                revenue: Money::new(row.revenue_minor.unwrap_or(0), op.workspace.currency),
                member: row.member,
            }
        })
        .collect())
}

type Contacts = HashMap<i64, (Vec<String>, Vec<String>)>;

async fn contacts(tx: &mut Tx, ws: WorkspaceId, ids: &[i64], open: bool) -> Result<Contacts, Fault> {
    let sql = format!(
        "SELECT customer_id, kind, value FROM contact_points
         WHERE workspace_id = $1 AND customer_id IN {} AND kind IN ('phone', 'email') ORDER BY customer_id, preferred DESC, id",
        dialect::id_list(tx.engine(), 2)
    );
    let args = [Value::Int(ws.get()), Value::Text(serde_json::json!(ids).to_string())];
    let rows: Vec<(i64, String, String)> = tx.fetch_dyn(&sql, &args).await?;
    let mut out = Contacts::new();
    for (customer, kind, value) in rows {
        let entry = out.entry(customer).or_default();
        match (kind.as_str(), open) {
            ("phone", true) => entry.0.push(value),
            ("phone", false) => entry.0.push(mask_phone(&value)),
            (_, true) => entry.1.push(value),
            (_, false) => entry.1.push(mask_email(&value)),
        }
    }
    Ok(out)
}
