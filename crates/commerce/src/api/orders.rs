use access::{Answer, need, page::Page};
use axum::{Json, extract::Query};
use basis::{CustomerId, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::{Order, orders_of_customer};

#[derive(Debug, Serialize, ToSchema)]
pub struct ItemView {
    pub title: String,
    pub quantity: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    pub id: String,
    pub number: String,
    /// The shop's local day, `2024-09-01`.
    pub day: String,
    pub delivered_day: Option<String>,
    /// `new`, `paid`, `cancelled`, `returned`.
    pub status: String,
    pub status_text: String,
    /// The code that it was made with, in capitals.
    pub promo_code: Option<String>,
    #[schema(value_type = Object)]
    pub amount: Money,
    pub items: Vec<ItemView>,
}

/// Days since 1970-01-01 as `2024-09-01`.
pub(crate) fn day_text(day: i64) -> String {
    basis::Time::from_millis(0).plus_days(day).to_string().chars().take(10).collect()
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        Self {
            id: order.id.to_string(),
            number: order.number,
            day: day_text(order.day),
            delivered_day: order.delivered_day.map(day_text),
            status: order.status,
            status_text: order.status_text,
            promo_code: order.promo_code,
            amount: order.amount,
            items: order
                .items
                .into_iter()
                .map(|item| ItemView { title: item.title, quantity: item.quantity })
                .collect(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct OrdersQuery {
    pub customer: String,
}

/// The last 200 orders of a customer, newest first.
#[utoipa::path(get, path = "/api/orders", tag = "commerce", params(OrdersQuery), responses((status = 200, body = Page<OrderView>)))]
pub(super) async fn list(
    need::Anyone(op): need::Anyone,
    Query(query): Query<OrdersQuery>,
) -> Answer<Page<OrderView>> {
    let wrong = |_| basis::Fault::invalid("customer", "The customer is a number.");
    let customer: CustomerId = query.customer.parse().map_err(wrong)?;
    let mut tx = op.app.db.read().await?;
    let orders = orders_of_customer(&mut tx, op.ws(), customer, 200).await?;
    Ok(Json(Page::whole(orders.into_iter().map(OrderView::from).collect())))
}

#[cfg(test)]
mod tests {
    use super::day_text;

    #[test]
    fn days_are_iso_dates() {
        assert_eq!(day_text(0), "1970-01-01");
        assert_eq!(day_text(19_967), "2024-09-01");
    }
}
