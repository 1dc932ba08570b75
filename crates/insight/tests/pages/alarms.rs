//! The board tells of a month in which more people than usual asked to be left alone.

use crate::shop::{Seed, get, length, token};
use access::testing::with_app;

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_many_refusals_is_told_and_opens_its_people() {
    with_app(|op, _| async move {
        let mut seed = Seed::new(&op);
        seed.bookshop(120).await;
        seed.write().await;
        let token = token(&op).await;
        let told = async || {
            let (_, board) = get(&op.app, &token, "/api/insight/churn").await;
            let alerts = board["alerts"].as_array().unwrap().clone();
            alerts.into_iter().find(|a| a["code"] == "unsubscribes_grew")
        };
        assert_eq!(told().await, None);
        // The middle of July 2024 and of August 2024; the test's first day is the first of September.
        let mut tx = op.app.db.write().await.unwrap();
        for (id, day) in [(1_i64, 19_920_i64), (2, 19_950)].into_iter().chain((3..=20).map(|id| (id, 19_950))) {
            // Somebody who refuses twice refused the first time.
            for (n, again) in [(0, 0), (1, 3)] {
                store::execute!(
                    tx,
                    "INSERT INTO reactions (workspace_id, id, campaign_id, wave_id, message_id, customer_id, kind, verdict, at, data)
                     VALUES ($1, $2, 1, 1, 1, $3, 'opt_out', $4, $5, '{}')",
                    op.ws().get(),
                    id * 10 + n,
                    id,
                    if id == 20 { "machine" } else { "human" },
                    (day + again) * 86_400_000
                )
                .unwrap();
            }
        }
        tx.commit().await.unwrap();
        let alert = told().await.unwrap();
        assert_eq!(alert["month"], "2024-08");
        assert!(alert["usual"].as_f64().unwrap() < 0.01 && alert["low"].as_f64().unwrap() > 0.0, "{alert}");
        assert_eq!(length(&op.app, &token, alert["list"].as_str().unwrap()).await, 18);
    })
    .await;
}
