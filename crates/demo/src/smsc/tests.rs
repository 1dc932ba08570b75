use pdu::tests::submit_body;

use super::*;

struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn new(centre: &Smsc) -> Self {
        Self { stream: TcpStream::connect(centre.address).await.unwrap(), buffer: Vec::new() }
    }

    async fn send(&mut self, command: u32, status: u32, sequence: u32, body: &[u8]) {
        let unit = Pdu::new(command, status, sequence, body.to_vec());
        self.stream.write_all(&unit.encode()).await.unwrap();
    }

    async fn hear(&mut self) -> Pdu {
        loop {
            if let Some(unit) = Pdu::take(&mut self.buffer).unwrap() {
                return unit;
            }
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "closed");
        }
    }

    async fn ask(&mut self, command: u32, sequence: u32, body: &[u8]) -> Pdu {
        self.send(command, 0, sequence, body).await;
        self.hear().await
    }

    async fn bind(&mut self) {
        let answer = self.ask(command::BIND_TRANSCEIVER, 1, b"otklik\0demo\0\0\x34\0\0\0").await;
        assert_eq!((answer.command, answer.status, answer.sequence), (0x8000_0009, 0, 1));
    }
}

async fn centre() -> (Smsc, mpsc::UnboundedReceiver<Sms>) {
    let policy: Policy = Arc::new(|number| match number {
        "+380000000001" => Line::Unknown,
        "+380000000002" => Line::ThrottlesFirst,
        _ => Line::Takes,
    });
    Smsc::start(policy).await.unwrap()
}

#[tokio::test]
async fn messages_are_taken_refused_and_throttled() {
    let (centre, mut screens) = centre().await;
    let mut client = Client::new(&centre).await;
    let body = |to: &str| submit_body("Knyha", to, 0, pdu::UCS2, &pdu::ucs2("Привіт"));
    let early = client.ask(command::SUBMIT_SM, 1, &body("380961234567")).await;
    assert_eq!(early.status, status::WRONG_BIND_STATE);
    client.bind().await;
    let taken = client.ask(command::SUBMIT_SM, 2, &body("380961234567")).await;
    assert_eq!((taken.status, taken.sequence, taken.command), (0, 2, 0x8000_0004));
    let id = String::from_utf8(taken.body[..taken.body.len() - 1].to_vec()).unwrap();
    let sms = screens.recv().await.unwrap();
    assert_eq!(
        (sms.to.as_str(), sms.text.as_str(), sms.receipt.as_ref()),
        ("+380961234567", "Привіт", Some(&id))
    );
    assert_eq!(
        client.ask(command::SUBMIT_SM, 3, &body("380000000001")).await.status,
        status::INVALID_DESTINATION
    );
    assert_eq!(client.ask(command::SUBMIT_SM, 4, &body("380000000002")).await.status, status::THROTTLED);
    assert_eq!(client.ask(command::SUBMIT_SM, 5, &body("380000000002")).await.status, status::OK);
    assert_eq!(client.ask(command::SUBMIT_SM, 6, b"\0\0").await.status, status::INVALID_LENGTH);
    assert_eq!(client.ask(command::ENQUIRE_LINK, 7, b"").await.command, 0x8000_0015);
    assert_eq!(client.ask(0x0000_0103, 8, b"").await.command, command::GENERIC_NACK);
    assert_eq!(client.ask(command::UNBIND, 9, b"").await.command, 0x8000_0006);
}

#[tokio::test]
async fn parts_in_any_order_are_one_message() {
    let (centre, mut screens) = centre().await;
    let mut client = Client::new(&centre).await;
    client.bind().await;
    let mut first_part = Vec::new();
    for (number, text) in [(2, "друга"), (1, "Перша і ")] {
        let content = [&[5, 0, 3, 9, 2, number][..], &pdu::ucs2(text)].concat();
        let body = submit_body("Knyha", "380961234567", pdu::UDHI, pdu::UCS2, &content);
        let answer = client.ask(command::SUBMIT_SM, u32::from(number), &body).await;
        assert_eq!(answer.status, 0);
        first_part = answer.body;
    }
    let sms = screens.recv().await.unwrap();
    assert_eq!(sms.text, "Перша і друга");
    assert_eq!(
        sms.receipt.map(String::into_bytes).as_deref(),
        first_part.strip_suffix(&[0]),
        "one report, of the first part"
    );
    assert!(screens.try_recv().is_err());
}

#[tokio::test]
async fn answers_and_receipts_reach_who_is_bound() {
    let (centre, _screens) = centre().await;
    assert!(!centre.write("+380961234567", "Knyha", "СТОП").await, "nobody is bound");
    let mut client = Client::new(&centre).await;
    client.bind().await;
    let sending = {
        let centre = centre.clone();
        tokio::spawn(async move { centre.write("+380961234567", "Knyha", "СТОП").await })
    };
    let unit = client.hear().await;
    assert_eq!(unit.command, command::DELIVER_SM);
    let message = pdu::read_submit(&unit.body).unwrap();
    assert_eq!((message.source.as_str(), pdu::read_text(&message).0.as_str()), ("380961234567", "СТОП"));
    client.send(command::DELIVER_SM_RESP, 0, unit.sequence, b"\0").await;
    assert!(sending.await.unwrap());

    let sms = Sms {
        from: "Knyha".into(),
        to: "+380961234567".into(),
        text: String::new(),
        receipt: Some("s1".into()),
    };
    let sending = tokio::spawn(async move { centre.receipt(&sms, "UNDELIV", "001", "2409011030").await });
    let unit = client.hear().await;
    let message = pdu::read_submit(&unit.body).unwrap();
    assert_eq!(message.esm_class, pdu::RECEIPT);
    assert!(pdu::read_text(&message).0.starts_with("id:s1 sub:001 dlvrd:000"));
    client.send(command::DELIVER_SM_RESP, 0x64, unit.sequence, b"\0").await;
    assert!(!sending.await.unwrap(), "the customer could not keep it");
}

#[tokio::test]
async fn strangers_and_nonsense_are_turned_away() {
    let (centre, _screens) = centre().await;
    let mut client = Client::new(&centre).await;
    let answer = client.ask(command::BIND_TRANSCEIVER, 1, b"otklik\0wrong\0\0\x34\0\0\0").await;
    assert_eq!(answer.status, status::INVALID_PASSWORD);
    let mut client = Client::new(&centre).await;
    assert_eq!(
        client.ask(command::BIND_TRANSMITTER, 1, b"x\0demo\0").await.status,
        status::INVALID_SYSTEM_ID
    );
    let mut client = Client::new(&centre).await;
    client.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let answer = client.hear().await;
    assert_eq!((answer.command, answer.status), (command::GENERIC_NACK, status::INVALID_LENGTH));
}
