# docker/adopt.rs
there-is-no-container = контейнера `{ $shown }` нет
see-docker-ps-all = см. `docker ps --all`
the-container-is-workload-already = контейнер { $shown } уже стал приложением `{ $owner }`
see-reforge-workload-list = см. `reforge workload list`
the-container-has-no-directory = у контейнера { $shown } нет каталога этой машины, в который он пишет
the-container-has-only-the-machines = у контейнера { $shown } нет собственного каталога, в который он пишет: `{ $source }` не годится, { $why }
only-bound-directories-are-captured = снимаются и восстанавливаются только подключённые каталоги: сначала скопируйте именованный том в такой каталог
there-is-a-workload-of-that-name = приложение `{ $owner }` уже есть, и его контейнер на месте
adopt-under-another-id = примите его под другим именем: `--id`
the-configuration-has-another-directory = по пути `{ $target }` контейнер видит `{ $deployed }`, а в конфигурации — `{ $configured }`
correct-its-source-then-adopt-again = исправьте `source` этого тома в конфигурации и примите контейнер снова
the-container-has-nothing-at = у контейнера { $shown } нет каталога `{ $target }`, где по конфигурации находится том `{ $volume }`
take-the-volume-out-then-adopt-again = уберите том из конфигурации или исправьте его `target`, затем примите контейнер снова

# docker/again.rs
took-the-place-of-what-was-adopted = контейнер { $shown } занял место принятого и отличается от него: { $differences }
workload-adopt-takes-it-as-it-is = `reforge workload adopt { $name } --id { $workload }` примет его таким, какой он есть; `reforge deploy { $workload }` покажет, что сделала бы из него конфигурация
took-the-place-and-is-followed = контейнер { $shown } занял место принятого и считается им
created-with-the-same = он создан с тем же образом, теми же настройками и каталогами
the-adopted-container-is-gone = контейнера `{ $name }` больше нет: его удалили
make-it-again-with-what-made-it = здесь он не создаётся заново: создайте `{ $name }` тем же, чем он был создан, затем выполните `reforge recover`
sees-another-directory = контейнер { $shown } видит по пути `{ $target }` другой каталог ({ $given }), а не `{ $path }` ({ $live }); он остановлен
an-engine-kept-an-old-mount = возможно, движок держит старое подключение тома: остановите все контейнеры с этим томом и попробуйте снова

# docker/off_limits.rs
it-is-the-whole-machine = это корень машины
it-is-the-kernels = он относится к системному каталогу `{ $whose }`
it-holds-the-engines-socket = в нём сокет движка `{ $socket }`
it-is-the-engines-root = он относится к собственному каталогу движка `{ $root }`
it-is-no-directory = это не каталог
it-is-the-systems = это системный каталог

# docker/privileges.rs
the-engines-record-cannot-be-made-durable = записи движка о контейнере { $shown } нельзя надёжно сохранить на диске ({ $reason }): после сбоя питания движок мог бы запустить приложение на половине данных
run-as-root-not-only = запускайте от имени root: быть в группе сокета движка недостаточно

# docker/start.rs
the-container-that-was-stopped-is-gone = контейнера `{ $name }` ({ $id }), который был остановлен, больше нет
reforge-deploy-makes-it-anew = `reforge deploy { $workload }` создаст контейнер по настройкам

# docker/changes.rs
ask-what-the-container-has-changed = узнать, что изменил контейнер { $shown }
the-container-has-changed-files-outside = контейнер { $shown } изменил файлы вне своих томов: { $named }
the-container-has-changed-more-files-outside = контейнер { $shown } изменил файлы вне своих томов: { $named } и ещё { $n }
a-restore-creates-it-anew-without = восстановление создаст его заново без них

# docker/client.rs
ask-the-engine-which-api = узнать, какая у движка версия API
cannot-do = не удалось { $doing }: { $error }
docker-socket-is = `docker_socket` — `{ $socket }`, а это не UTF-8
the-engine-at-speaks-the-api = у движка в `{ $socket }` версия API { $version }, она слишком старая
use-docker-engine-20-10 = возьмите Docker Engine 20.10 или новее (API 1.41)
the-client-gave-up-on-it = клиент не дождался ответа

