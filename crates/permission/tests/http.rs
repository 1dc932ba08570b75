//! The slice as the cabinet sees it.

use access::{
    Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn the_stop_list_is_kept_by_hand_and_shows_no_values() {
    with_app(|op, _| async move {
        let ask = as_role(&op, permission::routes(), Role::Supervisor).await;
        let new = json!({ "kind": "email", "value": "Ann@x.example" });
        assert_eq!(ask(Method::POST, "/api/suppressions", new).await.0, StatusCode::CREATED);
        let bad = json!({ "kind": "phone", "value": "12" });
        assert_eq!(ask(Method::POST, "/api/suppressions", bad).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, list) = ask(Method::GET, "/api/suppressions", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (list["items"].as_array().unwrap().len(), list["items"][0]["reason"].as_str()),
            (1, Some("manual"))
        );
        assert!(!list.to_string().to_lowercase().contains("ann@"));
        let lift = format!("/api/suppressions/{}/lift", list["items"][0]["id"].as_str().unwrap());
        assert_eq!(ask(Method::POST, &lift, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::POST, &lift, Value::Null).await.0, StatusCode::NOT_FOUND);
        let client = as_role(&op, permission::routes(), Role::Client).await;
        assert_eq!(client(Method::GET, "/api/suppressions", Value::Null).await.0, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn the_rules_in_force_are_explained() {
    with_app(|op, _| async move {
        let ask = as_role(&op, permission::routes(), Role::Operator).await;
        let (status, rules) = ask(Method::GET, "/api/rules", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(rules["jurisdiction"], "ua");
        assert_eq!(rules["call_hours"]["weekends_and_holidays"], json!(["10:00", "18:00"]));
        assert_eq!(
            rules["bases"][0],
            json!({ "purpose": "marketing", "channel": "email", "bases": ["consent"] })
        );
        assert!(rules["laws"][0]["text"].as_str().unwrap().contains("згодою"), "in the workspace's language");
        assert_eq!(rules["own_rules_error"], Value::Null);
    })
    .await;
}
