use basis::{Email, Fault, Lang, UserId, WorkspaceId};
use store::Tx;

use crate::{App, Role, password};

/// Adds a user to a workspace; a user who is there already (in another workspace) keeps the old password.
pub async fn add_user(
    app: &App,
    ws: WorkspaceId,
    email: &str,
    name: &str,
    role: Role,
    language: Lang,
    new_password: String,
) -> Result<UserId, Fault> {
    let email = Email::parse(email.trim())?.into_string().to_lowercase();
    let hash = password::hash(new_password, app.random()).await?;
    let fresh = UserId(app.next_id());
    let now = app.now().millis();
    let mut tx = app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO users (id, email, name, password_hash, language, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING",
        fresh.get(),
        email.as_str(),
        name,
        hash,
        language.as_str(),
        now
    )?;
    let (id,) = store::fetch_one!(tx, (i64,), "SELECT id FROM users WHERE email = $1", email.as_str())?;
    let added = store::execute!(
        tx,
        "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        ws.get(),
        id,
        role.as_str(),
        now
    )?;
    if added == 0 {
        return Err(Fault::conflict("user", format!("{email} is a member of this workspace already")));
    }
    tx.commit().await?;
    Ok(UserId(id))
}

/// Whether anybody can administer the installation.
pub async fn any_administrator(app: &App) -> Result<bool, Fault> {
    let mut tx = app.db.read().await?;
    let (count,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.role = 'administrator' AND u.disabled_at IS NULL"
    )?;
    Ok(count > 0)
}

/// People of the workspace who may own a task: (id, name).
///
/// # Errors
/// Of the database.
pub async fn members(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT u.id, CASE WHEN u.name = '' THEN u.email ELSE u.name END FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.workspace_id = $1 AND u.disabled_at IS NULL ORDER BY u.name, u.id",
        ws.get()
    )?)
}

/// Whether a user belongs to the workspace.
///
/// # Errors
/// Of the database.
pub async fn is_member(tx: &mut Tx, ws: WorkspaceId, user: UserId) -> Result<bool, Fault> {
    let (found,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM memberships WHERE workspace_id = $1 AND user_id = $2",
        ws.get(),
        user.get()
    )?;
    Ok(found > 0)
}
