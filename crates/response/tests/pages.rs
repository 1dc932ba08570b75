//! The public pages over HTTP, on a real database.

mod shop;

use access::{links::LinkKind, testing::with_app};
use axum::{body::Body, http::Request};
use shop::*;

/// The value of a hidden field of the page.
fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap();
    let rest = &page[at..];
    let value = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    value.to_owned()
}

#[tokio::test]
async fn a_choice_is_made_by_a_press_and_by_nothing_else() {
    with_app(|op, _| async move {
        open(&op).await;
        let page = path(&op, LETTER, LinkKind::Preferences).await;
        let seen = get(&op, &page).await;
        assert_eq!(seen.status, 200);
        assert!(seen.body.contains("<html lang=\"uk\""), "the letter's language");
        assert!(seen.body.contains("ol***@example.org") && !seen.body.contains(EMAIL));
        assert_eq!(seen.body.matches(" checked").count(), 2, "ticked beforehand, inside a consent");
        let policy = seen.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("script"));
        assert_eq!(seen.header("cache-control"), "no-store");
        assert_eq!(seen.header("referrer-policy"), "no-referrer");
        for table in ["consents", "preferences", "reactions", "interactions"] {
            assert_eq!(count(&op, &format!("SELECT COUNT(*) FROM {table} WHERE workspace_id = $1")).await, 0, "{table}");
        }

        let shown = hidden(&seen.body, "shown");
        let stolen = post(&op, &page, &format!("lang=uk&shown={}&interest=71", shown.replace("72+", "72-"))).await;
        assert_eq!(stolen.status, 303);
        assert_eq!(count(&op, "SELECT COUNT(*) FROM consents WHERE workspace_id = $1").await, 0, "proves nothing");

        let done = post(&op, &page, &format!("lang=uk&shown={}&interest=71&interest=99", urlencode(&shown))).await;
        assert_eq!(done.status, 303);
        assert_eq!(done.header("location"), format!("{page}?saved=1&lang=uk"));
        assert_eq!(count(&op, "SELECT COUNT(*) FROM preferences WHERE workspace_id = $1").await, 2);
        assert_eq!(count(&op, "SELECT COUNT(*) FROM preferences WHERE workspace_id = $1 AND chosen AND category_id = 71").await, 1);
        let proof: serde_json::Value =
            serde_json::from_str(&text(&op, "SELECT proof FROM consents WHERE workspace_id = $1 AND value = 'olena.k@example.org' AND state = 'given'").await).unwrap();
        assert_eq!(proof["shown"], serde_json::json!([{ "category": "71", "ticked": true }, { "category": "72", "ticked": true }]));
        assert!(proof["text"].as_str().unwrap().contains("я погоджуюся"));
        assert_eq!(text(&op, "SELECT kind FROM reactions WHERE workspace_id = $1").await, "subscribed");
        assert_eq!(member(&op).await, ("subscribed".to_owned(), false, false, false));

        let saved = get(&op, &format!("{page}?saved=1&lang=ru")).await;
        assert!(saved.body.contains("Поэзия") && !saved.body.contains("Фантастика"));
        let again = get(&op, &page).await;
        assert_eq!(again.body.matches(" checked").count(), 1, "the answer stands, not the defaults");
    })
    .await;
}

fn urlencode(text: &str) -> String {
    text.replace('+', "%2B")
}

#[tokio::test]
async fn where_the_law_forbids_it_nothing_is_ticked() {
    with_app(|op, _| async move {
        open(&op).await;
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(tx, "UPDATE workspaces SET jurisdiction = 'eu' WHERE id = $1", op.ws().get())
            .unwrap();
        tx.commit().await.unwrap();
        let page = path(&op, LETTER, LinkKind::Preferences).await;
        let seen = get(&op, &page).await;
        assert_eq!((seen.status.as_u16(), seen.body.matches(" checked").count()), (200, 0));
        let shown = hidden(&seen.body, "shown");
        post(&op, &page, &format!("lang=uk&shown={shown}")).await;
        assert_eq!(
            count(&op, "SELECT COUNT(*) FROM consents WHERE workspace_id = $1").await,
            0,
            "nothing ticked, nothing agreed"
        );
        assert_eq!(member(&op).await, ("none".to_owned(), true, false, false), "an answer all the same");
    })
    .await;
}

