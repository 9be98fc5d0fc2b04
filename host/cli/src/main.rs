//! The command line. Each command is a function from a [`session::Session`] to an [`answer::Answer`]; this file only
//! finds the one that is meant, and [`answer`] prints what it says. Nothing here decides about data.

mod adopt;
mod adopt_project;
mod answer;
mod args;
mod audit;
mod configuration;
mod consent;
mod demo;
mod deploy;
mod drill;
mod engine;
mod exit;
mod forget;
mod history;
mod import;
mod init;
mod looking;
mod notify;
mod output;
mod plan;
mod plugin;
mod progress;
mod project;
mod receipt;
mod recover;
mod recovered;
mod resolve;
mod restore;
mod schedule;
mod serve;
mod session;
mod signals;
mod snapshot;
mod style;
mod terminal;
mod token;
mod words;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::consistency::Consistency;
use reforge_base::message;
use reforge_base::open_files;
use reforge_deployer::dispatch::DeployRequest;
use reforge_host::host::SnapshotRequest;
use reforge_snapshots::bundle::Form;

use answer::Answer;
use args::{Cli, Command, Options};
use session::Session;
use terminal::Terminal;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    words::choose(cli.options.lang);
    match &cli.command {
        Command::Supervise { directory } => return reforge_runtime::process::supervise(directory),
        Command::CompilePlugin { cache } => return reforge_plugins::compile::child(cache),
        Command::Isolated { words } => return reforge_drills::process::isolated(words),
        Command::DemoApp(arguments) => return demo::app::run(arguments),
        _ => {}
    }
    // Whatever is made is private, but for what gets its mode in words, whatever whoever started this had set.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    open_files::raise_limit();
    let terminal = Terminal::new(cli.options.json);
    let of_panics = terminal.clone();
    // Written as everything else is: a panic must not hang at a terminal that does not read.
    std::panic::set_hook(Box::new(move |panic| {
        of_panics.errors().show(format!("{panic}\n"));
        of_panics.drain();
    }));
    let session = match session(cli.options, &terminal) {
        Ok(session) => session,
        Err(failure) => return answer::print(&terminal, Err(failure), Vec::new()),
    };
    let answered = execute(&session, cli.command);
    let exit = answer::print(&terminal, answered, session.take_beside());
    // After the answer: whoever waits for that waits for no receiver.
    session.send_notifications();
    exit
}

fn session(options: Options, terminal: &Terminal) -> Result<Session> {
    let program = program()?;
    signals::watch(terminal)?;
    Ok(Session::new(options, terminal.clone(), program))
}

fn program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|error| Failure::new(Code::Io, message!("cannot-find-this-programs-file", error)))
}

fn execute(session: &Session, command: Command) -> Result<Answer> {
    match command {
        Command::Demo { keep } => demo::demo(session, keep),
        Command::Init => init::init(session),
        Command::Deploy { workload, make_empty, yes, wait } => {
            deploy::deploy(session, workload, make_empty, yes.yes, wait.wait)
        }
        Command::Rollback(args::Deploy { workload, wait }) => {
            deploy::dispatch(session, &DeployRequest::Rollback { workload }, wait.wait)
        }
        Command::Stop(args::Deploy { workload, wait }) => {
            deploy::dispatch(session, &DeployRequest::Stop { workload }, wait.wait)
        }
        Command::Start(args::Deploy { workload, wait }) => {
            deploy::dispatch(session, &DeployRequest::Start { workload }, wait.wait)
        }
        Command::Promote { from, to, wait } => {
            deploy::dispatch(session, &DeployRequest::Promote { from, to }, wait.wait)
        }
        Command::Preview { workload, image, wait } => {
            deploy::dispatch(session, &DeployRequest::Preview { workload, image }, wait.wait)
        }
        Command::Workload(args::Workload::List) => workload::list(session),
        Command::Workload(args::Workload::Show { workload }) => workload::show(session, &workload),
        Command::Workload(args::Workload::Adopt { containers, compose, id, project, stage }) => {
            let names = adopt::Names { id, project, stage };
            match compose {
                Some(project) => adopt_project::adopt(session, &project, names),
                None => adopt::adopt(session, &containers, names),
            }
        }
        Command::Workload(args::Workload::Forget { workload, yes }) => forget::forget(session, &workload, yes.yes),
        Command::Snapshot(command) => snapshot(session, command),
        Command::Import(what) => import::import(session, &what),
        Command::Restore(command) => restore(session, command),
        Command::Recover { accept } => recover::recover(session, accept.as_deref()),
        Command::Plugin(command) => plugin(session, command),
        Command::Serve { listen, wait } => serve::serve(session, listen, wait),
        Command::Token(command) => token(session, command),
        Command::Notify(args::Notify::List) => notify::list(session),
        Command::Notify(args::Notify::Test { channel }) => notify::test(session, channel.as_deref()),
        Command::Notify(args::Notify::Send { again }) => notify::send(session, again),
        Command::Audit { lines } => audit::audit(session, lines),
        Command::Drill(asked) => drill::drill(session, &asked),
        Command::Drills { workload } => drill::list(session, workload.as_deref()),
        // These have no session: they were dealt with before there was one.
        Command::Supervise { .. } | Command::CompilePlugin { .. } | Command::Isolated { .. } | Command::DemoApp(_) => {
            Err(Failure::new(Code::Usage, message!("this-command-is-the-hosts-own")))
        }
    }
}

