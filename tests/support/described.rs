//! What the API's description says about an answer, and whether a real one is so: its status, its type, and every field of
//! it, none of which may be there undescribed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::api::Answer;

/// As the code describes it.
static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(reforge_server::api::openapi()).expect("it is JSON"));

/// Every operation: method and path as they are described, and what is said of it.
pub(crate) fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    let paths = DESCRIPTION["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods.iter().map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    })
}

/// What was asked, as it is described; none if it is not. A name that is spelled out goes before any name.
pub(crate) fn operation_of(method: &str, asked: &str) -> Option<(&'static str, &'static Value)> {
    let fits = |path: &str| {
        path.split('/').count() == asked.split('/').count()
            && path.split('/').zip(asked.split('/')).all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    let fitting = operations().filter(|(of, path, _)| of == method && fits(path));
    fitting.min_by_key(|(_, path, _)| path.matches('{').count()).map(|(_, path, operation)| (path, operation))
}

/// Panics unless the answer to a request is as it is described.
#[track_caller]
pub(crate) fn check(method: &str, asked: &str, answer: &Answer) {
    let Some((path, operation)) = operation_of(method, asked) else { return };
    let response = &operation["responses"][answer.status.to_string()];
    assert!(response.is_object(), "{method} {path}: {} is not described: {}", answer.status, answer.text());
    let Some(content) = response["content"].as_object() else { return };
    let given = answer.header("content-type");
    let Some(content) = content.get(given) else { panic!("{method} {path}: `{given}` is not described: {response}") };
    if given.ends_with("json") {
        let told = whole(&content["schema"], &answer.json());
        assert!(told.is_ok(), "{method} {path}, {}: {}: {}", answer.status, told.unwrap_err(), answer.text());
    }
}

/// Whether a value is as a schema says and has no further field.
fn whole(schema: &Value, value: &Value) -> Result<(), String> {
    let known = fields(schema, value)?;
    let unknown = value.as_object().and_then(|fields| fields.keys().find(|name| !known.contains(*name)));
    unknown.map_or(Ok(()), |name| Err(format!("`{name}` is not described")))
}

/// Those fields of a value that a schema speaks of, if the value is as it says.
fn fields(schema: &Value, value: &Value) -> Result<BTreeSet<String>, String> {
    let mut known = BTreeSet::new();
    if let Some(name) = schema["$ref"].as_str() {
        let named = DESCRIPTION.pointer(name.trim_start_matches('#')).ok_or(format!("there is no `{name}`"))?;
        known.extend(fields(named, value)?);
    }
    for part in list(&schema["allOf"]) {
        known.extend(fields(part, value)?);
    }
    let choices = list(&schema["oneOf"]);
    let mut fitting = choices.iter().filter_map(|choice| fields(choice, value).ok());
    match (choices.is_empty(), fitting.next(), fitting.next()) {
        (true, ..) => {}
        (false, Some(fields), None) => known.extend(fields),
        (false, first, _) => return Err(format!("{} choices fit {value}", if first.is_some() { "two" } else { "no" })),
    }
    if !is_of(&schema["type"], value) || !(schema["enum"].is_null() || list(&schema["enum"]).contains(value)) {
        return Err(format!("{value} is not {schema}"));
    }
    for name in list(&schema["required"]).iter().filter_map(Value::as_str) {
        value.get(name).ok_or(format!("there is no `{name}`"))?;
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        known.insert(name.clone());
        value.get(name).map_or(Ok(()), |field| whole(property, field).map_err(|why| format!("{name}: {why}")))?;
    }
    for item in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
        whole(&schema["items"], item)?;
    }
    // Names that are not fixed: any that there are, if nothing is said or their values are.
    if schema.get("additionalProperties").is_some_and(|more| *more != false) || says_nothing(schema) {
        known.extend(value.as_object().into_iter().flat_map(|fields| fields.keys().cloned()));
    }
    Ok(known)
}

fn says_nothing(schema: &Value) -> bool {
    ["$ref", "allOf", "oneOf", "type"].iter().all(|word| schema.get(word).is_none())
}

fn is_of(kind: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        other => panic!("a type that is not known here: {other:?}"),
    };
    match kind {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn an_answer_that_is_not_as_described_is_found() {
    let (_, operation) = operation_of("GET", "/api/v1/workloads/app/snapshots").unwrap();
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let failure = serde_json::json!({ "code": "io", "message": "x", "hint": "" });
    let good = serde_json::json!({ "workload": "app", "snapshots": [{ "id": "1", "error": failure }], "older": 0 });
    assert_eq!(whole(schema, &good), Ok(()));
    let error = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad["snapshots"][0]["error"][name] = value;
        bad
    };
    let [more, other] = [error("more", Value::from(1)), error("hint", Value::Null)];
    let missing = serde_json::json!({ "workload": "app" });
    for bad in [more, other, missing, Value::from("app")] {
        assert!(whole(schema, &bad).is_err(), "{bad}");
    }
}
