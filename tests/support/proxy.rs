//! Stands before a real engine and makes trouble in one call.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens in the place of the real answer.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The connection ends.
    Hangup,
    /// Nobody answers.
    Silence,
    Answer(u16, String),
    /// The same for the first such call alone.
    AnswerOnce(u16, String),
    /// The real answer, late.
    Late(Duration),
}

type Cause = Arc<Mutex<Option<(Vec<String>, Trouble)>>>;

/// Dropping it leaves its thread waiting for connections that nobody makes.
pub(crate) struct Proxy {
    directory: tempfile::TempDir,
    cause: Cause,
}

impl Proxy {
    pub(crate) fn before(engine: &Path) -> Proxy {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("docker.sock")).unwrap();
        let cause: Cause = Arc::default();
        let (engine, causes) = (engine.to_owned(), cause.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (engine, causes) = (engine.clone(), causes.clone());
                // A client that goes away in the middle is what some tests are about.
                std::thread::spawn(move || pass(stream, &engine, &causes).unwrap_or_default());
            }
        });
        Proxy { directory, cause }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }

    /// From now on calls whose path holds one of these texts end so.
    pub(crate) fn cause(&self, calls: &[&str], trouble: Trouble) {
        let calls = calls.iter().map(|call| (*call).to_owned()).collect();
        *self.cause.lock().unwrap() = Some((calls, trouble));
    }

    /// No trouble any more.
    pub(crate) fn calm(&self) {
        *self.cause.lock().unwrap() = None;
    }
}

/// One request of a connection, which then ends.
fn pass(mut client: UnixStream, engine: &Path, causes: &Cause) -> std::io::Result<()> {
    let (head, body) = read_request(&mut client)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let caused = {
        let mut cause = causes.lock().unwrap();
        let caused = cause.clone().filter(|(calls, _)| calls.iter().any(|call| path.contains(call.as_str())));
        if matches!(caused, Some((_, Trouble::AnswerOnce(..)))) {
            *cause = None;
        }
        caused
    };
    if let Some((_, Trouble::Late(delay))) = caused {
        std::thread::sleep(delay);
    }
    match caused {
        Some((_, Trouble::Hangup)) => Ok(()),
        Some((_, Trouble::Silence)) => {
            // Until the client gives up.
            client.read_to_end(&mut Vec::new()).map(|_| ())
        }
        Some((_, Trouble::Answer(status, text) | Trouble::AnswerOnce(status, text))) => {
            let length = text.len();
            let head = format!(
                "HTTP/1.1 {status} Trouble\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n"
            );
            client.write_all(head.as_bytes())?;
            client.write_all(text.as_bytes())
        }
        None | Some((_, Trouble::Late(_))) => {
            let mut upstream = UnixStream::connect(engine)?;
            let (first, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
            upstream.write_all(format!("{first}\r\nConnection: close\r\n{rest}").as_bytes())?;
            upstream.write_all(&body)?;
            std::io::copy(&mut upstream, &mut client).map(|_| ())
        }
    }
}

/// The head with its empty line, and as much of a body as it announces.
fn read_request(client: &mut UnixStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().filter_map(|line| line.split_once(": "));
    let length = length
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body)?;
    Ok((head, body))
}
