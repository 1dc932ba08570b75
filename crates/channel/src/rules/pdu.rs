//! SMPP 3.4 protocol data units that a sending client needs, encoded and decoded.
//!
//! Source: SMPP Protocol Specification v3.4, issue 1.2. Integers are big-endian, strings end with a
//! zero byte. Optional parameters are kept as (tag, value).

use bytes::{Buf, BufMut, BytesMut};

/// Largest PDU accepted; a `message_payload` of 64 KiB and the header fit.
pub const MAX_PDU: usize = 70_000;
pub const HEADER: usize = 16;

pub mod command {
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    pub const SUBMIT_SM: u32 = 0x0000_0004;
    pub const DELIVER_SM: u32 = 0x0000_0005;
    pub const UNBIND: u32 = 0x0000_0006;
    pub const BIND_TRANSCEIVER: u32 = 0x0000_0009;
    pub const ENQUIRE_LINK: u32 = 0x0000_0015;
    /// Set in the id of every response.
    pub const RESPONSE: u32 = 0x8000_0000;
}

pub mod status {
    pub const OK: u32 = 0;
    pub const INVALID_COMMAND: u32 = 0x03;
    pub const SYSTEM_ERROR: u32 = 0x08;
    pub const INVALID_DESTINATION: u32 = 0x0b;
    pub const BIND_FAILED: u32 = 0x0d;
    pub const INVALID_PASSWORD: u32 = 0x0e;
    pub const QUEUE_FULL: u32 = 0x14;
    pub const THROTTLED: u32 = 0x58;
    pub const TEMPORARY_APP_ERROR: u32 = 0x64;
}

pub mod tag {
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001e;
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub const MESSAGE_STATE: u16 = 0x0427;
    pub const SAR_REFERENCE: u16 = 0x020c;
    pub const SAR_TOTAL: u16 = 0x020e;
    pub const SAR_NUMBER: u16 = 0x020f;
}

/// `esm_class`: the short message begins with a user data header.
pub const ESM_UDHI: u8 = 0x40;
/// `esm_class` of an SMSC delivery receipt.
pub const ESM_RECEIPT: u8 = 0x04;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PduError {
    #[error("command_length {0} is out of bounds")]
    Length(u32),
    #[error("the unit ends inside a field")]
    Truncated,
    #[error("a string field is longer than the protocol allows")]
    StringTooLong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    pub status: u32,
    pub sequence: u32,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    BindTransceiver(Bind),
    /// The SMSC's name.
    BindTransceiverResp(String),
    SubmitSm(Box<ShortMessage>),
    /// The message id that receipts will name.
    SubmitSmResp(String),
    DeliverSm(Box<ShortMessage>),
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
    /// Anything else, by id: answered with `generic_nack`.
    Other(u32),
}

#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    pub system_id: String,
    pub password: String,
    pub system_type: String,
}

impl std::fmt::Debug for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}

/// The common body of `submit_sm` and `deliver_sm`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShortMessage {
    pub source_ton: u8,
    pub source_npi: u8,
    pub source: String,
    pub dest_ton: u8,
    pub dest_npi: u8,
    pub dest: String,
    pub esm_class: u8,
    pub validity_period: String,
    pub registered_delivery: u8,
    pub data_coding: u8,
    pub short_message: Vec<u8>,
    pub options: Vec<(u16, Vec<u8>)>,
}

impl ShortMessage {
    #[must_use]
    pub fn option(&self, tag: u16) -> Option<&[u8]> {
        self.options.iter().find(|(t, _)| *t == tag).map(|(_, v)| v.as_slice())
    }

    /// The payload option when there is one, else the short message.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.option(tag::MESSAGE_PAYLOAD).unwrap_or(&self.short_message)
    }
}

fn c_string(out: &mut BytesMut, text: &str, max: usize) -> Result<(), PduError> {
    if text.len() >= max || text.contains('\0') {
        return Err(PduError::StringTooLong);
    }
    out.put_slice(text.as_bytes());
    out.put_u8(0);
    Ok(())
}

fn put_message(out: &mut BytesMut, m: &ShortMessage) -> Result<(), PduError> {
    let len =
        u8::try_from(m.short_message.len()).ok().filter(|&n| n <= 254).ok_or(PduError::StringTooLong)?;
    out.put_u8(0);
    out.put_u8(m.source_ton);
    out.put_u8(m.source_npi);
    c_string(out, &m.source, 21)?;
    out.put_u8(m.dest_ton);
    out.put_u8(m.dest_npi);
    c_string(out, &m.dest, 21)?;
    out.put_u8(m.esm_class);
    out.put_u8(0);
    out.put_u8(0);
    out.put_u8(0);
    c_string(out, &m.validity_period, 17)?;
    out.put_u8(m.registered_delivery);
    out.put_u8(0);
    out.put_u8(m.data_coding);
    out.put_u8(0);
    out.put_u8(len);
    out.put_slice(&m.short_message);
    for (tag, value) in &m.options {
        let len = u16::try_from(value.len()).map_err(|_| PduError::StringTooLong)?;
        out.put_u16(*tag);
        out.put_u16(len);
        out.put_slice(value);
    }
    Ok(())
}