# docker/container.rs
list-the-containers-of = перечислить контейнеры `{ $workload }`
look-at-the-container = посмотреть на контейнер `{ $id }`
the-engine-does-not-say = движок не сообщает о контейнере следующее: { $what }
the-id = имя
when-it-was-created = когда он создан
the-engine-does-not-say-what = движок не сообщает, что делает контейнер { $shown }

# docker/controllers.rs
the-swarm-service = служба swarm `{ $name }`
the-kubernetes-pod = под Kubernetes `{ $name }`
the-nomad-allocation = размещение Nomad `{ $name }`
the-ecs-task = задача ECS `{ $name }`
the-balena-service = служба balena `{ $name }`
the-container-belongs-to-which-starts = контейнером { $shown } управляет { $controller } и запускает его снова
remove-it-from-its-controller = уберите его оттуда и разверните здесь
ask-the-engine-about-its-swarm = спросить движок о его swarm

# docker/create.rs
has-containers-that-undo-windows-need = у `{ $shown }` уже есть контейнеры, нужные для срока отмены: { $needed } из { $max } допустимых
end-an-undo-window-with-reforge = завершите срок отмены командой `reforge restore finish` или увеличьте `max_instances`
rename-the-container = переименовать контейнер { $shown }
create-the-container = создать контейнер `{ $name }`
join-the-network = подключить к сети `{ $network }`
make-a-container-that-keeps = создать контейнер, который хранит тома { $shown }
start-the-container = запустить контейнер `{ $name }`
remove-the-container = удалить контейнер { $shown }
the-container-cannot-be-started = контейнер `{ $name }` не удалось запустить: { $said }
the-container-cannot-be-started-not-executable = контейнер `{ $name }` не удалось запустить: { $said } (он не исполняемый)
correct-command-or-entrypoint-or-deploy = исправьте `command` или `entrypoint` либо разверните другой образ

# docker/definition.rs
differs-image = образ { $before }, теперь { $now }
differs-environment = окружение { $names }
differs-settings = настройки { $names }
differs-mount = по пути `{ $target }` { $before }, теперь { $now }
differs-mount-new = по пути `{ $target }` ничего, теперь { $now }
differs-mount-gone = по пути `{ $target }` { $before }, теперь ничего

# docker/deployed.rs
list-the-containers-of-this-host = перечислить контейнеры этого хоста

# docker/engine_volumes.rs
the-engine-has-no-volume = том `{ $volume }` — это том движка `{ $shown }`, а у движка тома с таким именем нет
its-data-would-be-empty = контейнер получил бы пустой: создайте том тем, что создало его раньше (`docker compose create`, `docker volume create`), и восстановите снимок
the-engine-has-the-volume-elsewhere = том `{ $volume }` — это том движка `{ $shown }`, который находится в `{ $there }`, а в настройках указан `{ $live }`
write-it-as-source = напишите `source = "{ $there }"`

# docker/errors.rs
it-does-not-say-which-api = он не сообщает свою версию API
cannot-the-engine-at-cannot = не удалось { $doing }: движок в `{ $at }` недоступен: { $why }
start-the-engine-or-correct-docker = запустите движок или исправьте `docker_socket` в разделе `[host]`; что на нём сейчас работает, неизвестно
cannot-the-engine = не удалось { $doing }: движок в `{ $at }` не ответил за { $limit }
look-at-the-engines-log-nothing = посмотрите журнал движка; хост ничего о нём не предполагает
something-else-removed-it-just-now = его только что удалило что-то другое: посмотрите и попробуйте ещё раз
cannot-the-engine-said = не удалось { $doing }: движок ответил: { $message } ({ $status })
cannot-the-engines-answer = не удалось { $doing }: ответ движка непонятен: { $why }
what-and-why = { $text }: { $more }

