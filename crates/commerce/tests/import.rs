//! Imports end to end: files → records → orders, on both engines.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
};

use access::{Op, testing::with_app};
use basis::{Fault, ImportId, RecordId, SourceId};
use futures::future::BoxFuture;
use ingest::{
    Mapping,
    import::{Change, Import, ImportState, NewFile, PeopleStep, Steps, begin_import, write_reject_files},
};

/// Counts what it is told; breaks off when its patience is used up.
struct Watcher {
    left: AtomicI64,
    applied: AtomicI64,
    withdrawn: AtomicI64,
}

impl Watcher {
    fn patient() -> Self {
        Self { left: AtomicI64::new(i64::MAX), applied: AtomicI64::new(0), withdrawn: AtomicI64::new(0) }
    }
    fn breaking_after(portions: i64) -> Self {
        Self { left: AtomicI64::new(portions), ..Self::patient() }
    }
}

impl PeopleStep for Watcher {
    fn apply<'a>(&'a self, _: &'a Op, _: SourceId, changes: Vec<Change>) -> BoxFuture<'a, Result<(), Fault>> {
        self.applied.fetch_add(i64::try_from(changes.len()).unwrap(), Ordering::Relaxed);
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        Box::pin(
            async move { if left > 0 { Ok(()) } else { Err(Fault::internal("test", "the power went out")) } },
        )
    }
    fn withdraw<'a>(&'a self, _: &'a Op, records: &'a [RecordId]) -> BoxFuture<'a, Result<(), Fault>> {
        self.withdrawn.fetch_add(i64::try_from(records.len()).unwrap(), Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }
    fn finish<'a>(&'a self, _: &'a Op, _: ImportId) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn begin(op: &Op, source: &str, path: &Path, mapping: &str) -> Import {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let new = NewFile { name, path: path.display().to_string() };
    let mut tx = op.app.db.write().await.unwrap();
    let mapping = Mapping::parse(mapping).unwrap();
    let import = begin_import(&mut tx, op, source, &[new], &mapping).await.unwrap();
    tx.commit().await.unwrap();
    import
}

async fn import(op: &Op, source: &str, path: &Path, mapping: &str) -> Import {
    let begun = begin(op, source, path, mapping).await;
    let orders = commerce::Orders::default();
    ingest::run_import(op, begun.id, Steps { orders: &orders, people: &Watcher::patient() }).await.unwrap()
}

fn counts(import: &Import) -> [u64; 5] {
    let file = &import.files[0];
    [file.rows, file.new, file.changed, file.unchanged, file.rejected]
}

async fn number(op: &Op, sql: &str) -> i64 {
    let mut tx = op.app.db.read().await.unwrap();
    let rows: Vec<(i64,)> = tx.fetch_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    rows[0].0
}

async fn orders(op: &Op) -> Vec<(String, String, i64, i64)> {
    let mut tx = op.app.db.read().await.unwrap();
    let sql =
        "SELECT number, status, amount_minor, day FROM orders WHERE workspace_id = $1 ORDER BY number, day";
    tx.fetch_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap()
}

const SHOP: &str = "Order no,Order date,Books,Amount,Order status,Full name,Phone\n\
    1,01.03.2022,\"Дюна x2\nКобзар\",\"1 230,50 грн\",Новый,Терехина Наталья,0501112233\n\
    2,02.03.2022,«ДЮНА»,230 грн.,Виконано,Бойко Олександр,0671112233\n\
    3,31.02.2022,Кобзар,50,Виконано,Ірина,0931112233\n\
    4,04.03.2022,Кобзар,n/a,Виконано,Ірина,0931112233\n";

