# config/additions.rs
workload-is-not-a-list = `workload` — не список
there-is-no-host = нет раздела `[host]`
host-is-not-a-table = `host` — не таблица
is-not-a-list = `{ $key }` — не список
host-is-empty = раздел `[host]` пуст
a-value-has-no-place = у значения нет места в тексте
nothing-can-be-added = в настройки ничего нельзя добавить: { $why }
add-the-workload-by-hand-docs = добавьте приложение вручную: все ключи описаны в `docs/configuration.md`

# config/adopted.rs
it-would-be-no-toml = получился бы не TOML
it-has-no-such-list = в нём нет такого списка
it-has-no-host = в нём нет раздела `[host]`
another-key-would-change = изменился бы другой ключ
the-workload-would-be-missing = приложения в нём не оказалось бы
something-else-would-change = изменилось бы что-то ещё
the-workload-would-not-be-what = приложение получилось бы не таким, как контейнер
nothing-was-written-to = в `{ $path }` ничего не записано: { $what }
what-the-container-was-created-with = то, с чем создан контейнер, нельзя записать в TOML: { $error }
is-not-utf-8-as = `{ $path }` — не UTF-8, а настройки хранятся в UTF-8

# config/api.rs
write-for-example-127-0-0 = напишите, например, `127.0.0.1:7878`
write-an-address-for-example-10 = напишите адрес, например `10.0.0.2`
is-which-is-not-an-address = `{ $key }` — это `{ $get_ref }`, а это не адрес
hosts-has-which = в `hosts` есть `{ $get_ref }`, а это не имя хоста
write-it-in-lower-case = напишите его строчными буквами и без порта, например `reforge.example`

# config/container.rs
max-instances-is-which-leaves = `max_instances` равно { $get_ref }: пути назад не остаётся
one-runs-and-one-is-kept = один работает, один хранится: напишите 2 или больше
the-workload-is-a-process = приложение `{ $id }` — процесс, а у него есть `{ $key }`
only-a-container = это бывает только у контейнера: уберите или задайте `runtime = "docker"`
container-name-is-which-no-container = `container_name` — это `{ $text }`, а так контейнер называться не может
write-at-least-two-of-letters = напишите хотя бы два знака: буквы, цифры, `_`, `.` и `-`
ports-has-which = в `ports` есть `{ $get_ref }`, а это не порт
restart-is-which-is-no-policy = `restart` — это `{ $get_ref }`, а такой политики нет
use-no-always-unless-stopped = напишите `no`, `always`, `unless-stopped`, `on-failure` или `on-failure:N`
memory-is-which-is-no-limit = `memory` — это `{ $text }`, а это не предел
write-for-example-512-mib = напишите, например, `512 MiB` или `2 GiB`, не меньше `6 MiB`
cpus-is-which-is-no-limit = `cpus` равно { $get_ref }, а это не предел
write-for-example-1-5 = напишите, например, `1.5`, не меньше `0.01`
is-which-is-no-limit = `{ $key }` равно { $number }, а это не предел
write-1-or-more = напишите 1 или больше
labels-has-and-those-are-ours = в `labels` есть `{ $ours }`, а такие метки — наши
do-not-start-a-label = не начинайте метку с `reforge.`
request-cannot-be-written-as-json = `request` нельзя записать в JSON
use-strings-numbers-lists-and-tables = используйте строки, числа, списки и таблицы

# config/deploy_spec.rs
write-the-command-line = запишите команду как для оболочки, закрыв кавычки
has-no-volume = у `{ $id }` нет тома `{ $name }`
add-the-volume-to-the-configuration = добавьте том в настройки или разверните другой образ
there-is-no-image-for = для `{ $id }` нет образа

# config/duration.rs
is-not-a-duration = не длительность
is-negative = меньше нуля
is-longer-than-ten-years = больше десяти лет

# config/engine.rs
write-the-engine-by-hand = впишите `docker_socket = "{ $socket }"` в `[host]` вручную

# config/removals.rs
nothing-can-be-taken-out = из настроек ничего нельзя убрать: { $why }
take-the-workload-out-by-hand = уберите приложение из настроек вручную

# config/host.rs
plugin-keys-has = в `plugin_keys` есть `{ $get_ref }`, а это не открытый ключ
write-the-second-line = напишите вторую строку файла, который создал `minisign -G`, как она есть
volume-of-has-the-scope = у тома `{ $name }` приложения `{ $id }` область `{ $scope }`, а в разделе `[host]` нет `volume_root`
add-volume-root-srv-reforge = добавьте `volume_root = "/srv/reforge"` в раздел `[host]`
is-which-is-not-a-path = `{ $key }` — это `{ $shown }`, а это не путь
name-a-directory-or-file = укажите каталог или файл
is-which-holds = `{ $key }` — это `{ $shown }`, а в нём есть `..`
write-the-path-out = напишите путь полностью
is-which = `{ $key }` — это `{ $get_ref }`, а это { $clause }
write-for-example-10s-1m-30s = напишите, например, `10s`, `1m 30s` или `24h`

