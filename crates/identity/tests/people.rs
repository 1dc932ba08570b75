//! People in the database, on SQLite and PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use access::Op;
use basis::{CustomerId, ImportId, MergeId, RecordId, ReviewId, SourceId};
use identity::{CandidateDraft, Correction};
use ingest::{
    TableKind,
    import::{Change, Draft},
};
use serde_json::{Value, json};

/// A record as an import would store it.
struct Rec {
    id: i64,
    kind: &'static str,
    payload: Value,
}

fn order(id: i64, name: &str, phone: &str, email: &str) -> Rec {
    Rec {
        id,
        kind: "order",
        payload: json!({ "order_id": id.to_string(), "full_name": name, "phone": phone, "email": email }),
    }
}

async fn store_records(op: &Op, records: &[Rec]) {
    let mut tx = op.app.db.write().await.unwrap();
    store::execute!(
        tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, 1, 'orders', '', '[]', 0) ON CONFLICT DO NOTHING",
        op.ws().get()
    )
    .unwrap();
    for r in records {
        store::execute!(
            tx,
            "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload)
             VALUES ($1, $2, 1, TRUE, 1, 1, $3, $4, 'orders.csv', 1, '', $5)",
            op.ws().get(),
            r.id,
            r.kind,
            r.id.to_string(),
            r.payload.to_string()
        )
        .unwrap();
    }
    tx.commit().await.unwrap();
}

async fn refresh(op: &Op) {
    identity::refresh(op, identity::Touched::Anything).await.unwrap();
}

async fn customer_of(op: &Op) -> BTreeMap<i64, i64> {
    let mut tx = op.app.db.read().await.unwrap();
    store::fetch_all!(
        tx,
        (i64, i64),
        "SELECT record_id, customer_id FROM record_customers WHERE workspace_id = $1",
        op.ws().get()
    )
    .unwrap()
    .into_iter()
    .collect()
}

fn partition(of: &BTreeMap<i64, i64>) -> BTreeSet<Vec<i64>> {
    let mut groups: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (record, customer) in of {
        groups.entry(*customer).or_default().push(*record);
    }
    groups.into_values().collect()
}

fn some_people() -> Vec<Rec> {
    vec![
        order(1, "Терехина Наталья Алексеевна", "096 510 22 20", "terekhina85@ukr.net"),
        order(2, "Терьохіна Наталія Олексіївна", "+380965102220", ""),
        order(3, "Наташа Терехина", "", "terekhina85@ukr.net"),
        order(4, "Снігурський Сергій", "0678737218", "sergiy_snihurskyi@mail.ru"),
        order(5, "Снигурская Ирина Николаевна", "0678737218", "snihurska_i@outlook.com"),
        order(6, "Снигурская Ирина", "", "snihurska_i@outlook.com"),
        order(7, "Бондар Олег", "0501112233", ""),
        order(8, "Бондар Олег", "0679998877", ""),
        order(9, "Петренко О.", "0931234509", ""),
        order(10, "Петренко Олексій", "0931234509", "petrenko.o@ukr.net"),
        order(11, "Петренко Олександр", "", "petrenko.o@ukr.net"),
    ]
}

#[tokio::test]
async fn any_order_of_arrival_gives_the_same_people_with_stable_ids() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &some_people()).await;
        refresh(&op).await;
        let batch = customer_of(&op).await;
        let expected = partition(&batch);
        assert!(expected.contains(&vec![1, 2, 3]), "{expected:?}");
        assert!(expected.contains(&vec![4]) && expected.contains(&vec![5, 6]), "{expected:?}");
        refresh(&op).await;
        assert_eq!(customer_of(&op).await, batch, "a second run changes nothing");
    })
    .await;
    for step in [1_usize, 3, 7] {
        access::testing::with_app(move |op, _clock| async move {
            let mut left = some_people();
            let mut before: BTreeMap<i64, i64> = BTreeMap::new();
            let mut at = 0;
            while !left.is_empty() {
                at = (at + step) % left.len();
                store_records(&op, &[left.remove(at)]).await;
                refresh(&op).await;
                let now = customer_of(&op).await;
                let mut tx = op.app.db.read().await.unwrap();
                for (record, old) in &before {
                    let lives_on =
                        identity::current_id(&mut tx, op.ws(), CustomerId(*old)).await.unwrap().get();
                    // A record stays under its id, or under the id that its customer lives on in, unless a brother left.
                    assert!(
                        now[record] == lives_on || now.values().any(|c| *c == lives_on),
                        "record {record}"
                    );
                }
                before = now;
            }
            let found = partition(&customer_of(&op).await);
            let all = access_free_batch();
            assert_eq!(found, all, "step {step}");
        })
        .await;
    }
}

