# runtime/process/control.rs
the-supervisor-in-does-not-answer = the supervisor in `{ $at }` does not answer: { $error }
see-what-its-process-named = see what its process, named in state.json, is doing
the-supervisor-in-does-not-end = the supervisor in `{ $at }` does not end

# runtime/process/conversation.rs
cannot-watch-signals = cannot watch signals: { $error }
cannot-wait = cannot wait: { $errno }
not-a-request = not a request: { $error }
a-health-check-is-under-way = a health check is under way

# runtime/process/health.rs
cancelled-before-the-app-was-known = cancelled before the app was known to be healthy
ran-for = ran for { $settle }
the-health-check-passed = the health check passed
the-app-did-not-settle = the app did not settle
the-health-check = the health check { $why }
until-the-limit-of = { $why }, until the limit of { $limit }
could-not-be-run = could not be run: { $failure }
could-not-be-run-the-supervisor = could not be run: the supervisor is gone
passed-but-the-app-ended-meanwhile = passed, but the app ended meanwhile
the-app-ended-times-and-last = the app ended { $ends } times and { $how } last
the-app = the app { $how }
it-said = { $reason }; it said: { $said }
the-supervisor-is-gone-so-nobody = the supervisor is gone, so nobody knows
the-supervisor-answered-something-else = the supervisor answered something else: { $answer }

# runtime/process/identity.rs
cannot-signal-process = cannot signal process { $pid }: { $error }
cannot-look-at-process = cannot look at process { $pid }: { $error }

# runtime/process/launch.rs
the-file-is-there-the-interpreter = the file is there: the interpreter or loader that it names is not
a-script-needs-and-its-interpreter = a script needs `#!` and its interpreter in the first line
may-the-apps-user-reach = may the app's user reach and run the file?
has-no-command = `{ $workload }` has no command
the-command-is-not-absolute = the command `{ $shown }` is not absolute
write-the-whole-path = write the whole path, or a name without `/` to look it up in PATH
cannot-run = cannot run `{ $shown }`: { $why }
no-such-file-in-path = no such file in PATH
path-is = PATH is { $search }
no-such-file = no such file
is-not-a-file = is not a file
is-not-executable = is not executable

# runtime/process/mod.rs
was-never-deployed = `{ $workload }` was never deployed

# runtime/process/place.rs
cannot-be-the-name = `{ $name }` cannot be the name of a workload
is-damaged-so = `{ $name }` is damaged: { $error }
make-sure-that-nothing = make sure that nothing of this workload runs, move the file away, deploy again
cannot-write-down = cannot write down { $name }: { $error }

# runtime/process/probe.rs
there-is-no-health-check = there is no health check
took-longer-than = took longer than { $limit }

# runtime/process/start.rs
the-runtime-was-given-no-command = the runtime was given no command for its supervisor
the-supervisor-ended-without-a-word = the supervisor `{ $name }` ended without a word
may-say-why = `{ $log }` may say why
it-did-not-say-anything = it did not say anything

# runtime/process/stop.rs
still-alive-after-sigkill-process = still alive after SIGKILL: process { $pids }
it-may-hang-in-its-file = it may hang in its file system; see its state in `ps -o pid,stat,wchan,args`
is-not-a-signal-to-stop = `{ $name }` is not a signal to stop an app with
one-of = one of { $names }
signal-number = signal { $number }

# runtime/process/supervise.rs
has-a-supervisor-already = `{ $at }` has a supervisor already

# runtime/process/supervisor.rs
there-is-no-spec-json-in = there is no spec.json in `{ $at }`
cannot-wait-for-children = cannot wait for children: { $errno }
ended-and-runs-again = ended and was started again
ended-with-status-0 = ended with status 0
ended-with-status = ended with status { $code }
was-killed-by = was killed by { $signal_name }
ended = ended
path-and-what = { $path } { $reason }
still-alive-after-sigkill-and-why = still alive after SIGKILL: process { $pids } ({ $refused })
its-runtime-still-has-it = its runtime still has something of it alive

# runtime/lib.rs
the-image-of-changed-since-the-stop = the program of `{ $workload }` is not the one that was stopped
deploy-it-to-run-what-is-there-now = put the old file back, or deploy the workload to run what is there now

# runtime/process/freeze
its-processes-do-not-stand-still = the app's processes do not stand still: { $why }
processes-run-on = { $pids } still run after { $limit }
the-kernel-does-not-freeze-them = the kernel did not freeze them within { $limit }
what-is-frozen-is-not-understood = what is frozen is not understood: { $error }
its-runtime-freezes-nothing = what runs `{ $workload }` freezes nothing
take-it-with-stop-or-live = take the snapshot with `--consistency stop` or `live`
its-runtime-runs-no-hooks = what runs `{ $workload }` runs no hooks
remove-the-hooks = remove `before_snapshot` and `after_snapshot` from the workload
cannot-read-what-a-hook-says = cannot read what a hook says: { $error }
