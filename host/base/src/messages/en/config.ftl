# config/additions.rs
workload-is-not-a-list = `workload` is not a list
there-is-no-host = there is no `[host]`
host-is-not-a-table = `host` is not a table
is-not-a-list = `{ $key }` is not a list
host-is-empty = `[host]` is empty
a-value-has-no-place = a value has no place in the text
nothing-can-be-added = nothing can be added to the configuration: { $why }
add-the-workload-by-hand-docs = add the workload by hand: `docs/configuration.md` has every key

# config/adopted.rs
it-would-be-no-toml = it would be no TOML
it-has-no-such-list = it has no such list
it-has-no-host = it has no `[host]`
another-key-would-change = another key would change
the-workload-would-be-missing = the workload would be missing
something-else-would-change = something else would change
the-workload-would-not-be-what = the workload would not be what the container is
nothing-was-written-to = nothing was written to `{ $path }`: { $what }
what-the-container-was-created-with = what the container was created with cannot be written as TOML: { $error }
is-not-utf-8-as = `{ $path }` is not UTF-8, as a configuration is

# config/api.rs
write-for-example-127-0-0 = write for example `127.0.0.1:7878`
write-an-address-for-example-10 = write an address, for example `10.0.0.2`
is-which-is-not-an-address = `{ $key }` is `{ $get_ref }`, which is not an address
hosts-has-which = `hosts` has `{ $get_ref }`, which is not the name of a host
write-it-in-lower-case = write it in lower case and without a port, for example `reforge.example`

# config/container.rs
max-instances-is-which-leaves = `max_instances` is { $get_ref }, which leaves no way back
one-runs-and-one-is-kept = one runs and one is kept: write 2 or more
the-workload-is-a-process = the workload `{ $id }` is a process and has `{ $key }`
only-a-container = only a container can have it: remove it, or set `runtime = "docker"`
container-name-is-which-no-container = `container_name` is `{ $text }`, which no container can have
write-at-least-two-of-letters = write at least two of letters, digits, `_`, `.` and `-`
ports-has-which = `ports` has `{ $get_ref }`, which is not a port
restart-is-which-is-no-policy = `restart` is `{ $get_ref }`, which is no policy
use-no-always-unless-stopped = use `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`
memory-is-which-is-no-limit = `memory` is `{ $text }`, which is no limit
write-for-example-512-mib = write for example `512 MiB` or `2 GiB`, at least `6 MiB`
cpus-is-which-is-no-limit = `cpus` is { $get_ref }, which is no limit
write-for-example-1-5 = write for example `1.5`, at least `0.01`
is-which-is-no-limit = `{ $key }` is { $number }, which is no limit
write-1-or-more = write 1 or more
labels-has-and-those-are-ours = `labels` has `{ $ours }`, and those are ours
do-not-start-a-label = do not start a label with `reforge.`
request-cannot-be-written-as-json = `request` cannot be written as JSON
use-strings-numbers-lists-and-tables = use strings, numbers, lists and tables

# config/deploy_spec.rs
write-the-command-line = write the command line as for a shell, quotes closed
has-no-volume = `{ $id }` has no volume `{ $name }`
add-the-volume-to-the-configuration = add the volume to the configuration, or deploy another image
there-is-no-image-for = there is no image for `{ $id }`

# config/duration.rs
is-not-a-duration = is not a duration
is-negative = is negative
is-longer-than-ten-years = is longer than ten years

# config/engine.rs
write-the-engine-by-hand = write `docker_socket = "{ $socket }"` into `[host]` by hand

# config/removals.rs
nothing-can-be-taken-out = nothing can be taken out of the configuration: { $why }
take-the-workload-out-by-hand = take the workload out by hand

# config/host.rs
plugin-keys-has = `plugin_keys` has `{ $get_ref }`, which is not a public key
write-the-second-line = write the second line of the file that `minisign -G` made, as it is
volume-of-has-the-scope = volume `{ $name }` of `{ $id }` has the scope `{ $scope }`, and `[host]` has no `volume_root`
add-volume-root-srv-reforge = add `volume_root = "/srv/reforge"` to `[host]`
is-which-is-not-a-path = `{ $key }` is `{ $shown }`, which is not a path
name-a-directory-or-file = name a directory or file
is-which-holds = `{ $key }` is `{ $shown }`, which holds `..`
write-the-path-out = write the path out
is-which = `{ $key }` is `{ $get_ref }`, which { $clause }
write-for-example-10s-1m-30s = write for example `10s`, `1m 30s` or `24h`

