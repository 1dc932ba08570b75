use access::{Answer, Op, need};
use axum::Json;
use basis::{CustomerId, Fault, Lang};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::templates::{BodyMap, bodies_of};
use crate::{
    rules::{
        checks::{Finding, check_letter, check_script, check_sms},
        letter::{Letter, LetterSource, Short, untracked},
        merge::{Links, Merge},
        sandbox::TemplateError,
        sms::sms_size,
    },
    store::{Bodies, TemplateKind, recipients, sender_of},
};

#[derive(Deserialize, ToSchema)]
pub struct Ask {
    kind: TemplateKind,
    bodies: BodyMap,
    /// A language forces the text; absent: the customer's own spelling, else the workspace's language.
    language: Option<String>,
    /// Absent: a made-up person of whom all is known.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// 0 = the letter that asks for permission and must not sell.
    wave_position: Option<u32>,
}

/// A letter as this customer would get it, and all that is to be said about its template.
#[derive(Serialize, ToSchema)]
pub struct Preview {
    language: String,
    subject: String,
    html: String,
    text: String,
    /// Parts of the SMS.
    segments: Option<usize>,
    /// `gsm7` or `ucs2`.
    encoding: Option<String>,
    findings: Vec<FindingLine>,
}

#[derive(Serialize, ToSchema)]
pub struct FindingLine {
    language: String,
    /// `refuse` or `warn`.
    severity: String,
    code: String,
    part: String,
    line: Option<usize>,
    excerpt: String,
    message: String,
}

fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

impl FindingLine {
    fn new(lang: Lang, finding: Finding) -> Self {
        Self {
            language: lang.to_string(),
            severity: word(&finding.severity),
            code: word(&finding.code),
            part: word(&finding.part),
            line: finding.line,
            excerpt: finding.excerpt,
            message: finding.message,
        }
    }
}

/// Shows a template on a customer and checks every language of it. Links of a preview lead nowhere.
#[utoipa::path(post, path = "/api/templates/preview", tag = "content", request_body = Ask, responses((status = 200, body = Preview)))]
pub(super) async fn preview(need::Supervisor(op): need::Supervisor, Json(ask): Json<Ask>) -> Answer<Preview> {
    let bodies = bodies_of(ask.bodies)?;
    let first = ask.wave_position.unwrap_or(0) == 0;
    let forced =
        ask.language.as_deref().filter(|word| *word != "by-customer").map(str::parse::<Lang>).transpose()?;
    let (lang, merge) = merge_for(&op, &bodies, forced, ask.customer_id).await?;
    let source = bodies
        .get(&lang)
        .cloned()
        .ok_or_else(|| Fault::invalid("bodies", "the template has no text in any language"))?;
    // MJML and two samples for each language take some milliseconds of one core; the server's threads are for waiting.
    let work = move || {
        let sender = sender_of(&op.workspace);
        let mut findings = Vec::new();
        for (lang, body) in &bodies {
            let found = match ask.kind {
                TemplateKind::Letter => check_letter(*lang, body, &sender, first),
                TemplateKind::Sms => check_sms(*lang, &body.text, &sender),
                TemplateKind::Script => check_script(*lang, &body.text, &sender),
            };
            findings.extend(found.into_iter().map(|finding| FindingLine::new(*lang, finding)));
        }
        show(ask.kind, lang, &source, &merge, findings)
    };
    let shown = tokio_blocking(work).await?;
    Ok(Json(shown))
}

async fn tokio_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Fault::internal("preview", e.to_string()))
}

/// The language the text is shown in, and the merge fields in it.
async fn merge_for(
    op: &Op,
    bodies: &Bodies,
    forced: Option<Lang>,
    customer: Option<CustomerId>,
) -> Result<(Lang, Merge), Fault> {
    let sender = sender_of(&op.workspace);
    let base = op.app.public_url();
    let links = Links { interests: format!("{base}/p/preview"), unsubscribe: format!("{base}/u/preview") };
    let recipient = match customer {
        None => None,
        Some(id) => {
            let mut tx = op.app.db.read().await?;
            let mut found = recipients(&mut tx, op.ws(), &[id], op.campaign_now()).await?;
            Some(
                found
                    .remove(&id)
                    .ok_or_else(|| Fault::not_found("customer", "There is no such customer."))?,
            )
        }
    };
    let wished =
        forced.or_else(|| recipient.as_ref().and_then(|r| r.language)).unwrap_or(op.workspace.language);
    let lang = [wished, op.workspace.language]
        .into_iter()
        .chain(Lang::ALL)
        .find(|lang| bodies.contains_key(lang))
        .unwrap_or(wished);
    let merge = match recipient {
        Some(recipient) => recipient.merge(lang, &sender, links),
        None => {
            let [known, _] = Merge::samples(lang, &sender, &links);
            known
        }
    };
    Ok((lang, merge))
}

fn show(
    kind: TemplateKind,
    lang: Lang,
    source: &LetterSource,
    merge: &Merge,
    findings: Vec<FindingLine>,
) -> Preview {
    let mut shown = Preview {
        language: lang.to_string(),
        subject: String::new(),
        html: String::new(),
        text: String::new(),
        segments: None,
        encoding: None,
        findings,
    };
    // A template with mistakes shows nothing; the findings tell what and where.
    let one = |part, text: &str| -> Result<String, TemplateError> {
        Short::compile(lang, part, text)?.render(merge, &mut untracked)
    };
    match kind {
        TemplateKind::Letter => {
            if let Ok(letter) = Letter::compile(lang, source)
                && let Ok(done) = letter.render(merge, &mut untracked)
            {
                (shown.subject, shown.html, shown.text) = (done.subject, done.html, done.text);
            }
        }
        TemplateKind::Sms => {
            shown.text = one("sms", &source.text).unwrap_or_default();
            let size = sms_size(&shown.text);
            (shown.segments, shown.encoding) = (Some(size.parts), Some(word(&size.encoding)));
        }
        TemplateKind::Script => shown.text = one("script", &source.text).unwrap_or_default(),
    }
    shown
}