impl Body {
    fn command_id(&self) -> u32 {
        match self {
            Self::BindTransceiver(_) => command::BIND_TRANSCEIVER,
            Self::BindTransceiverResp(_) => command::BIND_TRANSCEIVER | command::RESPONSE,
            Self::SubmitSm(_) => command::SUBMIT_SM,
            Self::SubmitSmResp(_) => command::SUBMIT_SM | command::RESPONSE,
            Self::DeliverSm(_) => command::DELIVER_SM,
            Self::DeliverSmResp => command::DELIVER_SM | command::RESPONSE,
            Self::EnquireLink => command::ENQUIRE_LINK,
            Self::EnquireLinkResp => command::ENQUIRE_LINK | command::RESPONSE,
            Self::Unbind => command::UNBIND,
            Self::UnbindResp => command::UNBIND | command::RESPONSE,
            Self::GenericNack => command::GENERIC_NACK,
            Self::Other(id) => *id,
        }
    }
}

/// Appends the unit to `out`.
///
/// # Errors
/// A field is longer than the protocol allows; `out` is as it was.
pub fn encode(pdu: &Pdu, out: &mut BytesMut) -> Result<(), PduError> {
    let mut body = BytesMut::with_capacity(256);
    match &pdu.body {
        Body::BindTransceiver(bind) => {
            c_string(&mut body, &bind.system_id, 16)?;
            c_string(&mut body, &bind.password, 9)?;
            c_string(&mut body, &bind.system_type, 13)?;
            body.put_u8(0x34);
            body.put_u8(0);
            body.put_u8(0);
            body.put_u8(0);
        }
        Body::BindTransceiverResp(id) => c_string(&mut body, id, 16)?,
        Body::SubmitSm(m) | Body::DeliverSm(m) => put_message(&mut body, m)?,
        // The specification leaves out the body of a refused submit; an id is sent only with success.
        Body::SubmitSmResp(id) if pdu.status == status::OK => c_string(&mut body, id, 65)?,
        Body::DeliverSmResp => body.put_u8(0),
        Body::SubmitSmResp(_)
        | Body::EnquireLink
        | Body::EnquireLinkResp
        | Body::Unbind
        | Body::UnbindResp
        | Body::GenericNack
        | Body::Other(_) => {}
    }
    let length = u32::try_from(HEADER + body.len()).map_err(|_| PduError::StringTooLong)?;
    out.put_u32(length);
    out.put_u32(pdu.body.command_id());
    out.put_u32(pdu.status);
    out.put_u32(pdu.sequence);
    out.put_slice(&body);
    Ok(())
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn u8(&mut self) -> Result<u8, PduError> {
        if self.0.is_empty() { Err(PduError::Truncated) } else { Ok(self.0.get_u8()) }
    }

    fn u16(&mut self) -> Result<u16, PduError> {
        if self.0.len() < 2 { Err(PduError::Truncated) } else { Ok(self.0.get_u16()) }
    }

    fn bytes(&mut self, len: usize) -> Result<Vec<u8>, PduError> {
        if self.0.len() < len {
            return Err(PduError::Truncated);
        }
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        Ok(taken.to_vec())
    }

    fn c_string(&mut self, max: usize) -> Result<String, PduError> {
        let end = self.0.iter().position(|&b| b == 0).ok_or(PduError::Truncated)?;
        if end >= max {
            return Err(PduError::StringTooLong);
        }
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Ok(text)
    }

    fn message(&mut self) -> Result<ShortMessage, PduError> {
        self.c_string(6)?;
        let mut m = ShortMessage {
            source_ton: self.u8()?,
            source_npi: self.u8()?,
            source: self.c_string(21)?,
            dest_ton: self.u8()?,
            dest_npi: self.u8()?,
            dest: self.c_string(21)?,
            esm_class: self.u8()?,
            ..ShortMessage::default()
        };
        self.u8()?;
        self.u8()?;
        self.c_string(17)?;
        m.validity_period = self.c_string(17)?;
        m.registered_delivery = self.u8()?;
        self.u8()?;
        m.data_coding = self.u8()?;
        self.u8()?;
        let len = self.u8()?;
        m.short_message = self.bytes(usize::from(len))?;
        while !self.0.is_empty() {
            let tag = self.u16()?;
            let len = self.u16()?;
            m.options.push((tag, self.bytes(usize::from(len))?));
        }
        Ok(m)
    }
}

