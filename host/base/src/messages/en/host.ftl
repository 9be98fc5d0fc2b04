# host/conformance/app.rs
the-script-says-that-this-instance = the script says that this instance cannot be started
the-script-says-that-the-app = the script says that the app does not stop
as-the-script-says = as the script says

# host/conformance/archives.rs
a-symbolic-link = a symbolic link
a-hard-link = a hard link
a-name-with-dots = a name with `..`
an-absolute-name = an absolute name
a-name-outside-of-the-volumes = a name outside of the volumes
a-volume-that-the-manifest-does-not-have = a volume that the manifest does not have
a-volume-whose-index-is-no-number = a volume whose index is no number
a-device = a device
a-fifo = a fifo
an-entry-of-an-unknown-type = an entry of an unknown type
a-path-that-comes-twice = a path that comes twice
a-file-where-a-directory-is = a file where a directory is
something-below-a-file = something below a file
a-second-manifest = a second manifest
a-header-with-a-wrong-checksum = a header with a wrong checksum
a-set-id-file = a set-id file
cannot-compress-an-archive = cannot compress an archive: { $error }
cannot-write-an-archive = cannot write an archive: { $error }

# host/conformance/mod.rs
there-is-no-promise = there is no promise `{ $unknown }`
there-are = there are { $names }
the-plugin-breaks-of-promises-first = the plugin breaks { $n } of { $n_2 } promises, first: { $first }
reforge-plugin-check-file-shows-all = `reforge plugin check FILE` shows all of them
could-not-be-checked = `{ $name }` could not be checked
promise-because = { $promise } ({ $why })
the-plugin-does-not-read = the plugin does not read `{ $format }`

# host/conformance/promises.rs
expected-and = expected { $wanted }, and { $ended }
not-refused-but-failed = { $what }: not refused but failed: { $failure } ({ $code })
it-was-accepted = { $what }: accepted
it-names-no-format = it names no format
is-empty-too-long-or-not-printable = `{ $word }` is empty, too long or not printable
the-app-was-stopped-so-often = the app was stopped { $n } times
it-refuses = it refuses: { $refusal }
it-says-nothing-of-volume = it says nothing of volume `{ $name }`
nothing-is-added-and-one-removed = volume `{ $name }`: nothing is added and one removed, not { $counted }
it-changed-something = it changed something
there-is-no-receipt = there is no receipt; { $ended }
the-other-volume-was-not-restored = the other volume was not restored
the-volume-was-restored-all-the-same = the volume was restored all the same
it-was-not-taken-in = it was not taken in: { $failure } ({ $code })
the-app-does-not-run-after-a-cancel = the app does not run after a cancel
in-phase-number = phase { $n }: { $ended }
it-was-never-cancelled = it was never cancelled
the-app-does-not-run-on-its-previous-data = the app does not run on its previous data
less-than-announced = less than announced
byte-flipped = byte { $at } of { $end } flipped
cut-in-the-middle = cut in the middle
the-last-byte-missing = the last byte missing
something-after-the-end = something after the end
an-archive-without-a-manifest = an archive without a manifest
bytes-nothing = nothing
bytes-text = text
bytes-zeros = zeros
promise-describes = it says in plain words who it is and what it reads
promise-restores = a small snapshot is live afterwards, and nothing else
promise-plans = a plan refuses nothing of a good snapshot, counts what would change, and changes nothing
promise-faithful = bytes, names, modes, owners, times and attributes come back, of large and of many files
promise-undoable = a restore can be undone
promise-absent = a volume that is not there is made
promise-leaves = a volume that shall stay as it is stays as it is
promise-imports = a good archive from elsewhere is taken in and restored
promise-cancels = a cancel in any phase before the swap leaves everything as it was
promise-stop-fails = an app that does not stop keeps its data and goes on
promise-bad-start = an app that cannot be started has its previous data back
promise-bad-health = an app that is found bad has its previous data back
promise-unknown-health = an app of which nobody knows keeps the new data
promise-staging-fails = a failure of the host while staging ends the restore with the app still running
promise-damaged = a damaged archive is refused before the app is stopped, wherever the damage is
promise-hostile = a hostile archive is refused before the app is stopped
promise-hostile-import = a hostile archive is not taken in
promise-foreign = bytes that are no archive are refused before the app is stopped