# docker/health.rs
something-removed-the-container-so-nobody = контейнер удалило что-то другое, и как дела, никто не знает
the-health-check-passed-but = проверка работоспособности пройдена, но тем временем приложение завершилось
the-images-health-check-ended = проверка работоспособности из образа завершилась с кодом { $code }
the-images-health-check-passed = проверка работоспособности из образа пройдена
run-the-health-check = выполнить проверку работоспособности
its-container-ended = его контейнер завершился
look-at-the-health-check = узнать, чем кончилась проверка работоспособности

# docker/hold.rs
set-the-restart-policy = задать правило перезапуска контейнера { $shown }
pause-the-container = приостановить контейнер { $shown }
the-engine-keeps-the-policy = движок не меняет политику перезапуска контейнера { $shown }

# docker/images.rs
find-the-image = найти образ `{ $image }`
the-image-that-runs = работающего образа `{ $image }` больше нет (`{ $id }`)
pull-or-load-exactly-that-image = загрузите именно этот образ или сначала разверните другой
pull-the-image = загрузить образ `{ $shown }`
is-not-there-asking-its-registry = `{ $shown }` здесь нет: спрашиваем хранилище образов
the-pull-was-given-up = загрузка прекращена
is-the-name-right = верно ли имя и доступно ли хранилище образов? Образ можно загрузить и через `docker load`
cancelled-while-was-pulled = прервано во время загрузки `{ $shown }`
is-there = `{ $shown }` загружен
pulling-of-mib = загружаем `{ $image }`: { $sum } из { $sum_2 } МиБ
tag-an-image = пометить образ, чтобы он сохранился
look-for-images = найти образы, которые больше не нужны
let-an-image-go = отпустить образ
the-image-is = образа `{ $image }` нет на движке
a-deploy-pulls-it-without = его загрузит развёртывание; без хранилища образов загрузите или импортируйте его

# docker/kept.rs
is-kept-beside = рядом с { $current } сохранён контейнер { $shown }: если его запустить, с теми же данными будет работать второе приложение
docker-rm-removes-it = `docker rm { $id }` удалит его; тома останутся
the-engine-is-rootless = этот движок работает без прав root: его тома лежат в домашнем каталоге, а номера владельцев означают на этой машине других
the-engine-cannot-switch-policies-off = этот движок — Podman { $version }, его API не умеет менять политику перезапуска контейнера (`update`): он запустил бы приложение, которое должно быть остановлено
use-an-engine-of-the-machines = используйте Docker Engine от 20.10, работающий от root
the-twin-makes-no-unit = `docker rm { $id }` удалит его; тома останутся. Чтобы проект стал одним приложением, выполните затем `reforge workload forget { $workload }`, `docker compose -p { $project } up -d --force-recreate` и `reforge workload adopt --compose { $project }`
member-is-kept-beside = контейнер { $shown } сохранён рядом с другим прежней версией: если его запустить, с теми же данными будет работать второе приложение
member-is-a-workload = контейнер { $shown } сам по себе — приложение `{ $workload }`
forget-it-then-adopt-the-project = уберите его через `reforge workload forget { $workload }`, затем примите проект

# docker/labels.rs
cannot-write-down-a-deploy-spec = не удалось записать, как разворачивать: { $error }
the-label-of-a-container = метка контейнера `{ $spec }` непонятна: { $error }

# docker/mounts.rs
is-not-utf-8 = `{ $path }` не в UTF-8, а ничего другого движок не принимает