fn snapshot(session: &Session, command: args::Snapshot) -> Result<Answer> {
    match command {
        args::Snapshot::Create { workload, reason, consistency, wait } => {
            let consistency = consistency.map(Consistency::from);
            let asked = SnapshotRequest { consistency, wait: wait.wait, ..SnapshotRequest::because(&reason) };
            snapshot::create(session, &workload, &asked)
        }
        args::Snapshot::Due => schedule::due(session),
        args::Snapshot::Prune { workload, dry_run, yes, wait } => {
            schedule::prune(session, &workload, dry_run, yes.yes, wait.wait)
        }
        args::Snapshot::Pin(named) => schedule::pin(session, &named),
        args::Snapshot::Unpin(named) => schedule::unpin(session, &named),
        args::Snapshot::List { workload, all } => snapshot::list(session, &workload, all),
        args::Snapshot::Show(named) => snapshot::show(session, &named),
        args::Snapshot::Verify(named) => snapshot::verify(session, &named),
        args::Snapshot::Export { named, file, bundle } => {
            let form = if bundle { Form::Bundle } else { Form::Archive };
            snapshot::export(session, &named, &file, form)
        }
        args::Snapshot::ProjectFiles { named, to } => project::write_files(session, &named, &to),
        args::Snapshot::Import(what) => import::import(session, &what),
        args::Snapshot::Browse { named, within, path, from } => {
            looking::browse(session, &named, &within, path.as_deref(), from)
        }
        args::Snapshot::Cat { named, within, path, offset, count } => {
            looking::cat(session, &named, &within, &path, looking::Stretch { offset, count })
        }
        args::Snapshot::Extract { named, within, path, to } => looking::extract(session, &named, &within, &path, &to),
        args::Snapshot::Diff { named, other, from } => looking::diff(session, &named, other.as_deref(), from),
        args::Snapshot::Versions { workload, within, path } => looking::versions(session, &workload, &within, &path),
        args::Snapshot::Delete { named, yes, wait } => snapshot::delete(session, &named, yes.yes, wait.wait),
    }
}

fn restore(session: &Session, command: args::Restore) -> Result<Answer> {
    match command {
        args::Restore::Plan { what, names, from } => plan::plan(session, &what, names.then_some(from)),
        args::Restore::Run { what, plan, yes, wait } => {
            restore::run(session, restore::Run { what, plan, yes: yes.yes, wait: wait.wait })
        }
        args::Restore::List { workload, all } => history::list(session, workload.as_deref(), all),
        args::Restore::Show { id } => history::show(session, &id),
        args::Restore::Undo { id, yes, wait } => restore::undo(session, &id, yes.yes, wait.wait),
        args::Restore::Finish { all_but_newest: Some(workload), yes, .. } => {
            restore::finish_all_but_newest(session, &workload, yes.yes)
        }
        args::Restore::Finish { id, yes, .. } => restore::finish(session, &id.unwrap_or_default(), yes.yes),
        args::Restore::Resolve { id, keep: None, .. } => resolve::show(session, &id),
        args::Restore::Resolve { id, keep: Some(keep), yes } => resolve::keep(session, &id, keep.into(), yes.yes),
    }
}

fn plugin(session: &Session, command: args::Plugin) -> Result<Answer> {
    match command {
        args::Plugin::Show => plugin::show(session),
        args::Plugin::List => plugin::list(session),
        args::Plugin::Install { file, sha256, signature } => plugin::install(session, file, sha256, signature),
        args::Plugin::Use { which } => plugin::select(session, &which),
        args::Plugin::Remove { which } => plugin::remove(session, &which),
        args::Plugin::Check { file, only } => plugin::check(session, &file, &only),
    }
}

fn token(session: &Session, command: args::Token) -> Result<Answer> {
    match command {
        args::Token::Create { name, role } => token::create(session, &name, role.into()),
        args::Token::List => token::list(session),
        args::Token::Revoke { name } => token::revoke(session, &name),
    }
}

/// Help and version are answers; all else is a usage error, which is one document where that was asked for.
fn unparsed(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && wants_json {
        let text = error.to_string();
        // Its first paragraph, which may name arguments in lines of their own.
        let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let message = lines.join(" ").trim_start_matches("error: ").to_owned();
        let failure = Failure::new(Code::Usage, message).hint(message!("reforge-help-shows-every-command"));
        return answer::print(&Terminal::new(true), Err(failure), Vec::new());
    }
    let text = error.render();
    if error.use_stderr() {
        let terminal = Terminal::new(false);
        terminal.say(terminal.error_style.of(&text).trim_end());
        terminal.drain();
        return exit::Exit::Usage.into();
    }
    let terminal = Terminal::new(false);
    let text = terminal.style.of(&text).trim_end().to_owned();
    answer::print(&terminal, Ok(Answer::done(text, serde_json::Value::Null)), Vec::new())
}
