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
