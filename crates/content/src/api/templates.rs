use std::collections::BTreeMap;

use access::{Answer, Problem, need, page::Page};
use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
};
use basis::{Fault, Lang, TemplateId, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    rules::{defaults, letter::LetterSource},
    store::{self as content, Bodies, TemplateKind},
};

/// A text in one language. SMS and scripts use `text` only.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Body {
    pub subject: String,
    pub mjml: String,
    pub text: String,
}

/// By language: `ru`, `uk`, `en`.
pub type BodyMap = BTreeMap<String, Body>;

pub(super) fn bodies_of(map: BodyMap) -> Result<Bodies, Fault> {
    map.into_iter()
        .map(|(lang, body)| {
            Ok((
                lang.parse::<Lang>()?,
                LetterSource { subject: body.subject, mjml: body.mjml, text: body.text },
            ))
        })
        .collect()
}

fn map_of(bodies: Bodies) -> BodyMap {
    bodies
        .into_iter()
        .map(|(lang, body)| {
            (lang.as_str().to_owned(), Body { subject: body.subject, mjml: body.mjml, text: body.text })
        })
        .collect()
}

#[derive(Serialize, ToSchema)]
pub struct TemplateLine {
    id: String,
    name: String,
    kind: TemplateKind,
    bodies: BodyMap,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

/// Own templates of the workspace.
#[utoipa::path(get, path = "/api/templates", tag = "content", responses((status = 200, body = Page<TemplateLine>)))]
pub(super) async fn list(need::Supervisor(op): need::Supervisor) -> Answer<Page<TemplateLine>> {
    let mut tx = op.app.db.read().await?;
    let templates = content::list_templates(&mut tx, op.ws()).await?;
    let lines = templates.into_iter().map(|t| TemplateLine {
        id: t.id.to_string(),
        name: t.name,
        kind: t.kind,
        bodies: map_of(t.bodies),
        updated_at: t.updated_at,
    });
    Ok(Json(Page::whole(lines.collect())))
}

#[derive(Deserialize, ToSchema)]
pub struct NewTemplate {
    name: String,
    kind: TemplateKind,
    bodies: BodyMap,
}

#[derive(Serialize, ToSchema)]
pub struct AddedTemplate {
    id: String,
}

/// Keeps a template. A draft may have mistakes; a launch may not.
#[utoipa::path(post, path = "/api/templates", tag = "content", request_body = NewTemplate, responses((status = 201, body = AddedTemplate)))]
pub(super) async fn add(
    need::Marketer(op): need::Marketer,
    Json(body): Json<NewTemplate>,
) -> Result<(StatusCode, Json<AddedTemplate>), Problem> {
    let bodies = bodies_of(body.bodies)?;
    let mut tx = op.app.db.write().await?;
    let id =
        content::add_template(&mut tx, &op.app, op.ws(), &body.name, body.kind, &bodies, op.now()).await?;
    op.audit(&mut tx, "template_added", "template", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(AddedTemplate { id: id.to_string() })))
}

#[derive(Deserialize, ToSchema)]
pub struct ChangedTemplate {
    name: String,
    bodies: BodyMap,
}

#[utoipa::path(patch, path = "/api/templates/{id}", tag = "content", params(("id" = String, Path)), request_body = ChangedTemplate, responses((status = 204)))]
pub(super) async fn change(
    need::Marketer(op): need::Marketer,
    Path(id): Path<TemplateId>,
    Json(body): Json<ChangedTemplate>,
) -> Result<StatusCode, Problem> {
    let bodies = bodies_of(body.bodies)?;
    let mut tx = op.app.db.write().await?;
    content::change_template(&mut tx, op.ws(), id, &body.name, &bodies, op.now()).await?;
    op.audit(&mut tx, "template_changed", "template", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/templates/{id}", tag = "content", params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn remove(
    need::Marketer(op): need::Marketer,
    Path(id): Path<TemplateId>,
) -> Result<StatusCode, Problem> {
    let mut tx = op.app.db.write().await?;
    content::remove_template(&mut tx, op.ws(), id).await?;
    op.audit(&mut tx, "template_removed", "template", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
pub struct OfKind {
    kind: TemplateKind,
}

#[derive(Serialize, ToSchema)]
pub struct Shipped {
    bodies: BodyMap,
}

/// The texts that the product ships: the first letter, the SMS that points to it, the script of the call.
#[utoipa::path(get, path = "/api/templates/defaults", tag = "content", params(OfKind), responses((status = 200, body = Shipped)))]
pub(super) async fn defaults(
    need::Anyone(_op): need::Anyone,
    Query(query): Query<OfKind>,
) -> Answer<Shipped> {
    let text = |text: &str| LetterSource { text: text.to_owned(), ..LetterSource::default() };
    let bodies = Lang::ALL.into_iter().map(|lang| {
        let body = match query.kind {
            TemplateKind::Letter => defaults::first_letter(lang),
            TemplateKind::Sms => text(defaults::sms(lang)),
            TemplateKind::Script => text(defaults::call_script(lang)),
        };
        (lang, body)
    });
    Ok(Json(Shipped { bodies: map_of(bodies.collect()) }))
}

#[derive(Serialize, ToSchema)]
pub struct SeriesStep {
    kind: TemplateKind,
    /// After the step before; of the first, after entering.
    after_days: i64,
    bodies: BodyMap,
}

/// A series of letters that the product ships; `onboarding` is for who bought, for the first time, what has to be explained.
#[utoipa::path(get, path = "/api/templates/series/{name}", tag = "content", params(("name" = String, Path)), responses((status = 200, body = Page<SeriesStep>)))]
pub(super) async fn series(
    need::Anyone(_op): need::Anyone,
    Path(name): Path<String>,
) -> Answer<Page<SeriesStep>> {
    if name != "onboarding" {
        return Err(
            Fault::not_found("series", "There is no such series; the product ships \"onboarding\".").into()
        );
    }
    let mut steps: Vec<SeriesStep> = Vec::new();
    for lang in Lang::ALL {
        for (place, (after_days, letter)) in defaults::onboarding(lang).into_iter().enumerate() {
            if steps.len() == place {
                steps.push(SeriesStep { kind: TemplateKind::Letter, after_days, bodies: BodyMap::new() });
            }
            steps[place].bodies.extend(map_of(Bodies::from([(lang, letter)])));
        }
    }
    Ok(Json(Page::whole(steps)))
}

#[derive(Serialize, ToSchema)]
pub struct SampleCustomer {
    id: String,
    name: String,
}

/// Real customers to look at a letter with.
#[utoipa::path(get, path = "/api/templates/sample-customers", tag = "content", responses((status = 200, body = Page<SampleCustomer>)))]
pub(super) async fn samples(need::Supervisor(op): need::Supervisor) -> Answer<Page<SampleCustomer>> {
    let mut tx = op.app.db.read().await?;
    let people = content::sample_customers(&mut tx, op.ws()).await?;
    let people = people.into_iter().map(|(id, name)| SampleCustomer { id: id.to_string(), name });
    Ok(Json(Page::whole(people.collect())))
}
