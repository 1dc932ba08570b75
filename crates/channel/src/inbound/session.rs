//! One inbound dialogue.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Mailbox, Protocol, Received, Receiver};
use crate::rules::dot::{Data, Unstuff};
use crate::rules::smtp_command::{self, Command, CommandError};

struct Dialogue {
    stream: TcpStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    greeted: bool,
    mail_from: Option<String>,
    recipients: Vec<String>,
    junk: u32,
}

pub(super) async fn run<M: Mailbox>(server: &Receiver<M>, stream: TcpStream, free: bool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut dialogue = Dialogue {
        stream,
        inbox: Vec::with_capacity(4096),
        outbox: Vec::with_capacity(512),
        greeted: false,
        mail_from: None,
        recipients: Vec::new(),
        junk: 0,
    };
    if !free {
        dialogue.say("421 4.3.2 Too many connections, try again later");
        return dialogue.flush().await;
    }
    let banner = match server.protocol {
        Protocol::Smtp => format!("220 {} ESMTP", server.host),
        Protocol::Lmtp => format!("220 {} LMTP", server.host),
    };
    dialogue.say(&banner);
    loop {
        let Some(line) = dialogue.line(server).await? else { return Ok(()) };
        if !dialogue.step(server, &line).await? {
            return dialogue.flush().await;
        }
        if dialogue.junk > server.limits.junk_commands {
            dialogue.say("421 4.7.0 Too many errors");
            return dialogue.flush().await;
        }
    }
}

impl Dialogue {
    fn say(&mut self, line: &str) {
        self.outbox.extend_from_slice(line.as_bytes());
        self.outbox.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.outbox.is_empty() {
            self.stream.write_all(&self.outbox).await?;
            self.outbox.clear();
        }
        Ok(())
    }

    async fn fill<M: Mailbox>(&mut self, server: &Receiver<M>) -> io::Result<usize> {
        // Answers to pipelined commands leave together, when nothing more is at hand.
        self.flush().await?;
        match timeout(server.limits.idle, self.stream.read_buf(&mut self.inbox)).await {
            Ok(read) => read,
            Err(_) => {
                self.say("421 4.4.2 Timeout");
                self.flush().await?;
                Ok(0)
            }
        }
    }

