//! A whole app: web, worker, PostgreSQL on a named volume, Redis and a migration, and a client that writes through web to
//! both of them and to a file all the time. What comes back is of one moment.

use std::collections::BTreeSet;
use std::process::Command;

use super::engine;
use crate::support::apps::Postgres;
use crate::support::eventually;
use crate::support::projects::Project;

const SHOP: &str = r#"services:
  db:
    image: POSTGRES
    command: ["sh", "-c", "exec /usr/lib/postgresql/*/bin/postgres -D /data -k /tmp -c listen_addresses='*' -c shared_buffers=4MB"]
    user: "OWNER"
    volumes: ["pg:/data"]
    stop_signal: SIGINT
    restart: always
  cache:
    image: REDIS
    command: ["redis-server", "--dir", "/data", "--appendonly", "yes", "--protected-mode", "no"]
    volumes: ["./cache:/data"]
    restart: unless-stopped
  migrate:
    image: POSTGRES
    command: ["sh", "-c", "SQL; until sql 'create table beats (n int); create table migrations as select 1'; do usleep 100000; done"]
    depends_on: [db]
  web:
    image: POSTGRES
    command: ["sh", "-c", "SQL; trap exit TERM; while :; do n=$$(sql 'select coalesce(max(n), 0) + 1 from beats') && sql \"insert into beats values ($$n)\" && printf 'RPUSH beats %s\\r\\nQUIT\\r\\n' $$n | nc cache 6379 | grep -q '^:' && echo $$n >> /uploads/beats; usleep 20000; done"]
    volumes: ["./uploads:/uploads"]
    depends_on: [db, cache]
  worker:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    volumes: ["./uploads:/uploads"]
volumes: { pg: {} }
"#;

const SQL: &str = "sql() { /usr/lib/postgresql/*/bin/psql -X -q -A -t -h db -U postgres -d postgres -v ON_ERROR_STOP=1 -c \\\"$$1\\\" 2>/dev/null; }";

/// What web has told to each: to PostgreSQL first, to Redis next, to the file last.
struct Told {
    sql: BTreeSet<u64>,
    redis: BTreeSet<u64>,
    file: BTreeSet<u64>,
}

fn told(project: &Project<'_>) -> Told {
    let numbers = |text: &str| text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    let psql =
        "/usr/lib/postgresql/*/bin/psql -X -q -A -t -h 127.0.0.1 -U postgres -d postgres -c 'select n from beats'";
    // Read against the order of writing: what is in the first one asked is in the others by then.
    let file = std::fs::read_to_string(project.bound("uploads/beats")).unwrap_or_default();
    let redis = project.inside("cache", "redis-cli --raw lrange beats 0 -1");
    Told { file: numbers(&file), redis: numbers(&redis), sql: numbers(&project.inside("db", psql)) }
}

#[track_caller]
fn of_one_moment(project: &Project<'_>, starts: usize) -> usize {
    let Told { sql, redis, file } = told(project);
    assert!(file.is_subset(&redis), "{:?}", file.difference(&redis).collect::<Vec<_>>());
    assert!(redis.is_subset(&sql), "{:?}", redis.difference(&sql).collect::<Vec<_>>());
    // Each stop can come between two of them once, and so can the one who reads.
    assert!(sql.difference(&redis).count() <= starts + 2, "{sql:?} {redis:?}");
    file.len()
}

#[test]
fn a_shop_comes_back_of_one_moment_and_no_migration_runs_again() {
    let project = Project::of(engine(), "services: {}\n");
    let owner = std::fs::read_to_string("/etc/passwd").unwrap();
    let owner = owner.lines().find(|line| line.starts_with("postgres:")).unwrap().to_owned();
    let owner = owner.split(':').skip(2).take(2).collect::<Vec<_>>().join(":");
    let text = SHOP.replace("POSTGRES", &engine().postgres()).replace("REDIS", &engine().redis());
    project.write(&text.replace("SQL;", &format!("{SQL};")).replace("OWNER", &owner));
    project.compose(&["up", "--no-start"]);
    let pg = project.volume("pg");
    let cluster = project.world.path("elsewhere/cluster");
    Postgres::workload("cluster").0.make_cluster(&cluster);
    let rules = std::fs::read_to_string(cluster.join("pg_hba.conf")).unwrap();
    std::fs::write(cluster.join("pg_hba.conf"), rules + "host all all all trust\n").unwrap();
    let copied = Command::new("cp").args(["-aT"]).args([&cluster, &pg]).status().unwrap();
    assert!(copied.success());
    project.compose(&["up", "-d"]);
    let count = || std::fs::read_to_string(project.bound("uploads/beats")).unwrap_or_default().lines().count();
    let writes = |what: &str| {
        let before = count();
        eventually(what, || count() > before + 3);
    };
    writes("the shop takes orders");
    eventually("the migration is done", || project.running() == ["cache", "db", "web", "worker"]);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    writes("it goes on after the snapshot");
    let captured = count();
    // The damage.
    project.inside("cache", "redis-cli del beats");
    std::fs::write(project.bound("uploads/beats"), "").unwrap();
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    writes("it takes orders again");
    let back = of_one_moment(&project, 2);
    assert!(back > 3 && captured > 3, "{back} of {captured}");
    assert_eq!(project.running(), ["cache", "db", "web", "worker"]);
    let psql = "/usr/lib/postgresql/*/bin/psql -X -q -A -t -h 127.0.0.1 -U postgres -d postgres -c 'select count(*) from migrations'";
    assert_eq!(project.inside("db", psql), "1");
    let second = project.world.snapshot(&project.name);
    project.world.undo(&project.world.transactions()[0]).expect(0);
    writes("it goes on with what was damaged");
    assert!(!told(&project).file.contains(&1), "undone");
    project.world.restore(&project.name, &second, &[]).expect(0);
    writes("and with what it was after the restore");
    of_one_moment(&project, 6);
}
