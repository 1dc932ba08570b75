use access::{Answer, Problem, need};
use axum::{Json, extract::Path, http::StatusCode};
use basis::{CallTaskId, Fault, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    finish::{self, Ended},
    store::task,
    take::{self, Task},
};

/// The queue as an operator sees it: names, no numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queue {
    pub counts: Counts,
    pub items: Vec<QueueItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// Due now.
    pub waiting: i64,
    /// In the hands of operators.
    pub taken: i64,
    /// To be called later.
    pub later: i64,
    pub done: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QueueItem {
    #[schema(value_type = String)]
    pub id: CallTaskId,
    pub name: String,
    pub campaign: String,
    /// In this operator's own hands.
    pub mine: bool,
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Time,
    pub attempts: i64,
}

/// The queue: counts, and the tasks that are due. The tasks in other operators' hands are counted only.
#[utoipa::path(get, path = "/api/desk/tasks", tag = "desk", responses((status = 200, body = Queue)))]
pub async fn list(need::Operator(op): need::Operator) -> Answer<Queue> {
    let mut tx = op.app.db.read().await?;
    let now = op.campaign_now();
    let counts = task::counts(&mut tx, op.ws(), now).await?;
    let rows = task::queue(&mut tx, op.ws(), op.actor.id, now, 50).await?;
    Ok(Json(Queue {
        counts: Counts {
            waiting: counts.waiting,
            taken: counts.taken,
            later: counts.later,
            done: counts.done,
        },
        items: rows
            .into_iter()
            .map(|row| QueueItem {
                id: CallTaskId(row.id),
                name: row.name.unwrap_or_default(),
                campaign: row.campaign,
                mine: row.state == "taken" && row.taken_by == Some(op.actor.id),
                due_at: Time::from_millis(row.due_at),
                attempts: row.attempts,
            })
            .collect(),
    }))
}

/// The next task, or the one in hand; 404 `no_task` when nothing is due.
#[utoipa::path(post, path = "/api/desk/next", tag = "desk", responses((status = 200, body = Task), (status = 404)))]
pub async fn next(need::Operator(op): need::Operator) -> Answer<Task> {
    let task = take::next(&op).await?;
    Ok(Json(task.ok_or_else(|| Fault::not_found("no_task", "There is nobody to call now."))?))
}

/// How the call ended.
#[utoipa::path(post, path = "/api/desk/tasks/{id}/outcome", tag = "desk", params(("id" = String, Path)), request_body = Ended,
    responses((status = 204), (status = 403), (status = 404), (status = 409), (status = 422)))]
pub async fn outcome(
    need::Operator(op): need::Operator,
    Path(id): Path<CallTaskId>,
    Json(ended): Json<Ended>,
) -> Result<StatusCode, Problem> {
    finish::outcome(&op, id, &ended).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the task back to the queue without an outcome.
#[utoipa::path(post, path = "/api/desk/tasks/{id}/release", tag = "desk", params(("id" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)))]
pub async fn release(
    need::Operator(op): need::Operator,
    Path(id): Path<CallTaskId>,
) -> Result<StatusCode, Problem> {
    finish::release(&op, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Until when the task is held.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    #[schema(value_type = String, format = DateTime)]
    pub held_until: Time,
}

/// The operator is still on the call: call it every minute, a task without a sign for 15 minutes goes back.
#[utoipa::path(post, path = "/api/desk/tasks/{id}/keep", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = Kept), (status = 403), (status = 404), (status = 409)))]
pub async fn keep(need::Operator(op): need::Operator, Path(id): Path<CallTaskId>) -> Answer<Kept> {
    Ok(Json(Kept { held_until: finish::keep(&op, id).await? }))
}
