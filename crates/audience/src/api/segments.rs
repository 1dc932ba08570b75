use access::{Answer, Problem, need, page::Page};
use axum::{Json, extract::Path, http::StatusCode};
use basis::{CustomerId, Fault, Money, SegmentId, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    rules::{
        fields::{FIELDS, Kind},
        language::parse,
    },
    store::{self as audience, Line},
};

#[derive(Serialize, ToSchema)]
pub struct SegmentLine {
    id: String,
    name: String,
    /// The segment language; see docs/segments.md.
    #[schema(value_type = Object)]
    rule: serde_json::Value,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

/// Saved segments, by name.
#[utoipa::path(get, path = "/api/segments", tag = "audience", responses((status = 200, body = Page<SegmentLine>)))]
pub(super) async fn list(need::Viewer(op): need::Viewer) -> Answer<Page<SegmentLine>> {
    let mut tx = op.app.db.read().await?;
    let segments = audience::list_segments(&mut tx, op.ws()).await?;
    let lines = segments.into_iter().map(|s| SegmentLine {
        id: s.id.to_string(),
        name: s.name,
        rule: s.rule,
        updated_at: s.updated_at,
    });
    Ok(Json(Page::whole(lines.collect())))
}

#[derive(Deserialize, ToSchema)]
pub struct NewSegment {
    name: String,
    #[schema(value_type = Object)]
    rule: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
pub struct AddedSegment {
    id: String,
}

/// Keeps a segment.
#[utoipa::path(post, path = "/api/segments", tag = "audience", request_body = NewSegment, responses((status = 201, body = AddedSegment)))]
pub(super) async fn add(
    need::Marketer(op): need::Marketer,
    Json(body): Json<NewSegment>,
) -> Result<(StatusCode, Json<AddedSegment>), Problem> {
    let mut tx = op.app.db.write().await?;
    let id = audience::add_segment(&mut tx, &op.app, op.ws(), &body.name, &body.rule, op.now()).await?;
    op.audit(&mut tx, "segment_added", "segment", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(AddedSegment { id: id.to_string() })))
}

#[utoipa::path(patch, path = "/api/segments/{id}", tag = "audience", params(("id" = String, Path)), request_body = NewSegment, responses((status = 204)))]
pub(super) async fn change(
    need::Marketer(op): need::Marketer,
    Path(id): Path<SegmentId>,
    Json(body): Json<NewSegment>,
) -> Result<StatusCode, Problem> {
    let mut tx = op.app.db.write().await?;
    audience::change_segment(&mut tx, op.ws(), id, &body.name, &body.rule, op.now()).await?;
    op.audit(&mut tx, "segment_changed", "segment", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/segments/{id}", tag = "audience", params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn remove(
    need::Marketer(op): need::Marketer,
    Path(id): Path<SegmentId>,
) -> Result<StatusCode, Problem> {
    let mut tx = op.app.db.write().await?;
    audience::remove_segment(&mut tx, op.ws(), id).await?;
    op.audit(&mut tx, "segment_removed", "segment", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
pub struct RuleBody {
    #[schema(value_type = Object)]
    rule: serde_json::Value,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Counted {
    customers: i64,
    milliseconds: i64,
}

/// How many customers a rule holds now.
#[utoipa::path(post, path = "/api/segments/count", tag = "audience", request_body = RuleBody, responses((status = 200, body = Counted)))]
pub(super) async fn count(
    need::Supervisor(op): need::Supervisor,
    Json(body): Json<RuleBody>,
) -> Answer<Counted> {
    let rule = parse(&body.rule)?;
    let started = op.now();
    let mut tx = op.app.db.read().await?;
    let customers = audience::count_rule(&mut tx, &op.workspace, op.campaign_now(), &rule).await?;
    Ok(Json(Counted { customers, milliseconds: op.now().millis() - started.millis() }))
}

/// A customer in a list.
#[derive(Serialize, ToSchema)]
pub struct CustomerLine {
    id: String,
    name: String,
    /// Masked.
    phones: Vec<String>,
    /// Masked.
    emails: Vec<String>,
    city: String,
    orders: i64,
    /// The shop's local day.
    #[schema(value_type = Option<String>, format = Date)]
    last_order_day: Option<String>,
    stage: String,
    #[schema(value_type = Object)]
    revenue: Money,
}

impl From<Line> for CustomerLine {
    fn from(line: Line) -> Self {
        let day = line.last_day.and_then(|days| {
            let days = i32::try_from(days).ok()?;
            jiff::civil::Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()
        });
        Self {
            id: line.id.to_string(),
            name: line.name,
            phones: line.phones,
            emails: line.emails,
            city: line.city,
            orders: line.orders,
            last_order_day: day.map(|day| day.to_string()),
            stage: line.stage,
            revenue: line.revenue,
        }
    }
}

/// The customers of a rule, by name.
#[utoipa::path(post, path = "/api/segments/list", tag = "audience", request_body = RuleBody, responses((status = 200, body = Page<CustomerLine>)))]
pub(super) async fn people(
    need::Supervisor(op): need::Supervisor,
    Json(body): Json<RuleBody>,
) -> Answer<Page<CustomerLine>> {
    let rule = parse(&body.rule)?;
    let limit = body.limit.unwrap_or(50).clamp(1, 200);
    let after = match body.cursor.as_deref() {
        None => None,
        Some(cursor) => {
            let (id, key) = cursor
                .split_once('~')
                .ok_or_else(|| Fault::invalid("cursor", "this cursor is not one of ours"))?;
            let id: CustomerId =
                id.parse().map_err(|_| Fault::invalid("cursor", "this cursor is not one of ours"))?;
            Some((key, id))
        }
    };
    let mut tx = op.app.db.read().await?;
    let found =
        audience::customers(&mut tx, &op.workspace, op.campaign_now(), &rule, after, limit + 1).await?;
    let page = Page::cut(found, limit, |line| format!("{}~{}", line.id, line.sort_key));
    Ok(Json(Page { items: page.items.into_iter().map(CustomerLine::from).collect(), next: page.next }))
}

/// A field of the segment language.
#[derive(Serialize, ToSchema)]
pub struct FieldLine {
    key: String,
    group: String,
    /// `number`, `money`, `text`, `date`, `days`, `enum`, `bool`, `category`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Kind,
    ops: Vec<String>,
    options: Vec<FieldOption>,
    /// Whether `days` may narrow it to the last days.
    windowed: bool,
    /// Whether `campaign` may narrow it to one campaign.
    of_campaign: bool,
}

#[derive(Serialize, ToSchema)]
pub struct FieldOption {
    value: String,
    /// Of things that have a name of their own: categories, cities.
    label: Option<String>,
}

/// What a rule may ask about, with the categories and cities of this base.
#[utoipa::path(get, path = "/api/segments/fields", tag = "audience", responses((status = 200, body = Page<FieldLine>)))]
pub(super) async fn fields(need::Anyone(op): need::Anyone) -> Answer<Page<FieldLine>> {
    let mut tx = op.app.db.read().await?;
    let categories = audience::categories(&mut tx, op.ws(), op.lang).await?;
    let cities = audience::cities(&mut tx, op.ws()).await?;
    let lines = FIELDS.iter().map(|field| FieldLine {
        key: field.key.to_owned(),
        group: field.group.to_owned(),
        kind: field.kind,
        ops: field.ops.iter().map(|op| op.word().to_owned()).collect(),
        options: match (field.kind, field.key) {
            (Kind::Category, _) => categories
                .iter()
                .map(|(id, name)| FieldOption { value: id.to_string(), label: Some(name.clone()) })
                .collect(),
            (_, "city") => cities
                .iter()
                .map(|city| FieldOption { value: city.clone(), label: Some(city.clone()) })
                .collect(),
            _ => field
                .options
                .iter()
                .map(|word| FieldOption { value: (*word).to_owned(), label: None })
                .collect(),
        },
        windowed: field.windowed,
        of_campaign: field.of_campaign,
    });
    Ok(Json(Page::whole(lines.collect())))
}
