//! The public pages: no login, signed links, no script. A GET at most appends an observation; only a POST changes anything.

mod letter;
mod links;
mod preferences;
mod unsubscribe;

use access::{App, Workspace, links::LinkKind};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use basis::{Fault, Lang, mask_email, mask_phone};
use channel::ledger::{self, Row};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::rules::page::{self, Frame, Note};

/// The pages and the redirect.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(links::follow))
        .routes(routes!(preferences::show, preferences::confirm))
        .routes(routes!(unsubscribe::show, unsubscribe::act))
        .routes(routes!(letter::show))
}

/// What every page may be asked with.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
pub struct Asked {
    /// `ru`, `uk` or `en`; the letter's language by default.
    lang: Option<String>,
    /// After Confirm: show what was saved.
    saved: Option<String>,
}

/// A link that was checked.
pub(crate) struct Opened {
    pub workspace: Workspace,
    pub row: Row,
    pub key: [u8; 32],
    pub kind: LinkKind,
}

impl Opened {
    fn language(&self, asked: Option<&str>, headers: &HeaderMap) -> Lang {
        page::language(asked, self.row.language.as_deref(), accept(headers), self.workspace.language)
    }

    fn frame(&self, lang: Lang, path: String) -> Frame {
        Frame {
            lang,
            shop: content::sender_of(&self.workspace).shop_name,
            simulated: self.workspace.simulated,
            path,
        }
    }

    fn address(&self) -> String {
        let address = self.row.address.as_deref().unwrap_or_default();
        if self.row.channel == "email" { mask_email(address) } else { mask_phone(address) }
    }

    fn path(&self, kind: LinkKind) -> String {
        access::links::Link { workspace: self.workspace.id, message: self.row.id, kind }.path(&self.key)
    }
}

fn accept(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// Checks a token. A changed one and one whose letter is gone get a page that says so.
async fn open(app: &App, token: &str, headers: &HeaderMap) -> Result<Opened, Response> {
    let lang = page::language(None, None, accept(headers), Lang::default());
    let plain = |note, status| {
        let frame = Frame { lang, shop: "Otklik".to_owned(), simulated: false, path: String::new() };
        html(status, page::note(&frame, note))
    };
    let found = async {
        let Some(ws) = access::links::workspace_of(token) else { return Ok(Err(Note::Tampered)) };
        // A made-up token must not make a key for a workspace that is not there.
        let workspace = match access::load_workspace(app, ws).await {
            Ok(workspace) => workspace,
            Err(fault) if fault.kind == basis::FaultKind::NotFound => return Ok(Err(Note::Tampered)),
            Err(fault) => return Err(fault),
        };
        let key = app.key(ws, "links").await?;
        let Some(link) = access::links::read(&key, token) else { return Ok(Err(Note::Tampered)) };
        let mut tx = app.db.read().await?;
        let row = ledger::row(&mut tx, ws, link.message).await?;
        Ok(row.map(|row| Opened { workspace, row, key, kind: link.kind }).ok_or(Note::Expired))
    };
    match found.await {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(Note::Expired)) => Err(plain(Note::Expired, StatusCode::GONE)),
        Ok(Err(note)) => Err(plain(note, StatusCode::NOT_FOUND)),
        Err(fault) => Err(trouble(lang, &fault)),
    }
}

/// Opens the page of one kind of link, in the language that was asked for; a link of another kind leads to no page.
async fn open_page(
    app: &App,
    token: &str,
    headers: &HeaderMap,
    kind: LinkKind,
    asked: Option<&str>,
) -> Result<(Opened, Frame), Response> {
    let opened = open(app, token, headers).await?;
    let lang = opened.language(asked, headers);
    let frame = opened.frame(lang, kind.path_of(token));
    if opened.kind == kind {
        Ok((opened, frame))
    } else {
        Err(html(StatusCode::NOT_FOUND, page::note(&frame, Note::Tampered)))
    }
}

/// Our own fault, said in the reader's language.
fn trouble(lang: Lang, fault: &Fault) -> Response {
    tracing::error!(code = fault.code, error = %fault, "a public page failed: {}", fault.code);
    let frame = Frame { lang, shop: "Otklik".to_owned(), simulated: false, path: String::new() };
    html(StatusCode::INTERNAL_SERVER_ERROR, page::note(&frame, Note::Trouble))
}

fn html(status: StatusCode, page: Result<String, Fault>) -> Response {
    match page {
        Ok(body) => with_headers(status, body, &page::POLICY),
        Err(fault) => {
            tracing::error!(error = %fault, "a public page was not made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn with_headers(status: StatusCode, body: String, policy: &str) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // The address of the page is the key to it.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (header::VARY, "accept-language"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The fields of a form, in their order.
fn fields(body: &Bytes) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}
