# docker/adopt.rs
there-is-no-container = there is no container `{ $shown }`
see-docker-ps-all = see `docker ps --all`
the-container-is-workload-already = the container { $shown } is workload `{ $owner }` already
see-reforge-workload-list = see `reforge workload list`
the-container-has-no-directory = the container { $shown } has no directory of this machine to write to
the-container-has-only-the-machines = the container { $shown } has no directory of its own to write to: `{ $source }` is none, { $why }
only-bound-directories-are-captured = only bound directories are captured and restored: copy a named volume into one first
there-is-a-workload-of-that-name = there is a workload `{ $owner }` already, and its container is still there
adopt-under-another-id = adopt it under another name with `--id`
the-configuration-has-another-directory = at `{ $target }` the container has `{ $deployed }`, and the configuration has `{ $configured }`
correct-its-source-then-adopt-again = correct `source` of that volume in the configuration, then adopt it again
the-container-has-nothing-at = the container { $shown } has no directory at `{ $target }`, where volume `{ $volume }` is configured
take-the-volume-out-then-adopt-again = take the volume out of the configuration, or correct its `target`, then adopt it again

# docker/again.rs
took-the-place-of-what-was-adopted = the container { $shown } has taken the place of the one that was adopted, and is another: { $differences }
workload-adopt-takes-it-as-it-is = `reforge workload adopt { $name } --id { $workload }` takes it over as it is now; `reforge deploy { $workload }` shows what the configuration would make of it
took-the-place-and-is-followed = the container { $shown } has taken the place of the one that was adopted, and is taken for it
created-with-the-same = it was created with the same image, settings and directories
the-adopted-container-is-gone = the container `{ $name }` is gone: something removed it
make-it-again-with-what-made-it = it is not made anew here: make `{ $name }` again with what made it, then `reforge recover`
sees-another-directory = the container { $shown } sees another directory at `{ $target }` ({ $given }) than `{ $path }` is ({ $live }); it was stopped
an-engine-kept-an-old-mount = the engine may hold an old mount of a volume: stop every container that has it, then try again

# docker/off_limits.rs
it-is-the-whole-machine = it is the root of the machine
it-is-the-kernels = it belongs to `{ $whose }`, which is the system's
it-holds-the-engines-socket = the engine's socket `{ $socket }` is in it
it-is-the-engines-root = it belongs to the engine's own directory `{ $root }`
it-is-no-directory = it is no directory
it-is-the-systems = it is a directory of the system

# docker/privileges.rs
the-engines-record-cannot-be-made-durable = what the engine keeps about the container { $shown } cannot be made durable ({ $reason }): after a power cut it could start the app on half a set
run-as-root-not-only = run the host as root: to be in the group of the engine's socket is not enough

# docker/start.rs
the-container-that-was-stopped-is-gone = the container `{ $name }` ({ $id }) that was stopped is gone
reforge-deploy-makes-it-anew = `reforge deploy { $workload }` makes one as configured

# docker/changes.rs
ask-what-the-container-has-changed = ask what the container { $shown } has changed
the-container-has-changed-files-outside = the container { $shown } has changed files outside of its volumes: { $named }
the-container-has-changed-more-files-outside = the container { $shown } has changed files outside of its volumes: { $named } and { $n } more
a-restore-creates-it-anew-without = a restore creates it anew without them

# docker/client.rs
ask-the-engine-which-api = ask the engine which API it speaks
cannot-do = cannot { $doing }: { $error }
docker-socket-is = `docker_socket` is `{ $socket }`, which is not UTF-8
the-engine-at-speaks-the-api = the engine at `{ $socket }` speaks the API { $version }, which is too old
use-docker-engine-20-10 = use Docker Engine 20.10 or newer (API 1.41)
the-client-gave-up-on-it = the client gave up on it

# docker/container.rs
list-the-containers-of = list the containers of `{ $workload }`
look-at-the-container = look at the container `{ $id }`
the-engine-does-not-say = the engine does not say { $what } of a container
the-id = the id
when-it-was-created = when it was created
the-engine-does-not-say-what = the engine does not say what the container { $shown } is doing

