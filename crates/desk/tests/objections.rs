//! The library of objections and what operators mark in calls, over HTTP.

#[path = "../../response/tests/shop/mod.rs"]
mod shop;

use access::{
    Op, Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shop::{CALLS, PHONE, SMS, START, add_message, count, open};

const CALL: i64 = 9003;
const OUTCOME: &str = "/api/desk/tasks/9003/outcome";

async fn ready(op: &Op) {
    open(op).await;
    add_message(op, 9002, SMS, "sms", PHONE, Some(START - 60_000)).await;
    add_message(op, CALL, CALLS, "call", PHONE, None).await;
    assert_eq!(desk::make_tasks(&op.app, &op.workspace).await.unwrap(), 1);
}

#[tokio::test]
async fn a_call_keeps_what_was_objected_and_the_words_that_were_seen() {
    with_app(|op, _| async move {
        ready(&op).await;
        let anna = as_role(&op, desk::routes(), Role::Operator).await;
        let chief = as_role(&op, desk::routes(), Role::Supervisor).await;
        let (_, library) = anna(Method::GET, "/api/objections", Value::Null).await;
        let dear = library["items"].as_array().unwrap().iter().find(|o| o["code"] == "dear").unwrap();
        assert_eq!((&dear["version"], &dear["texts"]["uk"]["name"]), (&json!(1), &json!("Дорого")));
        anna(Method::POST, "/api/desk/next", Value::Null).await;

        // The words change while the operator talks: the call keeps the version that was on the screen.
        let mut texts = dear["texts"].clone();
        texts["ru"]["answer"] = json!("Давайте сравним вместе.");
        let change = json!({ "texts": texts, "seen": 1 });
        let (status, changed) = chief(Method::PATCH, "/api/objections/dear", change.clone()).await;
        assert_eq!((status, &changed["version"]), (StatusCode::OK, &json!(2)), "{changed}");
        assert_eq!(chief(Method::PATCH, "/api/objections/dear", change).await.0, StatusCode::CONFLICT);

        for (odd, code) in [
            (json!({ "outcome": "no_answer", "objections": [{ "code": "dear" }] }), "objections"),
            (json!({ "outcome": "agreed", "objections": [{ "code": "weather" }] }), "objections"),
            (json!({ "outcome": "agreed", "objections": [{ "code": "dear", "version": 3 }] }), "objections"),
        ] {
            let (status, problem) = anna(Method::POST, OUTCOME, odd).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)),
                "{problem}"
            );
        }
        let yes = json!({ "outcome": "agreed",
            "objections": [{ "code": "dear", "version": 1 }, { "code": "no_trust" }, { "code": "dear" }] });
        assert_eq!(anna(Method::POST, OUTCOME, yes.clone()).await.0, StatusCode::NO_CONTENT);
        assert_eq!(anna(Method::POST, OUTCOME, yes).await.0, StatusCode::NO_CONTENT, "sent twice");
        assert_eq!(count(&op, "SELECT COUNT(*) FROM call_objections WHERE workspace_id = $1").await, 2);
        assert_eq!(
            count(&op, "SELECT version FROM call_objections WHERE workspace_id = $1 AND code = 'dear'").await,
            1
        );

        let (_, versions) = anna(Method::GET, "/api/objections/dear/versions", Value::Null).await;
        let numbers: Vec<i64> =
            versions["items"].as_array().unwrap().iter().map(|v| v["version"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [2, 1]);
        assert!(versions["items"][1]["at"].is_null(), "the shipped words have no author");
    })
    .await;
}

#[tokio::test]
async fn a_library_is_the_workspaces_own_and_says_what_is_wrong() {
    with_app(|op, _| async move {
        let chief = as_role(&op, desk::routes(), Role::Supervisor).await;
        let anna = as_role(&op, desk::routes(), Role::Operator).await;
        let new = json!({ "texts": { "ru": { "name": "Нет времени", "answer": "Перезвоню, когда скажете." } }, "reason": "driver:natural" });
        assert_eq!(anna(Method::POST, "/api/objections", new.clone()).await.0, StatusCode::FORBIDDEN);
        let (status, made) = chief(Method::POST, "/api/objections", new.clone()).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let (status, twice) = chief(Method::POST, "/api/objections", new).await;
        assert_eq!((status, &twice["code"]), (StatusCode::CONFLICT, &json!("objection_exists")));
        let (status, odd) = chief(Method::POST, "/api/objections", json!({ "texts": {} })).await;
        assert_eq!((status, &odd["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("objection_text")));
        let long = "ж".repeat(81);
        let (_, odd) =
            chief(Method::POST, "/api/objections", json!({ "texts": { "ru": { "name": long, "answer": "a" } } })).await;
        assert_eq!(odd["fields"][0]["path"], "texts.ru.name", "{odd}");
        let path = format!("/api/objections/{}", made["code"].as_str().unwrap());
        let (_, odd) = chief(Method::PATCH, &path, json!({ "reason": "reason:weather" })).await;
        assert_eq!(odd["code"], "objection_reason");
        let (_, retired) = chief(Method::PATCH, &path, json!({ "retired": true })).await;
        assert_eq!((&retired["retired"], &retired["version"]), (&json!(true), &json!(1)));
        assert_eq!(chief(Method::PATCH, "/api/objections/own_1", json!({})).await.0, StatusCode::NOT_FOUND);

        // Another shop sees none of it.
        let other = access::create_workspace(
            &op.app,
            access::NewWorkspace {
                name: "other".to_owned(),
                simulated: true,
                language: basis::Lang::Uk,
                timezone: "Europe/Kyiv".to_owned(),
                jurisdiction: "ua".to_owned(),
                currency: basis::Currency::UAH,
            },
        )
        .await
        .unwrap();
        let stranger = as_role(&Op::system(op.app.clone(), other), desk::routes(), Role::Administrator).await;
        let (_, library) = stranger(Method::GET, "/api/objections", Value::Null).await;
        assert!(library["items"].as_array().unwrap().iter().all(|o| o["shipped"] == true));
        assert_eq!(stranger(Method::PATCH, &path, json!({ "retired": false })).await.0, StatusCode::NOT_FOUND);
    })
    .await;
}
