use axum::{Json, extract::State, http::request::Parts};
use basis::{Fault, Lang, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Answer, App, Op, Role, need, session};

/// Who is signed in, where, and what time the workspace's campaigns think it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    pub user: Option<MeUser>,
    pub role: Role,
    pub workspace: MeWorkspace,
    pub workspaces: Vec<WorkspaceName>,
    /// Send as `X-CSRF-Token` with everything that is not a GET.
    pub csrf: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub campaign_now: Time,
    pub clock: ClockState,
    pub public_url: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MeUser {
    pub id: String,
    pub email: String,
    pub name: String,
    pub language: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MeWorkspace {
    pub id: String,
    pub name: String,
    pub simulated: bool,
    pub language: String,
    pub timezone: String,
    pub jurisdiction: String,
    pub currency: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceName {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClockState {
    /// Campaign seconds per real second.
    pub speed: f64,
    pub paused: bool,
}

pub(super) async fn me_of(op: &Op, csrf: Option<String>) -> Result<Me, Fault> {
    let mut tx = op.app.db.read().await?;
    let user = match op.user() {
        Some(id) => store::fetch_optional!(
            tx,
            (String, String, String),
            "SELECT email, name, language FROM users WHERE id = $1",
            id.get()
        )?
        .map(|(email, name, language)| MeUser { id: id.to_string(), email, name, language }),
        None => None,
    };
    let mine = store::fetch_all!(
        tx,
        (i64, String),
        "SELECT w.id, w.name FROM workspaces w JOIN memberships m ON m.workspace_id = w.id WHERE m.user_id = $1 ORDER BY w.id",
        op.actor.id
    )?;
    let w = &op.workspace;
    Ok(Me {
        user,
        role: op.role,
        workspace: MeWorkspace {
            id: w.id.to_string(),
            name: w.name.clone(),
            simulated: w.simulated,
            language: w.language.to_string(),
            timezone: w.timezone.clone(),
            jurisdiction: w.jurisdiction.clone(),
            currency: w.currency.to_string(),
        },
        workspaces: mine.into_iter().map(|(id, name)| WorkspaceName { id: id.to_string(), name }).collect(),
        csrf,
        campaign_now: op.campaign_now(),
        clock: ClockState { speed: w.clock.speed, paused: w.clock.speed == 0.0 },
        public_url: op.app.public_url(),
    })
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/me", tag = "access", responses((status = 200, body = Me)))]
pub(super) async fn me(State(app): State<App>, parts: Parts) -> Answer<Me> {
    let op = session::authenticate(&parts, &app).await?;
    let csrf = session::csrf_of(&parts, &app).await?;
    Ok(Json(me_of(&op, csrf).await?))
}

#[derive(Deserialize, ToSchema)]
pub struct MeChange {
    #[schema(value_type = String)]
    pub language: Lang,
}

/// Changes the language of one's own pages.
#[utoipa::path(patch, path = "/api/me", tag = "access", request_body = MeChange, responses((status = 200, body = Me)))]
pub(super) async fn change(need::Anyone(op): need::Anyone, Json(body): Json<MeChange>) -> Answer<Me> {
    let mut tx = op.app.db.write().await?;
    if let Some(user) = op.user() {
        store::execute!(
            tx,
            "UPDATE users SET language = $2 WHERE id = $1",
            user.get(),
            body.language.as_str()
        )?;
    }
    tx.commit().await?;
    Ok(Json(me_of(&op, None).await?))
}
