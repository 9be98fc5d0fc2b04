# holders/in_flight.rs
is-still-open-for-writing = `{ $path }` is still open for writing, or a write of a process that has ended is still under way
end-whatever-writes-to-the-volume = end whatever writes to the volume, or wait until its disk has written everything, and try again
it-cannot-be-told-whether = it cannot be told whether a write to `{ $path }` is still under way: { $errno }
the-host-needs-the-capability-cap = the host needs the capability CAP_LEASE, and a file system that has file leases

# holders/lib.rs
has-open = has open
has-mapped = has mapped
is-rooted-in = is rooted in
stands-in = stands in
has-mounted = has mounted
volume-is-in-use-process = volume `{ $volume }` is in use: process { $pid } (`{ $name }`) { $how } `{ $detail }`
end-that-process-or-let = end that process, or let it leave the volume, and try again
raise-the-limit-of-open-files = raise the limit of open files (`ulimit -n`), or free some memory, and try again

# holders/live.rs
cannot-tell-where-is-within = cannot tell where `{ $name }` is within its file system
is-it-on-a-mount = is it on a mount that this process does not see?

# holders/outlets.rs
is-a-mount-of-something = is a mount of something in it
unmount-it-for-as-long = unmount it for as long as this takes, and mount it again
is-mounted-with-a-layer = is mounted with a layer in it
unmount-it-and-keep-its-layers = unmount it, and keep its layers out of the volume
has-its-backing-file-in-it = has its backing file in it
unmount-and-detach-it-losetup-d = unmount and detach it (`losetup -d`) for as long as this takes
is-a-swap-file-in-it = is a swap file in it
switch-it-off-swapoff-and-keep = switch it off (`swapoff`), and keep it out of the volume
volume-is-in-use = volume `{ $volume }` is in use: `{ $at }` { $what }

# holders/task.rs
a-path-that-cannot-be-read = (a path that cannot be read)
on-a-mount-that-no-process-shows = { $path } (on a mount that no process shows, so it cannot be told)
stop-every-container-of-that-volume = the engine mounted it for a container: stop every container that has this volume, or, if none runs, start and stop one; do not unmount it
