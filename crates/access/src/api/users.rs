use axum::{Json, extract::Path, http::StatusCode};
use basis::{Fault, Lang, Time, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{Answer, Problem, Role, add_user, need, page::Page, password, session};

#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub language: String,
    pub disabled: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    email: String,
    name: String,
    role: String,
    language: String,
    disabled_at: Option<i64>,
    created_at: i64,
}

/// The members of the workspace.
#[utoipa::path(get, path = "/api/users", tag = "access", responses((status = 200, body = Page<User>)))]
pub(super) async fn list(need::Administrator(op): need::Administrator) -> Answer<Page<User>> {
    let mut tx = op.app.db.read().await?;
    let rows = store::fetch_all!(
        tx,
        Row,
        "SELECT u.id, u.email, u.name, m.role, u.language, u.disabled_at, m.created_at FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 ORDER BY m.created_at, u.id",
        op.ws().get()
    )?;
    let users = rows
        .into_iter()
        .map(|row| {
            Ok(User {
                id: row.id.to_string(),
                email: row.email,
                name: row.name,
                role: row.role.parse()?,
                language: row.language,
                disabled: row.disabled_at.is_some(),
                created_at: Time::from_millis(row.created_at),
            })
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Json(Page::whole(users)))
}

#[derive(Deserialize, ToSchema)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    #[schema(value_type = Option<String>)]
    pub language: Option<Lang>,
    pub password: String,
}

#[derive(Serialize, ToSchema)]
pub struct AddedUser {
    pub id: String,
}

/// Adds a member.
#[utoipa::path(post, path = "/api/users", tag = "access", request_body = NewUser, responses((status = 201, body = AddedUser)))]
pub(super) async fn add(
    need::Administrator(op): need::Administrator,
    Json(body): Json<NewUser>,
) -> Result<(StatusCode, Json<AddedUser>), Problem> {
    let language = body.language.unwrap_or(op.workspace.language);
    let id = add_user(&op.app, op.ws(), &body.email, &body.name, body.role, language, body.password).await?;
    let mut tx = op.app.db.write().await?;
    op.audit(&mut tx, "user_added", "user", id, json!({ "role": body.role })).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(AddedUser { id: id.to_string() })))
}

#[derive(Deserialize, ToSchema)]
pub struct UserChange {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub password: Option<String>,
}

/// Changes a member's role or password, or closes the account; its sessions end.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "access", params(("id" = String, Path)), request_body = UserChange, responses((status = 204)))]
pub(super) async fn change(
    need::Administrator(op): need::Administrator,
    Path(id): Path<UserId>,
    Json(body): Json<UserChange>,
) -> Result<StatusCode, Problem> {
    if op.user() == Some(id)
        && (body.disabled == Some(true) || body.role.is_some_and(|r| r != Role::Administrator))
    {
        return Err(Fault::refused(
            "last_administrator",
            "You cannot take the administrator's role from yourself.",
        )
        .into());
    }
    let hash = match body.password {
        Some(new) => Some(password::hash(new, op.app.random()).await?),
        None => None,
    };
    let mut tx = op.app.db.write().await?;
    let member = store::fetch_optional!(
        tx,
        (i64,),
        "SELECT user_id FROM memberships WHERE workspace_id = $1 AND user_id = $2",
        op.ws().get(),
        id.get()
    )?;
    if member.is_none() {
        return Err(Fault::not_found("user", "There is no such user in this workspace.").into());
    }
    let (elsewhere,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM memberships WHERE user_id = $1 AND workspace_id <> $2",
        id.get(),
        op.ws().get()
    )?;
    // The account is the person's, not this workspace's: who could set its password would get into the other workspaces too.
    if elsewhere > 0 && (hash.is_some() || body.disabled.is_some()) {
        return Err(Fault::refused(
            "shared_account",
            "This person is a member of another workspace as well: only they can change their password, and nobody here can close the \
             account. Give them another role here, or take the membership away.",
        )
        .into());
    }
    if let Some(role) = body.role {
        store::execute!(
            tx,
            "UPDATE memberships SET role = $3 WHERE workspace_id = $1 AND user_id = $2",
            op.ws().get(),
            id.get(),
            role.as_str()
        )?;
    }
    if let Some(disabled) = body.disabled {
        let at = disabled.then(|| op.now().millis());
        store::execute!(tx, "UPDATE users SET disabled_at = $2 WHERE id = $1", id.get(), at)?;
    }
    let new_password = hash.is_some();
    if let Some(hash) = hash {
        store::execute!(tx, "UPDATE users SET password_hash = $2 WHERE id = $1", id.get(), hash)?;
    }
    session::end_all(&mut tx, id, op.ws()).await?;
    let what = json!({ "role": body.role, "disabled": body.disabled, "password": new_password });
    op.audit(&mut tx, "user_changed", "user", id, what).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a member out of the workspace; the account stays, for its other workspaces and for the log.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "access", params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn remove(
    need::Administrator(op): need::Administrator,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    if op.user() == Some(id) {
        return Err(Fault::refused("last_administrator", "You cannot take yourself out.").into());
    }
    let mut tx = op.app.db.write().await?;
    let removed = store::execute!(
        tx,
        "DELETE FROM memberships WHERE workspace_id = $1 AND user_id = $2",
        op.ws().get(),
        id.get()
    )?;
    if removed == 0 {
        return Err(Fault::not_found("user", "There is no such user in this workspace.").into());
    }
    session::end_all(&mut tx, id, op.ws()).await?;
    op.audit(&mut tx, "user_removed", "user", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
