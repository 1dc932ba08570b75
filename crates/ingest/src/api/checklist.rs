use access::{Answer, Op, load_workspace, need, page::Page};
use axum::{Json, extract::Path};
use basis::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use crate::rules::checklist::{ANSWERS, KINDS, kinds_of};
use crate::store as sql;

/// A kind of source that shops usually have.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceCheck {
    /// `orders`, `addresses`, `contact_centre`, `chat`, `loyalty`, `mailing`, `till`.
    kind: &'static str,
    /// `found` among the imports; else what a person said: `have`, `none`, `later`; `open` when nobody looked.
    state: String,
    /// Sources of this kind by their names.
    sources: Vec<String>,
}

/// Where the workspace's settings keep the answers.
const SETTING: &str = "source_checklist";

/// The places where data may be: what was imported, and what somebody said of the rest.
#[utoipa::path(get, path = "/api/source-checklist", tag = "ingest", responses((status = 200, body = Page<SourceCheck>)))]
pub(super) async fn show(need::Viewer(op): need::Viewer) -> Answer<Page<SourceCheck>> {
    let mut tx = op.app.db.read().await?;
    Ok(Json(Page::whole(checks(&mut tx, &op, &op.workspace.settings).await?)))
}

async fn checks(tx: &mut Tx, op: &Op, settings: &serde_json::Value) -> Result<Vec<SourceCheck>, Fault> {
    let known = sql::source_contents(tx, op.ws()).await?;
    let kinds: Vec<(String, Vec<&'static str>)> =
        known.into_iter().map(|s| (s.name.clone(), kinds_of(&s.names, &s.kinds))).collect();
    Ok(KINDS
        .into_iter()
        .map(|kind| {
            let sources: Vec<String> =
                kinds.iter().filter(|(_, of)| of.contains(&kind)).map(|(name, _)| name.clone()).collect();
            let said =
                settings[SETTING][kind].as_str().filter(|word| ANSWERS.contains(word)).unwrap_or("open");
            let state = if sources.is_empty() { said } else { "found" }.to_owned();
            SourceCheck { kind, state, sources }
        })
        .collect())
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct SourceAnswer {
    /// `have`, `none`, `later`, or `open` to be asked again.
    state: String,
}

/// Says of a kind of source whether the shop has one.
#[utoipa::path(put, path = "/api/source-checklist/{kind}", tag = "ingest", params(("kind" = String, Path)), request_body = SourceAnswer, responses((status = 200, body = Page<SourceCheck>), (status = 422)))]
pub(super) async fn answer(
    need::Marketer(op): need::Marketer,
    Path(kind): Path<String>,
    Json(body): Json<SourceAnswer>,
) -> Answer<Page<SourceCheck>> {
    if !KINDS.contains(&kind.as_str()) {
        return Err(Fault::not_found("kind", format!("\"{kind}\" is no kind of source")).into());
    }
    if !ANSWERS.contains(&body.state.as_str()) {
        let text = format!("\"{}\" is no answer; use have, none, later or open", body.state);
        return Err(Fault::invalid("state", text).into());
    }
    let mut tx = op.app.db.write().await?;
    let mut settings = load_workspace(&op.app, op.ws()).await?.settings;
    if !settings.is_object() {
        settings = json!({});
    }
    if !settings[SETTING].is_object() {
        settings[SETTING] = json!({});
    }
    settings[SETTING][&kind] = body.state.as_str().into();
    store::execute!(
        tx,
        "UPDATE workspaces SET settings = $2 WHERE id = $1",
        op.ws().get(),
        settings.to_string()
    )?;
    let detail = json!({ "kind": kind, "state": body.state });
    op.audit(&mut tx, "source.check", "workspace", op.ws(), detail).await?;
    let items = checks(&mut tx, &op, &settings).await?;
    tx.commit().await?;
    Ok(Json(Page::whole(items)))
}
