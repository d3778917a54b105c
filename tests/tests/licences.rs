//! Every dependency, on every system, has a licence that deny.toml allows. The same list serves cargo-deny, which not
//! every machine has.

#![allow(clippy::unwrap_used, reason = "a broken list fails the test")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What deny.toml says about licences.
struct Rules(toml::Table);

impl Rules {
    fn read(root: &Path) -> Self {
        let rules: toml::Table = std::fs::read_to_string(root.join("deny.toml"))
            .unwrap()
            .parse()
            .unwrap();
        Self(rules["licenses"].as_table().unwrap().clone())
    }

    /// The list's entry about a package.
    fn about(&self, list: &str, package: &str) -> Option<&toml::Value> {
        self.0[list]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["crate"].as_str() == Some(package))
    }

    fn allow(&self, package: &str, licence: &str) -> bool {
        let exception = self.about("exceptions", package).map(|entry| &entry["allow"]);
        let allowed: Vec<spdx::Licensee> = [Some(&self.0["allow"]), exception]
            .into_iter()
            .flatten()
            .flat_map(|list| list.as_array().unwrap())
            .map(|licence| spdx::Licensee::parse(licence.as_str().unwrap()).unwrap())
            .collect();
        let licence = match self.about("clarify", package) {
            Some(clarified) => clarified["expression"].as_str().unwrap(),
            None => licence,
        };
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        expression.is_ok_and(|e| e.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted))))
    }
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let rules = Rules::read(&root);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let mut refused = BTreeSet::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none stated");
        let name = package["name"].as_str().unwrap();
        if !rules.allow(name, licence) {
            refused.insert(format!("{name} {}: {licence}", package["version"]));
        }
    }
    assert!(
        refused.is_empty(),
        "licences that deny.toml does not allow: {refused:#?}"
    );
    assert!(!rules.allow("x", "GPL-3.0-only") && rules.allow("x", "GPL-3.0-only OR MIT"));
}
