//! The promises, kept for apps that are containers of a real engine.

mod adoption;
mod databases;
mod survey;
mod trouble;
mod what_comes_back;
