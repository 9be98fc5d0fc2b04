//! The questions that a drilled app is asked, and what their answers must be.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{Message, escape, message, threads};
use reforge_config::{Ask, Expect, Probe};

use crate::app::{DrilledApp, OUTPUT_BYTES_MAX};
use crate::files;
use crate::network;
use crate::receipt::ProbeAnswer;

/// How much of an answer is written down.
const ANSWER_CHARACTERS_MAX: usize = 200;
const POLL: Duration = Duration::from_millis(10);
/// How often a server is asked that does not listen yet.
const LISTEN_POLL: Duration = Duration::from_millis(100);

/// What answers are held against.
pub(crate) struct Before<'a> {
    /// When the snapshot was taken.
    pub taken: Timestamp,
    /// What each probe was answered in the last good drill.
    pub figures: &'a BTreeMap<String, f64>,
    /// Where each volume is.
    pub volumes: &'a BTreeMap<String, PathBuf>,
}

/// An answer: text, a number if it is one, an instant if there is one.
struct Answer {
    text: String,
    figure: Option<f64>,
    instant: Option<Timestamp>,
}

impl Answer {
    fn of_text(text: String) -> Answer {
        let trimmed = text.trim();
        Answer { figure: trimmed.parse().ok(), instant: instant(trimmed), text }
    }
}

/// Whether a probe is asked of the volumes before the app is started.
pub(crate) fn is_of_files(probe: &Probe) -> bool {
    matches!(probe.ask, Ask::Files { .. })
}

/// Asks one of the volumes.
pub(crate) fn ask_files(probe: &Probe, before: &Before<'_>) -> ProbeAnswer {
    let began = Instant::now();
    let answered = match &probe.ask {
        Ask::Files { volume, path } => of_files(volume, path, before),
        _ => Err(Failure::new(Code::Usage, message!("there-is-no-answer"))),
    };
    judged(probe, answered, before, began)
}

/// Asks one of the app. Its limit is its own, or what is left of the drill's.
pub(crate) fn ask(probe: &Probe, app: &dyn DrilledApp, before: &Before<'_>, left: Duration) -> ProbeAnswer {
    let began = Instant::now();
    let limit = probe.limit.min(left);
    let member = probe.member.as_deref();
    let answered = match &probe.ask {
        Ask::Command(command) => of_command(app, member, command, limit),
        Ask::Http { port, path, status, contains } => {
            of_http(app, member, (*port, path), (*status, contains.as_deref()), limit)
        }
        Ask::Files { volume, path } => of_files(volume, path, before),
        Ask::HostCommand(command) => of_host_command(app, member, command, before, limit),
    };
    judged(probe, answered, before, began)
}

fn judged(probe: &Probe, answered: Result<Answer>, before: &Before<'_>, began: Instant) -> ProbeAnswer {
    let (answer, figure, failure) = match answered {
        Ok(answer) => {
            let failure = wrong(&probe.expect, &answer, probe, before).map(|why| Failure::new(Code::AppBad, why));
            (answer.text, answer.figure, failure)
        }
        Err(failure) => (String::new(), None, Some(failure)),
    };
    let answer: String = answer.trim().chars().take(ANSWER_CHARACTERS_MAX).collect();
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    ProbeAnswer {
        name: probe.name.clone(),
        passed: failure.is_none(),
        answer: escape::text(&answer),
        figure,
        failure,
        took_ms,
    }
}

