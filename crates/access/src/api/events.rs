use std::{convert::Infallible, time::Duration};

use axum::{
    extract::RawQuery,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;

use crate::need;

/// Server-sent events of the topics named in the query (`topic=import:ID&topic=clock`), only of one's own workspace.
#[utoipa::path(get, path = "/api/events", tag = "access", params(("topic" = Vec<String>, Query)), responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn stream(
    need::Anyone(op): need::Anyone,
    RawQuery(query): RawQuery,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let topics: Vec<String> = query
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.strip_prefix("topic="))
        .map(|topic| topic.replace("%3A", ":").replace("%3a", ":"))
        .collect();
    let workspace = op.ws();
    let news = BroadcastStream::new(op.app.hub.listen()).filter_map(move |item| {
        let event = match item {
            Ok(news) if news.workspace == workspace && topics.contains(&news.topic) => {
                Some(Ok(Event::default().event(news.topic.clone()).data(news.data.to_string())))
            }
            Ok(_) => None,
            // The page missed some: it reads the truth again.
            Err(_) => Some(Ok(Event::default().event("lagged").data("{}"))),
        };
        std::future::ready(event)
    });
    Sse::new(news).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
