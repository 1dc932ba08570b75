//! What there is and what goes on.

use access::workspaces;
use basis::Fault;
use clap::Args;
use serde_json::{Value, json};

use super::Where;
use crate::exit;

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    place: Where,
    #[arg(long)]
    json: bool,
}

impl Status {
    pub async fn run(self) -> Result<(), Fault> {
        let app = self.place.app().await?;
        let mut shown = Vec::new();
        for workspace in workspaces(&app).await? {
            let ws = workspace.id.get();
            let mut tx = app.db.read().await?;
            let (records,) = store::fetch_one!(
                tx,
                (i64,),
                "SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND current",
                ws
            )?;
            let (people,) =
                store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM customers WHERE workspace_id = $1", ws)?;
            let (orders,) =
                store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM orders WHERE workspace_id = $1", ws)?;
            let (jobs,) = store::fetch_one!(
                tx,
                (i64,),
                "SELECT COUNT(*) FROM jobs WHERE workspace_id = $1 AND state IN ('waiting', 'running')",
                ws
            )?;
            let campaigns: Vec<Value> = campaign::list(&mut tx, workspace.id)
                .await?
                .into_iter()
                .map(|c| json!({ "campaign_id": c.id, "name": c.name, "state": c.state }))
                .collect();
            shown.push(json!({
                "workspace": workspace.name, "simulated": workspace.simulated, "campaign_now": workspace.campaign_now(app.now()),
                "records": records, "people": people, "orders": orders, "jobs": jobs, "campaigns": campaigns
            }));
        }
        if self.json {
            return exit::print_json(&json!({ "version": env!("CARGO_PKG_VERSION"), "workspaces": shown }));
        }
        for one in &shown {
            exit::print(&format!(
                "{}: {} records, {} people, {} orders, {} jobs open",
                one["workspace"].as_str().unwrap_or(""),
                one["records"],
                one["people"],
                one["orders"],
                one["jobs"]
            ))?;
            for campaign in one["campaigns"].as_array().into_iter().flatten() {
                exit::print(&format!(
                    "  campaign {} {}: {}",
                    campaign["campaign_id"].as_str().unwrap_or(""),
                    campaign["name"].as_str().unwrap_or(""),
                    campaign["state"].as_str().unwrap_or("")
                ))?;
            }
        }
        Ok(())
    }
}
