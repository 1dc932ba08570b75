//! Files that people sent. They hold personal data outside of the database, so they stay only while an import needs them: the
//! records and the rejects keep every cell.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use access::Op;
use basis::{Fault, ImportId};

use crate::{
    import::{Import, ImportState},
    store as sql,
};

/// A preview whose import was never started is forgotten after this.
pub(crate) const KEPT: Duration = Duration::from_secs(24 * 3600);
/// In the folder of an upload: the import that took it.
pub(crate) const MARK: &str = ".import";

fn folder_of(op: &Op) -> PathBuf {
    op.app.data_dir.join("uploads").join(op.ws().to_string())
}

/// Where an upload lies. The id is ours and made of hex digits, so it leads nowhere else.
pub(crate) fn upload_folder(op: &Op, upload_id: &str) -> PathBuf {
    folder_of(op).join(upload_id)
}

/// Removes the uploaded bytes of an import that is over; files of the command line are somebody's own and stay.
pub(crate) async fn forget_files(op: &Op, import: &Import) {
    let uploads = folder_of(op);
    for file in &import.files {
        let path = Path::new(&file.path);
        if path.starts_with(&uploads)
            && let Err(error) = tokio::fs::remove_file(path).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(import = %import.id, %error, "an uploaded file could not be removed");
        }
    }
}

/// Removes the uploads that no import works on: those older than `age`, or all of them.
///
/// # Errors
/// Of the database or the disk.
pub async fn sweep_uploads(op: &Op, age: Option<Duration>) -> Result<(), Fault> {
    let failed =
        |error: std::io::Error| Fault::internal("upload", format!("uploads cannot be removed: {error}"));
    let mut folders = match tokio::fs::read_dir(folder_of(op)).await {
        Ok(folders) => folders,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    while let Some(folder) = folders.next_entry().await.map_err(failed)? {
        if let Some(age) = age {
            let touched = folder.metadata().await.and_then(|about| about.modified()).map_err(failed)?;
            let limit = u64::try_from(op.now().minus(age).millis()).unwrap_or(0);
            if touched > SystemTime::UNIX_EPOCH + Duration::from_millis(limit) {
                continue;
            }
        }
        if !is_at_work(op, &folder.path()).await? {
            tokio::fs::remove_dir_all(folder.path()).await.map_err(failed)?;
        }
    }
    Ok(())
}

async fn is_at_work(op: &Op, folder: &Path) -> Result<bool, Fault> {
    let Ok(mark) = tokio::fs::read_to_string(folder.join(MARK)).await else { return Ok(false) };
    let Ok(id) = mark.trim().parse::<ImportId>() else { return Ok(false) };
    let mut tx = op.app.db.read().await?;
    let import = sql::import(&mut tx, op.ws(), id).await?;
    Ok(import.is_some_and(|import| matches!(import.state, ImportState::Uploaded | ImportState::Running)))
}
