//! The page: what an operator's browser shows of this host, in English and Russian.
//!
//! In reading order: [`assets`] the parts that everybody gets, [`routes`] what can be shown, [`ask`] how it is found
//! out, [`language`] and [`messages`] in which words, [`told`] what the host tells, [`formatting`]
//! in which form, [`views`] how it looks, [`live`] a restore while it runs, and its [`stream`].
//!
//! A view is made on the server, from the documents that the API answers to the same token: the page knows and may
//! nothing that a client of the API does not. Nothing here decides about data, and nothing comes from another site.

mod ask;
mod assets;
mod formatting;
mod language;
mod live;
mod messages;
mod routes;
mod stream;
mod told;
mod views;

pub use routes::routes;