# docker/controllers.rs
the-swarm-service = the swarm service `{ $name }`
the-kubernetes-pod = the Kubernetes pod `{ $name }`
the-nomad-allocation = the Nomad allocation `{ $name }`
the-ecs-task = the ECS task `{ $name }`
the-balena-service = the balena service `{ $name }`
the-container-belongs-to-which-starts = the container { $shown } belongs to { $controller }, which starts it again
remove-it-from-its-controller = remove it from its controller and deploy it here
ask-the-engine-about-its-swarm = ask the engine about its swarm

# docker/create.rs
has-containers-that-undo-windows-need = `{ $shown }` has { $needed } containers that undo windows need, of { $max } that there may be
end-an-undo-window-with-reforge = end an undo window with `reforge restore finish`, or raise `max_instances`
rename-the-container = rename the container { $shown }
create-the-container = create the container `{ $name }`
join-the-network = join the network `{ $network }`
make-a-container-that-keeps = make a container that keeps the volumes of { $shown }
start-the-container = start the container `{ $name }`
remove-the-container = remove the container { $shown }
the-container-cannot-be-started = the container `{ $name }` cannot be started: { $said }
the-container-cannot-be-started-not-executable = the container `{ $name }` cannot be started: { $said } (not executable)
correct-command-or-entrypoint-or-deploy = correct `command` or `entrypoint`, or deploy another image

# docker/definition.rs
differs-image = image { $before }, now { $now }
differs-environment = environment { $names }
differs-settings = settings { $names }
differs-mount = at `{ $target }` { $before }, now { $now }
differs-mount-new = at `{ $target }` nothing, now { $now }
differs-mount-gone = at `{ $target }` { $before }, now nothing

# docker/deployed.rs
list-the-containers-of-this-host = list the containers of this host

# docker/engine_volumes.rs
the-engine-has-no-volume = volume `{ $volume }` is the engine's `{ $shown }`, and the engine has none of that name
its-data-would-be-empty = a container would get an empty one: make it with what made it before (`docker compose create`, `docker volume create`), then restore a snapshot
the-engine-has-the-volume-elsewhere = volume `{ $volume }` is the engine's `{ $shown }`, which is at `{ $there }` and configured at `{ $live }`
write-it-as-source = write `source = "{ $there }"`

# docker/errors.rs
it-does-not-say-which-api = it does not say which API it speaks
cannot-the-engine-at-cannot = cannot { $doing }: the engine at `{ $at }` cannot be reached: { $why }
start-the-engine-or-correct-docker = start the engine, or correct `docker_socket` in `[host]`; what it runs is not known meanwhile
cannot-the-engine = cannot { $doing }: the engine at `{ $at }` did not answer within { $limit }
look-at-the-engines-log-nothing = look at the engine's log; nothing is assumed about it
something-else-removed-it-just-now = something else removed it just now: look, then try again
cannot-the-engine-said = cannot { $doing }: the engine said: { $message } ({ $status })
cannot-the-engines-answer = cannot { $doing }: the engine's answer is not understood: { $why }
what-and-why = { $text }: { $more }

# docker/health.rs
something-removed-the-container-so-nobody = something removed the container, so nobody knows
the-health-check-passed-but = the health check passed, but the app ended meanwhile
the-images-health-check-ended = the image's health check ended with status { $code }
the-images-health-check-passed = the image's health check passed
run-the-health-check = run the health check
its-container-ended = its container ended
look-at-the-health-check = look at the health check

# docker/hold.rs
set-the-restart-policy = set the restart policy of the container { $shown }
pause-the-container = pause the container { $shown }
the-engine-keeps-the-policy = the engine keeps the restart policy of the container { $shown } as it was

# docker/images.rs
find-the-image = find the image `{ $image }`
the-image-that-runs = the image `{ $image }` that runs is not there any more (`{ $id }`)
pull-or-load-exactly-that-image = pull or load exactly that image, or deploy another one first
pull-the-image = pull the image `{ $shown }`
is-not-there-asking-its-registry = `{ $shown }` is not there: asking its registry
the-pull-was-given-up = the pull was given up
is-the-name-right = is the name right, and can its registry be reached? An image can also be loaded with `docker load`
cancelled-while-was-pulled = cancelled while `{ $shown }` was pulled
is-there = `{ $shown }` is there
pulling-of-mib = pulling `{ $image }`: { $sum } of { $sum_2 } MiB
tag-an-image = tag an image so that it is kept
look-for-images = look for images that are no longer kept
let-an-image-go = let an image go
the-image-is = the image `{ $image }` is not on the engine
a-deploy-pulls-it-without = a deploy pulls it; without a registry, load or import it

