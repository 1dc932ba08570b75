//! The SMS wire against another implementation of SMPP (rusmpp).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::Arc;
use std::time::Duration;

use channel::rules::receipt::Delivery;
use channel::smpp::{Inbox, Incoming, SmppConfig, Smsc};
use channel::transport::{BoxFuture, NoLedger, Outcome, Outgoing, Payload, Transport};
use futures::{SinkExt, StreamExt};
use rusmpp::pdus::{BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, GsmFeatures, MessageType};
use rusmpp::{Command, CommandStatus, Pdu};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::codec::Framed;

/// What the SMSC does with a number.
fn plan(number: &str) -> &'static str {
    match number.chars().last() {
        Some('0') => "invalid",
        Some('1') => "throttled",
        Some('2') => "undelivered",
        Some('3') => "hangs_up",
        _ => "delivered",
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
    String::from_utf16_lossy(&units)
}

async fn smsc(texts: mpsc::UnboundedSender<(String, String)>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let texts = texts.clone();
            tokio::spawn(async move {
                let mut line = Framed::new(stream, CommandCodec::new());
                let mut next_id = 100_u32;
                while let Some(Ok(command)) = line.next().await {
                    let sequence = command.sequence_number();
                    let answer = |status, pdu: Pdu| Command::new(status, sequence, pdu);
                    match command.pdu() {
                        Some(Pdu::BindTransceiver(bind)) => {
                            let ok = bind.password.as_str() == "secret";
                            let status =
                                if ok { CommandStatus::EsmeRok } else { CommandStatus::EsmeRinvpaswd };
                            let resp =
                                BindTransceiverResp::new(COctetString::from_slice(b"sim\0").unwrap(), None);
                            line.send(answer(status, resp.into())).await.unwrap();
                        }
                        Some(Pdu::SubmitSm(sm)) => {
                            let sm: SubmitSm = sm.clone();
                            let to = sm.destination_addr.as_str().to_owned();
                            let fate = plan(&to);
                            if fate == "hangs_up" {
                                return;
                            }
                            let status = match fate {
                                "invalid" => CommandStatus::EsmeRinvdstadr,
                                "throttled" => CommandStatus::EsmeRthrottled,
                                _ => CommandStatus::EsmeRok,
                            };
                            next_id += 1;
                            let id = COctetString::from_string(format!("{next_id:X}")).unwrap();
                            line.send(answer(status, SubmitSmResp::new(id, vec![]).into())).await.unwrap();
                            if status != CommandStatus::EsmeRok {
                                continue;
                            }
                            let bytes = sm.short_message().as_ref().to_vec();
                            let body = if sm.esm_class.gsm_features == GsmFeatures::UdhiIndicator {
                                &bytes[6..]
                            } else {
                                &bytes[..]
                            };
                            let text = if sm.data_coding == DataCoding::Ucs2 {
                                utf16(body)
                            } else {
                                String::from_utf8_lossy(body).into_owned()
                            };
                            texts.send((to.clone(), text)).unwrap();
                            let word = if fate == "undelivered" { "UNDELIV" } else { "DELIVRD" };
                            let receipt = format!(
                                "id:{next_id:X} sub:001 dlvrd:001 submit date:2409011000 done date:2409011001 stat:{word} err:000 text:"
                            );
                            let mut deliver = DeliverSm::default();
                            deliver.source_addr = COctetString::from_string(to.clone()).unwrap();
                            deliver.esm_class.message_type =
                                MessageType::ShortMessageContainsMCDeliveryReceipt;
                            deliver.set_short_message(OctetString::from_slice(receipt.as_bytes()).unwrap());
                            line.send(Command::new(CommandStatus::EsmeRok, 9000 + next_id, deliver))
                                .await
                                .unwrap();
                            if to.ends_with('9') {
                                let stop: Vec<u8> =
                                    "СТОП".encode_utf16().flat_map(u16::to_be_bytes).collect();
                                let mut mo = DeliverSm::default();
                                mo.source_addr = COctetString::from_string(to).unwrap();
                                mo.data_coding = DataCoding::Ucs2;
                                mo.set_short_message(OctetString::from_slice(&stop).unwrap());
                                line.send(Command::new(CommandStatus::EsmeRok, 19_000 + next_id, mo))
                                    .await
                                    .unwrap();
                            }
                        }
                        Some(Pdu::EnquireLink) => {
                            line.send(answer(CommandStatus::EsmeRok, Pdu::EnquireLinkResp)).await.unwrap();
                        }
                        Some(Pdu::Unbind) => {
                            line.send(answer(CommandStatus::EsmeRok, Pdu::UnbindResp)).await.unwrap();
                        }
                        _ => {}
                    }
                }
            });
        }
    });
    port
}

