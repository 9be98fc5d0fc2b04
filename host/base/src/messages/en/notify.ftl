# notify/address.rs, notify/table.rs: clauses about an address that is not shown
is-not-an-address = is not an address
has-a-scheme-that-is-not-known = has the scheme `{ $scheme }`, which is none of { $known }
names-no-host = names no host
names-no-topic = names no topic, as `ntfy://ntfy.sh/TOPIC` does
names-no-chat = names no chat, as `telegram://api.telegram.org/CHAT` does
names-no-user = names no user, as `pushover://api.pushover.net/USER` does
names-no-room = names no room, as `matrix://matrix.example/!ROOM:matrix.example` does; an alias is none
names-no-sender = names no sender, as `?from=ADDRESS` does
names-no-recipient = names no recipient, as `&to=ADDRESS` does
has-no-path = has no path
has-something-behind-a-question-mark = has something behind a `?` that is not known there
has-what-is-no-address-of-mail = has in `{ $name }` what is no address of mail

# notify/send
no-answer-within = no answer within { $limit }
it-needs-a-token = it needs a token
name-the-file-of-it-with-token-file = name a file that holds it: `token_file`
it-redirects = it redirects (status { $status }), and nothing is sent to another address
write-the-address-that-it-redirects-to = write the address that it redirects to into the configuration
it-answers = it answers with status { $status }
it-answers-and-says = it answers with status { $status }: { $said }
its-host-is-not-found = its host is not found
it-cannot-be-reached = it cannot be reached: { $error }
it-cannot-be-asked = it cannot be asked: { $text }
the-mail-server-says = the mail could not be sent: { $said }
program-ended-with = `{ $shown }` ended with { $status }

# notify/words.rs: titles
told-recovered = { $workload }: snapshots work again
told-no-snapshot-tonight = { $workload }: no snapshot tonight
told-no-snapshot = { $workload }: a snapshot failed
told-no-snapshots = { $n ->
    [one] { $n } app: no snapshot
   *[other] { $n } apps: no snapshot
}
told-overdue = { $workload }: no snapshot for { $age }
told-never = { $workload }: no snapshot yet
told-drill-failed = { $workload }: a snapshot does not start
told-restore-failed = { $workload }: a restore failed
told-decision = { $workload }: a person must decide
told-restored = { $who } restored { $workload } to { $at }
told-restored-somehow = { $who } restored { $workload }
told-undone = { $who } took the restore of { $workload } back
told-undo-ends = { $workload }: undo ends in { $left }
told-weekly = Reforge: { $good } of { $n ->
    [one] { $n } app has
   *[other] { $n } apps have
} a snapshot of this week
told-night-began = { $n ->
    [one] Snapshots begin: { $n } app
   *[other] Snapshots begin: { $n } apps
}
told-night-over = { $n ->
    [one] Snapshots done: { $n } app
   *[other] Snapshots done: { $n } apps
}
told-night-failed = { $n ->
    [one] Snapshots: { $bad } of { $n } app failed
   *[other] Snapshots: { $bad } of { $n } apps failed
}
told-test = Reforge: this channel works

# notify/words.rs: lines
told-why = { $why }
told-apps = Apps: { $names }
told-last-good = Last good: { $at } ({ $age })
told-no-good-one = There is no good one
told-after-time = After { $time }
told-after-failures = { $n ->
    [one] After { $n } failure, { $time }
   *[other] After { $n } failures, { $time }
}
told-was-due = One was due at { $at }
told-snapshot-and-why = Snapshot `{ $snapshot }`: { $why }
told-proven = Snapshot `{ $snapshot }` does: proven { $at }
told-restore-and-why = Restore { $restore } ({ $who }): { $why }
told-restore-stopped = Restore { $restore } stopped: { $why }. Every tree is kept
told-resolve = To decide: `reforge restore resolve { $restore }`
told-hint = To do: { $hint }
told-down = { $time } down
told-undo-until = Undo until { $at }: `reforge restore undo { $restore }`
told-undo-until-finish = Undo until it is finished: `reforge restore undo { $restore }`
told-undone-restore = Restore { $restore } was taken back
told-undo-command = To undo: `reforge restore undo { $restore }`
told-app-and-snapshot = { $workload }: { $at }
told-app-without = { $workload }: no snapshot
told-app-and-why = { $workload }: { $why }
told-done = Done: { $names }
told-test-text = Sent by { $who }, { $at }
told-again = { $n ->
    [one] { $n } time since { $at }
   *[other] { $n } times since { $at }
}