/// The partition of [`some_people`] by the pure engine.
fn access_free_batch() -> BTreeSet<Vec<i64>> {
    use identity::rules::batch::{PersonRecord, RecordBatch};
    use identity::rules::resolve::{Bands, Decisions, resolve};
    let mut batch = RecordBatch::new();
    for r in some_people() {
        let text = |k: &str| r.payload[k].as_str().unwrap_or_default().to_owned();
        batch.push(&PersonRecord {
            id: &r.id.to_string(),
            full_name: &text("full_name"),
            phone: &text("phone"),
            email: &text("email"),
            ..PersonRecord::default()
        });
    }
    let found = resolve(&batch, &Decisions::default(), Bands::default());
    partition(&(1_i64..).zip(found.customer_of.iter().map(|c| i64::from(*c))).collect())
}

#[tokio::test]
async fn address_rows_lie_on_the_card_of_their_order() {
    access::testing::with_app(|op, _clock| async move {
        let mut records = some_people();
        for r in &mut records {
            r.payload["other"] = json!({ "Operator": "Світлана" });
        }
        store_records(&op, &records).await;
        refresh(&op).await;
        let address = |id: i64, payload: Value| Rec { id, kind: "address", payload };
        store_records(
            &op,
            &[
                address(101, json!({ "order_id": "3", "full_name": "Наталія Терьохіна", "address": "Київ, Паркова, 7, кв. 137", "other": { "Operator": "Оля" } })),
                address(102, json!({ "order_id": "1", "phone": "0965102220", "full_name": "Терехина Наталья", "address": "Київ, НП 33" })),
                address(103, json!({ "phone": "067 873 72 18", "full_name": "Сергей Снигурский", "address": "Черкаси, Бандери, 122" })),
            ],
        )
        .await;
        refresh(&op).await;
        let of = customer_of(&op).await;
        assert_eq!((of[&101], of[&102], of[&103]), (of[&1], of[&1], of[&4]));
        let mut tx = op.app.db.read().await.unwrap();
        let places = store::fetch_all!(tx, (bool,), "SELECT pickup FROM addresses WHERE workspace_id = $1 AND customer_id = $2 ORDER BY pickup", op.ws().get(), of[&1]).unwrap();
        assert_eq!(places, [(false,), (true,)], "both addresses are kept, and the branch is marked");
    })
    .await;
}

