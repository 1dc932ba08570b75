use access::{Answer, need};
use axum::{Json, extract::Multipart};
use basis::Fault;
use ingest::rules::dates::DateOrder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    file::{self, Refused},
    take_in::{Intake, Mention, take_in},
};

/// Mentions of one request.
const MOST: usize = 1_000;

#[derive(Debug, Deserialize, ToSchema)]
pub struct NewMentions {
    mentions: Vec<Mention>,
}

/// Takes mentions and reviews in. Those known by platform and external id change nothing.
#[utoipa::path(post, path = "/api/mentions", tag = "care", request_body = NewMentions,
    responses((status = 200, body = Intake), (status = 422)))]
pub(super) async fn add(need::Agent(op): need::Agent, Json(mut new): Json<NewMentions>) -> Answer<Intake> {
    if new.mentions.is_empty() || new.mentions.len() > MOST {
        return Err(Fault::invalid("mentions", format!("1 to {MOST} mentions at once.")).into());
    }
    let source = if op.user().is_some() { "hand" } else { "api" };
    // Who types it in has just read it.
    if source == "hand" {
        let now = op.campaign_now();
        new.mentions.iter_mut().for_each(|m| m.published_at = m.published_at.or(Some(now)));
    }
    Ok(Json(take_in(&op, source, &new.mentions).await?))
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct MentionFile {
    rows: usize,
    #[serde(flatten)]
    intake: Intake,
    refused_count: usize,
    /// The first 200.
    refused: Vec<Refused>,
}

/// Takes a file of mentions in: a table (CSV, XLSX, …) or JSON. Rows that cannot be used are named, the others taken.
#[utoipa::path(post, path = "/api/mentions/file", tag = "care", request_body(content_type = "multipart/form-data", content = Object),
    responses((status = 200, body = MentionFile), (status = 422)))]
pub(super) async fn file(need::Supervisor(op): need::Supervisor, mut form: Multipart) -> Answer<MentionFile> {
    let broken =
        |error: axum::extract::multipart::MultipartError| Fault::invalid("upload", error.body_text());
    let (mut upload, mut order) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => {
                let name = basis::visible(field.file_name().unwrap_or("reviews.csv"));
                upload = Some((name, field.bytes().await.map_err(broken)?));
            }
            Some("date_order") => {
                order = match field.text().await.map_err(broken)?.as_str() {
                    "dmy" => Some(DateOrder::Dmy),
                    "mdy" => Some(DateOrder::Mdy),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    let (name, bytes) = upload.ok_or_else(|| Fault::invalid("upload", "The form has no field \"file\"."))?;
    let (zone, now, of) = (op.workspace.tz(), op.campaign_now(), name.clone());
    let reading = tokio::task::spawn_blocking(move || file::read(&of, &bytes, &zone, order, now))
        .await
        .map_err(|e| Fault::internal("care_file", e.to_string()))??;
    let source: String = name.chars().take(100).collect();
    let intake = take_in(&op, &source, &reading.mentions).await?;
    let (rows, refused_count) = (reading.mentions.len() + reading.refused.len(), reading.refused.len());
    let refused = reading.refused.into_iter().take(200).collect();
    Ok(Json(MentionFile { rows, intake, refused_count, refused }))
}
