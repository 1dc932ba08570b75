//! One SMTP connection: EHLO, STARTTLS or implicit TLS, AUTH, and messages whose envelope travels in a
//! single packet (RFC 2920).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::guard::{Reach, ReachError};
use crate::rules::dot;
use crate::rules::smtp_reply::{Capabilities, Reply, ReplyError, Verdict, take_reply};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Plain text: loopback and private networks only, and never with a password off loopback.
    None,
    /// STARTTLS is required, not hoped for.
    StartTls,
    /// TLS from the first byte (port 465, RFC 8314).
    Tls,
}

/// How to reach the relay.
#[derive(Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
    pub password: Option<Zeroizing<String>>,
    /// Our name in EHLO.
    pub helo: String,
    pub reach: Reach,
    /// Trust anchors; `None` takes the public ones.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    pub timeouts: Timeouts,
}

impl std::fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

impl SmtpConfig {
    /// A plain relay on this machine.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self {
            host: "127.0.0.1".into(),
            port,
            security: Security::None,
            user: None,
            password: None,
            helo: "localhost".into(),
            reach: Reach::LoopbackOnly,
            tls: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// RFC 5321 §4.5.3.2 gives minima of 2 to 10 minutes; the end of data keeps its 10, because giving up
/// there makes a message uncertain.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub connect: Duration,
    pub command: Duration,
    pub end_of_data: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_mins(2),
            end_of_data: Duration::from_mins(10),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error("no answer in time")]
    TimedOut,
    #[error("the connection was closed")]
    Closed,
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Reply(#[from] ReplyError),
    #[error("refused: {}", .0.summary())]
    Refused(Reply),
    #[error("the server offers no STARTTLS")]
    NoStartTls,
    #[error("the server sent more than its answer before TLS")]
    Injection,
    #[error("the server offers no AUTH that we speak")]
    NoAuth,
    #[error("a password may not travel in plain text to another machine")]
    PlainPassword,
    #[error("TLS: {0}")]
    Tls(String),
    #[error("the address holds characters that SMTP forbids")]
    BadAddress,
    #[error("the address needs SMTPUTF8, which the server does not offer")]
    NoSmtpUtf8,
    #[error("the letter of {size} bytes is larger than the server's {limit}")]
    TooLarge { size: u64, limit: u64 },
}

impl SmtpError {
    /// Whether trying the same message again can never help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::BadAddress | Self::NoSmtpUtf8 | Self::TooLarge { .. })
    }
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Wire for T {}

/// Who a letter is from and for, as the relay sees it.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub from: &'a str,
    pub to: &'a [&'a str],
    pub size: usize,
    pub eight_bit: bool,
}

/// The relay's answer to an envelope.
#[derive(Debug)]
pub enum Offer {
    /// The relay waits for the data. One result per recipient, in order; at least one is positive.
    Ready(Vec<Reply>),
    /// The relay takes nobody; the connection is free for the next envelope.
    Refused(Vec<Reply>),
}

pub struct Connection {
    wire: Box<dyn Wire>,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    caps: Capabilities,
    timeouts: Timeouts,
    messages: u32,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("caps", &self.caps)
            .field("messages", &self.messages)
            .finish_non_exhaustive()
    }
}

