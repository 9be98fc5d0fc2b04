//! Whose a volume is, and so where it lives. Capture and restore both ask [`SUPPORTED_SCOPES`] and nothing else.

/// The scope of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// A directory that the configuration names in full.
    Absolute,
    /// Below the volume root, one per project and stage.
    Stage,
    /// Below the volume root, one per project.
    Project,
    Instance,
    Ephemeral,
    Named,
    ProjectNamed,
}

/// The scopes that are captured and restored: those that are a directory of ours on this host.
pub const SUPPORTED_SCOPES: [Scope; 3] = [Scope::Absolute, Scope::Stage, Scope::Project];

impl Scope {
    pub const ALL: [Scope; 7] = [
        Scope::Absolute,
        Scope::Stage,
        Scope::Project,
        Scope::Instance,
        Scope::Ephemeral,
        Scope::Named,
        Scope::ProjectNamed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Absolute => "absolute",
            Scope::Stage => "stage",
            Scope::Project => "project",
            Scope::Instance => "instance",
            Scope::Ephemeral => "ephemeral",
            Scope::Named => "named",
            Scope::ProjectNamed => "project_named",
        }
    }

    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    pub fn is_supported(self) -> bool {
        SUPPORTED_SCOPES.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_found_by_its_name_and_three_are_supported() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("Project"), None);
        let supported: Vec<&str> = Scope::ALL.iter().filter(|scope| scope.is_supported()).map(|s| s.as_str()).collect();
        assert_eq!(supported, ["absolute", "stage", "project"]);
    }
}
