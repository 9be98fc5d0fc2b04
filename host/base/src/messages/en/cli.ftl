# What the command line itself says.
what-was-made-was-taken-back = what was made was taken back: { $message }
try-again-where-the-answer-can = try again where the answer can be read
what-was-made-is-still-there = what was made is still there: { $message }
take-it-back-by-hand = take it back by hand
it-was-done-but-its-answer = it was done, but its answer could not be told: { $message }
it-need-not-be-done-again = it need not be done again
the-answer-could-not-be-told = the answer could not be told: { $message }
label-error = error:
label-hint = hint:
label-warning = warning:
label-refused = refused:
label-running = running:
plan-restore-to-snapshot = restore `{ $workload }` to snapshot { $id }
plan-taken = {" "} taken      { $instant } ({ $age }), reason: { $reason }
plan-taken-imported = {" "} taken      { $instant } ({ $age }), reason: { $reason }, imported
plan-image = {" "} image      { $image }
plan-app = {" "} app        { $app }
plan-newest-change = {" "} the newest change on disk is { $lost } after the snapshot
volume-from-the-snapshots = { $name } (from { $from })
plan-volume-stays = {" "} volume `{ $name }` stays as it is
not-captured-line = {" "} not captured: { $what }
remark-line = {" "} to know: { $what }
plan-space = {" "} space      { $path }: needs { $needs } ({ $reserve } of it a reserve), has { $has }
plan-to-do-exactly-this = to do exactly this:
refused-word = refused
plan-refused = { $refused }: { $n ->
    [one] { $n } reason; nothing was changed
   *[other] { $n } reasons; nothing was changed
}
plan-changes = +{ $added } -{ $removed } ~{ $changed }  ({ $same } equal)
plan-changes-mean = {" "} + comes back   - goes away   ~ is replaced, as the plugin counts
app-comes-back-after = { $state }; comes back after about { $downtime } of downtime
app-stays-down = { $state }; stays down
head-volume = VOLUME
head-live-now = LIVE NOW
head-snapshot = SNAPSHOT
head-changes = CHANGES
head-restore = RESTORE
head-workload = WORKLOAD
head-what = WHAT
head-began = BEGAN
head-outcome = OUTCOME
head-now = NOW
head-taken = TAKEN
head-reason = REASON
head-entries = ENTRIES
head-data = DATA
head-archive = ARCHIVE
head-scope = SCOPE
head-tree-digest = TREE DIGEST
head-place = PLACE
head-is = IS
head-newest-change = NEWEST CHANGE
head-path = PATH
head-state = STATE
head-runtime = RUNTIME
head-volumes = VOLUMES
head-last-snapshot = LAST SNAPSHOT
head-live = LIVE
head-token = TOKEN
head-role = ROLE
head-made = MADE
label-restore = restore
label-undo = undo
label-volume = volume
label-volumes = volumes
label-left = left
label-to-know = to know
label-app = app
label-took = took
label-safety = safety
label-later = later
label-left-over = left over
restore-to-snapshot = { $id } to snapshot { $snapshot }
undo-of-restore = { $id } of { $of }
volume-of-size = { $name }: { $size }
volume-as-captured = { $name }: { $size }, tree digest { $digest } as captured
stays-as-it-was = { $name } stays as it was
downtime-of = downtime { $down }
the-app-is-not-back = the app is not back yet
the-app-was-never-stopped = the app was never stopped
snapshot-holds-what-was-live = snapshot { $safety } holds what was live before
written-meanwhile-kept-at = what was written meanwhile is kept at { $path }
outcome-name-done = done
outcome-name-unconfirmed = unconfirmed
outcome-name-failed = failed
outcome-name-refused = refused
outcome-name-cancelled = cancelled
outcome-name-reverted = reverted
outcome-name-needs-operator = needs-operator
outcome-name-busy = busy
outcome-name-running = running
outcome-name-resolved = resolved
outcome-name-unfinished = unfinished
outcome-name-damaged = damaged
volumes-hold-the-snapshot = every volume holds the snapshot
volumes-hold-previous-data = every volume holds its previous data again
volumes-hold-the-snapshot-unconfirmed = every volume holds the snapshot, but nobody knows how the app does
volumes-hold-previous-data-unconfirmed = every volume holds its previous data again, but nobody knows how the app does
it-was-taken-back = it was taken back; every volume holds what it held before
it-is-not-settled-yet = it is not settled yet; everything was kept
only-a-person-can-decide = only a person can decide; everything was kept
receipt-next = {" "} next       { $command }
receipt-undo-until = {" "} undo       until { $until } ({ $window } from now on):
receipt-undo-until-finished = {" "} undo       until `{ $finish }`:
reason-name-manual = manual
reason-name-safety = safety
no-restores-yet = no restores yet
older-ones-are-left-out = older ones are left out: `--all` lists them
unfinished-of = { $standing }: { $what } of `{ $workload }`
unfinished-restore = {" "} restore    { $id }
unfinished-began = {" "} began      { $instant } by { $who }
unfinished-journal = {" "} journal    { $records }
unfinished-volume = {" "} volume     { $name }: { $path }
restore-now = {" "} now        { $now }
restore-why = {" "} why        { $message }
restore-of-snapshot = restore { $snapshot }
undo-of-a-restore = undo { $of }
recovered-complete = it is complete, the restored data is live
recovered-back = every volume holds what it held before
recovered-of = recovered `{ $id }` of `{ $workload }`: { $outcome }; { $state }; app: { $app }
recovered-one = recovered `{ $id }`: { $outcome }; { $state }; app: { $app }
not-recovered-of = not recovered: `{ $id }` of `{ $workload }`: { $failure }
not-recovered = not recovered: `{ $id }`: { $failure }
no-terminal-to-ask-on = this changes data, and there is no terminal to ask on
say-yes = say `--yes`
type-the-workloads-name = type the workload's name (`{ $workload }`) to go on:
that-is-not-its-name = that is not its name; nothing was changed
cancelled-nothing-was-changed = cancelled; nothing was changed
cannot-read-the-answer = cannot read the answer: { $errno }
nothing-happened-yet = nothing happened yet
token-is-shown-once = this is shown once; send it as `Authorization: Bearer …`
no-tokens-yet = no tokens yet; make one with `{ $command }`
token-revoked = revoked `{ $name }`
stopped-workload = stopped `{ $name }`
started-workload = started `{ $name }`: { $health } ({ $reason })
deployed-workload = deployed `{ $name }`: { $health } ({ $reason })
deployed-image = image  { $image }
deployed-made = made   { $path }, empty, for volume `{ $volume }`
health-healthy = healthy
health-unconfirmed = unconfirmed
health-bad = bad
nothing-can-be-restored-until = nothing can be restored until this is mended: { $refused }
listening-on = listening on http://{ $address }
nothing-was-unfinished = nothing was unfinished
cannot-watch-for-signals = cannot watch for signals: { $error }
already-committed-finishing = already committed: finishing
stopping-safely = stopping safely
still-ending-safely = still ending safely
note-of = note: { $text }
the-host-was-not-opened = the host was not opened
there-is-no-configuration = there is no configuration: neither { $first } nor { $second }
write-a-configuration-or-name-it = `reforge init` makes one, and so does `reforge workload adopt CONTAINER`; or name it with `--config FILE`; `reforge demo` needs none
restore-is-running = restore `{ $id }` is running: { $phase }, { $text }
restore-is-over = restore `{ $id }` is over
cannot-find-this-programs-file = cannot find the file of this program: { $error }
this-command-is-the-hosts-own = this command is started by the host itself
reforge-help-shows-every-command = `reforge help` shows every command
undo-gives-back = undo of { $of }: { $names } of `{ $workload }` get back what they held before it;
undo-keeps-what-is-live = what is live now is kept for { $window }
remove-unchosen-trees-for-good = remove the trees that were not chosen of { $id } for good? this can not be undone [y/N]
remove-previous-data-for-good = remove the previous data of { $id } for good? this can not be undone [y/N]
finished-unchosen-trees-are-removed = finished: the trees that were not chosen are removed
finished-previous-data-is-removed = finished: the previous data is removed
previous-data-went-with-the-volume = the engine has removed volume `{ $volume }`, and its previous data went with it
could-not-be-removed = could not be removed, left where it is: { $left }
restore-finish-tries-again = `reforge restore finish { $id }` tries again
snapshot-id = snapshot  { $id }
snapshot-taken = taken     { $instant } ({ $age })
snapshot-reason = reason    { $reason }
snapshot-workload = workload  { $workload }
snapshot-image = image     { $image }
snapshot-archive = archive   { $size }, sha256 { $sha256 }
snapshot-imported-unvouched = imported  nothing vouches for what it holds
snapshot-not-in-it = not in it: `{ $name }` ({ $scope })
snapshot-is-whole = `{ $id }` is whole: { $size } match sha256 { $sha256 }
name-a-file-that-does-not-exist = name a file that does not exist in a directory that does
snapshot-exported = exported `{ $id }` to `{ $file }`
snapshot-imported-as = imported  { $id }
nothing-vouches-for-what-it-holds = nothing vouches for what it holds: a restore of it keeps the previous data until `restore finish`
delete-snapshot-for-good = delete snapshot { $id } of `{ $workload }` for good? this can not be undone [y/N]
snapshot-deleted = deleted `{ $id }`
reason-imported = { $reason } (imported)
no-digest = none
no-snapshots-yet = no snapshots yet; take one with `{ $command }`
links-count = { $n ->
    [one] { $n } link
   *[other] { $n } links
}
special-left-out = { $n ->
    [one] { $n } socket or fifo left out
   *[other] { $n } sockets or fifos left out
}
so-many-older-ones-are-left-out = { $n ->
    [one] { $n } older one is left out: `--all` lists it
   *[other] { $n } older ones are left out: `--all` lists them
}
workload-project = project    { $project }, stage { $stage }
workload-runtime = runtime    { $runtime }
workload-image = image      { $image }
workload-links = links      { $links }
no-snapshot-yet = no snapshot yet
workload-snapshots = snapshots  { $snapshots }, newest: { $shown }
path-not-made-yet = { $path } (not made yet)
never-captured-or-restored = never captured or restored
path-only-mounted = { $path } (never captured or restored)
only-mounted = mounted
snapshot-damaged = { $id } (damaged)
resolve-old-and-new = old is what was there before, new is what was being put there; choose with
a-workload-that-it-does-not-name = a workload that it does not name
stop-and-make-trees-live = stop { $shown } and make the { $word } trees live? [y/N]
what-was-live-stays-live = what was live stays live
trees-are-live = the { $word } trees are live
stopped-start-it-with = { $shown } is stopped; start it with
resolved-so = resolved: { $state }
the-other-trees-stay = the other trees stay beside them:
when-they-are-not-needed = when they are not needed any more:
resolved-without-a-journal = its journal does not read, so nothing was touched; directories `{ $prefix }N` beside the volumes, if there are any, were its own: move them away, since a deploy is refused as long as they are there
plugin-reads = reads   { $formats }
plugin-digest = digest  { $digest }
plugin-in-use = in use
plugin-signed = signed
head-name = NAME
head-version = VERSION
head-digest = DIGEST
head-installed = INSTALLED
loads-plugins-of-wit = loads plugins built against version { $versions } of the WIT
none-of-these-is-used = none of these is used: { $by } names `{ $file }`
but-named-goes-before = but { $by } names `{ $file }`, which goes before it
in-use-is = in use  { $plugin }
in-use-is-the-built-in = in use  the plugin that was built in
plugin-removed = removed  { $plugin }
the-plugin-cannot-be-installed = the plugin cannot be installed
mend-what-is-broken-above = mend what is broken above
to-restore-one-takes-another-plugin = to restore one of them takes another plugin, as `--plugin FILE` or by `reforge plugin use`
plugin-installed = installed  { $plugin }
plugin-use-it-by = use it by  { $command }
option-plugin = `--plugin`
plugin-of-the-configuration = `plugin` of the configuration
it-reads-none-of-your-snapshots = { $n ->
    [one] it reads none of your { $n } snapshot
   *[other] it reads none of your { $n } snapshots
}
promises-checked = { $n ->
    [one] { $n } promise: { $kept } kept, { $broken } broken
   *[other] { $n } promises: { $kept } kept, { $broken } broken
}
promises-checked-not-all = { $n ->
    [one] { $n } promise: { $kept } kept, { $broken } broken, { $others } do not apply
   *[other] { $n } promises: { $kept } kept, { $broken } broken, { $others } do not apply
}
after-so-long = after { $passed }

