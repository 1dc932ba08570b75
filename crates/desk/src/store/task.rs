use basis::{CallTaskId, CampaignId, CustomerId, Fault, MessageId, OrderId, Time, WaveId, WorkspaceId};
use sqlx::FromRow;
use store::Tx;

/// A task as it stands in the table.
#[derive(Debug, Clone, FromRow)]
pub struct TaskRow {
    pub id: i64,
    pub message_id: i64,
    pub campaign_id: i64,
    pub wave_id: i64,
    pub customer_id: i64,
    pub state: String,
    pub taken_by: Option<i64>,
    pub attempts: i64,
    pub outcome: Option<String>,
}

impl TaskRow {
    pub fn id(&self) -> CallTaskId {
        CallTaskId(self.id)
    }
    pub fn message(&self) -> MessageId {
        MessageId(self.message_id)
    }
    pub fn campaign(&self) -> CampaignId {
        CampaignId(self.campaign_id)
    }
    pub fn wave(&self) -> WaveId {
        WaveId(self.wave_id)
    }
    pub fn customer(&self) -> CustomerId {
        CustomerId(self.customer_id)
    }
}

pub async fn task(tx: &mut Tx, ws: WorkspaceId, id: CallTaskId) -> Result<TaskRow, Fault> {
    store::fetch_optional!(
        *tx,
        TaskRow,
        "SELECT id, message_id, campaign_id, wave_id, customer_id, state, taken_by, attempts, outcome
         FROM call_tasks WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("task", "There is no such task."))
}

/// The task in an operator's hands.
pub async fn in_hand(
    tx: &mut Tx,
    ws: WorkspaceId,
    operator: i64,
    real: Time,
) -> Result<Option<TaskRow>, Fault> {
    Ok(store::fetch_optional!(
        *tx,
        TaskRow,
        "SELECT id, message_id, campaign_id, wave_id, customer_id, state, taken_by, attempts, outcome
         FROM call_tasks WHERE workspace_id = $1 AND state = 'taken' AND taken_by = $2 AND taken_until >= $3 ORDER BY id LIMIT 1",
        ws.get(),
        operator,
        real.millis()
    )?)
}

/// Tasks that are due in campaigns that run, the longest waiting first.
pub async fn due(tx: &mut Tx, ws: WorkspaceId, now: Time, limit: i64) -> Result<Vec<TaskRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        TaskRow,
        "SELECT t.id, t.message_id, t.campaign_id, t.wave_id, t.customer_id, t.state, t.taken_by, t.attempts, t.outcome
         FROM call_tasks t JOIN campaigns c ON c.workspace_id = t.workspace_id AND c.id = t.campaign_id
         WHERE t.workspace_id = $1 AND t.state = 'waiting' AND t.due_at <= $2 AND c.state = 'running'
         ORDER BY t.due_at, t.id LIMIT $3",
        ws.get(),
        now.millis(),
        limit
    )?)
}

/// Takes a waiting task; false when another operator was quicker.
pub async fn take(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CallTaskId,
    operator: i64,
    until: Time,
) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE call_tasks SET state = 'taken', taken_by = $3, taken_until = $4 WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'",
        ws.get(),
        id.get(),
        operator,
        until.millis()
    )?;
    Ok(touched == 1)
}

/// The operator is still there.
pub async fn renew(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CallTaskId,
    operator: i64,
    until: Time,
) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE call_tasks SET taken_until = $4 WHERE workspace_id = $1 AND id = $2 AND state = 'taken' AND taken_by = $3",
        ws.get(),
        id.get(),
        operator,
        until.millis()
    )?;
    Ok(touched == 1)
}

/// Back to the queue; with the outcome of the attempt when there was one.
pub async fn give_back(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CallTaskId,
    outcome: Option<&str>,
    due_at: Time,
) -> Result<u64, Fault> {
    Ok(store::execute!(
        *tx,
        "UPDATE call_tasks SET state = 'waiting', taken_by = NULL, taken_until = NULL, due_at = $4, outcome = COALESCE($3, outcome),
           attempts = attempts + CASE WHEN CAST($3 AS TEXT) IS NULL THEN 0 ELSE 1 END
         WHERE workspace_id = $1 AND id = $2 AND state = 'taken'",
        ws.get(),
        id.get(),
        outcome,
        due_at.millis()
    )?)
}

/// Not now: quiet hours, or a cap.
pub async fn postpone(tx: &mut Tx, ws: WorkspaceId, id: CallTaskId, due_at: Time) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE call_tasks SET due_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'",
        ws.get(),
        id.get(),
        due_at.millis()
    )?;
    Ok(())
}

/// What an attempt ended with.
#[derive(Debug, Clone)]
pub struct Done<'a> {
    pub outcome: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub note: &'a str,
    pub about: About,
}

/// What a refusal is about.
#[derive(Debug, Clone, Default)]
pub struct About {
    pub competitor: Option<String>,
    pub employee: Option<String>,
    pub order: Option<OrderId>,
}

