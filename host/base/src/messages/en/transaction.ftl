# transaction/app.rs
cannot-do-to-workload = cannot { $name } `{ $workload }`: { $error }

# transaction/checks.rs
what-is-live-as-volume = what is live as volume `{ $name }` at `{ $path }` is not what was put there
something-else-moves-these-directories = something else moves these directories
volume-has-something-mounted-at = volume `{ $name }` has something mounted at `{ $mount_point }`
unmount-it-and-try-again = unmount it and try again

# transaction/drop_trees.rs
its-live-is-not-the-recorded = { $sibling } (its live is not the recorded one)
not-the-recorded-one = { $sibling } (not the recorded one)
what-the-runtime-kept = what the runtime kept: { $failure }
still-there-because = { $path } ({ $reason })
and-more = and { $n } more

# transaction/exchange.rs
the-parent-of-volume-was-moved = the parent of volume `{ $name }` was moved away from `{ $parent }`
could-not-be-recorded = `{ $direction }` could not be recorded, so it did not happen
may-or-may = `{ $direction }` may or may not be on disk ({ $failure }), and what to do could not be recorded either ({ $second })
the-app-stays-down-the-next = the app stays down; the next start decides
volume-holds-a-tree = volume `{ $name }` holds a tree that this transaction knows nothing of

# transaction/foreign_start.rs
something-else-started-the-app-meanwhile = something else started the app meanwhile, so its latest writes may be a mixture; it was stopped and not started again; the state before is snapshot `{ $safety }`

# transaction/generation.rs
the-state-directory-is-older = the state directory is older than the volumes of `{ $workload }`: it knows generation { $known }, and `{ $path }` has seen { $seen }
it-was-put-back = it was put back from a copy: put the newest one back; or look at the volumes, decide about each unfinished restore with `reforge restore resolve`, and say `reforge recover --accept { $workload }`
path-does-not-read = `{ $path }` does not read
look-at-the-volumes-then-say = look at the volumes, then say `reforge recover --accept { $workload }`

# transaction/journal.rs
its-first-record-is = its first record is `{ $other }`
it-is-bytes-long = it is { $n } bytes long and was made with { $sector_bytes }
journal-of = journal of `{ $id }`: { $illegal }
the-journal-of-is-full = the journal of `{ $id }` is full after { $next } records
its-abort-file-does-not-check = its abort file does not check
the-journal-of-is-damaged = the journal of `{ $id }` is damaged: { $reason }
nothing-was-guessed-and-nothing-removed = nothing was guessed and nothing removed; `reforge restore resolve` shows what is there
cannot-be-written-down = cannot be written down: { $error }
attachment-is-missing = attachment { $digest } is missing
attachment-does-not-match-its-digest = attachment { $digest } does not match its digest
attachment-does-not-read = attachment { $digest } does not read: { $error }

# transaction/kept.rs
of-previous-data-that-restore-keeps = { $bytes } of previous data that restore `{ $id }` keeps stay beside the volumes until its window ends, and it can not be undone once this one is done
reforge-restore-finish-removes-them = `reforge restore finish { $id }` removes them

# transaction/later_writes.rs
written-to-since-and-kept = { $trees }: written to since, and kept
look-at-it-and-take = look at it, and take out what is needed; `reforge restore finish` then removes it

# transaction/lease.rs
cancelled-while-waiting-for = cancelled while waiting for `{ $workload }`
it-is = it is { $held }
the-lease-of-was-used-for = the lease of `{ $workload }` was used for `{ $workload_2 }`
cannot-lock = cannot lock `{ $workload }`: { $reason }
the-state-directory = the state directory must be on a local file system
held-by-process-since = held by { $what } (process { $pid }, since { $since })
held-by-another-process = held by another process
workload-is-held = `{ $workload }` is { $in_words }
try-again-when-it-is-done-or = try again when it is done, or wait for it with `--wait`

# transaction/lib.rs
volume-holds-a-tree-that-fits = volume `{ $name }` holds a tree that fits no row of the protocol
some-volumes-hold-the-new-tree = some volumes hold the new tree and some the old one, which fits no row of the protocol
and-the-app = { $message }, and the app could not be stopped: { $message_2 }
the-sibling-of-volume = the sibling of volume `{ $name }` is not there
the-runtime-did-not-say-how = the runtime did not say how the app was deployed
it-was-stopped-and-stays-stopped = it was stopped and stays stopped
volume-is-another-directory-than-when = volume `{ $name }` is another directory than when it was looked at
everything-was-kept-and-the-app = everything was kept and the app is not started; `reforge restore resolve { $id }` shows each tree