#[tokio::test]
async fn the_same_file_twice_changes_nothing_and_a_changed_row_is_a_new_version() {
    with_app(|op, _| async move {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "orders.csv", SHOP);
        let first = import(&op, "shop", &path, "").await;
        assert_eq!(first.state, ImportState::Done);
        assert_eq!(counts(&first), [4, 2, 0, 0, 2]);
        assert_eq!(
            orders(&op).await,
            [("1".into(), "new".into(), 123_050, 19_052), ("2".into(), "paid".into(), 23_000, 19_053)]
        );
        // «ДЮНА» and "Дюна" are one product; two titles in all.
        assert_eq!(number(&op, "SELECT COUNT(*) FROM products WHERE workspace_id = $1").await, 2);

        let again = import(&op, "shop", &path, "").await;
        assert_eq!(counts(&again), [4, 0, 0, 2, 2]);
        assert_eq!(number(&op, "SELECT COUNT(*) FROM records WHERE workspace_id = $1").await, 2);

        let changed = file(folder.path(), "later.csv", &SHOP.replace("Новый", "Отказ"));
        let later = import(&op, "shop", &changed, "").await;
        assert_eq!(counts(&later), [4, 0, 1, 1, 2]);
        assert_eq!(orders(&op).await[0].1, "cancelled");
        assert_eq!(number(&op, "SELECT COUNT(*) FROM orders WHERE workspace_id = $1").await, 2);
        let versions = "SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND NOT current";
        assert_eq!(number(&op, versions).await, 1);

        // The first import carries the second: it cannot go before it.
        let step = commerce::Orders::default();
        let watcher = Watcher::patient();
        let steps = Steps { orders: &step, people: &watcher };
        let refused = ingest::undo_import(&op, first.id, steps).await.unwrap_err();
        assert_eq!(refused.code, "import_built_upon");

        let undone = ingest::undo_import(&op, later.id, steps).await.unwrap();
        assert_eq!(undone.state, ImportState::Undone);
        assert_eq!(orders(&op).await[0].1, "new", "the version before is in force again");
        assert_eq!(orders(&op).await[0].2, 123_050);
        assert_eq!(watcher.applied.load(Ordering::Relaxed), 1);

        ingest::undo_import(&op, first.id, steps).await.unwrap();
        assert_eq!(orders(&op).await, []);
        assert_eq!(number(&op, "SELECT COUNT(*) FROM order_lines WHERE workspace_id = $1").await, 0);
        assert_eq!(watcher.withdrawn.load(Ordering::Relaxed), 2);

        // What comes back after an undo comes back under its own ids.
        let back = import(&op, "shop", &path, "").await;
        assert_eq!(counts(&back), [4, 2, 0, 0, 2]);
        assert_eq!(number(&op, "SELECT COUNT(DISTINCT id) FROM records WHERE workspace_id = $1").await, 2);
    })
    .await;
}

#[tokio::test]
async fn rejects_are_kept_and_come_back_corrected() {
    with_app(|op, _| async move {
        let folder = tempfile::tempdir().unwrap();
        let broken =
            format!("{SHOP}5;only one cell\n6,06.03.2022,Кобзар,\"=1+1\",Виконано,Іван,+380931112233\n");
        let path = file(folder.path(), "orders.csv", &broken);
        let first = import(&op, "shop", &path, "").await;
        assert_eq!(counts(&first), [6, 2, 0, 0, 4]);
        let made = write_reject_files(&op, &first, folder.path()).await.unwrap();
        let text = std::fs::read_to_string(&made[0].1).unwrap();
        assert!(text.contains("'=1+1") && text.contains("'+380931112233"), "formulas are texts: {text}");
        for (line, column, reason) in [
            ("5", "Order date", "\"\"31.02.2022\"\": there is no such day"),
            ("6", "Amount", "\"\"n/a\"\" is not an amount"),
            ("7", "", "1 cells where the header has 7"),
        ] {
            assert!(
                text.contains(&format!("orders.csv,{line},{column},\"{reason}\""))
                    || text.contains(&format!("orders.csv,{line},{column},{reason}")),
                "{line}: {text}"
            );
        }
        let corrected = text.replace("31.02.2022", "28.02.2022").replace("n/a", "50").replace("'=1+1", "11");
        let corrected = file(folder.path(), "corrected.csv", &corrected);
        let second = import(&op, "shop", &corrected, "").await;
        assert_eq!(counts(&second), [4, 3, 0, 0, 1], "{:?}", second.error);
        let phones =
            "SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND payload LIKE '%\"+380931112233\"%'";
        assert_eq!(number(&op, phones).await, 1, "the sign against formulas is off again");
    })
    .await;
}

#[tokio::test]
async fn an_import_that_broke_off_goes_on_where_it_stopped() {
    with_app(|op, _| async move {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::from("Order no,Order date,Amount,Phone\n");
        for n in 0..1_700 {
            // Each hundredth row is of no use, each tenth order is given twice with another sum.
            let date = if n % 100 == 7 { "32.01.2023" } else { "12.01.2023" };
            text.push_str(&format!("{n},{date},{}.50,0501112233\n", n + 1));
            if n % 10 == 0 {
                text.push_str(&format!("{n},{date},{}.75,0501112233\n", n + 1));
            }
        }
        let path = file(folder.path(), "orders.csv", &text);
        let whole = import(&op, "undisturbed", &path, "").await;

        let begun = begin(&op, "shop", &path, "").await;
        let mut breaks = 0;
        let done = loop {
            let step = commerce::Orders::default();
            let people = Watcher::breaking_after(1);
            match ingest::run_import(&op, begun.id, Steps { orders: &step, people: &people }).await {
                Ok(done) => break done,
                Err(fault) => assert_eq!(fault.code, "test"),
            }
            breaks += 1;
            assert!(breaks < 50, "it does not get on");
        };
        assert!(breaks > 1, "the test has to break it");
        assert_eq!(counts(&done), counts(&whole));
        assert_eq!(counts(&done), [1_870, 1_683, 170, 0, 17]);
        let sums = "SELECT CAST(SUM(amount_minor) AS BIGINT) FROM orders WHERE workspace_id = $1";
        let expected: i64 = (0..1_700)
            .filter(|n| n % 100 != 7)
            .map(|n| (n + 1) * 100 + if n % 10 == 0 { 75 } else { 50 })
            .sum();
        assert_eq!(number(&op, sums).await, 2 * expected);
    })
    .await;
}

