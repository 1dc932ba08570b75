use crate::orders::day_name;
use crate::rules::dictionary::Driver;
use crate::store::{self, TalkFilter, TalkRow};
use access::page::{Page, PageQuery};
use access::{Answer, Role, need};
use axum::Json;
use axum::extract::Query;
use basis::{Fault, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
pub struct TalkQuery {
    /// A code of the dictionary.
    reason: Option<String>,
    /// service, marketing, product, natural, other.
    driver: Option<String>,
    competitor: Option<String>,
    employee: Option<String>,
}

/// A talk in which a customer said why they leave.
#[derive(Debug, Serialize, ToSchema)]
pub struct Talk {
    id: String,
    customer_id: String,
    name: String,
    reason: String,
    /// The workspace's words; empty where the catalogue's are used.
    reason_name: String,
    driver: Driver,
    /// On the campaign clock.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    competitor: Option<String>,
    employee: Option<String>,
    order_id: Option<String>,
    order_number: Option<String>,
    order_day: Option<String>,
    /// Who talked with them.
    operator: Option<String>,
    campaign: Option<String>,
    /// Not shown to clients.
    note: Option<String>,
}

/// Talks in which customers said why they leave, the newest first, with the order and the employee as far as they are known.
#[utoipa::path(get, path = "/api/insight/talks", tag = "insight", params(TalkQuery, PageQuery),
    responses((status = 200, body = Page<Talk>), (status = 422)))]
pub(super) async fn list(
    need::Viewer(op): need::Viewer,
    Query(query): Query<TalkQuery>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<Talk>> {
    let before = match &page.cursor {
        Some(text) => {
            text.parse().map_err(|_| Fault::invalid("cursor", "this is not a cursor of this list"))?
        }
        None => i64::MAX,
    };
    let mut tx = op.app.db.read().await?;
    let dictionary = store::dictionary(&mut tx, op.ws()).await?;
    let mut codes: Vec<String> = query.reason.into_iter().collect();
    if let Some(word) = &query.driver {
        let driver = Driver::of(word)
            .ok_or_else(|| Fault::invalid("driver", format!("there is no reason \"{word}\"")))?;
        codes.extend(dictionary.codes(driver).map(str::to_owned));
    }
    let filter = TalkFilter {
        codes,
        competitor: query.competitor,
        employee: query.employee,
        before,
        limit: i64::from(page.limit()) + 1,
    };
    let rows = store::talks(&mut tx, op.ws(), &filter).await?;
    let open = op.role != Role::Client;
    let talk = |row: TalkRow| Talk {
        id: row.id.to_string(),
        customer_id: row.customer_id.to_string(),
        name: row.name.unwrap_or_default(),
        driver: dictionary.driver(&row.reason),
        reason_name: dictionary.reason(&row.reason).map(|r| r.name.clone()).unwrap_or_default(),
        reason: row.reason,
        at: Time::from_millis(row.at),
        competitor: row.competitor,
        employee: row.employee,
        order_id: row.order_id.map(|id| id.to_string()),
        order_number: row.order_number,
        order_day: row.order_day.and_then(|day| i32::try_from(day).ok()).map(day_name),
        operator: row.operator,
        campaign: row.campaign,
        note: Some(row.note).filter(|note| open && !note.is_empty()),
    };
    let items = rows.into_iter().map(talk).collect();
    Ok(Json(Page::cut(items, page.limit(), |t: &Talk| t.id.clone())))
}
