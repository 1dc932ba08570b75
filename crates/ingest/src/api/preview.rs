use access::{Answer, Op, need};
use axum::{
    Json,
    extract::{Multipart, multipart::Field},
};
use basis::{Currency, Fault};
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;

use crate::{
    Input, Preview,
    preview::sniff_with,
    rules::{
        dates::DateOrder,
        mapping::{Delimiter, HeaderAt, Mapping},
    },
    store as sql, uploads,
};

/// The largest file that is taken over HTTP; larger ones go through the command line.
const MAX_UPLOAD: u64 = 2 << 30;

#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    pub upload_id: String,
    pub file: String,
    pub size: u64,
    /// `order`, `line`, `address` or `person`.
    pub kind: &'static str,
    /// Null for workbooks.
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    /// Line of the headers, from 1; null when there are none.
    pub header_row: Option<u64>,
    /// `dmy`, `mdy`, `ymd` or `ambiguous`.
    pub date_order: &'static str,
    pub decimal: Option<String>,
    pub currency: Option<String>,
    pub columns: Vec<ColumnView>,
    /// The first 20 rows as they are.
    pub rows: Vec<Vec<String>>,
    pub warnings: Vec<WarningView>,
    /// A known source with the same columns, else the file's name.
    pub suggested_source: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ColumnView {
    pub index: usize,
    pub header: String,
    pub role: &'static str,
    /// 0–100.
    pub confidence: u8,
    pub samples: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WarningView {
    pub code: &'static str,
    pub message: String,
}

/// Takes a file, keeps it for the import and says how it was understood. Form fields before the file correct the guess:
/// `source`, `encoding`, `delimiter`, `header` (true, false, line), `date_order`, `currency`.
#[utoipa::path(post, path = "/api/imports/preview", tag = "ingest", request_body(content_type = "multipart/form-data", content = Object), responses((status = 200, body = PreviewView)))]
pub(super) async fn preview(need::Marketer(op): need::Marketer, mut form: Multipart) -> Answer<PreviewView> {
    let broken =
        |error: axum::extract::multipart::MultipartError| Fault::invalid("upload", error.body_text());
    let mut mapping = Mapping::default();
    let mut source = String::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default().to_owned().as_str() {
            "file" => return look(&op, field, mapping, source).await,
            "source" => source = field.text().await.map_err(broken)?,
            name => {
                let value = field.text().await.map_err(broken)?;
                correct(&mut mapping, name, value.trim())?;
            }
        }
    }
    Err(Fault::invalid("upload", "The form has no field \"file\".").into())
}

fn correct(mapping: &mut Mapping, name: &str, value: &str) -> Result<(), Fault> {
    if value.is_empty() {
        return Ok(());
    }
    let wrong = || Fault::invalid("upload", format!("\"{value}\" is no value for \"{name}\"."));
    let file = &mut mapping.file;
    match name {
        "encoding" => file.encoding = Some(value.to_owned()),
        "delimiter" => {
            let value = if value == "\\t" { "tab" } else { value };
            file.delimiter = Some(Delimiter::try_from(value.to_owned()).map_err(|_| wrong())?);
        }
        "header" => {
            file.header = Some(match value {
                "true" => HeaderAt::Present(true),
                "false" => HeaderAt::Present(false),
                line => HeaderAt::Line(line.parse().map_err(|_| wrong())?),
            });
        }
        "date_order" => {
            file.date_order = match value {
                "dmy" => Some(DateOrder::Dmy),
                "mdy" => Some(DateOrder::Mdy),
                "ymd" => Some(DateOrder::Ymd),
                "ambiguous" | "auto" => None,
                _ => return Err(wrong()),
            };
        }
        "currency" => file.currency = Some(value.parse::<Currency>().map_err(|_| wrong())?),
        // A newer page may send more than this server knows.
        _ => {}
    }
    mapping.check().map_err(|error| Fault::invalid("mapping_wrong", error.to_string()))
}

