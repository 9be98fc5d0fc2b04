# What the command line itself says.
what-was-made-was-taken-back = созданное убрано: { $message }
try-again-where-the-answer-can = повторите там, где ответ можно прочитать
what-was-made-is-still-there = созданное осталось: { $message }
take-it-back-by-hand = уберите вручную
it-was-done-but-its-answer = сделано, но ответ передать не удалось: { $message }
it-need-not-be-done-again = повторять не нужно
the-answer-could-not-be-told = ответ передать не удалось: { $message }
label-error = ошибка:
label-hint = подсказка:
label-warning = предупреждение:
label-refused = отказ:
label-running = выполняется:
plan-restore-to-snapshot = восстановить `{ $workload }` из снимка { $id }
plan-taken = {" "} снят       { $instant } ({ $age }), причина: { $reason }
plan-taken-imported = {" "} снят       { $instant } ({ $age }), причина: { $reason }, импортирован
plan-image = {" "} образ      { $image }
plan-app = {" "} приложение { $app }
plan-newest-change = {" "} последнее изменение на диске — через { $lost } после снимка
volume-from-the-snapshots = { $name } (из { $from })
plan-volume-stays = {" "} том `{ $name }` остаётся как есть
not-captured-line = {" "} не снимается: { $what }
remark-line = {" "} к сведению: { $what }
plan-space = {" "} место      { $path }: нужно { $needs } (из них { $reserve } — запас), есть { $has }
plan-to-do-exactly-this = чтобы сделать именно это:
refused-word = отказ
plan-refused = { $refused }: { $n ->
    [one] { $n } причина; ничего не изменено
    [few] { $n } причины; ничего не изменено
    [many] { $n } причин; ничего не изменено
   *[other] { $n } причины; ничего не изменено
}
plan-changes = +{ $added } -{ $removed } ~{ $changed }  (равных { $same })
plan-changes-mean = {" "} + вернётся   - исчезнет   ~ будет заменено, как считает плагин
app-comes-back-after = { $state }; вернётся примерно через { $downtime } простоя
app-stays-down = { $state }; и останется остановленным
head-volume = ТОМ
head-live-now = СЕЙЧАС
head-snapshot = СНИМОК
head-changes = ИЗМЕНЕНИЯ
head-restore = НОМЕР
head-workload = ПРИЛОЖЕНИЕ
head-what = ЧТО
head-began = НАЧАТО
head-outcome = ИТОГ
head-now = СЕЙЧАС
head-taken = СНЯТ
head-reason = ПРИЧИНА
head-entries = ЗАПИСЕЙ
head-data = ДАННЫЕ
head-archive = АРХИВ
head-scope = ОБЛАСТЬ
head-tree-digest = СУММА ДЕРЕВА
head-place = МЕСТО
head-is = ЭТО
head-newest-change = ПОСЛЕДНЕЕ ИЗМЕНЕНИЕ
head-path = ПУТЬ
head-state = СОСТОЯНИЕ
head-runtime = СРЕДА
head-volumes = ТОМОВ
head-last-snapshot = ПОСЛЕДНИЙ СНИМОК
head-live = РАБОЧИЙ КАТАЛОГ
head-token = ТОКЕН
head-role = РОЛЬ
head-made = СОЗДАН
label-restore = номер
label-undo = отмена
label-volume = том
label-volumes = тома
label-left = не тронут
label-to-know = к сведению
label-app = приложение
label-took = заняло
label-safety = страховка
label-later = позднее
label-left-over = осталось
restore-to-snapshot = { $id }, из снимка { $snapshot }
undo-of-restore = { $id }, к { $of }
volume-of-size = { $name }: { $size }
volume-as-captured = { $name }: { $size }, сумма дерева { $digest }, как при снимке
stays-as-it-was = { $name } остаётся как был
downtime-of = простой { $down }
the-app-is-not-back = приложение ещё не вернулось
the-app-was-never-stopped = приложение не останавливалось
snapshot-holds-what-was-live = в снимке { $safety } — то, что было до этого
written-meanwhile-kept-at = записанное за это время хранится в { $path }
outcome-name-done = готово
outcome-name-unconfirmed = не подтверждено
outcome-name-failed = не удалось
outcome-name-refused = отказано
outcome-name-cancelled = прервано
outcome-name-reverted = возвращено
outcome-name-needs-operator = нужен человек
outcome-name-busy = занято
outcome-name-running = выполняется
outcome-name-resolved = решено
outcome-name-unfinished = не завершено
outcome-name-damaged = повреждено
volumes-hold-the-snapshot = в каждом томе то, что в снимке
volumes-hold-previous-data = в каждом томе снова прежние данные
volumes-hold-the-snapshot-unconfirmed = в каждом томе то, что в снимке, но как приложение — никто не знает
volumes-hold-previous-data-unconfirmed = в каждом томе снова прежние данные, но как приложение — никто не знает
it-was-taken-back = всё возвращено; в каждом томе то же, что и раньше
it-is-not-settled-yet = ещё не улажено; всё сохранено
only-a-person-can-decide = решить может только человек; всё сохранено
receipt-next = {" "} дальше     { $command }
receipt-undo-until = {" "} отмена     до { $until } (ещё { $window }):
receipt-undo-until-finished = {" "} отмена     до `{ $finish }`:
reason-name-manual = вручную
reason-name-safety = перед восстановлением
no-restores-yet = восстановлений ещё не было
older-ones-are-left-out = более старые не показаны: их перечислит `--all`
unfinished-of = { $standing }: { $what } приложения `{ $workload }`
unfinished-restore = {" "} номер      { $id }
unfinished-began = {" "} начато     { $instant }, кем: { $who }
unfinished-journal = {" "} журнал     { $records }
unfinished-volume = {" "} том        { $name }: { $path }
restore-now = {" "} сейчас     { $now }
restore-why = {" "} почему     { $message }
restore-of-snapshot = восстановление { $snapshot }
undo-of-a-restore = отмена { $of }
recovered-complete = оно завершено, восстановленные данные в работе
recovered-back = в каждом томе то же, что и раньше
recovered-of = улажено `{ $id }` приложения `{ $workload }`: { $outcome }; { $state }; приложение: { $app }
recovered-one = улажено `{ $id }`: { $outcome }; { $state }; приложение: { $app }
not-recovered-of = не улажено: `{ $id }` приложения `{ $workload }`: { $failure }
not-recovered = не улажено: `{ $id }`: { $failure }
no-terminal-to-ask-on = это меняет данные, а терминала, чтобы спросить, нет
say-yes = добавьте `--yes`
type-the-workloads-name = введите имя приложения (`{ $workload }`), чтобы продолжить:
that-is-not-its-name = это не его имя; ничего не изменено
cancelled-nothing-was-changed = отменено; ничего не изменено
cannot-read-the-answer = не удалось прочитать ответ: { $errno }
nothing-happened-yet = пока ничего не происходило
token-is-shown-once = это показывается один раз; передавайте его как `Authorization: Bearer …`
no-tokens-yet = токенов ещё нет; создайте первый командой `{ $command }`
token-revoked = токен `{ $name }` отозван
stopped-workload = приложение `{ $name }` остановлено
started-workload = приложение `{ $name }` запущено: { $health } ({ $reason })
deployed-workload = приложение `{ $name }` развёрнуто: { $health } ({ $reason })
deployed-image = образ  { $image }
deployed-made = создан { $path }, пустой, для тома `{ $volume }`
health-healthy = работоспособно
health-unconfirmed = не подтверждено
health-bad = не работает
nothing-can-be-restored-until = ничего нельзя восстановить, пока это не исправлено: { $refused }
listening-on = слушаю http://{ $address }
nothing-was-unfinished = незавершённого не было
cannot-watch-for-signals = не удалось следить за сигналами: { $error }
already-committed-finishing = уже зафиксировано: завершаю
stopping-safely = безопасно останавливаюсь
still-ending-safely = всё ещё безопасно завершаюсь
note-of = заметьте: { $text }
the-host-was-not-opened = хост не открыт
there-is-no-configuration = настроек нет: ни { $first }, ни { $second }
write-a-configuration-or-name-it = их создаёт `reforge init`, и `reforge workload adopt CONTAINER` тоже; или укажите файл в `--config FILE`; `reforge demo` обходится без них
restore-is-running = восстановление `{ $id }` выполняется: { $phase }, { $text }
restore-is-over = восстановление `{ $id }` завершено
cannot-find-this-programs-file = не удалось найти файл этой программы: { $error }
this-command-is-the-hosts-own = эту команду хост запускает сам
reforge-help-shows-every-command = все команды покажет `reforge help`
undo-gives-back = отмена { $of }: { $names } приложения `{ $workload }` получат то, что было до него;
undo-keeps-what-is-live = то, что сейчас в работе, хранится ещё { $window }
remove-unchosen-trees-for-good = удалить невыбранные данные { $id } навсегда? отменить это нельзя [y/N]
remove-previous-data-for-good = удалить прежние данные { $id } навсегда? отменить это нельзя [y/N]
finished-unchosen-trees-are-removed = завершено: невыбранные данные удалены
finished-previous-data-is-removed = завершено: прежние данные удалены
previous-data-went-with-the-volume = движок удалил том `{ $volume }`, и прежние данные удалены вместе с ним
could-not-be-removed = не удалось удалить, оставлено на месте: { $left }
restore-finish-tries-again = ещё раз попробует `reforge restore finish { $id }`
snapshot-id = снимок    { $id }
snapshot-taken = снят      { $instant } ({ $age })
snapshot-reason = причина   { $reason }
snapshot-workload = для       { $workload }
snapshot-image = образ     { $image }
snapshot-archive = архив     { $size }, sha256 { $sha256 }
snapshot-imported-unvouched = импорт    за содержимое никто не ручается
snapshot-not-in-it = не вошёл: `{ $name }` ({ $scope })
snapshot-is-whole = `{ $id }` цел: { $size } соответствуют sha256 { $sha256 }
name-a-file-that-does-not-exist = укажите файл, которого ещё нет, в существующем каталоге
snapshot-exported = снимок `{ $id }` выгружен в `{ $file }`
snapshot-imported-as = импорт    { $id }
nothing-vouches-for-what-it-holds = за содержимое никто не ручается: его восстановление хранит прежние данные до `restore finish`
delete-snapshot-for-good = удалить снимок { $id } приложения `{ $workload }` навсегда? отменить это нельзя [y/N]
snapshot-deleted = снимок `{ $id }` удалён
reason-imported = { $reason } (импортирован)
no-digest = нет
no-snapshots-yet = снимков ещё нет; сделайте первый командой `{ $command }`
links-count = { $n ->
    [one] { $n } ссылка
    [few] { $n } ссылки
    [many] { $n } ссылок
   *[other] { $n } ссылки
}
special-left-out = { $n ->
    [one] { $n } сокет или FIFO не вошёл
    [few] { $n } сокета или FIFO не вошли
    [many] { $n } сокетов или FIFO не вошли
   *[other] { $n } сокета или FIFO не вошли
}
so-many-older-ones-are-left-out = { $n ->
    [one] ещё { $n } более старый не показан: его покажет `--all`
    [few] ещё { $n } более старых не показаны: их покажет `--all`
    [many] ещё { $n } более старых не показаны: их покажет `--all`
   *[other] ещё { $n } более старых не показаны: их покажет `--all`
}
workload-project = проект     { $project }, стадия { $stage }
workload-runtime = среда      { $runtime }
workload-image = образ      { $image }
workload-links = ссылки     { $links }
no-snapshot-yet = снимка ещё нет
workload-snapshots = снимков    { $snapshots }, последний: { $shown }
path-not-made-yet = { $path } (ещё не создан)
never-captured-or-restored = не снимается и не восстанавливается
path-only-mounted = { $path } (не снимается и не восстанавливается)
only-mounted = монтируется
snapshot-damaged = { $id } (повреждён)
resolve-old-and-new = old — то, что было раньше, new — то, что туда ставилось; выберите командой
a-workload-that-it-does-not-name = приложение, которого он не называет
stop-and-make-trees-live = остановить { $shown } и пустить в работу данные { $word }? [y/N]
what-was-live-stays-live = в работе остаётся то, что было
trees-are-live = в работе данные { $word }
stopped-start-it-with = { $shown } остановлено; запустите его командой
resolved-so = решено: { $state }
the-other-trees-stay = остальные данные остаются рядом:
when-they-are-not-needed = когда они станут не нужны:
resolved-without-a-journal = журнал не читается, поэтому ничего не тронуто; каталоги `{ $prefix }N` рядом с томами, если они есть, принадлежали ему: уберите их, ведь пока они там, развёртывание отвергается
plugin-reads = читает  { $formats }
plugin-digest = сумма   { $digest }
plugin-in-use = в работе
plugin-signed = подписан
head-name = ИМЯ
head-version = ВЕРСИЯ
head-digest = СУММА
head-installed = УСТАНОВЛЕН
loads-plugins-of-wit = загружает плагины, собранные для версии { $versions } WIT
none-of-these-is-used = ни один из них не в работе: { $by } называет `{ $file }`
but-named-goes-before = но { $by } называет `{ $file }`, и он важнее
in-use-is = в работе  { $plugin }
in-use-is-the-built-in = в работе  встроенный плагин
plugin-removed = удалён  { $plugin }
the-plugin-cannot-be-installed = этот плагин нельзя установить
mend-what-is-broken-above = исправьте то, что нарушено выше
to-restore-one-takes-another-plugin = чтобы восстановить один из них, нужен другой плагин: `--plugin FILE` или `reforge plugin use`
plugin-installed = установлен  { $plugin }
plugin-use-it-by = пустить в работу: { $command }
option-plugin = `--plugin`
plugin-of-the-configuration = `plugin` в настройках
it-reads-none-of-your-snapshots = { $n ->
    [one] он не читает ни одного: у вас { $n } снимок
    [few] он не читает ни одного: у вас { $n } снимка
    [many] он не читает ни одного: у вас { $n } снимков
   *[other] он не читает ни одного: у вас { $n } снимка
}
promises-checked = { $n ->
    [one] { $n } обещание: соблюдено { $kept }, нарушено { $broken }
    [few] { $n } обещания: соблюдено { $kept }, нарушено { $broken }
    [many] { $n } обещаний: соблюдено { $kept }, нарушено { $broken }
   *[other] { $n } обещания: соблюдено { $kept }, нарушено { $broken }
}
promises-checked-not-all = { $n ->
    [one] { $n } обещание: соблюдено { $kept }, нарушено { $broken }, неприменимо { $others }
    [few] { $n } обещания: соблюдено { $kept }, нарушено { $broken }, неприменимо { $others }
    [many] { $n } обещаний: соблюдено { $kept }, нарушено { $broken }, неприменимо { $others }
   *[other] { $n } обещания: соблюдено { $kept }, нарушено { $broken }, неприменимо { $others }
}
after-so-long = прошло { $passed }