# host/conformance/scene.rs
the-volumes-are-not-what-the-snapshot-holds = the volumes are not what the snapshot holds; { $ended }
the-app-does-not-run = the app does not run; { $ended }
the-app-does-not-run-any-more = the app does not run any more; { $ended }
the-app-was-stopped = the app was stopped; { $ended }
something-was-left-beside-the-volumes = something was left beside the volumes; { $ended }
a-volume-was-changed = a volume was changed; { $ended }
it-ended-because = it ended { $outcome }: { $failure } ({ $code })
it-ended = it ended { $outcome }

# host/deployer/about.rs
volume-of-at = volume `{ $volume }` of `{ $workload }` at `{ $path }` { $clause }

# host/deployer/absent.rs
reforge-workload-show-names-its-volumes = `reforge workload show` names its volumes
the-deployed-app-has-it-at = the deployed app has it at `{ $live }`
snapshot-holds-data-of-it = snapshot `{ $id }` holds data of it
volume-of-has-no-directory-and = volume `{ $name }` of `{ $id }` has no directory `{ $path }`, and { $why }
correct-its-source-mount-its-disk = correct its `source`, mount its disk, or restore a snapshot; `reforge deploy { $id } --make-empty { $name }` starts the app on an empty one

# host/deployer/deployed.rs
is-volume-of-workload-which-runs = `{ $path }` is volume `{ $volume }` of workload `{ $other }`, which runs
reforge-stop-ends-it-also-when = `reforge stop { $other }` ends it, also when it is not configured any more
volume-is-configured = volume `{ $volume }` is configured at `{ $path }`, and the app that is deployed has no such directory
deploy-the-workload = deploy the workload, so that the app has what is configured; or take the volume out of the configuration
the-app-that-is-deployed = the app that is deployed has `{ $live }` as volume `{ $volume }`, and the configuration has no such volume
put-the-volume-into-the-configuration = put the volume into the configuration again, with `capture = false` if it is only to be mounted, or deploy the workload without it
volume-is-configured-at-and-what = volume `{ $volume }` is configured at `{ $path }`, and what is deployed has it at `{ $deployed }`
deploy-the-workload-so = deploy the workload, so that the app has what is configured; or correct the configuration
stop-the-workload-first-the-directory = stop the workload first: the directory that the app runs on was moved away or removed
the-app-that-runs-was-given = the app that runs was given another directory as volume `{ $volume }` than the one that is at `{ $path }` now: it was moved away or replaced since
find-out-which-of-the-two = find out which of the two is right, put it there, and deploy the workload

# host/deployer/dispatch.rs
this-host-has-no-runtime = this host has no runtime `{ $name }`
a-deploy = a deploy
a-rollback = a rollback
a-promotion = a promotion
a-preview = a preview
a-stop = a stop
a-start = a start
was-deployed-and-is-bad = `{ $workload }` was deployed and is bad: { $reason }
look-at-its-log-then-deploy = look at its log, then deploy again or roll back
is-still-alive = `{ $name }` is still alive after it was stopped
find-out-what-starts-it-again = find out what starts it again
needs-the-runtime-which-this-build = `{ $id }` needs the runtime `{ $kind }`, which this build does not have
use-a-build = use a build with it, or set `runtime = "process"` with a `command`

# host/deployer/start.rs
what-is-stopped-could-not-be-written-down = what is stopped could not be written down, so `reforge start` will not know it: { $failure }
runs-already = `{ $workload }` runs already
was-started-and-is-bad = `{ $workload }` was started and is bad: { $reason }
was-not-stopped-by-reforge-stop = `{ $workload }` was not stopped by `reforge stop`, so there is nothing to start again
reforge-deploy-starts-what-is-configured = `reforge deploy { $workload }` starts what is configured
the-directory-of-the-volume-is-missing = the directory `{ $path }` of the volume `{ $volume }` is missing: the app would run without its data
put-the-directory-back = put the directory back or mount its disk; a restore brings its data back

# host/deployer/forbidden.rs
is-the-machines-own-directory = is the machine's own and no data of an app
leave-it-out-of-the-volumes = leave it out of the volumes: what else a container sees stands in `request`

# host/deployer/history.rs
it-is-a-directory = it is a directory
it-has-the-version = it has the version { $version }
cannot-write-down-a-deployment = cannot write down a deployment: { $error }
the-record-of-deployments-cannot = the record of deployments `{ $path }` cannot be understood: { $how }
deploy-the-workload-anew-the-file = deploy the workload anew: the file is then kept beside as `.damaged`

