# What the page says. `ru.ftl` says the same; a test holds the two side by side.

# Everywhere
language = Language
log-out = Log out
role-admin = admin
role-viewer = viewer
gone = The host does not answer. Whatever it was doing is settled when it starts again. Trying…
no-script = This page needs JavaScript.
not-shown = This cannot be shown
other-failure = It did not work
unknown = not known
close = Close
leave-it = Leave it as it is
image = Image
volumes = Volumes
volume = Volume { $name }
reason = Reason
size = Archive
app = App

# Figures
entries = { $n ->
    [one] { $n } entry
   *[other] { $n } entries
}
instant = { $day } { $month } { $year }, { $time } UTC
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
bytes-of = { $bytes } of { $total }
per-second = { $bytes }/s
left = { $time } left

# Logging in
who-are-you = Who are you?
token = Token
token-hint = It is kept in this window only, until it is closed. A new one is made by
log-in = Log in

# Workloads
workloads = Workloads
no-workloads = No workload is configured.
last-snapshot = Last snapshot
never = never
restore-runs = A restore is running
undo-runs = An undo is running
recovered = When it started, this host settled what had been interrupted
unsettled = This host could not settle what had been interrupted
state-running = running
state-stopped = stopped
state-crash-looping = crash-looping
state-never-deployed = never deployed
state-unknown = unknown
back-to = Back to { $workload }

# Snapshots
snapshots = Snapshots
no-snapshots = There is no snapshot yet.
capture = Take a snapshot
capturing = Taking a snapshot…
captured = A snapshot was taken
holds = Holds
imported = imported
import-archive = Import an archive
import = Import
importing = Sending and reading it whole…
was-imported = The archive was imported
reason-manual = by hand
reason-safety = before a restore
restore = Restore
looking = Reading the snapshot and the live data…

# The plan
restore-what = Restore { $workload }
to-snapshot = To the snapshot of
refused = Refused, and nothing was changed
newest-change = The newest change on disk is { $time } after the snapshot.
what-changes = What changes
live-now = Live now
in-snapshot = In the snapshot
absent = absent
newest = newest change
come-back = Come back
go-away = Go away
are-replaced = Are replaced
stay-equal = Stay equal
stays-as-it-is = stays as it is
not-captured = Not captured
to-know = To know
app-when-taken = App when it was taken
hook = Hook
warnings = Warnings
warning-other = Worth knowing
warning-previous-data = Previous data stays beside the volumes
warning-unseen-process = A process could not be looked at
warning-other-image = Another image than at the snapshot
warning-image-moved = The image’s name means something else now
warning-other-environment = Other environment variables than at the snapshot
warning-read-by-another = Another container reads a volume
warning-shared-volume = Another container has a volume, as allowed
warning-runs-more-than-once = The app runs more than once
warning-changed-outside = Files outside of the volumes
warning-imported = An imported archive
warning-other-workload = A snapshot of another workload
warning-left = Left as it is
warning-not-captured = Never captured
warning-not-removable = Cannot be removed later
warning-special = Sockets and fifos
warning-new-volume = A new volume
downtime = Downtime
about = about { $time }
stays-down = the app does not run, and stays down
space = Space
needs-and-has = needs { $needs }, has { $has }
only-admins = Only an admin’s token may restore.
type-the-name = To do this, type the workload’s name: { $workload }
wrong-name = That is not its name.
asking = One moment…