# cli/adopt.rs
id-names-one-workload = `--id` называет одно приложение, а контейнеров несколько
adopt-that-one-by-itself = примите этот контейнер отдельно
there-is-a-workload-already = приложение `{ $id }` уже есть
choose-another-name-with-id = выберите другое имя с помощью `--id`
an-adoption = приём контейнера
host-of-changed-meanwhile = раздел `[host]` в `{ $file }` за это время изменился
the-container-is-workload-now = контейнер { $container } теперь — приложение `{ $shown }`; его не трогали
written-to-which-only-its-owner = записано в `{ $file }`, теперь его читает только владелец; окружение остаётся у контейнера
adopted-volume = том     { $volume }: { $live }
note-the-engines-own-volume = заметьте: собственный том движка в `{ $target }` остаётся с приложением и никогда не снимается
note-compose-created-it-project-service = заметьте: его создал Compose (проект `{ $project }`, служба `{ $service }`): `docker compose up` действует в обход блокировки, поэтому никогда не запускайте его во время восстановления; такой же новый контейнер считается этим, а об отличиях говорится, пока `reforge workload adopt` не примет его как `{ $shown }`
the-configuration-stays-as-it-is = конфигурация остаётся прежней: чем она отличается, покажет `reforge deploy { $shown }`
note-an-obstacle = заметьте: { $what }: { $hint }
next-command = дальше: { $first }
then-command = потом:  { $second } SNAPSHOT
the-container-is-this-workload-already = контейнер { $container } уже стал приложением `{ $shown }`; ничего не изменено
adopted-volume-of = том     { $volume }: { $live } ({ $entries }, { $bytes })