# docker/kept.rs
is-kept-beside = the container { $shown } is kept beside { $current }: whoever starts it starts a second app on the same data
docker-rm-removes-it = `docker rm { $id }` removes it; its volumes stay
the-engine-is-rootless = this engine is rootless: its volumes lie in somebody's home, and their owners are numbers that mean others on this machine
the-engine-cannot-switch-policies-off = this engine is Podman { $version }, whose API cannot change the restart policy of a container (`update`): it would start an app that has to be down
use-an-engine-of-the-machines = use a Docker Engine that runs as root, from 20.10 on
the-twin-makes-no-unit = `docker rm { $id }` removes it; its volumes stay. To make the project one workload, run after that `reforge workload forget { $workload }`, `docker compose -p { $project } up -d --force-recreate` and `reforge workload adopt --compose { $project }`
member-is-kept-beside = the container { $shown } was kept beside another one by an earlier version: whoever starts it starts a second app on the same data
member-is-a-workload = the container { $shown } is workload `{ $workload }` by itself
forget-it-then-adopt-the-project = take it out with `reforge workload forget { $workload }`, then adopt the project

# docker/labels.rs
cannot-write-down-a-deploy-spec = cannot write down a deploy spec: { $error }
the-label-of-a-container = the label `{ $spec }` of a container is not understood: { $error }

# docker/mounts.rs
is-not-utf-8 = `{ $path }` is not UTF-8, and the engine takes nothing else

# docker/needs.rs
ask-the-engine-about-its-machine = ask the engine about its machine
ask-the-engine-what-happened = ask the engine what happened meanwhile
the-name-of-the-container = the name of the container { $shown } is taken by one that is not ours
rename-or-remove-it-or-set = rename or remove it, or set another `container_name`
the-container-which-request-names = the container `{ $shown }`, which `request` names, is not there
create-it-first-or-take = create it first, or take it out of `request`
the-container-which-request-names-does = the container { $shown }, which `request` names, does not run
start-it-first-or-take = start it first, or take it out of `request`
look-at-the-network = look at the network `{ $name }`
the-network-is-not-there = the network `{ $shown }` is not there
docker-network-create-or-name-another = `docker network create { $shown }`, or name another one in `networks`
which-the-container-is-to-see = `{ $path }`, which the container is to see, is not there
put-it-there-or-take = put it there, or take it out of `request`
cpus-is-and-this-machine = `cpus` is { $wanted }, and this machine has { $there } processors
set-cpus-to-at-most = set `cpus` to { $there } at most
memory-is-bytes-and-the-engine = `memory` is { $wanted } bytes, and the engine gives no container less than 6 MiB
set-memory-to-6-mib = set `memory` to 6 MiB at least
the-network-of-the-container-is-gone = the network `{ $network }` of the container { $shown } is gone: it could not be started again
make-it-anew-with-what-made-it = make `{ $name }` anew with what made it, `docker compose up` for example
the-container-stands-on-another = the container { $shown } uses a namespace of the container `{ $needed }`, which is gone or does not run
start-that-or-make-both-anew = start that one first, or make both anew with what made them
put-it-there-again = put it there again

# docker/ports.rs
the-port-is-taken-by = the port `{ $shown }` is taken by { $by }
the-port-is-taken = the port `{ $shown }` is taken by { $by }, which has `{ $theirs }`
list-the-containers-that-run = list the containers that run
the-container = the container { $shown }
stop-that-container-or-publish-another = stop that container, or publish another port in `ports`
something-else-that-listens = something else that listens on this machine
end-it-ss-lntup-names = end it (`ss -lntup` names it), or publish another port in `ports`

# docker/record.rs
is-not-understood = `{ $path }` is not understood: { $error }
it-says-which-restart-policies = it says which restart policies are off and what undo windows need: correct it by hand
cannot-write-down-a-container = cannot write down a container: { $error }
is-no-workloads-name = `{ $workload }` is no workload's name

