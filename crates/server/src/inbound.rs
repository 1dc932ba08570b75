//! What comes in by mail and SMS goes to the response slice.

use std::{net::SocketAddr, sync::Arc};

use access::App;
use basis::Fault;
use channel::{InboundConfig, InboundHandler, InboundPorts};
use tokio_util::sync::CancellationToken;

/// Who hears what the channels hear.
pub fn handler(app: &App) -> Arc<dyn InboundHandler> {
    Arc::new(response::Inbox::new(app.clone()))
}

/// Listens for bounces, replies and unsubscribes.
pub async fn listen(
    app: &App,
    smtp: Option<SocketAddr>,
    lmtp: Option<SocketAddr>,
    stop: &CancellationToken,
) -> Result<InboundPorts, Fault> {
    let config = InboundConfig { smtp, lmtp, host: host_of(&app.public_url()) };
    channel::run_inbound(app.clone(), config, handler(app), stop.clone()).await
}

/// The name in the receiver's greeting: that of the public address.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']).to_owned()
}
