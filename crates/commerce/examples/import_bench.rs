//! Imports a generated shop of N order rows end to end and prints what it cost:
//! `cargo run --release -p commerce --example import_bench -- [rows] [--database-url postgres://…]`.
#![expect(clippy::print_stdout, reason = "the figures are the output")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made has nothing to say")]

use std::{
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use access::{App, AppConfig, MasterKey, NewWorkspace, Op, create_workspace};
use basis::{Currency, Fault, ImportId, Lang, RecordId, Rng, SystemClock};
use futures::future::BoxFuture;
use ingest::{
    Mapping,
    import::{Change, NewFile, PeopleStep, Steps, begin_import},
};
use store::Db;

/// Records and orders only; people are measured with the identity slice beside.
struct NoPeople;

impl PeopleStep for NoPeople {
    fn apply<'a>(&'a self, _: &'a Op, _: &'a [Change]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
    fn withdraw<'a>(&'a self, _: &'a Op, _: &'a [RecordId]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
    fn finish<'a>(&'a self, _: &'a Op, _: ImportId) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }
}

const SURNAMES: [&str; 12] = [
    "Шевченко",
    "Бойко",
    "Терехина",
    "Соколович",
    "Гордюк",
    "Ковалак",
    "Лозинук",
    "Кирилук",
    "Яковенко",
    "Панасська",
    "Демченко",
    "Скопенко",
];
const NAMES: [&str; 10] = [
    "Наталья",
    "Олександр",
    "Ирина",
    "Андрій",
    "Олена",
    "Володимир",
    "Тетяна",
    "Сергій",
    "Оксана",
    "Дмитрий",
];
const BOOKS: [&str; 12] = [
    "Кобзар",
    "Дюна",
    "Хоббит",
    "Математика, 5 клас",
    "Три товарища",
    "Мёртвые души",
    "Тигролови",
    "Шантарам",
    "1984",
    "Місто",
    "Война и мир",
    "Алхимик",
];
const STATUSES: [&str; 8] =
    ["Виконано", "Доставлен", "Получен", "Отримано", "Выполнен", "Доставлено", "Возврат", "Скасовано"];

fn generate(path: &Path, rows: u32) {
    let mut rng = Rng::seeded(7);
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path).unwrap());
    writeln!(out, "Order no,Order date,Delivery date,Books,Amount,Order status,Full name,E-mail,Phone")
        .unwrap();
    let people = rows / 2 + 1;
    for row in 0..rows {
        let person = rng.below(people);
        let surname = SURNAMES[(person % 12) as usize];
        let name = NAMES[(person / 12 % 10) as usize];
        let month = 1 + row * 12 / rows.max(1) % 12;
        let day = 1 + rng.below(28);
        let mut books = BOOKS[rng.below(12) as usize].to_owned();
        if rng.below(3) == 0 {
            books = format!("{books} x2\n{} - 1 шт", BOOKS[rng.below(12) as usize]);
        }
        let (hryvnias, kopecks) = (50 + rng.below(1900), rng.below(100));
        let amount = match rng.below(3) {
            0 => format!("{hryvnias},{kopecks:02} грн"),
            1 => format!("{hryvnias}.{kopecks:02}"),
            _ if hryvnias > 999 => format!("{} {:03},{kopecks:02} грн", hryvnias / 1000, hryvnias % 1000),
            _ => format!("{hryvnias} грн."),
        };
        let status = STATUSES[rng.below(8) as usize];
        let phone = 500_000_000 + person * 37 % 499_999_999;
        writeln!(
            out,
            "{},{day:02}.{month:02}.2023,{:02}.{month:02}.2023,\"{books}\",\"{amount}\",{status},{surname} {name}{person},p{person}@ukr.net,+380{phone}",
            1_000_000 + row,
            28.min(day + 3),
        )
        .unwrap();
    }
    out.flush().unwrap();
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rows: u32 = args.first().and_then(|a| a.parse().ok()).unwrap_or(1_000_000);
    let url = args.iter().position(|a| a == "--database-url").and_then(|at| args.get(at + 1));
    let folder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
    let file = folder.path().join("orders.csv");
    generate(&file, rows);
    let size = std::fs::metadata(&file).unwrap().len();

    let begun = Instant::now();
    let mut table =
        ingest::read_table(&ingest::Input::path(&file), None, &ingest::Setting::default()).unwrap();
    let mut read = 0_u32;
    ingest::import::read_portions(
        &mut table,
        0,
        &mut ingest::import::Keys::default(),
        &ingest::import::PortionSize::default(),
        |portion| {
            read += u32::try_from(portion.drafts.len()).unwrap();
            true
        },
    )
    .unwrap();
    let parse_seconds = begun.elapsed().as_secs_f64();
    assert_eq!(read, rows);

    let db = match url {
        Some(url) => Db::open_postgres(url).await.unwrap(),
        None => Db::open_sqlite(&folder.path().join("bench.sqlite")).await.unwrap(),
    };
    let clock = Arc::new(SystemClock);
    db.migrate(basis::Clock::now(&*clock)).await.unwrap();
    let app = App::new(AppConfig {
        db,
        clock,
        rng: Rng::from_entropy(),
        data_dir: folder.path().to_owned(),
        master_key: MasterKey::from_bytes([7; 32]),
        public_url: "http://127.0.0.1:8080".to_owned(),
        public_url_given: false,
        trusted_proxies: Vec::new(),
    });
    let workspace = NewWorkspace {
        name: format!("bench {}", std::process::id()),
        simulated: false,
        language: Lang::Uk,
        timezone: "Europe/Kyiv".to_owned(),
        jurisdiction: "ua".to_owned(),
        currency: Currency::UAH,
    };
    let workspace = create_workspace(&app, workspace).await.unwrap();
    let op = Op::system(app.clone(), workspace);

    let mut tx = app.db.write().await.unwrap();
    let new = NewFile { name: "orders.csv".to_owned(), path: file.display().to_string() };
    let import = begin_import(&mut tx, &op, "shop", &[new], &Mapping::default()).await.unwrap();
    tx.commit().await.unwrap();

    // What a click or a send would wait for the writer meanwhile.
    let probe = {
        let op = op.clone();
        tokio::spawn(async move {
            let mut waits: Vec<Duration> = Vec::new();
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let begun = Instant::now();
                let Ok(tx) = op.app.db.write().await else { return waits };
                drop(tx);
                waits.push(begun.elapsed());
                if waits.len() > 2 && op.app.data_dir.join("stop").exists() {
                    return waits;
                }
            }
        })
    };
    let (cpu, begun) = (cpu_seconds(), Instant::now());
    let orders = commerce::Orders::default();
    let done =
        ingest::run_import(&op, import.id, Steps { orders: &orders, people: &NoPeople }).await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    std::fs::write(folder.path().join("stop"), "").unwrap();
    let mut waits = probe.await.unwrap();
    waits.sort();
    let at = |share: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a short list"
        )]
        let place = ((waits.len() - 1) as f64 * share) as usize;
        waits[place].as_millis()
    };
    println!(
        "{{\"rows\":{rows},\"file_mb\":{},\"new\":{},\"rejected\":{},\"parse_seconds\":{parse_seconds:.2},\"seconds\":{seconds:.2},\"rows_per_second\":{:.0},\"cpu_seconds\":{cpu:.2},\"peak_mb\":{},\"writer_wait_ms\":{{\"p50\":{},\"p99\":{},\"max\":{}}}}}",
        size >> 20,
        done.files[0].new,
        done.files[0].rejected,
        f64::from(rows) / seconds,
        peak_mb(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
}
