use std::time::Duration;

use axum::http::{Method, header, request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use basis::{Fault, Lang, UserId, WorkspaceId};
use sha2::{Digest, Sha256};
use store::Tx;
use subtle::ConstantTimeEq;

use crate::{Actor, ActorKind, App, Op, Role, load_workspace};

/// HttpOnly and SameSite=Lax: a script cannot read it and another site cannot post with it.
pub const SESSION_COOKIE: &str = "otklik_session";
pub(crate) const LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);

pub(crate) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

pub(crate) fn new_token(app: &App) -> String {
    URL_SAFE_NO_PAD.encode(app.random::<24>())
}

/// Opens a session; answers the cookie's value and the CSRF token.
pub(crate) async fn open(app: &App, user: UserId, workspace: WorkspaceId) -> Result<(String, String), Fault> {
    let (token, csrf) = (new_token(app), new_token(app));
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO sessions (token_hash, user_id, workspace_id, csrf, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        hash(&token),
        user.get(),
        workspace.get(),
        csrf.as_str(),
        app.now().millis(),
        app.now().plus(LIFETIME).millis()
    )?;
    store::execute!(tx, "DELETE FROM sessions WHERE expires_at < $1", app.now().millis())?;
    tx.commit().await?;
    Ok((token, csrf))
}

pub(crate) async fn close(app: &App, token: &str) -> Result<(), Fault> {
    let mut tx = app.db.write().await?;
    store::execute!(tx, "DELETE FROM sessions WHERE token_hash = $1", hash(token))?;
    tx.commit().await?;
    Ok(())
}

/// Ends whatever sessions a member has in a workspace.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, ws: WorkspaceId) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "DELETE FROM sessions WHERE user_id = $1 AND workspace_id = $2",
        user.get(),
        ws.get()
    )?;
    Ok(())
}

pub(crate) fn cookie_of(parts: &Parts) -> Option<String> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == SESSION_COOKIE).then(|| value.to_owned())
        })
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    user_id: i64,
    workspace_id: i64,
    csrf: String,
    role: String,
    language: String,
}

/// The operation behind a request: its bearer token or its session cookie.
pub(crate) async fn authenticate(parts: &Parts, app: &App) -> Result<Op, Fault> {
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if let Some(token) = bearer.and_then(|v| v.strip_prefix("Bearer ")) {
        return of_token(app, token).await;
    }
    let signed_out = || Fault::unauthenticated("signed_out", "Sign in first.");
    let cookie = cookie_of(parts).ok_or_else(signed_out)?;
    let mut tx = app.db.read().await?;
    let row = store::fetch_optional!(
        tx,
        SessionRow,
        "SELECT s.user_id, s.workspace_id, s.csrf, m.role, u.language FROM sessions s
         JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
         JOIN memberships m ON m.workspace_id = s.workspace_id AND m.user_id = s.user_id
         WHERE s.token_hash = $1 AND s.expires_at > $2",
        hash(&cookie),
        app.now().millis()
    )?
    .ok_or_else(signed_out)?;
    drop(tx);
    let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let given = parts.headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).unwrap_or("");
    if !reads && !bool::from(given.as_bytes().ct_eq(row.csrf.as_bytes())) {
        return Err(Fault::forbidden("csrf", "The page is out of date. Reload it and try again."));
    }
    let workspace = load_workspace(app, WorkspaceId(row.workspace_id)).await?;
    Ok(Op {
        app: app.clone(),
        workspace,
        actor: Actor { kind: ActorKind::User, id: row.user_id },
        role: row.role.parse::<Role>()?,
        lang: row.language.parse::<Lang>()?,
    })
}

/// The CSRF token of the session of a request.
pub(crate) async fn csrf_of(parts: &Parts, app: &App) -> Result<Option<String>, Fault> {
    let Some(cookie) = cookie_of(parts) else { return Ok(None) };
    let mut tx = app.db.read().await?;
    let row = store::fetch_optional!(
        tx,
        (String,),
        "SELECT csrf FROM sessions WHERE token_hash = $1",
        hash(&cookie)
    )?;
    Ok(row.map(|(csrf,)| csrf))
}

async fn of_token(app: &App, token: &str) -> Result<Op, Fault> {
    let mut tx = app.db.read().await?;
    let (workspace, id, role) = store::fetch_optional!(
        tx,
        (i64, i64, String),
        "SELECT workspace_id, id, role FROM api_tokens WHERE token_hash = $1 AND revoked_at IS NULL",
        hash(token)
    )?
    .ok_or_else(|| Fault::unauthenticated("token", "This token is not known or was revoked."))?;
    drop(tx);
    let workspace = load_workspace(app, WorkspaceId(workspace)).await?;
    let lang = workspace.language;
    Ok(Op {
        app: app.clone(),
        workspace,
        actor: Actor { kind: ActorKind::Token, id },
        role: role.parse()?,
        lang,
    })
}
