//! Each figure as one SQL condition, from which both its count and its list are made.
//!
//! `$1` workspace, `$2` campaign, `$3` the moment the funnel is looked at (campaign clock). `g` is a row of the ledger, `w` its wave.

use basis::Fault;

/// Ledger states in which a contact still may happen or has happened without a known failure.
const OPEN: &str = "g.state NOT IN ('excluded', 'expired', 'held', 'rejected', 'uncertain')";

const BOUNCED: &str = "((g.bounced_at IS NOT NULL AND g.bounced_at <= $3) OR g.state = 'rejected')";

const NOT_BOUNCED: &str = "(g.bounced_at IS NULL OR g.bounced_at > $3)";

/// Kinds of reactions, the strongest outcome first.
pub const AGREED: &str = "'agreed', 'resend'";
pub const SUBSCRIBED: &str = "'subscribed'";
pub const REFUSED: &str = "'refused', 'opt_out', 'complaint'";

/// States of the ledger, in the order of a message's life.
pub const LEDGER: [&str; 9] =
    ["planned", "leased", "intent", "accepted", "rejected", "deferred", "uncertain", "held", "expired"];

/// The cells of the final partition, the strongest outcome first.
pub const FINAL: [&str; 8] =
    ["agreed", "subscribed", "refused", "bought_only", "uncertain", "silent", "dead", "excluded"];

/// The cells of a wave that count ledger rows.
pub const OF_LEDGER: [&str; 6] = ["planned", "held", "sent", "delivered", "bounced", "uncertain"];

/// The cells of a wave that count people by their reactions.
pub const OF_REACTIONS: [&str; 3] = ["clicked", "positive", "negative"];

/// The cells of a variant of a wave, in the order of the table.
pub const OF_VARIANT: [&str; 6] = ["assigned", "sent", "delivered", "bounced", "clicked", "positive"];

/// A figure of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub of: CellOf,
    /// The condition, over `g`, `x` or the cell's own name in the partition.
    pub condition: String,
}

/// What the rows behind a figure are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellOf {
    /// Rows of the ledger of one wave (`g`).
    Ledger,
    /// People by their reactions to one wave (`x`).
    Reactions,
    /// Treated people of the campaign, by the partition (`cell`).
    Final,
    /// Members of the frozen audience (`m`).
    Members,
}

/// The condition of a cell of the ledger.
pub fn of_ledger(name: &str) -> Option<String> {
    Some(match name {
        // Whoever drew a variant, reached or not.
        "assigned" => "g.variant IS NOT NULL".to_owned(),
        "planned" => "g.state <> 'excluded'".to_owned(),
        "held" => "g.state = 'held'".to_owned(),
        "sent" => {
            "((g.sent_at IS NOT NULL AND g.sent_at <= $3) OR (g.state = 'rejected' AND g.bounced_at <= $3))".to_owned()
        }
        // SMTP tells no more than that the letter was taken; the networks of SMS send receipts.
        "delivered" => format!(
            "(g.sent_at IS NOT NULL AND g.sent_at <= $3 AND {NOT_BOUNCED} AND g.state NOT IN ('rejected', 'uncertain')
              AND (g.channel = 'email' OR (g.delivered_at IS NOT NULL AND g.delivered_at <= $3)))"
        ),
        "bounced" => BOUNCED.to_owned(),
        "uncertain" => "g.state = 'uncertain'".to_owned(),
        _ => return None,
    })
}

/// The condition of a cell of reactions.
pub fn of_reactions(name: &str) -> Option<String> {
    Some(match name {
        "clicked" => "x.kind = 'click'".to_owned(),
        "positive" => format!("x.kind IN ({AGREED}, {SUBSCRIBED})"),
        "negative" => format!("x.kind IN ({REFUSED})"),
        _ => return None,
    })
}

/// A cell by its name on the page and in the address: `sent`, `excluded.no_consent`, `ledger.planned`, `final.silent`, `holdout`.
///
/// # Errors
/// A name that no figure has.
pub fn parse(name: &str, of_wave: bool) -> Result<Cell, Fault> {
    let cell = |of, condition: String| Ok(Cell { of, condition });
    if of_wave {
        if let Some(condition) = of_ledger(name) {
            return cell(CellOf::Ledger, condition);
        }
        if let Some(condition) = of_reactions(name) {
            return cell(CellOf::Reactions, condition);
        }
        if name == "excluded" {
            return cell(CellOf::Ledger, "g.state = 'excluded'".to_owned());
        }
        // A reason is a word of ours; letters, digits and underscores cannot end the text of a statement.
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let reason = name.strip_prefix("excluded.").or_else(|| name.strip_prefix("excluded:"));
        if let Some(reason) = reason.filter(|r| plain(r)) {
            return cell(CellOf::Ledger, format!("g.state = 'excluded' AND g.reason = '{reason}'"));
        }
        if let Some(state) =
            name.strip_prefix("ledger.").and_then(|s| LEDGER.iter().find(|known| **known == s))
        {
            return cell(CellOf::Ledger, format!("g.state = '{state}'"));
        }
    } else {
        let bare = name.strip_prefix("final.").unwrap_or(name);
        if let Some(known) = FINAL.iter().find(|known| **known == bare) {
            return cell(CellOf::Final, format!("cell = '{known}'"));
        }
        let bought = "m.bought_at IS NOT NULL AND m.bought_at <= $3";
        if let Some(place) = name.strip_prefix("journey.") {
            let condition = of_journey(place).map(|c| format!("NOT m.holdout AND ({c})"));
            return match condition {
                Some(condition) => cell(CellOf::Members, condition),
                None => Err(Fault::not_found("cell", format!("there is no figure \"{name}\" here"))),
            };
        }
        let condition = match name {
            "people" => Some("TRUE".to_owned()),
            "treated" => Some("NOT m.holdout".to_owned()),
            "holdout" => Some("m.holdout".to_owned()),
            "treated_bought" => Some(format!("NOT m.holdout AND {bought}")),
            // Whose orders are attributed: who reacted and bought.
            "reacted_bought" => Some(format!(
                "NOT m.holdout AND (m.clicked OR m.outcome IN ('agreed', 'subscribed')) AND {bought}"
            )),
            "holdout_bought" => Some(format!("m.holdout AND {bought}")),
            _ => None,
        };
        if let Some(condition) = condition {
            return cell(CellOf::Members, condition);
        }
    }
    Err(Fault::not_found("cell", format!("there is no figure \"{name}\" here")))
}

