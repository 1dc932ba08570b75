//! Authorisation as extractor types: a handler that takes `need::Marketer(op)` is closed to those who are not.

use axum::{extract::FromRequestParts, http::request::Parts};
use basis::Fault;

use crate::{App, Op, Problem, Role, session};

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)|+),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Op);

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let op = session::authenticate(parts, app).await?;
                if matches!(op.role, $(Role::$role)|+) {
                    Ok(Self(op))
                } else {
                    Err(Fault::forbidden("role", format!("The role \"{}\" may not do this.", op.role)).into())
                }
            }
        }
    )*};
}

needs! {
    Administrator: Administrator,
    /// Works with the base and the campaigns.
    Marketer: Administrator | Marketer,
    /// Leads operators, or the base.
    Supervisor: Administrator | Marketer | Supervisor,
    /// Answers customers.
    Agent: Administrator | Marketer | Supervisor | Operator,
    /// Works through call tasks.
    Operator: Administrator | Supervisor | Operator,
    /// Reads reports and cards.
    Viewer: Administrator | Marketer | Supervisor | Client,
    /// Whoever is signed in.
    Anyone: Administrator | Marketer | Supervisor | Operator | Client,
}
