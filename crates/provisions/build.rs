//! Puts the files of `taxonomy/` into the form in which the program reads them when it starts: JSON takes a fifth of the time of TOML.
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The files of clause types, in the order of the taxonomy.
const TYPE_FILES: [&str; 15] = [
    "contract-changes",
    "termination",
    "disputes",
    "liability",
    "content-rights",
    "use-restrictions",
    "ai",
    "data-collection",
    "tracking",
    "data-sharing",
    "retention-security",
    "privacy-rights",
    "payments",
    "licence-api",
    "general",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut types = Vec::new();
    for file in TYPE_FILES {
        types.extend(entries(&format!("clause-types/{file}"), "type")?);
    }
    fs::write(out.join("types.json"), Value::from(types).to_string())?;
    fs::write(out.join("categories.json"), Value::from(entries("categories", "category")?).to_string())?;
    fs::write(out.join("regulations.json"), Value::from(entries("regulations", "regulation")?).to_string())?;
    Ok(())
}

/// The entries of a file, which is a list of `[[name]]`.
fn entries(file: &str, name: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let path = Path::new("../../taxonomy").join(file).with_extension("toml");
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let content: Value = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    match content.as_object().and_then(|content| content.iter().next()) {
        Some((key, Value::Array(entries))) if key == name && content.as_object().map_or(0, |c| c.len()) == 1 => {
            Ok(entries.clone())
        }
        _ => Err(format!("{}: expected nothing but [[{name}]]", path.display()).into()),
    }
}
