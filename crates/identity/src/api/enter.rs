use access::{Answer, need};
use axum::Json;
use basis::{CustomerId, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer::{CustomerCard, card_of};
use crate::enter::{Entered, enter};

/// Somebody new, as typed: a name, a phone or an e-mail at least.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCustomer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    note: String,
    /// Customers that were shown as likely and are other people.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    not_same_as: Vec<CustomerId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerEntered {
    customer: CustomerCard,
    /// The engine found that this is a customer who was here already.
    joined: bool,
}

/// Enters a customer by hand. Refused with the field when a phone (`phone_unreadable`) or an e-mail (`email_unreadable`) cannot be
/// read.
#[utoipa::path(post, path = "/api/customers", tag = "identity", request_body = NewCustomer, responses((status = 200, body = CustomerEntered), (status = 422)))]
pub(super) async fn create(
    need::Anyone(op): need::Anyone,
    Json(new): Json<NewCustomer>,
) -> Answer<CustomerEntered> {
    if op.role == access::Role::Client {
        return Err(Fault::forbidden("role", "A client reads the project and enters nobody.").into());
    }
    let entered =
        Entered { name: new.name, phone: new.phone, email: new.email, address: new.address, note: new.note };
    let id = enter(&op, &entered, &new.not_same_as).await?;
    let mut tx = op.app.db.read().await?;
    let customer = card_of(&mut tx, &op, id).await?;
    Ok(Json(CustomerEntered { joined: customer.records > 1, customer }))
}
