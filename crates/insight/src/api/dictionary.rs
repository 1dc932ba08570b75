use crate::rules::dictionary::{Asks, Driver, Reason};
use crate::store;
use access::page::Page;
use access::{Answer, Op, need};
use axum::Json;
use axum::extract::Path;
use basis::{Fault, visible};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

const LONGEST_NAME: usize = 80;

/// Why customers leave: the second level under the first, in the order in which an operator is offered them.
#[utoipa::path(get, path = "/api/leaving-reasons", tag = "insight", responses((status = 200, body = Page<Reason>)))]
pub(super) async fn reasons(need::Anyone(op): need::Anyone) -> Answer<Page<Reason>> {
    let mut tx = op.app.db.read().await?;
    let dictionary = store::dictionary(&mut tx, op.ws()).await?;
    Ok(Json(Page::whole(dictionary.reasons().to_vec())))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct NewReason {
    driver: Driver,
    name: String,
    #[schema(value_type = Option<Asks>)]
    asks: Option<Asks>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct ReasonChange {
    /// Empty gives a shipped reason its own words back.
    name: Option<String>,
    asks: Option<Asks>,
    retired: Option<bool>,
}

fn named(name: &str, may_be_empty: bool) -> Result<String, Fault> {
    let name = visible(name);
    if (name.is_empty() && !may_be_empty) || name.chars().count() > LONGEST_NAME {
        let what = format!("a name of 1 to {LONGEST_NAME} characters");
        return Err(Fault::invalid("name", "A reason needs a name.").with_field("name", what));
    }
    Ok(name)
}

/// Adds a reason of the second level.
#[utoipa::path(post, path = "/api/leaving-reasons", tag = "insight", request_body = NewReason, responses((status = 200, body = Reason), (status = 422)))]
pub(super) async fn add(need::Marketer(op): need::Marketer, Json(new): Json<NewReason>) -> Answer<Reason> {
    let reason = Reason {
        code: format!("own_{}", op.next_id()),
        driver: new.driver,
        name: named(&new.name, false)?,
        asks: new.asks.unwrap_or(Asks::Nothing),
        retired: false,
        shipped: false,
    };
    let mut tx = op.app.db.write().await?;
    let dictionary = store::dictionary(&mut tx, op.ws()).await?;
    if dictionary.reasons().iter().any(|r| r.name == reason.name && r.driver == reason.driver) {
        return Err(Fault::conflict("reason_exists", "There is a reason of this name.").into());
    }
    let position = i64::try_from(dictionary.reasons().len()).unwrap_or(i64::MAX);
    store::add_reason(&mut tx, op.ws(), &reason, position).await?;
    audit(&op, &mut tx, "leaving_reason.add", &reason).await?;
    tx.commit().await?;
    Ok(Json(reason))
}

/// Renames a reason, changes what it asks for, retires it or takes it back. Its first level stays: past talks are counted by it.
#[utoipa::path(patch, path = "/api/leaving-reasons/{code}", tag = "insight", params(("code" = String, Path)), request_body = ReasonChange,
    responses((status = 200, body = Reason), (status = 404), (status = 422)))]
pub(super) async fn change(
    need::Marketer(op): need::Marketer,
    Path(code): Path<String>,
    Json(change): Json<ReasonChange>,
) -> Answer<Reason> {
    let mut tx = op.app.db.write().await?;
    let dictionary = store::dictionary(&mut tx, op.ws()).await?;
    let Some(mut reason) = dictionary.reason(&code).cloned() else {
        return Err(Fault::not_found("reason", format!("there is no reason \"{code}\"")).into());
    };
    if let Some(name) = &change.name {
        reason.name = named(name, reason.shipped)?;
    }
    reason.asks = change.asks.unwrap_or(reason.asks);
    reason.retired = change.retired.unwrap_or(reason.retired);
    let left = dictionary.reasons().iter().any(|r| r.code != code && !r.retired);
    if reason.retired && !left {
        return Err(
            Fault::conflict("last_reason", "A refusal needs a reason to choose: one must stay.").into()
        );
    }
    store::set_reason(&mut tx, op.ws(), &reason).await?;
    audit(&op, &mut tx, "leaving_reason.change", &reason).await?;
    tx.commit().await?;
    Ok(Json(reason))
}

async fn audit(op: &Op, tx: &mut ::store::Tx, action: &str, reason: &Reason) -> Result<(), Fault> {
    let detail = json!({ "driver": reason.driver, "name": reason.name, "retired": reason.retired });
    op.audit(tx, action, "leaving_reason", &reason.code, detail).await
}
