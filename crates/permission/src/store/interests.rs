use access::Workspace;
use basis::{CategoryId, CustomerId, Fault, Time, WorkspaceId};
use store::Tx;

use super::gate::{jurisdiction_of, own_rules};
use crate::rules::sets::RuleSet;

/// What a person ticked and unticked on the interests page.
pub async fn choose_interests(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    choices: &[(CategoryId, bool)],
    at: Time,
) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO preferences (workspace_id, customer_id, category_id, chosen, at)",
        choices,
        |choice| [ws.get(), customer.get(), choice.0.get(), choice.1, at.millis()],
        "ON CONFLICT (workspace_id, customer_id, category_id) DO UPDATE SET chosen = excluded.chosen, at = excluded.at"
    )?;
    Ok(())
}

/// What the person last said of each category, under any id the person ever had.
pub async fn interests(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
) -> Result<Vec<(CategoryId, bool)>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, bool),
        "SELECT p.category_id, p.chosen FROM preferences p
         WHERE p.workspace_id = $1 AND (p.customer_id = $2 OR p.customer_id IN (SELECT a.customer_id FROM customer_aliases a WHERE a.workspace_id = $1 AND a.current_id = $2))
         ORDER BY p.category_id, p.at DESC",
        ws.get(),
        customer.get()
    )?;
    let mut out: Vec<(CategoryId, bool)> = Vec::new();
    for (category, chosen) in rows {
        if out.last().is_none_or(|(last, _)| last.get() != category) {
            out.push((CategoryId(category), chosen));
        }
    }
    Ok(out)
}

/// Whether the interests page may show all boxes ticked: the law of the workspace's place allows it and the workspace wants it.
/// The ticks mean nothing until the person presses the button, and the defaults shown are stored with the answer.
pub fn defaults_ticked(workspace: &Workspace) -> bool {
    RuleSet::of(jurisdiction_of(workspace)).ticked_by_default && own_rules(workspace).ticked_by_default
}
