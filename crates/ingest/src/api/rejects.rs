use access::{
    Answer, Problem, need,
    page::{Page, PageQuery},
};
use axum::{
    Json,
    extract::{Path, Query},
    http::{HeaderMap, HeaderValue, header},
};
use basis::{Fault, ImportId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    import::{import_of, write_rejects},
    store as sql,
};

#[derive(Debug, Serialize, ToSchema)]
pub struct RejectView {
    pub file: String,
    pub line: i64,
    /// "" when the row as a whole is wrong.
    pub column: String,
    pub reason: String,
    /// The cells as they came.
    pub raw: Vec<String>,
}

/// Rejected rows, in the order of their files and lines.
#[utoipa::path(get, path = "/api/imports/{id}/rejects", tag = "ingest", params(("id" = String, Path), PageQuery), responses((status = 200, body = Page<RejectView>)))]
pub(super) async fn list(
    need::Marketer(op): need::Marketer,
    Path(id): Path<ImportId>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<RejectView>> {
    let wrong = || Fault::invalid("cursor", "The cursor is not of this list.");
    let (line, file) = match &page.cursor {
        None => (0, ""),
        Some(cursor) => {
            let (line, file) = cursor.split_once(':').ok_or_else(wrong)?;
            (line.parse().map_err(|_| wrong())?, file)
        }
    };
    let limit = page.limit();
    let mut tx = op.app.db.read().await?;
    import_of(&mut tx, &op, id).await?;
    let rows = sql::rejects(&mut tx, op.ws(), id, (file, line), i64::from(limit) + 1).await?;
    let views = rows.into_iter().map(|row| RejectView {
        file: row.file,
        line: row.line,
        column: row.column_name,
        reason: row.reason,
        raw: serde_json::from_str(&row.raw).unwrap_or_default(),
    });
    Ok(Json(Page::cut(views.collect(), limit, |view: &RejectView| format!("{}:{}", view.line, view.file))))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct FileQuery {
    /// Which file of the import; the first one with rejects by default.
    pub file: Option<String>,
}

/// The rejected rows of a file as CSV, to be corrected and imported again.
#[utoipa::path(get, path = "/api/imports/{id}/rejects.csv", tag = "ingest", params(("id" = String, Path), FileQuery), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn csv(
    need::Marketer(op): need::Marketer,
    Path(id): Path<ImportId>,
    Query(query): Query<FileQuery>,
) -> Result<(HeaderMap, Vec<u8>), Problem> {
    let mut tx = op.app.db.write().await?;
    let import = import_of(&mut tx, &op, id).await?;
    // The rows hold names and contacts in full: who took them is written down.
    op.audit(&mut tx, "import.rejects", "import", id, json!({})).await?;
    tx.commit().await?;
    let first = import.files.iter().find(|file| file.rejected > 0).or(import.files.first());
    let file = query.file.or_else(|| first.map(|file| file.file.clone())).unwrap_or_default();
    let mut bytes = Vec::new();
    write_rejects(&op, &import, &file, &mut bytes).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"rejects-{id}.csv\"");
    let name = HeaderValue::from_str(&name).map_err(|e| Fault::internal("rejects", e.to_string()))?;
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok((headers, bytes))
}
