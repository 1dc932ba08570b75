//! The product's own letters and short messages: rules of contact asked, texts merged, links signed, the
//! letter built and signed by DKIM; and the consequences of what came of them.

mod texts;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use access::links::{Link as PublicLink, LinkKind};
use access::{App, Workspace};
use basis::{CustomerId, Fault, InteractionId, MessageId, Time, WaveId};
use content::{Links, Recipient};
use parking_lot::Mutex;
use permission::{Decision, GateQuery, Purpose};
use serde_json::json;
use store::Tx;
use timeline::Interaction;

use crate::dkim::Signer;
use crate::ledger::{Claimed, Settled};
use crate::plan::plan_next;
use crate::rules::letter;
use crate::rules::verp::{AddressKind, MessageRef, Verp};
use crate::sender::{Composed, Composer};
use crate::settings;
use crate::transport::{BoxFuture, Payload};
use texts::{Prepared, Texts};

/// The signing side of the e-mail sender.
struct Post {
    verp: Verp,
    signer: Signer,
}

/// The composer of the running product.
#[derive(Default)]
pub struct ProductComposer {
    /// A launched wave never changes, so it is compiled once.
    prepared: Mutex<HashMap<WaveId, Arc<Prepared>>>,
    post: Mutex<Option<Arc<Post>>>,
}

impl std::fmt::Debug for ProductComposer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProductComposer")
    }
}

impl ProductComposer {
    async fn prepare(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        wave: WaveId,
    ) -> Result<Arc<Prepared>, Fault> {
        if let Some(ready) = self.prepared.lock().get(&wave) {
            return Ok(Arc::clone(ready));
        }
        let content = campaign::wave_content(tx, workspace.id, wave).await?;
        let texts = content
            .variant_numbers()
            .map(|no| Ok((no, Texts::compile(wave, content.channel, &content.texts(no))?)))
            .collect::<Result<_, Fault>>()?;
        let rows = store::fetch_all!(
            *tx,
            (i64, String),
            "SELECT number, url FROM links WHERE workspace_id = $1 AND wave_id = $2",
            workspace.id.get(),
            wave.get()
        )?;
        let tracked =
            rows.into_iter().filter_map(|(n, url)| u16::try_from(n).ok().map(|n| (url, n))).collect();
        let ready = Arc::new(Prepared { content, texts, tracked: Mutex::new(tracked) });
        self.prepared.lock().insert(wave, Arc::clone(&ready));
        Ok(ready)
    }

    async fn post(&self, app: &App, workspace: &Workspace) -> Result<Arc<Post>, Fault> {
        if let Some(post) = self.post.lock().as_ref() {
            return Ok(Arc::clone(post));
        }
        let post = Arc::new(open_post(app, workspace).await?);
        *self.post.lock() = Some(Arc::clone(&post));
        Ok(post)
    }

    async fn compose_all(
        &self,
        app: &App,
        workspace: &Workspace,
        channel: &str,
        rows: &[Claimed],
    ) -> Result<Vec<Composed>, Fault> {
        let ws = workspace.id;
        let now = workspace.campaign_now(app.now());
        let kind: permission::Channel = channel
            .parse()
            .map_err(|_| Fault::internal("channel", format!("no rules for channel {channel}")))?;
        let queries: Vec<GateQuery> = rows
            .iter()
            .map(|row| GateQuery {
                customer_id: row.customer_id,
                channel: kind,
                address: row.address.clone(),
                purpose: Purpose::Marketing,
                at: now,
                campaign_id: Some(row.campaign_id),
                expires_at: Some(row.expires_at),
            })
            .collect();
        let links_key = app.key(ws, "links").await?;
        let post = if channel == "email" { Some(self.post(app, workspace).await?) } else { None };
        let mut tx = app.db.read().await?;
        let decisions = permission::gate_many(&mut tx, app, workspace, &queries).await?;
        let mut by_wave: BTreeMap<WaveId, Vec<CustomerId>> = BTreeMap::new();
        for row in rows {
            by_wave.entry(row.wave_id).or_default().push(row.customer_id);
        }
        let mut waves = HashMap::new();
        let mut may: HashMap<WaveId, Vec<CustomerId>> = HashMap::new();
        for (wave, people) in by_wave {
            waves.insert(wave, self.prepare(&mut tx, workspace, wave).await?);
            may.insert(wave, campaign::may_still(&mut tx, ws, wave, &people).await?);
        }
        let ids: Vec<CustomerId> = rows.iter().map(|r| r.customer_id).collect();
        let people = content::recipients(&mut tx, ws, &ids, now).await?;
        drop(tx);
        let site = app.public_url();
        let page = Page { workspace, site: &site, key: &links_key, now, post: post.as_deref() };
        let unknown = Recipient::default();
        let mut out = Vec::with_capacity(rows.len());
        for (row, decision) in rows.iter().zip(decisions) {
            out.push(match decision {
                Decision::Held { until, reason } => {
                    Composed::Held { until, reason: reason.code().to_owned() }
                }
                Decision::Refused(reason) => refused(reason.code(), ""),
                Decision::Allow if !may.get(&row.wave_id).is_some_and(|m| m.contains(&row.customer_id)) => {
                    refused("answered", "")
                }
                Decision::Allow => match waves.get(&row.wave_id) {
                    Some(wave) => page.ready(wave, row, people.get(&row.customer_id).unwrap_or(&unknown)),
                    None => refused("template", "the wave is not there"),
                },
            });
        }
        for (wave, prepared) in &waves {
            if !save_links(app, workspace, *wave, prepared).await? {
                self.prepared.lock().remove(wave);
                return Err(Fault::conflict("links", "another sender numbered the links of this wave first"));
            }
        }
        Ok(out)
    }
}