# docker/needs.rs
ask-the-engine-about-its-machine = узнать у движка о его машине
ask-the-engine-what-happened = узнать у движка, что произошло за это время
the-name-of-the-container = имя контейнера { $shown } занято чужим контейнером
rename-or-remove-it-or-set = переименуйте или удалите его либо задайте другое `container_name`
the-container-which-request-names = контейнера `{ $shown }`, названного в `request`, нет
create-it-first-or-take = сначала создайте его или уберите из `request`
the-container-which-request-names-does = контейнер { $shown }, названный в `request`, не работает
start-it-first-or-take = сначала запустите его или уберите из `request`
look-at-the-network = посмотреть на сеть `{ $name }`
the-network-is-not-there = сети `{ $shown }` нет
docker-network-create-or-name-another = `docker network create { $shown }` либо назовите другую в `networks`
which-the-container-is-to-see = `{ $path }` — это должен видеть контейнер, но этого нет
put-it-there-or-take = верните это на место или уберите из `request`
cpus-is-and-this-machine = `cpus` — { $wanted }, а процессоров у этой машины { $there }
set-cpus-to-at-most = задайте `cpus` не больше { $there }
memory-is-bytes-and-the-engine = `memory` — { $wanted } байт, а движок не даёт контейнеру меньше 6 MiB
set-memory-to-6-mib = задайте `memory` не меньше 6 MiB
the-network-of-the-container-is-gone = сети `{ $network }` контейнера { $shown } больше нет: его нельзя было бы запустить снова
make-it-anew-with-what-made-it = создайте `{ $name }` заново тем же, чем он был создан, например `docker compose up`
the-container-stands-on-another = контейнер { $shown } использует пространство имён контейнера `{ $needed }`, которого нет или который не запущен
start-that-or-make-both-anew = сначала запустите тот контейнер или создайте оба заново тем же, чем они были созданы
put-it-there-again = верните его на место

# docker/ports.rs
the-port-is-taken-by = порт `{ $shown }` занят; его занимает { $by }
the-port-is-taken = порт `{ $shown }` занят; его занимает { $by }: `{ $theirs }`
list-the-containers-that-run = перечислить работающие контейнеры
the-container = контейнер { $shown }
stop-that-container-or-publish-another = остановите тот контейнер или опубликуйте другой порт в `ports`
something-else-that-listens = что-то другое на этой машине
end-it-ss-lntup-names = завершите это (`ss -lntup` назовёт его) или опубликуйте другой порт в `ports`

# docker/record.rs
is-not-understood = `{ $path }` не читается: { $error }
it-says-which-restart-policies = там записано, какие правила перезапуска выключены и что нужно для сроков отмены: исправьте файл вручную
cannot-write-down-a-container = не удалось записать сведения о контейнере: { $error }
is-no-workloads-name = `{ $workload }` не может быть именем приложения

# docker/replaced.rs
made-by-something-else = контейнер { $shown }, созданный не здесь
would-change-image = образ { $before }, затем { $after }
would-change-environment = окружение { $names }
would-change-settings = настройки { $names }

# docker/request.rs
in-the-command-is-not-utf = `{ $as_encoded_bytes }` в команде не в UTF-8
request-is-not-what-the-engine = `request` — не то, что принимает движок: { $error }
request-has-the-key = в `request` есть ключ `{ $key }`, которого движок не знает
the-keys-are-those = ключи — те же, что в API движка, например `HostConfig`
request-has-binds-which-make = в `request` есть `Binds`, а они создают пустой каталог там, где его нет
write-them-as-mounts = запишите их как `Mounts`
is-not-a-port = `{ $text }` — не порт
write-8080-80-127-0-0 = напишите `8080:80`, `127.0.0.1:8080:80` или `53:53/udp`
what-the-container-was-created = непонятно, с чем был создан контейнер { $shown }: { $error }

# docker/root.rs
is-the-engines-own-directory = принадлежит самому движку контейнеров: он хранит всё в `{ $root }`
is-the-engines-directory-of-a-volume = служит движку собственным каталогом тома, а всё, что лежит рядом, становится томом
name-its-data-directory = укажите `{ $path }/_data`, а имя тома — в `engine_volume`
is-of-a-volume-whose-options-cannot-be-read = относится к тому движка, параметры которого не читаются: { $failure }
name-the-directory-that-it-stands-for = напишите в `source` каталог, который за ним стоит: `{ $device }`
set-capture-false-for-it = задайте для него `capture = false`: он монтируется, но никогда не снимается и не восстанавливается
is-mounted-over-by-the-engine = относится к тому, поверх которого движок монтирует для каждого приложения `{ $device }` ({ $kind })

# docker/stop.rs
the-container-is-still-up = контейнер { $shown } всё ещё работает, хотя его остановили и завершили принудительно
its-process-may-hang = возможно, его процесс завис в ядре; посмотрите на него и в журнал движка
stop-the-container = остановить контейнер { $shown }

