//! What an answer does, whichever way it came: a page, a letter, a message, an operator's call.

use access::{App, Workspace};
use basis::{CategoryId, Fault, InteractionId, MessageId, Time, WaveId};
use campaign::Outcome;
use channel::ledger::Row;
use permission::Consent;
use serde_json::{Value, json};
use store::Tx;
use timeline::Interaction;

use crate::{
    rules::credit::{Contact, earned},
    store::{NewReaction, add_reaction, contacts, ids_of, kind_of},
};

/// Whose answer it is, to which message, when and by whose hand.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    pub app: &'a App,
    pub workspace: &'a Workspace,
    /// The message that was answered.
    pub row: &'a Row,
    /// On the campaign clock.
    pub at: Time,
    /// `customer`, or `user` for an operator who writes down what was said.
    pub actor_kind: &'a str,
    pub actor_id: i64,
}

impl Answered<'_> {
    /// Writes the reaction, credited to the wave that earned it, and the entry of the timeline.
    ///
    /// # Errors
    /// Of the database.
    pub async fn note(
        &self,
        tx: &mut Tx,
        kind: &str,
        timeline_kind: &str,
        data: &Value,
    ) -> Result<(), Fault> {
        let ws = self.workspace.id;
        let row = self.row;
        let own = Contact {
            message: row.id.get(),
            wave: row.wave_id.get(),
            sent_at: row.sent_at.map(Time::millis),
        };
        let all = contacts(tx, ws, row.campaign_id, row.customer_id).await?;
        let credit = earned(own, &all, self.at.millis());
        let ids = self.app.next_ids(2);
        let reaction = NewReaction {
            id: ids[0],
            campaign: row.campaign_id,
            wave: WaveId(credit.wave),
            message: MessageId(credit.message),
            customer: row.customer_id,
            kind,
            human: true,
            at: self.at,
            data,
        };
        add_reaction(tx, ws, &reaction).await?;
        self.remember(tx, ids[1], timeline_kind, data).await
    }

    pub(crate) async fn remember(&self, tx: &mut Tx, id: i64, kind: &str, data: &Value) -> Result<(), Fault> {
        let entry = Interaction {
            id: InteractionId(id),
            customer_id: self.row.customer_id,
            at: self.at,
            kind: kind.to_owned(),
            channel: self.row.channel.clone(),
            direction: "in".to_owned(),
            campaign_id: Some(self.row.campaign_id),
            wave_id: Some(self.row.wave_id),
            message_id: Some(self.row.id),
            actor_kind: self.actor_kind.to_owned(),
            actor_id: self.actor_id,
            data: data.clone(),
        };
        timeline::record(tx, self.workspace.id, &entry).await?;
        Ok(())
    }

    /// The contact through which the answer came.
    fn contact(&self) -> (&'static str, &str) {
        (kind_of(&self.row.channel), self.row.address.as_deref().unwrap_or_default())
    }

    /// A consent of the person to be written to, through the contact of this message.
    async fn consent(&self, tx: &mut Tx, channel: &str, proof: Value) -> Result<(), Fault> {
        let (kind, value) = self.contact();
        let (current, _) = ids_of(tx, self.workspace.id, self.row.customer_id).await?;
        let consent = Consent {
            customer_id: current,
            kind,
            value,
            purpose: "marketing",
            channel,
            basis: "consent",
            proof,
            at: self.at,
        };
        permission::give(tx, self.app, self.workspace.id, &consent).await?;
        Ok(())
    }

    /// Interests were chosen. With at least one of them the person subscribed, and consents with the proof given.
    ///
    /// # Errors
    /// Of the database, or a proof that proves nothing.
    pub async fn choose(
        &self,
        tx: &mut Tx,
        chosen: &[(CategoryId, bool)],
        subscribes: bool,
        proof: Value,
    ) -> Result<(), Fault> {
        let ws = self.workspace.id;
        let (current, _) = ids_of(tx, ws, self.row.customer_id).await?;
        permission::choose_interests(tx, ws, current, chosen, self.at).await?;
        let names: Vec<String> =
            chosen.iter().filter(|(_, yes)| *yes).map(|(id, _)| id.to_string()).collect();
        let data = json!({ "categories": names });
        if subscribes {
            self.consent(tx, &self.row.channel, proof).await?;
            self.note(tx, "subscribed", "choice", &data).await?;
            let (campaign, customer) = (self.row.campaign_id, self.row.customer_id);
            campaign::record_reaction(tx, ws, campaign, customer, Outcome::Subscribed, self.at).await?;
        } else {
            // An answer all the same: the person is not silent.
            self.note(tx, "choice", "choice", &data).await?;
            campaign::note_click(tx, ws, self.row.campaign_id, self.row.customer_id).await?;
        }
        Ok(())
    }

    /// The person agreed in so many words, on a call. `kind` is `agreed`, or `resend` for who called and asked for the letter again.
    ///
    /// # Errors
    /// Of the database, or a proof that proves nothing.
    pub async fn agree(&self, tx: &mut Tx, kind: &str, proof: Value, data: &Value) -> Result<(), Fault> {
        // The words were "you may write to me and call me": on the channel spoken on and on letters.
        self.consent(tx, "all", proof).await?;
        self.note(tx, kind, "call", data).await?;
        let (campaign, customer) = (self.row.campaign_id, self.row.customer_id);
        campaign::record_reaction(tx, self.workspace.id, campaign, customer, Outcome::Agreed, self.at)
            .await?;
        Ok(())
    }

    /// The person wants no more: kept by contact value, and every running campaign ends on every channel.
    /// `reason` is `opt_out`, `refused` or `complaint`, and so is the reaction.
    ///
    /// # Errors
    /// Of the database.
    pub async fn refuse(&self, tx: &mut Tx, reason: &str, proof: Value, data: &Value) -> Result<(), Fault> {
        let ws = self.workspace.id;
        let (kind, value) = self.contact();
        let (current, all) = ids_of(tx, ws, self.row.customer_id).await?;
        let campaign = Some(self.row.campaign_id);
        permission::opt_out(tx, self.app, ws, current, (kind, value), reason, campaign, proof, self.at)
            .await?;
        let timeline_kind = if reason == "refused" { "call" } else { reason };
        self.note(tx, reason, timeline_kind, data).await?;
        let (campaign, customer) = (self.row.campaign_id, self.row.customer_id);
        campaign::record_reaction(tx, ws, campaign, customer, Outcome::Refused, self.at).await?;
        for id in all {
            campaign::end_for_customer(tx, ws, id, self.at).await?;
        }
        // A complaint or a refusal is a sign of leaving: the profile is due.
        let event = json!({ "customer_id": current.to_string() });
        let (app, now) = (self.app, self.app.now());
        store::outbox::publish(tx, ws, app.next_id(), "customer_refused", &event, now).await?;
        Ok(())
    }
}