# config/lib.rs
name-the-configuration-with-config-file = укажите настройки с помощью `--config FILE`
line-not-utf-8 = `{ $path }`, строка { $line }: не UTF-8
save-the-file-as-utf-8 = сохраните файл в UTF-8
there-is-no-workload = приложения `{ $id }` нет
has = в `{ $path }` есть: { $known }
has-no-workload-yet = в `{ $path }` их ещё нет; `reforge workload adopt` запишет то, что работает в контейнере

# config/names.rs
is-which-is-not-a-name = `{ $key }` — это `{ $get_ref }`, а это не имя
a-name-has-1-to-63 = имя — это от 1 до 63 знаков `a-z`, `0-9`, `.`, `_` и `-`, и начинается оно с буквы или цифры

# config/problems.rs
problem-at-line = `{ $path }`, строка { $line }: { $message }
unknown-key = неизвестный ключ `{ $key }`
the-keys-here-are = здесь бывают ключи { $known }
the-key-is-missing = нет ключа `{ $key }`
add-the-key = добавьте `{ $key } = …`
cannot-be = { $key_before } не может быть `{ $value }`
the-key-is-there-twice = ключ `{ $key }` встречается дважды
keep-one-of-them = оставьте один из них
the-file-is-toml-docs-configuration = файл пишется в TOML; все ключи описаны в `docs/configuration.md`
the-key = ключ `{ $key }`
this-line = эта строка
problems-in = ошибок в `{ $path }`: { $n }: { $messages }

# config/raw.rs
the-tables-are-host-api = бывают таблицы `[host]`, `[api]`, `[[workload]]` и `[[notify]]`
the-table-host-is-missing = нет таблицы `[host]`
add-host-with-state-dir = добавьте `[host]` с `state_dir = …`
is-not-a-list-of-tables = `{ $key }` — не список таблиц
write = напишите `{ $header }`

# config/volume.rs
a-second-volume-of-this-workload = у этого приложения уже есть том с именем `{ $get_ref }`
give-each-volume-its-own-name = дайте каждому тому своё `name`
scope-is-which-is-none = `scope` — это `{ $get_ref }`, а такой области нет
use-one-of = напишите одно из: { $known }
volume-has-no-source = у тома `{ $name }` нет `source`
a-volume-of-scope = том с областью `{ $scope }` — это каталог: добавьте `source = …`
volume-has-no-target = у тома `{ $name }` нет `target`
add-target-where-the-app-sees = добавьте `target = …`: где приложение видит том
source-is-which = `source` — это `{ $text }`, а он { $clause }
is-not-absolute = неполный
write-a-path-that-starts = напишите путь, который начинается с `/`, или возьмите область `project`
is-absolute = имеет полный путь
write-a-path-below-the-volume = напишите путь внутри корня томов или возьмите область `absolute`
holds-a-zero-byte = содержит нулевой байт
remove-it = уберите
names-no-directory = не называет каталога
name-the-directory = назовите каталог
holds-two-dots = содержит `..`
holds-an-empty-part-or = содержит пустую часть или `.`
write-the-path-without = напишите путь без `//`, `.` и без `/` в конце
holds-a-name-that-is-kept = содержит имя, отведённое для восстановлений
do-not-start-a-name = не начинайте имя с `.reforge-`
target-is-which-is-no-place = `target` — это `{ $get_ref }`, а такого места в приложении быть не может
write-an-absolute-path-without-and = напишите полный путь без `..` и `:`
the-workload-has-volume-name = у приложения `{ $id }` в `environment` есть `{"{"}volume:NAME{"}"}`
only-command-and-the-command = это бывает только в `command` и в команде `health`
which-has-the-scope = у него область `{ $scope }` и нет нашего каталога
which-the-workload-does-not-have = такого тома у приложения нет
the-workload-uses-the-volume = приложение `{ $id }` использует том `{ $name }`: { $clause }
add-a-workload-volume = добавьте `[[workload.volume]]` с этим именем или исправьте `{"{"}volume:NAME{"}"}`
is-the-machines-own = принадлежит самой машине и не хранит данных приложения
leave-it-out-what-a-container = уберите его: остальное, что видит контейнер, записывается в `request`
capture-means-nothing = `capture` ничего не значит для тома с областью `{ $scope }`
only-directories-are-captured = уберите его: тома с этой областью никогда не снимаются

