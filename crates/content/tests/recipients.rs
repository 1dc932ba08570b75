//! Templates and merge fields on both databases.

use access::{Op, testing::with_app};
use basis::{CustomerId, Lang};
use content::{Links, recipients, sender_of};

async fn buyer(op: &Op) {
    let ws = op.ws().get();
    let mut tx = op.app.db.write().await.unwrap();
    for (id, given, language) in [(1_i64, "НАТАЛІЯ", Some("uk")), (2, "", None)] {
        store::execute!(
            tx,
            "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, city, created_at, updated_at)
             VALUES ($1, $2, $3, $3, '', '', '', '', $4, '', 0, 0)",
            ws, id, given, language
        )
        .unwrap();
    }
    store::execute!(
        tx,
        "INSERT INTO customer_aliases (workspace_id, customer_id, current_id) VALUES ($1, 11, 1)",
        ws
    )
    .unwrap();
    for (id, key) in [(7_i64, "classics"), (8, "fiction")] {
        store::execute!(tx, "INSERT INTO categories (workspace_id, id, key, name_ru, name_uk, name_en, position) VALUES ($1, $2, $3, $4, $5, $6, $2)", ws, id, key, format!("{key} ru"), format!("{key} uk"), format!("{key} en")).unwrap();
    }
    for (id, title, category) in [
        (1_i64, "Кобзар", Some(7_i64)),
        (2, "\"Дюна\"", Some(8)),
        (3, "Лис", Some(8)),
        (4, "Intermezzo", None),
    ] {
        store::execute!(tx, "INSERT INTO products (workspace_id, id, title, title_key, category_id) VALUES ($1, $2, $3, $4, $5)", ws, id, title, basis::fold(title), category).unwrap();
    }
    for (id, at, status, products) in [
        (1_i64, 100_i64, "paid", vec![1_i64, 2]),
        (2, 200, "paid", vec![3, 2]),
        (3, 300, "cancelled", vec![4]),
        (4, 900, "paid", vec![4]),
    ] {
        store::execute!(tx, "INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, status, status_text, amount_minor, currency) VALUES ($1, $2, $2, 1, '', $3, 0, $4, '', 1, 'UAH')", ws, id, at, status).unwrap();
        store::execute!(
            tx,
            "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, $2, 1)",
            ws,
            id
        )
        .unwrap();
        for (line, product) in products.into_iter().enumerate() {
            store::execute!(tx, "INSERT INTO order_lines (workspace_id, order_id, line_no, product_id, quantity) VALUES ($1, $2, $3, $4, 1)", ws, id, i64::try_from(line).unwrap(), product).unwrap();
        }
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn merge_fields_come_from_orders_that_stand_before_a_moment() {
    with_app(|op, _| async move {
        buyer(&op).await;
        let mut tx = op.app.db.read().await.unwrap();
        let asked = [CustomerId(11), CustomerId(1), CustomerId(2), CustomerId(99)];
        let found = recipients(&mut tx, op.ws(), &asked, basis::Time::from_millis(500)).await.unwrap();
        assert_eq!(found.len(), 3, "an id that never was has no letter");
        let (old, now) = (&found[&CustomerId(11)], &found[&CustomerId(1)]);
        assert_eq!(
            (&old.titles, &old.categories),
            (&now.titles, &now.categories),
            "a merged id is the same person"
        );
        assert_eq!(now.language, Some(Lang::Uk));

        let links = Links { interests: "i".into(), unsubscribe: "u".into() };
        let merge = now.merge(Lang::Uk, &sender_of(&op.workspace), links.clone());
        assert_eq!(merge.greeting, "Вітаємо, Наталіє");
        assert_eq!(
            merge.book_list,
            "«Лис», «Дюна» та «Кобзар»".replace(" та ", " і "),
            "cancelled and later orders are not named"
        );
        assert_eq!(merge.category_list, "«fiction uk» і «classics uk»");
        assert_eq!(merge.shop_name, "test", "without a sender the workspace's name stands");
        let nobody = found[&CustomerId(2)].merge(Lang::Ru, &sender_of(&op.workspace), links);
        assert_eq!((nobody.greeting.as_str(), nobody.book_count), ("Здравствуйте", 0));
    })
    .await;
}
