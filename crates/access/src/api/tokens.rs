use axum::{Json, extract::Path, http::StatusCode};
use basis::{Fault, Time, TokenId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{Answer, Problem, Role, add_token, need, page::Page};

#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub role: Role,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// API tokens that are in force.
#[utoipa::path(get, path = "/api/tokens", tag = "access", responses((status = 200, body = Page<Token>)))]
pub(super) async fn list(need::Administrator(op): need::Administrator) -> Answer<Page<Token>> {
    let mut tx = op.app.db.read().await?;
    let rows = store::fetch_all!(
        tx,
        (i64, String, String, i64),
        "SELECT id, name, role, created_at FROM api_tokens WHERE workspace_id = $1 AND revoked_at IS NULL ORDER BY id",
        op.ws().get()
    )?;
    let tokens = rows
        .into_iter()
        .map(|(id, name, role, at)| {
            Ok(Token { id: id.to_string(), name, role: role.parse()?, created_at: Time::from_millis(at) })
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Json(Page::whole(tokens)))
}

#[derive(Deserialize, ToSchema)]
pub struct NewToken {
    pub name: String,
    pub role: Role,
}

#[derive(Serialize, ToSchema)]
pub struct AddedToken {
    pub id: String,
    /// Shown this once.
    pub token: String,
}

/// Makes an API token.
#[utoipa::path(post, path = "/api/tokens", tag = "access", request_body = NewToken, responses((status = 201, body = AddedToken)))]
pub(super) async fn add(
    need::Administrator(op): need::Administrator,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, Json<AddedToken>), Problem> {
    let (id, token) = add_token(&op.app, op.ws(), &body.name, body.role).await?;
    let mut tx = op.app.db.write().await?;
    op.audit(&mut tx, "token_added", "token", id, json!({ "role": body.role })).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(AddedToken { id: id.to_string(), token })))
}

/// Revokes a token at once.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "access", params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn revoke(
    need::Administrator(op): need::Administrator,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    let mut tx = op.app.db.write().await?;
    let touched = store::execute!(
        tx,
        "UPDATE api_tokens SET revoked_at = $3 WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL",
        op.ws().get(),
        id.get(),
        op.now().millis()
    )?;
    if touched == 0 {
        return Err(Fault::not_found("token", "There is no such token in force.").into());
    }
    op.audit(&mut tx, "token_revoked", "token", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
