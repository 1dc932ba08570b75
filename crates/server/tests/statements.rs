//! Every literal statement of every slice is understood by both engines.

// Links the slices, whose statements register themselves.
use {
    access as _, audience as _, campaign as _, care as _, channel as _, commerce as _, content as _,
    desk as _, identity as _, improve as _, ingest as _, insight as _, permission as _, report as _,
    response as _, timeline as _,
};

#[tokio::test]
async fn both_engines_prepare_every_statement() {
    assert!(store::STATEMENTS.len() > 100, "only {} statements registered", store::STATEMENTS.len());
    store::testing::on_both(|db| async move {
        let mut wrong = Vec::new();
        for statement in store::STATEMENTS {
            if let Err(error) = db.prepare(statement.sql).await {
                wrong.push(format!("{}:{}: {error}", statement.file, statement.line));
            }
        }
        assert!(wrong.is_empty(), "{:?}: {wrong:#?}", db.engine());
    })
    .await;
}