/// Where the treated people of a journey are now: each in one place, or waiting for one of its steps (`step.1` is the first).
pub const JOURNEY: [&str; 5] = ["goal", "refused", "left", "dead", "through"];

/// The condition of a place of a journey.
pub fn of_journey(name: &str) -> Option<String> {
    let inside = "m.ended_at IS NULL AND NOT m.dead";
    Some(match name {
        "goal" => "m.exit = 'goal'".to_owned(),
        "refused" => "m.exit = 'refused'".to_owned(),
        "left" => "m.ended_at IS NOT NULL AND m.exit IS NULL OR m.exit = 'left'".to_owned(),
        "dead" => "m.ended_at IS NULL AND m.dead".to_owned(),
        "through" => format!("{inside} AND m.next_at IS NULL"),
        _ => {
            let number: u8 = name.strip_prefix("step.")?.parse().ok()?;
            format!("{inside} AND m.next_at IS NOT NULL AND m.next_step = {}", number.checked_sub(1)?)
        }
    })
}

/// Each treated person with one cell: the first of [`FINAL`] that holds.
pub fn partition() -> String {
    format!(
        "SELECT m.customer_id, CASE
           WHEN r.agreed = 1 THEN 'agreed'
           WHEN r.subscribed = 1 THEN 'subscribed'
           WHEN r.refused = 1 THEN 'refused'
           WHEN m.bought_at IS NOT NULL AND m.bought_at <= $3 THEN 'bought_only'
           WHEN l.uncertain = 1 THEN 'uncertain'
           WHEN l.open = 1 THEN 'silent'
           WHEN l.failed = 1 THEN 'dead'
           ELSE 'excluded' END AS cell
         FROM campaign_members m
         LEFT JOIN (SELECT g.customer_id,
             MAX(CASE WHEN g.state = 'uncertain' THEN 1 ELSE 0 END) AS uncertain,
             MAX(CASE WHEN {OPEN} AND {NOT_BOUNCED} THEN 1 ELSE 0 END) AS open,
             MAX(CASE WHEN {BOUNCED} THEN 1 ELSE 0 END) AS failed
           FROM messages g JOIN waves w ON w.workspace_id = g.workspace_id AND w.id = g.wave_id
           WHERE g.workspace_id = $1 AND g.campaign_id = $2 AND (w.started_at IS NULL OR w.started_at <= $3)
           GROUP BY g.customer_id) l ON l.customer_id = m.customer_id
         LEFT JOIN (SELECT x.customer_id,
             MAX(CASE WHEN x.kind IN ({AGREED}) THEN 1 ELSE 0 END) AS agreed,
             MAX(CASE WHEN x.kind IN ({SUBSCRIBED}) THEN 1 ELSE 0 END) AS subscribed,
             MAX(CASE WHEN x.kind IN ({REFUSED}) THEN 1 ELSE 0 END) AS refused
           FROM reactions x WHERE x.workspace_id = $1 AND x.campaign_id = $2 AND x.verdict = 'human' AND x.at <= $3
           GROUP BY x.customer_id) r ON r.customer_id = m.customer_id
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 AND NOT m.holdout"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_figure_has_its_condition() {
        for name in OF_LEDGER.into_iter().chain(OF_REACTIONS).chain([
            "excluded",
            "excluded.no_consent",
            "ledger.leased",
        ]) {
            assert!(parse(name, true).is_ok(), "{name}");
        }
        for name in FINAL.into_iter().chain([
            "final.silent",
            "people",
            "holdout",
            "treated",
            "holdout_bought",
            "reacted_bought",
        ]) {
            assert!(parse(name, false).is_ok(), "{name}");
        }
        assert!(parse("final.none", false).is_err());
        assert!(parse("excluded.x' OR '1'='1", true).is_err());
    }

    proptest! {
        #[test]
        fn no_name_puts_a_quote_of_its_own_into_a_statement(name in "[a-z.']{0,5}(excluded|ledger|final)?[.]?\\PC{0,20}", wave: bool) {
            if let Ok(cell) = parse(&name, wave) {
                prop_assert!(cell.condition.matches('\'').count() % 2 == 0);
                prop_assert!(!name.contains('\''));
            }
        }
    }
}
