//! Orders out of records: the step that an import calls inside its transaction.

use std::sync::{Mutex, PoisonError};

use access::Op;
use ahash::AHashMap;
use basis::{Fault, OrderId, ProductId, RecordId, SourceId, WorkspaceId};
use futures::future::BoxFuture;
use ingest::{
    OrderStatus,
    import::{Change, OrderDraft, OrdersStep},
    product_key,
};
use store::Tx;

use crate::store as sql;

/// The products of a workspace that are kept in memory while an import runs.
const KEPT_PRODUCTS: usize = 200_000;

/// Makes orders of records. One value per import: it remembers which titles are which products.
#[derive(Debug, Default)]
pub struct Orders {
    products: Mutex<AHashMap<WorkspaceId, AHashMap<String, ProductId>>>,
}

/// The statuses that figures know: on its way is still "new", because nothing has been paid for certain.
pub const fn stored_status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::New | OrderStatus::Processing | OrderStatus::Shipped => "new",
        OrderStatus::Paid => "paid",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Returned => "returned",
    }
}

impl OrdersStep for Orders {
    fn store<'a>(
        &'a self,
        tx: &'a mut Tx,
        op: &'a Op,
        source: SourceId,
        changes: &'a [Change],
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(self.store_orders(tx, op, source, changes))
    }

    fn withdraw<'a>(
        &'a self,
        tx: &'a mut Tx,
        op: &'a Op,
        records: &'a [RecordId],
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(sql::delete_orders(tx, op.ws(), records))
    }
}

impl Orders {
    async fn store_orders(
        &self,
        tx: &mut Tx,
        op: &Op,
        source: SourceId,
        changes: &[Change],
    ) -> Result<(), Fault> {
        // A record that is not new had an order, or stopped being one when its mapping changed.
        let replaced: Vec<RecordId> =
            changes.iter().filter(|change| !change.is_new).map(|change| change.record).collect();
        let known = sql::order_ids(tx, op.ws(), &replaced).await?;
        sql::delete_orders(tx, op.ws(), &replaced).await?;
        let drafts: Vec<(&Change, &OrderDraft)> =
            changes.iter().filter_map(|change| Some((change, change.draft.order.as_ref()?))).collect();
        if drafts.is_empty() {
            return Ok(());
        }
        let products = self.products_of(tx, op, &drafts).await?;
        let mut orders = Vec::with_capacity(drafts.len());
        let mut lines = Vec::new();
        for (change, draft) in drafts {
            // The order keeps its id through the versions of its record, so that what refers to it stays good.
            let id = known.get(&change.record).copied().unwrap_or_else(|| OrderId(op.next_id()));
            orders.push(sql::NewOrder {
                id: id.get(),
                record_id: change.record.get(),
                number: if draft.number.is_empty() { &change.draft.key } else { &draft.number },
                ordered_at: draft.ordered_at.millis(),
                day: draft.day,
                delivered_day: draft.delivered_day,
                status: stored_status(draft.status),
                status_text: &draft.status_text,
                promo_code: draft.promo_code.as_deref(),
                amount_minor: draft.amount.minor,
                currency: draft.amount.currency.to_string(),
            });
            for (line_no, line) in (1_i64..).zip(&draft.lines) {
                let Some(product) = products.get(line.title.as_str()) else { continue };
                lines.push(sql::NewLine {
                    order_id: id.get(),
                    line_no,
                    product_id: product.get(),
                    quantity: line.quantity,
                    amount_minor: line.amount_minor,
                });
            }
        }
        sql::insert_orders(tx, op.ws(), source, &orders).await?;
        sql::insert_lines(tx, op.ws(), &lines).await
    }

    /// The products of all titles as spelt, made where they are new. Folding a title costs more than looking it up, so
    /// what is kept in memory are spellings.
    async fn products_of<'d>(
        &self,
        tx: &mut Tx,
        op: &Op,
        drafts: &[(&Change, &'d OrderDraft)],
    ) -> Result<AHashMap<&'d str, ProductId>, Fault> {
        let ws = op.ws();
        let mut found: AHashMap<&str, ProductId> = AHashMap::new();
        let mut unknown: Vec<&str> = Vec::new();
        {
            let kept = self.products.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = kept.get(&ws);
            for line in drafts.iter().flat_map(|(_, draft)| &draft.lines) {
                let title = line.title.as_str();
                if found.contains_key(title) {
                    continue;
                }
                match kept.and_then(|kept| kept.get(title)) {
                    Some(id) => {
                        found.insert(title, *id);
                    }
                    None => unknown.push(title),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let keys: AHashMap<&str, String> = unknown.iter().map(|title| (*title, product_key(title))).collect();
        let titles: AHashMap<&str, &str> = keys.iter().map(|(title, key)| (key.as_str(), *title)).collect();
        let asked: Vec<&str> = titles.keys().copied().collect();
        let stored: AHashMap<String, ProductId> =
            sql::products_by_key(tx, ws, &asked).await?.into_iter().collect();
        let mut ids = stored.clone();
        let missing: Vec<&str> = asked.into_iter().filter(|key| !ids.contains_key(*key)).collect();
        if !missing.is_empty() {
            let new: Vec<(i64, &str, &str)> = missing
                .iter()
                .map(|key| (op.next_id(), titles.get(key).copied().unwrap_or_default(), *key))
                .collect();
            sql::insert_products(tx, ws, &new).await?;
            // Another import may have made one of them a moment ago: the stored id is the one that counts.
            ids.extend(sql::products_by_key(tx, ws, &missing).await?);
        }
        let mut kept = self.products.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.entry(ws).or_default();
        if kept.len() > KEPT_PRODUCTS {
            kept.clear();
        }
        for (title, key) in keys {
            // What this transaction made may yet be rolled back, so it is remembered when it is met again.
            if let Some(id) = stored.get(&key) {
                kept.insert(title.to_owned(), *id);
            }
            if let Some(id) = ids.get(&key) {
                found.insert(title, *id);
            }
        }
        Ok(found)
    }
}