/// Whether an order is the customer's, whatever ids they had.
pub async fn is_order_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    order: OrderId,
    customer: CustomerId,
) -> Result<bool, Fault> {
    let (found,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM orders o
         JOIN record_customers r ON r.workspace_id = o.workspace_id AND r.record_id = o.record_id
         LEFT JOIN customer_aliases a ON a.workspace_id = o.workspace_id AND a.customer_id = $3
         WHERE o.workspace_id = $1 AND o.id = $2 AND r.customer_id = COALESCE(a.current_id, $3)",
        ws.get(),
        order.get(),
        customer.get()
    )?;
    Ok(found > 0)
}

pub async fn finish(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CallTaskId,
    done: &Done<'_>,
    at: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE call_tasks SET state = 'done', outcome = $3, reason = $4, note = $5, finished_at = $6, taken_until = NULL,
           competitor = $7, employee = $8, order_id = $9,
           attempts = attempts + CASE WHEN CAST($3 AS TEXT) IS NULL THEN 0 ELSE 1 END
         WHERE workspace_id = $1 AND id = $2 AND state <> 'done'",
        ws.get(),
        id.get(),
        done.outcome,
        done.reason,
        done.note,
        at.millis(),
        done.about.competitor.as_deref(),
        done.about.employee.as_deref(),
        done.about.order.map(OrderId::get)
    )?;
    Ok(())
}

/// One call: opened when the task is taken, so that calls of lost operators are on record too.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub id: i64,
    pub task: CallTaskId,
    pub customer: CustomerId,
    pub operator: i64,
    pub number: &'a str,
    /// Real time.
    pub started: Time,
    /// Campaign clock.
    pub at: Time,
}

pub async fn open_attempt(tx: &mut Tx, ws: WorkspaceId, a: &Attempt<'_>) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO call_attempts (workspace_id, id, task_id, customer_id, operator_id, number, outcome, note, started_at, finished_at, at)
         VALUES ($1, $2, $3, $4, $5, $6, 'open', '', $7, $7, $8)",
        ws.get(),
        a.id,
        a.task.get(),
        a.customer.get(),
        a.operator,
        a.number,
        a.started.millis(),
        a.at.millis()
    )?;
    Ok(())
}

/// Ends the open attempt of a task: with an outcome, `released` or `lost`.
pub async fn close_attempt(
    tx: &mut Tx,
    ws: WorkspaceId,
    task: CallTaskId,
    outcome: &str,
    note: &str,
    finished: Time,
    at: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE call_attempts SET outcome = $3, note = $4, finished_at = $5, at = $6 WHERE workspace_id = $1 AND task_id = $2 AND outcome = 'open'",
        ws.get(),
        task.get(),
        outcome,
        note,
        finished.millis(),
        at.millis()
    )?;
    Ok(())
}

/// A line of the queue.
#[derive(Debug, FromRow)]
pub struct QueueRow {
    pub id: i64,
    pub name: Option<String>,
    pub campaign: String,
    pub state: String,
    pub taken_by: Option<i64>,
    pub due_at: i64,
    pub attempts: i64,
}

/// The queue as far as it is due, and the operator's own task.
pub async fn queue(
    tx: &mut Tx,
    ws: WorkspaceId,
    operator: i64,
    now: Time,
    limit: i64,
) -> Result<Vec<QueueRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        QueueRow,
        "SELECT t.id, k.display_name AS name, c.name AS campaign, t.state, t.taken_by, t.due_at, t.attempts
         FROM call_tasks t JOIN campaigns c ON c.workspace_id = t.workspace_id AND c.id = t.campaign_id
         LEFT JOIN customer_aliases a ON a.workspace_id = t.workspace_id AND a.customer_id = t.customer_id
         LEFT JOIN customers k ON k.workspace_id = t.workspace_id AND k.id = COALESCE(a.current_id, t.customer_id)
         WHERE t.workspace_id = $1 AND t.state <> 'done' AND c.state = 'running'
           AND ((t.state = 'waiting' AND t.due_at <= $3) OR (t.state = 'taken' AND t.taken_by = $2))
         ORDER BY t.due_at, t.id LIMIT $4",
        ws.get(),
        operator,
        now.millis(),
        limit
    )?)
}

/// How many tasks wait, are in hand, come later, are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct CountsRow {
    pub waiting: i64,
    pub taken: i64,
    pub later: i64,
    pub done: i64,
}

pub async fn counts(tx: &mut Tx, ws: WorkspaceId, now: Time) -> Result<CountsRow, Fault> {
    Ok(store::fetch_one!(
        *tx,
        CountsRow,
        "SELECT COUNT(CASE WHEN t.state = 'waiting' AND t.due_at <= $2 THEN 1 END) AS waiting,
           COUNT(CASE WHEN t.state = 'taken' THEN 1 END) AS taken,
           COUNT(CASE WHEN t.state = 'waiting' AND t.due_at > $2 THEN 1 END) AS later,
           COUNT(CASE WHEN t.state = 'done' AND t.outcome IS NOT NULL THEN 1 END) AS done
         FROM call_tasks t JOIN campaigns c ON c.workspace_id = t.workspace_id AND c.id = t.campaign_id
         WHERE t.workspace_id = $1 AND c.state = 'running'",
        ws.get(),
        now.millis()
    )?)
}