/// The public trust anchors.
fn public_tls() -> Result<Arc<rustls::ClientConfig>, SmtpError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| SmtpError::Tls(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

async fn secure<S>(stream: S, config: &SmtpConfig) -> Result<Box<dyn Wire>, SmtpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static,
{
    let tls = match &config.tls {
        Some(tls) => Arc::clone(tls),
        None => public_tls()?,
    };
    let name = ServerName::try_from(config.host.clone()).map_err(|e| SmtpError::Tls(e.to_string()))?;
    let stream = timeout(config.timeouts.connect, TlsConnector::from(tls).connect(name, stream))
        .await
        .map_err(|_| SmtpError::TimedOut)?
        .map_err(|e| SmtpError::Tls(e.to_string()))?;
    Ok(Box::new(stream))
}

impl Connection {
    /// Connects, says hello, secures the line and signs in.
    ///
    /// # Errors
    /// Whatever stood in the way; nothing was sent.
    pub async fn open(config: &SmtpConfig) -> Result<Self, SmtpError> {
        let stream = timeout(config.timeouts.connect, config.reach.connect(&config.host, config.port))
            .await
            .map_err(|_| SmtpError::TimedOut)??;
        let local = stream.peer_addr()?.ip().to_canonical().is_loopback();
        if config.password.is_some() && config.security == Security::None && !local {
            return Err(SmtpError::PlainPassword);
        }
        let mut this = Self {
            wire: Box::new(tokio::io::empty()),
            inbox: Vec::with_capacity(4096),
            outbox: Vec::with_capacity(16_384),
            caps: Capabilities::default(),
            timeouts: config.timeouts,
            messages: 0,
        };
        if config.security == Security::StartTls {
            let mut stream = stream;
            this.greet_on(&mut stream, &config.helo).await?;
            if !this.caps.starttls {
                return Err(SmtpError::NoStartTls);
            }
            stream.write_all(b"STARTTLS\r\n").await?;
            let ready = read_reply(&mut stream, &mut this.inbox, config.timeouts.command).await?;
            if ready.verdict() != Verdict::Positive {
                return Err(SmtpError::Refused(ready));
            }
            // Bytes already here would be read as if they came through TLS (CVE-2011-0411).
            if !this.inbox.is_empty() {
                return Err(SmtpError::Injection);
            }
            this.wire = secure(stream, config).await?;
            this.hello(&config.helo).await?;
        } else {
            this.wire = if config.security == Security::Tls {
                secure(stream, config).await?
            } else {
                Box::new(stream)
            };
            let greeting = this.read().await?;
            if greeting.code != 220 {
                return Err(SmtpError::Refused(greeting));
            }
            this.hello(&config.helo).await?;
        }
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            this.sign_in(user, password).await?;
        }
        Ok(this)
    }

    async fn greet_on(&mut self, stream: &mut tokio::net::TcpStream, helo: &str) -> Result<(), SmtpError> {
        let greeting = read_reply(stream, &mut self.inbox, self.timeouts.command).await?;
        if greeting.code != 220 {
            return Err(SmtpError::Refused(greeting));
        }
        stream.write_all(format!("EHLO {helo}\r\n").as_bytes()).await?;
        let answer = read_reply(stream, &mut self.inbox, self.timeouts.command).await?;
        if answer.verdict() != Verdict::Positive {
            return Err(SmtpError::Refused(answer));
        }
        self.caps = Capabilities::parse(&answer);
        Ok(())
    }

    async fn hello(&mut self, helo: &str) -> Result<(), SmtpError> {
        let answer = self.ask(&format!("EHLO {helo}\r\n")).await?;
        if answer.verdict() == Verdict::Positive {
            self.caps = Capabilities::parse(&answer);
            return Ok(());
        }
        let answer = self.ask(&format!("HELO {helo}\r\n")).await?;
        if answer.verdict() == Verdict::Positive { Ok(()) } else { Err(SmtpError::Refused(answer)) }
    }

    async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), SmtpError> {
        let answer = if self.caps.auth_plain {
            let token = Zeroizing::new(format!("\0{user}\0{password}"));
            let line = Zeroizing::new(format!("AUTH PLAIN {}\r\n", STANDARD.encode(token.as_bytes())));
            self.ask(&line).await?
        } else if self.caps.auth_login {
            let mut answer = self.ask("AUTH LOGIN\r\n").await?;
            for word in [user, password] {
                if answer.code != 334 {
                    break;
                }
                let line = Zeroizing::new(format!("{}\r\n", STANDARD.encode(word)));
                answer = self.ask(&line).await?;
            }
            answer
        } else {
            return Err(SmtpError::NoAuth);
        };
        if answer.code == 235 { Ok(()) } else { Err(SmtpError::Refused(answer)) }
    }

    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.caps
    }

    /// How many messages this connection has carried.
    #[must_use]
    pub fn messages(&self) -> u32 {
        self.messages
    }

    async fn read(&mut self) -> Result<Reply, SmtpError> {
        read_reply(&mut self.wire, &mut self.inbox, self.timeouts.command).await
    }

    async fn ask(&mut self, line: &str) -> Result<Reply, SmtpError> {
        self.write(line.as_bytes()).await?;
        self.read().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), SmtpError> {
        let send = async {
            self.wire.write_all(bytes).await?;
            self.wire.flush().await
        };
        timeout(self.timeouts.command, send).await.map_err(|_| SmtpError::TimedOut)?.map_err(SmtpError::Io)
    }

    fn check(&self, envelope: &Envelope<'_>) -> Result<bool, SmtpError> {
        let mut utf8 = false;
        for address in envelope.to.iter().chain(std::iter::once(&envelope.from)) {
            if address.len() > 320 || address.chars().any(|c| c.is_control() || matches!(c, ' ' | '<' | '>'))
            {
                return Err(SmtpError::BadAddress);
            }
            utf8 |= !address.is_ascii();
        }
        if envelope.to.is_empty() || envelope.to.iter().any(|a| !a.contains('@')) {
            return Err(SmtpError::BadAddress);
        }
        if utf8 && !self.caps.smtputf8 {
            return Err(SmtpError::NoSmtpUtf8);
        }
        let size = u64::try_from(envelope.size).unwrap_or(u64::MAX);
        match self.caps.size {
            Some(limit) if size > limit => Err(SmtpError::TooLarge { size, limit }),
            _ => Ok(utf8),
        }
    }

    /// Offers a letter: MAIL, RCPT … and DATA in one packet when the relay takes pipelining.
    ///
    /// # Errors
    /// [`SmtpError::is_permanent`] errors leave the connection usable; after others drop it. Nothing was
    /// delivered.
    pub async fn offer(&mut self, envelope: &Envelope<'_>) -> Result<Offer, SmtpError> {
        use std::fmt::Write as _;
        let utf8 = self.check(envelope)?;
        let mut line = String::with_capacity(256);
        let _ = write!(line, "MAIL FROM:<{}>", envelope.from);
        if self.caps.size.is_some() {
            let _ = write!(line, " SIZE={}", envelope.size);
        }
        if envelope.eight_bit && self.caps.eight_bit {
            line.push_str(" BODY=8BITMIME");
        }
        if utf8 {
            line.push_str(" SMTPUTF8");
        }
        line.push_str("\r\n");
        if self.caps.pipelining {
            for to in envelope.to {
                let _ = write!(line, "RCPT TO:<{to}>\r\n");
            }
            line.push_str("DATA\r\n");
            self.write(line.as_bytes()).await?;
            let mail = self.read().await?;
            let mut recipients = Vec::with_capacity(envelope.to.len());
            for _ in envelope.to {
                recipients.push(self.read().await?);
            }
            let data = self.read().await?;
            return self.settle(mail, recipients, data).await;
        }
        let mail = self.ask(&line).await?;
        if mail.verdict() != Verdict::Positive {
            return self.refuse(vec![mail; envelope.to.len()]).await;
        }
        let mut recipients = Vec::with_capacity(envelope.to.len());
        for to in envelope.to {
            recipients.push(self.ask(&format!("RCPT TO:<{to}>\r\n")).await?);
        }
        if recipients.iter().all(|r| r.verdict() != Verdict::Positive) {
            return self.refuse(recipients).await;
        }
        let data = self.ask("DATA\r\n").await?;
        self.settle(mail, recipients, data).await
    }

    async fn settle(&mut self, mail: Reply, recipients: Vec<Reply>, data: Reply) -> Result<Offer, SmtpError> {
        let taken = recipients.iter().any(|r| r.verdict() == Verdict::Positive);
        if data.code == 354 {
            if mail.verdict() == Verdict::Positive && taken {
                return Ok(Offer::Ready(recipients));
            }
            // RFC 2920 §3.1: a server may say 354 with no valid recipient; an empty message ends it.
            self.write(b".\r\n").await?;
            self.read().await?;
            return Ok(Offer::Refused(recipients));
        }
        let replies = if mail.verdict() != Verdict::Positive {
            vec![mail; recipients.len()]
        } else if taken {
            vec![data; recipients.len()]
        } else {
            recipients
        };
        self.refuse(replies).await
    }

    async fn refuse(&mut self, replies: Vec<Reply>) -> Result<Offer, SmtpError> {
        // 421: the server is closing, there is nobody to reset.
        if replies.iter().all(|r| r.code != 421) {
            self.ask("RSET\r\n").await?;
        }
        Ok(Offer::Refused(replies))
    }

    /// Sends the letter after [`Offer::Ready`], without its final dot: an error still means that nothing
    /// was delivered.
    ///
    /// # Errors
    /// The connection broke; drop it.
    pub async fn body(&mut self, letter: &[u8]) -> Result<(), SmtpError> {
        let mut outbox = std::mem::take(&mut self.outbox);
        outbox.clear();
        dot::stuff(letter, &mut outbox);
        let sent = self.write(&outbox).await;
        self.outbox = outbox;
        sent
    }

    /// The point of no return: the final dot, and the relay's word. After an error the letter may have
    /// been delivered.
    ///
    /// # Errors
    /// No answer came; drop the connection.
    pub async fn commit(&mut self) -> Result<Reply, SmtpError> {
        self.write(b".\r\n").await?;
        self.messages += 1;
        read_reply(&mut self.wire, &mut self.inbox, self.timeouts.end_of_data).await
    }

    /// Says goodbye; the answer doesn't matter.
    pub async fn quit(mut self) {
        let _ = timeout(Duration::from_secs(2), self.ask("QUIT\r\n")).await;
    }
}

async fn read_reply<S: AsyncRead + Unpin + ?Sized>(
    wire: &mut S,
    inbox: &mut Vec<u8>,
    patience: Duration,
) -> Result<Reply, SmtpError> {
    loop {
        if let Some((reply, used)) = take_reply(inbox)? {
            inbox.drain(..used);
            return Ok(reply);
        }
        let read = timeout(patience, wire.read_buf(inbox)).await.map_err(|_| SmtpError::TimedOut)??;
        if read == 0 {
            return Err(SmtpError::Closed);
        }
    }
}
