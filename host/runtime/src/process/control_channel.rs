//! The supervisor's side of its socket: accepts, reads one line, answers at once or when the stop or probe is over.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU};

use super::control::{self, Answer, ControlRequest, REQUEST_BYTES_MAX};
use super::log::{AppOutput, say};
use super::probe::Probe;
use super::supervisor::Supervisor;
use super::workload_dir::WorkloadDir;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Each asks that everything ends.
const TERMINATE: [i32; 5] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU];

/// Everybody who is connected, and the signals.
pub(super) struct ControlChannel {
    listener: UnixListener,
    signals: UnixStream,
    /// Somebody asked by a signal that everything ends: the machine goes down.
    terminate: Arc<AtomicBool>,
    clients: Vec<Client>,
    workload_dir: WorkloadDir,
}

struct Client {
    stream: UnixStream,
    input: Vec<u8>,
    wants: Wants,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// Has not finished its line.
    ToAsk,
    Stop,
    Probe,
    /// Was answered or has gone.
    Nothing,
}

impl ControlChannel {
    pub(super) fn open(workload_dir: &WorkloadDir) -> Result<ControlChannel> {
        let listener = control::listen(workload_dir)?;
        let failed = |error: std::io::Error| Failure::new(Code::Runtime, message!("cannot-watch-signals", error));

        let (signals, wake) = UnixStream::pair().map_err(failed)?;
        signals.set_nonblocking(true).map_err(failed)?;
        let terminate = Arc::new(AtomicBool::new(false));
        for signal in TERMINATE {
            signal_hook::flag::register(signal, Arc::clone(&terminate)).map_err(failed)?;
        }
        for signal in TERMINATE.into_iter().chain([SIGCHLD]) {
            let wake = wake.try_clone().map_err(failed)?;
            signal_hook::low_level::pipe::register(signal, wake).map_err(failed)?;
        }
        Ok(ControlChannel { listener, signals, terminate, clients: Vec::new(), workload_dir: workload_dir.clone() })
    }

    /// Takes in what was asked and answers what can be answered.
    pub(super) fn hold(&mut self, supervisor: &mut Supervisor) {
        if self.terminate.load(Ordering::SeqCst) {
            supervisor.stop();
        }
        supervisor.tend_log();
        self.accept();
        for client in &mut self.clients {
            client.read(supervisor);
        }
        let probing = self.clients.iter().any(|client| client.wants == Wants::Probe);
        if let Some(probe) = &mut supervisor.probe {
            if !probing {
                probe.kill();
                supervisor.probe = None;
            } else if let Some(result) = probe.result() {
                supervisor.probe = None;
                self.answer(Wants::Probe, &Answer::Probed(result));
            }
        }
        self.clients.retain(|client| client.wants != Wants::Nothing);
    }

    /// Answers those who wait for the stop.
    pub(super) fn stopped(&mut self, outcome: Result<()>) {
        let answer = outcome.map_or_else(Answer::Failed, |()| Answer::Done);
        self.answer(Wants::Stop, &answer);
    }

    /// Waits until something happens, the app says something included, or `pause` is over.
    pub(super) fn wait(&mut self, pause: Duration, output: &AppOutput) -> Result<()> {
        let mut watched = vec![PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        watched.push(PollFd::new(output, PollFlags::IN));
        watched.extend(self.clients.iter().map(|client| PollFd::new(&client.stream, PollFlags::IN)));
        let pause = Timespec { tv_sec: pause.as_secs() as i64, tv_nsec: i64::from(pause.subsec_nanos()) };
        match rustix::event::poll(&mut watched, Some(&pause)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Failure::new(Code::Runtime, message!("cannot-wait", errno))),
        }
        let mut bytes = [0; 256];
        while matches!((&self.signals).read(&mut bytes), Ok(count) if count > 0) {}
        Ok(())
    }

    /// Takes the socket away. Whoever is still connected sees the end and asks again.
    pub(super) fn end(self) {
        let path = self.workload_dir.file("control.sock");
        if let Err(error) = std::fs::remove_file(&path) {
            say(&Failure::io("remove", &path, &error));
        }
    }

    fn accept(&mut self) {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => match stream.set_nonblocking(true) {
                    Ok(()) => self.clients.push(Client { stream, input: Vec::new(), wants: Wants::ToAsk }),
                    Err(error) => say(&Failure::io("accept on", &self.workload_dir.file("control.sock"), &error)),
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return say(&Failure::io("accept on", &self.workload_dir.file("control.sock"), &error)),
            }
        }
    }

    fn answer(&mut self, wants: Wants, answer: &Answer) {
        self.clients.iter_mut().filter(|client| client.wants == wants).for_each(|client| client.answer(answer));
    }
}

impl Client {
    fn read(&mut self, supervisor: &mut Supervisor) {
        let mut bytes = [0; 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.wants = Wants::Nothing,
                Ok(count) => self.input.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => self.wants = Wants::Nothing,
            }
            if self.wants == Wants::Nothing || self.input.len() > REQUEST_BYTES_MAX {
                self.wants = Wants::Nothing;
                return;
            }
        }
        if self.wants == Wants::ToAsk && self.input.ends_with(b"\n") {
            self.asked(supervisor);
        }
    }

    fn asked(&mut self, supervisor: &mut Supervisor) {
        let done = |done: Result<()>| Some(done.map_or_else(Answer::Failed, |()| Answer::Done));
        let answer = match serde_json::from_slice(&self.input) {
            Ok(ControlRequest::Status) => {
                let status = supervisor.status();
                Some(status.map_or_else(Answer::Failed, |status| Answer::Status(Box::new(status))))
            }
            Ok(ControlRequest::Hold) => done(supervisor.hold()),
            Ok(ControlRequest::Release) => done(supervisor.release()),
            Ok(ControlRequest::Stop) => {
                supervisor.stop();
                self.wants = Wants::Stop;
                None
            }
            Ok(ControlRequest::Probe { limit_ms }) => match start_probe(supervisor, Duration::from_millis(limit_ms)) {
                Ok(()) => {
                    self.wants = Wants::Probe;
                    None
                }
                Err(failure) => Some(Answer::Failed(failure)),
            },
            Err(error) => Some(Answer::Failed(Failure::new(Code::Usage, message!("not-a-request", error)))),
        };
        if let Some(answer) = answer {
            self.answer(&answer);
        }
    }

    fn answer(&mut self, answer: &Answer) {
        // A client that has gone, or does not read, asks again.
        let _ = control::line(answer).and_then(|line| self.stream.write_all(&line));
        self.wants = Wants::Nothing;
    }
}

fn start_probe(supervisor: &mut Supervisor, limit: Duration) -> Result<()> {
    if supervisor.probe.is_some() {
        return Err(Failure::new(Code::Busy, message!("a-health-check-is-under-way")));
    }
    supervisor.probe = Some(Probe::start(&supervisor.workload_dir, supervisor.run_number(), &supervisor.spec, limit)?);
    Ok(())
}
