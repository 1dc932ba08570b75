//! Every route of every slice.

use std::{net::IpAddr, sync::Arc};

use access::{App, Op, Problem};
use axum::{
    Extension, Router,
    extract::{ConnectInfo, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use basis::Fault;
use campaign::{Channel, Finding, PreLaunch};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::{compression::CompressionLayer, limit::RequestBodyLimitLayer, trace::TraceLayer};
use utoipa_axum::router::OpenApiRouter;

use crate::{headers, problems, ui};

/// What a person may upload at once; files of orders are larger than any other request.
const UPLOAD_LIMIT: usize = 2 * 1024 * 1024 * 1024;

/// The documented API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(access::routes())
        .merge(ingest::routes())
        .merge(commerce::routes())
        .merge(identity::routes())
        .merge(insight::routes())
        .merge(permission::routes())
        .merge(audience::routes())
        .merge(content::routes())
        .merge(campaign::routes())
        .merge(channel::routes())
        .merge(response::routes())
        .merge(desk::routes())
        .merge(care::routes())
        .merge(report::routes())
        .merge(improve::routes())
}

/// The whole site.
pub fn site(app: App, metrics: PrometheusHandle) -> Router {
    let (router, document) = api().split_for_parts();
    let document = crate::openapi::finish(document);
    router
        .route("/api/openapi.json", get(move || std::future::ready(axum::Json(document.clone()))))
        .route("/health", get(health))
        .route("/metrics", get(move |peer, state| measurements(peer, state, metrics.clone())))
        .fallback(ui::file)
        .layer(Extension(pre_launch()))
        .layer(middleware::from_fn_with_state(app.clone(), access::once::once))
        .layer(middleware::from_fn(problems::shape))
        .layer(middleware::from_fn(headers::secure))
        .layer(CompressionLayer::new().gzip(true))
        .layer(RequestBodyLimitLayer::new(UPLOAD_LIMIT))
        // The limit answers by itself, outside of what shapes the rest.
        .layer(middleware::from_fn(problems::shape))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .with_state(app)
}

/// Only method and path: queries and signed links hold personal data.
fn span(request: &axum::extract::Request) -> tracing::Span {
    let path = request.uri().path();
    let shown = match path.as_bytes() {
        [b'/', b'r' | b'p' | b'u' | b'v', b'/', ..] => path.get(..3).unwrap_or("/"),
        _ => path,
    };
    tracing::info_span!("request", method = %request.method(), path = shown)
}

/// What the channels say of a launch.
fn pre_launch() -> PreLaunch {
    PreLaunch(Arc::new(|op: Op, channels: Vec<Channel>| {
        Box::pin(async move { sender_findings(&op, &channels).await })
    }))
}

pub async fn sender_findings(op: &Op, channels: &[Channel]) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    for channel in channels.iter().filter(|channel| **channel != Channel::Call) {
        for check in channel::check_sender(&op.app, &op.workspace, channel.as_str()).await? {
            if !check.ok {
                let place = format!("senders.{channel}.{}", check.check);
                // Without a way out nothing can be sent; missing DNS records only make it land worse, but to bulk
                // recipients Gmail and Yahoo refuse such letters altogether.
                let code = format!("sender_{}", check.check);
                findings.push(Finding::refuse(&code, place, check.detail));
            }
        }
    }
    Ok(findings)
}

/// 200 when the database answers.
async fn health(State(app): State<App>) -> Response {
    let answer = async {
        let mut tx = app.db.read().await?;
        store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM workspaces")
    };
    match answer.await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the health check failed");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Prometheus text, for this machine and trusted proxies only.
async fn measurements(
    ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>,
    State(app): State<App>,
    metrics: PrometheusHandle,
) -> Response {
    let ip: IpAddr = peer.ip();
    if ip.is_loopback() || app.trusts_proxy(ip) {
        metrics.render().into_response()
    } else {
        Problem(Fault::forbidden("metrics", "The metrics are for this machine and trusted proxies."))
            .into_response()
    }
}