# config/engine_volume.rs
engine-volume-of-a-process = `engine_volume` — это `{ $shown }`, а приложение — процесс
only-a-container-has-one = тома движка есть только у контейнера: уберите этот ключ
engine-volume-is-no-name = `engine_volume` — это `{ $shown }`, а движок так тома не называет
write-the-name-that-docker-volume-ls-shows = напишите имя, которое показывает `docker volume ls`
engine-volume-has-the-scope = у тома движка `{ $shown }` область `{ $scope }`
write-scope-absolute-and-its-directory = напишите `scope = "absolute"`, а в `source` — каталог, который называет движок
source-is-of-another-engine-volume = `engine_volume` — это `{ $shown }`, а `source` — каталог тома `{ $of }`
write-what-docker-volume-inspect-says = напишите `Mountpoint` из ответа `docker volume inspect { $shown }`
is-the-engines-own-directory-of-the-volume = служит движку собственным каталогом тома
write-its-data-directory = напишите `{ $text }/_data`: всё, что лежит рядом, движок примет за том

# config/matching.rs
the-snapshot-names-volume-twice = снимок называет том `{ $shown }` дважды
volume-of-the-snapshot = том `{ $shown }` из снимка не объявлен у приложения `{ $id }`
declare-it-or-leave = объявите его или оставьте как есть: `--leave { $shown }`
volume-has-the-scope = у тома `{ $shown }` в снимке область `{ $scope }`, а в настройках `{ $scope_2 }`
volume-has-the-scope-which = у тома `{ $shown }` область `{ $scope }`, а такие не восстанавливаются
volume-is-not-in-the-snapshot = тома `{ $name }` нет в снимке
leave-says-that-it-stays = `--leave { $name }` оставит его как есть
there-is-no-volume-to-leave = нет тома `{ $name }`, чтобы оставить его как есть
there-is-no-volume-to-restore = восстанавливать нечего: томов нет
two-volumes-of-the-snapshot-onto = на том `{ $name }` приходятся два тома из снимка
volume-is-only-mounted-now = том `{ $shown }` есть в снимке, а теперь он только монтируется и остаётся как есть
volume-is-only-mounted = том `{ $name }` только монтируется, и восстановление его не трогает
capture-false-says-that-it-stays = так говорит `capture = false`; уберите этот ключ, чтобы том восстанавливался
volume-was-seen-where-another-is = том `{ $name }` из снимка был у приложения в `{ $then }`, а там теперь том `{ $there }`; том `{ $name }` сейчас в `{ $now }`
volume-was-seen-elsewhere = том `{ $name }` из снимка был у приложения в `{ $then }`, а там теперь нет тома; том `{ $name }` сейчас в `{ $now }`
map-says-which-of-the-two = скажите, какой это том: `--map { $name }={ $there }` — по месту в приложении, `--map { $name }={ $name }` — по имени
map-says-that-it-is-the-same = `--map { $name }={ $name }` означает, что это тот же том в другом месте; другое имя справа — что это другой том
map-says-that-it-is = `--map { $shown }={ $there }` означает, что это том `{ $there }`: приложение видит его в том же месте
the-snapshot-has-no-volume-to-map = в снимке нет тома `{ $name }`, который можно было бы сопоставить

# config/workload.rs
a-second-workload-has-the-id = `id` `{ $get_ref }` есть у двух приложений
give-each-workload-its-own-id = дайте каждому приложению свой `id`
id-is-and-names-that-end = `id` — это `{ $id }`, а имена с окончанием `{ $preview_suffix }` отведены для предпросмотра
give-the-workload-another-id = дайте приложению другой `id`
the-workload-is-a-process-and = приложение `{ $id }` — процесс, а у него нет `command`
add-command-usr-bin-app = добавьте `command = ["/usr/bin/app"]`
the-workload-runs-in-docker = приложение `{ $id }` работает в docker, а у него нет `image`
add-image-registry-name-tag = добавьте `image = "registry/name:tag"`
the-workload-is-a-process-and-has = приложение `{ $id }` — процесс, а у него есть `image`
the-image-of-a-process = образ процесса — это его `command`: уберите `image` или задайте `runtime = "docker"`
image-is-empty = `image` пуст
write-for-example-registry-name-tag = напишите, например, `registry/name:tag`
is-empty = `{ $key }` пуст
write-for-example-usr-bin-app = напишите, например, `["/usr/bin/app", "--flag"]`
key-holds-a-zero-byte = `{ $key }` содержит нулевой байт
of-health-is-zero = `{ $key }` в `health` равен нулю
write-for-example-1s = напишите, например, `1s`
environment-has-the-name = в `environment` есть имя `{ $name }`, которого у переменной быть не может
a-name-is-not-empty = имя не бывает пустым и не содержит `=`
the-value-of-in-environment-holds = значение `{ $name }` в `environment` содержит нулевой байт
user-is-which = `user` — это `{ $name }`, а это не пользователь
write-a-name-or-uid-gid = напишите имя или `UID:GID`
stop-signal-is = `stop_signal` — это `{ $get_ref }`, а он не просит приложение завершиться
use-these = напишите { $known }
problems-in-the-configuration = ошибок в настройках: { $n }: { $messages }
there-are-these = есть: { $known }