#[tokio::test]
async fn decisions_hold_and_can_be_taken_back() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &some_people()).await;
        refresh(&op).await;
        let before = customer_of(&op).await;
        let mut tx = op.app.db.read().await.unwrap();
        let merges = store::fetch_all!(tx, (i64, i64, i64), "SELECT id, record_a, record_b FROM merges WHERE workspace_id = $1 ORDER BY id", op.ws().get()).unwrap();
        drop(tx);
        let merge = merges.iter().find(|m| m.1.min(m.2) == 5 && m.1.max(m.2) == 6).expect("the two cards of Iryna are linked");
        identity::undo_merge(&op, MergeId(merge.0)).await.unwrap();
        let now = customer_of(&op).await;
        assert_ne!(now[&5], now[&6]);
        refresh(&op).await;
        assert_eq!(customer_of(&op).await, now, "an undone merge stays undone");

        let mut tx = op.app.db.read().await.unwrap();
        let open = store::fetch_all!(tx, (i64, i64, i64), "SELECT id, record_a, record_b FROM review_pairs WHERE workspace_id = $1 AND state = 'open' ORDER BY value_minor DESC, id", op.ws().get()).unwrap();
        drop(tx);
        if let Some(question) = open.first() {
            identity::decide(&op, ReviewId(question.0), true).await.unwrap();
            let merged = customer_of(&op).await;
            assert_eq!(merged[&question.1], merged[&question.2]);
            identity::undo_review(&op, ReviewId(question.0)).await.unwrap();
            assert_eq!(partition(&customer_of(&op).await), partition(&now));
        }
        assert_eq!(before.len(), now.len());
    })
    .await;
}

#[tokio::test]
async fn an_erased_person_leaves_no_value_behind() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &some_people()).await;
        refresh(&op).await;
        let customer = CustomerId(customer_of(&op).await[&1]);
        let known = identity::export_person(&op, customer).await.unwrap();
        assert_eq!(known["records"].as_array().map(Vec::len), Some(3));
        assert_eq!(known["contacts"].as_array().map(Vec::len), Some(2));
        identity::erase(&op, customer).await.unwrap();
        let mut tx = op.app.db.read().await.unwrap();
        for (what, count) in [
            (
                "records",
                store::fetch_one!(
                    tx,
                    (i64,),
                    "SELECT COUNT(*) FROM records WHERE workspace_id = $1 AND payload LIKE '%terekhina85%'",
                    op.ws().get()
                )
                .unwrap()
                .0,
            ),
            (
                "contacts",
                store::fetch_one!(
                    tx,
                    (i64,),
                    "SELECT COUNT(*) FROM contact_points WHERE workspace_id = $1 AND value = '+380965102220'",
                    op.ws().get()
                )
                .unwrap()
                .0,
            ),
            (
                "customers",
                store::fetch_one!(
                    tx,
                    (i64,),
                    "SELECT COUNT(*) FROM customers WHERE workspace_id = $1 AND id = $2",
                    op.ws().get(),
                    customer.get()
                )
                .unwrap()
                .0,
            ),
        ] {
            assert_eq!(count, 0, "{what}");
        }
        let (tombstones,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM tombstones WHERE workspace_id = $1",
            op.ws().get()
        )
        .unwrap();
        assert_eq!(tombstones, 3);
        drop(tx);
        assert!(identity::export_person(&op, customer).await.is_err());
        assert_eq!(customer_of(&op).await.len(), 8, "everybody else stays");
    })
    .await;
}