#[tokio::test]
async fn one_click_unsubscribes_and_a_look_does_not() {
    with_app(|op, _| async move {
        open(&op).await;
        let page = path(&op, LETTER, LinkKind::Unsubscribe).await;
        let seen = get(&op, &page).await;
        assert_eq!(seen.status, 200);
        assert!(seen.body.contains("<form method=\"post\""));
        assert_eq!(member(&op).await.0, "none");

        // A mail program's own request: no cookie, no session, no redirect (RFC 8058).
        let done = post(&op, &page, "List-Unsubscribe=One-Click").await;
        assert_eq!(done.status, 200);
        assert!(done.body.contains("Вас відписано"));
        assert_eq!(member(&op).await, ("refused".to_owned(), false, true, false));
        assert!(count(&op, "SELECT COUNT(*) FROM suppressions WHERE workspace_id = $1 AND reason = 'opt_out' AND lifted_at IS NULL").await >= 2, "e-mail and phone");
        assert_eq!(text(&op, "SELECT kind FROM reactions WHERE workspace_id = $1").await, "opt_out");
        assert_eq!(post(&op, &page, "List-Unsubscribe=One-Click").await.status, 200, "twice is no error");
    })
    .await;
}

#[tokio::test]
async fn a_persons_click_counts_and_a_machines_does_not() {
    with_app(|op, clock| async move {
        open(&op).await;
        let link = |n| path(&op, LETTER, LinkKind::Click(n));
        let head = Request::head(link(0).await).header("user-agent", BROWSER).body(Body::empty()).unwrap();
        let followed = send(&op, head).await;
        assert_eq!((followed.status.as_u16(), followed.header("location")), (302, "https://shop.example/a"));
        assert!(!member(&op).await.1, "HEAD is a machine");

        clock.advance(std::time::Duration::from_secs(60));
        let followed = get(&op, &link(1).await).await;
        assert_eq!(followed.header("location"), "https://shop.example/b");
        assert!(member(&op).await.1, "a person");
        let delivered = "SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND delivered_at IS NOT NULL";
        assert_eq!(count(&op, delivered).await, 1, "who clicks has got the letter");

        // The rest of the links within seconds: it was a scanner in a browser's clothes after all.
        clock.advance(std::time::Duration::from_secs(1));
        get(&op, &link(0).await).await;
        get(&op, &link(2).await).await;
        let human = "SELECT COUNT(*) FROM reactions WHERE workspace_id = $1 AND verdict = 'human'";
        assert_eq!(count(&op, human).await, 0);
        assert!(!member(&op).await.1, "silent again");
        assert_eq!(member(&op).await.0, "none");

        // Long after it, one link: the person themself.
        clock.advance(std::time::Duration::from_secs(3600));
        get(&op, &link(1).await).await;
        assert_eq!(count(&op, human).await, 1);
        assert!(member(&op).await.1);
    })
    .await;
}

#[tokio::test]
async fn a_bad_link_gets_a_page_that_helps() {
    with_app(|op, _| async move {
        open(&op).await;
        let good = path(&op, LETTER, LinkKind::Unsubscribe).await;
        let mut cut = good.clone();
        cut.truncate(good.len() - 3);
        for bad in [cut.as_str(), "/u/AAAA", "/p/%D0%B0", "/r/x", "/v/-"] {
            let got = get(&op, bad).await;
            assert_eq!(got.status, 404, "{bad}");
            assert!(got.body.contains("<h1>"), "{bad}");
            assert!(!got.header("content-security-policy").is_empty());
        }
        // A token of one page opens no other.
        let crossed = good.replace("/u/", "/p/");
        assert_eq!(get(&op, &crossed).await.status, 404);
        assert_eq!(post(&op, &crossed, "shown=").await.status, 404);
        // The letter was erased with its person.
        let gone = path(&op, 424_242, LinkKind::Preferences).await;
        assert_eq!(get(&op, &gone).await.status, 410);
        assert_eq!(get(&op, &path(&op, LETTER, LinkKind::Click(77)).await).await.status, 410);
        assert_eq!(count(&op, "SELECT COUNT(*) FROM reactions WHERE workspace_id = $1").await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_letter_opens_in_the_browser_without_running_anything() {
    with_app(|op, _| async move {
        open(&op).await;
        let got = get(&op, &path(&op, LETTER, LinkKind::Browser).await).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(got.header("content-security-policy").contains("sandbox"));
        let link = path(&op, LETTER, LinkKind::Click(0)).await;
        assert!(got.body.contains(&link), "its links are the letter's own");

        let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Друга полиця</mj-text></mj-column></mj-section></mj-body></mjml>";
        draw_second(&op, LETTERS, LETTER, serde_json::json!({ "mjml": mjml })).await;
        let got = get(&op, &path(&op, LETTER, LinkKind::Browser).await).await;
        assert!(got.body.contains("Друга полиця"), "the letter that this person drew: {}", got.body);
    })
    .await;
}

#[tokio::test]
async fn the_language_switches_on_every_page() {
    with_app(|op, _| async move {
        open(&op).await;
        for lang in LANGS {
            for kind in [LinkKind::Preferences, LinkKind::Unsubscribe] {
                let page = path(&op, LETTER, kind).await;
                let got = get(&op, &format!("{page}?lang={lang}")).await;
                assert!(got.body.contains(&format!("<html lang=\"{lang}\"")));
            }
        }
    })
    .await;
}
