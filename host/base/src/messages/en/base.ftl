# base/account.rs
cannot-run-as-user = cannot run as user `{ $shown }`: { $why }
there-is-no-such-user = there is no such user
a-number-without-an-entry-needs = a number without an entry needs its group: `uid:gid`
the-host-is-not-root = the host is not root
it-is-in-too-many-groups = it is in too many groups

# base/durable.rs
the-file-system-has-lost = the file system has lost or may lose data
is-no-file = `{ $path }` is no file
what-it-held-is-in-now = what it held is in `{ $temporary }` now
run-as-root = run as root, or as its owner
changed-meanwhile-and-was-left = `{ $named }` changed meanwhile, and was left as it is now
try-again = try again
look-for-disk-errors = look for disk errors in the kernel log; whatever was written below `{ $path }` last may be lost

# base/failure.rs
run-as-root-or = run as root or as the user who owns it all, or make it readable

# base/limits.rs
is-one-of-too-many-names = is one of too many: names, link targets and attributes of one volume come to more than { $n } bytes
has-a-name-of-bytes = has a name of { $longest } bytes; the limit is { $limit }
has-a-path-of-bytes = has a path of { $n } bytes; the limit is { $limit }
is-directories-deep-the-limit-is = is { $depth } directories deep; the limit is { $limit }
is-a-file-of-bytes = is a file of { $bytes } bytes; the limit is { $limit } (16 TiB)
is-a-symbolic-link = is a symbolic link with an impossible target of { $n } bytes
has-extended-attributes-the-limit-is = has { $n } extended attributes; the limit is { $limit }
has-bytes-of-extended-attributes = has { $bytes } bytes of extended attributes; the limit is { $limit }
has-an-extended-attribute = has an extended attribute that is too large

# base/mounts/location.rs
is-the-same-directory-as = is the same directory as { $what }
lies-inside = lies inside { $what }
contains = contains { $what }

# base/mounts/mod.rs
a-line-that = a line that is not as documented

# base/not_captured.rs
not-captured-configured = `{ $target }`: `{ $what }` is only mounted (`capture = false`)
not-captured-other-driver = `{ $target }`: the volume `{ $what }` is of the driver `{ $detail }`
not-captured-mounted-over = `{ $target }`: the volume `{ $what }` is mounted from elsewhere ({ $detail })
not-captured-anonymous = `{ $target }`: the anonymous volume `{ $what }`
not-captured-single-file = `{ $target }`: `{ $what }` is a single file
not-captured-read-only = `{ $target }`: the app can only read `{ $what }`
not-captured-in-memory = `{ $target }` is in memory
not-captured-gone = `{ $target }`: `{ $what }` is not there
not-captured-of-the-machine = `{ $target }`: `{ $what }` is the machine's or the engine's
not-captured-not-a-volume = `{ $target }`: `{ $what }` is no volume in the configuration
not-captured-other = `{ $target }`: `{ $what }`

# base/remark.rs
names-and-more = { $names } and { $more } more
remark-changed = volume `{ $volume }`: { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} changed while the snapshot was taken, and may be in it half old, half new, filled up with zeros, or not at all: { $names }
remark-leads-out = volume `{ $volume }`: what { $n ->
    [one] { $n } link leads
   *[other] { $n } links lead
} to is not in the snapshot, and no restore brings it back: { $names }
remark-links-refused = volume `{ $volume }`: { $n ->
    [one] { $n } link
   *[other] { $n } links
}, which a restore refuses unless the workload says `links = "contained"`: { $names }
remark-names-outside = volume `{ $volume }`: { $n ->
    [one] { $n } file has
   *[other] { $n } files have
} further names outside of it (hard links), and a restore makes a file of its own: { $names }
remark-special = volume `{ $volume }`: { $n ->
    [one] { $n } socket or fifo is
   *[other] { $n } sockets or fifos are
} left out: { $names }
remark-flags = volume `{ $volume }`: { $n ->
    [one] { $n } entry has
   *[other] { $n } entries have
} inode flags or a project id that no restore brings back (`chattr` sets them again): { $names }
remark-attributes = volume `{ $volume }`: { $n ->
    [one] { $n } entry has an attribute
   *[other] { $n } entries have attributes
} that only a file system of this kind takes: { $names }
remark-emptied = volume `{ $volume }` is empty, and held { $n ->
    [one] { $n } entry
   *[other] { $n } entries
} in the snapshot before: is its disk mounted?
remark-gone = volume `{ $volume }` of the snapshot before is not in this one
remark-other = volume `{ $volume }`: { $n } × { $names }

