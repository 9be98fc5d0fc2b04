//! TOML as it is written into a configuration: everything on as few lines as a person wants to read, and no value on
//! more than one, so that the file's line ends cannot get into one. Must never depend on what stands around it.

use toml::{Table, Value};

/// A table as `[[name]]`, with the tables in it as tables of their own below it.
pub(super) fn listed(name: &str, table: &Table) -> String {
    let mut text = format!("[[{name}]]\n");
    write(&mut text, name, table);
    text
}

/// Values first: behind a header they would be of the table that it begins.
fn write(text: &mut String, name: &str, table: &Table) {
    for (key, value) in table.iter().filter(|(_, value)| !has_own_header(value)) {
        text.push_str(&format!("{} = {}\n", self::key(key), inline(value)));
    }
    for (key, value) in table {
        let name = format!("{name}.{}", self::key(key));
        match value {
            Value::Table(table) if has_own_header(value) => {
                text.push_str(&format!("\n[{name}]\n"));
                write(text, &name, table);
            }
            Value::Array(tables) if has_own_header(value) => {
                for table in tables.iter().filter_map(Value::as_table) {
                    text.push_str(&format!("\n[[{name}]]\n"));
                    write(text, &name, table);
                }
            }
            _ => {}
        }
    }
}

/// Whether it is written below a header of its own.
fn has_own_header(value: &Value) -> bool {
    let is_full = |value: &Value| value.as_table().is_some_and(|table| !table.is_empty());
    is_full(value) || value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_full))
}

/// A value on one line.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{} = {}", self::key(key), inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

fn key(key: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !key.is_empty() && key.chars().all(is_bare) { key.to_owned() } else { quoted(key) }
}

/// What a terminal would act on is written as a number.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() || reforge_base::escape::is_invisible(letter) => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(letter)));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_read_back() {
        let text = r#"
            plain = "a"
            odd = "\"quoted\" \\ back\nnext\r\n\ttab \u001b[31m \u007f \u0085 \u202e end"
            "a key.with dots" = 1
            "" = -2
            yes = true
            half = 0.5
            when = 2026-01-02T03:04:05Z
            none = []
            empty = {}
            mixed = [1, "two", { three = [3, { four = {} }] }]
            [below]
            "80/tcp" = {}
            [below.deep]
            er = ["'''", "\"\"\""]
            [[below.list]]
            name = "one"
            [[below.list]]
            name = "two"
            inner = { a = "b" }
            [[volume]]
            name = "data"
        "#;
        let table: Table = text.parse().unwrap();
        let written = listed("workload", &table);
        let read: Table = written.parse().unwrap_or_else(|error| panic!("{error}: {written}"));
        assert_eq!(read["workload"].as_array().unwrap(), &[Value::Table(table.clone())], "{written}");
        let line = format!("workload = {}", inline(&Value::Table(table.clone())));
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line.parse::<Table>().unwrap()["workload"], Value::Table(table));
        assert!(written.chars().all(|letter| letter == '\n' || !letter.is_control()), "{written}");
    }
}
