//! The addresses as an OpenAPI 3.1 description, from which programs make clients.
use serde_json::{Map, Value, json};

use super::addresses::{Address, FILES, POSTS, RECORDS, part};

/// The description of the site at `base_url`.
pub(super) fn description(name: &str, base_url: &str) -> Value {
    let mut paths = Map::new();
    for address in RECORDS.iter().chain(FILES) {
        paths.insert(address.path.into(), json!({ "get": get(address) }));
    }
    for address in POSTS {
        paths.insert(address.path.into(), json!({ "post": post(address) }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": name,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every record as JSON at its own address. Times are milliseconds since 1970 UTC in fields that end in _ms; \
                dates that a document states are YYYY-MM-DD.",
        },
        "servers": [{ "url": base_url }],
        "paths": paths,
        "components": {
            "schemas": {
                "Failure": {
                    "type": "object",
                    "required": ["status", "error", "next"],
                    "properties": {
                        "status": { "type": "integer", "description": "The HTTP status." },
                        "error": { "type": "string", "description": "What is wrong." },
                        "next": { "type": "string", "description": "What to do." },
                    },
                },
            },
        },
    })
}

fn get(address: &Address) -> Value {
    let parts = address.parts().map(|name| {
        json!({ "name": name, "in": "path", "required": true, "description": part(name), "schema": { "type": "string" } })
    });
    let fields = address.fields.iter().map(
        |(name, what)| json!({ "name": name, "in": "query", "description": what, "schema": { "type": "string" } }),
    );
    json!({
        "operationId": id("get", address),
        "summary": address.what,
        "parameters": parts.chain(fields).collect::<Vec<_>>(),
        "responses": responses(address),
    })
}

fn post(address: &Address) -> Value {
    let properties: Map<String, Value> = address
        .fields
        .iter()
        .map(|(name, what)| (name.to_string(), json!({ "type": "string", "description": what })))
        .collect();
    json!({
        "operationId": id("post", address),
        "summary": address.what,
        "requestBody": { "required": true, "content": {
            "multipart/form-data": { "schema": { "type": "object", "properties": properties } },
        } },
        "responses": responses(address),
    })
}

fn responses(address: &Address) -> Value {
    let schema = if address.media == "application/json" { json!({ "type": "object" }) } else { json!({}) };
    let failure = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } });
    json!({
        "200": { "description": address.what, "content": { address.media: { "schema": schema } } },
        "default": { "description": "What went wrong.", "content": failure },
    })
}

/// A name for the operation: its verb and the words of its path.
fn id(verb: &str, address: &Address) -> String {
    let words = address.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(verb).chain(words).collect::<Vec<_>>().join("_")
}
