use super::*;
use crate::additions;

/// What is left when the workload `b` goes, which is the second one.
fn check(text: &str, rest: &str) {
    let removed = workload(text, 1).unwrap_or_else(|failure| panic!("{failure}: {text}"));
    assert_eq!(removed, rest, "{text}");
    removed.parse::<toml::Table>().unwrap_or_else(|error| panic!("{error}: {removed}"));
}

const A: &str = "[[workload]]\nid = \"a\"\n";
const B: &str = "[[workload]]\nid = \"b\"\n";
const C: &str = "[[workload]]\nid = \"c\"\n";

#[test]
fn a_workload_goes_with_its_tables_and_its_own_comments() {
    check(&format!("{A}\n{B}\n{C}"), &format!("{A}\n{C}"));
    check(&format!("{A}\n{B}"), A);
    check(&format!("{A}{B}{C}"), &format!("{A}{C}"));
    let tables = "environment.X = \"#\"\n[workload.request.HostConfig] # deep\nMemory = 1\n\n[[workload.volume]]\nname = \"d\"\n";
    check(&format!("{A}\n{B}{tables}\n{C}"), &format!("{A}\n{C}"));
    check(
        &format!("{A}\n# about b\n# and more\n{B} # in it\nx = [\n  1, # one\n]\n# y = 2\n\n{C}"),
        &format!("{A}\n{C}"),
    );
    check(&format!("{A}\n\n{B}\n{C}"), &format!("{A}\n\n{C}"));
    let dos = |text: &str| text.replace('\n', "\r\n");
    check(&dos(&format!("{A}\n# b\n{B}\n{C}")), &dos(&format!("{A}\n{C}")));
}

#[test]
fn comments_that_somebody_else_could_mean_stay() {
    check(&format!("{A}# of a or b\n{B}\n{C}"), &format!("{A}# of a or b\n\n{C}"));
    check(&format!("{A}\n{B}# of b or c\n{C}"), &format!("{A}\n# of b or c\n{C}"));
    check(&format!("{A}\n{B}\n# of nobody\n\n# about c\n{C}"), &format!("{A}\n# of nobody\n\n# about c\n{C}"));
    check(
        &format!("{A}x = \"\"\"\n# in a text\n\n[[workload]]\n\"\"\"\n{B}\n{C}"),
        &format!("{A}x = \"\"\"\n# in a text\n\n[[workload]]\n\"\"\"\n\n{C}"),
    );
    check(&format!("{A}\n{B}\n# the last word\n"), &format!("{A}\n# the last word\n"));
    // What the file begins with is about all of it.
    let text = format!("# of the whole file\n{B}\n{C}");
    assert_eq!(workload(&text, 0).unwrap(), format!("# of the whole file\n\n{C}"));
}

#[test]
fn tables_that_stand_apart_go_one_by_one() {
    let text =
        format!("{A}\n{B}\n[host]\ns = 1\n\n[workload.request]\nx = 1\n\n[[workload.volume]]\nname = \"d\"\n\n[api]\n");
    check(&text, &format!("{A}\n[host]\ns = 1\n\n[api]\n"));
}

#[test]
fn a_value_of_a_list_goes_with_its_comma() {
    for (list, rest) in [
        ("[{ id = \"a\" }, { id = \"b\" }, { id = \"c\" }] # all", "[{ id = \"a\" }, { id = \"c\" }] # all"),
        ("[{ id = \"a\" }, { id = \"b\" }]", "[{ id = \"a\" }]"),
        (
            "[\n  { id = \"a\" }, # one\n  { id = \"b\", x = [1, 2] }, # two\n  { id = \"c\" }, # three\n]",
            "[\n  { id = \"a\" }, # one\n  { id = \"c\" }, # three\n]",
        ),
        ("[\n  { id = \"a\" }, # one\n  { id = \"b\" } # two\n]", "[\n  { id = \"a\" }, # one\n]"),
        (
            "[ { id = \"a\" } # one\n, { id = \"b\" } # two\n, { id = \"c\" } ]",
            "[ { id = \"a\" } # one\n, { id = \"c\" } ]",
        ),
        ("[ { id = \"a\" } # one, two\n, { id = \"b\" } ]", "[ { id = \"a\" } # one, two\n,  ]"),
    ] {
        let text = format!("workload = {list}\n[host]\ns = 1\n");
        let removed = workload(&text, 1).unwrap();
        let read: toml::Table = removed.parse().unwrap_or_else(|error| panic!("{error}: {removed}"));
        assert!(!read["workload"].as_array().unwrap().iter().any(|one| one["id"].as_str() == Some("b")), "{removed}");
        if !list.contains("\n,") {
            assert_eq!(removed, format!("workload = {rest}\n[host]\ns = 1\n"));
        }
        for comment in text.split('#').skip(1).filter_map(|rest| rest.lines().next()).filter(|one| *one != " two") {
            assert!(removed.contains(comment), "{comment}: {removed}");
        }
    }
}

/// Whatever was added goes again, in whatever order, and leaves the file as it was.
#[test]
fn ten_that_were_added_to_a_file_of_a_person_leave_it_as_it_was() {
    let by_hand = "# ours\n[host] # the machine\nstate_dir = \"/state\"\n\n# by hand, do not touch\n[[workload]]\nid = \"hand\" # mine\n\n  [workload.environment] # secret\n  KEY = '''\n# not a comment\n'''\n# end of it\n";
    for step in [1, 3, 7, 9] {
        let mut text = by_hand.to_owned();
        for number in 0..10 {
            let table = format!("id = \"p{number}\"\nenvironment = {{ A = \"#\" }}\nvolume = [{{ name = \"d\" }}]");
            text = additions::add(&text, &table.parse().unwrap(), "roots", &[]).unwrap();
        }
        let mut left: Vec<usize> = (0..10).collect();
        let mut at = 0;
        while !left.is_empty() {
            at = (at + step) % left.len();
            left.remove(at);
            text = workload(&text, at + 1).unwrap();
            let read: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
            let ids: Vec<String> = read["workload"].as_array().unwrap()[1..]
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(ids, left.iter().map(|number| format!("p{number}")).collect::<Vec<_>>());
        }
        assert_eq!(text, by_hand);
    }
}
