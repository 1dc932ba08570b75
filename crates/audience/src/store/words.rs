use basis::{Fault, Lang, WorkspaceId};
use store::Tx;

/// Categories by their place in the catalogue, named in a language.
pub async fn categories(tx: &mut Tx, ws: WorkspaceId, lang: Lang) -> Result<Vec<(i64, String)>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64, String, String, String),
        "SELECT id, name_ru, name_uk, name_en FROM categories WHERE workspace_id = $1 ORDER BY position, id LIMIT 500",
        ws.get()
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, ru, uk, en)| {
            let name = match lang {
                Lang::Ru => ru,
                Lang::Uk => uk,
                Lang::En => en,
            };
            (id, name)
        })
        .collect())
}

/// The cities of most customers.
pub async fn cities(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<String>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (String,),
        "SELECT city FROM customers WHERE workspace_id = $1 AND city <> '' GROUP BY city ORDER BY COUNT(*) DESC, city LIMIT 100",
        ws.get()
    )?;
    Ok(rows.into_iter().map(|(city,)| city).collect())
}

/// The campaigns launched last, newest first.
pub async fn last_campaigns(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, name FROM campaigns WHERE workspace_id = $1 AND launched_at IS NOT NULL ORDER BY launched_at DESC LIMIT 5",
        ws.get()
    )?)
}