#[tokio::test]
async fn rows_of_one_order_become_one_order() {
    with_app(|op, _| async move {
        let folder = tempfile::tempdir().unwrap();
        let text = "InvoiceNo,InvoiceDate,CustomerID,Description,Quantity,UnitPrice\n\
            536365,12/13/2010 8:26,17850,WHITE HANGING HEART,6,2.55\n\
            536365,12/13/2010 8:26,17850,\"CREAM CUPID, HEARTS\",8,2.75\n\
            C536379,12/14/2010 9:41,(blank),Discount,-1,27.50\n\
            536400,12/15/2010 9:41,13047,MUG,2,n/a\n\
            536400,12/15/2010 9:41,13047,CUP,1,1.25\n";
        let path = file(folder.path(), "invoices.csv", text);
        let done =
            import(&op, "wholesale", &path, "[file]\ncurrency = 'GBP'\ntimezone = 'Europe/London'\n").await;
        assert_eq!(counts(&done), [5, 3, 0, 0, 2], "a row that spoils its order takes it along");
        assert_eq!(
            orders(&op).await,
            [
                ("536365".into(), "paid".into(), 3_730, 14_956),
                ("C536379".into(), "cancelled".into(), -2_750, 14_957)
            ]
        );
        assert_eq!(number(&op, "SELECT COUNT(*) FROM order_lines WHERE workspace_id = $1").await, 3);
        let again = import(&op, "wholesale", &path, "").await;
        assert_eq!(counts(&again), [5, 0, 0, 3, 2], "what was learnt about the source is remembered");
    })
    .await;
}

#[tokio::test]
async fn the_three_real_sources_come_in_without_code() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.exists() {
        return;
    }
    with_app(move |op, _| {
        let data = data.clone();
        async move {
            let orders_csv = data.join("bookshop/orders.csv");
            assert_eq!(counts(&import(&op, "shop", &orders_csv, "").await), [4_000, 4_000, 0, 0, 0]);
            assert_eq!(counts(&import(&op, "shop", &orders_csv, "").await), [4_000, 0, 0, 4_000, 0]);
            let addresses = data.join("bookshop/addresses.csv");
            assert_eq!(counts(&import(&op, "call centre", &addresses, "").await), [2_063, 2_063, 0, 0, 0]);
            assert_eq!(number(&op, "SELECT COUNT(*) FROM orders WHERE workspace_id = $1").await, 4_000);
            assert_eq!(number(&op, "SELECT COUNT(*) FROM products WHERE workspace_id = $1").await, 44);

            let invoices = import(&op, "wholesale", &data.join("online_retail/invoices.csv"), "[file]\ncurrency = 'GBP'\n").await;
            assert_eq!(counts(&invoices), [25_943, 25_943, 0, 0, 0]);
            let cancelled = "SELECT COUNT(*) FROM orders WHERE workspace_id = $1 AND number LIKE 'C%' AND status = 'cancelled'";
            assert!(number(&op, cancelled).await >= 3_830);
            let cdnow = data.join("cdnow/cdnow_sample_transactions.csv");
            let music = import(&op, "music", &cdnow, "[file]\ncurrency = 'USD'\n").await;
            assert_eq!(counts(&music), [6_919, 6_919, 0, 0, 0]);
            assert_eq!(counts(&import(&op, "music", &cdnow, "").await), [6_919, 0, 0, 6_919, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn uploaded_files_go_when_they_are_not_needed_any_more() {
    with_app(|op, _| async move {
        let uploads = op.app.data_dir.join("uploads").join(op.ws().to_string());
        let folder = |name: &str| {
            let folder = uploads.join(name);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let text = "order;date;amount;phone\n1;2024-03-01;10;+380501112233\n";
        let (taken, own, idle) = (folder("a"), tempfile::tempdir().unwrap(), folder("b"));
        let uploaded = file(&taken, "orders.csv", text);
        let waiting = begin(&op, "shop", &uploaded, "").await;
        std::fs::write(taken.join(".import"), waiting.id.to_string()).unwrap();
        file(&idle, "never.csv", text);

        ingest::sweep_uploads(&op, None).await.unwrap();
        assert!(uploaded.exists() && !idle.exists(), "what an import waits for stays");
        let orders = commerce::Orders::default();
        ingest::run_import(&op, waiting.id, Steps { orders: &orders, people: &Watcher::patient() })
            .await
            .unwrap();
        assert!(!uploaded.exists(), "its rows are stored");
        let of_somebody = file(own.path(), "orders.csv", text);
        import(&op, "shop", &of_somebody, "").await;
        assert!(of_somebody.exists(), "files of the command line are not ours");
    })
    .await;
}