/// What is wrong with an answer, if anything is.
fn wrong(expect: &Expect, answer: &Answer, probe: &Probe, before: &Before<'_>) -> Option<Message> {
    let shown = escape::text(&answer.text.trim().chars().take(ANSWER_CHARACTERS_MAX).collect::<String>());
    let is_no_number = || message!("the-answer-is-no-number", shown = shown.clone());
    if let Some(least) = expect.at_least {
        match answer.figure {
            None => return Some(is_no_number()),
            Some(figure) if figure < least => {
                return Some(message!("the-answer-is-below", figure = figure.to_string(), least = least.to_string()));
            }
            Some(_) => {}
        }
    }
    if let Some(equal) = expect.equals.as_ref().filter(|equal| equal.trim() != answer.text.trim()) {
        return Some(message!("the-answer-is-another", shown, equal = escape::text(equal)));
    }
    if let Some(pattern) = &expect.matches
        && !regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(answer.text.trim()))
    {
        return Some(message!("the-answer-does-not-match", shown, pattern = escape::text(pattern)));
    }
    if let Some(age) = expect.newest {
        let Some(instant) = answer.instant else { return Some(message!("the-answer-is-no-instant", shown)) };
        let old = before.taken.duration_since(instant);
        if old > SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX) {
            let old = Duration::try_from(old).unwrap_or_default();
            return Some(message!("the-answer-is-too-old", old, age));
        }
    }
    if let Some(share) = expect.not_below_last
        && let Some(last) = before.figures.get(&probe.name)
    {
        match answer.figure {
            None => return Some(is_no_number()),
            Some(figure) if figure < last * share => {
                let (figure, last) = (figure.to_string(), last.to_string());
                let share = format!("{} %", share * 100.0);
                return Some(message!("the-answer-fell", figure, last, share));
            }
            Some(_) => {}
        }
    }
    None
}

fn of_command(app: &dyn DrilledApp, member: Option<&str>, command: &[String], limit: Duration) -> Result<Answer> {
    let end = app.run(member, command, limit)?;
    match end.failure {
        None => Ok(Answer::of_text(String::from_utf8_lossy(&end.output).into_owned())),
        Some(why) => {
            let said = escape::bytes(end.error_output.trim_ascii());
            let message = if said.is_empty() {
                message!("the-probe", why)
            } else {
                message!("it-said", reason = message!("the-probe", why), said)
            };
            Err(Failure::new(Code::AppBad, message))
        }
    }
}

fn of_files(volume: &str, path: &str, before: &Before<'_>) -> Result<Answer> {
    let Some(directory) = before.volumes.get(volume) else {
        return Err(Failure::new(Code::NotFound, message!("drill-names-no-volume", name = escape::text(volume))));
    };
    let held = files::held(directory, path)?;
    Ok(Answer { text: held.files.to_string(), figure: Some(held.files as f64), instant: held.newest })
}

/// From inside, at its own loopback: what listens on all addresses or on that one answers.
fn of_http(
    app: &dyn DrilledApp,
    member: Option<&str>,
    (port, path): (u16, &str),
    (status, contains): (u16, Option<&str>),
    limit: Duration,
) -> Result<Answer> {
    let url = format!("http://127.0.0.1:{port}/{}", path.trim_start_matches('/'));
    let answered = network::within(app.network_of(member)?, || get_once_it_listens(&url, limit))?;
    let (code, body) = answered.map_err(|why| Failure::new(Code::AppBad, message!("no-answer-over-http", why)))?;
    if code != status {
        return Err(Failure::new(Code::AppBad, message!("http-answered-with", code, status)));
    }
    if let Some(text) = contains.filter(|text| !body.contains(*text)) {
        return Err(Failure::new(Code::AppBad, message!("http-answer-lacks", text = escape::text(text))));
    }
    Ok(Answer::of_text(body))
}

/// An app may be healthy before it listens.
fn get_once_it_listens(url: &str, limit: Duration) -> Result<(u16, String), String> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match get(url, left.max(POLL)) {
            Err(_) if !left.is_zero() => std::thread::sleep(LISTEN_POLL.min(left)),
            answered => return answered,
        }
    }
}

