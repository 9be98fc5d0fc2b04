//! What a message can say something of, each kind of value in the one way in which a language can put it into words.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::{Argument, Message};
use crate::catalogue;

/// A size, as a message says it.
#[derive(Clone, Copy, Debug)]
pub struct Bytes(pub u64);

/// What a message can say something of.
pub trait ToArgument {
    fn to_argument(&self) -> Argument;
}

impl<T: ToArgument + ?Sized> ToArgument for &T {
    fn to_argument(&self) -> Argument {
        (**self).to_argument()
    }
}

impl ToArgument for Argument {
    fn to_argument(&self) -> Argument {
        self.clone()
    }
}

impl ToArgument for Message {
    fn to_argument(&self) -> Argument {
        Argument::Message(self.clone())
    }
}

impl ToArgument for Vec<Message> {
    fn to_argument(&self) -> Argument {
        Argument::All(self.clone())
    }
}

/// An operating system error without the number that Rust puts behind it.
pub fn reason(error: &std::io::Error) -> Message {
    if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Message>()) {
        return own.clone();
    }
    let text = error.to_string();
    let Some(end) = text.find(" (os error") else { return Message::from(text) };
    let text = text[..end].to_lowercase();
    let id = format!("system-{}", text.replace([' ', '/'], "-"));
    if catalogue::has(&id) { Message::of(id, []) } else { Message::from(text) }
}

/// Why the system said no.
impl ToArgument for std::io::Error {
    fn to_argument(&self) -> Argument {
        reason(self).to_argument()
    }
}

impl ToArgument for rustix::io::Errno {
    fn to_argument(&self) -> Argument {
        std::io::Error::from(*self).to_argument()
    }
}

impl ToArgument for Bytes {
    fn to_argument(&self) -> Argument {
        Argument::Bytes { bytes: self.0 }
    }
}

impl ToArgument for Duration {
    fn to_argument(&self) -> Argument {
        Argument::Duration { milliseconds: u64::try_from(self.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl ToArgument for jiff::Timestamp {
    fn to_argument(&self) -> Argument {
        Argument::Instant { instant: *self }
    }
}

macro_rules! as_text {
    ($($type:ty),*) => {
        $(impl ToArgument for $type {
            fn to_argument(&self) -> Argument {
                Argument::Text(self.to_string())
            }
        })*
    };
}

as_text![
    str,
    String,
    Cow<'_, str>,
    char,
    f64,
    std::net::IpAddr,
    std::net::SocketAddr,
    fmt::Error,
    serde_json::Error,
    getrandom::Error
];

macro_rules! as_integer {
    ($($type:ty),*) => {
        $(impl ToArgument for $type {
            fn to_argument(&self) -> Argument {
                // What no number of JSON's need hold is text.
                i64::try_from(*self).map_or_else(|_| Argument::Text(self.to_string()), Argument::Integer)
            }
        })*
    };
}

as_integer![u8, u16, u32, u64, usize, i32, i64];