# cli/adopt/fresh.rs
made-a-configuration = настроек не было: создан файл `{ $file }` (состояние в `{ $state }`, движок на `{ $socket }`)

# cli/adopt/measure.rs
live-is-not-there = каталога нет

# cli/adopt/outlook.rs
volume-has-devices = { $n ->
    [one] в томе `{ $volume }` { $n } файл устройства, который не попадает ни в какой снимок
    [few] в томе `{ $volume }` { $n } файла устройств, которые не попадают ни в какой снимок
    [many] в томе `{ $volume }` { $n } файлов устройств, которые не попадают ни в какой снимок
   *[other] в томе `{ $volume }` { $n } файла устройств, которые не попадают ни в какой снимок
}
volume-has-what-is-out-of-reach = в томе `{ $volume }` есть `{ $path }`, который не удалось бы вернуть: { $why }
volume-has-sockets-or-fifos = { $n ->
    [one] в томе `{ $volume }` { $n } сокет или канал, который не попадает в снимок: приложение создаст его снова
    [few] в томе `{ $volume }` { $n } сокета или канала, которые не попадают в снимок: приложение создаст их снова
    [many] в томе `{ $volume }` { $n } сокетов или каналов, которые не попадают в снимок: приложение создаст их снова
   *[other] в томе `{ $volume }` { $n } сокета или канала, которые не попадают в снимок: приложение создаст их снова
}
stays-mounted-and-is-not-captured = `{ $source }` остаётся подключённым в `{ $target }`, не снимается и не восстанавливается: { $why }
prune-takes-volumes-of-stopped-apps = версия движка — { $version }: пока приложение остановлено, `docker system prune --volumes` удаляет его именованные тома со всем, что в них есть; начиная с версии 23 этого не происходит
note-links-are-contained = заметьте: в томах есть ссылки, поэтому записано `links = "contained"`: восстановление вернёт ссылки такими, какие они есть, и не пойдёт ни по одной
in-the-way = восстановлению мешает: { $text }
what-to-do = что делать: { $hint }

