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
                "LanguageModelOnClause": language_model(&json!({
                    "agreement": { "enum": ["agrees", "names_other_types", "sees_no_such_clause"],
                        "description": "How its reading stands to that of the reader of this site." },
                    "explanation": { "type": "string", "description": "The clause in its words. Nobody checked them." },
                    "types": { "type": "array", "description": "The clause types that it names.", "items": quoted("id", "A clause type.") },
                })),
                "LanguageModelOnChange": language_model(&json!({
                    "paragraph": { "type": "string", "description": "The change in its words. Nobody checked them." },
                    "quotations": { "type": "array", "items": quoted("side", "Whose words they are: old or new.") },
                })),
            },
        },
    })
}

/// What an attached language model said, with these fields.
fn language_model(fields: &Value) -> Value {
    let mut properties = json!({
        "model": { "type": "string" },
        "prompt_version": { "type": "string" },
        "asked_ms": { "type": "integer", "description": "When it answered." },
    });
    for (name, field) in fields.as_object().into_iter().flatten() {
        properties[name] = field.clone();
    }
    let required: Vec<String> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    let about = "Nothing of the record depends on it. Quotations stand in the text, character for character.";
    json!({ "type": "object", "description": about, "required": required, "properties": properties })
}

/// A quotation with what it is of.
fn quoted(of: &str, what: &str) -> Value {
    let quotation = json!({ "type": "string", "description": "Words of the text, verbatim." });
    let properties = json!({ of: { "type": "string", "description": what }, "quotation": quotation });
    json!({ "type": "object", "required": [of, "quotation"], "properties": properties })
}

/// What is known of the JSON of an address.
fn answer(address: &Address) -> Value {
    let said = match address.path {
        "/provisions/{provision}.json" => "#/components/schemas/LanguageModelOnClause",
        "/changes/{change}.json" => "#/components/schemas/LanguageModelOnChange",
        _ => return json!({ "type": "object" }),
    };
    let said = json!({ "oneOf": [{ "$ref": said }, { "type": "null" }] });
    json!({ "type": "object", "properties": { "language_model": said } })
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
    let schema = if address.media == "application/json" { answer(address) } else { json!({}) };
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