    /// The next command line without its end; `None` when the client is gone.
    async fn line<M: Mailbox>(&mut self, server: &Receiver<M>) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.inbox.iter().position(|&b| b == b'\n') {
                let mut line: Vec<u8> = self.inbox.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            if self.inbox.len() > smtp_command::MAX_COMMAND {
                self.say("500 5.5.2 Line too long");
                self.flush().await?;
                return Ok(None);
            }
            if self.fill(server).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn reset(&mut self) {
        self.mail_from = None;
        self.recipients.clear();
    }

    /// Answers one command; `false` ends the session.
    async fn step<M: Mailbox>(&mut self, server: &Receiver<M>, line: &[u8]) -> io::Result<bool> {
        let command = match smtp_command::parse(line) {
            Ok(command) => command,
            Err(e) => {
                self.junk += 1;
                self.say(match e {
                    CommandError::Unknown => "500 5.5.1 Unknown command",
                    CommandError::Syntax => "501 5.5.4 Syntax error",
                    CommandError::NotText => "500 5.5.2 Not text",
                });
                return Ok(true);
            }
        };
        let lmtp = server.protocol == Protocol::Lmtp;
        match command {
            Command::Helo(_) if !lmtp => {
                self.greeted = true;
                self.reset();
                self.say(&format!("250 {}", server.host));
            }
            Command::Ehlo(_) if !lmtp => self.hello(server),
            Command::Lhlo(_) if lmtp => self.hello(server),
            Command::Helo(_) | Command::Ehlo(_) | Command::Lhlo(_) => {
                self.junk += 1;
                self.say("500 5.5.1 Wrong greeting for this protocol");
            }
            Command::Mail { from, size } => self.mail(server, from, size),
            Command::Rcpt(to) => self.rcpt(server, to).await,
            Command::Data => return self.data(server).await,
            Command::Rset => {
                self.junk += 1;
                self.reset();
                self.say("250 2.0.0 Ok");
            }
            Command::Noop => {
                self.junk += 1;
                self.say("250 2.0.0 Ok");
            }
            Command::Vrfy => {
                self.junk += 1;
                self.say("252 2.5.2 Send some mail, I'll try my best");
            }
            Command::StartTls => {
                self.junk += 1;
                self.say("502 5.5.1 Not offered");
            }
            Command::Quit => {
                self.say("221 2.0.0 Bye");
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hello<M: Mailbox>(&mut self, server: &Receiver<M>) {
        self.greeted = true;
        self.reset();
        let text = format!(
            "250-{}\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES",
            server.host, server.limits.message_bytes
        );
        self.say(&text);
    }

    fn mail<M: Mailbox>(&mut self, server: &Receiver<M>, from: String, size: Option<u64>) {
        let limit = u64::try_from(server.limits.message_bytes).unwrap_or(u64::MAX);
        if !self.greeted || self.mail_from.is_some() {
            self.junk += 1;
            self.say("503 5.5.1 Bad sequence of commands");
        } else if size.is_some_and(|s| s > limit) {
            self.say("552 5.3.4 Message too large");
        } else {
            self.mail_from = Some(from);
            self.say("250 2.1.0 Ok");
        }
    }

    async fn rcpt<M: Mailbox>(&mut self, server: &Receiver<M>, to: String) {
        if self.mail_from.is_none() {
            self.junk += 1;
            self.say("503 5.5.1 MAIL first");
        } else if self.recipients.len() >= server.limits.recipients {
            self.say("452 4.5.3 Too many recipients");
        } else {
            match server.mailbox.accepts(&to).await {
                Ok(true) => {
                    self.recipients.push(to);
                    self.say("250 2.1.5 Ok");
                }
                Ok(false) => {
                    self.junk += 1;
                    self.say("550 5.1.1 No such address here");
                }
                Err(error) => {
                    tracing::warn!(%error, "inbound mail: addresses could not be read");
                    self.say("451 4.3.0 Try again later");
                }
            }
        }
    }

    async fn data<M: Mailbox>(&mut self, server: &Receiver<M>) -> io::Result<bool> {
        if self.recipients.is_empty() {
            self.junk += 1;
            self.say(if self.mail_from.is_none() {
                "503 5.5.1 MAIL first"
            } else {
                "554 5.5.1 No valid recipients"
            });
            return Ok(true);
        }
        self.say("354 End data with <CR><LF>.<CR><LF>");
        let Some(data) = self.read_data(server).await? else { return Ok(false) };
        let mail_from = self.mail_from.take().unwrap_or_default();
        let recipients = std::mem::take(&mut self.recipients);
        if data.too_large {
            // LMTP answers once per recipient (RFC 2033 §4.2).
            let answers = if server.protocol == Protocol::Lmtp { recipients.len() } else { 1 };
            for _ in 0..answers {
                self.say("552 5.3.4 Message too large");
            }
            return Ok(true);
        }
        let raw: Arc<[u8]> = data.body.into();
        let mut all = true;
        for rcpt in recipients {
            let message = Received { mail_from: mail_from.clone(), rcpt, raw: Arc::clone(&raw) };
            let stored = server.mailbox.store(message).await;
            all &= stored;
            if server.protocol == Protocol::Lmtp {
                self.say(if stored { "250 2.0.0 Stored" } else { "451 4.3.0 Try again later" });
            }
        }
        if server.protocol == Protocol::Smtp {
            // One word for all: after a partial failure the client repeats the whole message, and the
            // mailbox takes the second copy of an event as the same event.
            self.say(if all { "250 2.0.0 Stored" } else { "451 4.3.0 Try again later" });
        }
        Ok(true)
    }

    async fn read_data<M: Mailbox>(&mut self, server: &Receiver<M>) -> io::Result<Option<Data>> {
        let mut reader = Unstuff::new(server.limits.message_bytes);
        // A client that never ends its data is let go after three times the limit.
        let mut seen = 0usize;
        loop {
            let (used, end) = reader.feed(&self.inbox);
            self.inbox.drain(..used);
            seen = seen.saturating_add(used);
            if end.is_some() {
                return Ok(end);
            }
            if seen > server.limits.message_bytes.saturating_mul(3) {
                self.say("552 5.3.4 Message too large");
                return Ok(None);
            }
            if self.fill(server).await? == 0 {
                return Ok(None);
            }
        }
    }
}