# host/deployer/image.rs
the-file-of-the-image-changed = the file of the image `{ $program }` changed since it was deployed
put-the-old-file-back = put the old file back, or deploy what is there now
has-no-previous-image = `{ $id }` has no previous image
a-rollback-needs-two-deploys = a rollback needs two deploys of different images before it
cannot-promote-to = cannot promote `{ $shown_from }` to `{ $shown_to }`: { $clause }
they-are-the-same = they are the same
name-two-workloads = name two workloads
an-image-is-promoted = an image is promoted from one stage of a project to another
their-projects-are-and = their projects are `{ $project }` and `{ $project_2 }`
their-runtimes-are-and = their runtimes are { $runtime } and { $runtime_2 }
give-both-the-same-runtime = give both the same runtime
deploy-it-first = deploy it first

# host/deployer/live.rs
cannot-be-used = cannot be used: { $what }: { $reason }
correct-the-rights-of-the-directory = correct the rights of the directory, or run as root
its-parent-cannot-be-opened = its parent cannot be opened
its-parent-cannot-be-read = its parent cannot be read
it-cannot-be-looked-at = it cannot be looked at
has-a-parent-that-belongs = has a parent that belongs to user { $uid }, who could put something else there
chown-root = `chown root { $shown }`, or give it to whom the volume belongs to
has-a-parent-that-others = has a parent that others can write in (mode { $mode })
chmod-go-w = `chmod go-w { $shown }`
chattr-ia = `chattr -ia { $shown }`
has-a-parent-that-is-immutable = has a parent that is immutable or append-only, so nothing in it can be renamed
live-is-a-symbolic-link = is a symbolic link
name-the-directory-itself = name the directory itself as the `source`
live-is-not-a-directory = is not a directory
a-volume-is-a-directory-move = a volume is a directory: move what is there away
belongs-to-user-and-the-host = belongs to user { $uid }, and the host does not run as root
run-the-host-as-root = run the host as root, or as that user
stands-on-a-kernel = stands on a kernel that does not tell mounts apart
linux-5-8-or-newer = Linux 5.8 or newer is needed
make-the-volume-a-directory-inside = make the volume a directory inside of what is mounted
is-a-mount-point-which-cannot = is a mount point, which cannot be exchanged
is-a-subvolume-or-file-system = is a subvolume or file system of its own, which cannot be told apart from a mount
make-the-volume-a-directory-inside-of = make the volume a directory inside of it
has-something-mounted-in-it-at = has something mounted in it, at `{ $point }`
umount-and-make-it-a-volume = `umount { $point }`, and make it a volume of its own
cannot-be-read = cannot be read: { $reason }
a-volume-that-cannot-be-read = a volume that cannot be read cannot be captured: correct its rights, or run as root
use-a-directory-that-is-not = use a directory that is not
stands-below-a-directory-that-belongs = stands below `{ $shown }`, which belongs to user { $uid }, who could put something else there
move-it-below-a-directory-of-its-owner = keep it below directories of root and of its own owner alone
stands-below-a-directory-that-others = stands below `{ $shown }`, which others can write in
stands-below-a-directory-that-cannot = stands below a directory that cannot be looked at: { $failure }

# host/deployer/overlap.rs
the-hosts-own-directory = the host's own directory `{ $path }`
keep-volumes-and-the-state-snapshot = keep volumes and the state, snapshot and preview directories apart
volume-of-at-alone = volume `{ $name }` of `{ $id }` at `{ $path }`
give-each-volume-a-directory = give each volume a directory of its own, beside the others
give-each-volume-a-directory-or-share-it = give each volume a directory of its own, beside the others; or say `capture = false` at both, if no snapshot or restore is to touch it; or adopt the whole Compose project: its members share volumes
correct-the-other-volume-first = correct the other volume first

# host/deployer/owner.rs
cannot-look-up-the-user = cannot look up the user `{ $user }`: { $reason }
the-user-of-does-not-exist = the user `{ $user }` of `{ $id }` does not exist
make-the-user-or-correct-user = make the user, or correct `user` in the configuration; a number without an entry needs its group: `uid:gid`

# host/deployer/prepare.rs
it-appeared-just-now-try-again = it appeared just now: try again
something-that-is-not-a-directory = something that is not a directory stands there
check-the-rights-and-the-room = check the rights and the room of the directory above
is-only-mounted-and-not-there = is only mounted, and not there
is-of-an-engine-volume-and-not-there = is the directory of a volume of the engine, and not there
docker-volume-create-it = have the engine make it: `docker volume create { $name }`

