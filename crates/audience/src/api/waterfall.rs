use access::{Answer, Op, need, page::Page};
use axum::Json;
use basis::{CustomerId, Fault, SegmentId};
use permission::Channel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::segments::CustomerLine;
use crate::{
    rules::language::parse,
    store::{self as audience, Waterfall, WaterfallAsk},
};

#[derive(Deserialize, ToSchema)]
pub struct Ask {
    /// A rule; or `segment_id`; neither = the whole base.
    #[schema(value_type = Option<Object>)]
    rule: Option<serde_json::Value>,
    #[schema(value_type = Option<String>)]
    segment_id: Option<SegmentId>,
    /// `email`, `sms`, `call`: a person remains when one of them is open.
    channels: Vec<String>,
    /// 0.1 when absent.
    holdout_share: Option<f64>,
    /// The draw of the hold-out; a launch draws anew.
    salt: Option<String>,
    /// Which step to list.
    code: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Who remains of an audience and who falls out why; the figures sum to `base`.
#[derive(Serialize, ToSchema)]
pub struct WaterfallBody {
    base: usize,
    /// In the order in which people fall out; steps of nobody are left out.
    steps: Vec<StepLine>,
    holdout: usize,
    remaining: usize,
}

#[derive(Serialize, ToSchema)]
pub struct StepLine {
    code: String,
    count: usize,
}

impl StepLine {
    pub(super) fn of(step: &audience::Step) -> Self {
        Self { code: step.code.to_owned(), count: step.customers.len() }
    }
}

async fn run(op: &Op, ask: &Ask) -> Result<Waterfall, Fault> {
    let channels = ask.channels.iter().map(|word| word.parse::<Channel>()).collect::<Result<Vec<_>, _>>()?;
    if channels.is_empty() {
        return Err(Fault::invalid("channels", "name at least one channel: email, sms, call"));
    }
    let rule = match &ask.rule {
        Some(rule) => parse(rule)?,
        None => {
            let mut tx = op.app.db.read().await?;
            audience::rule_of(&mut tx, op.ws(), ask.segment_id).await?.1
        }
    };
    let share = ask.holdout_share.unwrap_or(0.1);
    if !(0.0..=0.9).contains(&share) {
        return Err(Fault::invalid("holdout_share", "the hold-out is a share from 0 to 0.9"));
    }
    let salt = ask.salt.as_deref().unwrap_or("preview");
    let ask = WaterfallAsk { rule: &rule, channels: &channels, holdout_share: share, salt };
    audience::waterfall(&op.app, &op.workspace, op.campaign_now(), &ask).await
}

/// The exclusion waterfall of an audience before its launch.
#[utoipa::path(post, path = "/api/audience/waterfall", tag = "audience", request_body = Ask, responses((status = 200, body = WaterfallBody)))]
pub(super) async fn show(
    need::Supervisor(op): need::Supervisor,
    Json(ask): Json<Ask>,
) -> Answer<WaterfallBody> {
    let found = run(&op, &ask).await?;
    let steps = found.steps.iter().filter(|step| {
        !step.customers.is_empty() && ![audience::HOLDOUT, audience::REMAINING].contains(&step.code)
    });
    Ok(Json(WaterfallBody {
        base: found.base,
        steps: steps.map(StepLine::of).collect(),
        holdout: found.of(audience::HOLDOUT).len(),
        remaining: found.of(audience::REMAINING).len(),
    }))
}

/// The people of one step (`code`: a reason, `holdout` or `remaining`).
#[utoipa::path(post, path = "/api/audience/waterfall/list", tag = "audience", request_body = Ask, responses((status = 200, body = Page<CustomerLine>)))]
pub(super) async fn people(
    need::Supervisor(op): need::Supervisor,
    Json(ask): Json<Ask>,
) -> Answer<Page<CustomerLine>> {
    let found = run(&op, &ask).await?;
    let code = ask.code.as_deref().unwrap_or(audience::REMAINING);
    page(&op, found.of(code), ask.cursor.as_deref(), ask.limit).await
}

/// A page of people out of a list of ids; the cursor is the place in it.
pub(super) async fn page(
    op: &Op,
    all: &[CustomerId],
    cursor: Option<&str>,
    limit: Option<u32>,
) -> Answer<Page<CustomerLine>> {
    let from: usize = cursor
        .map_or(Ok(0), str::parse)
        .map_err(|_| Fault::invalid("cursor", "this cursor is not one of ours"))?;
    let limit = usize::try_from(limit.unwrap_or(50).clamp(1, 200)).unwrap_or(50);
    let page: Vec<_> = all.iter().skip(from).take(limit).copied().collect();
    let next = (from + page.len() < all.len()).then(|| (from + page.len()).to_string());
    let mut tx = op.app.db.read().await?;
    let lines = audience::lines(&mut tx, &op.workspace, &page).await?;
    Ok(Json(Page { items: lines.into_iter().map(CustomerLine::from).collect(), next }))
}