# cli/adopt.rs
id-names-one-workload = `--id` names one workload, and there are several containers
adopt-that-one-by-itself = adopt that one by itself
there-is-a-workload-already = there is a workload `{ $id }` already
choose-another-name-with-id = choose another name with `--id`
an-adoption = an adoption
host-of-changed-meanwhile = `[host]` of `{ $file }` changed meanwhile
the-container-is-workload-now = the container { $container } is workload `{ $shown }` now; it was not touched
written-to-which-only-its-owner = written to `{ $file }`, which only its owner may read now; the environment stays with the container
adopted-volume = volume  { $volume }: { $live }
note-the-engines-own-volume = note: the engine's own volume at `{ $target }` stays with the app and is never captured
note-compose-created-it-project-service = note: Compose created it (project `{ $project }`, service `{ $service }`): `docker compose up` goes past the lock, so never run it during a restore; a container that it creates with the same is taken for this one, and another is named until `reforge workload adopt` takes it over as `{ $shown }`
the-configuration-stays-as-it-is = the configuration stays as it is: `reforge deploy { $shown }` shows in what it differs
note-an-obstacle = note: { $what }: { $hint }
next-command = next: { $first }
then-command = then: { $second } SNAPSHOT
the-container-is-this-workload-already = the container { $container } is workload `{ $shown }` already; nothing was changed
adopted-volume-of = volume  { $volume }: { $live } ({ $entries }, { $bytes })