fn refused(reason: &str, detail: &str) -> Composed {
    Composed::Refused { reason: reason.to_owned(), detail: detail.to_owned() }
}

/// Link numbers must be on the disk before a letter that carries them leaves. `false` when another sender
/// gave other numbers meanwhile.
async fn save_links(
    app: &App,
    workspace: &Workspace,
    wave: WaveId,
    prepared: &Prepared,
) -> Result<bool, Fault> {
    let all: Vec<(u16, String)> =
        prepared.tracked.lock().iter().map(|(url, number)| (*number, url.clone())).collect();
    if all.is_empty() {
        return Ok(true);
    }
    let mut tx = app.db.read().await?;
    let (known,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM links WHERE workspace_id = $1 AND wave_id = $2",
        workspace.id.get(),
        wave.get()
    )?;
    drop(tx);
    if usize::try_from(known).unwrap_or(0) >= all.len() {
        return Ok(true);
    }
    let mut tx = app.db.write().await?;
    store::insert_many!(
        tx,
        "INSERT INTO links (workspace_id, wave_id, number, url)",
        all,
        |l| [workspace.id.get(), wave.get(), i64::from(l.0), l.1.clone()],
        "ON CONFLICT DO NOTHING"
    )?;
    let kept = store::fetch_all!(
        tx,
        (i64, String),
        "SELECT number, url FROM links WHERE workspace_id = $1 AND wave_id = $2",
        workspace.id.get(),
        wave.get()
    )?;
    tx.commit().await?;
    Ok(all.iter().all(|(number, url)| kept.iter().any(|(n, u)| *n == i64::from(*number) && u == url)))
}

async fn open_post(app: &App, workspace: &Workspace) -> Result<Post, Fault> {
    let missing = || Fault::refused("no_sender", "The workspace has no e-mail sender yet.");
    let sender = settings::email(app, workspace.id).await?.ok_or_else(missing)?;
    let key = settings::dkim_key(app, workspace.id).await?;
    let signer = Signer::new(&sender.domain, &sender.selector, &key)
        .map_err(|e| Fault::internal("dkim", e.to_string()))?;
    Ok(Post { verp: Verp::new(app.key(workspace.id, "verp").await?, &sender.bounce_domain), signer })
}

/// What all messages of one batch share.
struct Page<'a> {
    workspace: &'a Workspace,
    site: &'a str,
    key: &'a [u8; 32],
    now: Time,
    post: Option<&'a Post>,
}

