//! The manifest: what the plugin takes for one, the host either takes for the same one or refuses.

use reforge_plugin::manifest::Manifest;
use reforge_snapshots::format;

pub fn run(input: &[u8]) {
    let Ok(ours) = Manifest::parse(input) else { return };
    let Ok(theirs) = serde_json::from_slice::<format::Manifest>(input) else { return };
    assert_eq!(ours.volumes.len(), theirs.volumes.len());
    for (position, (ours, theirs)) in ours.volumes.iter().zip(&theirs.volumes).enumerate() {
        assert_eq!(ours.index as usize, position);
        assert_eq!((&ours.name, &ours.scope), (&theirs.name, &theirs.scope));
    }
}