/// Takes one unit off the front of `buffer`, or `None` when more bytes are needed.
///
/// # Errors
/// The bytes are no SMPP; the connection is of no more use.
pub fn decode(buffer: &mut BytesMut) -> Result<Option<Pdu>, PduError> {
    let Some(head) = buffer.first_chunk::<4>() else { return Ok(None) };
    let announced = u32::from_be_bytes(*head);
    let length = usize::try_from(announced).map_err(|_| PduError::Length(announced))?;
    if !(HEADER..=MAX_PDU).contains(&length) {
        return Err(PduError::Length(announced));
    }
    if buffer.len() < length {
        return Ok(None);
    }
    let mut unit = buffer.split_to(length);
    unit.advance(4);
    let id = unit.get_u32();
    let status = unit.get_u32();
    let sequence = unit.get_u32();
    let mut reader = Reader(&unit);
    let body = match id {
        command::BIND_TRANSCEIVER => Body::BindTransceiver(Bind {
            system_id: reader.c_string(16)?,
            password: reader.c_string(9)?,
            system_type: reader.c_string(13)?,
        }),
        command::SUBMIT_SM => Body::SubmitSm(Box::new(reader.message()?)),
        command::DELIVER_SM => Body::DeliverSm(Box::new(reader.message()?)),
        command::ENQUIRE_LINK => Body::EnquireLink,
        command::UNBIND => Body::Unbind,
        command::GENERIC_NACK => Body::GenericNack,
        _ if id == command::BIND_TRANSCEIVER | command::RESPONSE => {
            Body::BindTransceiverResp(reader.c_string(16).unwrap_or_default())
        }
        _ if id == command::SUBMIT_SM | command::RESPONSE => {
            Body::SubmitSmResp(reader.c_string(65).unwrap_or_default())
        }
        _ if id == command::DELIVER_SM | command::RESPONSE => Body::DeliverSmResp,
        _ if id == command::ENQUIRE_LINK | command::RESPONSE => Body::EnquireLinkResp,
        _ if id == command::UNBIND | command::RESPONSE => Body::UnbindResp,
        other => Body::Other(other),
    };
    Ok(Some(Pdu { status, sequence, body }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> impl Strategy<Value = ShortMessage> {
        (
            any::<[u8; 6]>(),
            "[0-9]{0,20}",
            "[0-9+]{1,20}",
            proptest::collection::vec(any::<u8>(), 0..=254),
            proptest::collection::vec((any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..4),
        )
            .prop_map(|(b, source, dest, short_message, options)| ShortMessage {
                source_ton: b[0],
                source_npi: b[1],
                source,
                dest_ton: b[2],
                dest_npi: b[3],
                dest,
                esm_class: b[4],
                registered_delivery: 1,
                data_coding: b[5],
                short_message,
                options,
                validity_period: String::new(),
            })
    }

    fn round(pdu: &Pdu) -> Pdu {
        let mut wire = BytesMut::new();
        encode(pdu, &mut wire).unwrap();
        let back = decode(&mut wire).unwrap().unwrap();
        assert!(wire.is_empty());
        back
    }

    #[test]
    fn every_kind_comes_back() {
        for body in [
            Body::BindTransceiver(Bind {
                system_id: "otklik".into(),
                password: "secret".into(),
                system_type: String::new(),
            }),
            Body::BindTransceiverResp("smsc".into()),
            Body::SubmitSmResp("42".into()),
            Body::DeliverSmResp,
            Body::EnquireLink,
            Body::EnquireLinkResp,
            Body::Unbind,
            Body::UnbindResp,
            Body::GenericNack,
            Body::Other(0x103),
        ] {
            let pdu = Pdu { status: 0, sequence: 77, body };
            assert_eq!(round(&pdu), pdu);
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let bind = Bind { system_id: "x".into(), password: "hunter2".into(), system_type: String::new() };
        assert!(!format!("{:?}", Body::BindTransceiver(bind)).contains("hunter2"));
    }

    #[test]
    fn bounds_lengths() {
        let long = ShortMessage { short_message: vec![0; 255], ..ShortMessage::default() };
        let pdu = Pdu { status: 0, sequence: 1, body: Body::SubmitSm(Box::new(long)) };
        assert_eq!(encode(&pdu, &mut BytesMut::new()), Err(PduError::StringTooLong));
        for bad in [0u32, 15, 70_001, u32::MAX] {
            let mut wire = BytesMut::from(&bad.to_be_bytes()[..]);
            assert_eq!(decode(&mut wire), Err(PduError::Length(bad)));
        }
    }

    proptest! {
        #[test]
        fn messages_come_back(m in message(), sequence: u32, submit: bool) {
            let m = Box::new(m);
            let body = if submit { Body::SubmitSm(m) } else { Body::DeliverSm(m) };
            let pdu = Pdu { status: 0, sequence, body };
            prop_assert_eq!(round(&pdu), pdu);
        }

        #[test]
        fn cut_units_wait_for_more(m in message(), cut in 0usize..500) {
            let mut wire = BytesMut::new();
            encode(&Pdu { status: 0, sequence: 1, body: Body::SubmitSm(Box::new(m)) }, &mut wire).unwrap();
            let cut = cut.min(wire.len() - 1);
            let mut part = BytesMut::from(&wire[..cut]);
            prop_assert_eq!(decode(&mut part), Ok(None));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), id in 0u32..0x16, fix: bool) {
            let mut wire = BytesMut::new();
            if fix {
                wire.put_u32(u32::try_from(16 + bytes.len()).unwrap());
                wire.put_u32(id);
                wire.put_u64(1);
            }
            wire.extend_from_slice(&bytes);
            let _ = decode(&mut wire);
        }
    }
}
