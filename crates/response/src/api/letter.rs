use access::{
    App,
    links::{Link, LinkKind},
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use basis::Fault;
use content::{Letter, Links};

use crate::{
    api::{Opened, html, open, trouble, with_headers},
    rules::page::{self, LETTER_POLICY, Note},
};

/// The letter in the browser, as it was written to this person.
#[utoipa::path(get, path = "/v/{token}", tag = "response", params(("token" = String, Path)),
    responses((status = 200, content_type = "text/html"), (status = 404, content_type = "text/html"), (status = 410, content_type = "text/html")))]
pub async fn show(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let opened = match open(&app, &token, &headers).await {
        Ok(opened) => opened,
        Err(page) => return page,
    };
    let lang = opened.language(None, &headers);
    let frame = opened.frame(lang, String::new());
    if opened.kind != LinkKind::Browser {
        return html(StatusCode::NOT_FOUND, page::note(&frame, Note::Tampered));
    }
    match render(&app, &opened).await {
        Ok(Some(letter)) => with_headers(StatusCode::OK, letter, LETTER_POLICY),
        Ok(None) => html(StatusCode::GONE, page::note(&frame, Note::Expired)),
        Err(fault) => trouble(lang, &fault),
    }
}

async fn render(app: &App, opened: &Opened) -> Result<Option<String>, Fault> {
    let Opened { workspace, row, .. } = opened;
    let mut tx = app.db.read().await?;
    let wave = campaign::wave_content(&mut tx, workspace.id, row.wave_id).await?;
    if wave.channel.as_str() != "email" {
        return Ok(None);
    }
    let lang = opened.language(None, &HeaderMap::new());
    let bodies = wave.texts(row.variant);
    let Some((lang, source)) = bodies.get_key_value(&lang).or_else(|| bodies.iter().next()) else {
        return Ok(None);
    };
    let before = row.sent_at.unwrap_or_else(|| workspace.campaign_now(app.now()));
    let recipients = content::recipients(&mut tx, workspace.id, &[row.customer_id], before).await?;
    let Some(recipient) = recipients.get(&row.customer_id) else { return Ok(None) };
    let numbers = store::fetch_all!(
        tx,
        (i64, String),
        "SELECT number, url FROM links WHERE workspace_id = $1 AND wave_id = $2",
        workspace.id.get(),
        row.wave_id.get()
    )?;
    drop(tx);
    let broken = |what: String| Fault::internal("letter", what);
    let letter = Letter::compile(*lang, source).map_err(|e| broken(format!("{e:?}")))?;
    let absolute = |kind| format!("{}{}", app.public_url(), opened.path(kind));
    let links =
        Links { interests: absolute(LinkKind::Preferences), unsubscribe: absolute(LinkKind::Unsubscribe) };
    let merge = recipient.merge(*lang, &content::sender_of(workspace), links);
    let mut track = |link: content::Link<'_>| {
        let (number, _) = numbers.iter().find(|(_, url)| url == link.url)?;
        let kind = LinkKind::Click(u16::try_from(*number).ok()?);
        let path = Link { workspace: workspace.id, message: row.id, kind }.path(&opened.key);
        Some(format!("{}{path}", app.public_url()))
    };
    let rendered = letter.render(&merge, &mut track).map_err(|e| broken(format!("{e:?}")))?;
    Ok(Some(rendered.html))
}