# cli/configuration.rs
configuration-is = Настройки Reforge. Все ключи: docs/configuration.md
configuration-state-dir = Журналы, блокировки, отчёты и, если не сказано иначе, снимки. Читать может только владелец.
configuration-docker-socket = Где слушает Docker Engine.
configuration-snapshot-dir = Снимки на другом диске переживут первый.
configuration-undo-window = Сколько времени восстановление можно отменить, а прежние данные занимают место.
configuration-workloads =
    Ниже — приложения, каждое под своим [[workload]]. Контейнер, который уже работает, добавляет,
    не трогая его, команда

# cli/engine.rs
the-variable = переменная `{ $name }`
the-docker-context = контекст Docker `{ $context }`
names-no-engine = { $whose } не называет движка: в `{ $directory }` его нет
names-an-engine-that-is-not-here = { $whose } называет движок `{ $host }`: тома лежат здесь только у того, кто слушает на сокете этой машины (`unix:///…`)
is-not-dockers-configuration = `{ $path }` не читается как настройки Docker: { $error }
say-which-engine-is-meant = скажите, какой движок имеется в виду: `docker_socket` в `[host]` или `DOCKER_HOST=unix:///…` для одной команды
the-configuration-has-containers-of-another-engine = в `{ $file }` есть контейнеры, но не сказано, какого движка, а окружение указывает на движок в `{ $socket }`