#[tokio::test]
async fn a_half_known_caller_is_found_and_corrected() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &some_people()).await;
        refresh(&op).await;
        let of = customer_of(&op).await;
        let draft = CandidateDraft { name: "наталия терехина".into(), phone: "0965102220".into(), ..CandidateDraft::default() };
        let found = identity::candidates(&op, &draft).await.unwrap();
        assert_eq!(found.first().map(|c| c.customer.get()), Some(of[&1]));
        assert!(found[0].probability > 0.9, "{found:?}");
        let stranger = CandidateDraft { name: "Зелінський Богдан".into(), phone: "0660000001".into(), ..CandidateDraft::default() };
        assert!(identity::candidates(&op, &stranger).await.unwrap().is_empty());

        let change = Correction { phone: Some("+380 67 555 44 31".into()), name: Some("Терехина Наталия Алексеевна".into()), ..Correction::default() };
        identity::correct(&op, CustomerId(of[&1]), &change).await.unwrap();
        let after = customer_of(&op).await;
        assert_eq!(after[&1], of[&1], "the id stays");
        let mut tx = op.app.db.read().await.unwrap();
        let phones = store::fetch_all!(tx, (String, bool), "SELECT value, preferred FROM contact_points WHERE workspace_id = $1 AND customer_id = $2 AND kind = 'phone' ORDER BY value", op.ws().get(), of[&1]).unwrap();
        assert_eq!(phones, [("+380675554431".to_owned(), true), ("+380965102220".to_owned(), false)]);
        let (name,) = store::fetch_one!(tx, (String,), "SELECT display_name FROM customers WHERE workspace_id = $1 AND id = $2", op.ws().get(), of[&1]).unwrap();
        assert_eq!(name, "Терехина Наталия Алексеевна");
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_record_leaves_and_an_empty_customer_goes() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &some_people()).await;
        refresh(&op).await;
        let of = customer_of(&op).await;
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "UPDATE records SET current = FALSE WHERE workspace_id = $1 AND id IN (2, 7)",
            op.ws().get()
        )
        .unwrap();
        tx.commit().await.unwrap();
        refresh(&op).await;
        let now = customer_of(&op).await;
        assert_eq!(now[&1], of[&1]);
        assert!(!now.contains_key(&2) && !now.contains_key(&7));
        let mut tx = op.app.db.read().await.unwrap();
        let (gone,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM customers WHERE workspace_id = $1 AND id = $2",
            op.ws().get(),
            of[&7]
        )
        .unwrap();
        assert_eq!(gone, 0);
    })
    .await;
}

async fn bring(op: &Op, records: &[Rec]) {
    store_records(op, records).await;
    let ids = records.iter().map(|r| r.id).collect();
    identity::refresh(op, identity::Touched::Records(ids)).await.unwrap();
}

/// People whose names and numbers hang together in many ways, so that each new record may change who the others are.
fn many_people(count: usize) -> Vec<Rec> {
    let names = [
        "Терехина Наталья",
        "Терьохіна Наталія",
        "Петренко О.",
        "Петренко Олексій",
        "Петренко Олександр",
        "Бондар Олег",
    ];
    (0..count)
        .map(|i| {
            let phone = format!("09651022{:02}", i * 7 % 23 + 10);
            let email = if i % 3 == 0 { String::new() } else { format!("box{}@ukr.net", i * 5 % 17) };
            order(i64::try_from(i).unwrap() + 1, names[i % names.len()], &phone, &email)
        })
        .collect()
}

