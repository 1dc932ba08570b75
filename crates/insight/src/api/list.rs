use crate::contacts;
use crate::figures::Question;
use crate::leaving::Told;
use crate::orders::{day_name, day_of};
use crate::rules::profile::Signal;
use crate::snapshot::{self, Snapshot};
use crate::store;
use access::page::{Page, PageQuery};
use access::{Answer, Op, need};
use axum::Json;
use axum::extract::Query;
use basis::{Fault, Money, Time, mask_email, mask_phone};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A customer of a list, with what its profile says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerRow {
    pub id: String,
    pub name: String,
    /// Masked.
    pub phones: Vec<String>,
    /// Masked.
    pub emails: Vec<String>,
    pub city: String,
    /// Purchase occasions.
    pub orders: u32,
    pub last_order_day: Option<String>,
    pub stage: &'static str,
    #[schema(value_type = Object)]
    pub revenue: Money,
    pub p_alive: Option<f64>,
    pub expected_orders: Option<f64>,
    #[schema(value_type = Option<Object>)]
    pub expected_value: Option<Money>,
    pub risk: Option<f64>,
    #[schema(value_type = Object)]
    pub value_at_risk: Money,
    #[schema(value_type = Vec<Object>)]
    pub signals: Vec<Signal>,
    pub r: Option<u8>,
    pub f: Option<u8>,
    pub m: Option<u8>,
}

/// The customers behind a figure, the most valuable first.
#[utoipa::path(get, path = "/api/base-health/list", tag = "insight", params(Question, PageQuery), responses((status = 200, body = Page<CustomerRow>)))]
pub(super) async fn list(
    need::Viewer(op): need::Viewer,
    Query(question): Query<Question>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<CustomerRow>> {
    let (snapshot, places) = ask(&op, question.clone()).await?;
    let after = page.cursor.as_deref().map(read_cursor).transpose()?;
    let by_risk = question.by_value_at_risk();
    let limit = page.limit();
    let wanted = usize::try_from(limit).unwrap_or(200) + 1;
    let chosen = {
        let snapshot = Arc::clone(&snapshot);
        snapshot::blocking(move || top(&snapshot, &places, by_risk, after, wanted)).await?
    };
    let rows = rows(&op, &snapshot, &chosen.iter().map(|c| c.2).collect::<Vec<_>>()).await?;
    let keyed: Vec<(CustomerRow, i64)> = rows.into_iter().zip(chosen.iter().map(|c| -c.0)).collect();
    let page = Page::cut(keyed, limit, |(row, key)| format!("{key}:{}", row.id));
    Ok(Json(Page { items: page.items.into_iter().map(|(row, _)| row).collect(), next: page.next }))
}

/// The reasons that stand at a snapshot, under the workspace's dictionary.
///
/// # Errors
/// When the database fails.
pub async fn told(op: &Op, snapshot: &Snapshot) -> Result<Told, Fault> {
    let mut tx = op.app.db.read().await?;
    let reasons = store::leaving_reasons(&mut tx, op.ws()).await?;
    let dictionary = store::dictionary(&mut tx, op.ws()).await?;
    Ok(Told::of(snapshot, reasons, dictionary, &op.workspace.tz()))
}

/// Answers a question with places in the current snapshot.
pub(super) async fn ask(op: &Op, question: Question) -> Result<(Arc<Snapshot>, Vec<usize>), Fault> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    if question.figure.as_deref() == Some("refused") {
        let (from, to) = question.days()?;
        let mut tx = op.app.db.read().await?;
        let first = store::refusals(&mut tx, op.ws()).await?;
        let zone = op.workspace.tz();
        let mut places: Vec<usize> = first
            .into_iter()
            .filter(|(_, at)| (from..=to).contains(&day_of(Time::from_millis(*at).date(&zone))))
            .filter_map(|(customer, _)| snapshot.purchases.place(customer))
            .collect();
        places.sort_unstable();
        return Ok((snapshot, places));
    }
    if question.figure.as_deref() == Some("moved") {
        let (from, to) = question.days()?;
        let mut tx = op.app.db.read().await?;
        let mut places: Vec<usize> = store::moved(&mut tx, op.ws(), question.step()?, from, to)
            .await?
            .into_iter()
            .filter_map(|customer| snapshot.purchases.place(customer))
            .collect();
        places.sort_unstable();
        return Ok((snapshot, places));
    }
    if question.figure.as_deref() == Some("journey") {
        let journeys = crate::journeys::load(op, &snapshot).await?;
        let Question { value, channel, month, .. } = question;
        let places = super::journey::listed(&journeys, value.as_deref(), channel, month.as_deref())?;
        return Ok((snapshot, places));
    }
    let contacts = if question.needs_contacts() {
        Some(contacts::load(&op.app, &op.workspace, &snapshot).await?)
    } else {
        None
    };
    let told = if question.needs_reasons() { Some(told(op, &snapshot).await?) } else { None };
    let kept = Arc::clone(&snapshot);
    let places =
        snapshot::blocking(move || question.places(&kept, contacts.as_deref(), told.as_ref())).await??;
    Ok((snapshot, places))
}