# cli/forget.rs
a-forgetting = удаление из настроек
forget-the-workload = убрать `{ $shown }` из `{ $place }`? Само приложение, его данные и снимки останутся как есть. [y/N]
the-workload-is-forgotten = приложение `{ $shown }` убрано: в `{ $place }` его больше нет
the-app-goes-on = само приложение работает как работало, и данные остаются где были
its-snapshots-stay = { $snapshots ->
    [one] его { $snapshots } снимок остаётся в `{ $directory }`, отчёты тоже
    [few] его { $snapshots } снимка остаются в `{ $directory }`, отчёты тоже
    [many] его { $snapshots } снимков остаются в `{ $directory }`, отчёты тоже
   *[other] его { $snapshots } снимка остаются в `{ $directory }`, отчёты тоже
}
the-rest-of-it-is-forgotten = убрано и остальное от `{ $shown }`: в настройках его уже не было
its-undo-window-is-open = восстановление `{ $of }` приложения `{ $shown }` ещё можно отменить, и прежние данные лежат рядом с томами
restore-finish-ends-it = `reforge restore finish { $of }` удалит прежние данные, `reforge restore undo { $of }` вернёт их

# cli/init.rs
init-configuration = настройки  { $file }, созданы только что

# cli/plugin.rs
verdict-kept = соблюдено
verdict-broken = НАРУШЕНО
verdict-not-applicable = неприменимо

