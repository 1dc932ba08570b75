use std::sync::Arc;

use basis::WorkspaceId;
use tokio::sync::broadcast;

/// News for the pages that are open now. Lost news do no harm: pages read the truth again when they connect.
#[derive(Debug, Clone)]
pub struct Hub(broadcast::Sender<Arc<News>>);

#[derive(Debug)]
pub struct News {
    pub workspace: WorkspaceId,
    pub topic: String,
    pub data: serde_json::Value,
}

impl Default for Hub {
    fn default() -> Self {
        Self(broadcast::channel(1024).0)
    }
}

impl Hub {
    pub fn publish(&self, workspace: WorkspaceId, topic: impl Into<String>, data: serde_json::Value) {
        // Nobody listening is no error.
        drop(self.0.send(Arc::new(News { workspace, topic: topic.into(), data })));
    }

    pub fn listen(&self) -> broadcast::Receiver<Arc<News>> {
        self.0.subscribe()
    }
}