impl Page<'_> {
    fn link(&self, message: MessageId, kind: LinkKind) -> String {
        let link = PublicLink { workspace: self.workspace.id, message, kind };
        format!("{}{}", self.site, link.path(self.key))
    }

    fn ready(&self, wave: &Prepared, row: &Claimed, person: &Recipient) -> Composed {
        let Some((texts, lang)) =
            wave.texts(row).and_then(|texts| Some((texts, texts.language(row, self.workspace)?)))
        else {
            return refused("template", "the wave has no text");
        };
        let links = Links {
            interests: self.link(row.id, LinkKind::Preferences),
            unsubscribe: self.link(row.id, LinkKind::Unsubscribe),
        };
        let sender = content::sender_of(self.workspace);
        let merge = person.merge(lang, &sender, links.clone());
        let mut track = |link: content::Link<'_>| {
            let mut tracked = wave.tracked.lock();
            let next = u16::try_from(tracked.len()).ok()?;
            let number = *tracked.entry(link.url.to_owned()).or_insert(next);
            Some(self.link(row.id, LinkKind::Click(number)))
        };
        let rate_per_second = wave.content.rate_per_second;
        if let Some(letter) = texts.letters.get(&lang) {
            let Some(post) = self.post else { return refused("no_sender", "") };
            return match letter.render(&merge, &mut track) {
                Err(e) => refused("template", &e.to_string()),
                Ok(rendered) => match self.letter(wave, row, post, &rendered, &links) {
                    Ok(payload) => Composed::Ready { payload, rate_per_second },
                    Err(e) => refused("letter", &e),
                },
            };
        }
        let Some(short) = texts.shorts.get(&lang) else { return refused("template", "no text") };
        match short.render(&merge, &mut track) {
            Ok(text) => {
                Composed::Ready { payload: Payload::Sms { to: row.address.clone(), text }, rate_per_second }
            }
            Err(e) => refused("template", &e.to_string()),
        }
    }

    fn letter(
        &self,
        wave: &Prepared,
        row: &Claimed,
        post: &Post,
        rendered: &content::RenderedLetter,
        links: &Links,
    ) -> Result<Payload, String> {
        let of = MessageRef { workspace: self.workspace.id, message: row.id };
        let return_path = post.verp.address(AddressKind::Bounce, of);
        let unsubscribe_mailto = post.verp.address(AddressKind::Unsubscribe, of);
        let reply_to = post.verp.address(AddressKind::Reply, of);
        let message_id = format!("{}.{}@{}", row.id, row.wave_id, post.signer.domain());
        let feedback =
            format!("{}:{}:wave{}:otklik", row.campaign_id, self.workspace.id, wave.content.position);
        let raw = letter::build(&letter::Letter {
            from_name: &wave.content.from_name,
            from: &wave.content.from_address,
            to_name: "",
            to: &row.address,
            reply_to: Some(&reply_to),
            subject: &rendered.subject,
            text: &rendered.text,
            html: &rendered.html,
            date: self.now.millis().div_euclid(1000),
            message_id: &message_id,
            unsubscribe_url: Some(&links.unsubscribe),
            unsubscribe_mailto: Some(&unsubscribe_mailto),
            feedback_id: Some(&feedback),
            bulk: true,
            simulated: self.workspace.simulated,
        });
        let raw = post.signer.sign(&raw).map_err(|e| e.to_string())?;
        Ok(Payload::Email { return_path, to: row.address.clone(), raw })
    }
}

impl Composer for ProductComposer {
    fn compose<'a>(
        &'a self,
        app: &'a App,
        workspace: &'a Workspace,
        channel: &'a str,
        rows: &'a [Claimed],
    ) -> BoxFuture<'a, Result<Vec<Composed>, Fault>> {
        Box::pin(self.compose_all(app, workspace, channel, rows))
    }

    fn after<'a>(
        &'a self,
        tx: &'a mut Tx,
        app: &'a App,
        workspace: &'a Workspace,
        channel: &'a str,
        settled: &'a [(Claimed, Settled)],
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let mut story = Vec::new();
            for (row, settled) in settled {
                match settled {
                    Settled::Accepted { at, .. } => {
                        let kind = if channel == "email" { "letter_sent" } else { "sms_sent" };
                        story.push(interaction(app, row, *at, kind, channel, json!({})));
                    }
                    Settled::Rejected { at, reason, detail } => {
                        let kind = if channel == "email" { "letter_bounced" } else { "sms_failed" };
                        let data = json!({ "reason": reason, "detail": detail });
                        story.push(interaction(app, row, *at, kind, channel, data));
                        let contact = if channel == "email" { "email" } else { "phone" };
                        let state = if reason == "hard_bounce" { "hard_bounced" } else { "soft_bounced" };
                        permission::set_contact_state(
                            tx,
                            workspace.id,
                            contact,
                            &row.address,
                            state,
                            detail,
                            *at,
                        )
                        .await?;
                        plan_next(tx, app, workspace, row.id).await?;
                    }
                    Settled::Deferred { .. } | Settled::Uncertain { .. } | Settled::Withdrawn => {}
                }
            }
            timeline::record_many(tx, workspace.id, &story).await?;
            Ok(())
        })
    }
}

fn interaction(
    app: &App,
    row: &Claimed,
    at: Time,
    kind: &str,
    channel: &str,
    data: serde_json::Value,
) -> Interaction {
    Interaction {
        id: InteractionId(app.next_id()),
        customer_id: row.customer_id,
        at,
        kind: kind.to_owned(),
        channel: channel.to_owned(),
        direction: "out".to_owned(),
        campaign_id: Some(row.campaign_id),
        wave_id: Some(row.wave_id),
        message_id: Some(row.id),
        actor_kind: "system".to_owned(),
        actor_id: 0,
        data,
    }
}
