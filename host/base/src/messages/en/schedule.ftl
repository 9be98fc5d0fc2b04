# schedule/calendar.rs
is-not-a-time-of-day = is not a time of day
is-no-cron-line = is no cron line: { $why }
is-shorter-than-a-minute = is shorter than a minute

# config/schedule.rs, config/host.rs
schedule-says-not-one-when = `schedule` does not say in one way when a snapshot is due
write-one-of-at-cron-every = write one of `at`, `cron` and `every`
jitter-is-longer-than = `jitter` is longer than { $longest }
jitter-spreads-what-is-due = it spreads what is due at the same time: write for example `10m`
write-for-example-03-00 = write for example `03:00`
write-for-example-0-3 = write for example `0 3 * * *`: minute, hour, day of the month, month, day of the week
write-for-example-6h = write for example `6h`
zone-is-which-is-none = `zone` is `{ $name }`, which is no time zone
write-for-example-europe-berlin = write for example `Europe/Berlin`, or leave it out for the machine's
keep-keeps-nothing = `keep` keeps nothing
write-for-example-keep = write for example `keep = {"{"} last = 3, daily = 7, weekly = 5 {"}"}`, or leave it out: then every snapshot stays
key-is-which-is-no-size = `{ $key }` is `{ $text }`, which is no size
write-for-example-20-gib = write for example `20 GiB`
snapshots-at-once-is-0 = `snapshots_at_once` is 0

# snapshots/store/pins.rs
snapshot-is-pinned = snapshot `{ $id }` is pinned
unpin-it-first = take the pin away first: `reforge snapshot unpin`

# host/host/retention.rs
workload-has-no-keep = workload `{ $id }` has no `keep`
a-pruning = a pruning
pruned-for-room = there was not enough room: { $n ->
    [one] a snapshot that `keep` drops was deleted
   *[other] { $n } snapshots that `keep` drops were deleted
} ({ $bytes })
a-pin = a pin

# host/host/schedule.rs, host/host/due.rs
somebody-takes-what-is-due = somebody else takes what is due
it-is-done-when-that-one-is = it is done when that one is: `reforge serve` does it by itself
it-was-missed = it was due at { $due }, when nothing ran that would have taken it
the-host-ended-in-it = the host ended in it { $n } times
take-one-by-hand-and-look = take one by hand and look what happens: `reforge snapshot create`
a-thread-of-the-schedule-died = a thread of the schedule died
reason-name-scheduled = scheduled
reason-scheduled = by schedule

# transaction/superseded.rs
the-end-of-what-came-before = the end of what earlier restores kept
it-stays-until-a-person-ends-it = it stays until a person ends it

# server/api/schedule.rs
what-is-due-cannot-be-taken = snapshots that are due cannot be taken: { $failure }

# cli/schedule.rs
nothing-is-due = nothing is due
never-again = never again
next-snapshot-of = next of { $workload }: { $at }
due-done = { $workload }: snapshot { $snapshot }, due { $due }
due-done-and-pruned = { $workload }: snapshot { $snapshot }, due { $due }; { $n ->
    [one] an older one was deleted
   *[other] { $n } older ones were deleted
}
due-missed = { $workload }: missed, due { $due }
due-failed = { $workload }: no snapshot, due { $due }: { $why }
delete-these-snapshots = delete { $n ->
    [one] this snapshot
   *[other] these { $n } snapshots
} of `{ $workload }` for good? this can not be undone [y/N]
nothing-goes = nothing goes
so-many-would-go = { $n ->
    [one] 1 snapshot would go
   *[other] { $n } snapshots would go
} ({ $bytes })
so-many-went = { $n ->
    [one] 1 snapshot went
   *[other] { $n } snapshots went
} ({ $bytes })
it-stays = stays
it-would-go = would go
it-went = went
head-why = WHY
stays-last = last
stays-hourly = hourly
stays-daily = daily
stays-weekly = weekly
stays-monthly = monthly
stays-yearly = yearly
stays-newest = the newest
stays-pinned = pinned
stays-restore = a restore needs it
stays-safety = a safety snapshot
stays-imported = imported
stays-drill = a drill has it
stays-proven = the newest that is proven
stays-damaged = does not read
stays-no-rule = nothing says which may go
snapshot-was-pinned = snapshot { $id } is pinned: nothing deletes it
snapshot-was-unpinned = snapshot { $id } is not pinned any more
snapshot-stays-pinned = pinned: nothing deletes it
reason-and-pinned = { $reason } (pinned)
remove-previous-data-of-these = remove the previous data of { $n ->
    [one] this restore
   *[other] these { $n } restores
} for good: { $ids }? this can not be undone [y/N]
only-the-newest-keeps-anything = only the newest restore keeps anything, or none does
finished-so-many = finished: the previous data of { $n ->
    [one] 1 restore
   *[other] { $n } restores
} is removed
workload-next-snapshot = next       { $next }
workload-last-due = last due   { $last }
workload-snapshot-is-overdue = overdue    the snapshot of { $due } is missing

# The page
overdue = A snapshot is overdue, due
next-snapshot = Next snapshot
last-due = Last one due
due-outcome-done = taken
due-outcome-failed = failed
due-outcome-missed = missed
pinned = pinned
pin = Pin
unpin = Unpin
was-pinned = It is pinned
was-unpinned = It is not pinned any more
