use access::{
    Answer, need,
    page::{Page, PageQuery},
};
use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
};
use basis::{Fault, ImportId, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    import::{Import, ImportState, NewFile, RUN_JOB, UNDO_JOB, begin_import, enqueue, import_of, may_undo},
    rules::mapping::Mapping,
    store as sql,
    uploads::{MARK, upload_folder},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct FileView {
    pub file: String,
    pub rows: u64,
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

/// An import as the pages see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    pub id: String,
    pub source: String,
    pub state: ImportState,
    pub files: Vec<FileView>,
    /// Rows dealt with so far, in all files.
    pub rows_done: u64,
    pub error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone_at: Option<Time>,
}

impl From<&Import> for ImportView {
    fn from(import: &Import) -> Self {
        Self {
            id: import.id.to_string(),
            source: import.source.clone(),
            state: import.state,
            files: import
                .files
                .iter()
                .map(|file| FileView {
                    file: file.file.clone(),
                    rows: file.rows,
                    new: file.new,
                    changed: file.changed,
                    unchanged: file.unchanged,
                    rejected: file.rejected,
                })
                .collect(),
            rows_done: import.rows_done(),
            error: import.error.clone(),
            created_at: import.created_at,
            finished_at: import.finished_at,
            undone_at: import.undone_at,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct StartImport {
    /// Of the preview.
    pub upload_id: String,
    pub source: String,
    /// The sections of a mapping file: `file`, `columns`, `status`, `consent`. Missing parts are guessed.
    #[schema(value_type = Option<Object>)]
    #[serde(default)]
    pub mapping: Option<Mapping>,
}

/// Begins the import of an uploaded file. Asked twice for the same upload, it answers the same import.
#[utoipa::path(post, path = "/api/imports", tag = "ingest", request_body = StartImport, responses((status = 202, body = ImportView)))]
pub(super) async fn start(
    need::Marketer(op): need::Marketer,
    Json(body): Json<StartImport>,
) -> Result<(StatusCode, Json<ImportView>), access::Problem> {
    let missing = || Fault::not_found("upload", "There is no such upload; send the file again.");
    if body.upload_id.len() != 32 || !body.upload_id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(missing().into());
    }
    let folder = upload_folder(&op, &body.upload_id);
    let begun = folder.join(MARK);
    if let Ok(id) = tokio::fs::read_to_string(&begun).await
        && let Ok(id) = id.trim().parse::<ImportId>()
    {
        let mut tx = op.app.db.read().await?;
        let import = import_of(&mut tx, &op, id).await?;
        return Ok((StatusCode::ACCEPTED, Json(ImportView::from(&import))));
    }
    let mut entries = tokio::fs::read_dir(&folder).await.map_err(|_| missing())?;
    let entry = entries.next_entry().await.ok().flatten().ok_or_else(missing)?;
    let file = NewFile {
        name: entry.file_name().to_string_lossy().into_owned(),
        path: entry.path().to_string_lossy().into_owned(),
    };
    let mapping = body.mapping.unwrap_or_default();
    let mut tx = op.app.db.write().await?;
    let import = begin_import(&mut tx, &op, &body.source, &[file], &mapping).await?;
    enqueue(&mut tx, &op, RUN_JOB, import.id).await?;
    tx.commit().await?;
    let noted = tokio::fs::write(&begun, import.id.to_string()).await;
    if let Err(error) = noted {
        tracing::warn!(import = %import.id, %error, "the upload of import {} could not be marked as taken", import.id);
    }
    Ok((StatusCode::ACCEPTED, Json(ImportView::from(&import))))
}

/// Imports, newest first.
#[utoipa::path(get, path = "/api/imports", tag = "ingest", params(PageQuery), responses((status = 200, body = Page<ImportView>)))]
pub(super) async fn list(
    need::Viewer(op): need::Viewer,
    Query(page): Query<PageQuery>,
) -> Answer<Page<ImportView>> {
    let before = match &page.cursor {
        None => ImportId(i64::MAX),
        Some(cursor) => {
            cursor.parse().map_err(|_| Fault::invalid("cursor", "The cursor is not of this list."))?
        }
    };
    let limit = page.limit();
    let mut tx = op.app.db.read().await?;
    let found = sql::imports(&mut tx, op.ws(), before, i64::from(limit) + 1).await?;
    let views = found.iter().map(ImportView::from).collect();
    Ok(Json(Page::cut(views, limit, |view: &ImportView| view.id.clone())))
}

/// One import.
#[utoipa::path(get, path = "/api/imports/{id}", tag = "ingest", params(("id" = String, Path)), responses((status = 200, body = ImportView)))]
pub(super) async fn show(need::Viewer(op): need::Viewer, Path(id): Path<ImportId>) -> Answer<ImportView> {
    let mut tx = op.app.db.read().await?;
    let import = import_of(&mut tx, &op, id).await?;
    Ok(Json(ImportView::from(&import)))
}

/// Takes an import back. The work runs beside; the topic `import:ID` tells when it is done.
#[utoipa::path(post, path = "/api/imports/{id}/undo", tag = "ingest", params(("id" = String, Path)), responses((status = 202, body = ImportView)))]
pub(super) async fn undo(
    need::Marketer(op): need::Marketer,
    Path(id): Path<ImportId>,
) -> Result<(StatusCode, Json<ImportView>), access::Problem> {
    let mut tx = op.app.db.write().await?;
    let import = may_undo(&mut tx, &op, id).await?;
    if import.state != ImportState::Undone {
        enqueue(&mut tx, &op, UNDO_JOB, id).await?;
    }
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(ImportView::from(&import))))
}