# docker/survey.rs
runs-more-than-once = `{ $workload }` работает в нескольких экземплярах: { $up }
all-are-stopped-and-the-newest = остановятся все, а вернётся только самый новый
list-all-containers = перечислить все контейнеры
cannot-be-compared-with-volume = нельзя сравнить ({ $failure }) с томом `{ $volume }`
the-container-of = контейнер { $shown }, которым управляет { $controller }
which-meets = `{ $source }`, который { $relation }
the-volume = том `{ $volume }`
look-at-the-volume = посмотреть на том `{ $name }`
has-read-write = { $who } имеет доступ к { $met }, для чтения и записи
is-stopped-and-has-read-write = { $who } остановлен и имеет доступ к { $met }, для чтения и записи
remove-that-container-or-take = удалите тот контейнер или отключите от него этот каталог; либо назовите контейнер в `allow_containers` и держите его остановленным
has-read-write-and-its-controller-starts = { $who } имеет доступ к { $met }, для чтения и записи, и его запускают снова
is-stopped-and-has-read-write-and-its-controller-starts = { $who } остановлен и имеет доступ к { $met }, для чтения и записи, и его запускают снова
take-the-volume-away = сначала заберите у него том: то, что им управляет, удержать нельзя
allow-containers-names-it = он назван в `allow_containers`
has-read-only = { $who } имеет доступ к { $met }, только для чтения
is-stopped-and-has-read-only = { $who } остановлен и имеет доступ к { $met }, только для чтения
while-it-runs-it-goes = пока он работает, он видит прежние данные: перезапустите его после восстановления
look-at-the-containers-of-a-project = посмотреть на контейнеры проекта
members-run = работает { $shown }
member-was-removed-meanwhile = контейнер `{ $name }` удалили, пока приложение было остановлено
member-was-started-meanwhile = { $shown } запустили, пока приложение должно было стоять
member-was-made-meanwhile = { $shown } создали, пока приложение должно было стоять
ran-while-the-app-was-down = пока приложение было остановлено, работал контейнер { $shown } образа `{ $image }`, и у него есть { $met }
ran-and-was-gone = тем временем работал контейнер { $shown } образа `{ $image }` и исчез раньше, чем удалось увидеть его монтирования
was-copied-into = в контейнер { $shown } что-то скопировали
the-events-broke-off = поток событий движка тем временем прервался, так что это мог быть контейнер, который никто не назовёт
make-it-again-with-compose = создайте его снова через `docker compose create`, затем выполните `reforge recover`
the-engine-has-an-old-mount = движок держит старое монтирование этого тома: остановите все контейнеры с ним и запустите один
member-is-bad = { $shown }: { $why }
all-members-are-up = { $count ->
    [one] { $count } контейнер, что работал, работает снова
    [few] { $count } контейнера, что работали, работают снова
    [many] { $count } контейнеров, что работали, работают снова
   *[other] { $count } контейнера, что работали, работают снова
}
member-did-not-settle = { $shown } не пришёл в порядок: { $why }
it-is-started-again-and-again = он запускается снова и снова
its-health-check-did-not-pass = его проверка не прошла
member-is-not-there-any-more = контейнера `{ $name }` сервиса `{ $service }` больше нет
adopt-the-project-again = если это верно, примите проект заново: он будет взят таким, как сейчас
compose-makes-it-before-the-stop = Compose создаст его заново до остановки приложения; если его больше не должно быть, примите проект заново: он будет взят таким, как сейчас
let-compose-make-it-or-adopt-again = создайте его через `docker compose create`; если его больше не должно быть, примите проект заново: он будет взят таким, как сейчас
member-was-made-anew-with-other-directories = контейнер `{ $name }` создан заново, и каталоги у него другие: { $why }
changed-its-image = у него другой образ
changed-its-settings = у него другие настройки
member-was-made-anew-and-differs = контейнер `{ $name }` создан заново с тех пор, как на проект смотрели: { $what }
member-was-made-anew = контейнер `{ $name }` создан заново с тех пор, как на проект смотрели
it-is-followed = вместо прежнего берётся новый
target-led-to-and-leads-to = `{ $target }` вёл в `{ $source }`, а ведёт в `{ $now }`
target-led-to-and-is-gone = `{ $target }` вёл в `{ $source }`, а теперь там ничего не смонтировано
a-process-starts-the-project-again = процесс { $pid } снова запустит проект, как только тот остановится: `{ $command }`
stop-the-unit-first = сначала остановите его: systemctl stop { $unit }
end-that-process-first = сначала завершите его: kill { $pid }
a-compose-project-is-deployed-by-compose = проект `{ $name }` разворачивает Compose из своих файлов
run-docker-compose-up = выполните `docker compose up -d` в `{ $directory }`
member-removes-itself = { $shown } создан с `--rm`: остановка удалит его и его тома без имени
wait-until-it-has-ended = дождитесь его завершения или создайте его без `--rm`
the-container-whose-namespace-it-has-is-gone = контейнера, чьё пространство имён у { $shown }, больше нет: запустить его снова нельзя
let-compose-make-it-again = пусть Compose создаст его заново: docker compose up -d
the-network-of-is-gone = { $shown } в сети `{ $name }`, а её больше нет: запустить его снова нельзя
the-source-of-a-mount-is-gone = у { $shown } смонтирован `{ $source }`, а его больше нет
put-it-back-or-let-compose = верните его на место, или пусть Compose создаст контейнер заново
project-is-of-another-directory = контейнеры проекта `{ $name }` теперь из { $now }, а приложение — { $configured }
adopt-the-project-under-another-id = два проекта с одним именем отбирают контейнеры друг у друга: дайте одному другое имя через `-p` или примите этот под другим id
compose-could-not-make = Compose не смог создать заново { $services }: { $why }
compose-took-longer-than = `{ $program }` работал дольше { $limit } и был остановлен
project-has-no-directory = у проекта `{ $name }` нет каталога, который можно сохранить
only-directories-and-local-volumes = сохраняются только каталоги этой машины и тома драйвера `local`, и только те, куда контейнер может писать
there-is-no-compose-project = на этом движке нет проекта Compose `{ $shown }`
see-docker-compose-ls = смотрите `docker compose ls --all`; проект без контейнеров создаёт `docker compose create`
project-does-not-say-its-files = контейнеры проекта `{ $shown }` не говорят, из каких файлов созданы
make-it-with-a-newer-compose = создайте их заново через Compose 1.29 или новее
project-is-of-several-directories = контейнеры проекта `{ $shown }` созданы в нескольких каталогах: { $directories }
give-each-project-a-name-of-its-own = дайте каждому проекту своё имя через `-p` и создайте его контейнеры заново
the-container-removes-itself = контейнер { $shown } удаляется, когда останавливается (`--rm`), вместе со своими анонимными томами
create-it-without-rm = создайте его без `--rm` и примите снова
member-sees-another-directory = { $shown } запущен и видит в `{ $target }` другой каталог, не `{ $live }`
member-is-another-workloads = { $shown } пользуется пространством имён этого проекта, а принадлежит приложению `{ $owner }`
forget-that-workload-first = он останавливается вместе с проектом: уберите его через `reforge workload forget { $owner }` или дайте ему своё пространство имён

# docker/freeze.rs, docker/hook.rs
the-container-is-not-paused = контейнер { $shown } не приостановлен, хотя движку велели это сделать
the-container-stays-paused = контейнер { $shown } остаётся приостановленным, хотя движку велели его возобновить
wake-the-container = возобновить контейнер { $shown }
run-a-hook-in-the-container = выполнить команду в контейнере { $shown }
its-container-does-not-run = её контейнер не работает
hook-names-no-member = команда называет `{ $member }`, а такого сервиса в проекте нет
health-names-no-member = `health` называет `{ $member }`, а такого сервиса в проекте нет
member-with-the-health-check-does-not-run = `health` некого спросить: { $shown } не работает
