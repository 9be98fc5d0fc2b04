//! Promise 10, as a person at a terminal has it: what is asked before anything changes, which answers count, and what is
//! drawn while it runs.

use crate::support::Terminal;
use crate::support::bench::{Bench, fill, signatures};

/// The restore of the bench without its `--yes`: then it asks.
fn asking(bench: &Bench) -> [&str; 4] {
    ["restore", "run", "app", &bench.snapshot]
}

/// Bars are redrawn in place and cleared.
const CLEAR_LINE: &str = "\x1b[2K";

#[test]
fn a_restore_shows_its_plan_asks_for_the_name_and_draws_what_it_does() {
    let bench = Bench::new();
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let staged = effects.iter().position(|name| name.starts_with("stage-")).unwrap() + 1;
    let (mut terminal, pause) = bench.world.on_terminal_pausing(staged, &asking(&bench));
    terminal.shows("type the workload's name (`app`) to go on:");
    let plan = terminal.shown();
    assert!(plan.contains("VOLUME") && plan.contains("restore `app` to snapshot"), "{plan}");
    assert_ne!(signatures(&bench.lives), bench.old, "nothing happens before the answer");
    terminal.types("app\n");
    // While it extracts: a bar with how much of it all is done.
    terminal.shows("extracting");
    terminal.shows("] 0 B/");
    pause.end();
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("done: every volume holds the snapshot"), "{shown}");
    assert!(shown.contains(CLEAR_LINE), "a bar is cleared when its phase is over: {shown:?}");
    for phase in ["extracting", "safety snapshot", "swapping"] {
        assert!(
            shown.lines().any(|line| line.contains(&format!("  {phase} "))),
            "a line of `{phase}` stays: {shown:?}"
        );
    }
    assert_eq!(signatures(&bench.lives), bench.old);
}

#[test]
fn any_other_answer_than_the_name_changes_nothing() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    for answer in ["y\n", "yes\n", "App\n", "app2\n", "\n"] {
        let mut terminal = bench.world.on_terminal(&asking(&bench));
        terminal.shows("to go on:");
        terminal.types(answer);
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(130), "{answer:?}: {shown}");
        assert!(shown.contains("that is not its name; nothing was changed"), "{answer:?}: {shown}");
    }
    assert_eq!(signatures(&bench.lives), new);
    assert!(bench.world.is_running("app") && bench.world.transactions().is_empty());
}

#[test]
fn whoever_gives_up_at_the_question_has_changed_nothing() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    for give_up in [Terminal::interrupts, Terminal::ends_its_input] {
        let mut terminal = bench.world.on_terminal(&asking(&bench));
        terminal.shows("to go on:");
        // Half an answer is none.
        terminal.types("ap");
        give_up(&mut terminal);
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(130), "{shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
    }
    assert_eq!(signatures(&bench.lives), new);
    assert!(bench.world.is_running("app") && bench.world.transactions().is_empty());
}

#[test]
fn previous_data_goes_only_after_a_yes() {
    let bench = Bench::new();
    bench.world.ok(&bench.restore());
    let id = bench.world.transactions().pop().unwrap();
    let previous = || bench.lives.iter().map(|live| bench.world.siblings(live).len()).sum::<usize>();
    assert_eq!(previous(), 2);
    for (answer, code, left) in [("n\n", 130, 2), ("\n", 130, 2), ("app\n", 130, 2), ("Yes\n", 0, 0)] {
        let mut terminal = bench.world.on_terminal(&["restore", "finish", &id]);
        terminal.shows("for good? this can not be undone [y/N]");
        terminal.types(answer);
        let (ended, shown) = terminal.ends();
        assert_eq!((ended, previous()), (Some(code), left), "{answer:?}: {shown}");
    }
}

#[test]
fn ctrl_c_while_it_extracts_stops_it_safely() {
    let bench = Bench::new();
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    let staged = effects.iter().position(|name| name.starts_with("stage-")).unwrap() + 1;
    let (mut terminal, pause) = bench.world.on_terminal_pausing(staged, &bench.restore());
    terminal.shows("extracting");
    terminal.interrupts();
    terminal.shows("stopping safely");
    pause.end();
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(130), "{shown}");
    assert_eq!(signatures(&bench.lives), new);
    assert!(bench.world.is_running("app"));
}

#[test]
fn a_deletion_asks_and_wants_the_whole_id() {
    let bench = Bench::new();
    let id = bench.world.snapshot("app");
    let is_there = || bench.world.ok(&["snapshot", "list", "app"]).stdout.contains(&id);
    for (answer, code, left) in [("n\n", 130, true), ("\n", 130, true), ("y\n", 0, false)] {
        let mut terminal = bench.world.on_terminal(&["snapshot", "delete", "app", &id]);
        terminal.shows("for good? this can not be undone [y/N]");
        terminal.types(answer);
        let (ended, shown) = terminal.ends();
        assert_eq!((ended, is_there()), (Some(code), left), "{answer:?}: {shown}");
    }
    // Nobody can be asked.
    bench.world.reforge(&["snapshot", "delete", "app", &bench.snapshot]).expect(2).expect_said("`--yes`");
    let beginning = &bench.snapshot[..20];
    let output = bench.world.reforge(&["snapshot", "delete", "app", beginning, "--yes"]);
    output.expect(2).expect_said(&format!("a deletion wants the whole id: `{}`", bench.snapshot));
    bench
        .world
        .reforge(&["snapshot", "delete", "app", "nothing", "--yes"])
        .expect(2)
        .expect_said("there is no snapshot");
    bench.world.ok(&["snapshot", "delete", "app", &bench.snapshot, "--yes"]);
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_looked_at() {
    let bench = Bench::new();
    let asked = [&bench.restore()[..], &["--plan", "abc"]].concat();
    bench.world.reforge(&asked).expect(2).expect_said("`abc` is no plan digest").expect_unsaid("moved");
    bench.world.reforge(&["audit", "--lines", "0"]).expect(2).expect_unsaid("nothing happened yet");
}

#[test]
fn that_nothing_was_changed_is_said_once() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut running = bench.world.start_pausing("exchange#4", &bench.restore());
    assert!(running.reaches_its_pause());
    running.interrupt();
    running.go_on();
    let output = running.wait();
    assert_eq!(output.expect(130).said().matches("nothing was changed").count(), 1, "{output:?}");
}