# docker/replaced.rs
made-by-something-else = the container { $shown } that something else made
would-change-image = image { $before }, then { $after }
would-change-environment = environment { $names }
would-change-settings = settings { $names }

# docker/request.rs
in-the-command-is-not-utf = `{ $as_encoded_bytes }` in the command is not UTF-8
request-is-not-what-the-engine = `request` is not what the engine takes: { $error }
request-has-the-key = `request` has the key `{ $key }`, which the engine does not know
the-keys-are-those = the keys are those of the engine's API, such as `HostConfig`
request-has-binds-which-make = `request` has `Binds`, which make an empty directory where one is missing
write-them-as-mounts = write them as `Mounts`
is-not-a-port = `{ $text }` is not a port
write-8080-80-127-0-0 = write `8080:80`, `127.0.0.1:8080:80` or `53:53/udp`
what-the-container-was-created = what the container { $shown } was created with is not understood: { $error }

# docker/root.rs
is-the-engines-own-directory = is a container engine's own: it keeps everything in `{ $root }`
is-the-engines-directory-of-a-volume = is the engine's own directory of a volume, and what lies beside it becomes a volume
name-its-data-directory = name its `{ $path }/_data`, and the volume with `engine_volume`
is-of-a-volume-whose-options-cannot-be-read = is of a volume of the engine whose options cannot be read: { $failure }
name-the-directory-that-it-stands-for = write as `source` the directory that it stands for: `{ $device }`
set-capture-false-for-it = set `capture = false` for it: it is mounted, never captured and never restored
is-mounted-over-by-the-engine = is of a volume over which the engine mounts `{ $device }` ({ $kind }) for each app

# docker/stop.rs
the-container-is-still-up = the container { $shown } is still up after it was stopped and killed
its-process-may-hang = its process may hang in the kernel; look at it, and at the engine's log
stop-the-container = stop the container { $shown }

