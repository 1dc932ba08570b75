use std::collections::HashMap;

use access::Workspace;
use basis::{CustomerId, Fault, Lang, Time, WorkspaceId};
use store::{Tx, Value, dialect};

use crate::rules::merge::{Choice, Guide, Links, Merge, Person, Sender, TITLES};

/// Who sends, from `sender` of the workspace's settings; the shop's name is the workspace's where nothing else is said.
pub fn sender_of(workspace: &Workspace) -> Sender {
    let said = workspace.settings.get("sender");
    let mut sender: Sender =
        said.and_then(|json| serde_json::from_value(json.clone()).ok()).unwrap_or_default();
    if sender.shop_name.trim().is_empty() {
        sender.shop_name.clone_from(&workspace.name);
    }
    sender
}

/// A person as letters know them.
#[derive(Debug, Clone, Default)]
pub struct Recipient {
    /// By the person's own spelling.
    pub language: Option<Lang>,
    pub given_name: String,
    /// Titles bought, the last first.
    pub titles: Vec<String>,
    /// Categories bought, the most bought first, each by its Russian, Ukrainian and English name.
    pub categories: Vec<[String; 3]>,
    /// How to use what was bought, the last first.
    pub guides: Vec<Guide>,
}

impl Recipient {
    /// The merge fields in a language.
    pub fn merge(&self, lang: Lang, sender: &Sender, links: Links) -> Merge {
        let person = Person {
            given_name: Some(self.given_name.clone()),
            titles: self.titles.clone(),
            categories: self.categories.iter().map(|names| in_language(names, lang).to_owned()).collect(),
            guides: self.guides.clone(),
        };
        let page = links.interests.clone();
        let choices =
            person.categories.iter().map(|name| Choice { name: name.clone(), url: page.clone() }).collect();
        Merge::new(lang, &person, sender, links).with_choices(choices)
    }
}

fn in_language(names: &[String; 3], lang: Lang) -> &str {
    let [ru, uk, en] = names;
    match lang {
        Lang::Ru => ru,
        Lang::Uk => uk,
        Lang::En => en,
    }
}

/// What letters say of these people (by any of their ids), from orders before a moment. Ask for some hundreds at a time.
pub async fn recipients(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: &[CustomerId],
    before: Time,
) -> Result<HashMap<CustomerId, Recipient>, Fault> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let json = serde_json::to_string(&ids).map_err(|e| Fault::internal("json", e.to_string()))?;
    let list = dialect::id_list(tx.engine(), 2);
    let names: Vec<(i64, i64, String, Option<String>)> = tx
        .fetch_dyn(
            &format!(
                "SELECT c.id, c.id, c.given_name, c.language FROM customers c WHERE c.workspace_id = $1 AND c.id IN {list}
                 UNION
                 SELECT a.customer_id, c.id, c.given_name, c.language FROM customer_aliases a
                 JOIN customers c ON c.workspace_id = a.workspace_id AND c.id = a.current_id
                 WHERE a.workspace_id = $1 AND a.customer_id IN {list}"
            ),
            &[Value::Int(ws.get()), Value::Text(json)],
        )
        .await?;
    let current: Vec<i64> = names.iter().map(|(_, now, ..)| *now).collect();
    let bought = bought(tx, ws, &current, before).await?;
    Ok(names
        .into_iter()
        .map(|(asked, now, given_name, language)| {
            let mut recipient = bought.get(&now).cloned().unwrap_or_default();
            recipient.given_name = given_name;
            recipient.language = language.and_then(|word| word.parse().ok());
            (CustomerId(asked), recipient)
        })
        .collect())
}

type Line = (i64, String, Option<String>, Option<String>, Option<String>, Option<String>);

/// Titles and categories by current customer id.
async fn bought(
    tx: &mut Tx,
    ws: WorkspaceId,
    customers: &[i64],
    before: Time,
) -> Result<HashMap<i64, Recipient>, Fault> {
    let json = serde_json::to_string(customers).map_err(|e| Fault::internal("json", e.to_string()))?;
    let list = dialect::id_list(tx.engine(), 2);
    let lines: Vec<Line> = tx
        .fetch_dyn(
            &format!(
                "SELECT rc.customer_id, p.title, k.name_ru, k.name_uk, k.name_en, k.guide_url FROM record_customers rc
                 JOIN orders o ON o.workspace_id = rc.workspace_id AND o.record_id = rc.record_id
                 JOIN order_lines l ON l.workspace_id = o.workspace_id AND l.order_id = o.id
                 JOIN products p ON p.workspace_id = l.workspace_id AND p.id = l.product_id
                 LEFT JOIN categories k ON k.workspace_id = p.workspace_id AND k.id = p.category_id
                 WHERE rc.workspace_id = $1 AND rc.customer_id IN {list} AND o.status IN ('paid', 'new') AND o.ordered_at < $3
                 ORDER BY o.ordered_at DESC, o.id DESC, l.line_no"
            ),
            &[Value::Int(ws.get()), Value::Text(json), Value::Int(before.millis())],
        )
        .await?;
    let mut out: HashMap<i64, Recipient> = HashMap::new();
    let mut counts: HashMap<i64, Vec<([String; 3], usize)>> = HashMap::new();
    for (customer, title, ru, uk, en, guide) in lines {
        let recipient = out.entry(customer).or_default();
        // One page may explain a whole category.
        if let Some(url) = guide.filter(|url| recipient.guides.iter().all(|known| known.url != *url))
            && recipient.guides.len() < TITLES
        {
            recipient.guides.push(Guide { title: title.clone(), url });
        }
        // Repeats and titles without a letter fall out later, so a few more than three are kept.
        if recipient.titles.len() < 12 {
            recipient.titles.push(title);
        }
        if let (Some(ru), Some(uk), Some(en)) = (ru, uk, en) {
            let names = [ru, uk, en];
            let own = counts.entry(customer).or_default();
            match own.iter_mut().find(|(known, _)| *known == names) {
                Some((_, n)) => *n += 1,
                None => own.push((names, 1)),
            }
        }
    }
    for (customer, mut own) in counts {
        // A stable sort: of categories bought alike the one bought last comes first.
        own.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        if let Some(recipient) = out.get_mut(&customer) {
            recipient.categories = own.into_iter().map(|(names, _)| names).collect();
        }
    }
    Ok(out)
}

/// Some customers to look at a letter with: those with the most titles, and one of whom little is known.
pub async fn sample_customers(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String)>, Fault> {
    let known = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT c.id, c.display_name FROM profiles p JOIN customers c ON c.workspace_id = p.workspace_id AND c.id = p.customer_id
         WHERE p.workspace_id = $1 ORDER BY p.orders DESC, c.id LIMIT 8",
        ws.get()
    )?;
    let others = store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, display_name FROM customers WHERE workspace_id = $1 ORDER BY sort_key, id LIMIT 8",
        ws.get()
    )?;
    let mut out = known;
    for other in others {
        if out.iter().all(|(id, _)| *id != other.0) {
            out.push(other);
        }
    }
    Ok(out)
}
