use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use basis::{Fault, UserId, WorkspaceId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::me::{Me, me_of};
use crate::{Actor, ActorKind, App, Op, Problem, load_workspace, password, session};

#[derive(Deserialize, ToSchema)]
pub struct Login {
    pub email: String,
    pub password: String,
    /// The workspace's id, for a user of several; else the oldest membership.
    pub workspace: Option<String>,
}

pub(super) fn session_headers(app: &App, token: &str, seconds: u64) -> Result<HeaderMap, Fault> {
    let secure = if app.public_url().starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
        session::SESSION_COOKIE
    );
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(&cookie)
        .map_err(|_| Fault::internal("cookie", "the cookie cannot be written"))?;
    headers.insert(header::SET_COOKIE, value);
    Ok(headers)
}

/// Signs in: sets the session cookie.
#[utoipa::path(post, path = "/api/login", tag = "access", request_body = Login, responses((status = 200, body = Me)))]
pub(super) async fn login(
    State(app): State<App>,
    Json(body): Json<Login>,
) -> Result<(HeaderMap, Json<Me>), Problem> {
    let email = body.email.trim().to_lowercase();
    app.login_failures().check(&email, app.now())?;
    let mut tx = app.db.read().await?;
    let row = store::fetch_optional!(
        tx,
        (i64, String),
        "SELECT id, password_hash FROM users WHERE email = $1 AND disabled_at IS NULL",
        email.as_str()
    )?;
    drop(tx);
    let (id, hash) = row.map_or((0, None), |(id, hash)| (id, Some(hash)));
    if !password::verify(body.password, hash).await {
        app.login_failures().failed(&email, app.now());
        return Err(Fault::unauthenticated("login", "The e-mail or the password is wrong.").into());
    }
    app.login_failures().succeeded(&email);
    let mut tx = app.db.read().await?;
    let memberships = store::fetch_all!(
        tx,
        (i64, String),
        "SELECT workspace_id, role FROM memberships WHERE user_id = $1 ORDER BY created_at, workspace_id",
        id
    )?;
    drop(tx);
    let wanted = body.workspace.as_deref();
    let (workspace, role) = memberships
        .into_iter()
        .find(|(ws, _)| wanted.is_none_or(|wanted| ws.to_string() == wanted))
        .ok_or_else(|| Fault::forbidden("workspace", "You are not a member of this workspace."))?;
    let workspace = WorkspaceId(workspace);
    let (token, csrf) = session::open(&app, UserId(id), workspace).await?;
    let workspace = load_workspace(&app, workspace).await?;
    let lang = workspace.language;
    let op = Op {
        app: app.clone(),
        workspace,
        actor: Actor { kind: ActorKind::User, id },
        role: role.parse()?,
        lang,
    };
    Ok((session_headers(&app, &token, session::LIFETIME.as_secs())?, Json(me_of(&op, Some(csrf)).await?)))
}

/// Signs out.
#[utoipa::path(post, path = "/api/logout", tag = "access", responses((status = 204)))]
pub(super) async fn logout(
    State(app): State<App>,
    parts: Parts,
) -> Result<(axum::http::StatusCode, HeaderMap), Problem> {
    session::authenticate(&parts, &app).await?;
    if let Some(token) = session::cookie_of(&parts) {
        session::close(&app, &token).await?;
    }
    Ok((axum::http::StatusCode::NO_CONTENT, session_headers(&app, "", 0)?))
}
