//! A living base against a batch: whatever the way to a set of records, the people are the same.

use std::collections::{BTreeMap, BTreeSet};

use identity::rules::batch::{PersonRecord, RecordBatch};
use identity::rules::frozen::Frozen;
use identity::rules::live::{Live, Row};
use identity::rules::resolve::{Bands, Decisions, resolve, resolve_under};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Rec {
    id: usize,
    name: String,
    phone: String,
    email: String,
    order: String,
    account: String,
}

impl Rec {
    fn put(&self, put: impl FnOnce(&PersonRecord<'_>)) {
        let id = self.id.to_string();
        put(&PersonRecord {
            id: &id,
            full_name: &self.name,
            phone: &self.phone,
            email: &self.email,
            order: &self.order,
            account: &self.account,
            ..PersonRecord::default()
        });
    }
}

fn batch<'r>(records: impl Iterator<Item = &'r Rec>) -> RecordBatch {
    let mut batch = RecordBatch::new();
    for r in records {
        r.put(|p| batch.push(p));
    }
    batch
}

type Partition = BTreeSet<BTreeSet<usize>>;

fn groups<K: Ord>(pairs: impl Iterator<Item = (usize, K)>) -> Partition {
    let mut by: BTreeMap<K, BTreeSet<usize>> = BTreeMap::new();
    for (id, key) in pairs {
        by.entry(key).or_default().insert(id);
    }
    by.into_values().collect()
}

fn by_batch(records: &[&Rec], frozen: &Frozen, decisions: &[(usize, usize, bool)]) -> Partition {
    let batch = batch(records.iter().copied());
    let at = |id: usize| records.iter().position(|r| r.id == id);
    let mut decided = Decisions::default();
    for (a, b, must) in decisions {
        if let (Some(a), Some(b)) = (at(*a), at(*b)) {
            if *must { decided.together.push((a, b)) } else { decided.apart.push((a, b)) }
        }
    }
    let found = resolve_under(&batch, &decided, Bands::default(), frozen);
    groups(records.iter().map(|r| r.id).zip(found.customer_of.iter().copied()))
}

fn rows_of(decisions: &[(usize, usize, bool)], rows: &BTreeMap<usize, Row>) -> Decisions {
    let mut decided = Decisions::default();
    for (a, b, must) in decisions {
        if let (Some(a), Some(b)) = (rows.get(a), rows.get(b)) {
            let pair = (*a as usize, *b as usize);
            if *must { decided.together.push(pair) } else { decided.apart.push(pair) }
        }
    }
    decided
}

fn by_living(live: &mut Live, rows: &BTreeMap<usize, Row>) -> Partition {
    let of: BTreeMap<Row, usize> = rows.iter().map(|(id, row)| (*row, *id)).collect();
    groups(live.partition().into_iter().map(|(row, customer)| (of[&row], customer)))
}

const NAMES: [&str; 14] = [
    "Терехина Наталья Алексеевна",
    "Терьохіна Наталія",
    "Наташа Терехина",
    "Терехин Сергей",
    "Терехіна Н.",
    "Снігурський Сергій",
    "Снигурская Ирина",
    "Петренко О.",
    "Петренко Олексій",
    "Петренко Олександр",
    "Petrenko Oleksii",
    "Бондар Олег",
    "Бондарь Олег Иванович",
    "",
];
const PHONES: [&str; 7] =
    ["0965102220", "+38 (096) 510-22-20", "0965102221", "0678737218", "0931234509", "нет", ""];
const EMAILS: [&str; 8] = [
    "terekhina85@ukr.net",
    "terekhina58@ukr.net",
    "petrenko.o@gmail.com",
    "petrenkoo@gmail.com",
    "petrenko.o@mail.ru",
    "info@shop.ua",
    "no@mail.ru",
    "",
];

