//! An application over a new database, for the tests of the slices.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use basis::{Currency, Lang, ManualClock, Rng, Time};
use serde_json::Value;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use crate::{App, AppConfig, MasterKey, NewWorkspace, Op, Role, create_workspace};

/// 2024-09-01T09:00:00Z, when most tests start.
pub const START: Time = Time::from_millis(1_725_181_200_000);

/// Runs `body` with a new application and workspace on SQLite and, as [`store::testing::on_both`], on PostgreSQL. The clock stands
/// at [`START`] until the test moves it.
///
/// # Panics
/// When the application cannot be made; it is a test.
pub async fn with_app<F, Fut>(body: F)
where
    F: Fn(Op, Arc<ManualClock>) -> Fut + Clone,
    Fut: Future<Output = ()>,
{
    store::testing::on_both(|db| {
        let body = body.clone();
        async move {
            let folder = tempfile::tempdir().expect("a folder for the test");
            let clock = Arc::new(ManualClock::new(START));
            let app = App::new(AppConfig {
                db,
                clock: Arc::clone(&clock) as _,
                rng: Rng::seeded(1),
                data_dir: folder.path().to_owned(),
                master_key: MasterKey::from_bytes([1; 32]),
                public_url: "http://127.0.0.1:8080".to_owned(),
                public_url_given: false,
                trusted_proxies: Vec::new(),
            });
            let new = NewWorkspace {
                name: "test".to_owned(),
                simulated: true,
                language: Lang::Uk,
                timezone: "Europe/Kyiv".to_owned(),
                jurisdiction: "ua".to_owned(),
                currency: Currency::UAH,
            };
            let workspace = create_workspace(&app, new).await.expect("a workspace");
            body(Op::system(app, workspace), clock).await;
            drop(folder);
        }
    })
    .await;
}

/// A program with a token of this role that asks the routes of a slice: method, path and JSON body (null for none) in, status and
/// JSON out.
///
/// # Panics
/// When there is no answer; it is a test.
pub async fn as_role(
    op: &Op,
    routes: OpenApiRouter<App>,
    role: Role,
) -> impl AsyncFn(Method, &str, Value) -> (StatusCode, Value) + use<> {
    let (_, token) = crate::add_token(&op.app, op.ws(), "test", role).await.expect("a token");
    let (router, _) = routes.split_for_parts();
    let router: Router = router.with_state(op.app.clone());
    async move |method: Method, path: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.expect("the answer's body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}
