//! Whether HTML is well-formed: every element is closed in order, and no ID is given twice.
use std::collections::BTreeSet;

const VOID: [&str; 7] = ["meta", "link", "br", "input", "hr", "img", "wbr"];

/// Says what is wrong, if anything is.
pub fn check(html: &str) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut ids = BTreeSet::new();
    let mut rest = html.strip_prefix("<!doctype html>").ok_or("no doctype")?;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = end_of_tag(rest).ok_or_else(|| format!("a tag does not end: {:.60}", rest))?;
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last.as_deref() != Some(name.trim()) {
                return Err(format!("</{name}> closes {last:?}, before {:.60}", rest));
            }
            continue;
        }
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or("").to_string();
        if let Some((_, id)) = tag.split_once(" id=\"")
            && !ids.insert(id.split('"').next().unwrap_or("").to_string())
        {
            return Err(format!("two elements have the same ID: <{tag}>"));
        }
        if name == "script" {
            rest = rest.split_once("</script>").ok_or("a script does not end")?.1;
        } else if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

/// The place of the `>` that ends a tag: not one inside of an attribute.
fn end_of_tag(rest: &str) -> Option<usize> {
    let mut quoted = false;
    rest.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    })
}
