//! A configuration's text with more in it: a list gets one more value, a table one more key, the file one more workload.
//!
//! What stands there stays, byte for byte: this only ever finds places to put text in. It knows every way in which TOML
//! writes the same thing, and whoever uses it reads the result back and compares what it means.

use std::ops::Range;

use toml::{Table, Value};
use toml_edit::{Document, Item};

use super::written::{inline, listed, quoted};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// The text with one more workload, and with more values in a list of texts in `[host]`.
pub(super) fn add(text: &str, workload: &Table, key: &str, values: &[&str]) -> Result<String> {
    let mut additions = Additions::new(text)?;
    // The host's first: where both end up at the end of the file, a header may not come before it.
    additions.host_list(key, values)?;
    additions.workload(workload)?;
    Ok(additions.apply())
}

/// The text with more volumes in the workload of a number, and with more values in a list of texts in `[host]`.
pub(super) fn volumes(text: &str, workload: usize, volumes: &[Table], key: &str, values: &[&str]) -> Result<String> {
    let mut additions = Additions::new(text)?;
    additions.host_list(key, values)?;
    additions.volumes(workload, volumes)?;
    Ok(additions.apply())
}

/// The text with one more key in `[host]`, whose value is a text.
pub(super) fn host_value(text: &str, key: &str, value: &str) -> Result<String> {
    let mut additions = Additions::new(text)?;
    additions.host_pair(key, &quoted(value))?;
    Ok(additions.apply())
}

/// A text and what is to be put into it, where.
struct Additions<'a> {
    text: &'a str,
    document: Document<&'a str>,
    found: Vec<(usize, String)>,
}

