use access::{App, links::LinkKind};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use basis::{CategoryId, Fault, Lang};
use permission::{Decision, GateQuery, Purpose};
use serde_json::json;
use store::Tx;

use crate::{
    answers::Answered,
    api::{Asked, Opened, field, fields, html, open_page, trouble},
    rules::{
        answer::{Answer, Shown, open as unseal, seal, ticked},
        page::{self, Preferences, Topic},
        texts::texts,
    },
    store::{categories, ids_of},
};

/// The interests page.
#[utoipa::path(get, path = "/p/{token}", tag = "response", params(("token" = String, Path), Asked),
    responses((status = 200, content_type = "text/html"), (status = 404, content_type = "text/html"), (status = 410, content_type = "text/html")))]
pub async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let asked_lang = asked.lang.as_deref();
    let (opened, frame) = match open_page(&app, &token, &headers, LinkKind::Preferences, asked_lang).await {
        Ok(opened) => opened,
        Err(page) => return page,
    };
    let lang = frame.lang;
    let topics = match read(&app, &opened, lang).await {
        Ok(topics) => topics,
        Err(fault) => return trouble(lang, &fault),
    };
    if asked.saved.is_some() && topics.answered {
        let chosen: Vec<String> = topics.list.into_iter().filter(|t| t.ticked).map(|t| t.name).collect();
        return html(StatusCode::OK, page::saved(&frame, &chosen));
    }
    let shown: Vec<Shown> = topics
        .list
        .iter()
        .filter_map(|t| Some(Shown { category: t.id.parse().ok()?, ticked: t.ticked }))
        .collect();
    let page = Preferences {
        address: opened.address(),
        defaults: !topics.answered && shown.iter().any(|s| s.ticked),
        topics: topics.list,
        sealed: seal(&opened.key, opened.row.id.get(), lang.as_str(), &shown),
        unsubscribe_path: opened.path(LinkKind::Unsubscribe),
    };
    html(StatusCode::OK, page::preferences(&frame, &page))
}

struct Topics {
    list: Vec<Topic>,
    /// The person has answered before.
    answered: bool,
}

async fn read(app: &App, opened: &Opened, lang: Lang) -> Result<Topics, Fault> {
    let ws = opened.workspace.id;
    app.key(ws, "suppression").await?;
    let mut tx = app.db.read().await?;
    let (current, _) = ids_of(&mut tx, ws, opened.row.customer_id).await?;
    let earlier = permission::interests(&mut tx, ws, current).await?;
    let with_a_right = may_be_written_to(&mut tx, app, opened).await?;
    let defaults = permission::defaults_ticked(&opened.workspace);
    let said = |id: i64| earlier.iter().find(|(known, _)| known.get() == id).map(|(_, yes)| *yes);
    let list = categories(&mut tx, ws, lang).await?;
    Ok(Topics {
        answered: !earlier.is_empty(),
        list: list
            .into_iter()
            .map(|(id, name)| Topic {
                ticked: ticked(said(id), defaults && earlier.is_empty(), with_a_right),
                id: id.to_string(),
                name,
            })
            .collect(),
    })
}

/// Whether there is a consent or another right to write to this contact now; hours and caps do not matter.
async fn may_be_written_to(tx: &mut Tx, app: &App, opened: &Opened) -> Result<bool, Fault> {
    let query = GateQuery {
        customer_id: opened.row.customer_id,
        channel: opened.row.channel.parse()?,
        address: opened.row.address.clone().unwrap_or_default(),
        purpose: Purpose::Marketing,
        at: opened.workspace.campaign_now(app.now()),
        campaign_id: None,
        expires_at: None,
    };
    let decision = permission::gate(tx, app, &opened.workspace, &query).await?;
    Ok(!matches!(decision, Decision::Refused(_)))
}

/// Confirm was pressed: the choice is kept with the defaults shown, and with at least one topic it is a consent.
#[utoipa::path(post, path = "/p/{token}", tag = "response", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303), (status = 404, content_type = "text/html"), (status = 410, content_type = "text/html")))]
pub async fn confirm(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = fields(&body);
    let (opened, frame) =
        match open_page(&app, &token, &headers, LinkKind::Preferences, field(&form, "lang")).await {
            Ok(opened) => opened,
            Err(page) => return page,
        };
    let (lang, path) = (frame.lang, frame.path);
    let sealed = field(&form, "shown").unwrap_or_default();
    // Without knowing what was shown a press proves nothing: the page is shown again.
    let Some(shown) = unseal(&opened.key, opened.row.id.get(), lang.as_str(), sealed) else {
        return Redirect::to(&format!("{path}?lang={lang}")).into_response();
    };
    let ticked: Vec<i64> =
        form.iter().filter(|(n, _)| n == "interest").filter_map(|(_, v)| v.parse().ok()).collect();
    match save(&app, &opened, lang, &shown, &Answer::of(&shown, &ticked)).await {
        Ok(()) => Redirect::to(&format!("{path}?saved=1&lang={lang}")).into_response(),
        Err(fault) => trouble(lang, &fault),
    }
}

async fn save(app: &App, opened: &Opened, lang: Lang, shown: &[Shown], answer: &Answer) -> Result<(), Fault> {
    let ws = opened.workspace.id;
    app.key(ws, "suppression").await?;
    let t = texts(lang);
    let proof = json!({
        "page": "preferences", "language": lang, "text": t.consent, "button": t.confirm, "shown": shown,
        "message": opened.row.id, "public_url": app.public_url(), "pressed_at": app.now(),
    });
    let answered = Answered {
        app,
        workspace: &opened.workspace,
        row: &opened.row,
        at: opened.workspace.campaign_now(app.now()),
        actor_kind: "customer",
        actor_id: 0,
    };
    let chosen: Vec<(CategoryId, bool)> =
        answer.chosen.iter().map(|(id, ticked)| (CategoryId(*id), *ticked)).collect();
    let mut tx = app.db.write().await?;
    answered.choose(&mut tx, &chosen, answer.subscribes(), proof).await?;
    tx.commit().await?;
    app.hub.publish(ws, format!("campaign:{}", opened.row.campaign_id), json!({ "choice": true }));
    Ok(())
}