# host/deployer/preview.rs
make-the-directory-or-correct-preview = make the directory, or correct `preview_dir` in `[host]`
has-something-mounted-in-it = `{ $path }` has something mounted in it
unmount-it-or-remove = unmount it, or remove it by hand
it-is-not-empty = it is not empty
cannot-be-removed = `{ $path }` cannot be removed: { $reason }
is-in-the-directory-of-previews = `{ $path }` is in the directory of previews, and this host did not make it
move-it-away-or-set-preview = move it away, or set `preview_dir` in `[host]` to a directory that holds nothing else
user-of-cannot-enter = user { $as_raw } of `{ $id }` cannot enter `{ $above }`
set-preview-dir-in-host = set `preview_dir` in `[host]` to a directory below one that every user can enter

# host/deployer/replaces.rs
would-be-replaced = { $what } would be replaced by one of this host's own
would-be-replaced-and-changed = { $what } would be replaced by one of this host's own, with changes: { $changes }
deploy-with-yes-replaces-it = `reforge deploy { $workload } --yes` does so; a restore leaves it as it is

# host/deployer/resolve.rs
mount-proc = mount `/proc`
has-no-directory = has no directory
correct-its-source-and-set-volume = correct its `source`, and set `volume_root`
has-no-parent-directory = has no parent directory: `{ $parent }` does not exist
deploy-the-workload-once-which-makes = deploy the workload once, which makes it
make-the-directory-or-mount = make the directory, or mount its disk
has-a-parent-directory-that-cannot = has a parent directory that cannot be used: { $message }
correct-source-or-the-rights = correct `source`, or the rights of the directories above
has-no-volume-root = has no volume root
add-volume-root-to-host = add `volume_root` to `[host]`
has-no-volume-root-because = has no volume root: { $message }
leads-outside-its-parent-is-really = leads outside `{ $root }`: its parent is really `{ $parent }`
remove-the-link-or-give = remove the link, or give the volume the scope `absolute`
does-not-lie-below-an-allowed = does not lie below an allowed root: its parent is really `{ $parent }`
add-a-directory-above = add a directory above it to `allowed_roots` in `[host]`

# host/host/gate.rs
is-here = `{ $path }` is here
was-left-by-a-restore = `{ $path }` was left by a restore of another host, which worked here last
end-that-restores-undo-window = end that restore's undo window there (`reforge restore finish`), and give each host volumes of its own
was-left-by-a-restore-that = `{ $path }` was left by a restore that no journal knows of
is-this-the-state-directory = is this the state directory that the host used before? If so, look at the directory and move it away

# host/host/mod.rs
the-key-of-environment-digests = the key of environment digests was made anew, since { $why }: whether variables changed since an older snapshot can not be told any more
the-key-of-environment-digests-could = the key of environment digests could not be made anew: { $failure }
taking-the-state-directory = taking the state directory for the newest
not-removed = not removed: { $failure }

# host/host/plugins.rs
the-plugin-that-was-built = the plugin that was built in cannot be removed

# host/host/snapshots.rs
is-the-reason-of-snapshots = `{ $safety }` is the reason of snapshots that a restore takes, and retention removes those
give-another-reason = give another reason
snapshot = snapshot ({ $reason })
workload-has-no-volume = workload `{ $id }` has no volume that a snapshot could hold
only-directories-of-the-scopes-project = only directories of the scopes `project`, `stage` and `absolute` are captured and restored
volume-has-no-directory-nothing = volume `{ $name }` has no directory `{ $path }`: nothing to capture
mount-its-disk-or-correct = mount its disk, or correct its `source`; a volume that had one is filled again by a restore
volume-has-no-directory = volume `{ $name }` has no directory
volume-at-is-not-configured = volume `{ $volume }` at `{ $path }` is not configured any more
its-safety-snapshot = its safety snapshot could not be restored
a-deletion = a deletion
volume-named = volume `{ $name }`

# host/restore/decide.rs
whoever-holds-it-settles-it-nothing = whoever holds it settles it: nothing is to be decided