impl<'a> Additions<'a> {
    fn new(text: &'a str) -> Result<Additions<'a>> {
        let document = Document::parse(text)
            .map_err(|error| unclear(Message::from(reforge_base::escape::text(error.message()))))?;
        Ok(Additions { text, document, found: Vec::new() })
    }

    /// One more workload behind all others.
    fn workload(&mut self, workload: &Table) -> Result<()> {
        match self.document.get("workload") {
            // A header at the end of the file is not of any table before it.
            None | Some(Item::ArrayOfTables(_)) => {
                let mut block = String::from(if self.text.trim().is_empty() { "" } else { "\n" });
                if !self.text.is_empty() && !self.text.ends_with('\n') {
                    block.insert(0, '\n');
                }
                block.push_str(&listed("workload", workload));
                self.put(self.text.len(), &block);
                Ok(())
            }
            Some(item) => {
                let list = item.as_array().ok_or_else(|| unclear(message!("workload-is-not-a-list")))?;
                let last = list.iter().last().map(|value| span(value.span())).transpose()?;
                let list = span(list.span())?;
                self.put_into(list, last, &inline(&Value::Table(workload.clone())));
                Ok(())
            }
        }
    }

    /// More volumes behind those that a workload has.
    fn volumes(&mut self, workload: usize, volumes: &[Table]) -> Result<()> {
        let missing = || unclear(message!("it-has-no-such-list"));
        let written = match self.document.get("workload").ok_or_else(missing)? {
            Item::ArrayOfTables(tables) => match tables.get(workload).ok_or_else(missing)?.get("volume") {
                Some(Item::ArrayOfTables(volumes)) => {
                    let last = volumes.iter().last().ok_or_else(missing)?;
                    let ends = last.iter().filter_map(|(_, item)| item.span()).map(|span| span.end);
                    Place::Behind(ends.max().ok_or_else(missing)?)
                }
                Some(item) => Place::of_list(item.as_array().ok_or_else(missing)?)?,
                None => return Err(missing()),
            },
            item => {
                let workloads = item.as_array().ok_or_else(missing)?;
                let table = workloads.get(workload).and_then(toml_edit::Value::as_inline_table).ok_or_else(missing)?;
                let list = table.get("volume").and_then(toml_edit::Value::as_array).ok_or_else(missing)?;
                Place::of_list(list)?
            }
        };
        match written {
            Place::Behind(end) => {
                let blocks: Vec<String> = volumes.iter().map(|volume| listed("workload.volume", volume)).collect();
                self.put_line(end, &format!("\n{}", blocks.join("\n").trim_end()));
            }
            Place::In { list, last } => {
                let values: Vec<String> = volumes.iter().map(|volume| inline(&Value::Table(volume.clone()))).collect();
                self.put_into(list, last, &values.join(", "));
            }
        }
        Ok(())
    }

    /// More values for a list of texts in `[host]`, which is made if it is not there.
    fn host_list(&mut self, key: &str, values: &[&str]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let host = self.document.get("host").ok_or_else(|| unclear(message!("there-is-no-host")))?;
        let values = values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
        let table = host.as_table_like().ok_or_else(|| unclear(message!("host-is-not-a-table")))?;
        if let Some(item) = table.get(key) {
            let list = item.as_array().ok_or_else(|| unclear(message!("is-not-a-list", key)))?;
            let last = list.iter().last().map(|value| span(value.span())).transpose()?;
            let list = span(list.span())?;
            self.put_into(list, last, &values);
            return Ok(());
        }
        self.host_pair(key, &format!("[{values}]"))
    }

    /// One more key in `[host]`, which it does not have.
    fn host_pair(&mut self, key: &str, value: &str) -> Result<()> {
        let host = self.document.get("host").ok_or_else(|| unclear(message!("there-is-no-host")))?;
        let table = host.as_table_like().ok_or_else(|| unclear(message!("host-is-not-a-table")))?;
        let spans = table.iter().filter_map(|(_, item)| item.span());
        let last = spans.max_by_key(|span| span.end).ok_or_else(|| unclear(message!("host-is-empty")))?;
        let pair = format!("{key} = {value}");
        match host {
            Item::Value(inline) => {
                let table = span(inline.span())?;
                self.put_into(table, Some(last), &pair);
            }
            Item::Table(table) if table.is_dotted() => self.put_line(last.end, &format!("host.{pair}")),
            _ => self.put_line(last.end, &pair),
        }
        Ok(())
    }

    /// The whole text.
    fn apply(mut self) -> String {
        self.found.sort_by_key(|(at, _)| *at);
        let mut text = String::with_capacity(self.text.len());
        let mut from = 0;
        for (at, added) in &self.found {
            text.push_str(&self.text[from..*at]);
            text.push_str(added);
            from = *at;
        }
        text.push_str(&self.text[from..]);
        text
    }

    /// With the line ends that the file has.
    fn put(&mut self, at: usize, added: &str) {
        let first = self.text.find('\n');
        let is_dos = first.is_some_and(|end| self.text[..end].ends_with('\r'));
        let added = if is_dos { added.replace('\n', "\r\n") } else { added.to_owned() };
        self.found.push((at, added));
    }

    /// As a line of its own, below the one in which a value ends.
    fn put_line(&mut self, end: usize, line: &str) {
        match self.text[end..].find('\n') {
            Some(length) => self.put(end + length + 1, &format!("{line}\n")),
            None => self.put(self.text.len(), &format!("\n{line}")),
        }
    }

    /// Into what stands between brackets or braces, behind the last that is there.
    fn put_into(&mut self, whole: Range<usize>, last: Option<Range<usize>>, added: &str) {
        let close = whole.end - 1;
        let Some(last) = last else { return self.put(whole.start + 1, added) };
        let behind = &self.text[last.end..close];
        let own_line = behind.rfind('\n').filter(|end| behind[end + 1..].trim().is_empty());
        let Some(end) = own_line else { return self.put(last.end, &format!(", {added}")) };
        if !has_comma(behind) {
            self.put(last.end, ",");
        }
        let line = self.text[..last.end].rfind('\n').map_or(0, |end| end + 1);
        let indent: String = self.text[line..].chars().take_while(|letter| [' ', '\t'].contains(letter)).collect();
        self.put(last.end + end + 1, &format!("{indent}{added},\n"));
    }
}

/// Where more volumes go.
enum Place {
    /// Below the line in which the last one ends.
    Behind(usize),
    /// Into what stands between brackets.
    In { list: Range<usize>, last: Option<Range<usize>> },
}

impl Place {
    fn of_list(list: &toml_edit::Array) -> Result<Place> {
        let last = list.iter().last().map(|value| span(value.span())).transpose()?;
        Ok(Place::In { list: span(list.span())?, last })
    }
}

/// Whether there is a comma outside of comments.
fn has_comma(between: &str) -> bool {
    between.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains(',')))
}

fn span(found: Option<Range<usize>>) -> Result<Range<usize>> {
    found.ok_or_else(|| unclear(message!("a-value-has-no-place")))
}

