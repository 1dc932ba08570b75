use basis::{Fault, Lang, Time, UserId, WorkspaceId};
use store::Tx;

use crate::{App, Role, Workspace};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    User,
    Token,
    System,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: i64,
}

impl Actor {
    pub fn kind_str(self) -> &'static str {
        match self.kind {
            ActorKind::User => "user",
            ActorKind::Token => "token",
            ActorKind::System => "system",
        }
    }
}

/// One operation: who does what, in which workspace, at what time.
#[derive(Debug, Clone)]
pub struct Op {
    pub app: App,
    pub workspace: Workspace,
    pub actor: Actor,
    pub role: Role,
    pub lang: Lang,
}

impl Op {
    /// For jobs and the command line of whoever owns the data folder.
    pub fn system(app: App, workspace: Workspace) -> Self {
        let lang = workspace.language;
        Self {
            app,
            workspace,
            actor: Actor { kind: ActorKind::System, id: 0 },
            role: Role::Administrator,
            lang,
        }
    }

    pub fn ws(&self) -> WorkspaceId {
        self.workspace.id
    }

    /// Real time.
    pub fn now(&self) -> Time {
        self.app.now()
    }

    pub fn campaign_now(&self) -> Time {
        self.workspace.campaign_now(self.app.now())
    }

    pub fn next_id(&self) -> i64 {
        self.app.next_id()
    }

    pub fn user(&self) -> Option<UserId> {
        (self.actor.kind == ActorKind::User).then_some(UserId(self.actor.id))
    }

    /// Whether phones and e-mails are shown in full without being asked for. For all others there is unmasking, which is logged.
    pub fn unmasked(&self) -> bool {
        self.role == Role::Administrator && self.actor.kind == ActorKind::System
    }

    /// Whether this role may ask for the full values of one card.
    pub fn may_unmask(&self) -> bool {
        matches!(self.role, Role::Administrator | Role::Marketer | Role::Supervisor)
    }

    /// Writes down who did or saw what. `detail` names fields and counts, never values of personal data.
    pub async fn audit(
        &self,
        tx: &mut Tx,
        action: &str,
        subject_kind: &str,
        subject_id: impl std::fmt::Display,
        detail: serde_json::Value,
    ) -> Result<(), Fault> {
        store::execute!(
            *tx,
            "INSERT INTO audit_log (workspace_id, id, at, actor_kind, actor_id, action, subject_kind, subject_id, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            self.ws().get(),
            self.next_id(),
            self.now().millis(),
            self.actor.kind_str(),
            self.actor.id,
            action,
            subject_kind,
            subject_id.to_string(),
            detail.to_string()
        )?;
        Ok(())
    }
}
