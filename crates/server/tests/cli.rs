//! The command line as scripts use it: files in, JSON out, exit codes.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn otklik(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_otklik")).args(arguments).env_remove("OTKLIK_DATA").output().unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| {
        panic!("not JSON ({e}): {text}\n{}", String::from_utf8_lossy(&output.stderr));
    })
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A folder with one workspace, made as the set-up page makes it.
async fn workspace(data: &Path) {
    let db = store::Db::open_sqlite(&data.join("otklik.sqlite")).await.unwrap();
    db.migrate(basis::Time::from_millis(0)).await.unwrap();
    let mut rng = basis::Rng::seeded(3);
    let master_key = access::MasterKey::of_folder(data, &mut rng).unwrap();
    let app = access::App::new(access::AppConfig {
        db: db.clone(),
        clock: std::sync::Arc::new(basis::SystemClock),
        rng,
        data_dir: data.to_owned(),
        master_key,
        public_url: "http://127.0.0.1:1".to_owned(),
        public_url_given: false,
        trusted_proxies: Vec::new(),
    });
    let new = access::NewWorkspace {
        name: "shop".to_owned(),
        simulated: false,
        language: basis::Lang::Uk,
        timezone: "Europe/Kyiv".to_owned(),
        jurisdiction: "ua".to_owned(),
        currency: basis::Currency::UAH,
    };
    access::create_workspace(&app, new).await.unwrap();
    db.close().await;
}

const ORDERS: &str = "Order no;Order date;Books;Amount;Order status;Full name;E-mail;Phone\n\
    1;01.03.2022;Кобзар;\"1 234,50 грн\";Виконано;Шевченко Олена Петрівна;olena@example.org;+380961234567\n\
    2;15.04.2022;Дюна;230 грн.;Виконано;Шевченко Елена Петровна;OLENA@example.org;0961234567\n\
    3;31.02.2022;Дюна;230 грн.;Виконано;Коваль Іван;ivan@example.org;\n";

#[tokio::test]
async fn an_import_counts_rejects_repeats_and_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    workspace(&data).await;
    let data = data.to_str().unwrap();
    let file = folder.path().join("orders.csv");
    std::fs::write(&file, ORDERS).unwrap();
    let file = file.to_str().unwrap();

    let first = otklik(&["import", "--data", data, "--source", "shop", "--json", file]);
    assert_eq!(code(&first), 0, "{}", String::from_utf8_lossy(&first.stderr));
    let first = json(&first);
    let counts = &first["files"][0];
    assert_eq!(
        (counts["rows"].as_i64(), counts["new"].as_i64(), counts["rejected"].as_i64()),
        (Some(3), Some(2), Some(1))
    );
    let rejects = std::fs::read_to_string(counts["rejects_file"].as_str().unwrap()).unwrap();
    assert!(rejects.contains("31.02.2022"), "{rejects}");

    let again = json(&otklik(&["import", "--data", data, "--source", "shop", "--json", file]));
    assert_eq!(again["files"][0]["unchanged"], 2);
    assert_eq!(again["files"][0]["new"], 0);

    let status = json(&otklik(&["status", "--data", data, "--json"]));
    let shop = &status["workspaces"][0];
    assert_eq!((shop["records"].as_i64(), shop["orders"].as_i64()), (Some(2), Some(2)));
    assert_eq!(shop["people"], 1, "one woman in two spellings with one phone and one e-mail");

    let backup = folder.path().join("all.otklik");
    assert_eq!(code(&otklik(&["backup", "--data", data, backup.to_str().unwrap()])), 0);
    assert_eq!(code(&otklik(&["import", "undo", "--data", data, first["import_id"].as_str().unwrap()])), 0);
    let status = json(&otklik(&["status", "--data", data, "--json"]));
    assert_eq!(status["workspaces"][0]["orders"], 0);

    let other = folder.path().join("restored");
    let restored = otklik(&["restore", "--data", other.to_str().unwrap(), backup.to_str().unwrap()]);
    assert_eq!(code(&restored), 0, "{}", String::from_utf8_lossy(&restored.stderr));
    let status = json(&otklik(&["status", "--data", other.to_str().unwrap(), "--json"]));
    assert_eq!(status["workspaces"][0]["orders"], 2);
    let current = otklik(&["migrate", "--check", "--data", other.to_str().unwrap()]);
    assert_eq!((code(&current), json(&current)["current"].as_bool()), (0, Some(true)));
}

async fn customer_of(data: &Path, email: &str) -> String {
    let db = store::Db::open_sqlite(&data.join("otklik.sqlite")).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let (id,) =
        store::fetch_one!(tx, (i64,), "SELECT customer_id FROM contact_points WHERE value = $1", email)
            .unwrap();
    drop(tx);
    db.close().await;
    id.to_string()
}