# docker/survey.rs
runs-more-than-once = `{ $workload }` runs more than once: { $up }
all-are-stopped-and-the-newest = all are stopped, and the newest alone comes back
list-all-containers = list all containers
cannot-be-compared-with-volume = cannot be compared with ({ $failure }) volume `{ $volume }`
the-container-of = the container { $shown } of { $controller }
which-meets = `{ $source }`, which { $relation }
the-volume = volume `{ $volume }`
look-at-the-volume = look at the volume `{ $name }`
has-read-write = { $who } has { $met }, read-write
is-stopped-and-has-read-write = { $who } is stopped and has { $met }, read-write
remove-that-container-or-take = remove that container, or take its mount away; or name it in `allow_containers` and keep it stopped
has-read-write-and-its-controller-starts = { $who } has { $met }, read-write, and its controller starts it again
is-stopped-and-has-read-write-and-its-controller-starts = { $who } is stopped and has { $met }, read-write, and its controller starts it again
take-the-volume-away = take the volume away from it first: what its controller does cannot be held back
allow-containers-names-it = `allow_containers` names it
has-read-only = { $who } has { $met }, read-only
is-stopped-and-has-read-only = { $who } is stopped and has { $met }, read-only
while-it-runs-it-goes = while it runs it goes on seeing the previous data: start it again after the restore
look-at-the-containers-of-a-project = look at the containers of a project
members-run = { $shown } runs
member-was-removed-meanwhile = the container `{ $name }` was removed while the app was down
member-was-started-meanwhile = { $shown } was started while the app had to be down
member-was-made-meanwhile = { $shown } was made while the app had to be down
ran-while-the-app-was-down = the container { $shown } of the image `{ $image }` ran while the app was down, with { $met }
ran-and-was-gone = the container { $shown } of the image `{ $image }` ran meanwhile, and was gone before its mounts were seen
was-copied-into = something was copied into the container { $shown }
the-events-broke-off = the engine's events broke off meanwhile, so it may have been a container that nobody can name
make-it-again-with-compose = make it again with `docker compose create`, then run `reforge recover`
the-engine-has-an-old-mount = the engine still has an old mount of that volume: stop every container that has it, and start one
member-is-bad = { $shown }: { $why }
all-members-are-up = { $count ->
    [one] the one container that ran is up
   *[other] all { $count } containers that ran are up
}
member-did-not-settle = { $shown } did not settle: { $why }
it-is-started-again-and-again = it is started again and again
its-health-check-did-not-pass = its health check did not pass
member-is-not-there-any-more = the container `{ $name }` of the service `{ $service }` is not there any more
adopt-the-project-again = if that is right, adopt the project again, which takes it as it is now
compose-makes-it-before-the-stop = Compose makes it again before the app is stopped; if it is gone for good, adopt the project again, which takes it as it is now
let-compose-make-it-or-adopt-again = make it with `docker compose create`; or if it is gone for good, adopt the project again, which takes it as it is now
member-was-made-anew-with-other-directories = the container `{ $name }` was made anew and has other directories: { $why }
changed-its-image = it has another image
changed-its-settings = it has other settings
member-was-made-anew-and-differs = the container `{ $name }` was made anew since the project was looked at last: { $what }
member-was-made-anew = the container `{ $name }` was made anew since the project was looked at last
it-is-followed = the new one is taken in its place
target-led-to-and-leads-to = `{ $target }` led to `{ $source }` and leads to `{ $now }`
target-led-to-and-is-gone = `{ $target }` led to `{ $source }` and is no mount any more
a-process-starts-the-project-again = process { $pid } starts the project again as soon as it stops: `{ $command }`
stop-the-unit-first = stop it first: systemctl stop { $unit }
end-that-process-first = end it first: kill { $pid }
a-compose-project-is-deployed-by-compose = the project `{ $name }` is deployed by Compose, from its own files
run-docker-compose-up = run `docker compose up -d` in `{ $directory }`
member-removes-itself = { $shown } was made with `--rm`: stopping it removes it, and its volumes without a name
wait-until-it-has-ended = wait until it has ended, or make it without `--rm`
the-container-whose-namespace-it-has-is-gone = the container whose namespace { $shown } has is gone, so it could not be started again
let-compose-make-it-again = let Compose make it again: docker compose up -d
the-network-of-is-gone = { $shown } is in the network `{ $name }`, which is gone, so it could not be started again
the-source-of-a-mount-is-gone = { $shown } has a mount of `{ $source }`, which is gone
put-it-back-or-let-compose = put it back, or let Compose make the container again
project-is-of-another-directory = the containers of the project `{ $name }` are now those of { $now }, and the workload is { $configured }
adopt-the-project-under-another-id = two projects of one name take each other's containers: give one another name with `-p`, or adopt this one under another id
compose-could-not-make = Compose could not make { $services } again: { $why }
compose-took-longer-than = `{ $program }` took longer than { $limit } and was ended
project-has-no-directory = the project `{ $name }` has no directory that could be captured
only-directories-and-local-volumes = only directories of this machine and volumes of the driver `local` are captured, and only those that a container may write to
there-is-no-compose-project = there is no Compose project `{ $shown }` on this engine
see-docker-compose-ls = see `docker compose ls --all`; a project that has no containers is made by `docker compose create`
project-does-not-say-its-files = the containers of the project `{ $shown }` do not say from which files they were made
make-it-with-a-newer-compose = make them again with Compose 1.29 or later
project-is-of-several-directories = the containers of the project `{ $shown }` were made in several directories: { $directories }
give-each-project-a-name-of-its-own = give each project a name of its own with `-p`, and make its containers again
the-container-removes-itself = the container { $shown } removes itself when it stops (`--rm`), with its anonymous volumes
create-it-without-rm = create it without `--rm`, then adopt it again
member-sees-another-directory = { $shown } was started and sees at `{ $target }` another directory than `{ $live }`
member-is-another-workloads = { $shown } has a namespace of this project and belongs to workload `{ $owner }`
forget-that-workload-first = it goes down with the project: take it out with `reforge workload forget { $owner }`, or give it a namespace of its own

# docker/freeze.rs, docker/hook.rs
the-container-is-not-paused = the container { $shown } is not paused although the engine was told to pause it
the-container-stays-paused = the container { $shown } stays paused although the engine was told to wake it
wake-the-container = wake the container { $shown }
run-a-hook-in-the-container = run a hook in the container { $shown }
its-container-does-not-run = its container does not run
hook-names-no-member = a hook names `{ $member }`, and the project has no such service
health-names-no-member = `health` names `{ $member }`, and the project has no such service
member-with-the-health-check-does-not-run = `health` could not be asked: { $shown } does not run
