//! A mail server for tests: takes, refuses and puts off by recipient, and counts what it took.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

#[derive(Debug, Clone)]
pub struct Letter {
    pub return_path: String,
    pub to: String,
    pub raw: Vec<u8>,
}

#[derive(Clone)]
struct Server {
    letters: mpsc::UnboundedSender<Letter>,
    greylisted: Arc<Mutex<HashSet<String>>>,
}

/// Recipients beginning with `gone` are refused, with `grey` put off once, with `slow` taken slowly.
pub async fn start() -> (u16, mpsc::UnboundedReceiver<Letter>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (letters, inbox) = mpsc::unbounded_channel();
    let server = Server { letters, greylisted: Arc::default() };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).unwrap();
                // A client that is killed in the middle is no failure of the server.
                let _ = server.serve(BufReader::new(stream)).await;
            });
        }
    });
    (port, inbox)
}

fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, r)| r.split_once('>')).unwrap_or_default().0.to_owned()
}

impl Server {
    async fn rcpt(&self, to: &str) -> Result<(), &'static str> {
        if to.starts_with("gone") {
            return Err("550 5.1.1 No such mailbox here\r\n");
        }
        if to.starts_with("grey") && self.greylisted.lock().unwrap().insert(to.to_owned()) {
            return Err("451 4.7.1 Come again\r\n");
        }
        if to.starts_with("slow") {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        Ok(())
    }

    async fn serve(&self, mut stream: BufReader<TcpStream>) -> std::io::Result<()> {
        stream.write_all(b"220 peer ESMTP\r\n").await?;
        let (mut return_path, mut to) = (String::new(), None);
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let answer = match line.get(..4).unwrap_or_default() {
                "EHLO" => "250-peer\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
                "MAIL" => {
                    return_path = address(&line);
                    to = None;
                    "250 ok\r\n"
                }
                "RCPT" => match self.rcpt(&address(&line)).await {
                    Ok(()) => {
                        to = Some(address(&line));
                        "250 ok\r\n"
                    }
                    Err(refusal) => refusal,
                },
                "DATA" => match to.take() {
                    None => "554 no recipients\r\n",
                    Some(to) => {
                        stream.write_all(b"354 go\r\n").await?;
                        let Some(raw) = data(&mut stream).await? else { return Ok(()) };
                        self.letters.send(Letter { return_path: return_path.clone(), to, raw }).unwrap();
                        "250 queued\r\n"
                    }
                },
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 ok\r\n",
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut raw = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line == b".\r\n" {
            return Ok(Some(raw));
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