# host/restore/import.rs
file-is-not-a-file = `{ $file }` is not a file
an-import = an import
the-import-was-cancelled-nothing = the import was cancelled; nothing was kept
the-archives-manifest-cannot-be-understood = the archive's manifest cannot be understood: { $error }
the-archive-has-the-format = the archive has the format { $format }, and this version reads { $format_2 }
the-archive-holds-no-volume = the archive holds no volume: there is nothing in it to restore
its-manifest-json-lists-the-volumes = its `manifest.json` lists the volumes
a-volume-has-no-name = a volume has no name that a workload's volume can have
what-the-plugin-says = what the plugin says of the archive makes no sense: { $what }

# host/restore/monitor/archive.rs
the-archive-could-not-be-checked = the archive could not be checked

# host/restore/monitor/calls.rs
a-worker-cannot-have-workers = a worker cannot have workers of its own
workers-extract-before-the-app = workers extract before the app is stopped

# host/restore/monitor/mod.rs
held-for-restore = restore { $id }
belongs-to-a-restore = `{ $call }` belongs to a restore, and this is none
the-plugin-failed-and-said = the plugin failed and said `{ $code }`, which is not so: { $message }
cancelled-before-the-commit = cancelled before the commit

# host/restore/monitor/step.rs
this-is-not-the-proof = this is not the proof of a { $what } of this restore
the-app-is-bad = the app is bad on the restored data: { $reason }
its-log-says-more-the-previous = its log says more; the previous data is live again

# host/restore/monitor/steps.rs
the-lease-was-given-already = the lease was given already
what-the-plan-stands-on-moved = what the plan stands on moved before the lock was taken
make-a-new-plan-and-look = make a new plan and look at it again
a-restore-begins-with-exactly = a restore begins with exactly the volumes of its plan
there-is-no-such-volume = there is no such volume in the transaction
this-volume-has-its-staging-already = this volume has its staging already
this-staging-was-sealed-already = this staging was sealed already
the-app-is-stopped-once-when = the app is stopped once, when every volume is sealed
there-is-a-safety-snapshot-already = there is a safety snapshot already
this-transaction-was-swapped-already = this transaction was swapped already
a-swap-takes-the-seal = a swap takes the seal of every volume, each once
the-app-was-started-already = the app was started already
health-is-awaited-once = health is awaited once, after a redeploy that worked
only-a-failed-redeploy = only a failed redeploy or an app that is bad for certain is reverted
this-lease-has-had-its-transaction = this lease has had its transaction
this-volume-has-no-sibling = this volume has no directory to fill yet

# host/restore/monitor/subject.rs
volume-has-a-name = volume `{ $name }` has a name that is not UTF-8

# host/restore/monitor/volumes.rs
there-is-no-volume-of-scope = there is no volume `{ $name }` of scope `{ $scope }` to restore
volume-has-no-live-directory = volume `{ $name }` has no live directory
there-is-no-volume-so-called = there is no such volume

# host/restore/monitor/watch.rs
the-plugin-did-not-go = the plugin did not go on within { $limit } of the commit
the-plugin-did-not-swap-within = the plugin did not swap within { $seconds } s of the stop

# host/restore/preflight/drift.rs
the-snapshot-was-taken-with-another = the snapshot was taken with another image than the one that is deployed
taken-with-deployed-is-the-app = taken with `{ $program }`, deployed is `{ $program_2 }`: the app must be able to read that data
is-not-what-it-was-when = `{ $image }` is not what it was when it was deployed
the-app-comes-back-with-what = the app comes back with what it runs now; a deploy takes the new one
the-app-would-be-started = the app would be started as it is now
the-app-could-not-be-started = the app could not be started again
whether-environment-variables-changed-since = whether environment variables changed since the snapshot is not known: { $why }
compare-them-by-hand-a-secret = compare them by hand: a secret that the data was made with may be needed
the-key-of-their-digests = the key of their digests was made anew at { $since }
a-secret-that-the-data = a secret that the data was made with may be needed

# host/restore/preflight/mod.rs
the-snapshot-does-not-say-what = the snapshot does not say what volume `{ $name }` holds
the-snapshot-is-of-workload = the snapshot is of workload `{ $of }`, not of `{ $id }`
export-it-and-import = export it and import it for this workload if that is meant
a-bundle-says-which-volume-is-which = a bundle says itself which volume is which
restore-it-with-map = import it as it is, and choose at the restore with `--map`

