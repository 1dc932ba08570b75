use access::{App, Workspace, load_workspace};
use basis::{CustomerId, Fault, Money, SegmentId, Time, WorkspaceId, mask_email, mask_phone};
use permission::{Channel, DeclaredBasis, Purpose};
use store::{Tx, Value, dialect};

use super::segments::rule_of;
use crate::rules::{
    language::Rule,
    sql::{Compiled, Frame, compile},
};

/// Days since 1970-01-01 at the shop.
pub(crate) fn today(workspace: &Workspace, campaign_now: Time) -> i64 {
    let date = campaign_now.date(&workspace.tz());
    jiff::civil::Date::constant(1970, 1, 1).until(date).map_or(0, |span| i64::from(span.get_days()))
}

pub(crate) async fn frame(tx: &mut Tx, workspace: &Workspace, now: Time) -> Result<Frame, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, legal_basis FROM sources WHERE workspace_id = $1",
        workspace.id.get()
    )?;
    let jurisdiction = workspace.jurisdiction.parse().unwrap_or(permission::Jurisdiction::Other);
    let set = permission::rules::sets::RuleSet::of(jurisdiction);
    let mut sources = [("email", Channel::Email), ("sms", Channel::Sms), ("call", Channel::Call)]
        .map(|(word, channel)| (word, channel, Vec::new()));
    for (id, json) in rows {
        let declared = DeclaredBasis::list(&json).unwrap_or_default();
        for (_, channel, ids) in &mut sources {
            let carried = declared.iter().any(|basis| {
                basis.covers(Purpose::Marketing, *channel)
                    && basis.proven()
                    && set.bases(Purpose::Marketing, *channel).contains(&basis.basis)
            });
            if carried {
                ids.push(id);
            }
        }
    }
    Ok(Frame {
        engine: tx.engine(),
        workspace: workspace.id.get(),
        today: today(workspace, now),
        currency: workspace.currency.as_str().to_owned(),
        sources: sources.map(|(word, _, ids)| (word, ids)),
    })
}

/// How many customers a rule holds now.
pub async fn count_rule(tx: &mut Tx, workspace: &Workspace, now: Time, rule: &Rule) -> Result<i64, Fault> {
    let compiled = compile(rule, &frame(tx, workspace, now).await?);
    let rows: Vec<(i64,)> = tx.fetch_dyn(&compiled.select("COUNT(*)", ""), &compiled.args).await?;
    Ok(rows.first().map_or(0, |(n,)| *n))
}

/// How many customers a segment holds now; `None` is the whole base.
pub async fn count(app: &App, ws: WorkspaceId, segment: Option<SegmentId>) -> Result<i64, Fault> {
    let workspace = load_workspace(app, ws).await?;
    let mut tx = app.db.read().await?;
    let (_, rule) = rule_of(&mut tx, ws, segment).await?;
    count_rule(&mut tx, &workspace, workspace.campaign_now(app.now()), &rule).await
}

/// Every customer of a rule, ascending.
pub async fn ids(
    tx: &mut Tx,
    workspace: &Workspace,
    now: Time,
    rule: &Rule,
) -> Result<Vec<CustomerId>, Fault> {
    let compiled = compile(rule, &frame(tx, workspace, now).await?);
    let rows: Vec<(i64,)> = tx.fetch_dyn(&compiled.select("c.id", " ORDER BY c.id"), &compiled.args).await?;
    Ok(rows.into_iter().map(|(id,)| CustomerId(id)).collect())
}

/// A customer in a list; phones and e-mails masked.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: CustomerId,
    pub name: String,
    pub sort_key: String,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    pub city: String,
    pub stage: String,
    pub orders: i64,
    /// Days since 1970-01-01.
    pub last_day: Option<i64>,
    pub revenue: Money,
}

type Row = (i64, String, String, String, Option<String>, Option<i64>, Option<i64>, Option<i64>);
const COLUMNS: &str =
    "c.id, c.display_name, c.sort_key, c.city, p.stage, p.orders, p.last_day, p.revenue_minor";

/// A page of the customers of a rule by name, after the last row of the page before.
pub async fn customers(
    tx: &mut Tx,
    workspace: &Workspace,
    now: Time,
    rule: &Rule,
    after: Option<(&str, CustomerId)>,
    limit: u32,
) -> Result<Vec<Line>, Fault> {
    let Compiled { joins, predicate, args } = compile(rule, &frame(tx, workspace, now).await?);
    let mut compiled = Compiled { joins, predicate, args };
    let mut tail = String::new();
    if let Some((key, id)) = after {
        let n = compiled.next_arg();
        tail = format!(" AND (c.sort_key > ${n} OR (c.sort_key = ${n} AND c.id > ${}))", n + 1);
        compiled.args.extend([Value::Text(key.to_owned()), Value::Int(id.get())]);
    }
    let n = compiled.next_arg();
    compiled.args.push(Value::Int(i64::from(limit)));
    tail.push_str(&format!(" ORDER BY c.sort_key, c.id LIMIT ${n}"));
    let rows: Vec<Row> = tx.fetch_dyn(&compiled.select(COLUMNS, &tail), &compiled.args).await?;
    with_contacts(tx, workspace, rows).await
}

/// These customers, in the order asked for.
pub async fn lines(tx: &mut Tx, workspace: &Workspace, customers: &[CustomerId]) -> Result<Vec<Line>, Fault> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let json = serde_json::to_string(&ids).map_err(|e| Fault::internal("json", e.to_string()))?;
    let list = dialect::id_list(tx.engine(), 2);
    let sql = format!(
        "SELECT {COLUMNS} FROM customers c LEFT JOIN profiles p ON p.workspace_id = c.workspace_id AND p.customer_id = c.id
         WHERE c.workspace_id = $1 AND c.id IN {list}"
    );
    let rows: Vec<Row> = tx.fetch_dyn(&sql, &[Value::Int(workspace.id.get()), Value::Text(json)]).await?;
    let mut lines = with_contacts(tx, workspace, rows).await?;
    lines.sort_by_key(|line| customers.iter().position(|id| *id == line.id));
    Ok(lines)
}

async fn with_contacts(tx: &mut Tx, workspace: &Workspace, rows: Vec<Row>) -> Result<Vec<Line>, Fault> {
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let json = serde_json::to_string(&ids).map_err(|e| Fault::internal("json", e.to_string()))?;
    let list = dialect::id_list(tx.engine(), 2);
    let contacts: Vec<(i64, String, String)> = tx
        .fetch_dyn(
            &format!(
                "SELECT customer_id, kind, value FROM contact_points WHERE workspace_id = $1 AND customer_id IN {list} ORDER BY last_seen DESC, id"
            ),
            &[Value::Int(workspace.id.get()), Value::Text(json)],
        )
        .await?;
    let of = |customer: i64, kind: &str, mask: fn(&str) -> String| -> Vec<String> {
        contacts
            .iter()
            .filter(|(id, k, _)| *id == customer && k == kind)
            .map(|(_, _, value)| mask(value))
            .collect()
    };
    Ok(rows
        .into_iter()
        .map(|(id, name, sort_key, city, stage, orders, last_day, revenue)| Line {
            id: CustomerId(id),
            name,
            sort_key,
            phones: of(id, "phone", mask_phone),
            emails: of(id, "email", mask_email),
            city,
            stage: stage.unwrap_or_else(|| "none".to_owned()),
            orders: orders.unwrap_or(0),
            last_day,
            revenue: Money::new(revenue.unwrap_or(0), workspace.currency),
        })
        .collect())
}
