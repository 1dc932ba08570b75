//! The committed OpenAPI document is the one that the handlers make.

use std::process::Command;

#[test]
fn the_committed_document_is_current() {
    let output = Command::new(env!("CARGO_BIN_EXE_otklik")).arg("openapi").output().unwrap();
    assert!(output.status.success());
    let made = String::from_utf8(output.stdout).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        made == committed,
        "ui/openapi.json is out of date: run `otklik openapi > ui/openapi.json` and, in ui, `npm run api`"
    );
    let document: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"].as_object().unwrap().len() > 60);
}