# host/restore/preflight/undo.rs
an-undo-exchanges-what-the-restore = an undo exchanges what the restore exchanged: put the configuration right, or restore its safety snapshot
volume-was-exchanged = volume `{ $volume }` was exchanged at `{ $path }`, and is configured at `{ $path_2 }` now
volume-was-exchanged-at = volume `{ $volume }` was exchanged at `{ $path }`, and no volume is configured there now
volume-at-was-not-part = volume `{ $volume }` at `{ $path }` was not part of it

# host/restore/preflight/volumes.rs
volume-has-inode-flags = volume `{ $name }`: `{ $first }` has inode flags or a project id, which no restore brings back
volume-entries-have-inode-flags = volume `{ $name }`: { $more } entries have inode flags or a project id, which no restore brings back; the first is `{ $first }`
volume-holds-what-cannot-be-removed = volume `{ $name }`: { $n ->
    [one] { $n } entry is
   *[other] { $n } entries are
} immutable or append-only, and cannot be removed as previous data: { $names }
it-stays-beside-the-volume-chattr = `chattr -ia` on it now, or at the end: what is still so stays beside the volume when the previous data goes, is named, and a later `reforge restore finish` removes it (`{ $path }`)
set-them-again-afterwards-lsattr-rp = set them again afterwards (`lsattr -Rp` shows them); what is immutable or append-only stays beside the volume when the previous data is removed, until `chattr -ia` and another `restore finish`
add-links-contained-to-workload = add `links = "contained"` to workload `{ $id }` to restore links as data
volume-holds-device-nodes = { $devices ->
    [one] volume `{ $name }` holds { $devices } device node, which no snapshot can hold
   *[other] volume `{ $name }` holds { $devices } device nodes, which no snapshot can hold
}
its-root = its root
volume-so-that-no-safety-snapshot = volume `{ $name }`: { $shown } { $problem }, so that no safety snapshot could bring it back
volume-holds-links-now = { $links ->
    [one] volume `{ $name }` holds { $links } link now, which could not be put back
   *[other] volume `{ $name }` holds { $links } links now, which could not be put back
}
process-could-not-be-looked = process { $pid } (`{ $name }`) could not be looked at, and may be using a volume
process-and-more = process { $pid } (`{ $name }`) and { $more } more could not be looked at, and may be using a volume
one-that-does-goes = one that does goes on with the previous data; it has rights that this host lacks, and root has most

# host/restore/run.rs
the-plugin-went = the plugin went on after it had answered
is-no-plan-digest = `{ $given }` is no plan digest
reforge-restore-plan-shows = `reforge restore plan` shows it at its end
a-restore-that-is-being-planned = a restore that is being planned
what-the-plan-stands = what the plan stands on has moved since it was made
configuration-snapshot-volumes-image-or-plugin = configuration, snapshot, volumes, image or plugin changed: make a new plan and look at it again

# host/restore/settle.rs
the-plugin-ended-without-restoring-anything = the plugin ended without restoring anything
the-plugin-ended-before-it-swapped = the plugin ended before it swapped anything
the-new-data-is-live = the new data is live and committed; `reforge recover` completes the restore
the-new-data-is-live-but = the new data is live, but the app was not started: { $message }
reforge-recover-starts-it-and-completes = `reforge recover` starts it and completes the restore
every-volume-holds-what-it-held = every volume holds what it held before again
nothing-was-changed = nothing was changed

# host/restore/undo.rs
undo-of = undo of { $id }
its-safety-snapshot-holds-that-data = its safety snapshot `{ $safety }` holds that data: `reforge restore run { $workload } { $safety }`
finish-of = finish of { $id }
the-trees-of-undo-are-those = the trees of undo `{ $id }` are those of restore `{ $of }`
reforge-restore-finish-of-the-other = `reforge restore finish { $of }` removes them
restore-keeps-no-previous-data = restore `{ $id }` keeps no previous data

