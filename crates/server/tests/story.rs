//! The whole story with simulated people over SMTP, SMPP and HTTP, on each engine: the final partition sums to the base.

use std::process::Command;

use serde_json::Value;

fn play(database_url: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let mut command = Command::new(env!("CARGO_BIN_EXE_otklik"));
    command.args(["demo", "--headless", "--json", "--seed", "7", "--data", data.to_str().unwrap()]);
    if let Some(url) = database_url {
        command.args(["--database-url", url]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let story: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(story["simulated"], true);
    let people = story["base"]["people"].as_i64().unwrap();
    let holdout = story["base"]["holdout"].as_i64().unwrap();
    let treated: i64 = story["final"].as_object().unwrap().values().map(|n| n.as_i64().unwrap()).sum();
    assert_eq!(treated + holdout, people, "{story}");
    assert!(people > 2_000, "{story}");
    let share =
        |n: i64, of: i64| f64::from(i32::try_from(n).unwrap()) / f64::from(i32::try_from(of).unwrap());
    assert!((0.07..0.13).contains(&share(holdout, people)), "{story}");
    let waves = story["waves"].as_array().unwrap();
    assert_eq!(waves.len(), 3, "{story}");
    let of = |wave: usize, cell: &str| waves[wave][cell].as_i64().unwrap();
    assert!((0.2..0.4).contains(&share(of(0, "positive"), of(0, "sent"))), "{story}");
    assert!(of(1, "positive") > 0 && of(2, "positive") > 0, "{story}");
    assert_eq!(of(0, "uncertain") + of(1, "uncertain"), 0, "nothing crashed: {story}");
}

#[test]
fn the_story_ends_on_sqlite() {
    play(None);
}

#[tokio::test]
async fn the_story_ends_on_postgres() {
    let Ok(server) = std::env::var("OTKLIK_TEST_PG") else { return };
    let name = format!("story_{}", std::process::id());
    let admin = store::Db::open_postgres(&server).await.unwrap();
    store::testing::create_database(&admin, &name).await;
    let url = store::testing::url_of(&server, &name);
    tokio::task::spawn_blocking(move || play(Some(&url))).await.unwrap();
    store::testing::drop_database(&admin, &name).await;
}