# config/lib.rs
name-the-configuration-with-config-file = name the configuration with `--config FILE`
line-not-utf-8 = `{ $path }` line { $line }: not UTF-8
save-the-file-as-utf-8 = save the file as UTF-8
there-is-no-workload = there is no workload `{ $id }`
has = `{ $path }` has: { $known }
has-no-workload-yet = `{ $path }` has none yet; `reforge workload adopt` writes one of what runs in a container

# config/names.rs
is-which-is-not-a-name = `{ $key }` is `{ $get_ref }`, which is not a name
a-name-has-1-to-63 = a name has 1 to 63 of `a-z`, `0-9`, `.`, `_` and `-`, and starts with a letter or digit

# config/problems.rs
problem-at-line = `{ $path }` line { $line }: { $message }
unknown-key = unknown key `{ $key }`
the-keys-here-are = the keys here are { $known }
the-key-is-missing = the key `{ $key }` is missing
add-the-key = add `{ $key } = …`
cannot-be = { $key_before } cannot be `{ $value }`
the-key-is-there-twice = the key `{ $key }` is there twice
keep-one-of-them = keep one of them
the-file-is-toml-docs-configuration = the file is TOML; `docs/configuration.md` has every key
the-key = the key `{ $key }`
this-line = this line
problems-in = { $n } problems in `{ $path }`: { $messages }

# config/raw.rs
the-tables-are-host-api = the tables are `[host]`, `[api]`, `[[workload]]` and `[[notify]]`
the-table-host-is-missing = the table `[host]` is missing
add-host-with-state-dir = add `[host]` with `state_dir = …`
is-not-a-list-of-tables = `{ $key }` is not a list of tables
write = write `{ $header }`

# config/volume.rs
a-second-volume-of-this-workload = a second volume of this workload is named `{ $get_ref }`
give-each-volume-its-own-name = give each volume its own `name`
scope-is-which-is-none = `scope` is `{ $get_ref }`, which is none
use-one-of = use one of { $known }
volume-has-no-source = volume `{ $name }` has no `source`
a-volume-of-scope = a volume of scope `{ $scope }` is a directory: add `source = …`
volume-has-no-target = volume `{ $name }` has no `target`
add-target-where-the-app-sees = add `target = …`: where the app sees the volume
source-is-which = `source` is `{ $text }`, which { $clause }
is-not-absolute = is not absolute
write-a-path-that-starts = write a path that starts with `/`, or use the scope `project`
is-absolute = is absolute
write-a-path-below-the-volume = write a path below the volume root, or use the scope `absolute`
holds-a-zero-byte = holds a zero byte
remove-it = remove it
names-no-directory = names no directory
name-the-directory = name the directory
holds-two-dots = holds `..`
holds-an-empty-part-or = holds an empty part or `.`
write-the-path-without = write the path without `//`, `.` and a `/` at the end
holds-a-name-that-is-kept = holds a name that is kept for restores
do-not-start-a-name = do not start a name with `.reforge-`
target-is-which-is-no-place = `target` is `{ $get_ref }`, which is no place in an app
write-an-absolute-path-without-and = write an absolute path without `..` and `:`
the-workload-has-volume-name = the workload `{ $id }` has `{"{"}volume:NAME{"}"}` in its `environment`
only-command-and-the-command = only `command` and the command of `health` can hold it
which-has-the-scope = which has the scope `{ $scope }` and no directory of ours
which-the-workload-does-not-have = which the workload does not have
the-workload-uses-the-volume = the workload `{ $id }` uses the volume `{ $name }`, { $clause }
add-a-workload-volume = add a `[[workload.volume]]` of that name, or correct `{"{"}volume:NAME{"}"}`
is-the-machines-own = is the machine's own and no data of an app
leave-it-out-what-a-container = leave it out: what else a container sees stands in `request`
capture-means-nothing = `capture` says nothing of a volume of the scope `{ $scope }`
only-directories-are-captured = remove it: no volume of that scope is ever captured

