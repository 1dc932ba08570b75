//! What a person may ask of us, and what a colleague hears from the person: full contacts, corrections, export, erasure.

use access::{Answer, need};
use axum::{Json, extract::Path};
use basis::{CustomerId, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer::{CustomerCard, card_of, contacts_of, with_typed};
use super::shapes::CardContact;
use crate::desk::{Correction, correct};
use crate::store::said::said;
use crate::store::{chosen, people};

#[derive(Debug, Serialize, ToSchema)]
pub struct FullContacts {
    contacts: Vec<CardContact>,
}

/// Shows phones and e-mails in full; who asked is written to the audit log.
#[utoipa::path(post, path = "/api/customers/{id}/unmask", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = FullContacts), (status = 403)))]
pub(super) async fn unmask(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<CustomerId>,
) -> Answer<FullContacts> {
    let mut tx = op.app.db.write().await?;
    let row = people::customer(&mut tx, &op, id).await?;
    let mut contacts = contacts_of(&mut tx, &op, row.id, true).await?;
    let (said, _) = said(&mut tx, op.ws(), CustomerId(row.id)).await?;
    with_typed(&mut contacts, &said);
    op.audit(
        &mut tx,
        "customer.unmask",
        "customer",
        row.id,
        serde_json::json!({ "contacts": contacts.len() }),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(FullContacts { contacts }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct CustomerChange {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
}

/// Corrects what is known of a customer; older values stay as earlier contact points.
#[utoipa::path(patch, path = "/api/customers/{id}", tag = "identity", params(("id" = String, Path)), request_body = CustomerChange, responses((status = 200, body = CustomerCard)))]
pub(super) async fn change(
    need::Anyone(op): need::Anyone,
    Path(id): Path<CustomerId>,
    Json(change): Json<CustomerChange>,
) -> Answer<CustomerCard> {
    if op.role == access::Role::Client {
        return Err(Fault::forbidden("role", "A client reads the project and changes no card.").into());
    }
    correct(
        &op,
        id,
        &Correction { name: change.name, phone: change.phone, email: change.email, address: change.address },
    )
    .await?;
    let mut tx = op.app.db.read().await?;
    Ok(Json(card_of(&mut tx, &op, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct ContactChoice {
    /// A contact point of the card.
    contact_id: String,
    /// False gives the choice back to the engine.
    by_hand: bool,
}

/// Chooses the preferred phone or e-mail by hand; the choice stays in every later run.
#[utoipa::path(post, path = "/api/customers/{id}/prefer", tag = "identity", params(("id" = String, Path)), request_body = ContactChoice, responses((status = 200, body = CustomerCard), (status = 404)))]
pub(super) async fn prefer(
    need::Anyone(op): need::Anyone,
    Path(id): Path<CustomerId>,
    Json(choice): Json<ContactChoice>,
) -> Answer<CustomerCard> {
    if op.role == access::Role::Client {
        return Err(Fault::forbidden("role", "A client reads the project and changes no card.").into());
    }
    let contact = choice
        .contact_id
        .parse()
        .map_err(|_| Fault::invalid("contact_id", "a contact point is named by its number"))?;
    chosen::choose(&op, id, contact, choice.by_hand).await?;
    let mut tx = op.app.db.read().await?;
    Ok(Json(card_of(&mut tx, &op, id).await?))
}

/// All that is known of a person, for the person.
#[utoipa::path(post, path = "/api/customers/{id}/export", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = Object)))]
pub(super) async fn export(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CustomerId>,
) -> Answer<serde_json::Value> {
    Ok(Json(crate::export_person(&op, id).await?))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerErased {
    #[schema(value_type = String)]
    erased: CustomerId,
}

/// Erases a person for good; the same file imported again does not bring the person back.
#[utoipa::path(post, path = "/api/customers/{id}/erase", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = CustomerErased)))]
pub(super) async fn erase(
    need::Administrator(op): need::Administrator,
    Path(id): Path<CustomerId>,
) -> Answer<CustomerErased> {
    crate::erase(&op, id).await?;
    Ok(Json(CustomerErased { erased: id }))
}