async fn look(op: &Op, field: Field<'_>, mapping: Mapping, source: String) -> Answer<PreviewView> {
    uploads::sweep_uploads(op, Some(uploads::KEPT)).await?;
    let name = safe_name(field.file_name().unwrap_or("upload.csv"));
    let upload_id = hex::encode(op.app.random::<16>());
    let folder = uploads::upload_folder(op, &upload_id);
    let path = folder.join(&name);
    let size = match keep(field, &folder, &path).await {
        Ok(size) => size,
        Err(fault) => {
            // A half-written upload is of no use to anybody.
            tokio::fs::remove_dir_all(&folder).await.ok();
            return Err(fault.into());
        }
    };
    let mut tx = op.app.db.read().await?;
    let known = sql::sources(&mut tx, op.ws()).await?;
    drop(tx);
    let remembered = known.iter().find(|s| s.name == source).map(|s| Mapping::remembered(&s.mapping));
    let input = Input::path(path).named(&name);
    let task = {
        let (input, mapping, remembered) = (input.clone(), mapping.clone(), remembered.clone());
        move || sniff_with(&input, Some(&mapping), remembered.as_ref())
    };
    let fell = |error: tokio::task::JoinError| Fault::internal("preview", error.to_string());
    let mut preview = match tokio::task::spawn_blocking(task).await.map_err(fell)? {
        Ok(preview) => preview,
        Err(problem) => {
            tokio::fs::remove_dir_all(&folder).await.ok();
            return Err(Fault::from(problem).into());
        }
    };
    let mut suggested = source;
    if suggested.is_empty() {
        // The source whose remembered headers this file has, if one has most of them.
        let headers: Vec<&str> = preview.columns.iter().map(|column| column.header.as_str()).collect();
        let fit = |mapping: &Mapping| {
            let names: Vec<&str> = mapping.columns.values().flat_map(|h| h.iter()).collect();
            headers.iter().filter(|header| names.contains(header)).count()
        };
        let best =
            known.iter().map(|s| (fit(&Mapping::remembered(&s.mapping)), s)).max_by_key(|(hits, _)| *hits);
        suggested = match best {
            Some((hits, source)) if hits >= 3 && hits * 10 >= headers.len() * 7 => {
                let remembered = Mapping::remembered(&source.mapping);
                let again = move || sniff_with(&input, Some(&mapping), Some(&remembered));
                preview = tokio::task::spawn_blocking(again).await.map_err(fell)?.map_err(Fault::from)?;
                source.name.clone()
            }
            _ => std::path::Path::new(&name)
                .file_stem()
                .map_or_else(String::new, |s| s.to_string_lossy().into_owned()),
        };
    }
    Ok(Json(view(preview, upload_id, size, suggested)))
}

async fn keep(mut field: Field<'_>, folder: &std::path::Path, path: &std::path::Path) -> Result<u64, Fault> {
    let failed = |error: std::io::Error| Fault::internal("upload", format!("{}: {error}", path.display()));
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let mut file = tokio::io::BufWriter::new(tokio::fs::File::create(path).await.map_err(failed)?);
    let mut size = 0_u64;
    while let Some(chunk) = field.chunk().await.map_err(|e| Fault::invalid("upload", e.body_text()))? {
        size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if size > MAX_UPLOAD {
            let text = format!("The file is larger than {} GB; use `otklik import`.", MAX_UPLOAD >> 30);
            return Err(Fault::too_large("upload_too_large", text));
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    // The import may begin after a crash of the machine, so the bytes have to be on the disk.
    file.into_inner().sync_all().await.map_err(failed)?;
    Ok(size)
}

/// The last part of the name, without signs that mean something to a file system.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = basis::visible(last)
        .chars()
        .filter(|c| !matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|'))
        .collect();
    let clean: String = clean.chars().take(100).collect();
    if clean.trim_matches('.').is_empty() { "upload".to_owned() } else { clean }
}

fn view(preview: Preview, upload_id: String, size: u64, suggested_source: String) -> PreviewView {
    PreviewView {
        upload_id,
        size,
        suggested_source,
        kind: preview.kind.as_str(),
        encoding: preview.encoding.map(str::to_lowercase),
        delimiter: preview.delimiter.map(String::from),
        header_row: preview.header_row,
        date_order: preview.date_order.map_or("ambiguous", DateOrder::as_str),
        decimal: preview.decimal.map(|mark| mark.as_str().to_owned()),
        currency: preview.currency.map(|currency| currency.to_string()),
        rows: preview.rows,
        file: preview.file,
        columns: preview
            .columns
            .into_iter()
            .map(|column| ColumnView {
                index: column.index,
                header: column.header,
                role: column.role.as_str(),
                confidence: column.confidence,
                samples: column.samples,
            })
            .collect(),
        warnings: preview
            .warnings
            .into_iter()
            .map(|warning| WarningView { code: warning.code, message: warning.message })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn names_of_uploads_stay_in_their_folder() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\data\\заказы.csv"), "заказы.csv");
        assert_eq!(safe_name(".."), "upload");
        assert_eq!(safe_name("a\u{202e}b<script>.csv"), "abscript.csv");
    }
}