#[tokio::test]
async fn records_that_join_one_by_one_give_the_people_of_a_whole_run_under_one_version() {
    for step in [1_usize, 5, 11] {
        access::testing::with_app(move |op, _clock| async move {
            // Enough records to learn from, so that the few that follow do not make the base learn anew.
            let mut all = many_people(80);
            let mut late = all.split_off(60);
            store_records(&op, &all).await;
            refresh(&op).await;
            let before = customer_of(&op).await;
            let mut at = 0;
            while !late.is_empty() {
                at = (at + step) % late.len();
                bring(&op, &[late.remove(at)]).await;
            }
            let one_by_one = customer_of(&op).await;
            assert_eq!(one_by_one.len(), 80);
            // Every id that was given lives on, or is an alias of one that does.
            let mut tx = op.app.db.read().await.unwrap();
            for old in before.values() {
                let now = identity::current_id(&mut tx, op.ws(), CustomerId(*old)).await.unwrap().get();
                assert!(one_by_one.values().any(|c| *c == now), "customer {old}");
            }
            let (versions,) = store::fetch_one!(
                tx,
                (i64,),
                "SELECT COUNT(*) FROM identity_models WHERE workspace_id = $1",
                op.ws().get()
            )
            .unwrap();
            drop(tx);
            assert_eq!(versions, 1, "nothing was learned anew");
            refresh(&op).await;
            assert_eq!(
                customer_of(&op).await,
                one_by_one,
                "the whole base, compared with what is stored, changes nothing"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_record_that_leaves_takes_apart_what_it_bridged() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &many_people(60)).await;
        refresh(&op).await;
        bring(&op, &some_people().into_iter().map(|r| Rec { id: r.id + 1_000, ..r }).collect::<Vec<_>>())
            .await;
        let of = customer_of(&op).await;
        assert_eq!(of[&1001], of[&1002]);
        let mut tx = op.app.db.write().await.unwrap();
        store::execute!(
            tx,
            "UPDATE records SET current = FALSE WHERE workspace_id = $1 AND id = 1002",
            op.ws().get()
        )
        .unwrap();
        tx.commit().await.unwrap();
        identity::refresh(&op, identity::Touched::Records(vec![1002])).await.unwrap();
        let now = customer_of(&op).await;
        assert!(!now.contains_key(&1002));
        assert_eq!(now[&1001], of[&1001]);
        refresh(&op).await;
        assert_eq!(customer_of(&op).await, now);
    })
    .await;
}

#[tokio::test]
async fn a_version_learned_anew_is_told_and_can_be_taken_back() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &many_people(40)).await;
        refresh(&op).await;
        let first = customer_of(&op).await;
        identity::relearn(&op).await.unwrap();
        let mut tx = op.app.db.read().await.unwrap();
        let versions = store::fetch_all!(
            tx,
            (i64, String, Option<i64>),
            "SELECT id, reason, previous_id FROM identity_models WHERE workspace_id = $1 ORDER BY id",
            op.ws().get()
        )
        .unwrap();
        let (events,) = store::fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM outbox_events WHERE workspace_id = $1 AND kind = 'identity_model_published'",
            op.ws().get()
        )
        .unwrap();
        drop(tx);
        assert_eq!(versions.iter().map(|v| v.1.as_str()).collect::<Vec<_>>(), ["first", "asked"]);
        assert_eq!((versions[1].2, events), (Some(versions[0].0), 2));
        assert!(identity::undo_relearn(&op, versions[0].0).await.is_err(), "only what is in force is taken back");
        identity::undo_relearn(&op, versions[1].0).await.unwrap();
        assert_eq!(customer_of(&op).await, first, "the people of the first version, under their ids");
        assert!(identity::undo_relearn(&op, versions[0].0).await.is_err(), "there is nothing before the first");
    })
    .await;
}

#[tokio::test]
async fn an_erased_person_leaves_the_frequencies_too() {
    access::testing::with_app(|op, _clock| async move {
        let mut records = some_people();
        records.extend(many_people(20).into_iter().map(|r| Rec { id: r.id + 100, ..r }));
        // Two ways of writing one person, so that the values are counted.
        records.push(order(12, "Зеленюк Богдана Юріївна", "0660000077", "zelena.bohdana@ukr.net"));
        records.push(order(13, "Зеленюк Богдана", "0660000077", "zelena.bohdana@ukr.net"));
        records.push(order(14, "Зеленюк Дана", "0660000077", ""));
        store_records(&op, &records).await;
        refresh(&op).await;
        let known = |op: Op| async move {
            let mut tx = op.app.db.read().await.unwrap();
            store::fetch_all!(
                tx,
                (String,),
                "SELECT body FROM identity_model_values WHERE workspace_id = $1",
                op.ws().get()
            )
            .unwrap()
            .iter()
            .map(|b| b.0.split(',').count())
            .sum::<usize>()
        };
        let before = known(op.clone()).await;
        let customer = CustomerId(customer_of(&op).await[&12]);
        identity::erase(&op, customer).await.unwrap();
        assert!(
            known(op.clone()).await < before,
            "the surname was counted three times and nobody else has it"
        );
        assert!(!customer_of(&op).await.contains_key(&12));
    })
    .await;
}

async fn customers(op: &Op) -> BTreeSet<i64> {
    let mut tx = op.app.db.read().await.unwrap();
    let sql = "SELECT id FROM customers WHERE workspace_id = $1";
    let rows: Vec<(i64,)> = tx.fetch_dyn(sql, &[store::Value::Int(op.ws().get())]).await.unwrap();
    rows.into_iter().map(|row| row.0).collect()
}