fn unclear(why: Message) -> Failure {
    Failure::new(Code::Usage, message!("nothing-can-be-added", why)).hint(message!("add-the-workload-by-hand-docs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> String {
        let workload: Table = "id = \"new\"\n[environment]\nA = \"b\"\n[[volume]]\nname = \"data\"".parse().unwrap();
        add(text, &workload, "roots", &["/b", "/c"]).unwrap()
    }

    /// What is added means the same wherever it is put, all else means what it meant, and no byte of it has gone.
    #[test]
    fn whatever_a_file_looks_like_it_only_gets_more() {
        let workload = "[[workload]]\nid = \"a\"\n";
        for text in [
            "[host]\ns = 1".to_owned(),
            "[host]\ns = 1\n".to_owned(),
            "\u{feff}[host]\ns = 1\n".to_owned(),
            "[host] # of the host\r\ns = 1 # one\r\n\r\n[api]\r\nlisten = \"x\" # no end".to_owned(),
            "[host]\nroots = []\ns = 1\n".to_owned(),
            "[host]\nroots = [ # none yet\n]\ns = 1\n".to_owned(),
            "[host]\nroots = [\"/a\"]\ns = 1\n".to_owned(),
            "[host]\nroots = ['/a', ]\ns = 1\n".to_owned(),
            "[host]\nroots = [\n  \"/a\", # the first, and\n  # the last, ]\n]\ns = 1\n".to_owned(),
            "[host]\r\nroots = [\r\n\t\"/a\" # the first, and\r\n\t# the last, ]\r\n]\r\ns = 1\r\n".to_owned(),
            "[host]\nroots = [\n\"/a\",\n\"/#,]\" ]\ns = 1\n".to_owned(),
            "host.s = 1 # dotted\nhost.\"t\" = 2\n[api]\n".to_owned(),
            "host.s = 1\nhost.roots = [\"/a\"]".to_owned(),
            "\"host\" = { s = 1 }\n".to_owned(),
            "host = { s = 1, roots = ['/a'] } # inline\n".to_owned(),
            "host = {\n  s = [\n    1,\n  ], # long\n}\n".to_owned(),
            "host = {\n  s = 1\n}".to_owned(),
            "workload = []\n[host]\ns = 1\n".to_owned(),
            "workload = [{ id = \"a\" }]\n[host]\ns = 1\n".to_owned(),
            "workload = [\n  { id = \"a\", environment = { A = \"1\" } }, # one\n  { id = 'b' } # two\n]\nhost.s = 1\n"
                .to_owned(),
            format!("{workload}[[workload.volume]]\nname = \"x\"\n[host]\ns = 1\n{workload}environment.A = \"x\"\n"),
            format!("{workload}environment = {{ A = \"x\" }}\n\n[host]\ns = 1\n\n[api]\nlisten = \"x\"\n"),
            format!("{workload}[workload.environment]\nA = \"x\"\n[workload.request.HostConfig]\n[host]\ns = 1"),
            format!("[host]\ns = \"\"\"\n[[workload]]\n\"\"\"\n{workload}volume = [{{ name = \"x\" }}]"),
        ] {
            let before: Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
            let after = added(&text);
            let read: Table = after.parse().unwrap_or_else(|error| panic!("{error}: {text}\n->\n{after}"));
            let mut meant = before.clone();
            let workloads = meant.entry("workload").or_insert(Value::Array(Vec::new()));
            workloads.as_array_mut().unwrap().push(Value::Table(
                "id = \"new\"\nenvironment.A = \"b\"\nvolume = [{ name = \"data\" }]".parse().unwrap(),
            ));
            let host = meant["host"].as_table_mut().unwrap();
            let roots = host.entry("roots").or_insert(Value::Array(Vec::new())).as_array_mut().unwrap();
            roots.extend(["/b", "/c"].map(|root| Value::String(root.to_owned())));
            assert_eq!(read, meant, "{text}\n->\n{after}");
            let mut rest = after.chars();
            assert!(text.chars().all(|letter| rest.any(|other| other == letter)), "{text}\n->\n{after}");
            let is_dos = |text: &str| text.lines().count() > 1 && !text.replace("\r\n", "").contains('\n');
            assert_eq!(is_dos(&text), is_dos(&after), "{after:?}");
            // It goes on being added to.
            added(&after).parse::<Table>().unwrap_or_else(|error| panic!("{error}: {after}"));
        }
    }

    #[test]
    fn a_workload_gets_more_volumes_wherever_its_volumes_stand() {
        let new: Table = "name = \"new\"\nsource = \"/new\"".parse().unwrap();
        let block = "[[workload]]\nid = \"a\"\n[[workload.volume]]\nname = \"x\" # the first\n";
        let other = "[[workload]]\nid = \"b\"\n[[workload.volume]]\nname = \"y\"\n";
        for (text, number) in [
            (format!("[host]\ns = 1\n{block}"), 0),
            (format!("[host]\ns = 1\n{block}[workload.compose]\nproject = \"p\"\n\n# of b\n{other}"), 0),
            (format!("[host]\r\ns = 1\r\n{}", format!("{block}{other}").replace('\n', "\r\n")), 1),
            (format!("{block}\n[host]\ns = 1"), 0),
            (format!("[host]\ns = 1\n{block}[[workload.volume]]\nname = \"z\""), 0),
            ("[host]\ns = 1\n[[workload]]\nid = \"a\"\nvolume = [\n  { name = \"x\" } # one\n]\n".to_owned(), 0),
            (
                "workload = [{ id = \"a\", volume = [] }, { id = \"b\", volume = [{ name = \"y\" }] }]\nhost.s = 1\n"
                    .to_owned(),
                1,
            ),
        ] {
            let after = volumes(&text, number, &[new.clone(), new.clone()], "roots", &["/new"]).unwrap();
            let mut meant: Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
            let list = meant["workload"][number].as_table_mut().unwrap().get_mut("volume").unwrap();
            list.as_array_mut().unwrap().extend([new.clone(), new.clone()].map(Value::Table));
            let host = meant["host"].as_table_mut().unwrap();
            host.insert("roots".to_owned(), Value::Array(vec![Value::String("/new".to_owned())]));
            let read: Table = after.parse().unwrap_or_else(|error| panic!("{error}: {text}\n->\n{after}"));
            assert_eq!(read, meant, "{text}\n->\n{after}");
            let mut rest = after.chars();
            assert!(text.chars().all(|letter| rest.any(|other| other == letter)), "{text}\n->\n{after}");
        }
    }
}