fn records(most: usize) -> impl Strategy<Value = Vec<Rec>> {
    let one = (0..NAMES.len(), 0..PHONES.len(), 0..EMAILS.len(), 0_usize..12, 0_usize..10);
    prop::collection::vec(one, 2..most).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(id, (name, phone, email, order, account))| Rec {
                id,
                name: NAMES[name].to_owned(),
                phone: PHONES[phone].to_owned(),
                email: EMAILS[email].to_owned(),
                order: if order < 3 { order.to_string() } else { String::new() },
                account: if account == 0 { "A1".to_owned() } else { String::new() },
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_way_to_the_same_records_gives_the_people_of_a_batch(
        records in records(40),
        order in any::<u64>(),
        learned in 2_usize..40,
        there in 0_usize..20,
        decided in prop::collection::vec((0_usize..40, 0_usize..40, any::<bool>()), 0..4),
    ) {
        // Beliefs come from a part of the records; what arrives later is judged by them.
        let sample = batch(records.iter().take(learned));
        let first = resolve(&sample, &Decisions::default(), Bands::default());
        let frozen = first.model.freeze(&first.base);
        let decided: Vec<_> = decided.into_iter().filter(|d| d.0 != d.1).collect();

        let mut way: Vec<&Rec> = records.iter().collect();
        way.sort_by_key(|r| (r.id as u64 + 1).wrapping_mul(order | 1).rotate_left(17));
        let (early, late) = way.split_at(there.min(way.len()));
        let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
        for (row, r) in (0_u32..).zip(early) {
            rows.insert(r.id, row);
        }
        let start = rows_of(&decided, &rows);
        let mut live = Live::build(&batch(early.iter().copied()), &start, Bands::default(), Some(frozen.clone()));
        for (step, r) in late.iter().enumerate() {
            r.put(|p| {
                rows.insert(r.id, live.insert(p));
            });
            live.decide(rows_of(&decided, &rows));
            // Some arrive together, some leave and come back.
            if step % 3 == 0 {
                drop(live.settle(|_| 0));
            }
            if step % 5 == 4 {
                let gone = late[step - 1];
                live.remove(rows[&gone.id]);
                rows.remove(&gone.id);
                live.decide(rows_of(&decided, &rows));
                drop(live.settle(|_| 0));
                gone.put(|p| {
                    rows.insert(gone.id, live.insert(p));
                });
                live.decide(rows_of(&decided, &rows));
            }
        }
        drop(live.settle(|_| 0));
        let whole: Vec<&Rec> = records.iter().collect();
        prop_assert_eq!(by_living(&mut live, &rows), by_batch(&whole, &frozen, &decided));

        // Half of them leave.
        let (stay, leave): (Vec<&Rec>, Vec<&Rec>) = way.iter().copied().partition(|r| r.id % 2 == 0);
        for r in leave {
            live.remove(rows[&r.id]);
            rows.remove(&r.id);
        }
        live.decide(rows_of(&decided, &rows));
        drop(live.settle(|_| 0));
        prop_assert_eq!(by_living(&mut live, &rows), by_batch(&stay, &frozen, &decided));
    }

    #[test]
    fn beliefs_survive_being_written_down(records in records(30)) {
        let batch = batch(records.iter());
        let found = resolve(&batch, &Decisions::default(), Bands::default());
        let frozen = found.model.freeze(&found.base);
        let again = resolve_under(&batch, &Decisions::default(), Bands::default(), &frozen);
        prop_assert_eq!(&again.customer_of, &found.customer_of);
        let text = serde_json::to_string(&frozen).unwrap();
        let mut read: Frozen = serde_json::from_str(&text).unwrap();
        read.known.clone_from(&frozen.known);
        prop_assert_eq!(read, frozen);
    }
}

/// A key that becomes crowded changes who meets whom, for those who came before too.
#[test]
fn crowds_are_split_alike() {
    let make = |n: usize| -> Vec<Rec> {
        (0..n)
            .map(|id| Rec {
                id,
                name: format!("Петренко Олексій {}", if id % 3 == 0 { "Іванович" } else { "" }),
                phone: "0931234509".to_owned(),
                email: if id % 2 == 0 { format!("box{}@ukr.net", id % 7) } else { format!("u{id}@i.ua") },
                order: String::new(),
                account: String::new(),
            })
            .collect()
    };
    let all = make(120);
    let sample = batch(all.iter().take(20));
    let first = resolve(&sample, &Decisions::default(), Bands::default());
    let frozen = first.model.freeze(&first.base);
    for start in [0, 40, 60] {
        let mut rows: BTreeMap<usize, Row> = (0..start).map(|i| (i, u32::try_from(i).unwrap())).collect();
        let mut live = Live::build(
            &batch(all[..start].iter()),
            &Decisions::default(),
            Bands::default(),
            Some(frozen.clone()),
        );
        for r in &all[start..] {
            r.put(|p| {
                rows.insert(r.id, live.insert(p));
            });
            drop(live.settle(|_| 0));
        }
        let whole: Vec<&Rec> = all.iter().collect();
        assert_eq!(by_living(&mut live, &rows), by_batch(&whole, &frozen, &[]), "from {start}");
        for r in &all[30..] {
            live.remove(rows[&r.id]);
            rows.remove(&r.id);
        }
        drop(live.settle(|_| 0));
        let few: Vec<&Rec> = all[..30].iter().collect();
        assert_eq!(by_living(&mut live, &rows), by_batch(&few, &frozen, &[]), "back from {start}");
    }
}
