//! What an incoming message does: bounces, complaints, receipts, replies, STOP words, unsubscribes by mail.

use serde_json::Value;

/// What is to be done about one incoming message, each at most once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effects {
    pub delivered: bool,
    pub bounced: Option<Bounce>,
    /// Stops the contact value for good, with this reason, and ends every running campaign for the person.
    pub stop: Option<Stop>,
    /// A reaction of the person, by its kind.
    pub reaction: Option<&'static str>,
    /// Kind of the entry on the person's timeline.
    pub timeline: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    Hard,
    Soft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    OptOut,
    Complaint,
}

impl Stop {
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::Complaint => "complaint",
        }
    }
}

fn flag(data: &Value, name: &str) -> bool {
    data.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The effects of one row of `inbound`. An unknown kind does nothing but is marked as seen.
pub fn effects(channel: &str, kind: &str, data: &Value) -> Effects {
    let none = Effects::default();
    match kind {
        "bounce" => {
            let bounce = if flag(data, "hard") { Bounce::Hard } else { Bounce::Soft };
            Effects { bounced: Some(bounce), timeline: Some("letter_bounced"), ..none }
        }
        // Only the last word on a message counts: ENROUTE and ACCEPTD are on the way (SMPP 5.0, 4.7.22).
        "receipt" if flag(data, "delivered") => Effects { delivered: true, ..none },
        "receipt" if flag(data, "final") => {
            // An operator's network says "undeliverable" of a phone that is off for days: soft, the number may live.
            let hard = matches!(
                data.get("error").and_then(Value::as_str),
                Some("001" | "011" | "unknown_subscriber")
            );
            let bounce = if hard { Bounce::Hard } else { Bounce::Soft };
            let timeline = if channel == "sms" { "sms_undelivered" } else { "letter_bounced" };
            Effects { bounced: Some(bounce), timeline: Some(timeline), ..none }
        }
        // "not-spam" is the opposite of a complaint (RFC 6430).
        "complaint" if data.get("type").and_then(Value::as_str) == Some("not-spam") => none,
        "complaint" => Effects {
            stop: Some(Stop::Complaint),
            reaction: Some("complaint"),
            timeline: Some("complaint"),
            ..none
        },
        "stop" | "unsubscribe" => {
            Effects { stop: Some(Stop::OptOut), reaction: Some("opt_out"), timeline: Some("opt_out"), ..none }
        }
        "reply" => Effects { reaction: Some("reply"), timeline: Some("reply"), ..none },
        _ => none,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bounce_is_hard_or_soft_and_stops_nobody() {
        assert_eq!(effects("email", "bounce", &json!({"hard": true})).bounced, Some(Bounce::Hard));
        let soft = effects("email", "bounce", &json!({"status": "4.2.2"}));
        assert_eq!((soft.bounced, soft.stop), (Some(Bounce::Soft), None));
    }

    #[test]
    fn a_receipt_speaks_only_when_it_is_final() {
        assert!(effects("sms", "receipt", &json!({"delivered": true, "final": true})).delivered);
        assert_eq!(
            effects("sms", "receipt", &json!({"final": false, "state": "ENROUTE"})),
            Effects::default()
        );
        let failed = effects("sms", "receipt", &json!({"final": true, "state": "UNDELIV", "error": "001"}));
        assert_eq!(failed.bounced, Some(Bounce::Hard));
    }

    #[test]
    fn a_complaint_and_a_stop_end_it() {
        let complaint = effects("email", "complaint", &json!({"type": "abuse"}));
        assert_eq!((complaint.stop, complaint.reaction), (Some(Stop::Complaint), Some("complaint")));
        assert_eq!(effects("email", "complaint", &json!({"type": "not-spam"})), Effects::default());
        for kind in ["stop", "unsubscribe"] {
            assert_eq!(effects("sms", kind, &json!({})).stop, Some(Stop::OptOut));
        }
    }

    #[test]
    fn words_and_machines() {
        assert_eq!(effects("email", "reply", &json!({"text": "да"})).reaction, Some("reply"));
        assert_eq!(effects("email", "auto_reply", &json!({})), Effects::default());
    }
}
