use std::collections::{BTreeMap, BTreeSet, HashMap};

use access::{
    Answer, Role, need,
    page::{Page, PageQuery},
};
use axum::{Json, extract::Query};
use basis::{Fault, Money, Time, WaveId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::plan::{PlanCampaign, PlanQuery, chosen};
use crate::{
    rules::{
        effect::{Change, of_shares},
        rate::Rate,
        talk::{Part, Talk, Wanted},
    },
    store::calls::OrderRow,
    talks::{Heard, heard},
};

/// Consent and sale of some talks.
#[derive(Debug, Serialize, ToSchema)]
pub struct TalkRates {
    /// Agreed ÷ talks.
    consent: Rate,
    /// Bought within the window ÷ talks.
    sale: Rate,
}

/// How an objection goes with one script.
#[derive(Debug, Serialize, ToSchema)]
pub struct ByScript {
    wave_id: String,
    /// From 0; absent where the wave has one script.
    variant: Option<i64>,
    /// Of the variant.
    name: Option<String>,
    campaign: Option<String>,
    rates: TalkRates,
}

/// How an objection goes with one operator, beside all colleagues.
#[derive(Debug, Serialize, ToSchema)]
pub struct ByOperator {
    operator_id: String,
    operator: Option<String>,
    rates: TalkRates,
    others: Rate,
    /// The operator's consent − the colleagues'.
    difference: Change,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectionFigures {
    code: String,
    /// Talks in which it was raised.
    raised: u64,
    rates: TalkRates,
    /// Of the talks without it.
    without: TalkRates,
    /// Consent with it − consent without it.
    difference: Change,
    scripts: Vec<ByScript>,
    operators: Vec<ByOperator>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectionReport {
    campaign: Option<PlanCampaign>,
    campaigns: Vec<PlanCampaign>,
    /// An order counts for so many days after the talk.
    window_days: i64,
    /// All talks, and those in which nothing was objected.
    talks: u64,
    without_objections: u64,
    /// The most frequent first.
    items: Vec<ObjectionFigures>,
}

fn rates(wanted: &Wanted<'_>, talks: &[Talk]) -> TalkRates {
    TalkRates {
        consent: Rate::of(wanted.counts(talks, Part::Agreed)),
        sale: Rate::of(wanted.counts(talks, Part::Bought)),
    }
}

/// One operator's consent on an objection beside the colleagues': (own, others, own − others).
pub(super) fn beside(talks: &[Talk], objection: Option<&str>, operator: i64) -> (Rate, Rate, Change) {
    let own = Wanted { objection, operator: Some(operator), ..Wanted::default() };
    let others = Wanted { others: true, ..own.clone() };
    let (own, others) = (own.counts(talks, Part::Agreed), others.counts(talks, Part::Agreed));
    (Rate::of(own), Rate::of(others), of_shares("consent", others, own))
}

/// Names of the variants of each wave.
type Names = HashMap<i64, Vec<String>>;

fn figures(code: &str, heard: &[Heard], talks: &[Talk], names: &Names) -> ObjectionFigures {
    let with = Wanted { objection: Some(code), ..Wanted::default() };
    let without = Wanted { without: true, ..with.clone() };
    let mut scripts: BTreeMap<(i64, Option<i64>), Option<String>> = BTreeMap::new();
    let mut operators: BTreeMap<i64, Option<String>> = BTreeMap::new();
    for h in heard.iter().filter(|h| with.holds(&h.talk)) {
        scripts.entry((h.talk.wave, h.talk.variant)).or_insert_with(|| h.row.campaign.clone());
        operators.entry(h.talk.operator).or_insert_with(|| h.row.operator.clone());
    }
    let rates_with = rates(&with, talks);
    let rates_without = rates(&without, talks);
    ObjectionFigures {
        code: code.to_owned(),
        raised: rates_with.consent.denominator,
        difference: of_shares("consent", rates_without.consent.parts(), rates_with.consent.parts()),
        rates: rates_with,
        without: rates_without,
        scripts: scripts
            .into_iter()
            .map(|((wave, variant), campaign)| ByScript {
                wave_id: wave.to_string(),
                variant,
                name: variant.and_then(|no| names.get(&wave)?.get(usize::try_from(no).ok()?)).cloned(),
                campaign,
                rates: rates(&Wanted { script: Some((wave, variant)), ..with.clone() }, talks),
            })
            .collect(),
        operators: operators
            .into_iter()
            .map(|(id, operator)| {
                let (_, others, difference) = beside(talks, Some(code), id);
                ByOperator {
                    operator_id: id.to_string(),
                    operator,
                    rates: rates(&Wanted { operator: Some(id), ..with.clone() }, talks),
                    others,
                    difference,
                }
            })
            .collect(),
    }
}

/// What customers object, and what comes of the talk: with the objection and without it, by script and by operator.
#[utoipa::path(get, path = "/api/objections/report", tag = "improve", params(PlanQuery),
    responses((status = 200, body = ObjectionReport), (status = 404)))]
pub(super) async fn report(
    need::Viewer(op): need::Viewer,
    Query(query): Query<PlanQuery>,
) -> Answer<ObjectionReport> {
    let mut tx = op.app.db.read().await?;
    let chosen = chosen(&op, &mut tx, query.campaign()).await?;
    let heard = heard(&op, &mut tx, chosen.id, chosen.window_days).await?;
    let library = desk::objections(&mut tx, op.ws()).await?;
    let waves: BTreeSet<i64> =
        heard.iter().filter(|h| h.talk.variant.is_some()).map(|h| h.talk.wave).collect();
    let mut names = Names::new();
    for wave in waves {
        let content = campaign::wave_content(&mut tx, op.ws(), WaveId(wave)).await?;
        names.insert(wave, content.variant_names().map(str::to_owned).collect());
    }
    drop(tx);
    let talks: Vec<Talk> = heard.iter().map(|h| h.talk.clone()).collect();
    let codes: BTreeSet<&str> = library
        .iter()
        .filter(|o| !o.retired)
        .map(|o| o.code.as_str())
        .chain(talks.iter().flat_map(|t| t.objections.iter().map(String::as_str)))
        .collect();
    let mut items: Vec<ObjectionFigures> =
        codes.into_iter().map(|code| figures(code, &heard, &talks, &names)).collect();
    items.sort_by(|a, b| b.raised.cmp(&a.raised).then_with(|| a.code.cmp(&b.code)));
    Ok(Json(ObjectionReport {
        campaign: chosen.campaign,
        campaigns: chosen.campaigns,
        window_days: chosen.window_days,
        talks: talks.len() as u64,
        without_objections: talks.iter().filter(|t| t.objections.is_empty()).count() as u64,
        items,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct TalksQuery {
    /// A code of the library; all talks without it.
    objection: Option<String>,
    /// `with` or `without` the objection.
    side: Option<String>,
    /// all, agreed, bought.
    part: Option<String>,
    operator: Option<String>,
    /// The talks of everybody but the operator.
    others: Option<bool>,
    /// With `variant` when the wave has several scripts.
    wave: Option<String>,
    variant: Option<i64>,
    /// As of the plan.
    campaign: Option<String>,
}

/// A talk with what was objected in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeardTalk {
    id: String,
    customer_id: String,
    name: String,
    /// On the campaign clock.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    outcome: String,
    operator: Option<String>,
    objections: Vec<String>,
    /// Not shown to clients.
    note: Option<String>,
    order_number: Option<String>,
    #[schema(value_type = Option<Object>)]
    amount: Option<Money>,
}

fn id_of(text: Option<&str>, field: &'static str) -> Result<Option<i64>, Fault> {
    text.map(|text| {
        text.parse().map_err(|_| {
            let what = format!("\"{text}\" is not an id");
            Fault::invalid(field, what.clone()).with_field(field, what)
        })
    })
    .transpose()
}

fn word<T>(
    text: Option<&str>,
    field: &'static str,
    of: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    text.map(|text| {
        of(text).ok_or_else(|| {
            let what = format!("\"{text}\" is not known here");
            Fault::invalid(field, what.clone()).with_field(field, what)
        })
    })
    .transpose()
}

/// The talks behind a figure of objections, the newest first; as many as the figure says.
#[utoipa::path(get, path = "/api/objections/calls", tag = "improve", params(TalksQuery, PageQuery),
    responses((status = 200, body = Page<HeardTalk>), (status = 404), (status = 422)))]
pub(super) async fn calls(
    need::Viewer(op): need::Viewer,
    Query(query): Query<TalksQuery>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<HeardTalk>> {
    let before = id_of(page.cursor.as_deref(), "cursor")?.unwrap_or(i64::MAX);
    let side = word(query.side.as_deref(), "side", |w| match w {
        "with" => Some(false),
        "without" => Some(true),
        _ => None,
    })?;
    let wanted = Wanted {
        objection: query.objection.as_deref(),
        without: side.unwrap_or(false),
        operator: id_of(query.operator.as_deref(), "operator")?,
        others: query.others.unwrap_or(false),
        script: id_of(query.wave.as_deref(), "wave")?.map(|wave| (wave, query.variant)),
        part: word(query.part.as_deref(), "part", Part::of)?.unwrap_or_default(),
    };
    let mut tx = op.app.db.read().await?;
    let chosen = chosen(&op, &mut tx, query.campaign.as_deref()).await?;
    let heard = heard(&op, &mut tx, chosen.id, chosen.window_days).await?;
    let open = op.role != Role::Client;
    let most = usize::try_from(page.limit()).unwrap_or(200) + 1;
    let items = heard
        .into_iter()
        .filter(|h| h.row.id < before && wanted.holds(&h.talk))
        .take(most)
        .map(|h| line(h, open))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::cut(items, page.limit(), |t: &HeardTalk| t.id.clone())))
}

fn line(h: Heard, open: bool) -> Result<HeardTalk, Fault> {
    Ok(HeardTalk {
        id: h.row.id.to_string(),
        customer_id: h.row.customer_id.to_string(),
        name: h.row.name.unwrap_or_default(),
        at: Time::from_millis(h.row.at),
        outcome: h.row.outcome,
        operator: h.row.operator,
        objections: h.talk.objections,
        note: Some(h.row.note).filter(|note| open && !note.is_empty()),
        amount: h.order.as_ref().map(OrderRow::amount).transpose()?,
        order_number: h.order.map(|o| o.number),
    })
}
