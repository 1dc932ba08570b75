//! The slice as a client sees it: the router over a real database.

use access::{Role, testing::with_app};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use basis::Lang;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn call(router: &Router, request: Request<Body>) -> (StatusCode, Option<String>, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let cookie = response.headers().get(header::SET_COOKIE).map(|v| v.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, cookie, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn post(path: &str, body: &Value) -> axum::http::request::Builder {
    let _ = body;
    Request::post(path).header(header::CONTENT_TYPE, "application/json")
}

fn router(op: &access::Op) -> Router {
    let (router, _) = access::routes().split_for_parts();
    router.with_state(op.app.clone())
}

#[tokio::test]
async fn a_session_reads_and_changes_only_with_its_csrf_token() {
    with_app(|op, _| async move {
        let password = "correct horse".to_owned();
        access::add_user(
            &op.app,
            op.ws(),
            "Anna@Example.org",
            "Anna",
            Role::Administrator,
            Lang::Uk,
            password,
        )
        .await
        .unwrap();
        let router = router(&op);
        let good = json!({ "email": "anna@example.org", "password": "correct horse" });
        let (status, cookie, me) =
            call(&router, post("/api/login", &good).body(Body::from(good.to_string())).unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(me["role"], "administrator");
        let cookie = cookie.unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();

        let ask = Request::get("/api/users").header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
        let (status, _, users) = call(&router, ask).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(users["items"].as_array().unwrap().len(), 1);

        let token = json!({ "name": "shop", "role": "marketer" });
        let bare = post("/api/tokens", &token).header(header::COOKIE, &cookie);
        let (status, _, problem) = call(&router, bare.body(Body::from(token.to_string())).unwrap()).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("csrf")));

        let with = post("/api/tokens", &token)
            .header(header::COOKIE, &cookie)
            .header("x-csrf-token", me["csrf"].as_str().unwrap());
        let (status, _, added) = call(&router, with.body(Body::from(token.to_string())).unwrap()).await;
        assert_eq!(status, StatusCode::CREATED);

        // The token's role is held: a marketer does not see users.
        let bearer = format!("Bearer {}", added["token"].as_str().unwrap());
        let ask =
            Request::get("/api/users").header(header::AUTHORIZATION, &bearer).body(Body::empty()).unwrap();
        assert_eq!(call(&router, ask).await.0, StatusCode::FORBIDDEN);
        let ask = Request::get("/api/workspace")
            .header(header::AUTHORIZATION, &bearer)
            .body(Body::empty())
            .unwrap();
        assert_eq!(call(&router, ask).await.0, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn guessing_is_slowed_and_tells_nothing() {
    with_app(|op, clock| async move {
        let password = "correct horse".to_owned();
        access::add_user(&op.app, op.ws(), "anna@example.org", "Anna", Role::Client, Lang::Uk, password)
            .await
            .unwrap();
        let router = router(&op);
        let try_it = async |email: &str, password: &str| {
            let body = json!({ "email": email, "password": password });
            let (status, _, problem) =
                call(&router, post("/api/login", &body).body(Body::from(body.to_string())).unwrap()).await;
            (status, problem["detail"].as_str().unwrap_or("").to_owned())
        };
        assert_eq!(try_it("anna@example.org", "wrong").await, try_it("nobody@example.org", "wrong").await);
        for _ in 0..9 {
            try_it("anna@example.org", "wrong").await;
        }
        assert_eq!(try_it("anna@example.org", "correct horse").await.0, StatusCode::TOO_MANY_REQUESTS);
        clock.advance(std::time::Duration::from_secs(16 * 60));
        assert_eq!(try_it("anna@example.org", "correct horse").await.0, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_setup_link_makes_one_administrator() {
    with_app(|op, _| async move {
        // Made by the command line before anybody signed in.
        let early = access::NewWorkspace::by_language(None, Lang::Ru, "UTC");
        let early = access::create_workspace(&op.app, early).await.unwrap();
        let router = router(&op);
        let link = access::new_setup_link(&op.app).await.unwrap();
        let token = link.split_once("token=").unwrap().1.to_owned();
        let body = json!({
            "token": token, "email": "boss@example.org", "name": "Boss", "password": "a long password",
            "workspace_name": "Крамниця", "language": "uk", "jurisdiction": "ua", "timezone": "Europe/Kyiv", "currency": "UAH"
        });
        let send = async || call(&router, post("/api/setup", &body).body(Body::from(body.to_string())).unwrap()).await;
        let (status, _, me) = send().await;
        assert_eq!(status, StatusCode::OK, "{me}");
        assert_eq!(me["workspace"]["simulated"], false);
        assert_eq!(me["workspace"]["id"], early.id.to_string());
        assert_eq!(me["workspace"]["name"], "Крамниця");
        assert_eq!(send().await.0, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn secrets_survive_only_with_their_key() {
    with_app(|op, _| async move {
        op.app.seal(op.ws(), "smtp.password", b"hunter2").await.unwrap();
        assert_eq!(op.app.unseal(op.ws(), "smtp.password").await.unwrap().unwrap(), b"hunter2");
        assert_eq!(op.app.unseal(basis::WorkspaceId(2), "smtp.password").await.unwrap(), None);
        let key = op.app.key(op.ws(), "links").await.unwrap();
        assert_eq!(op.app.key(op.ws(), "links").await.unwrap(), key);
        assert_ne!(op.app.key(op.ws(), "verp").await.unwrap(), key);
        let mut tx = op.app.db.read().await.unwrap();
        let (sealed,): (String,) =
            store::fetch_one!(tx, (String,), "SELECT sealed FROM secrets WHERE name = 'smtp.password'")
                .unwrap();
        assert!(!sealed.contains("hunter2"));
    })
    .await;
}

#[tokio::test]
async fn a_request_with_a_key_happens_once() {
    with_app(|op, clock| async move {
        let (_, token) = access::add_token(&op.app, op.ws(), "shop", Role::Administrator).await.unwrap();
        let router =
            router(&op).layer(axum::middleware::from_fn_with_state(op.app.clone(), access::once::once));
        let ask = async |key: &str, token: &str, name: &str| {
            let body = json!({ "name": name, "role": "client" });
            let request = post("/api/tokens", &body)
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header("idempotency-key", key)
                .body(Body::from(body.to_string()))
                .unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let replayed = response.headers().contains_key("idempotency-replayed");
            let kind = response.headers().get(header::CONTENT_TYPE).cloned();
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            (status, replayed, kind, serde_json::from_slice::<Value>(&body).unwrap())
        };
        let first = ask("a", &token, "crm").await;
        assert_eq!((first.0, first.1), (StatusCode::CREATED, false));
        let again = ask("a", &token, "crm").await;
        assert_eq!((again.0, again.1), (StatusCode::CREATED, true));
        assert_eq!((&again.2, &again.3), (&first.2, &first.3));
        // What is kept of the answer, which holds a token here, is sealed.
        let mut tx = op.app.db.read().await.unwrap();
        let (kept,): (String,) =
            store::fetch_one!(tx, (String,), "SELECT body FROM idempotency_keys").unwrap();
        drop(tx);
        assert!(!kept.contains(first.3["token"].as_str().unwrap()));

        let (status, _, _, problem) = ask("a", &token, "another").await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("idempotency_key_reused"))
        );
        let (_, other) = access::add_token(&op.app, op.ws(), "other", Role::Administrator).await.unwrap();
        let theirs = ask("a", &other, "crm").await;
        assert!(!theirs.1 && theirs.3["token"] != first.3["token"], "another program's key is another key");
        // What failed may be tried again with its key.
        assert_eq!(ask("b", &token, "").await.0, ask("b", &token, "").await.0);
        assert!(!ask("b", &token, "").await.1);
        // Two at once: one runs, the other is told to wait or gets the same answer.
        let (left, right) = tokio::join!(ask("c", &token, "two"), ask("c", &token, "two"));
        for it in [&left, &right] {
            assert!(it.0 == StatusCode::CREATED || it.3["code"] == "idempotency_in_progress", "{:?}", it.3);
        }
        assert!(left.0 == StatusCode::CREATED || right.0 == StatusCode::CREATED);
        // A day later the key is free.
        clock.advance(std::time::Duration::from_secs(25 * 3600));
        assert!(!ask("a", &token, "crm").await.1);
        let mut tx = op.app.db.read().await.unwrap();
        let (tokens,): (i64,) =
            store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM api_tokens WHERE name = $1", "two").unwrap();
        assert_eq!(tokens, 1);
    })
    .await;
}

#[tokio::test]
async fn one_workspace_cannot_take_over_the_accounts_of_another() {
    with_app(|op, _| async move {
        let theirs = access::create_workspace(
            &op.app,
            access::NewWorkspace {
                name: "theirs".to_owned(),
                simulated: true,
                language: Lang::Uk,
                timezone: "Europe/Kyiv".to_owned(),
                jurisdiction: "ua".to_owned(),
                currency: basis::Currency::UAH,
            },
        )
        .await
        .unwrap();
        let secret = || "a secret of hers".to_owned();
        let victim = access::add_user(&op.app, theirs.id, "eva@x.example", "Eva", Role::Administrator, Lang::Uk, secret())
            .await
            .unwrap();
        let ask = access::testing::as_role(&op, access::routes(), Role::Administrator).await;
        let path = format!("/api/users/{victim}");
        let change = json!({ "password": "known to the thief" });
        assert_eq!(ask(Method::PATCH, &path, change.clone()).await.0, StatusCode::NOT_FOUND);

        let invite = json!({ "email": "eva@x.example", "name": "E", "role": "client", "password": "known to the thief" });
        assert_eq!(ask(Method::POST, "/api/users", invite).await.0, StatusCode::CREATED);
        for change in [change, json!({ "disabled": true })] {
            let (status, problem) = ask(Method::PATCH, &path, change).await;
            assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("shared_account")));
        }
        assert_eq!(ask(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(ask(Method::DELETE, &path, Value::Null).await.0, StatusCode::NOT_FOUND);
        let login = json!({ "email": "eva@x.example", "password": secret() });
        let router = router(&op);
        let (status, _, me) =
            call(&router, post("/api/login", &login).body(Body::from(login.to_string())).unwrap()).await;
        assert_eq!((status, &me["role"]), (StatusCode::OK, &json!("administrator")));
    })
    .await;
}