# base/random.rs
the-system-gives-no-random-bytes = the system gives no random bytes: { $error }

# base/rights.rs
belongs-to-another-user = belongs to another user
belongs-to-a-group-of-others = belongs to a group of others
may-not-be-read = may not be read

# base/signature.rs
plugin-keys-of-the-configuration-says = `plugin_keys` of the configuration says whose plugins may be used; sign it with `minisign -S`
the-plugin-has-no-signature = the plugin has no signature, and one is required
the-plugins-signature = the plugin's signature is not one of minisign
the-plugins-signature-is = the plugin's signature is of none of the configured keys, or of other bytes

# base/spec/mod.rs
in-the-command-names-a-volume = `{ $shown }` in the command names a volume that the workload lacks

# base/state_dir/mod.rs
if-its-disk-is-not-mounted = if its disk is not mounted, mount it; on a new host run `reforge init`
the-state-directory-has-no-host = the state directory `{ $root }` has no host id
the-state-directory-lacks = the state directory `{ $root }` lacks `{ $name }`
the-snapshot-directory-has-no-host = the snapshot directory `{ $snapshots }` has no host id, so it is not the one this host used before
is-missing = `{ $path }` is missing
is-damaged = `{ $path }` is damaged
is-being-initialised-by-another-process = `{ $root }` is being initialised by another process
try-again-when-it-is-done = try again when it is done
the-state-directory-and-the-snapshot = the state directory `{ $root }` and the snapshot directory `{ $snapshots }` belong to different hosts: one of them is not the one this host used before
mount-the-right-disk-or-correct = mount the right disk or correct the configuration; to adopt the snapshots, remove `{ $host_id_copy }` there and run `reforge init`
put-the-file-back = put the file back from a backup, or remove it and run `reforge init`
does-not-exist = `{ $shown }` does not exist
run-as-the-user-who-owns = run as the user who owns it
is-not-a-directory = `{ $shown }` is not a directory
name-a-directory-in-host = name a directory in `[host]`
run-as-the-user-who-owns-it = run as the user who owns it, or change its owner; a file system that keeps no owners (NTFS, exFAT, a NAS) is mounted with `uid={ $uid },umask=077`
can-be-written-by-others = `{ $shown }` can be written by others
chmod-700 = `chmod 700 { $shown }`; a file system that keeps no modes (NTFS, exFAT, a NAS) is mounted with `uid={ $uid },umask=077`
the-state-directory-is-not-writable = the state directory is not writable
make-room-there-or-mount = make room there, or mount it for writing

# base/threads.rs
the-system-gives-no-thread = the system gives no thread: { $error }
see-the-limits-of-this-process = see the limits of this process (`ulimit -a`, its control group)

# base/state_dir/mod.rs
path-belongs-to-another-user = `{ $shown }` belongs to another user

# What to do about a refusal that says nothing better itself.
usual-hint-usage = `reforge help` says what can be asked for
usual-hint-not-found = see `reforge workload list`, `reforge snapshot list` and `reforge restore list`
usual-hint-busy = try again when that is over, or use `--wait`
usual-hint-drift = make a new plan and look at it again
usual-hint-volume-refused = put the volume or the configuration right, and look at the plan again
usual-hint-archive-refused = one such entry refuses the whole archive, and nothing of it is restored: restore another snapshot, or look at this one with `tar -tvzf`
usual-hint-policy-refused = allow it in the workload's configuration if that is meant, or take it out
usual-hint-snapshot-damaged = restore another snapshot; `reforge snapshot verify` says which are whole
usual-hint-no-space = free some space on that file system and try again
usual-hint-not-down = end whatever still uses the volume, and try again
usual-hint-out-of-order = the restore plugin made a mistake: use another one with `--plugin FILE`
usual-hint-too-large = no restore takes that much at once: split it up
usual-hint-needs-operator = everything was kept; `reforge restore list` shows what waits for a decision
usual-hint-unfinished = `reforge recover` settles it, as every command that changes something does first
usual-hint-engine-too-old = use a newer engine
usual-hint-plugin-refused = a plugin is a component of the world `reforge:restore/restore-plugin@0.1.0`
usual-hint-state-refused = correct `state_dir` in `[host]`, or mount what belongs there