# cli/demo/damage.rs
damage-removed-private = удалено   data/private вместе с ключом внутри
damage-removed-records = удалено   data/records/0001.txt: всё, что записано до снимка
damage-changed-index = изменено  data/public/index.html
damage-changed-one-bit = изменено  один бит в data/photo.raw; размер и время прежние
damage-opened-settings = открыто   data/settings.toml для всех (режим 0666)
damage-added-a-stray-file = добавлено log/{ $file }: этого нет ни в одном снимке

# cli/demo/mod.rs
demo-an-app = Приложение, которое пишет пятьдесят записей в секунду в два тома
it-has-written-records = оно сделало { $n ->
    [one] { $n } запись
    [few] { $n } записи
    [many] { $n } записей
   *[other] { $n } записи
}
demo-a-snapshot = Снимок
demo-the-app-is-stopped-for-a-moment = снимки делаются, пока приложение работает; здесь его ненадолго останавливают, чтобы демонстрация
demo-to-compare-exactly-afterwards = сначала просмотрела каждый файл своим собственным кодом, а потом всё точно сравнила
the-snapshot-has-no-id = у снимка нет номера
demo-disaster-strikes = Случается беда
demo-what-would-a-restore-do = Что сделало бы восстановление?
demo-what-a-plan-compares = (план сравнивает вид, размер и время, поэтому ни испорченного бита, ни режима он не заметил;
demo-the-restore-replaces-everything = {" "}восстановление заменяет всё)
demo-the-restore = Восстановление
demo-is-it-true = Так ли это?
since-the-snapshot = со времени снимка
the-stray-file-is-gone = лишнего файла больше нет
the-app-is-writing-again-record = приложение снова пишет: сейчас запись { $newer }, а раньше оно дошло до { $written }
the-receipt-says-done-and-healthy = в отчёте сказано, что всё готово и приложение работоспособно
demo-downtime-was = простой: { $down }; архив распаковывался, пока приложение работало
demo-and-back-again = И обратно: для отмены архив не нужен
since-the-restore-took-them-away = с тех пор, как их убрало восстановление
the-damage-is-back = повреждения снова на месте
the-app-is-writing-again = приложение снова пишет
there-is-no-receipt-because = отчёта нет: { $error }
all-entries-are-unchanged = все записи `{ $name }` ({ $n }): содержимое, режим, владелец, атрибуты и время не изменились { $since }
but-for-what-the-app-has-added = (кроме того, что снова запущенное приложение добавило в { $grows }, и времени этого каталога)
proofs-held = подтвердилось { $held } из { $n }
the-app-is-stopped-everything-else-is-in = приложение остановлено; всё остальное в { $place }
the-app-is-stopped-and-nothing-is-left = приложение остановлено, его каталог удалён: ничего не осталось
did-not-end-as-it-should = `reforge { $command }`: закончилось не так, как должно

