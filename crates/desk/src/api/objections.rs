use std::collections::BTreeSet;

use access::{Answer, Op, need, page::Page};
use axum::{Json, extract::Path};
use basis::{Fault, Time, visible};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use crate::{
    rules::objections::{Objection, Texts, shipped},
    store::objections as sql,
};

const LONGEST_NAME: usize = 80;
const LONGEST_ANSWER: usize = 1_000;
/// Own objections a workspace may keep.
const MOST: usize = 100;

/// An objection of the library.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectionView {
    code: String,
    /// The leaving reason behind it: reason:CODE, driver:CODE, or empty.
    reason: String,
    /// Not offered any more; talks of the past keep it.
    retired: bool,
    /// Of the words; send it back with the objections of a call.
    version: i64,
    /// Part of the product.
    shipped: bool,
    /// By language (ru, uk, en): name, answer.
    #[schema(value_type = Object)]
    texts: Texts,
}

impl From<Objection> for ObjectionView {
    fn from(o: Objection) -> Self {
        Self {
            code: o.code,
            reason: o.reason,
            retired: o.retired,
            version: o.version,
            shipped: o.shipped,
            texts: o.texts,
        }
    }
}

/// The library of objections: what customers say against coming back, and what is answered.
#[utoipa::path(get, path = "/api/objections", tag = "desk", responses((status = 200, body = Page<ObjectionView>)))]
pub async fn list(need::Anyone(op): need::Anyone) -> Answer<Page<ObjectionView>> {
    let mut tx = op.app.db.read().await?;
    let all = sql::objections(&mut tx, op.ws()).await?;
    Ok(Json(Page::whole(all.into_iter().map(ObjectionView::from).collect())))
}

/// Words by language; a name and an answer in each that is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObjection {
    #[schema(value_type = Object)]
    texts: Texts,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionChange {
    /// Makes a new version of the words.
    #[schema(value_type = Option<Object>)]
    texts: Option<Texts>,
    /// The version that was seen: a change of something newer is refused.
    seen: Option<i64>,
    reason: Option<String>,
    retired: Option<bool>,
}

fn checked(mut texts: Texts) -> Result<Texts, Fault> {
    for (lang, words) in &mut texts {
        words.name = visible(&words.name);
        words.answer = words.answer.trim().to_owned();
        let odd = |field: &str, most: usize| {
            let what = format!("1 to {most} characters");
            Fault::invalid("objection_text", "An objection needs its words and an answer to them.")
                .with_field(format!("texts.{lang}.{field}"), what)
        };
        let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
        if !fits(&words.name, LONGEST_NAME) {
            return Err(odd("name", LONGEST_NAME));
        }
        let control = words.answer.chars().any(|c| c.is_control() && c != '\n');
        if control || !fits(&words.answer, LONGEST_ANSWER) {
            return Err(odd("answer", LONGEST_ANSWER));
        }
    }
    if texts.is_empty() {
        return Err(Fault::invalid("objection_text", "An objection needs words in one language at least.")
            .with_field("texts", "ru, uk or en with name and answer"));
    }
    Ok(texts)
}

/// A reason or a first level of the workspace's dictionary; or nothing.
async fn known_reason(tx: &mut Tx, op: &Op, reason: &str) -> Result<(), Fault> {
    if reason.is_empty() {
        return Ok(());
    }
    let dictionary = insight::store::dictionary(tx, op.ws()).await?;
    let known = match reason.split_once(':') {
        Some(("reason", code)) => dictionary.reason(code).is_some(),
        Some(("driver", word)) => insight::rules::dictionary::Driver::of(word).is_some(),
        _ => false,
    };
    if known {
        return Ok(());
    }
    Err(Fault::invalid("objection_reason", format!("There is no leaving reason \"{reason}\"."))
        .with_field("reason", "reason:CODE or driver:CODE of the dictionary, or nothing"))
}

fn same_name(all: &[Objection], code: &str, texts: &Texts) -> Result<(), Fault> {
    let names: BTreeSet<String> = texts.values().map(|w| basis::fold(&w.name)).collect();
    let taken = all
        .iter()
        .filter(|o| o.code != code)
        .any(|o| texts.keys().filter_map(|l| o.texts.get(l)).any(|w| names.contains(&basis::fold(&w.name))));
    if taken {
        return Err(Fault::conflict("objection_exists", "There is an objection of this name."));
    }
    Ok(())
}

/// Adds an objection of the workspace's own.
#[utoipa::path(post, path = "/api/objections", tag = "desk", request_body = NewObjection,
    responses((status = 200, body = ObjectionView), (status = 409), (status = 422)))]
