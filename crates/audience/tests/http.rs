//! The slice as the cabinet sees it.

use access::{
    Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_segment_is_built_counted_kept_and_removed() {
    with_app(|op, _| async move {
        let ask = as_role(&op, audience::routes(), Role::Marketer).await;
        let rule = json!({ "all": [{ "field": "last_order", "op": "older_days", "value": 180 }] });
        let (status, counted) = ask(Method::POST, "/api/segments/count", json!({ "rule": rule })).await;
        assert_eq!((status, &counted["customers"]), (StatusCode::OK, &json!(0)));
        let (status, problem) =
            ask(Method::POST, "/api/segments/count", json!({ "rule": { "field": "x" } })).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("segment_rule"))
        );
        assert_eq!(problem["fields"][0]["path"], "field");
        let (status, added) =
            ask(Method::POST, "/api/segments", json!({ "name": "Ушли", "rule": rule })).await;
        assert_eq!(status, StatusCode::CREATED);
        let again = ask(Method::POST, "/api/segments", json!({ "name": "Ушли", "rule": rule })).await;
        assert_eq!(again.0, StatusCode::CONFLICT, "a name is used once");
        let (_, list) = ask(Method::GET, "/api/segments", Value::Null).await;
        assert_eq!((list["items"][0]["name"].as_str(), &list["items"][0]["rule"]), (Some("Ушли"), &rule));
        let path = format!("/api/segments/{}", added["id"].as_str().unwrap());
        let changed = json!({ "name": "Ушли давно", "rule": { "all": [] } });
        assert_eq!(ask(Method::PATCH, &path, changed).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::DELETE, &path, Value::Null).await.0, StatusCode::NOT_FOUND);
        let (_, fields) = ask(Method::GET, "/api/segments/fields", Value::Null).await;
        let stage = &fields["items"][0];
        assert_eq!((stage["key"].as_str(), stage["type"].as_str()), (Some("stage"), Some("enum")));
        let (status, people) = ask(Method::POST, "/api/segments/list", json!({ "rule": rule })).await;
        assert_eq!((status, people), (StatusCode::OK, json!({ "items": [], "next": null })));
        let (status, none) = ask(Method::GET, "/api/segments/suggestions", Value::Null).await;
        assert_eq!((status, &none["items"]), (StatusCode::OK, &json!([])));
    })
    .await;
}

#[tokio::test]
async fn the_waterfall_lists_whom_it_counts() {
    with_app(|op, _| async move {
        let mut tx = op.app.db.write().await.unwrap();
        for id in 1_i64..=3 {
            store::execute!(
                tx,
                "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at) VALUES ($1, $2, 'N', '', '', '', '', '', '', 0, 0)",
                op.ws().get(),
                id
            )
            .unwrap();
        }
        tx.commit().await.unwrap();
        let ask = as_role(&op, audience::routes(), Role::Marketer).await;
        let (status, fall) = ask(Method::POST, "/api/audience/waterfall", json!({ "channels": ["email"] })).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(fall, json!({ "base": 3, "steps": [{ "code": "no_contact", "count": 3 }], "holdout": 0, "remaining": 0 }));
        let page = json!({ "channels": ["email"], "code": "no_contact", "limit": 2 });
        let (_, first) = ask(Method::POST, "/api/audience/waterfall/list", page.clone()).await;
        assert_eq!((first["items"].as_array().unwrap().len(), first["next"].as_str()), (2, Some("2")));
        let mut next = page;
        next["cursor"] = first["next"].clone();
        let (_, rest) = ask(Method::POST, "/api/audience/waterfall/list", next).await;
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
        let wrong = ask(Method::POST, "/api/audience/waterfall", json!({ "channels": ["pigeon"] })).await;
        assert_eq!(wrong.0, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}
