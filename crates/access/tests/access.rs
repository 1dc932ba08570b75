//! The slice as a client sees it: the router over a real database.

use access::{Role, testing::with_app};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
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
