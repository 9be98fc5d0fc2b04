//! `plugin show`: which restore plugin is in use.

use reforge_host::{Result, escape};
use serde_json::json;

use super::answer::Answer;
use super::session::Session;

pub fn show(session: &Session) -> Result<Answer> {
    let plugin = session.plugin()?;
    let description = plugin.describe()?;
    let formats: Vec<String> = description.formats.iter().map(|format| escape::text(format)).collect();
    let (name, version) = (escape::text(&description.name), escape::text(&description.version));
    let text = format!("{name} {version}\nreads   {}\ndigest  {}", formats.join(", "), plugin.digest());
    let json = json!({ "name": name, "version": version, "formats": formats, "digest": plugin.digest() });
    Ok(Answer::done(text, json))
}