/// Files below a folder that hold these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|w| w == bytes) {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn an_erased_person_does_not_come_back_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    workspace(&data).await;
    let file = folder.path().join("orders.csv");
    let ivan = "4;02.05.2022;Дюна;230 грн.;Виконано;Коваль Іван;ivan@example.org;0501112233\n";
    std::fs::write(&file, format!("{ORDERS}{ivan}")).unwrap();
    let (path, at) = (file.to_str().unwrap(), data.to_str().unwrap());
    let import = || json(&otklik(&["import", "--data", at, "--source", "shop", "--json", path]));
    let people = || {
        let status = json(&otklik(&["status", "--data", at, "--json"]));
        let shop = &status["workspaces"][0];
        [&shop["people"], &shop["records"], &shop["orders"]].map(|n| n.as_i64().unwrap())
    };
    import();
    assert_eq!(people(), [2, 3, 3]);
    for secret in ["olena@example.org", "380961234567"] {
        assert!(!holding(&data, secret.as_bytes()).is_empty(), "the search finds what is there");
    }

    let olena = customer_of(&data, "olena@example.org").await;
    let erased = otklik(&["erase", "--data", at, &olena]);
    assert_eq!(code(&erased), 0, "{}", String::from_utf8_lossy(&erased.stderr));
    assert_eq!(people(), [1, 1, 1]);
    for secret in ["olena@example.org", "OLENA@example.org", "961234567", "Шевченко", "шевченко"]
    {
        assert_eq!(holding(&data, secret.as_bytes()), Vec::<std::path::PathBuf>::new(), "{secret}");
    }

    import();
    assert_eq!(people(), [1, 1, 1], "the same file");
    // The shop's next export: her order has another status, and she has not ordered again.
    std::fs::write(&file, format!("{}{ivan}", ORDERS.replacen("Виконано", "Відмова", 1))).unwrap();
    import();
    assert_eq!(people(), [1, 1, 1], "the same orders in a newer file");
    assert_eq!(holding(&data, b"olena@example.org"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    workspace(&data).await;
    let data = data.to_str().unwrap();
    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(code(&otklik(&["import", "--data", data, empty.to_str().unwrap()])), 3);
    assert_eq!(code(&otklik(&["import", "--data", data, "--no-such-option"])), 2);
    // A folder that is no demo is not played in.
    assert_eq!(code(&otklik(&["demo", "--headless", "--data", data])), 4);

    let campaign = folder.path().join("autumn.toml");
    std::fs::write(
        &campaign,
        "name = \"x\"\n[audience]\nall = true\n[[wave]]\nchannel = \"email\"\nfrom = \"shop@example.org\"\n",
    )
    .unwrap();
    let checked = otklik(&["campaign", "check", "--data", data, campaign.to_str().unwrap()]);
    assert_eq!(code(&checked), 4, "nobody to write to, no sender, no public address");
    assert_eq!(json(&checked)["ok"], false);
    let unsure = otklik(&["campaign", "launch", "--data", data, campaign.to_str().unwrap()]);
    assert_eq!(code(&unsure), 4, "a launch is asked for");
    std::fs::write(&campaign, "name = \n").unwrap();
    let broken = otklik(&["campaign", "check", "--data", data, campaign.to_str().unwrap()]);
    assert_eq!(code(&broken), 3);
    assert!(String::from_utf8_lossy(&broken.stderr).contains("line 1"));
}

#[test]
fn figures_come_as_json() {
    let wilson = json(&otklik(&["stat", "wilson", "62", "100", "--json"]));
    let (low, high) = (wilson["low"].as_f64().unwrap(), wilson["high"].as_f64().unwrap());
    assert!((low - 0.5221).abs() < 1e-3 && (high - 0.7090).abs() < 1e-3, "{wilson}");
}

#[test]
fn an_empty_folder_is_used_without_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let file = folder.path().join("orders.csv");
    std::fs::write(&file, ORDERS).unwrap();
    let imported = otklik(&["import", "--data", data, "--json", file.to_str().unwrap()]);
    assert_eq!(code(&imported), 0, "{}", String::from_utf8_lossy(&imported.stderr));
    assert!(String::from_utf8_lossy(&imported.stderr).contains("made the workspace"));
    let token = json(&otklik(&["token", "add", "--data", data, "--role", "marketer"]));
    assert!(token["token"].as_str().unwrap().starts_with("otk_"));
    let status = json(&otklik(&["status", "--data", data, "--json"]));
    assert_eq!(status["workspaces"].as_array().unwrap().len(), 1);
    assert_eq!(status["workspaces"][0]["records"], 2);
}
