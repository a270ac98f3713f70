//! The addresses as an OpenAPI 3.1 description, from which programs make clients.
use serde_json::{Map, Value, json};

use accounts::Scope;

use super::addresses::{Address, FILES, FORMS, OWN, POSTS, RECORDS, part};
use crate::links;

/// The description of the site at `base_url`.
pub(super) fn description(name: &str, base_url: &str) -> Value {
    let mut paths = Map::new();
    let put = |paths: &mut Map<String, Value>, address: &Address, verb: &str, operation: Value| {
        paths.entry(address.path).or_insert_with(|| json!({}))[verb] = operation;
    };
    for address in RECORDS.iter().chain(FILES) {
        put(&mut paths, address, "get", get(address));
    }
    let mut put_own = |address: &Address, verb: &str, operation: Value| {
        if address.is_shared() {
            let of = paths.entry(format!("{}{}", links::OF_ORGANISATION, address.path)).or_insert_with(|| json!({}));
            of[verb] = of_organisation(operation.clone());
        }
        paths.entry(address.path).or_insert_with(|| json!({}))[verb] = operation;
    };
    for address in OWN {
        put_own(address, "get", for_persons(get(address), Scope::Read));
    }
    for address in FORMS {
        let form = form(address);
        put_own(address, "post", if address.path.contains("{token}") { form } else { for_persons(form, Scope::Write) });
    }
    for address in POSTS {
        put(&mut paths, address, "post", post(address));
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
        "webhooks": { "message": { "post": webhook() } },
        "components": {
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": format!(
                    "A token of the page Account, on a site that has accounts. Its scopes: {} reads the watchlist and the inbox, {} changes them and \
                     the channels. No token reads or changes anything of the account, tries or pays for a plan, or operates the site.",
                    Scope::Read.name(), Scope::Write.name()),
            } },
            "schemas": {
                "WebhookMessage": alerts::webhook::schema(),
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

/// An operation that wants a person's token with a scope.
fn for_persons(mut operation: Value, scope: Scope) -> Value {
    operation["security"] = json!([{ "token": [scope.name()] }]);
    operation
}

/// The same operation for an organisation that the person belongs to.
fn of_organisation(mut operation: Value) -> Value {
    let id = format!("{}_of_organisation", operation["operationId"].as_str().unwrap_or_default());
    operation["operationId"] = id.into();
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.insert(0, parameter("organisation"));
    }
    operation
}

/// What is posted to a webhook whose receiver is a program.
fn webhook() -> Value {
    let header = |name: &str, about: &str| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } });
    json!({
        "summary": "A message, posted to a channel of the kind webhook with the template plain, as Standard Webhooks 1.0 has it.",
        "parameters": [
            header("webhook-id", "Name of the message: one that comes again has the same."),
            header("webhook-timestamp", "Second of the attempt, since 1970 UTC. Refuse what is some minutes old."),
            header(
                "webhook-signature",
                "v1, a comma and the base64 of the HMAC-SHA256 of webhook-id, webhook-timestamp and the body, joined by full stops. The key is the \
                 base64 after whsec_ in the channel's secret.",
            ),
        ],
        "requestBody": { "required": true, "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/WebhookMessage" } },
        } },
        "responses": {
            "2XX": { "description": "Taken." },
            "410": { "description": "Nothing more is wanted: the channel ends." },
            "default": { "description": "Not taken. It is tried again for three days; Retry-After is heard." },
        },
    })
}

/// A part of a path.
fn parameter(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": part(name), "schema": { "type": "string" } })
}

fn parts(address: &Address) -> impl Iterator<Item = Value> {
    address.parts().map(parameter)
}

fn get(address: &Address) -> Value {
    let fields = address.fields.iter().map(
        |(name, what)| json!({ "name": name, "in": "query", "description": what, "schema": { "type": "string" } }),
    );
    json!({
        "operationId": id("get", address),
        "summary": address.what,
        "parameters": parts(address).chain(fields).collect::<Vec<_>>(),
        "responses": responses(address),
    })
}

fn post(address: &Address) -> Value {
    sent(address, "multipart/form-data", responses(address))
}

/// A form that changes something.
fn form(address: &Address) -> Value {
    if address.takes_file() {
        return post(address);
    }
    let mut responses = responses(address);
    if let Some(responses) = responses.as_object_mut() {
        let done = responses.remove("200").unwrap_or_default();
        let page = json!({ "description": "Done; the page that shows it is named by Location." });
        // Unsubscribing shows what came of it.
        let (status, said) = if address.path.contains("{token}") { ("200", done) } else { ("303", page) };
        responses.insert(status.into(), said);
    }
    sent(address, "application/x-www-form-urlencoded", responses)
}

fn sent(address: &Address, media: &str, responses: Value) -> Value {
    let properties: Map<String, Value> = address
        .fields
        .iter()
        .map(|(name, what)| (name.to_string(), json!({ "type": "string", "description": what })))
        .collect();
    json!({
        "operationId": id("post", address),
        "summary": address.what,
        "parameters": parts(address).collect::<Vec<_>>(),
        "requestBody": { "required": true, "content": { media: { "schema": { "type": "object", "properties": properties } } } },
        "responses": responses,
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
