//! A test letter to oneself: the first e-mail wave of a campaign, merged for a person of the base.

use access::{Answer, Op, need};
use axum::Json;
use axum::extract::Path;
use basis::{CampaignId, Email, Fault, Lang, MessageId, WaveId};
use campaign::{VariantNo, WaveContent};
use content::{Letter, Links, Recipient};
use serde::{Deserialize, Serialize};

use crate::dkim::Signer;
use crate::rules::letter;
use crate::settings;
use crate::smtp::Relay;
use crate::transport::{NoLedger, Outcome, Outgoing, Payload, Transport};

#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct TestRequest {
    /// An e-mail address of one's own.
    to: String,
    /// ru, uk or en; the workspace's by default.
    language: Option<String>,
    /// The variant of the letter, from 1; the wave's own text without it.
    variant: Option<i64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TestAnswer {
    /// accepted, rejected, deferred, uncertain
    outcome: &'static str,
    /// The relay's words.
    detail: String,
}

#[utoipa::path(post, path = "/api/campaigns/{id}/test", tag = "channel", params(("id" = String, Path)), request_body = TestRequest, responses((status = 200, body = TestAnswer)))]
pub(super) async fn test_letter(
    need::Marketer(op): need::Marketer,
    Path(id): Path<String>,
    Json(request): Json<TestRequest>,
) -> Answer<TestAnswer> {
    let id: CampaignId =
        id.parse().map_err(|_| Fault::not_found("campaign", "There is no such campaign."))?;
    let to = Email::parse(&request.to)?;
    let lang = request.language.as_deref().map(str::parse::<Lang>).transpose()?;
    let variant = request.variant.map(|number| VariantNo(number.saturating_sub(1)));
    let mut tx = op.app.db.read().await?;
    let wave = campaign::waves(&mut tx, op.ws(), id)
        .await?
        .into_iter()
        .find(|w| w.draft.channel.as_str() == "email")
        .ok_or_else(|| Fault::invalid("wave", "This campaign has no letter."))?;
    drop(tx);
    if variant.is_some_and(|no| usize::try_from(no.get()).map_or(true, |no| no >= wave.draft.variants.len()))
    {
        return Err(Fault::invalid("variant", "This letter has no such variant.")
            .with_field("variant", "no such variant")
            .into());
    }
    let outcome = send_test(&op, wave.id, variant, &to, lang.unwrap_or(op.workspace.language)).await?;
    let mut tx = op.app.db.write().await?;
    op.audit(&mut tx, "test_letter_sent", "campaign", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(Json(match outcome {
        Outcome::Accepted { detail, .. } => TestAnswer { outcome: "accepted", detail },
        Outcome::Rejected { detail, .. } => TestAnswer { outcome: "rejected", detail },
        Outcome::Deferred { detail, .. } => TestAnswer { outcome: "deferred", detail },
        Outcome::Uncertain { detail } => TestAnswer { outcome: "uncertain", detail },
        Outcome::Withdrawn => TestAnswer { outcome: "deferred", detail: String::new() },
    }))
}

/// Sends one letter of a wave to an address of the user's, outside the ledger. Its personal links lead to
/// the public site's front: a test opens nobody's page.
pub async fn send_test(
    op: &Op,
    wave: WaveId,
    variant: Option<VariantNo>,
    to: &Email,
    lang: Lang,
) -> Result<Outcome, Fault> {
    let sender = settings::email(&op.app, op.ws())
        .await?
        .ok_or_else(|| Fault::refused("no_sender", "Set up the e-mail sender first."))?;
    let mut tx = op.app.db.read().await?;
    let content = campaign::wave_content(&mut tx, op.ws(), wave).await?;
    drop(tx);
    let raw = build(op, &content, variant, to, lang)?;
    let key = settings::dkim_key(&op.app, op.ws()).await?;
    let internal = |e: crate::dkim::DkimError| Fault::internal("dkim", e.to_string());
    let raw =
        Signer::new(&sender.domain, &sender.selector, &key).and_then(|s| s.sign(&raw)).map_err(internal)?;
    let relay = Relay::new(settings::smtp_config(&op.app, &op.workspace, &sender).await?, 1);
    let payload = Payload::Email {
        return_path: format!("postmaster@{}", sender.bounce_domain),
        to: to.as_str().to_owned(),
        raw,
    };
    let outcome = relay.send(&Outgoing { ledger: 0, payload }, &NoLedger).await;
    relay.close().await;
    Ok(outcome)
}

fn build(
    op: &Op,
    content: &WaveContent,
    variant: Option<VariantNo>,
    to: &Email,
    lang: Lang,
) -> Result<Vec<u8>, Fault> {
    let bodies = content.texts(variant);
    let source = bodies
        .get(&lang)
        .or_else(|| bodies.values().next())
        .ok_or_else(|| Fault::invalid("letter", "The letter has no text yet."))?;
    let letter = Letter::compile(lang, source).map_err(|errors| {
        Fault::invalid("template", errors.first().map_or_else(String::new, ToString::to_string))
    })?;
    let shop = content::sender_of(&op.workspace);
    let site = op.app.public_url();
    let links = Links { interests: format!("{site}/"), unsubscribe: format!("{site}/?unsubscribe") };
    let merge = Recipient::default().merge(lang, &shop, links);
    let rendered =
        letter.render(&merge, &mut |_| None).map_err(|e| Fault::invalid("template", e.to_string()))?;
    let message_id = format!("test.{}@{}", MessageId(op.next_id()), to.domain());
    Ok(letter::build(&letter::Letter {
        from_name: &content.from_name,
        from: &content.from_address,
        to_name: "",
        to: to.as_str(),
        reply_to: None,
        subject: &rendered.subject,
        text: &rendered.text,
        html: &rendered.html,
        date: op.campaign_now().millis().div_euclid(1000),
        message_id: &message_id,
        unsubscribe_url: None,
        unsubscribe_mailto: None,
        feedback_id: None,
        bulk: false,
        simulated: op.workspace.simulated,
    }))
}