# A restore
a-restore = Restore
an-undo = Undo
begun = Begun
runs = running
cancel = Cancel
cancelling = Cancelling…
phase-beginning = Beginning
phase-planning = Planning
phase-extracting = Unpacking
phase-sealing = Checking what was unpacked
phase-checking-the-archive = Checking the archive
phase-stopping = Stopping the app
phase-safety-snapshot = Taking the safety snapshot
phase-capturing = Taking a snapshot
phase-swapping = Swapping the volumes
phase-starting = Starting the app
phase-waiting-for-health = Waiting until the app is healthy
phase-finishing = Finishing
phase-reverting = Going back
phase-reading-the-archive = Reading the archive
phase-inspecting = Inspecting the archive
phase-copying = Copying
phase-storing = Storing
phase-verifying = Checking
phase-exporting = Exporting
phase-reading = Reading
phase-compiling = Compiling
phase-checking-its-promises = Checking its promises
phase-asking = Asking the app
who = By
took = Took
not-back = the app is not back yet
never-stopped = none: the app was never stopped
as-captured = exactly as captured
safety = Safety snapshot
later-writes = Written meanwhile, kept at
left-behind = Could not be removed
is-done = Done
is-unconfirmed = Done, not confirmed
is-failed = Failed
is-refused = Refused
is-cancelled = Cancelled
is-reverted = Reverted
is-needs-operator = Needs a decision
is-busy = Busy
is-resolved = Decided by a person
outcome-restore-done = Every volume that was restored was given what the snapshot holds.
outcome-undo-done = Every volume was given its previous data again.
outcome-restore-unconfirmed = Every volume that was restored was given what the snapshot holds, but nobody knows how the app does.
outcome-undo-unconfirmed = Every volume was given its previous data again, but nobody knows how the app does.
outcome-reverted = It was taken back: every volume holds what it held before.
outcome-needs-operator = Only a person can decide. Everything was kept.
outcome-unsettled = It is not settled yet. Everything was kept.
outcome-unchanged = Nothing was changed.
outcome-resolved = A person decided which data is live.
now-undone = It was undone since then.
unfinished = Not over
unfinished-means = It was interrupted and is not settled yet. Everything was kept. To look closer:
history = Restores
no-restores = Nothing was restored yet.

# Undo
undo = Undo
undo-what = Undo the restore of { $workload }
undo-an-undo = Undo the undo of { $workload }
undo-loses = You lose what was written in the { $time } since then.
undo-does = The previous data is swapped back in. What it replaces is kept for another undo window.
undo-left = it can be undone for another { $time }
undo-left-for = It can be undone for another { $time }.
undo-until-finished = It can be undone until it is finished.

# Failures
code-usage = What was asked makes no sense
code-not-found = There is no such thing
code-busy = Something else is being done to this workload
code-cancelled = It was cancelled
code-drift = What the plan stands on has changed
code-volume-refused = A volume cannot be used
code-archive-refused = The archive was refused
code-policy-refused = The workload’s configuration does not allow it
code-snapshot-damaged = The snapshot is damaged
code-no-space = There is not enough space
code-not-down = Something still uses the volume
code-out-of-order = The restore plugin broke the rules
code-too-large = It is too large
code-io = Reading or writing failed
code-sync-failed = The disk did not confirm what was written
code-runtime = The app could not be controlled
code-engine-unreachable = The container engine does not answer
code-engine-too-old = The container engine is too old
code-app-bad = The app does not work
code-hook-failed = A command around the snapshot failed
code-needs-operator = Only a person can decide
code-unfinished = A restore was interrupted and is not settled yet
code-state-refused = The state directory cannot be used
code-plugin-refused = This is not a plugin
code-plugin = The restore plugin failed
code-host-refused = This host has another name
code-origin-refused = Another site’s page asked
code-confirmation = It was not confirmed
code-forbidden = This token may not do that
code-unauthorized = No valid token
code-too-many-tries = Too many tries
code-timeout = It took too long
code-content-type = Sent in the wrong form
code-not-running = It does not run
code-stopping = The host is stopping
code-overloaded = The host has too much to do
code-method = It cannot be asked like that

# views/workloads.rs: notifications
notifications-failed = { $n ->
    [one] { $n } notification could not be sent
   *[other] { $n } notifications could not be sent
}

# Names, notifications and which snapshots stay
show-names = Show the names
comparing-names = Comparing the names…
names-that-change = Names that would change
names-from-to = { $from } to { $to } of { $n ->
    [one] { $n } name
   *[other] { $n } names
}
no-name-changes = No name would change.
names-before = Those before
names-behind = The next ones
name-comes-back = comes back
name-goes-away = goes away
name-is-replaced = is replaced
so-many-by-size-and-time = { $n ->
    [one] { $n } file was compared by size and time alone.
   *[other] { $n } files were compared by size and time alone.
}
send-a-test = Send a test notification
sending-a-test = Sending it for real…
test-was-sent = A test notification
taken-after = Taken after { $time }
which-stay = Which of them stay
judging-them = Looking which of them stay…
which-of-them-stay = Which snapshots of { $workload } stay
none-would-go = None would be deleted.
so-many-of-them-go = { $n ->
    [one] { $n } snapshot would be deleted
   *[other] { $n } snapshots would be deleted
}, { $size }.
this-one-stays = Stays
this-one-goes = Goes
only-admins-prune = Only an admin may delete snapshots.
delete-them = Delete what goes
they-were-deleted = The snapshots were deleted
