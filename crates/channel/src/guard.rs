//! Which hosts a workspace may talk to. A simulated workspace reaches loopback only: the check is made
//! on the resolved address, and that very address is dialled, so no name can change its mind between.

use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A simulated workspace.
    LoopbackOnly,
    Anywhere,
}

#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    #[error("a simulated workspace may not reach {0}, which is not loopback")]
    NotLoopback(String),
    #[error("no address for {0}")]
    NoAddress(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Reach {
    /// # Errors
    /// The address is outside what this workspace may reach.
    pub fn check(self, addr: SocketAddr) -> Result<(), ReachError> {
        // An IPv4 address in IPv6 clothes counts as itself.
        let loopback = addr.ip().to_canonical().is_loopback();
        match self {
            Self::LoopbackOnly if !loopback => Err(ReachError::NotLoopback(addr.to_string())),
            _ => Ok(()),
        }
    }

    /// Resolves and dials; every resolved address must be allowed, and Nagle's algorithm is off (it
    /// costs about 40 ms a message).
    ///
    /// # Errors
    /// A forbidden or missing address, or the last connection error.
    pub async fn connect(self, host: &str, port: u16) -> Result<TcpStream, ReachError> {
        let addrs: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
        for addr in &addrs {
            self.check(*addr)?;
        }
        let mut last = None;
        for addr in addrs {
            match TcpStream::connect(addr).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(e) => last = Some(e),
            }
        }
        Err(last.map_or_else(|| ReachError::NoAddress(host.to_owned()), ReachError::Io))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_for_simulated_people() {
        for ok in ["127.0.0.1:25", "127.9.9.9:1", "[::1]:25", "[::ffff:127.0.0.1]:25"] {
            assert!(Reach::LoopbackOnly.check(ok.parse().unwrap()).is_ok(), "{ok}");
        }
        for bad in ["10.0.0.1:25", "0.0.0.0:25", "192.0.2.1:25", "[2001:db8::1]:25", "[::ffff:8.8.8.8]:25"] {
            assert!(Reach::LoopbackOnly.check(bad.parse().unwrap()).is_err(), "{bad}");
            assert!(Reach::Anywhere.check(bad.parse().unwrap()).is_ok());
        }
    }

    #[tokio::test]
    async fn a_forbidden_host_is_never_dialled() {
        let refused = Reach::LoopbackOnly.connect("192.0.2.1", 25).await;
        assert!(matches!(refused, Err(ReachError::NotLoopback(_))));
    }
}