# cli/adopt/fresh.rs
made-a-configuration = there was no configuration: made `{ $file }` (state in `{ $state }`, engine at `{ $socket }`)

# cli/adopt/measure.rs
live-is-not-there = the directory is not there

# cli/adopt/outlook.rs
volume-has-devices = { $n ->
    [one] volume `{ $volume }` has a device node, which no snapshot holds
   *[other] volume `{ $volume }` has { $n } device nodes, which no snapshot holds
}
volume-has-what-is-out-of-reach = volume `{ $volume }` has `{ $path }`, which could not be brought back: { $why }
volume-has-sockets-or-fifos = { $n ->
    [one] volume `{ $volume }` has a socket or fifo, which no snapshot holds: the app makes it again
   *[other] volume `{ $volume }` has { $n } sockets or fifos, which no snapshot holds: the app makes them again
}
stays-mounted-and-is-not-captured = `{ $source }` stays mounted at `{ $target }` and is never captured or restored: { $why }
prune-takes-volumes-of-stopped-apps = the engine is version { $version }: while an app is stopped, `docker system prune --volumes` removes its named volumes with all that is in them; from version 23 on it does not
note-links-are-contained = note: the volumes hold links, so `links = "contained"` was written: a restore brings links back as they are and follows none
in-the-way = in the way of a restore: { $text }
what-to-do = to do: { $hint }