#[tokio::test]
async fn what_a_crash_left_of_a_first_run_is_taken_up_or_removed() {
    access::testing::with_app(|op, _clock| async move {
        store_records(&op, &some_people()).await;
        let mut tx = op.app.db.write().await.unwrap();
        // One was written whole, of another only the card, of a third the records in part.
        for id in [501_i64, 502, 503] {
            store::execute!(
                tx,
                "INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, city, created_at, updated_at)
                 VALUES ($1, $2, 'x', '', '', '', 'x', 'x', '', 0, 0)",
                op.ws().get(),
                id
            )
            .unwrap();
        }
        for (record, customer) in [(4_i64, 501_i64), (1, 503)] {
            store::execute!(
                tx,
                "INSERT INTO record_customers (workspace_id, record_id, customer_id) VALUES ($1, $2, $3)",
                op.ws().get(),
                record,
                customer
            )
            .unwrap();
        }
        tx.commit().await.unwrap();
        refresh(&op).await;
        let of = customer_of(&op).await;
        assert!(partition(&of).contains(&vec![1, 2, 3]));
        assert_eq!((of[&1], of[&4]), (503, 501));
        assert_eq!(customers(&op).await, of.values().copied().collect());
    })
    .await;
}

fn change(rec: &Rec, is_new: bool) -> Change {
    Change {
        record: RecordId(rec.id),
        version: 1,
        is_new,
        draft: Draft {
            kind: TableKind::Order,
            key: rec.id.to_string(),
            line: 1,
            rows: 1,
            payload: rec.payload.to_string(),
            fingerprint: String::new(),
            order: None,
            channel: None,
            touched_at: None,
            seen_before: false,
        },
    }
}

/// People of a first import whose records arrive as `arriving` in two portions and are stored as [`some_people`].
async fn first_import(op: &Op, arriving: &[Change]) -> BTreeSet<Vec<i64>> {
    store_records(op, &some_people()).await;
    for portion in arriving.chunks(6) {
        identity::apply_changes(op, SourceId(1), portion.to_vec()).await.unwrap();
    }
    identity::finish_import(op, ImportId(1)).await.unwrap();
    partition(&customer_of(op).await)
}

#[tokio::test]
async fn records_of_a_first_import_are_not_read_twice() {
    access::testing::with_app(|op, _clock| async move {
        let arriving: Vec<Change> = some_people().iter().map(|rec| change(rec, true)).collect();
        let found = first_import(&op, &arriving).await;
        assert!(found.contains(&vec![1, 2, 3]), "{found:?}");
        let again = identity::refresh(&op, identity::Touched::All).await.unwrap();
        assert_eq!((again.merged, again.split), (0, 0));
        assert_eq!(partition(&customer_of(&op).await), found, "as read from the database");
    })
    .await;
    access::testing::with_app(|op, _clock| async move {
        let mut people = some_people();
        people[2] = order(3, "Гончарук Василь", "0630000001", "");
        let arriving: Vec<Change> = people.iter().map(|rec| change(rec, true)).collect();
        let found = first_import(&op, &arriving).await;
        assert!(found.contains(&vec![3]), "what arrived is what was looked at: {found:?}");
    })
    .await;
}

#[tokio::test]
async fn the_base_is_read_when_what_arrived_is_not_all_of_it() {
    // A record that changed within the import, one that is missing, and one out of order.
    for spoil in 0..3 {
        access::testing::with_app(move |op, _clock| async move {
            let mut people = some_people();
            people[2] = order(3, "Гончарук Василь", "0630000001", "");
            let mut arriving: Vec<Change> = people.iter().map(|rec| change(rec, true)).collect();
            match spoil {
                0 => arriving[2].is_new = false,
                1 => drop(arriving.remove(7)),
                _ => arriving.swap(3, 9),
            }
            let found = first_import(&op, &arriving).await;
            assert!(found.contains(&vec![1, 2, 3]), "{spoil}: {found:?}");
        })
        .await;
    }
}
