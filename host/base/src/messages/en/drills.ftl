# drills/network.rs
a-thread-of-a-drill-died = a thread of a drill died
the-kernel-does-not-count-routes = { $path } does not say how many connections had no way out

# drills/probes.rs
there-is-no-answer = there is no answer
the-answer-is-no-number = the answer `{ $shown }` is no number
the-answer-is-below = the answer { $figure } is below { $least }
the-answer-is-another = the answer is `{ $shown }` and not `{ $equal }`
the-answer-does-not-match = the answer `{ $shown }` does not match `{ $pattern }`
the-answer-is-no-instant = the answer `{ $shown }` is no instant
the-answer-is-too-old = the newest is { $old } older than the snapshot, and { $age } at most are meant
the-answer-fell = the answer { $figure } is below { $share } of { $last }, which the last good drill was answered
the-probe = the probe { $why }
drill-names-no-volume = no volume of the workload is called `{ $name }`
no-answer-over-http = no answer over HTTP: { $why }
http-answered-with = it answered with { $code } and not with { $status }
http-answer-lacks = the answer does not hold `{ $text }`

# drills/files.rs, drills/receipt.rs
a-sqlite-file-is-malformed = the SQLite file { $path } is malformed: { $said }
a-drills-receipt-cannot-be-written = the receipt of a drill cannot be written: { $error }

# drills/drill.rs
runtime-drills-nothing = the runtime `{ $runtime }` drills nothing
is-being-drilled = `{ $workload }` is being drilled
wait-for-the-drill = wait until that drill is over
there-is-no-snapshot-to-drill = there is no snapshot of `{ $id }` to drill
take-a-snapshot-first = take one first: `reforge snapshot create`
deploy-it-before-a-drill = deploy it, or adopt it: a drill starts what is deployed a second time
the-snapshot-holds-no-volume = the snapshot holds no volume `{ $name }`, which the app has
name-it-in-empty-of-the-drill = if the app can do without its data, name it in `empty` of `[workload.drill]`
quiet-failed = `{ $program }` of `quiet` { $why }
the-drill-took-longer-than = the drill took longer than { $limit }
a-probe-failed = probe `{ $name }`: { $why }
no-space-for-a-drill = a drill needs { $wanted } at { $path }, which has { $free } free
name-another-drill-dir = make room, or name a directory on another disk with `drill_dir` in `[host]`
the-drill = the drill

# drills/process
drill-cannot-isolate = the app cannot be isolated here: { $why }
drill-isolation-did-not-come = what isolates the app did not come up; it said: { $said }
the-drilled-app-is-gone = the drilled app is gone
cannot-end-a-process = cannot end process { $process }: { $errno }
cannot-run-in-a-drill = cannot run a command in the drilled app: { $error }
drill-has-no-network = no network but its own
drill-has-private-directories = directories of its own for /tmp, /var/tmp, /run, /dev and shared memory; all else of this machine read-only
drill-sees-read-only = { $path } read-only
drill-is-not-isolated = the drilled app could reach { $addresses }: it was not started
a-process-has-no-members = the app is one process and has no member `{ $member }`
drill-has-no-limits = no limits of memory and processors: { $error }
drill-has-a-path-that-is-not-text = the drill has a path or a word that is no text: { $error }
rename-it = give it a name in UTF-8

# config/drill.rs
two-probes-are-called = two probes are called `{ $name }`
cpus-of-a-drill-is-none = `cpus` of the drill is no number above 0
write-for-example-cpus = write for example `cpus = 0.5`
read-only-is-not-absolute = `read_only` has `{ $path }`, which is not absolute
write-the-path-from-the-root = write the whole path, from the root
quiet-has-no-command = one of `quiet` is no command
write-for-example-quiet = write for example `quiet = [["psql", "-c", "update cron set active = false"]]`, or `{"{"} member = "db", command = […] {"}"}`
probe-asks-not-in-one-way = probe `{ $name }` does not say in one way what is asked
write-one-of-command-http-file = write one of `command`, `http`, `file` and `host_command`
matches-is-no-pattern = `matches` is `{ $text }`, which is no regular expression: { $why }
write-for-example-matches = write for example `matches = "^v[0-9]"`
not-below-last-is-no-share = `not_below_last` is `{ $text }`, which is no share
write-for-example-90-percent = write for example `90%`
host-command-is-not-allowed = probe `{ $name }` runs a program of this machine, which `[host]` does not allow
add-drill-host-commands = add `drill_host_commands = true` to `[host]`, or remove the probe

# snapshots/proofs.rs, looking/extract.rs
proofs-cannot-be-written = what proves snapshots cannot be written: { $error }
a-restore-would-refuse-entries = { $n ->
    [one] a restore would refuse an entry of it: { $name }
   *[other] a restore would refuse { $n } entries of it, the first of them { $name }
}
plan-a-restore-to-see-why = plan a restore of it: the plan says why, and what to allow

# cli/drill.rs
drill-needs-a-workload = nothing is said of what is drilled
name-a-workload-to-drill = name a workload, or say `--due`
drill-of = drill of { $workload } on { $snapshot }: { $outcome }
drill-line = { $workload } on { $snapshot }: { $outcome }
empty-volumes = empty volumes
no-drill-is-due = no drill is due
next-drill-of = { $workload }: the next one is due { $at }
no-drills-yet = nothing was drilled yet
drill-volume-empty = {" "} volume `{ $name }`: empty
drill-volume-equal = {" "} volume `{ $name }`: { $n ->
    [one] { $n } entry
   *[other] { $n } entries
}, { $bytes }, equal to what was captured
drill-volume = {" "} volume `{ $name }`: { $n ->
    [one] { $n } entry
   *[other] { $n } entries
}, { $bytes }
drill-extracted-in = {" "} extracted in { $time }
drill-healthy-after = {" "} healthy after { $time }
drill-checked-sqlite = {" "} { $n ->
    [one] { $n } SQLite file is sound
   *[other] { $n } SQLite files are sound
}
drill-has-no-sqlite = {" "} SQLite files were not checked: there is no `sqlite3` here
drill-probe-passed = {" "} probe `{ $name }`: { $answer } ({ $time })
drill-probe-failed = {" "} probe `{ $name }` failed: { $why }
drill-probe-proves-nothing = {" "} probe `{ $name }`: { $answer }; it also passes on empty volumes, and proves nothing about your data
drill-worthless = {" "} `{ $name }` also passes on an empty app: it proves nothing about your data
drill-all-worth = {" "} every probe fails on an empty app, as it should
drill-attempts = {" "} { $n ->
    [one] it tried to reach the network once; nothing left
   *[other] it tried to reach the network { $n } times; nothing left
}
drill-no-attempts = {" "} it did not try to reach the network
drill-withheld = {" "} given: { $what }
drill-said = {" "} said: { $line }
drill-member-said = {" "} { $member } said: { $line }
drill-outcome-running = running
drill-outcome-proven = proven
drill-outcome-started = started
drill-outcome-failed = failed
drill-outcome-not-possible = not possible in isolation
drill-outcome-cancelled = cancelled
drill-outcome-broken = could not be done
drill-outcome-interrupted = interrupted
head-healthy-after = HEALTHY AFTER
head-proof = PROOF
proof = Proof
proof-failed = drill failed
proof-taken-while-running = taken while running
proof-not-tried = not tried
proof-read-back = read back
proof-started = started
proof-proven = proven
snapshot-proof = proof     { $proof }
snapshot-proof-at = proof     { $proof }, { $instant } ({ $age })
what-is-due-cannot-be-drilled = what is due cannot be drilled: { $failure }