# cli/configuration.rs
configuration-is = The configuration of Reforge. Every key: docs/configuration.md
configuration-state-dir = Journals, locks, receipts and, unless said otherwise, snapshots. Only its owner may read it.
configuration-docker-socket = Where the Docker Engine listens.
configuration-snapshot-dir = Snapshots on another disk survive the first one.
configuration-undo-window = How long a restore can be undone, and the previous data takes up room.
configuration-workloads =
    Apps follow, each under a [[workload]]. A container that runs already is added,
    without being touched, by

# cli/engine.rs
the-variable = the variable `{ $name }`
the-docker-context = the Docker context `{ $context }`
names-no-engine = { $whose } names no engine in `{ $directory }`
names-an-engine-that-is-not-here = { $whose } names the engine `{ $host }`: only one that listens on a socket of this machine (`unix:///…`) has its volumes here
is-not-dockers-configuration = `{ $path }` does not read as a configuration of Docker: { $error }
say-which-engine-is-meant = say which engine is meant: `docker_socket` in `[host]`, or `DOCKER_HOST=unix:///…` for one command
the-configuration-has-containers-of-another-engine = `{ $file }` has containers and does not say of which engine, and the environment means the one at `{ $socket }`

# cli/forget.rs
a-forgetting = a forgetting
forget-the-workload = take `{ $shown }` out of `{ $place }`? Its app, its data and its snapshots stay as they are. [y/N]
the-workload-is-forgotten = forgot `{ $shown }`: it is no longer in `{ $place }`
the-app-goes-on = its app goes on as it is, and its data stays where it is
its-snapshots-stay = { $snapshots ->
    [one] its snapshot stays in `{ $directory }`, and its receipts stay
   *[other] its { $snapshots } snapshots stay in `{ $directory }`, and its receipts stay
}
the-rest-of-it-is-forgotten = forgot the rest of `{ $shown }`: it was not in the configuration any more
its-undo-window-is-open = the restore `{ $of }` of `{ $shown }` can still be undone, and its previous data lies beside the volumes
restore-finish-ends-it = `reforge restore finish { $of }` removes the previous data, `reforge restore undo { $of }` puts it back

