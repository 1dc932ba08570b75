//! The receiver of bounces, unsubscribes and replies: SMTP (RFC 5321) or LMTP (RFC 2033), bounded in
//! connections, sizes and time. It relays nothing: an address that is not ours is refused at RCPT.

mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use basis::Fault;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::transport::BoxFuture;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Smtp,
    Lmtp,
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    pub message_bytes: usize,
    pub recipients: usize,
    /// Commands a client may waste (errors, NOOP, RSET) before it is let go.
    pub junk_commands: u32,
    pub idle: Duration,
    /// The longest life of one connection.
    pub session: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 64,
            message_bytes: 2 * 1024 * 1024,
            recipients: 20,
            junk_commands: 50,
            idle: Duration::from_mins(2),
            session: Duration::from_mins(15),
        }
    }
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Empty for bounces.
    pub mail_from: String,
    pub rcpt: String,
    pub raw: Arc<[u8]>,
}

/// Whoever keeps the mail.
pub trait Mailbox: Send + Sync + 'static {
    /// Whether this address is one of ours; an error makes the sender try again later.
    fn accepts<'a>(&'a self, rcpt: &'a str) -> BoxFuture<'a, Result<bool, Fault>>;

    /// Stores one message. `false` makes the sender try again later, so it must be true only once the
    /// message is safe.
    fn store(&self, message: Received) -> BoxFuture<'_, bool>;
}

pub struct Receiver<M> {
    pub protocol: Protocol,
    /// Our name in the greeting.
    pub host: String,
    pub limits: Limits,
    pub mailbox: Arc<M>,
}

impl<M> std::fmt::Debug for Receiver<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver")
            .field("protocol", &self.protocol)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl<M: Mailbox> Receiver<M> {
    /// Serves until `stop`; sessions under way get five seconds to finish.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let this = Arc::new(self);
        let slots = Arc::new(Semaphore::new(this.limits.connections));
        let mut sessions = JoinSet::new();
        loop {
            let (stream, peer) = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = sessions.join_next() => continue,
                accepted = listener.accept() => match accepted {
                    Ok(pair) => pair,
                    Err(e) => {
                        // Out of file descriptors: a pause lets sessions end.
                        tracing::warn!(error = %e, "inbound mail: accept failed");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let this = Arc::clone(&this);
            let slot = Arc::clone(&slots).try_acquire_owned();
            sessions.spawn(async move {
                let outcome =
                    tokio::time::timeout(this.limits.session, session::run(&this, stream, slot.is_ok()));
                match outcome.await {
                    Ok(Err(e)) => tracing::debug!(error = %e, "inbound mail: session broke"),
                    Err(_) => tracing::debug!(peer = %mask(peer), "inbound mail: session took too long"),
                    Ok(Ok(())) => {}
                }
                drop(slot);
            });
        }
        let _ = tokio::time::timeout(Duration::from_secs(5), async {
            while sessions.join_next().await.is_some() {}
        })
        .await;
    }
}

/// Relays are no persons, but their addresses may be; logs keep the family only.
fn mask(peer: SocketAddr) -> &'static str {
    if peer.is_ipv4() { "ipv4" } else { "ipv6" }
}
