//! What `deny.toml` allows, held against the tree: the part of `cargo deny check` that needs neither the tool nor the
//! network.

#![expect(clippy::unwrap_used, reason = "a test that can't read the sources fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::{Metadata, MetadataCommand, Package, PackageId};
use toml::{Table, Value};

fn rules() -> Table {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap().parse().unwrap()
}

/// The packages that are built for one of the platforms that the rules name, each with those that use it.
fn tree() -> BTreeMap<String, (Package, BTreeSet<String>)> {
    let targets = rules()["graph"]["targets"].as_array().unwrap().clone();
    let mut tree: BTreeMap<String, (Package, BTreeSet<String>)> = BTreeMap::new();
    for target in targets {
        let platform = ["--filter-platform", target.as_str().unwrap(), "--locked"];
        let metadata: Metadata = MetadataCommand::new().other_options(platform.map(str::to_owned)).exec().unwrap();
        let name = |id: &PackageId| metadata[id].name.to_string();
        for node in &metadata.resolve.as_ref().unwrap().nodes {
            let package = &metadata[&node.id];
            let key = |package: &Package| format!("{} {}", package.name, package.version);
            tree.entry(key(package)).or_insert_with(|| (package.clone(), BTreeSet::new()));
            for used in &node.deps {
                let used = &metadata[&used.pkg];
                let entry = tree.entry(key(used)).or_insert_with(|| (used.clone(), BTreeSet::new()));
                entry.1.insert(name(&node.id));
            }
        }
    }
    tree
}

fn words(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn no_banned_library_is_in_the_tree() {
    let (rules, tree) = (rules(), tree());
    for ban in rules["bans"]["deny"].as_array().unwrap() {
        let (name, wrappers) = (ban["crate"].as_str().unwrap(), words(ban.get("wrappers")));
        for (package, users) in tree.values().filter(|(package, _)| package.name.as_str() == name) {
            let banned = users.iter().find(|user| !wrappers.contains(&user.as_str()));
            assert!(banned.is_none(), "{} {} is used by {banned:?}: {}", package.name, package.version, ban["reason"]);
        }
    }
}

#[test]
fn every_library_has_a_licence_that_is_allowed_and_comes_from_the_registry() {
    let (rules, tree) = (rules(), tree());
    let allowed = words(rules["licenses"].get("allow"));
    assert!(tree.len() > 100, "{} packages", tree.len());
    for (key, (package, _)) in &tree {
        let licence = package.license.as_deref().unwrap_or_default();
        assert!(is_allowed(licence, &allowed), "{key} is under {licence:?}, which deny.toml doesn't allow");
        let registry = package.source.as_ref().is_none_or(|source| source.is_crates_io());
        assert!(registry, "{key} comes from {:?}", package.source);
    }
}

/// Whether an expression of licences can be met. `AND` binds more than `OR`; brackets are looked into first.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    if let Some((before, rest)) = expression.rsplit_once('(') {
        let (inner, after) = rest.split_once(')').unwrap();
        let met = if is_allowed(inner, allowed) { "yes" } else { "no" };
        return is_allowed(&format!("{before}{met}{after}"), allowed);
    }
    let is_met = |licence: &str| licence == "yes" || allowed.contains(&licence);
    let expression = expression.replace('/', " OR ");
    expression.split(" OR ").any(|all| all.split(" AND ").all(|licence| is_met(licence.trim())))
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"];
    for met in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND Zlib", "Apache-2.0 WITH LLVM-exception"] {
        assert!(is_allowed(met, &allowed), "{met}");
    }
    for unmet in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0"] {
        assert!(!is_allowed(unmet, &allowed), "{unmet}");
    }
}
