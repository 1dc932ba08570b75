//! The table of allowed edges between the crates of the workspace.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A crate may depend on those before it; `demo` and `server` have rules of their own.
const ORDER: [&str; 18] = [
    "basis",
    "store",
    "timeline",
    "access",
    "ingest",
    "commerce",
    "identity",
    "insight",
    "permission",
    "audience",
    "content",
    "campaign",
    "channel",
    "response",
    "desk",
    "care",
    "report",
    "improve",
];

#[test]
fn slices_depend_only_on_slices_upstream() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let place = ORDER.iter().position(|known| *known == name);
        if place.is_none() && name != "demo" && name != "server" {
            wrong.push(format!("{name} is not in the table"));
        }
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            let to = dependency.name.as_str();
            if !ours.contains(to) || to == name {
                continue;
            }
            let allowed = match name {
                "server" => true,
                // The people know ports and public pages only.
                "demo" => to == "basis",
                _ => ORDER.iter().position(|known| *known == to) < place,
            };
            if !allowed {
                wrong.push(format!("{name} → {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the architecture does not allow: {wrong:#?}");
}
