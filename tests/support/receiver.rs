//! Receivers of notifications: one over HTTP that answers as it is told and keeps what it was asked, and a mail server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What a receiver was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// A header by its name in lower case; nothing if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// How a receiver answers.
#[derive(Clone)]
pub(crate) struct Reply {
    /// None if it never does.
    status: Option<u16>,
    location: Option<String>,
    body: String,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Reply {
        Reply { status: Some(status), location: None, body: String::new() }
    }

    pub(crate) fn saying(self, body: &str) -> Reply {
        Reply { body: body.to_owned(), ..self }
    }

    /// It takes the connection and says nothing.
    pub(crate) fn hanging() -> Reply {
        Reply { status: None, ..Reply::status(0) }
    }

    pub(crate) fn redirect(to: &str) -> Reply {
        Reply { location: Some(to.to_owned()), ..Reply::status(302) }
    }
}

/// A receiver over HTTP. Dropping it leaves its thread waiting for connections that nobody makes.
pub(crate) struct Receiver {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    reply: Arc<Mutex<Reply>>,
}

impl Receiver {
    pub(crate) fn start(reply: Reply) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, reply) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(reply)));
        let (kept, replies) = (asked.clone(), reply.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, replies) = (kept.clone(), replies.clone());
                std::thread::spawn(move || answer(stream, &kept, &replies));
            }
        });
        Receiver { address, asked, reply }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it answers so.
    pub(crate) fn replies(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// All that it was asked and answered, or would have.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request of a connection, which then ends. A client that goes away in the middle has asked nothing.
fn answer(stream: TcpStream, kept: &Mutex<Vec<Asked>>, replies: &Mutex<Reply>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    kept.lock().unwrap().push(Asked { method, path, headers, body });
    let Reply { status, location, body } = replies.lock().unwrap().clone();
    let Some(status) = status else {
        // Until the client gives up.
        let _ = reader.read(&mut [0]);
        return None;
    };
    let location = location.map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} So\r\n{location}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    (&stream).write_all(format!("{head}{body}").as_bytes()).ok()
}

/// A mail server that takes everything, without TLS.
pub(crate) struct Mailbox {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    pub(crate) fn start() -> Mailbox {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = mails.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                converse(&stream, &kept);
            }
        });
        Mailbox { address, mails }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that was said in each conversation that brought a mail, envelope and all.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn converse(stream: &TcpStream, kept: &Mutex<Vec<String>>) -> Option<()> {
    let say = |text: &str| {
        let mut to = stream;
        to.write_all(format!("{text}\r\n").as_bytes()).ok()
    };
    say("220 a mailbox")?;
    let (mut said, mut is_letter) = (String::new(), false);
    for line in BufReader::new(stream).lines() {
        let line = line.ok()?;
        said.push_str(&format!("{line}\n"));
        match line.as_str() {
            "." if is_letter => {
                is_letter = false;
                kept.lock().unwrap().push(std::mem::take(&mut said));
                say("250 taken")?;
            }
            _ if is_letter => {}
            "DATA" => {
                is_letter = true;
                say("354 go on")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
    None
}
