//! What is told to people elsewhere: which channels there are, what is worth a word, and an outbox on disk that survives the
//! crash it reports.
//!
//! In reading order: [`happening`] is what is told, [`words`] puts it into a language, [`channel`] and [`mod@address`] are where it
//! goes, [`table`] is the one table of what each receiver wants, `send` carries it there, [`notice`] is one message on its
//! way, `standing` is what is remembered so that nothing is said twice, `outbox` keeps both on disk, [`notifier`] holds them
//! together, `rules` say what is worth a word, and [`delivery`] sends it.
//!
//! Nothing here may fail what it tells of, hold it up, or show a secret: an address is shown as its scheme and host alone.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod address;
pub mod channel;
mod cut;
pub mod delivery;
pub mod happening;
pub mod notice;
pub mod notifier;
mod outbox;
mod rules;
pub mod scheme;
mod send;
mod standing;
pub mod table;
mod words;

pub use address::Address;
pub use channel::{Channel, Way};
pub use delivery::Tried;
pub use happening::{Failed, Happening, Kind};
pub use notifier::{Notifier, Overview};
pub use table::address;
