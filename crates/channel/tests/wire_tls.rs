//! STARTTLS, implicit TLS and signing in, against a TLS server with a certificate of the test's own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use channel::guard::Reach;
use channel::smtp::{Connection, Envelope, Offer, Security, SmtpConfig, SmtpError};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    StartTls,
    Tls,
    /// Answers STARTTLS together with a line that belongs to the secured dialogue.
    Injects,
    /// Offers no STARTTLS.
    Plain,
    /// AUTH LOGIN only.
    LoginOnly,
}

struct Peer {
    port: u16,
    trust: Arc<rustls::ClientConfig>,
}

async fn start(kind: Server) -> Peer {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if kind == Server::Tls {
                    // A client that does not trust us goes away in the handshake.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        talk(BufReader::new(stream), kind, true).await;
                    }
                    return;
                }
                let mut plain = BufReader::new(stream);
                if !talk(&mut plain, kind, false).await {
                    return;
                }
                if let Ok(stream) = acceptor.accept(plain.into_inner()).await {
                    talk(BufReader::new(stream), kind, true).await;
                }
            });
        }
    });
    Peer { port, trust: Arc::new(client) }
}

/// One dialogue; true when the client asked for TLS.
async fn talk<S>(mut stream: S, kind: Server, secured: bool) -> bool
where
    S: AsyncBufReadExt + AsyncRead + AsyncWrite + Unpin,
{
    // After STARTTLS there is no second greeting.
    if !secured || kind == Server::Tls {
        stream.write_all(b"220 tls.test\r\n").await.unwrap();
    }
    let mut line = String::new();
    let (mut waiting, mut words) = (0, Vec::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim_end();
        if waiting > 0 {
            words.push(String::from_utf8(STANDARD.decode(line).unwrap()).unwrap());
            waiting -= 1;
            let ok = words == ["shop", "hunter2"];
            let answer: &[u8] = match (waiting, ok) {
                (1, _) => b"334 UGFzc3dvcmQ6\r\n",
                (_, true) => b"235 2.7.0 ok\r\n",
                _ => b"535 5.7.8 no\r\n",
            };
            stream.write_all(answer).await.unwrap();
            continue;
        }
        let answer = match line.split(' ').next().unwrap() {
            "EHLO" if !secured && kind != Server::Plain => {
                "250-tls.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
            }
            "EHLO" if kind == Server::LoginOnly => "250-tls.test\r\n250 AUTH LOGIN\r\n",
            "EHLO" => "250-tls.test\r\n250-SIZE 100\r\n250 AUTH PLAIN LOGIN\r\n",
            "STARTTLS" if kind == Server::Injects => {
                stream.write_all(b"220 go\r\n250 injected\r\n").await.unwrap();
                return true;
            }
            "STARTTLS" => {
                stream.write_all(b"220 go\r\n").await.unwrap();
                return true;
            }
            "AUTH" if line == "AUTH LOGIN" => {
                waiting = 2;
                "334 VXNlcm5hbWU6\r\n"
            }
            "AUTH" => {
                let token = STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap();
                if token == b"\0shop\0hunter2" { "235 2.7.0 ok\r\n" } else { "535 5.7.8 no\r\n" }
            }
            "DATA" => "354 go\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn config(peer: &Peer, security: Security, password: &str) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".into(),
        security,
        user: Some("shop".into()),
        password: Some(Zeroizing::new(password.into())),
        reach: Reach::LoopbackOnly,
        tls: Some(Arc::clone(&peer.trust)),
        ..SmtpConfig::loopback(peer.port)
    }
}

#[tokio::test]
async fn secures_the_line_and_signs_in() {
    for (kind, security) in [
        (Server::StartTls, Security::StartTls),
        (Server::Tls, Security::Tls),
        (Server::LoginOnly, Security::StartTls),
    ] {
        let peer = start(kind).await;
        let mut connection = Connection::open(&config(&peer, security, "hunter2")).await.unwrap();
        let envelope = Envelope { from: "a@x.test", to: &["b@x.test"], size: 20, eight_bit: false };
        assert!(matches!(connection.offer(&envelope).await.unwrap(), Offer::Ready(_)));
        connection.quit().await;
        let refused = Connection::open(&config(&peer, security, "wrong")).await;
        assert!(matches!(refused, Err(SmtpError::Refused(r)) if r.code == 535));
    }
}

#[tokio::test]
async fn never_falls_back_to_plain_text() {
    let peer = start(Server::Plain).await;
    let refused = Connection::open(&config(&peer, Security::StartTls, "hunter2")).await;
    assert!(matches!(refused, Err(SmtpError::NoStartTls)));
    let peer = start(Server::Injects).await;
    let refused = Connection::open(&config(&peer, Security::StartTls, "hunter2")).await;
    assert!(matches!(refused, Err(SmtpError::Injection)), "{refused:?}");
}

#[tokio::test]
async fn trusts_only_whom_it_should() {
    let peer = start(Server::StartTls).await;
    let stranger = SmtpConfig { tls: None, ..config(&peer, Security::StartTls, "hunter2") };
    assert!(matches!(Connection::open(&stranger).await, Err(SmtpError::Tls(_))));
}

#[tokio::test]
async fn announced_limits_are_kept_without_asking() {
    let peer = start(Server::StartTls).await;
    let mut connection = Connection::open(&config(&peer, Security::StartTls, "hunter2")).await.unwrap();
    let large = Envelope { from: "a@x.test", to: &["b@x.test"], size: 101, eight_bit: false };
    let refused = connection.offer(&large).await.unwrap_err();
    assert!(refused.is_permanent() && matches!(refused, SmtpError::TooLarge { limit: 100, .. }));
    let foreign = Envelope { from: "a@x.test", to: &["олена@x.test"], size: 5, eight_bit: false };
    assert!(matches!(connection.offer(&foreign).await, Err(SmtpError::NoSmtpUtf8)));
}