struct Keep(mpsc::UnboundedSender<Incoming>);

impl Inbox for Keep {
    fn store(&self, incoming: Incoming) -> BoxFuture<'_, bool> {
        self.0.send(incoming).unwrap();
        Box::pin(std::future::ready(true))
    }
}

fn message(to: &str, text: &str) -> Outgoing {
    Outgoing { ledger: 1, payload: Payload::Sms { to: to.into(), text: text.into() } }
}

#[tokio::test]
async fn texts_receipts_and_answers_pass_both_ways() {
    let (texts, mut seen) = mpsc::unbounded_channel();
    let port = smsc(texts).await;
    let (kept, mut inbox) = mpsc::unbounded_channel();
    let config = SmppConfig::loopback(port, "otklik", "secret", "Knyha");
    let smsc = Smsc::new(config, Arc::new(Keep(kept)));

    let long = "Загляните в почту: ".repeat(8);
    let outcome = smsc.send(&message("+380501112239", &long), &NoLedger).await;
    assert!(matches!(&outcome, Outcome::Accepted { reference: Some(_), .. }), "{outcome:?}");
    let mut whole = String::new();
    for _ in 0..3 {
        whole.push_str(&seen.recv().await.unwrap().1);
    }
    assert_eq!(whole, long);

    let mut receipts = 0;
    let mut stops = 0;
    for _ in 0..6 {
        match inbox.recv().await.unwrap() {
            Incoming::Receipt { number, receipt } => {
                assert_eq!((number.as_str(), receipt.delivery), ("380501112239", Delivery::Delivered));
                receipts += 1;
            }
            Incoming::Text { text, .. } => {
                assert_eq!(text, "СТОП");
                stops += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((receipts, stops), (3, 3));

    assert!(matches!(smsc.send(&message("+380501112230", "x"), &NoLedger).await, Outcome::Rejected { .. }));
    assert!(matches!(
        smsc.send(&message("+380501112231", "x"), &NoLedger).await,
        Outcome::Deferred { throttled: true, .. }
    ));
    // The session breaks after the submission: perhaps sent. The next message has a new session.
    assert!(matches!(smsc.send(&message("+380501112233", "x"), &NoLedger).await, Outcome::Uncertain { .. }));
    assert!(matches!(
        smsc.send(&message("+380501112234", "hello"), &NoLedger).await,
        Outcome::Accepted { .. }
    ));
    assert!(matches!(smsc.send(&message("0", ""), &NoLedger).await, Outcome::Rejected { .. }));
    tokio::time::timeout(Duration::from_secs(60), smsc.close()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_defers() {
    let (texts, _seen) = mpsc::unbounded_channel();
    let port = smsc(texts).await;
    let (kept, _inbox) = mpsc::unbounded_channel();
    let smsc = Smsc::new(SmppConfig::loopback(port, "otklik", "wrong", "Knyha"), Arc::new(Keep(kept)));
    let outcome = smsc.send(&message("+380501112234", "hello"), &NoLedger).await;
    assert!(matches!(outcome, Outcome::Deferred { .. }), "{outcome:?}");
}
