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

#[tokio::test]
async fn an_advertising_network_gets_hashes_of_those_who_consented_to_that_and_of_nobody_else() {
    with_app(|op, _| async move {
        let ws = op.ws().get();
        let mut tx = op.app.db.write().await.unwrap();
        // Of source 1 there is a consent to be handed over, of source 2 to marketing only.
        for (id, purpose) in [(1_i64, "ad_audiences"), (2, "marketing")] {
            store::execute!(
                tx,
                "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, $2, $3, '', $4, 0)",
                ws,
                id,
                purpose,
                json!([{ "purpose": purpose, "channel": "all", "basis": "consent", "proof": "box" }]).to_string()
            )
            .unwrap();
        }
        // 1: e-mail and number. 2: number. 3: of the other source. 4: nothing. 5: withdrew from marketing letters.
        for (id, source, email, phone) in [
            (1_i64, 1_i64, "mail@yandex.ru", "+79876543210"),
            (2, 1, "", "+380501112233"),
            (3, 2, "three@x.test", "+380501112234"),
            (4, 1, "", ""),
            (5, 1, "five@x.test", ""),
        ] {
            store::execute!(
                tx,
                "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at) VALUES ($1, $2, 'N', '', '', '', '', '', '', 0, 0)",
                ws,
                id
            )
            .unwrap();
            for (n, kind, value) in [(0, "email", email), (1, "phone", phone)] {
                if !value.is_empty() {
                    store::execute!(
                        tx,
                        "INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 1, TRUE)",
                        ws,
                        id * 10 + n,
                        id,
                        kind,
                        value,
                        source
                    )
                    .unwrap();
                }
            }
        }
        tx.commit().await.unwrap();
        let no = permission::Consent {
            customer_id: basis::CustomerId(5),
            kind: "email",
            value: "five@x.test",
            purpose: "marketing",
            channel: "email",
            basis: "consent",
            proof: json!({}),
            at: op.now(),
        };
        let mut tx = op.app.db.write().await.unwrap();
        permission::withdraw(&mut tx, &op.app, op.ws(), &no).await.unwrap();
        tx.commit().await.unwrap();
        let ask = as_role(&op, audience::routes(), Role::Marketer).await;
        let all = json!({ "name": "Все", "rule": { "all": [] } });
        let (_, made) = ask(Method::POST, "/api/segments", all).await;
        let path = format!("/api/segments/{}/advertising", made["id"].as_str().unwrap());
        let (status, found) = ask(Method::GET, &path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        assert_eq!(
            found,
            json!({
                "base": 5, "people": 2, "emails": 1, "phones": 2, "least": 100,
                "steps": [
                    { "code": "no_contact", "count": 1 },
                    { "code": "no_consent", "count": 1 },
                    { "code": "withdrawn", "count": 1 }
                ]
            })
        );
        for step in found["steps"].as_array().unwrap() {
            let list = format!("{path}/people?code={}", step["code"].as_str().unwrap());
            let (_, people) = ask(Method::GET, &list, Value::Null).await;
            assert_eq!(people["items"].as_array().unwrap().len() as u64, step["count"].as_u64().unwrap());
        }
        let file = audience::ad_audience(&op, made["id"].as_str().unwrap().parse().unwrap()).await.unwrap();
        assert_eq!(
            audience::rules::ads::csv(audience::rules::ads::Network::Yandex, &file.targets),
            "email,phone\n3c56ff8fef0f6c65b36b2d25720fe276,5c5259938ed3e632bc5e3f94731090af\n,".to_owned()
                + &audience::rules::ads::Network::Yandex.phone("380501112233")
                + "\n"
        );
        assert_eq!(ask(Method::GET, &format!("{path}.csv?network=yandex"), Value::Null).await.0, StatusCode::OK);
        let wrong = ask(Method::GET, &format!("{path}.csv?network=pigeon"), Value::Null).await;
        assert_eq!(wrong.0, StatusCode::UNPROCESSABLE_ENTITY);
        let mut tx = op.app.db.read().await.unwrap();
        let (logged,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM audit_log WHERE workspace_id = $1 AND action = 'ad_audience_exported'",
            ws
        )
        .unwrap();
        assert_eq!(logged, 1);
        drop(tx);
        let supervisor = as_role(&op, audience::routes(), Role::Supervisor).await;
        assert_eq!(supervisor(Method::GET, &path, Value::Null).await.0, StatusCode::FORBIDDEN);
    })
    .await;
}
