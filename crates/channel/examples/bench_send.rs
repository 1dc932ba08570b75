//! Letters per CPU-second of the sender: building, signing and SMTP, against an external server.
//!
//! ```text
//! smtp-sink -c 127.0.0.1:2525 1000 &      # Debian's postfix; or any server that takes everything
//! cargo run --release -p channel --example bench_send -- 127.0.0.1:2525 20000
//! ```
//! Without an address a server of its own runs in a child process, so that its CPU is not counted.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use channel::dkim::{self, Signer};
use channel::rules::letter::{Letter, build};
use channel::rules::verp::{AddressKind, MessageRef, Verp};
use channel::smtp::{Relay, SmtpConfig};
use channel::transport::{NoLedger, Outcome, Outgoing, Payload, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const LANES: usize = 8;

fn main() {
    let mut args = std::env::args().skip(1);
    let first = args.next().unwrap_or_default();
    if first == "serve" {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve());
        return;
    }
    let mut child = None;
    let addr = if first.contains(':') {
        first
    } else {
        let exe = std::env::current_exe().expect("this program");
        child = Some(Command::new(exe).arg("serve").stdout(Stdio::null()).spawn().expect("a server"));
        std::thread::sleep(Duration::from_millis(300));
        "127.0.0.1:25250".to_owned()
    };
    let letters: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let port = addr.rsplit(':').next().and_then(|p| p.parse().ok()).expect("host:port");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (name, signed) in [("without DKIM", false), ("DKIM RSA-2048", true)] {
        runtime.block_on(run(port, if signed { letters / 4 } else { letters }, signed, name));
    }
    if let Some(mut child) = child {
        child.kill().ok();
        child.wait().ok();
    }
}

/// User and system time of this process, from `/proc/self/stat` in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        after.split_ascii_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn bodies() -> (String, String) {
    let books = ["«Дюна»", "«Хоббит»", "«Кобзар»"];
    let boxes: String = (0..8)
        .map(|n| format!("<tr><td><a href=\"https://books.example/r/AgAAAAAAAAB{n}AAAAAAAAAAAAAAAAAAAAAAAA\">Категория {n}: новинки, редкие издания и подборки</a></td></tr>"))
        .collect();
    let text = format!("Спасибо, что выбрали у нас {}.\nhttps://books.example/p/token\n", books.join(", "));
    let html = format!(
        "<html><body><h1>Спасибо!</h1><p>{}</p><table>{boxes}</table><p>{}</p></body></html>",
        books.join(", "),
        "Мы хотим писать вам только о том, что вам действительно интересно. ".repeat(12)
    );
    (text, html)
}

async fn run(port: u16, letters: usize, signed: bool, name: &str) {
    let relay = Relay::new(SmtpConfig::loopback(port), LANES);
    let key = dkim::generate_key().expect("a key");
    let signer = Arc::new(Signer::new("books.example", "otklik", &key).expect("a signer"));
    let verp = Arc::new(Verp::new([7; 32], "bounce.books.example"));
    let (text, html) = bodies();
    let (text, html) = (Arc::new(text), Arc::new(html));
    let started = Instant::now();
    let cpu = cpu_seconds();
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (relay, signer, verp) = (Arc::clone(&relay), Arc::clone(&signer), Arc::clone(&verp));
        let (text, html) = (Arc::clone(&text), Arc::clone(&html));
        lanes.spawn(async move {
            let mut bytes = 0;
            for n in (lane..letters).step_by(LANES) {
                let id = i64::try_from(n).expect("a small number");
                let of = MessageRef { workspace: basis::WorkspaceId(1), message: basis::MessageId(id) };
                let to = format!("reader{n}@mail.example");
                let return_path = verp.address(AddressKind::Bounce, of);
                let raw = build(&Letter {
                    from_name: "Книжный двор",
                    from: "hello@books.example",
                    to_name: "",
                    to: &to,
                    reply_to: Some(&verp.address(AddressKind::Reply, of)),
                    subject: "Спасибо за «Дюну»",
                    text: &text,
                    html: &html,
                    date: 1_725_181_200,
                    message_id: &format!("{n}.1@books.example"),
                    unsubscribe_url: Some("https://books.example/u/token"),
                    unsubscribe_mailto: Some(&verp.address(AddressKind::Unsubscribe, of)),
                    feedback_id: Some("1:1:wave0:otklik"),
                    bulk: true,
                    simulated: true,
                });
                let raw = if signed { signer.sign(&raw).expect("a signature") } else { raw };
                bytes = raw.len();
                let payload = Payload::Email { return_path, to, raw };
                let outcome = relay.send(&Outgoing { ledger: id, payload }, &NoLedger).await;
                assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
            }
            bytes
        });
    }
    let mut bytes = 0;
    while let Some(done) = lanes.join_next().await {
        bytes = done.expect("a lane");
    }
    relay.close().await;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    #[expect(clippy::cast_precision_loss, reason = "a count of letters")]
    let count = letters as f64;
    #[expect(clippy::print_stdout, reason = "the result of the benchmark")]
    {
        println!(
            "{name}: {letters} letters of {bytes} bytes, {:.0} per CPU-second ({cpu:.2} s CPU), {:.0} per second of wall time",
            count / cpu,
            count / wall
        );
    }
}

/// Takes everything as fast as it can.
async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:25250").await.expect("the port is free");
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        tokio::spawn(async move {
            stream.set_nodelay(true).ok();
            stream.write_all(b"220 sink\r\n").await.ok();
            let (mut buffer, mut in_data, mut inbox) = ([0; 65536], false, Vec::new());
            while let Ok(n) = stream.read(&mut buffer).await {
                if n == 0 {
                    return;
                }
                inbox.extend_from_slice(&buffer[..n]);
                let mut out = Vec::new();
                loop {
                    if in_data {
                        let end = if inbox.starts_with(b".\r\n") {
                            Some(3)
                        } else {
                            inbox.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| at + 5)
                        };
                        let Some(end) = end else { break };
                        inbox.drain(..end);
                        in_data = false;
                        out.extend_from_slice(b"250 ok\r\n");
                    } else {
                        let Some(end) = inbox.iter().position(|&b| b == b'\n') else { break };
                        let line: Vec<u8> = inbox.drain(..=end).collect();
                        if line.starts_with(b"DATA") {
                            in_data = true;
                            out.extend_from_slice(b"354 go\r\n");
                        } else if line.starts_with(b"EHLO") {
                            out.extend_from_slice(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
                        } else {
                            out.extend_from_slice(b"250 ok\r\n");
                        }
                    }
                }
                if stream.write_all(&out).await.is_err() {
                    return;
                }
            }
        });
    }
}
