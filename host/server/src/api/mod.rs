//! The API: what a panel and a browser ask of this host, over HTTP, as JSON.
//!
//! In reading order: [`server`] a start and a stop, [`mounted`] the same in a server of somebody else, [`connection`] who may connect and for how long, [`shared`] what
//! all requests share, [`permits`] how many at once, [`guard`], [`caller`] and [`confirmation`] what every request must
//! pass, [`viewers`] what not every caller is told, [`attempt`] what is written down of one that does not, [`problem`]
//! and [`answer`] how it is answered, [`body`] how it is read, [`body_drain`] what becomes of what is not, [`transfer`] how
//! what is large comes and goes, [`runs`] restores and undos that go on without their client, with [`events`] and their
//! [`stream`] that tell of them, [`hooks`] deploys that wait for their turn, [`metrics`] what is counted, `count`
//! the answers and [`figures`] how the host does, [`schedule`] what is done when it is due, [`routes`] what can be asked, [`describe`] the parts of its description.
//!
//! Nothing here decides about data: each route is one call of the function that the command of the same name makes.
//! Nothing here may block a thread of the runtime, hold a request up for another client, or answer with text from outside
//! that has not passed the one escape.

mod answer;
mod attempt;
mod body;
mod body_drain;
mod caller;
mod confirmation;
mod connection;
mod count;
mod describe;
mod events;
mod figures;
mod guard;
mod hooks;
mod metrics;
mod mounted;
mod permits;
mod problem;
mod routes;
mod runs;
mod schedule;
mod sending;
mod server;
mod shared;
mod stream;
mod throttle;
mod transfer;
mod viewers;

pub use caller::Peer;
pub(crate) use events::{END, Event, NOTE, PHASE, PROGRESS};
pub use mounted::Api;
pub(crate) use problem::ProblemDocument;
pub use routes::openapi;
pub use server::{Setup, serve};
pub(crate) use stream::Heard;
