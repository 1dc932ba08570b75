#![doc = include_str!("../README.md")]

pub mod api;
mod app;
mod audit;
mod hub;
pub mod limits;
pub mod links;
pub mod need;
pub mod once;
mod op;
pub mod page;
mod password;
mod problem;
mod role;
mod seal;
mod session;
mod token;
mod users;
mod workspace;

#[cfg(feature = "testing")]
pub mod testing;

pub use api::routes;
pub use app::{App, AppConfig};
pub use audit::AuditEntry;
pub use hub::Hub;
pub use op::{Actor, ActorKind, Op};
pub use problem::{Answer, Problem};
pub use role::Role;
pub use seal::MasterKey;
pub use session::SESSION_COOKIE;
pub use token::{add_token, new_setup_link};
pub use users::{add_user, any_administrator, is_member, members};
pub use workspace::{
    CampaignClock, NewWorkspace, Workspace, create_workspace, load_workspace, set_clock, workspace_by_name,
    workspaces,
};