# config/engine_volume.rs
engine-volume-of-a-process = `engine_volume` is `{ $shown }`, and the workload is a process
only-a-container-has-one = only a container has volumes of an engine: remove it
engine-volume-is-no-name = `engine_volume` is `{ $shown }`, which is no engine's name of a volume
write-the-name-that-docker-volume-ls-shows = write the name that `docker volume ls` shows
engine-volume-has-the-scope = the volume of the engine `{ $shown }` has the scope `{ $scope }`
write-scope-absolute-and-its-directory = write `scope = "absolute"`, and as `source` the directory that the engine names
source-is-of-another-engine-volume = `engine_volume` is `{ $shown }`, and `source` is the directory of the volume `{ $of }`
write-what-docker-volume-inspect-says = write the `Mountpoint` that `docker volume inspect { $shown }` says
is-the-engines-own-directory-of-the-volume = is the engine's own directory of the volume
write-its-data-directory = write `{ $text }/_data`: what lies beside it would become a volume

# config/matching.rs
the-snapshot-names-volume-twice = the snapshot names volume `{ $shown }` twice
volume-of-the-snapshot = volume `{ $shown }` of the snapshot is not declared by workload `{ $id }`
declare-it-or-leave = declare it, or leave it out with `--leave { $shown }`
volume-has-the-scope = volume `{ $shown }` has the scope `{ $scope }` in the snapshot and `{ $scope_2 }` in the configuration
volume-has-the-scope-which = volume `{ $shown }` has the scope `{ $scope }`, which is never restored
volume-is-not-in-the-snapshot = volume `{ $name }` is not in the snapshot
leave-says-that-it-stays = `--leave { $name }` says that it stays as it is
there-is-no-volume-to-leave = there is no volume `{ $name }` to leave as it is
there-is-no-volume-to-restore = there is no volume to restore
two-volumes-of-the-snapshot-onto = two volumes of the snapshot go onto volume `{ $name }`
volume-is-only-mounted-now = volume `{ $shown }` is in the snapshot and only mounted now, and stays as it is
volume-is-only-mounted = volume `{ $name }` is only mounted, and no restore touches it
capture-false-says-that-it-stays = `capture = false` says so; take it out to have the volume restored
volume-was-seen-where-another-is = volume `{ $name }` of the snapshot was at `{ $then }` in the app, where volume `{ $there }` is now; volume `{ $name }` is at `{ $now }`
volume-was-seen-elsewhere = volume `{ $name }` of the snapshot was at `{ $then }` in the app, where no volume is now; volume `{ $name }` is at `{ $now }`
map-says-which-of-the-two = say which it is: `--map { $name }={ $there }` goes by the place in the app, `--map { $name }={ $name }` by the name
map-says-that-it-is-the-same = `--map { $name }={ $name }` says that it is the same volume at another place; another name there, that it is that one
map-says-that-it-is = `--map { $shown }={ $there }` says that it is the volume `{ $there }`, which the app sees at the same place
the-snapshot-has-no-volume-to-map = the snapshot has no volume `{ $name }` that could be mapped

# config/workload.rs
a-second-workload-has-the-id = a second workload has the id `{ $get_ref }`
give-each-workload-its-own-id = give each workload its own `id`
id-is-and-names-that-end = `id` is `{ $id }`, and names that end in `{ $preview_suffix }` are for previews
give-the-workload-another-id = give the workload another `id`
the-workload-is-a-process-and = the workload `{ $id }` is a process and has no `command`
add-command-usr-bin-app = add `command = ["/usr/bin/app"]`
the-workload-runs-in-docker = the workload `{ $id }` runs in docker and has no `image`
add-image-registry-name-tag = add `image = "registry/name:tag"`
the-workload-is-a-process-and-has = the workload `{ $id }` is a process and has an `image`
the-image-of-a-process = the image of a process is its `command`: remove `image`, or set `runtime = "docker"`
image-is-empty = `image` is empty
write-for-example-registry-name-tag = write for example `registry/name:tag`
is-empty = `{ $key }` is empty
write-for-example-usr-bin-app = write for example `["/usr/bin/app", "--flag"]`
key-holds-a-zero-byte = `{ $key }` holds a zero byte
of-health-is-zero = `{ $key }` of `health` is zero
write-for-example-1s = write for example `1s`
environment-has-the-name = `environment` has the name `{ $name }`, which no variable can have
a-name-is-not-empty = a name is not empty and holds no `=`
the-value-of-in-environment-holds = the value of `{ $name }` in `environment` holds a zero byte
user-is-which = `user` is `{ $name }`, which is not a user
write-a-name-or-uid-gid = write a name or `UID:GID`
stop-signal-is = `stop_signal` is `{ $get_ref }`, which does not ask an app to end
use-these = use { $known }
problems-in-the-configuration = { $n } problems in the configuration: { $messages }
there-are-these = there are: { $known }

