use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use basis::{Currency, Lang};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    login::session_headers,
    me::{Me, me_of},
};
use crate::{
    Actor, ActorKind, Answer, App, NewWorkspace, Op, Problem, Role, add_user, session, token,
    workspace::found_workspace,
};

#[derive(Serialize, ToSchema)]
pub struct SetupLink {
    pub valid: bool,
}

/// Whether a one-time link is still good.
#[utoipa::path(get, path = "/api/setup/{token}", tag = "access", params(("token" = String, Path)), responses((status = 200, body = SetupLink)))]
pub(super) async fn look(State(app): State<App>, Path(given): Path<String>) -> Answer<SetupLink> {
    Ok(Json(SetupLink { valid: token::setup_link_is_good(&app, &given).await? }))
}

#[derive(Deserialize, ToSchema)]
pub struct Setup {
    pub token: String,
    pub email: String,
    pub name: String,
    pub password: String,
    pub workspace_name: String,
    #[schema(value_type = String)]
    pub language: Lang,
    pub jurisdiction: String,
    pub timezone: String,
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// Makes the first workspace and its administrator, and signs in.
#[utoipa::path(post, path = "/api/setup", tag = "access", request_body = Setup, responses((status = 200, body = Me)))]
pub(super) async fn make(
    State(app): State<App>,
    Json(body): Json<Setup>,
) -> Result<(HeaderMap, Json<Me>), Problem> {
    token::use_setup_link(&app, &body.token).await?;
    let workspace = found_workspace(
        &app,
        NewWorkspace {
            name: body.workspace_name,
            simulated: false,
            language: body.language,
            timezone: body.timezone,
            jurisdiction: body.jurisdiction,
            currency: body.currency,
        },
    )
    .await?;
    let user = add_user(
        &app,
        workspace.id,
        &body.email,
        &body.name,
        Role::Administrator,
        body.language,
        body.password,
    )
    .await?;
    let (cookie, csrf) = session::open(&app, user, workspace.id).await?;
    let op = Op {
        app: app.clone(),
        workspace,
        actor: Actor { kind: ActorKind::User, id: user.get() },
        role: Role::Administrator,
        lang: body.language,
    };
    Ok((session_headers(&app, &cookie, session::LIFETIME.as_secs())?, Json(me_of(&op, Some(csrf)).await?)))
}