# cli/demo/stage.rs
the-app-does-not-write = приложение не пишет
the-demo-was-cancelled = демонстрация прервана
remove-it-by-hand = удалите вручную
there-is-no-temporary-directory = временного каталога нет
the-demo-has-no-place-to-play = демонстрации негде работать
set-tmpdir-to-a-directory-on = укажите в TMPDIR каталог на ext4, xfs, btrfs или tmpfs
its-path-is-not-utf-8-set-tmpdir = путь не в UTF-8; укажите другой в TMPDIR

# cli/demo/tree.rs
the-root = корень
entry-is-gone = { $entry }: больше нет
entry-has = { $entry }: { $what }
entry-was-not-there = { $entry }: раньше не было
other-bytes = другое содержимое
another-mode = другой режим
another-owner = другой владелец
another-time = другое время
other-attributes = другие атрибуты

# cli/deploy.rs
init-host = хост { $id }
init-state = состояние  { $root }
init-snapshots = снимки     { $snapshots }
deploy-replaces = заменит  { $what }, собственным
deploy-changes = изменит  { $change }
deploy-it = Развернуть? [y/N]

# cli/output.rs
some-lines-were-left-out-here = (здесь пропущены строки: их никто не читал)
nobody-reads-it = его никто не читает
the-project-is-workload-now = проект Compose `{ $name }` теперь приложение `{ $shown }`: { $members ->
    [one] { $members } контейнер
    [few] { $members } контейнера
    [many] { $members } контейнеров
   *[other] { $members } контейнера
}; останавливаются и запускаются вместе
written-to = записано в `{ $file }`
adopted-member = часть    { $service }: { $container } ({ $state })
the-project-is-workload-already = проект Compose `{ $project }` уже приложение `{ $id }`
new-in-the-project = новое: том `{ $name }` в `{ $source }`, виден как `{ $target }`; он добавлен в конфигурацию
new-service-in-the-project = новое: сервис `{ $service }`
label-member = часть

