use basis::{Fault, TokenId, WorkspaceId};

use crate::{App, Role, session};

/// Makes an API token; the answer is the only time it is seen.
pub async fn add_token(
    app: &App,
    ws: WorkspaceId,
    name: &str,
    role: Role,
) -> Result<(TokenId, String), Fault> {
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) {
        return Err(Fault::invalid(
            "token_name",
            "A token needs a name of 1 to 100 characters, so that it can be told from others.",
        ));
    }
    let token = format!("otk_{}", session::new_token(app));
    let id = TokenId(app.next_id());
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO api_tokens (workspace_id, id, name, role, token_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        ws.get(),
        id.get(),
        name,
        role.as_str(),
        session::hash(&token),
        app.now().millis()
    )?;
    tx.commit().await?;
    Ok((id, token))
}

/// A link by which the first administrator is made, good once and for a day.
pub async fn new_setup_link(app: &App) -> Result<String, Fault> {
    let token = session::new_token(app);
    let mut tx = app.db.write().await?;
    store::execute!(tx, "DELETE FROM setup_links WHERE used_at IS NULL")?;
    store::execute!(
        tx,
        "INSERT INTO setup_links (token_hash, created_at) VALUES ($1, $2)",
        session::hash(&token),
        app.now().millis()
    )?;
    tx.commit().await?;
    Ok(format!("{}/setup?token={token}", app.public_url()))
}

const SETUP_MS: i64 = 24 * 3600 * 1000;

/// Whether a set-up link is still good.
pub(crate) async fn setup_link_is_good(app: &App, token: &str) -> Result<bool, Fault> {
    let mut tx = app.db.read().await?;
    let row = store::fetch_optional!(
        tx,
        (i64,),
        "SELECT created_at FROM setup_links WHERE token_hash = $1 AND used_at IS NULL AND created_at > $2",
        session::hash(token),
        app.now().millis() - SETUP_MS
    )?;
    Ok(row.is_some())
}

/// Uses a set-up link up; of two at once one wins.
pub(crate) async fn use_setup_link(app: &App, token: &str) -> Result<(), Fault> {
    let mut tx = app.db.write().await?;
    let used = store::execute!(
        tx,
        "UPDATE setup_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND created_at > $3",
        session::hash(token),
        app.now().millis(),
        app.now().millis() - SETUP_MS
    )?;
    tx.commit().await?;
    if used == 1 {
        Ok(())
    } else {
        Err(Fault::refused(
            "setup_link",
            "This link was used or is older than a day. Restart the server to get a new one.",
        ))
    }
}
