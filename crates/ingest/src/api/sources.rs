use access::{Answer, need, page::Page};
use axum::{Json, extract::Path};
use basis::{Fault, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{import::Source, store as sql};

/// One purpose on one channel, and why this source may be contacted for it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BasisRow {
    /// `advertising`, `service`, `survey`, …
    pub purpose: String,
    /// `email`, `sms`, `call`, …
    pub channel: String,
    /// `consent`, `soft_opt_in` or `contract`.
    pub basis: String,
    /// Where the proof is.
    #[serde(default)]
    pub proof: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    pub id: String,
    pub name: String,
    /// The remembered mapping, TOML.
    pub mapping: String,
    pub legal_basis: Vec<BasisRow>,
    pub records: i64,
}

impl SourceView {
    fn of(source: Source) -> Result<Self, Fault> {
        let odd = || store::Error::Impossible {
            table: "sources",
            column: "legal_basis",
            row: source.id.get(),
            value: source.legal_basis.clone(),
        };
        let legal_basis = serde_json::from_str(&source.legal_basis).map_err(|_| odd())?;
        Ok(Self {
            id: source.id.to_string(),
            legal_basis,
            name: source.name,
            mapping: source.mapping,
            records: source.records,
        })
    }
}

/// All sources with their mappings, legal bases and numbers of records.
#[utoipa::path(get, path = "/api/sources", tag = "ingest", responses((status = 200, body = Page<SourceView>)))]
pub(super) async fn list(need::Viewer(op): need::Viewer) -> Answer<Page<SourceView>> {
    let mut tx = op.app.db.read().await?;
    let views: Result<Vec<SourceView>, Fault> =
        sql::sources(&mut tx, op.ws()).await?.into_iter().map(SourceView::of).collect();
    Ok(Json(Page::whole(views?)))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct SourceChange {
    pub name: Option<String>,
    pub legal_basis: Option<Vec<BasisRow>>,
}

/// Renames a source or declares its legal basis.
#[utoipa::path(patch, path = "/api/sources/{id}", tag = "ingest", params(("id" = String, Path)), request_body = SourceChange, responses((status = 200, body = SourceView)))]
pub(super) async fn change(
    need::Marketer(op): need::Marketer,
    Path(id): Path<SourceId>,
    Json(body): Json<SourceChange>,
) -> Answer<SourceView> {
    let mut tx = op.app.db.write().await?;
    if let Some(name) = &body.name {
        let name = basis::visible(name);
        if name.is_empty() || name.chars().count() > 200 {
            return Err(
                Fault::invalid("source_name", "A source needs a name of at most 200 characters.").into()
            );
        }
        sql::rename_source(&mut tx, op.ws(), id, &name).await?;
    }
    if let Some(rows) = &body.legal_basis {
        if let Some(row) =
            rows.iter().find(|row| !matches!(row.basis.as_str(), "consent" | "soft_opt_in" | "contract"))
        {
            let text = format!("\"{}\" is no legal basis; use consent, soft_opt_in or contract.", row.basis);
            return Err(Fault::invalid("legal_basis", text).into());
        }
        let json = serde_json::to_string(rows).map_err(|e| Fault::internal("legal_basis", e.to_string()))?;
        sql::set_legal_basis(&mut tx, op.ws(), id, &json).await?;
    }
    let source = sql::source(&mut tx, op.ws(), id).await?;
    let source = source.ok_or_else(|| Fault::not_found("source", "There is no such source."))?;
    let detail = json!({ "name": body.name.is_some(), "legal_basis": body.legal_basis.is_some() });
    op.audit(&mut tx, "source.change", "source", id, detail).await?;
    tx.commit().await?;
    Ok(Json(SourceView::of(source)?))
}