# cli/notify.rs
no-channels = каналов нет: добавьте `[[notify]]` в настройки
head-channel = КАНАЛ
head-to = КУДА
head-hears-of = О ЧЁМ
head-last-sent = ОТПРАВЛЕНО
head-waiting = ЖДЁТ
head-given-up = НЕ ДОШЛО
head-message = СООБЩЕНИЕ
head-tries = ПОПЫТКИ
channel-answered = { $channel }: отправлено, ответ { $answer } ({ $took })
channel-failed = { $channel }: не отправлено: { $why } ({ $took })
channels-failed = не дошло: { $failed } из { $n ->
    [one] { $n } канала
   *[other] { $n } каналов
}
notifications-sent = отправлено { $sent }, ждёт { $waiting }, не дошло { $given_up }
notifications-given-up = { $n ->
    [one] { $n } оповещение не дошло
    [few] { $n } оповещения не дошли
   *[many] { $n } оповещений не дошло
}: reforge notify list
notify-kind-failed = неудачи
notify-kind-recovered = снова работает
notify-kind-overdue = просрочено
notify-kind-decision = нужно решение
notify-kind-drill = проверки
notify-kind-restored = восстановления
notify-kind-weekly = итоги недели
notify-kind-undo-ends = конец отмены
notify-kind-night = ночи
notify-state-waiting = ждёт
notify-state-given-up = не дошло
# cli/project.rs
project-files-written = { $n ->
    [one] { $n } файл записан в `{ $directory }`
    [few] { $n } файла записаны в `{ $directory }`
   *[other] { $n } файлов записаны в `{ $directory }`
}
project-file-line = {" "} { $file }
project-file-lay-outside = {" "} `{ $path }` лежал вне каталога проекта: верните его на место
so-many-more-project-files = {" "} { $n ->
    [one] ещё { $n } файл не перечислен
    [few] ещё { $n } файла не перечислены
   *[other] ещё { $n } файлов не перечислены
}
project-files-all-keeps-them = {" "} с `project_files = "all"` в `[workload.compose]` они войдут в следующий снимок
project-line = проект    { $name } в { $directory } (движок { $engine }, Compose { $compose })
project-profiles = профили   { $names }
project-network = сеть      { $name } ({ $driver })
project-network-external = сеть      { $name } ({ $driver }), создана не проектом
project-volume = том       { $name } ({ $driver })
project-volume-external = том       { $name } ({ $driver }), создан не проектом
project-file-kept-line = файл      { $what }
version-unknown = неизвестно
image-is-in-no-registry = собран там
head-service = СЛУЖБА
head-container = КОНТЕЙНЕР
head-image = ОБРАЗ
head-pulled-as = В РЕЕСТРЕ
head-starts-after = ПОСЛЕ

# cli: how a snapshot was taken
head-app = ПРИЛОЖЕНИЕ
label-snapshot = снимок
snapshot-consistency = прилож.   { $how }
snapshot-member-time = {" "}         `{ $name }`: { $time }
snapshot-hook = команда   { $what }
snapshot-hook-said = {" "}         { $said }
plan-consistency = {" "} снимок     приложение: { $how }
workload-consistency = способ     `{ $consistency }`{ $expected }
workload-consistency-expected = , в прошлый раз около { $time }

# cli/import.rs
name-what-is-to-be-taken-in = укажите, что принять
taken-from = { $volume } — это `{ $prefix }` архива ({ $format })
taken-in-as = принято: { $format }
taken-without = { $remark }
head-directory = КАТАЛОГ
archive-holds = { $format }, { $n ->
    [one] { $n } запись
    [few] { $n } записи
   *[other] { $n } записей
}
say-which-is-which = ничего не принято: укажите, какой каталог — какой том
nothing-is-in-it = внутри ничего нет
head-mode = ПРАВА
head-owner = ВЛАДЕЛЕЦ
head-size = РАЗМЕР
head-modified = ИЗМЕНЁН
head-content = СОДЕРЖИМОЕ
so-many-more-from = (ещё { $n }: `--from { $from }`)
standard-output = стандартный вывод
a-document-holds-no-such-file = документ не вмещает файл больше { $limit } байт
ask-without-json = спросите без `--json` или по частям: `--offset { $offset } --count { $limit }`, затем `--offset { $next }` и так далее
without-its-flags = без флагов inode, которые были: `{ $name }`
so-many-more-without-flags = (и ещё { $n } без своих)
extracted-to = извлечено в `{ $to }`: { $entries }, { $size }
left-out-by-policy = пропущено, приложение этого не разрешает: `{ $name }`
so-many-more-left-out = (пропущено ещё { $n })
compared-by-size-and-time = { $n ->
    [one] { $n } файл сравнён только по размеру и времени
    [few] { $n } файла сравнены только по размеру и времени
   *[other] { $n } файлов сравнены только по размеру и времени
}
no-snapshot-holds = ни в одном снимке нет ничего с именем `{ $path }`
browse-one-of-them = `reforge snapshot browse` показывает, что в снимке
version-not-there = нет
version-as-before = как раньше
version-changed = изменён
differs-kind = вид
differs-content = содержимое
differs-target = цель
differs-mode = права
differs-owner = владелец
differs-time = время
differs-attributes = атрибуты
