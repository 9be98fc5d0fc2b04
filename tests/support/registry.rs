//! A registry that serves one image of one layer, by the second version of the protocol, on an address that engines take
//! without TLS. What it sends of the layer can be held back in the middle.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::engine::images;
use super::process::eventually;

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// What makes the layer so large that an engine tells how far it is.
const PAD_MIB: usize = 8;

/// Dropping it ends it: whoever asks is refused then.
pub(crate) struct Registry {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    manifest: Vec<u8>,
    config: Vec<u8>,
    layer: Vec<u8>,
    goes_on: AtomicBool,
    over: AtomicBool,
    pulls: AtomicUsize,
}

impl Registry {
    /// One with a busybox. The second half of its layer is held back.
    pub(crate) fn start() -> Registry {
        let root = tempfile::tempdir().unwrap();
        images::busybox(root.path());
        std::fs::write(root.path().join("pad"), vec![0; PAD_MIB << 20]).unwrap();
        let tar = Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).output().unwrap();
        assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
        let layer = tar.stdout;
        let architecture = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
        let files = json!({ "type": "layers", "diff_ids": [digest(&layer)] });
        let config = json!({ "architecture": architecture, "os": "linux", "config": {}, "rootfs": files });
        let config = config.to_string().into_bytes();
        let part =
            |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "size": bytes.len(), "digest": digest(bytes) });
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": part(CONFIG, &config), "layers": [part(LAYER, &layer)],
        });
        let shared = Arc::new(Shared {
            manifest: manifest.to_string().into_bytes(),
            config,
            layer,
            goes_on: AtomicBool::new(false),
            over: AtomicBool::new(false),
            pulls: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = shared.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let serving = serving.clone();
                // A client that goes away has what it wanted.
                std::thread::spawn(move || serving.answer(&stream).unwrap_or_default());
            }
        });
        Registry { address, shared, thread: Some(thread) }
    }

    /// What its image is called.
    pub(crate) fn image(&self) -> String {
        format!("{}/test/app:1", self.address)
    }

    /// Sends the rest of the layer.
    pub(crate) fn go_on(&self) {
        self.shared.goes_on.store(true, Ordering::SeqCst);
    }

    /// How often the image was asked for.
    pub(crate) fn pulls(&self) -> usize {
        self.shared.pulls.load(Ordering::SeqCst)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn answer(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream).split(b'\n');
        // An engine tries TLS first, and that is no text.
        let first = String::from_utf8_lossy(&lines.next().transpose()?.unwrap_or_default()).into_owned();
        for line in lines.by_ref() {
            if line?.trim_ascii().is_empty() {
                break;
            }
        }
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (kind, body) = match path {
            "/v2/" => ("application/json", &b"{}"[..]),
            _ if path.starts_with("/v2/test/app/manifests/") => (MANIFEST, &self.manifest[..]),
            _ if path.ends_with(&digest(&self.config)) => (CONFIG, &self.config[..]),
            _ if path.ends_with(&digest(&self.layer)) => ("application/octet-stream", &self.layer[..]),
            _ => return head(stream, 404, "text/plain", b""),
        };
        head(stream, 200, kind, body)?;
        if method == "HEAD" {
            return Ok(());
        }
        if kind == MANIFEST {
            self.pulls.fetch_add(1, Ordering::SeqCst);
        }
        let (one, other) = body.split_at(body.len() / 2);
        let mut stream = stream;
        stream.write_all(one)?;
        if kind == "application/octet-stream" {
            eventually("the rest may be sent", || {
                self.goes_on.load(Ordering::SeqCst) || self.over.load(Ordering::SeqCst)
            });
        }
        stream.write_all(other)
    }
}

fn head(mut stream: &TcpStream, status: u16, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let (length, digest) = (body.len(), digest(body));
    let head = format!(
        "HTTP/1.1 {status} said\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nDocker-Content-Digest: {digest}\r\n\
         Docker-Distribution-Api-Version: registry/2.0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}