fn get(url: &str, limit: Duration) -> Result<(u16, String), String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build();
    let mut answer = ureq::Agent::new_with_config(config).get(url).call().map_err(|error| error.to_string())?;
    let mut body = Vec::new();
    let mut reader = answer.body_mut().as_reader().take(OUTPUT_BYTES_MAX as u64);
    reader.read_to_end(&mut body).map_err(|error| error.to_string())?;
    Ok((answer.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
}

/// A program of the operator's own, in the app's network: it is told where the volumes are.
fn of_host_command(
    app: &dyn DrilledApp,
    member: Option<&str>,
    command: &[String],
    before: &Before<'_>,
    limit: Duration,
) -> Result<Answer> {
    let (Some(program), arguments) = (command.first(), command.get(1..).unwrap_or_default()) else {
        return Err(Failure::new(Code::Usage, message!("there-is-no-answer")));
    };
    let failed = |error: std::io::Error| Failure::io("run", Path::new(program), &error).with_code(Code::AppBad);
    let volume = |(name, path): (&String, &PathBuf)| (variable(name), path.clone());
    network::within(app.network_of(member)?, || {
        let mut command = Command::new(program);
        command.args(arguments).envs(before.volumes.iter().map(volume));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let mut output = child.stdout.take();
        let deadline = Instant::now() + limit;
        let read = threads::spawn("drill-output", move || {
            let mut text = Vec::new();
            let read = output.as_mut().map(|output| output.take(OUTPUT_BYTES_MAX as u64).read_to_end(&mut text));
            read.transpose().map(|_| text)
        })?;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                break status;
            }
            if Instant::now() >= deadline {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                return Err(Failure::new(Code::AppBad, message!("took-longer-than", limit)));
            }
            std::thread::sleep(POLL);
        };
        if !status.success() {
            let why = message!("ended-with-status", code = status.code().unwrap_or(-1));
            return Err(Failure::new(Code::AppBad, message!("the-probe", why)));
        }
        let text = read.join().map_err(|_| Failure::new(Code::Runtime, message!("a-thread-of-a-drill-died")))?;
        Ok(Answer::of_text(String::from_utf8_lossy(&text.map_err(failed)?).into_owned()))
    })?
}

/// `REFORGE_VOLUME_DATA` of a volume `data`.
fn variable(volume: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    format!("REFORGE_VOLUME_{}", volume.chars().map(letter).collect::<String>())
}

/// An instant as databases and programs write it, in universal time where no zone is said; or seconds since 1970.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.abs() < 1e11).then(|| Timestamp::from_second(seconds as i64).ok()).flatten();
    }
    // PostgreSQL's `2026-11-28 02:00:00.123+00`, whose offset has no minutes.
    let with_minutes = format!("{text}:00");
    let plain = text.parse::<jiff::civil::DateTime>().ok();
    let plain = plain.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
    let offset = with_minutes.parse::<Timestamp>().ok();
    let has_offset = text.len() > 3 && matches!(text.as_bytes()[text.len() - 3], b'+' | b'-') && text.contains(':');
    if has_offset { offset.or(plain) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expecting(change: impl FnOnce(&mut Expect)) -> Expect {
        let mut expect = Expect::default();
        change(&mut expect);
        expect
    }

    #[test]
    fn an_answer_is_held_against_what_it_must_be() {
        let taken: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let (figures, volumes) = (BTreeMap::from([("orders".to_owned(), 100.0)]), BTreeMap::new());
        let before = Before { taken, figures: &figures, volumes: &volumes };
        let hour = Duration::from_secs(3600);
        for (expect, answer, passes) in [
            (Expect::default(), "anything", true),
            (expecting(|one| one.at_least = Some(1.0)), "1\n", true),
            (expecting(|one| one.at_least = Some(1.0)), "0", false),
            (expecting(|one| one.at_least = Some(1.0)), "many", false),
            (expecting(|one| one.equals = Some("ok".into())), " ok\n", true),
            (expecting(|one| one.equals = Some("ok".into())), "not ok", false),
            (expecting(|one| one.matches = Some("^v[0-9]+$".into())), "v12", true),
            (expecting(|one| one.matches = Some("^v[0-9]+$".into())), "12", false),
            (expecting(|one| one.newest = Some(hour)), "2026-11-28 11:30:00", true),
            (expecting(|one| one.newest = Some(hour)), "2026-11-28 11:30:00.5+00", true),
            (expecting(|one| one.newest = Some(hour)), "2026-11-28T10:30:00Z", false),
            (expecting(|one| one.newest = Some(hour)), "yesterday", false),
            (expecting(|one| one.not_below_last = Some(0.9)), "90", true),
            (expecting(|one| one.not_below_last = Some(0.9)), "50", false),
        ] {
            let probe = probe_of(expect);
            let found = wrong(&probe.expect, &Answer::of_text(answer.to_owned()), &probe, &before);
            assert_eq!(found.is_none(), passes, "{answer}: {found:?}");
        }
    }

    fn probe_of(expect: Expect) -> Probe {
        Probe::new("orders", Ask::Command(vec!["true".to_owned()])).expecting(expect)
    }

    #[test]
    fn a_volume_s_variable_is_one_that_a_shell_can_read() {
        assert_eq!(variable("data-2"), "REFORGE_VOLUME_DATA_2");
    }
}
