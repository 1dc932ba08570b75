use access::{
    Answer, Op, Problem, need,
    page::{Page, PageQuery},
};
use axum::{
    Json,
    extract::{Path, Query},
    response::IntoResponse,
};
use basis::{CampaignId, Fault, Time, WaveId};
use campaign::VariantNo;
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;

use crate::{
    api::report::as_file,
    funnel::moment,
    store::{
        counts,
        people::{Person, Which, people},
    },
    variants,
};

#[derive(Debug, Deserialize, IntoParams)]
pub struct Asked {
    /// Id of the wave or its number, from 1; without it the cell is one of the final ones.
    wave: Option<String>,
    /// `sent`, `excluded.no_consent`, `ledger.planned`, `final.silent`, `holdout` …
    cell: String,
    /// The variant's number in its wave, from 1; adds the cells `assigned` and `bought`.
    variant: Option<i64>,
    /// As it stood so many days after the launch.
    day: Option<u32>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// The wave that was meant: its id, or its place in the campaign.
async fn wave_of(
    tx: &mut Tx,
    op: &Op,
    campaign: CampaignId,
    asked: Option<&str>,
) -> Result<Option<WaveId>, Fault> {
    let Some(asked) = asked.filter(|a| !a.is_empty()) else { return Ok(None) };
    let waves = counts::waves(tx, op.ws(), campaign).await?;
    waves
        .iter()
        .find(|w| w.id.to_string() == asked || (w.position + 1).to_string() == asked)
        .map(|w| Some(WaveId(w.id)))
        .ok_or_else(|| Fault::not_found("wave", format!("this campaign has no wave {asked}")))
}

async fn read(op: &Op, id: CampaignId, asked: &Asked, after: i64, limit: u32) -> Result<Vec<Person>, Fault> {
    let mut tx = op.app.db.read().await?;
    let campaign = counts::campaign(&mut tx, op.ws(), id).await?;
    let wave = wave_of(&mut tx, op, id, asked.wave.as_deref()).await?;
    let at = moment(campaign.launched_at.map(Time::from_millis), asked.day);
    let cell =
        if wave.is_none() && asked.cell == "excluded" { "final.excluded" } else { asked.cell.as_str() };
    let variant = asked.variant.map(|number| VariantNo(number.saturating_sub(1)));
    let mut which = Which { campaign: id, wave, variant, cell, at, only: None };
    let buyers;
    if let (Some(wave), Some(no), "bought") = (wave, variant, cell) {
        drop(tx);
        buyers = variants::buyers(&op.app, &op.workspace, id, wave, no).await?;
        which = Which { cell: "assigned", only: Some(&buyers), ..which };
        tx = op.app.db.read().await?;
    }
    people(&mut tx, op, which, after, limit).await
}

/// The people behind a figure; the length of the list is the figure.
#[utoipa::path(get, path = "/api/campaigns/{id}/people", tag = "report", params(("id" = String, Path), Asked),
    responses((status = 200, body = Page<Person>), (status = 404)))]
pub async fn list(
    need::Viewer(op): need::Viewer,
    Path(id): Path<CampaignId>,
    Query(asked): Query<Asked>,
) -> Answer<Page<Person>> {
    let limit = PageQuery { cursor: None, limit: asked.limit }.limit();
    let after = asked.cursor.as_deref().and_then(|c| c.parse().ok()).unwrap_or(i64::MIN);
    let found = read(&op, id, &asked, after, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |person| person.member.to_string())))
}

/// The whole list as CSV, with masks; who took it is in the audit log.
#[utoipa::path(get, path = "/api/campaigns/{id}/people.csv", tag = "report", params(("id" = String, Path), Asked),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404)))]
pub async fn export(
    need::Viewer(op): need::Viewer,
    Path(id): Path<CampaignId>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Problem> {
    const PAGE: u32 = 1000;
    let mut rows = Vec::new();
    let mut after = i64::MIN;
    loop {
        let page = read(&op, id, &asked, after, PAGE).await?;
        let full = u32::try_from(page.len()).is_ok_and(|n| n == PAGE);
        after = page.last().map_or(after, |person| person.member);
        rows.extend(page.into_iter().map(|p| {
            vec![
                p.id.to_string(),
                p.name,
                p.phones.join(" "),
                p.emails.join(" "),
                p.city,
                p.orders.to_string(),
                p.stage,
                p.revenue.to_string(),
            ]
        }));
        if !full {
            break;
        }
    }
    let mut tx = op.app.db.write().await?;
    let detail = serde_json::json!({ "cell": asked.cell, "wave": asked.wave, "variant": asked.variant, "rows": rows.len() });
    op.audit(&mut tx, "export", "campaign_people", id, detail).await?;
    tx.commit().await?;
    let header = ["customer_id", "name", "phones", "emails", "city", "orders", "stage", "revenue"];
    Ok(as_file(&format!("campaign-{id}-people.csv"), ingest::export::csv_text(&header, rows)))
}