# config/in_code.rs
in-the-configuration-is-not-absolute = `{ $path }` в настройках — неполный путь
a-configuration-that-is-made = у настроек, созданных в коде, нет каталога
a-memory-limit-of-bytes-cannot = предел памяти в { $bytes } Б нельзя записать в КиБ
give-one-that-is-a-multiple = задайте кратный 1024

# config/workload.rs
the-key-runtime-cannot-be = ключ `runtime` не может быть `{ $text }`
use = напишите { $known }
use-or-register-a-runtime = напишите { $known } или зарегистрируйте среду с этим именем при создании хоста
the-workload-has-neither-an-image = у приложения `{ $id }` нет ни `image`, ни `command`
add-the-one-that-its-runtime = добавьте то, что принимает его среда
the-workload-is-no-compose-project = у приложения `{ $id }` есть `compose`, но это не проект Compose
set-runtime-to-compose = задайте `runtime = "compose"` или уберите `compose`
the-workload-has-no-compose-project = приложение `{ $id }` не говорит, какой это проект Compose
add-workload-compose-or-adopt = добавьте `compose = {"{"} project = …, working_dir = …, config_files = […] {"}"}` — или это запишет `reforge workload adopt --compose PROJECT`
the-workload-is-a-compose-project = приложение `{ $id }` — проект Compose, а у него есть `{ $key }`
its-compose-files-say-that = это говорят его файлы Compose: уберите ключ
target-is-which-is-no-place-of-a-service = `target` — `{ $text }`, а это не место в сервисе
write-service-and-path = напишите СЕРВИС:ПУТЬ, например `db:/var/lib/postgresql/data`
project-is-which-is-no-project = `project` в `compose` — `{ $name }`, а так проект не называется
write-what-docker-compose-ls-shows = напишите имя, которое показывает `docker compose ls`
config-files-is-empty = `config_files` в `compose` пуст
write-the-paths-of-the-compose-files = напишите полные пути файлов Compose этого проекта
path-of-compose-is-not-absolute = `{ $path }` в `compose` — не полный путь

# config/notify.rs
language-is-which = `language` — это `{ $get_ref }`, а такого языка здесь нет
two-channels-are-called = два канала называются `{ $name }`
give-each-another-name = дайте каждому своё `name`
url-of-a-channel = `url` { $clause }
docs-notifications-has-a-block-for-each = напишите `url` или `command`; в `docs/notifications.md` есть пример для каждого получателя
command-of-a-channel-is-empty = `command` не называет программу
write-program-and-arguments = напишите программу и аргументы, например `["/usr/local/bin/tell", "ops"]`
a-channel-has-one-of-both = у канала есть либо `url`, либо `command`
this-channel-takes-no-token = этому каналу токен не нужен
remove-token-file = уберите `token_file`: всё нужное стоит в самом адресе
who-is-pinged-hears-of-nights-alone = канал-сторож узнаёт только о ночах
remove-on = уберите `on`, а для сообщений заведите другой канал
on-has-which = в `on` есть `{ $get_ref }`, а так ничего не называется
name-a-workload-of-this-file = назовите приложение из этого файла

# config/capturing.rs
consistency-is-which-is-none = `consistency` равно `{ $text }`: так снимки не делаются
write-stop-pause-or-live = напишите `stop`, `pause` или `live`
hook-of-no-member = команда из `{ $key }` не говорит, в какой части она выполняется
add-the-member-of-a-hook = добавьте `member` — сервис проекта
hook-of-a-member = команда из `{ $key }` называет часть, а у приложения их нет
leave-the-member-of-a-hook-out = уберите `member`
health-of-no-member = `health` не говорит, в какой части выполняется его команда
health-of-a-member = `health` называет часть, а у приложения их нет
health-of-a-member-names-a-volume = в команде `health` есть `{"{"}volume:NAME{"}"}`, а каждая часть проекта видит том в своём месте
write-the-path-that-the-member-sees = напишите путь, который видит эта часть
limit-is-zero = `{ $key }` равно нулю
write-for-example-60s = напишите, например, `60s`
