//! The slice as the cabinet sees it.

use access::{
    Role,
    testing::{as_role, with_app},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn the_shipped_letter_is_shown_checked_and_kept() {
    with_app(|op, _| async move {
        let ask = as_role(&op, content::routes(), Role::Marketer).await;
        let (status, shipped) = ask(Method::GET, "/api/templates/defaults?kind=letter", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        let bodies = shipped["bodies"].clone();
        let preview = json!({ "kind": "letter", "bodies": bodies, "wave_position": 0 });
        let (_, unsigned) = ask(Method::POST, "/api/templates/preview", preview.clone()).await;
        assert_eq!(unsigned["findings"][0]["code"], "no_sender_identity", "the workspace does not say yet who sends");
        let sender = json!({ "sender": { "shop_name": "Шафа", "shop_url": "https://shop.example", "legal_name": "ТОВ «Шафа»", "postal_address": "Київ, вул. Східна, 7" } });
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE workspaces SET settings = $2 WHERE id = $1", op.ws().get(), sender.to_string()).unwrap();
        tx.commit().await.unwrap();
        let (status, shown) = ask(Method::POST, "/api/templates/preview", preview).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(shown["language"], "uk", "nobody in particular reads the workspace's language");
        assert!(shown["html"].as_str().unwrap().contains("Наталіє") && shown["text"].as_str().unwrap().contains("«Кобзар»"));
        assert_eq!(shown["findings"], json!([]));

        let (status, added) = ask(Method::POST, "/api/templates", json!({ "name": "Первое", "kind": "letter", "bodies": bodies })).await;
        assert_eq!(status, StatusCode::CREATED);
        let (_, list) = ask(Method::GET, "/api/templates", Value::Null).await;
        assert_eq!(list["items"][0]["bodies"], bodies, "what was kept comes back as it was");
        let path = format!("/api/templates/{}", added["id"].as_str().unwrap());
        let changed = json!({ "name": "Второе", "bodies": { "ru": { "subject": "Тема" } } });
        assert_eq!(ask(Method::PATCH, &path, changed).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::DELETE, &path, Value::Null).await.0, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn an_sms_tells_its_parts_and_a_broken_text_its_line() {
    with_app(|op, _| async move {
        let ask = as_role(&op, content::routes(), Role::Marketer).await;
        let sms = json!({ "kind": "sms", "bodies": { "ru": { "text": "Загляните в почту. Отказ: СТОП" } } });
        let (_, shown) = ask(Method::POST, "/api/templates/preview", sms).await;
        assert_eq!(
            (&shown["segments"], &shown["encoding"], &shown["language"]),
            (&json!(1), &json!("ucs2"), &json!("ru"))
        );
        assert_eq!(shown["findings"], json!([]));
        let broken = json!({ "kind": "script", "bodies": { "ru": { "text": "a\n{{ nobody }}" } } });
        let (status, shown) = ask(Method::POST, "/api/templates/preview", broken).await;
        assert_eq!(status, StatusCode::OK);
        let finding = &shown["findings"][0];
        assert_eq!(
            (&finding["code"], &finding["line"], &finding["part"]),
            (&json!("template_error"), &json!(2), &json!("script"))
        );
        let unknown = json!({ "kind": "sms", "bodies": { "ru": { "text": "x" } }, "customer_id": "77" });
        assert_eq!(ask(Method::POST, "/api/templates/preview", unknown).await.0, StatusCode::NOT_FOUND);
        let tongue = json!({ "kind": "sms", "bodies": { "xx": { "text": "x" } } });
        assert_eq!(
            ask(Method::POST, "/api/templates/preview", tongue).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    })
    .await;
}