# cli/init.rs
init-configuration = configuration  { $file }, made just now

# cli/plugin.rs
verdict-kept = kept
verdict-broken = BROKEN
verdict-not-applicable = n/a

# cli/demo/damage.rs
damage-removed-private = removed   data/private, with the key in it
damage-removed-records = removed   data/records/0001.txt, everything written before the snapshot
damage-changed-index = changed   data/public/index.html
damage-changed-one-bit = changed   one bit of data/photo.raw, size and time being as before
damage-opened-settings = opened    data/settings.toml to everybody (mode 0666)
damage-added-a-stray-file = added     log/{ $file }, which no snapshot knows

# cli/demo/mod.rs
demo-an-app = An app that writes fifty records a second into two volumes
it-has-written-records = it has written { $n } records
demo-a-snapshot = A snapshot
demo-the-app-is-stopped-for-a-moment = snapshots are taken while an app runs; here it is stopped for a moment, so that the demo can look
demo-to-compare-exactly-afterwards = at every file just before, with code of its own, and compare exactly afterwards
the-snapshot-has-no-id = the snapshot has no id
demo-disaster-strikes = Disaster strikes
demo-what-would-a-restore-do = What would a restore do?
demo-what-a-plan-compares = (a plan compares kinds, sizes and times, so it counts neither the rotten bit nor the mode;
demo-the-restore-replaces-everything = {" "}the restore replaces everything)
demo-the-restore = The restore
demo-is-it-true = Is it true?
since-the-snapshot = since the snapshot
the-stray-file-is-gone = the stray file is gone
the-app-is-writing-again-record = the app is writing again: record { $newer }, and it had got to { $written } before
the-receipt-says-done-and-healthy = the receipt says done and healthy
demo-downtime-was = downtime was { $down }; the archive was extracted while the app ran
demo-and-back-again = And back again: an undo needs no archive
since-the-restore-took-them-away = since the restore took them away
the-damage-is-back = the damage is back
the-app-is-writing-again = the app is writing again
there-is-no-receipt-because = there is no receipt: { $error }
all-entries-are-unchanged = all { $n } entries of `{ $name }`: bytes, mode, owner, attributes and time unchanged { $since }
but-for-what-the-app-has-added = (but for what the app, up again, has added in { $grows }, and the time of that directory)
proofs-held = { $held } of { $n } proofs held
the-app-is-stopped-everything-else-is-in = the app is stopped; everything else is in { $place }
the-app-is-stopped-and-nothing-is-left = the app is stopped and its directory removed: nothing is left
did-not-end-as-it-should = `reforge { $command }` did not end as it should

# cli/demo/stage.rs
the-app-does-not-write = the app does not write
the-demo-was-cancelled = the demo was cancelled
remove-it-by-hand = remove it by hand
there-is-no-temporary-directory = there is no temporary directory
the-demo-has-no-place-to-play = the demo has no place to play
set-tmpdir-to-a-directory-on = set TMPDIR to a directory on ext4, xfs, btrfs or tmpfs
its-path-is-not-utf-8-set-tmpdir = its path is not UTF-8; set TMPDIR

# cli/demo/tree.rs
the-root = the root
entry-is-gone = { $entry } is gone
entry-has = { $entry } has { $what }
entry-was-not-there = { $entry } was not there
other-bytes = other bytes
another-mode = another mode
another-owner = another owner
another-time = another time
other-attributes = other attributes

# cli/deploy.rs
init-host = host { $id }
init-state = state      { $root }
init-snapshots = snapshots  { $snapshots }
deploy-replaces = replaces { $what } by one of this host's own
deploy-changes = changes  { $change }
deploy-it = Deploy it? [y/N]

# cli/output.rs
some-lines-were-left-out-here = (some lines were left out here: nobody read them)
nobody-reads-it = nobody reads it
the-project-is-workload-now = the Compose project `{ $name }` is workload `{ $shown }` now: { $members ->
    [one] one container
   *[other] { $members } containers
}, which go down and come up together
written-to = written to `{ $file }`
adopted-member = member  { $service }: { $container } ({ $state })
the-project-is-workload-already = the Compose project `{ $project }` is workload `{ $id }` already
new-in-the-project = new: volume `{ $name }` at `{ $source }`, seen as `{ $target }`; it is added to the configuration
new-service-in-the-project = new: service `{ $service }`
label-member = member

