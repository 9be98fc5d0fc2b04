# snapshots/capture/ahead.rs
the-snapshot = the snapshot

# snapshots/capture/cutter.rs
became-shorter-while-it-was-read = became shorter while it was read

# snapshots/capture/landing.rs
may-have-a-write-under-way = may have a write under way, which cannot be told: { $errno }
is-open-for-writing = is open for writing, or a write of a process that has ended is still under way

# snapshots/capture/mod.rs
the-snapshot-was-stopped = the snapshot was stopped

# snapshots/capture/ordered.rs
a-thread-of-the-snapshot-ended = a thread of the snapshot ended unexpectedly

# snapshots/capture/proof.rs
the-new-archive-is-not-what = the new archive is not what was written at byte { $offset }
check-the-disk-dmesg-smartctl = check the disk (`dmesg`, `smartctl`)

# snapshots/capture/sha256.rs
cannot-start-a-thread = cannot start a thread of the snapshot: { $error }

# snapshots/capture/source.rs
cannot-write-the-manifest = cannot write the manifest: { $error }
is-a-device-node = is a device node
is-of-a-kind = is of a kind that is not known
changed-while-it-was-read = changed while it was read
so-that-this-host = { $problem }, so that this host could not bring it back

# snapshots/capture/worker.rs
cannot-compress-the-archive = cannot compress the archive: { $error }

# snapshots/capture/writer.rs
the-archive-would-fill-the-disk = the snapshot was stopped and what was written of it is removed
free-some-space-where-snapshots = free some space where snapshots are kept, or delete old snapshots

# snapshots/lib.rs
was-cancelled = { $what } was cancelled

# snapshots/project_files.rs
snapshot-has-no-project-files = snapshot `{ $id }` says nothing of a Compose project
take-them-out-with-tar = if its archive holds a project's files, `tar -xzf ARCHIVE project` takes them out
its-project-files-are-not-what = the project's file `{ $name }` in it is not what was written
its-project-files-cannot-be-read = the project's files in it cannot be read
directory-is-not-empty = the directory `{ $directory }` is not empty
project-files-never-go-over-others = name an empty directory, or one that does not exist: no file of yours is ever overwritten

# snapshots/store/check.rs
its-descriptors-project-does-not-fit = its descriptor says of the project's files what cannot be
snapshot-is-damaged = snapshot `{ $id }` is damaged: { $what }
restore-another-snapshot = restore another snapshot; this one can only be deleted, or its archive imported again
snapshot-is-gone = snapshot `{ $id }` is gone
its-descriptor-is-too-long = its descriptor is too long
its-descriptor-cannot-be-read = its descriptor cannot be read ({ $error })
its-archive-has-bytes-instead-of = its archive has { $size } bytes instead of { $expected }
its-format-is = its format is not one that this version reads
its-descriptor-is-of-another-snapshot = its descriptor is of another snapshot
its-descriptor-is-of-another-workload = its descriptor is of another workload
it-is-of-workload-import-it = it is of workload `{ $of }`: `reforge import { $id }.tar.gz --workload { $workload }` takes it in for this one
its-descriptor-names-a-volume-twice = its descriptor names a volume twice
its-descriptor-does-not-say = its descriptor does not say the same volumes twice
its-volumes-are-not-numbered = its volumes are not numbered one after the other
its-descriptor-counts-more = its descriptor counts more than there can be
its-descriptor-has-no-digest = its descriptor has no digest of the archive
its-descriptor-has-no-digest-of = its descriptor has no digest of a volume
its-descriptors-parts-do-not-fit = its descriptor's parts do not fit the archive

# snapshots/store/mod.rs
cannot-read-snapshot = cannot read snapshot `{ $id }`: { $error }
more-than-one-snapshot-of-begins = more than one snapshot of `{ $workload }` begins with `{ $name }`
there-is-no-snapshot-of = there is no snapshot `{ $name }` of `{ $workload }`
snapshot-is-needed-by-a-restore = snapshot `{ $id }` is needed by a restore that is not finished
finish-the-restore-first-reforge-restore = finish the restore first (`reforge restore list`), or wait until its undo window ends
a-deletion-wants-the-whole-id = a deletion wants the whole id: `{ $whole }`
a-beginning-names-it-everywhere-else = a beginning names it everywhere else
its-descriptor-is-missing = its descriptor is missing
its-archive-is-missing = its archive is missing
the-bundle-is-damaged = the bundle is damaged: { $what }
it-is-no-bundle = it is no bundle
it-cannot-be-read = it cannot be read: { $error }
it-ends-too-early = it ends too early
export-it-once-more-and-compare = export it once more, and compare the two files after copying
its-descriptor-is-not-of-its-archive = its descriptor is not of its archive
its-descriptor-is-not-text = its descriptor is not text
reading-the-snapshot = reading the snapshot
its-archive-cannot-be-read = its archive cannot be read: { $error }
its-archive-does-not-match = its archive does not match its digest

# snapshots/store/names.rs
there-are-none-yet-take = there are none yet; take one with `reforge snapshot create`
nearest = nearest: { $shown }

# snapshots/store/pending.rs
no-free-snapshot-id-was-found = no free snapshot id was found
cannot-write-the-descriptor = cannot write the descriptor: { $error }

# snapshots/tree.rs
the-root-of-volume = the root of volume `{ $volume }`
in-volume = `{ $path }` in volume `{ $volume }`
no-restore-could-bring-it-back = no restore could bring it back: move it out of the volume
something-still-writes-to-the-volume = something still writes to the volume: find it (`fuser -vm`, `lsof +D`) and stop it
the-app-is-writing-try-again = the app is writing: try again, or stop the app first
was-replaced-while-it-was-read = was replaced while it was read
vanished-while-it-was-read = vanished while it was read
is-on-another-mount-or-file = is on another mount or file system than its volume
unmount-it-or-move = unmount it, or move it out of the volume

# snapshots/walk.rs
no-restore-could-bring-it-back-shorten = no restore could bring it back: shorten it or move it away
entry-and-what = { $name } { $what }
is-not-the-name-of-a-snapshot = `{ $name }` is not the name of a snapshot
is-not-the-name-of-a-workload = `{ $name }` is not the name of a workload
the-entry-list = the entry list
the-entry-list-is-damaged = the entry list is damaged
