//! Plugins: those that are installed and the one that was built in.

use std::path::Path;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::text;
use reforge_base::escape;
use reforge_base::failure::Failure;
use reforge_plugins::bindings::exports::reforge::restore::restorer::Description;
use reforge_plugins::registry::Installed;
use reforge_plugins::{Plugin, WIT_VERSIONS};

/// Every plugin that can be used.
#[derive(Serialize, ToSchema)]
pub struct Plugins {
    pub built_in: BuiltInPlugin,
    pub plugins: Vec<InstalledPlugin>,
    /// The versions of the WIT that one may be built against.
    pub wit_versions: Vec<&'static str>,
    /// The digest of the one in use; none if it is another file's.
    pub in_use: Option<String>,
    /// The file that goes before any of these, if one is named.
    pub file: Option<String>,
    /// Why the one that was selected is not in use.
    pub error: Option<Failure>,
}

/// The one that was built in.
#[derive(Serialize, ToSchema)]
pub struct BuiltInPlugin {
    pub name: String,
    pub version: String,
    pub digest: String,
    pub in_use: bool,
}

/// One that was installed.
#[derive(Serialize, ToSchema)]
pub struct InstalledPlugin {
    pub name: String,
    pub version: String,
    /// What it can read.
    pub formats: Vec<String>,
    pub digest: String,
    pub sha256: String,
    pub bytes: u64,
    #[schema(value_type = String, format = DateTime)]
    pub installed: jiff::Timestamp,
    pub installed_by: String,
    pub signed: bool,
    pub in_use: bool,
}

/// The one that was selected: in use, unless a file goes before it.
#[derive(Serialize, ToSchema)]
pub struct SelectedPlugin {
    #[serde(flatten)]
    pub plugin: Selected,
    /// The file that goes before it, if one is named.
    pub file: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Selected {
    Installed(InstalledPlugin),
    BuiltIn { digest: Nothing, in_use: bool },
}

/// Null: the plugin that was built in is selected without a digest.
#[derive(Serialize)]
pub struct Nothing;

impl PartialSchema for Nothing {
    fn schema() -> utoipa::openapi::RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)).into()
    }
}

impl ToSchema for Nothing {}

/// `in_use` is the digest of the one that is, none being one of another file.
pub fn list(installed_ones: &[Installed], in_use: Option<&str>, built_in: &Plugin, says: &Description) -> Plugins {
    let one = |one: &Installed| installed(one, in_use == Some(one.digest.as_str()));
    Plugins {
        built_in: BuiltInPlugin {
            name: escape::text(&says.name),
            version: escape::text(&says.version),
            digest: built_in.digest().to_owned(),
            in_use: in_use == Some(built_in.digest()),
        },
        plugins: installed_ones.iter().map(one).collect(),
        wit_versions: WIT_VERSIONS.to_vec(),
        in_use: in_use.map(str::to_owned),
        file: None,
        error: None,
    }
}

/// None being the one that was built in.
pub fn selected(selected: Option<&Installed>, file: Option<&Path>) -> SelectedPlugin {
    let in_use = file.is_none();
    let built_in = Selected::BuiltIn { digest: Nothing, in_use };
    let plugin = selected.map_or(built_in, |one| Selected::Installed(installed(one, in_use)));
    SelectedPlugin { plugin, file: file.map(text) }
}

pub fn installed(installed: &Installed, in_use: bool) -> InstalledPlugin {
    InstalledPlugin {
        name: escape::text(&installed.name),
        version: escape::text(&installed.version),
        formats: installed.formats.iter().map(|format| escape::text(format)).collect(),
        digest: installed.digest.clone(),
        sha256: installed.sha256.clone(),
        bytes: installed.bytes,
        installed: installed.installed,
        installed_by: installed.installed_by.clone(),
        signed: installed.signature.is_some(),
        in_use,
    }
}
