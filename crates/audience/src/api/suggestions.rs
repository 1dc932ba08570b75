use access::{Answer, need, page::Page};
use axum::Json;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    rules::language::parse,
    store::{self as audience},
};

/// A segment that nobody has to build.
#[derive(Serialize, ToSchema)]
pub struct Suggestion {
    /// `ready`, `reaction` or `interest`; screens make the name from it.
    kind: String,
    /// `no_order` or `overdue`, the reaction's word, or the category's name.
    word: String,
    /// Of `no_order`.
    days: Option<i64>,
    /// The campaign's name, of reactions.
    campaign: Option<String>,
    #[schema(value_type = Object)]
    rule: serde_json::Value,
    customers: i64,
}

/// People who are silent for so long are worth a wave of their own.
const SILENT_DAYS: [i64; 2] = [90, 180];
/// As the sign of leaving of the same name: half longer than the own rhythm.
const OVERDUE: f64 = 1.5;

/// Segments of the silent and the overdue, by response and by chosen category: who agreed, clicked, stayed silent in each of the last campaigns, and who chose which topic.
#[utoipa::path(get, path = "/api/segments/suggestions", tag = "audience", responses((status = 200, body = Page<Suggestion>)))]
pub(super) async fn list(need::Supervisor(op): need::Supervisor) -> Answer<Page<Suggestion>> {
    let mut tx = op.app.db.read().await?;
    let mut wanted = Vec::new();
    for days in SILENT_DAYS {
        let rule = json!({ "field": "last_order", "op": "older_days", "value": days });
        wanted.push(("ready", "no_order".to_owned(), None, Some(days), rule));
    }
    let rule = json!({ "field": "overdue", "op": "gte", "value": OVERDUE });
    wanted.push(("ready", "overdue".to_owned(), None, None, rule));
    for (id, name) in audience::last_campaigns(&mut tx, op.ws()).await? {
        for word in ["subscribed", "agreed", "clicked", "bought", "silent", "refused"] {
            let rule =
                json!({ "field": "reaction", "op": "in", "value": [word], "campaign": id.to_string() });
            wanted.push(("reaction", word.to_owned(), Some(name.clone()), None, rule));
        }
    }
    for (id, name) in audience::categories(&mut tx, op.ws(), op.lang).await? {
        wanted.push((
            "interest",
            name,
            None,
            None,
            json!({ "field": "interest", "op": "in", "value": [id.to_string()] }),
        ));
    }
    let mut items = Vec::new();
    for (kind, word, campaign, days, condition) in wanted {
        let rule = json!({ "all": [condition] });
        let customers =
            audience::count_rule(&mut tx, &op.workspace, op.campaign_now(), &parse(&rule)?).await?;
        if customers > 0 {
            items.push(Suggestion { kind: kind.to_owned(), word, days, campaign, rule, customers });
        }
    }
    Ok(Json(Page::whole(items)))
}