fn read_cursor(text: &str) -> Result<(i64, i64), Fault> {
    text.split_once(':')
        .and_then(|(key, id)| Some((key.parse().ok()?, id.parse().ok()?)))
        .ok_or_else(|| Fault::invalid("cursor", "this is not a cursor of this list"))
}

/// The next `wanted` customers by (value falling, id): keys are negated values.
fn top(
    snapshot: &Snapshot,
    places: &[usize],
    by_risk: bool,
    after: Option<(i64, i64)>,
    wanted: usize,
) -> Vec<(i64, i64, usize)> {
    let mut keys: Vec<(i64, i64, usize)> = places
        .iter()
        .map(|&i| {
            let p = &snapshot.profiles[i];
            let value = if by_risk { p.value_at_risk_minor } else { p.revenue_minor };
            (-value, snapshot.purchases.ids[i], i)
        })
        .filter(|(key, id, _)| after.is_none_or(|(value, last)| (*key, *id) > (-value, last)))
        .collect();
    if keys.len() > wanted {
        keys.select_nth_unstable(wanted - 1);
        keys.truncate(wanted);
    }
    keys.sort_unstable();
    keys
}

/// Rows of the customers at `places`.
pub(super) async fn rows(op: &Op, snapshot: &Snapshot, places: &[usize]) -> Result<Vec<CustomerRow>, Fault> {
    let ids: Vec<i64> = places.iter().map(|i| snapshot.purchases.ids[*i]).collect();
    let mut tx = op.app.db.read().await?;
    let faces: HashMap<i64, store::Face> =
        store::faces(&mut tx, op.ws(), &ids).await?.into_iter().map(|f| (f.id, f)).collect();
    let mut phones: HashMap<i64, Vec<String>> = HashMap::new();
    let mut emails: HashMap<i64, Vec<String>> = HashMap::new();
    for (customer, kind, value) in store::contact_values(&mut tx, op.ws(), &ids).await? {
        match kind.as_str() {
            "phone" => phones.entry(customer).or_default().push(mask_phone(&value)),
            "email" => emails.entry(customer).or_default().push(mask_email(&value)),
            _ => {}
        }
    }
    let currency = op.workspace.currency;
    Ok(places
        .iter()
        .map(|&i| {
            let id = snapshot.purchases.ids[i];
            let p = &snapshot.profiles[i];
            let scores = (p.purchases > 0).then(|| &snapshot.rfm()[i]);
            let face = faces.get(&id);
            CustomerRow {
                id: id.to_string(),
                name: face.map(|f| f.display_name.clone()).unwrap_or_default(),
                city: face.map(|f| f.city.clone()).unwrap_or_default(),
                phones: phones.remove(&id).unwrap_or_default(),
                emails: emails.remove(&id).unwrap_or_default(),
                orders: p.purchases,
                last_order_day: p.last_day.map(day_name),
                stage: p.stage.name(),
                revenue: Money::new(p.revenue_minor, currency),
                p_alive: p.p_alive,
                expected_orders: p.expected_orders,
                expected_value: p.expected_value_minor.map(|v| Money::new(v, currency)),
                risk: p.risk,
                value_at_risk: Money::new(p.value_at_risk_minor, currency),
                signals: p.signals.clone(),
                r: scores.map(|s| s.r),
                f: scores.map(|s| s.f),
                m: scores.map(|s| s.m),
            }
        })
        .collect())
}