# config/in_code.rs
in-the-configuration-is-not-absolute = `{ $path }` in the configuration is not absolute
a-configuration-that-is-made = a configuration that is made in code has no directory
a-memory-limit-of-bytes-cannot = a memory limit of { $bytes } bytes cannot be written in KiB
give-one-that-is-a-multiple = give one that is a multiple of 1024

# config/workload.rs
the-key-runtime-cannot-be = the key `runtime` cannot be `{ $text }`
use = use { $known }
use-or-register-a-runtime = use { $known }, or register a runtime of that name when the host is built
the-workload-has-neither-an-image = the workload `{ $id }` has neither an `image` nor a `command`
add-the-one-that-its-runtime = add the one that its runtime takes
the-workload-is-no-compose-project = the workload `{ $id }` has `compose` and is no Compose project
set-runtime-to-compose = set `runtime = "compose"`, or remove `compose`
the-workload-has-no-compose-project = the workload `{ $id }` does not say which Compose project it is
add-workload-compose-or-adopt = add `compose = {"{"} project = …, working_dir = …, config_files = […] {"}"}`, or let `reforge workload adopt --compose PROJECT` write it
the-workload-is-a-compose-project = the workload `{ $id }` is a Compose project and has `{ $key }`
its-compose-files-say-that = its Compose files say that: remove the key
target-is-which-is-no-place-of-a-service = `target` is `{ $text }`, which is no place of a service
write-service-and-path = write SERVICE:PATH, for example `db:/var/lib/postgresql/data`
project-is-which-is-no-project = `project` of `compose` is `{ $name }`, which is no project's name
write-what-docker-compose-ls-shows = write the name that `docker compose ls` shows
config-files-is-empty = `config_files` of `compose` is empty
write-the-paths-of-the-compose-files = write the absolute paths of the project's Compose files
path-of-compose-is-not-absolute = `{ $path }` of `compose` is not absolute

# config/notify.rs
language-is-which = `language` is `{ $get_ref }`, which is no language of ours
two-channels-are-called = two channels are called `{ $name }`
give-each-another-name = give each another `name`
url-of-a-channel = `url` { $clause }
docs-notifications-has-a-block-for-each = write `url` or `command`; `docs/notifications.md` has a block for each receiver
command-of-a-channel-is-empty = `command` names no program
write-program-and-arguments = write program and arguments, for example `["/usr/local/bin/tell", "ops"]`
a-channel-has-one-of-both = a channel has either `url` or `command`
this-channel-takes-no-token = this channel takes no token
remove-token-file = remove `token_file`: what lets it in stands in its address
who-is-pinged-hears-of-nights-alone = a channel that is pinged hears of nights alone
remove-on = remove `on`, and make another channel for messages
on-has-which = `on` has `{ $get_ref }`, which nothing is called
name-a-workload-of-this-file = name a workload of this file

# config/capturing.rs
consistency-is-which-is-none = `consistency` is `{ $text }`, which is no way to take a snapshot
write-stop-pause-or-live = write `stop`, `pause` or `live`
hook-of-no-member = a hook of `{ $key }` does not say in which member it runs
add-the-member-of-a-hook = add `member`, a service of the project
hook-of-a-member = a hook of `{ $key }` names a member, and the app has none
leave-the-member-of-a-hook-out = remove `member`
health-of-no-member = `health` does not say in which member its command runs
health-of-a-member = `health` names a member, and the app has none
health-of-a-member-names-a-volume = the command of `health` holds `{"{"}volume:NAME{"}"}`, and each member of a project sees a volume at a place of its own
write-the-path-that-the-member-sees = write the path that the member sees
limit-is-zero = `{ $key }` is zero
write-for-example-60s = write for example `60s`