pub async fn add(
    need::Supervisor(op): need::Supervisor,
    Json(new): Json<NewObjection>,
) -> Answer<ObjectionView> {
    let texts = checked(new.texts)?;
    let mut tx = op.app.db.write().await?;
    known_reason(&mut tx, &op, &new.reason).await?;
    let all = sql::objections(&mut tx, op.ws()).await?;
    if all.len() >= MOST {
        return Err(Fault::conflict("objection_limit", format!("A library holds {MOST} objections.")).into());
    }
    let made = Objection {
        code: format!("own_{}", op.next_id()),
        reason: new.reason,
        retired: false,
        version: 1,
        shipped: false,
        texts,
    };
    same_name(&all, &made.code, &made.texts)?;
    sql::set(&mut tx, op.ws(), &made, i64::try_from(all.len()).unwrap_or(i64::MAX)).await?;
    sql::add_version(&mut tx, &op, &made).await?;
    op.audit(&mut tx, "objection.add", "objection", &made.code, json!({ "version": 1 })).await?;
    tx.commit().await?;
    Ok(Json(made.into()))
}

/// Changes an objection. New words are a new version: a call keeps the version that the operator saw.
#[utoipa::path(patch, path = "/api/objections/{code}", tag = "desk", params(("code" = String, Path)), request_body = ObjectionChange,
    responses((status = 200, body = ObjectionView), (status = 404), (status = 409), (status = 422)))]
pub async fn change(
    need::Supervisor(op): need::Supervisor,
    Path(code): Path<String>,
    Json(change): Json<ObjectionChange>,
) -> Answer<ObjectionView> {
    let mut tx = op.app.db.write().await?;
    let all = sql::objections(&mut tx, op.ws()).await?;
    let at = all.iter().position(|o| o.code == code);
    let Some(at) = at else {
        return Err(Fault::not_found("objection", format!("There is no objection \"{code}\".")).into());
    };
    let mut next = all[at].clone();
    if change.seen.is_some_and(|seen| seen != next.version) {
        return Err(Fault::conflict(
            "objection_changed",
            "Somebody changed these words meanwhile: look at them again before you write over them.",
        )
        .into());
    }
    if let Some(reason) = change.reason {
        known_reason(&mut tx, &op, &reason).await?;
        next.reason = reason;
    }
    next.retired = change.retired.unwrap_or(next.retired);
    let texts = change.texts.map(checked).transpose()?.filter(|texts| *texts != next.texts);
    if let Some(texts) = texts {
        same_name(&all, &code, &texts)?;
        (next.texts, next.version) = (texts, next.version + 1);
        sql::add_version(&mut tx, &op, &next).await?;
    }
    sql::set(&mut tx, op.ws(), &next, i64::try_from(at).unwrap_or(i64::MAX)).await?;
    let detail = json!({ "version": next.version, "retired": next.retired, "reason": next.reason });
    op.audit(&mut tx, "objection.change", "objection", &code, detail).await?;
    tx.commit().await?;
    Ok(Json(next.into()))
}

/// The words of an objection at one time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectionVersion {
    version: i64,
    #[schema(value_type = Object)]
    texts: Texts,
    /// Absent for the shipped words.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
    actor: Option<String>,
}

/// All versions of an objection's words, the newest first.
#[utoipa::path(get, path = "/api/objections/{code}/versions", tag = "desk", params(("code" = String, Path)),
    responses((status = 200, body = Page<ObjectionVersion>), (status = 404)))]
pub async fn versions(
    need::Anyone(op): need::Anyone,
    Path(code): Path<String>,
) -> Answer<Page<ObjectionVersion>> {
    let mut tx = op.app.db.read().await?;
    let all = sql::objections(&mut tx, op.ws()).await?;
    if !all.iter().any(|o| o.code == code) {
        return Err(Fault::not_found("objection", format!("There is no objection \"{code}\".")).into());
    }
    let mut items: Vec<ObjectionVersion> = sql::versions(&mut tx, op.ws(), &code)
        .await?
        .into_iter()
        .map(|v| ObjectionVersion {
            version: v.version,
            texts: v.texts,
            at: Some(Time::from_millis(v.at)),
            actor: v.actor,
        })
        .collect();
    if let Some(first) = shipped().into_iter().find(|o| o.code == code) {
        items.push(ObjectionVersion { version: 1, texts: first.texts, at: None, actor: None });
    }
    Ok(Json(Page::whole(items)))
}
