//! What no shop would send on purpose: a clear answer, and work that stays in proportion to the number of records.

use identity::rules::batch::{PersonRecord, RecordBatch};
use identity::rules::resolve::{Bands, Decisions, Resolution, resolve};

const MANY: usize = 10_000;

fn batch(count: usize, make: impl Fn(usize) -> [String; 4]) -> RecordBatch {
    let mut batch = RecordBatch::new();
    for at in 0..count {
        let [name, phone, email, address] = make(at);
        batch.push(&PersonRecord {
            id: &at.to_string(),
            full_name: &name,
            phone: &phone,
            email: &email,
            address: &address,
            ..PersonRecord::default()
        });
    }
    batch
}

fn people(batch: &RecordBatch) -> Resolution<'static> {
    resolve(batch, &Decisions::default(), Bands::default())
}

/// Pairs compared may not grow with the square of the records.
fn in_proportion(found: &Resolution<'_>) {
    let limit = u64::try_from(found.counts.records).unwrap() * 200;
    assert!(found.counts.pairs_compared <= limit, "{} pairs of {limit}", found.counts.pairs_compared);
}

fn noise(seed: usize, length: usize) -> String {
    let mut state = seed as u64 ^ 0x5DEE_CE66;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_u32(u32::try_from(state >> 33).unwrap() % 0x3000 + 33).unwrap_or('?')
        })
        .collect()
}

const GIVEN: [&str; 8] = ["Іван", "Олена", "Петро", "Марія", "Андрій", "Юлія", "Олег", "Ірина"];

/// A surname of its own for each number.
fn surname(at: usize) -> String {
    const PARTS: [&str; 10] = ["ба", "до", "ку", "ре", "ми", "ла", "со", "ну", "те", "ги"];
    let digits = [at / 1_000 % 10, at / 100 % 10, at / 10 % 10, at % 10];
    digits.map(|d| PARTS[d]).concat() + "енко"
}

#[test]
fn a_column_of_garbage_makes_nobody_one_person() {
    for column in 0..4 {
        let it = batch(MANY, |at| {
            let mut cells = [
                format!("{} {}", surname(at), GIVEN[at % 8]),
                format!("067{:07}", 1_000_003 + at * 37),
                format!("box{at}@ukr.net"),
                String::new(),
            ];
            cells[column] = noise(at, 40 + at % 200);
            cells
        });
        let found = people(&it);
        in_proportion(&found);
        assert_eq!(found.counts.customers, MANY, "column {column}");
    }
}

#[test]
fn one_value_in_all_rows_says_nothing() {
    for column in 0..4 {
        let it = batch(MANY, |at| {
            let mut cells = [
                format!("{} {}", surname(at), GIVEN[at % 8]),
                format!("067{:07}", 1_000_003 + at * 37),
                format!("box{at}@ukr.net"),
                format!("Київ, Паркова, {}, кв. {}", at % 90 + 1, at / 90 + 1),
            ];
            cells[column] =
                ["Іваненко Іван", "0671234509", "shop@ukr.net", "Київ, Паркова, 7, кв. 1"][column].to_owned();
            cells
        });
        let found = people(&it);
        in_proportion(&found);
        assert_eq!(found.counts.customers, MANY, "column {column}");
    }
}

#[test]
fn ten_thousand_records_with_one_phone() {
    // One person in ten thousand orders is one card.
    let same =
        batch(MANY, |_| ["Іваненко Іван".to_owned(), "0671234509".to_owned(), String::new(), String::new()]);
    assert_eq!(people(&same).counts.customers, 1);
    // The shop's own number on everybody's order.
    let office = batch(MANY, |at| {
        [format!("{} {}", surname(at), GIVEN[at % 8]), "0671234509".to_owned(), String::new(), String::new()]
    });
    let found = people(&office);
    in_proportion(&found);
    assert_eq!((found.counts.customers, found.counts.generic_phones), (MANY, 1));
    // One name and one phone, and another mailbox in each record.
    let boxes = batch(MANY, |at| {
        [
            "Іваненко Іван".to_owned(),
            "0671234509".to_owned(),
            format!("b{}@ukr.net", at * 7_919),
            String::new(),
        ]
    });
    in_proportion(&people(&boxes));
}

#[test]
fn rows_without_names_or_anything() {
    let empty = batch(MANY, |_| Default::default());
    let found = people(&empty);
    assert_eq!((found.counts.customers, found.counts.pairs_compared), (MANY, 0));
    let nameless = batch(MANY, |at| {
        [String::new(), format!("067{:07}", 1_000_003 + at / 2), String::new(), String::new()]
    });
    in_proportion(&people(&nameless));
    let one = batch(1, |_| ["Іваненко Іван".to_owned(), String::new(), String::new(), String::new()]);
    assert_eq!(people(&one).customer_of, [0]);
    assert!(people(&RecordBatch::new()).customer_of.is_empty());
}

#[test]
fn decisions_in_circles_and_against_each_other() {
    let it =
        batch(1_000, |at| [format!("{} Іван", surname(at)), String::new(), String::new(), String::new()]);
    let ring: Vec<(usize, usize)> = (0..1_000).map(|at| (at, (at + 1) % 1_000)).collect();
    let all = resolve(&it, &Decisions { together: ring.clone(), apart: Vec::new() }, Bands::default());
    assert_eq!((all.counts.customers, all.contradictions.len()), (1, 0));
    // Two of the ring are kept apart: it is cut in two places at most, and what could not be obeyed is named.
    let cut = resolve(&it, &Decisions { together: ring, apart: vec![(0, 500)] }, Bands::default());
    assert_ne!(cut.customer_of[0], cut.customer_of[500]);
    assert_eq!(cut.counts.customers, 2);
    assert_eq!(cut.contradictions.len(), 2);
    // A pair both ways, a record with itself, records that are not there.
    let odd =
        Decisions { together: vec![(3, 4), (5, 5), (9, 70_000)], apart: vec![(3, 4), (6, 6), (70_000, 1)] };
    let found = resolve(&it, &odd, Bands::default());
    assert_eq!(found.contradictions, [(3, 4)]);
    assert_ne!(found.customer_of[3], found.customer_of[4]);
}

#[test]
fn two_rows_are_enough_to_tell() {
    let pair = |a: [&str; 3], b: [&str; 3]| {
        let rows = [a, b];
        let it = batch(2, |at| [rows[at][0].into(), rows[at][1].into(), rows[at][2].into(), String::new()]);
        people(&it).customer_of
    };
    for (a, b) in [
        (["Терехина Наталья", "0965102220", ""], ["Терьохіна Наталія", "+380965102220", ""]),
        (["Петренко Іван", "0671234509", ""], ["Petrenko Ivan", "067 123 45 09", ""]),
        (["Петренко Іван", "0671234509", "ivan.p@ukr.net"], ["Петренко Іван", "0671234509", ""]),
        (["Шевченко Олександр", "0671234509", ""], ["Саша Шевченко", "0671234509", "sasha@i.ua"]),
        (["Коваль Олена", "", "koval@ukr.net"], ["Elena Koval", "", "koval@ukr.net"]),
    ] {
        assert_eq!(pair(a, b), [0, 0], "{a:?} {b:?}");
    }
    for (a, b) in [
        (["Петренко Іван", "0671234509", ""], ["Петренко Олег", "0671234509", ""]),
        (["Петренко Іван", "", ""], ["Петренко Іван", "", ""]),
        (["Петренко Іван", "0671234509", ""], ["Петренко Іван", "0501112233", ""]),
    ] {
        assert_eq!(pair(a, b), [0, 1], "{a:?} {b:?}");
    }
}