# host/restore/word.rs
what-the-plugin-counts-in-volume = what the plugin counts in volume `{ $name }` is not what the snapshot holds
its-comparison-with-what-is-live = its comparison with what is live is not shown
the-plugin-says-things-more = { $n ->
    [one] the plugin says { $n } thing more, which is not shown
   *[other] the plugin says { $n } things more, which are not shown
}
proof-lease = lease
proof-safety-snapshot = safety snapshot
is-immutable = is immutable
is-append-only = is append-only
is-encrypted-by-its-file-system = is encrypted by its file system
is-case-folded-so-two-names = is case-folded, so two names of a snapshot could be one
chattr-i = `chattr -i { $path }`
chattr-a = `chattr -a { $path }`
empty-it-and-chattr-f = empty it and `chattr -F { $path }`
cannot-be-compared-with-the-hosts-own = cannot be compared ({ $failure }) with the host's own directory `{ $path }`
cannot-be-compared-with = cannot be compared with { $whose }: { $failure }
reforge-restore-finish-removes-them-snapshot-holds = `reforge restore finish { $id }` removes them; snapshot `{ $safety }` holds the same
proof-transaction = transaction
proof-stop = stop
proof-swap = swap
app-down = down
entry-in-backticks = `{ $path }`
environment-variables-changed = environment variables changed since the snapshot: { $names }
phase-name-planning = planning
phase-name-extracting = extracting
phase-name-sealing = sealing
phase-name-checking-the-archive = checking the archive
phase-name-stopping = stopping
phase-name-safety-snapshot = safety snapshot
phase-name-capturing = capturing
phase-name-swapping = swapping
phase-name-starting = starting
phase-name-waiting-for-health = waiting for health
phase-name-finishing = finishing
phase-name-reverting = reverting
phase-name-reading-the-archive = reading the archive
phase-name-reading = reading
phase-name-asking = asking
phase-name-compiling = compiling
phase-name-checking-its-promises = checking its promises
phase-name-beginning = beginning
phase-name-inspecting = inspecting
phase-name-copying = copying
phase-name-storing = storing
phase-name-verifying = verifying
phase-name-exporting = exporting

# host/door/builder.rs
register-one-with-hostbuilder-runtime = register one with `HostBuilder::runtime`, or say `HostBuilder::docker`
the-host-has-no-runtime = the host has no runtime, so it could run nothing
a-runtime-is-registered = a runtime is registered as `{ $shown }`, which is not a name
two-runtimes-are-registered-as = two runtimes are registered as `{ $shown }`
give-each-its-own-name = give each its own name
held-workloads-are-not-known = which workloads are held cannot be told: { $failure }
held-workload-is-not-up-again = `{ $workload }` was stopped for a snapshot and could not be started again: { $failure }
the-app-is-not-up-again = the app could not be started again: { $message }

# host/host/told.rs
nobody-can-be-notified = nobody can be notified: { $failure }
a-crash-came-and-all-is-as-before = a crash came in between; everything is as it was before
there-is-no-channel = there is no channel
no-channel-is-called = no channel is called `{ $name }`
add-notify-to-the-configuration = add `[[notify]]` to the configuration: `docs/notifications.md` has a block for each receiver

# host/host/capturing
the-app-will-be-stopped = the app is stopped while the snapshot is taken, and started again
the-app-will-be-stopped-for-about = the app is stopped while the snapshot is taken; it was down for { $last } last time
the-app-will-be-frozen = the app is frozen while the snapshot is taken, for { $limit } at most
the-app-will-be-frozen-for-about = the app is frozen while the snapshot is taken, for { $limit } at most; it was { $last } last time
the-app-is-thawed-at-the-limit = the app was frozen for { $limit }, which is its limit: it is thawed, and the snapshot goes on while it runs
the-snapshot-is-taken-and-yet = the snapshot `{ $id }` is taken, and yet
a-hook-before-failed = a command before the snapshot failed: { $what }
a-hook-after-failed = a command after the snapshot failed: { $what }
the-hook-said = it said: { $said }
cannot-write-down-a-capture = cannot write down what is done to an app: { $error }
it-says-how-an-app-was = it says what an app was doing before a snapshot: start or wake the app by hand, and then remove the file
a-snapshot-was-cut-short = a snapshot of `{ $workload }` was cut short: its app may be stopped or frozen
a-snapshot-was-cut-short-and-settled = a snapshot of `{ $workload }` was cut short: its app is as it was before
a-cut-short-snapshot-is-not-settled = a snapshot of `{ $workload }` was cut short, and its app is not as it was before: { $failure }
the-app-is-bad-since-the-snapshot = the app was started again after the snapshot and does not work: { $why }

# host/restore/conversion.rs
the-import-would-fill-the-disk = the import would fill the disk that snapshots are on