# cli/notify.rs
no-channels = no channels: add `[[notify]]` to the configuration
head-channel = CHANNEL
head-to = TO
head-hears-of = HEARS OF
head-last-sent = LAST SENT
head-waiting = WAITING
head-given-up = GIVEN UP
head-message = MESSAGE
head-tries = TRIES
channel-answered = { $channel }: sent, answer { $answer } ({ $took })
channel-failed = { $channel }: not sent: { $why } ({ $took })
channels-failed = { $failed } of { $n ->
    [one] { $n } channel
   *[other] { $n } channels
} did not take it
notifications-sent = sent { $sent }, waiting { $waiting }, given up { $given_up }
notifications-given-up = { $n ->
    [one] { $n } notification could not be sent
   *[other] { $n } notifications could not be sent
}: reforge notify list
notify-kind-failed = failed
notify-kind-recovered = recovered
notify-kind-overdue = overdue
notify-kind-decision = decision
notify-kind-drill = drill
notify-kind-restored = restored
notify-kind-weekly = weekly
notify-kind-undo-ends = undo-ends
notify-kind-night = nights
notify-state-waiting = waiting
notify-state-given-up = given up
# cli/project.rs
project-files-written = { $n ->
    [one] { $n } file written to `{ $directory }`
   *[other] { $n } files written to `{ $directory }`
}
project-file-line = {" "} { $file }
project-file-lay-outside = {" "} `{ $path }` lay outside of the project's directory: put it back where it was
so-many-more-project-files = {" "} { $n ->
    [one] { $n } more file is not listed
   *[other] { $n } more files are not listed
}
project-files-all-keeps-them = {" "} `project_files = "all"` in `[workload.compose]` keeps them in the next snapshot
project-line = project   { $name } in { $directory } (engine { $engine }, Compose { $compose })
project-profiles = profiles  { $names }
project-network = network   { $name } ({ $driver })
project-network-external = network   { $name } ({ $driver }), not made by the project
project-volume = volume    { $name } ({ $driver })
project-volume-external = volume    { $name } ({ $driver }), not made by the project
project-file-kept-line = file      { $what }
version-unknown = unknown
image-is-in-no-registry = built there
head-service = SERVICE
head-container = CONTAINER
head-image = IMAGE
head-pulled-as = PULLED AS
head-starts-after = STARTS AFTER

# cli: how a snapshot was taken
head-app = APP
label-snapshot = snapshot
snapshot-consistency = app       { $how }
snapshot-member-time = {" "}         `{ $name }`: { $time }
snapshot-hook = hook      { $what }
snapshot-hook-said = {" "}         { $said }
plan-consistency = {" "} snapshot   of the app { $how }
workload-consistency = taken by   { $consistency }{ $expected }
workload-consistency-expected = , about { $time } last time

# cli/import.rs
name-what-is-to-be-taken-in = name what is to be taken in
taken-from = { $volume } is `{ $prefix }` of the archive ({ $format })
taken-in-as = taken in: { $format }
taken-without = { $remark }
head-directory = DIRECTORY
archive-holds = { $format }, { $n ->
    [one] { $n } entry
   *[other] { $n } entries
}
say-which-is-which = nothing was taken in: say which directory is which volume
nothing-is-in-it = nothing is in it
head-mode = MODE
head-owner = OWNER
head-size = SIZE
head-modified = MODIFIED
head-content = CONTENT
so-many-more-from = ({ $n } more: `--from { $from }`)
standard-output = standard output
a-document-holds-no-such-file = a document holds no file of more than { $limit } bytes
ask-without-json = ask without `--json`, or for a stretch of it: `--offset { $offset } --count { $limit }`, then `--offset { $next }` and so on
without-its-flags = without the inode flags that it had: `{ $name }`
so-many-more-without-flags = ({ $n } more without theirs)
extracted-to = extracted to `{ $to }`: { $entries }, { $size }
left-out-by-policy = left out, as the workload does not allow it: `{ $name }`
so-many-more-left-out = ({ $n } more were left out)
compared-by-size-and-time = { $n ->
    [one] { $n } file was compared by size and time alone
   *[other] { $n } files were compared by size and time alone
}
no-snapshot-holds = no snapshot holds anything called `{ $path }`
browse-one-of-them = `reforge snapshot browse` shows what one of them holds
version-not-there = not there
version-as-before = as before
version-changed = changed
differs-kind = kind
differs-content = content
differs-target = target
differs-mode = mode
differs-owner = owner
differs-time = time
differs-attributes = attributes