# transaction/places.rs
the-parent-of-volume-is-another = the parent of volume `{ $name }`, `{ $parent }`, is another directory than when the transaction began
is-its-disk-mounted = is its disk mounted?

# transaction/receipt.rs
receipt-does-not-read = receipt `{ $id }` does not read: { $reason }

# transaction/recover.rs
recovery-of = recovery of { $id }
the-host-ended-right = the host ended right after the restore was complete
it-went-on-running-while = it went on running while the host was away
stopped-something-else-had-started = stopped: something else had started it, maybe on a half-swapped set; deploy it if that cannot be
the-new-data-is-live-but-the = the new data is live, but the app was not started
it-did-not-happen-every-volume = it did not happen; every volume holds what it held before
the-host-ended-in-the-middle-every = the host ended in the middle; every volume holds what it held before

# transaction/registry.rs
restore-of-is-unfinished-it-got = restore `{ $id }` of `{ $workload }` is unfinished (it got to `{ $newest }`)
reforge-restore-resolve-shows-each-tree = `reforge restore resolve { $id }` shows each tree
more-than-one-restore-begins-with = more than one restore begins with `{ $wanted }`
there-is-no-restore = there is no restore `{ $id }`
reforge-restore-list-shows-them = `reforge restore list` shows them

# transaction/resolve.rs
resolve-of = resolve of { $id }
its-trees-cannot-be-told-apart = its trees cannot be told apart any more: only `--keep live` is possible
the-journal-of-is-being-written = the journal of `{ $id }` is being written
restore-needs-no-decision = restore `{ $id }` needs no decision
reforge-restore-show-says-how = `reforge restore show` says how it stands
volume-holds-a-tree-that = volume `{ $volume }` holds a tree that is neither old nor new
put-the-right-tree-under = put the right tree under its live name by hand, then `--keep live`

# transaction/revert.rs
stopped-something-else-had-started-it = stopped: something else had started it
could-not-be-started-again = could not be started again: { $failure }
as-it-was-before = as it was before
what-was-written-meanwhile-is-kept = what was written meanwhile is kept at { $later_writes } until the window ends
the-direction-is-in-doubt = the direction is in doubt
cannot-be-reverted-it-is = `{ $id }` cannot be reverted: it is { $phase }
every-volume-holds-what-it-held-before = every volume holds what it held before, but the app is not back: { $message }
reforge-recover-brings-it-back = `reforge recover` brings it back and ends the restore
could-not-go-back-the-app = could not go back: { $message }; the app is not started and every tree is kept
every-start-tries-again-reforge-restore = every start tries again; `reforge restore resolve { $id }` shows each tree and asks which to keep

# transaction/sector.rs
the-record-does-not-fit = the record `{ $event }` does not fit a sector ({ $n } bytes)
it-is-so-many-bytes-long = it is { $n } bytes long
its-first-record-does-not-check = its first record does not check
record-does-not-check-and-record = record { $number } does not check, and record { $after } stands behind it

# transaction/summarise.rs
restore-is-not-over = restore `{ $id }` is not over

# transaction/undo.rs
the-journal-of-restore-is-damaged = the journal of `{ $of }` is damaged
it-never-came-to-be = it never came to be
its-window-has-ended = its window has ended and the previous data is gone
it-was-undone-already = it was undone already
it-was-reverted-by-itself = it was reverted by itself
it-is-unfinished = it is unfinished
came-after-it = `{ $id }` came after it
only-the-newest-can-be-undone = only the newest can be undone
what-is-live-as-volume-is = what is live as volume `{ $name }` is not what it put there
reforge-restore-list-shows-what = `reforge restore list` shows what can be undone
restore-cannot-be-undone = restore `{ $id }` cannot be undone: { $reason }

# transaction/state.rs
record-cannot-follow = `{ $event }` cannot follow { $milestone }
is-not-down-because = `{ $workload }` is not down: { $why }
volume-was-written-to-meanwhile = something wrote to volume `{ $name }` while the app was down: `{ $path }` changed after it was exchanged
find-out-what-wrote-to-it = find out what did, for example a container that was run and removed, or `docker cp`, and try again
keep-it-off-the-volumes = keep it off these volumes as long as the restore runs, and try again
the-engines-volume-was-removed = the engine's volume was removed (`volume rm`, `compose down -v`, a prune), and what was kept beside it with it: there is nothing to go back to, and nothing else waits for it
a-volume-was-removed-by-its-engine = a volume was removed by its engine, with both of its trees
keep-live-and-restore-the-safety-snapshot = say `--keep live`, let Compose make the volume again, and restore the safety snapshot