# host/restore/taken_in.rs
taken-in-companions = left out, since only macOS reads them: { $n ->
    [one] { $n } companion file
   *[other] { $n } companion files
} ({ $names })
taken-in-labels = left out, since this system gives its own: labels of a security module of { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} ({ $names })
taken-in-attributes = left out, since the file system or Linux cannot hold them: attributes of { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} ({ $names })
taken-in-special = left out, since the app makes them anew: { $n ->
    [one] { $n } fifo or socket
   *[other] { $n } fifos and sockets
} ({ $names })
taken-in-volume-labels = passed over: { $n ->
    [one] { $n } label of the archive
   *[other] { $n } labels of the archive
} ({ $names })
taken-in-times = moved to the nearest that the file system can hold: the times of { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} ({ $names })
taken-in-owners = given by name: the owners of { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} ({ $names })
taken-in-unknown-owners = owned by names that this machine does not have: { $n ->
    [one] { $n } entry, with its number or that of live
   *[other] { $n } entries, with their numbers or that of live
} ({ $names })
taken-in-linked-links = taken in as symbolic links of their own: { $n ->
    [one] { $n } hard link to one
   *[other] { $n } hard links to some
} ({ $names })
taken-in-lost-links = left out with what they lead to: { $n ->
    [one] { $n } hard link
   *[other] { $n } hard links
} ({ $names })
taken-in-directories = { $n ->
    [one] { $n } directory has no entry and gets
   *[other] { $n } directories have no entries and get
} the owner and mode of the live volume, or else 0755 of root ({ $names })
taken-in-outside = not taken in, since no volume takes them: { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} ({ $names })
taken-in-other = said by the plugin: { $class }, { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} ({ $names })

# host/restore/import/mod.rs
the-archive-holds-what-is-not-restored = the archive holds what is left out of a restore: companions of macOS, attributes, labels, or times that the file system cannot hold
without-strict-it-is-left-out = without `--strict` it is taken in without them, and they are listed

# host/restore/monitor/calls.rs
nothing-is-being-converted = nothing is being converted

# host/restore/import/mapping.rs
nothing-says-which-directory-is-which = nothing says which directory of the archive is which volume: { $shown }
say-which-with-volume = import it with `{ $options }`
the-workload-has-no-volume = the workload has no volume `{ $name }` that is captured
it-has-these-volumes = it has { $names }
volume-is-given-twice = volume `{ $name }` is given twice

# host/restore/import/directory.rs
this-is-a-repository-of = this is a repository of { $program }, which only its own program reads
this-takes-it-in = `{ $command }`
restore-it-with-its-program = restore it with { $program } into a directory, and import that

# host/restore/import/program.rs
is-no-place-in-a-repository = `{ $text }` is no place in a repository
a-place-is-written-like-this = write `restic:REPOSITORY#SNAPSHOT:/PATH` or `borg:REPOSITORY::ARCHIVE`
cannot-run-the-program = cannot run `{ $program }`: { $error }
the-program-must-be-installed = install `{ $program }`, the one that the repository was made by
the-program-has-no-output = `{ $program }` has no output
the-program-failed-and-said = `{ $program }` failed ({ $status }) and said: { $said }
nothing-was-taken-in-try-the-program = nothing was taken in; what `{ $program }` needs (passwords, paths) is taken from the environment of this command
nothing-is-extracted-to = nothing is extracted to `{ $path }`, which { $clause }
name-a-directory-elsewhere = name a directory elsewhere, for example below `/tmp`
lies-beside = lies beside { $what }
keeping-an-entry-list = keeping an entry list
is-more-than-the-snapshot-says = is more than the snapshot says that its volume holds
there-is-nothing-in-the-snapshot = snapshot `{ $id }` holds nothing called `{ $path }`
a-path-begins-with-its-volume = a path begins with its volume, if there are several: { $volumes }
there-is-no-entry-of-this-number = there is no entry { $number }
entry-is-a-link-to-no-file = entry `{ $path }` is a hard link to no file
entry-is-a-symbolic-link = `{ $path }` is a symbolic link to `{ $target }`
no-link-is-followed-here = no link is followed here: name what it leads to
entry-is-a-directory = `{ $path }` is a directory
browse-it-or-extract-it = browse it, or extract it
what-was-read-is-not-the-file = what was read of `{ $path }` is not what the snapshot held
no-more-is-wanted = no more is wanted
nothing-is-extracted-to-the-root = nothing is extracted to the root of the file system
holds-something-already = `{ $path }` holds something already
name-a-directory-that-is-empty-or-new = name a directory that is empty or does not exist
nothing-is-restored-here = nothing is restored: somebody only looks
a-directory-has-numbers-of-owners-alone = a directory has numbers of owners and no names: `--owners-by-name` is for archives
