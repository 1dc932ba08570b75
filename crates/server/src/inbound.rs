//! What comes in by mail and SMS goes to the response slice.

use std::{net::SocketAddr, sync::Arc};

use access::App;
use channel::InboundConfig;
use tokio_util::sync::CancellationToken;

use crate::exit;

/// Listens for bounces, replies and unsubscribes.
pub fn start(
    app: &App,
    smtp: Option<SocketAddr>,
    lmtp: Option<SocketAddr>,
    stop: &CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let (app, stop) = (app.clone(), stop.clone());
    tokio::spawn(async move {
        let handler = Arc::new(response::Inbox::new(app.clone()));
        if let Err(fault) = channel::run_inbound(app, InboundConfig { smtp, lmtp }, handler, stop).await {
            exit::say(&format!("otklik: the inbound mail receiver ended: {fault}"));
        }
    })
}
