# base/account.rs
cannot-run-as-user = нельзя запустить от имени пользователя `{ $shown }`: { $why }
there-is-no-such-user = такого пользователя нет
a-number-without-an-entry-needs = номеру, которого нет в списке пользователей, нужна группа: `uid:gid`
the-host-is-not-root = хост работает не от имени root
it-is-in-too-many-groups = он состоит в слишком многих группах

# base/durable.rs
the-file-system-has-lost = файловая система потеряла данные или может потерять
is-no-file = `{ $path }` — не файл
what-it-held-is-in-now = то, что в нём было, лежит теперь в `{ $temporary }`
run-as-root = запустите от имени root или владельца файла
changed-meanwhile-and-was-left = `{ $named }` за это время изменился и оставлен таким, каким он стал
try-again = попробуйте ещё раз
look-for-disk-errors = поищите ошибки диска в журнале ядра; то, что было записано последним в `{ $path }`, могло потеряться

# base/failure.rs
run-as-root-or = запустите от имени root или владельца всех этих данных либо сделайте их доступными для чтения

# base/limits.rs
is-one-of-too-many-names = лишний: имена, цели ссылок и атрибуты одного тома вместе занимают больше { $n } Б
has-a-name-of-bytes = имя занимает { $longest } Б при пределе { $limit }
has-a-path-of-bytes = путь занимает { $n } Б при пределе { $limit }
is-directories-deep-the-limit-is = глубина вложенности { $depth } при пределе { $limit }
is-a-file-of-bytes = файл занимает { $bytes } Б при пределе { $limit } (16 ТиБ)
is-a-symbolic-link = символическая ссылка с невозможной целью длиной { $n } Б
has-extended-attributes-the-limit-is = расширенных атрибутов { $n } при пределе { $limit }
has-bytes-of-extended-attributes = расширенные атрибуты занимают { $bytes } Б при пределе { $limit }
has-an-extended-attribute = расширенный атрибут слишком велик

# base/mounts/location.rs
is-the-same-directory-as = — тот же каталог, что и { $what }
lies-inside = вложен в { $what }
contains = содержит { $what }

# base/mounts/mod.rs
a-line-that = строка не такая, как описано в документации

# base/not_captured.rs
not-captured-configured = `{ $target }`: `{ $what }` только монтируется (`capture = false`)
not-captured-other-driver = `{ $target }`: том `{ $what }` хранит драйвер `{ $detail }`
not-captured-mounted-over = `{ $target }`: том `{ $what }` монтируется из другого места ({ $detail })
not-captured-anonymous = `{ $target }`: безымянный том `{ $what }`
not-captured-single-file = `{ $target }`: `{ $what }` — отдельный файл
not-captured-read-only = `{ $target }`: приложение может только читать `{ $what }`
not-captured-in-memory = `{ $target }` — в памяти
not-captured-gone = `{ $target }`: `{ $what }` нет на месте
not-captured-of-the-machine = `{ $target }`: `{ $what }` принадлежит машине или движку
not-captured-not-a-volume = `{ $target }`: для `{ $what }` в настройках нет тома
not-captured-other = `{ $target }`: `{ $what }`

# base/remark.rs
names-and-more = { $names } и ещё { $more }
remark-changed = том `{ $volume }`: { $n ->
    [one] { $n } запись изменилась
    [few] { $n } записи изменились
    [many] { $n } записей изменились
   *[other] { $n } записи изменились
} во время снятия снимка: в нём может быть смесь старого и нового, хвост из нулей или ничего: { $names }
remark-leads-out = том `{ $volume }`: того, куда { $n ->
    [one] ведёт { $n } ссылка
    [few] ведут { $n } ссылки
    [many] ведут { $n } ссылок
   *[other] ведут { $n } ссылки
}, в снимке нет, и восстановление этого не вернёт: { $names }
remark-links-refused = том `{ $volume }`: { $n ->
    [one] { $n } ссылка
    [few] { $n } ссылки
    [many] { $n } ссылок
   *[other] { $n } ссылки
}; восстановление откажет, если у приложения нет строки `links = "contained"`: { $names }
remark-names-outside = том `{ $volume }`: { $n ->
    [one] у { $n } файла
    [few] у { $n } файлов
    [many] у { $n } файлов
   *[other] у { $n } файла
} есть другие имена вне тома (жёсткие ссылки), и восстановление создаст отдельный файл: { $names }
remark-special = том `{ $volume }`: { $n ->
    [one] { $n } сокет или FIFO не вошёл
    [few] { $n } сокета или FIFO не вошли
    [many] { $n } сокетов или FIFO не вошли
   *[other] { $n } сокета или FIFO не вошли
}: { $names }
remark-flags = том `{ $volume }`: { $n ->
    [one] у { $n } записи
    [few] у { $n } записей
    [many] у { $n } записей
   *[other] у { $n } записи
} есть флаги inode или номер проекта, которых восстановление не вернёт (их снова задаёт `chattr`): { $names }
remark-attributes = том `{ $volume }`: { $n ->
    [one] у { $n } записи
    [few] у { $n } записей
    [many] у { $n } записей
   *[other] у { $n } записи
} есть атрибуты, которые принимает только такая же файловая система: { $names }
remark-emptied = том `{ $volume }` пуст, а в предыдущем снимке { $n ->
    [one] была { $n } запись
    [few] было { $n } записи
    [many] было { $n } записей
   *[other] было { $n } записи
}: подключён ли его диск?
remark-gone = тома `{ $volume }` из предыдущего снимка в этом нет
remark-other = том `{ $volume }`: { $n } × { $names }

# base/random.rs
the-system-gives-no-random-bytes = система не даёт случайных байтов: { $error }

# base/rights.rs
belongs-to-another-user = принадлежит другому пользователю
belongs-to-a-group-of-others = принадлежит чужой группе
may-not-be-read = читать нельзя

# base/signature.rs
plugin-keys-of-the-configuration-says = чьи плагины разрешены, говорит `plugin_keys` в настройках; подпишите плагин с помощью `minisign -S`
the-plugin-has-no-signature = плагин не подписан, а подпись обязательна
the-plugins-signature = подпись плагина сделана не minisign
the-plugins-signature-is = подпись плагина сделана не одним из настроенных ключей или для других байтов

# base/spec/mod.rs
in-the-command-names-a-volume = `{ $shown }` в команде называет том, которого у приложения нет

# base/state_dir/mod.rs
if-its-disk-is-not-mounted = если его диск не смонтирован, смонтируйте его; на новом хосте выполните `reforge init`
the-state-directory-has-no-host = в каталоге состояния `{ $root }` нет идентификатора хоста
the-state-directory-lacks = в каталоге состояния `{ $root }` нет `{ $name }`
the-snapshot-directory-has-no-host = в каталоге снимков `{ $snapshots }` нет идентификатора хоста, так что это не тот каталог, которым хост пользовался раньше
is-missing = `{ $path }` отсутствует
is-damaged = `{ $path }` повреждён
is-being-initialised-by-another-process = `{ $root }` сейчас готовит другой процесс
try-again-when-it-is-done = повторите, когда он закончит
the-state-directory-and-the-snapshot = каталог состояния `{ $root }` и каталог снимков `{ $snapshots }` принадлежат разным хостам: одним из них этот хост раньше не пользовался
mount-the-right-disk-or-correct = смонтируйте нужный диск или исправьте настройки; чтобы принять снимки, удалите там `{ $host_id_copy }` и выполните `reforge init`
put-the-file-back = верните файл из резервной копии или удалите его и выполните `reforge init`
does-not-exist = `{ $shown }` не существует
run-as-the-user-who-owns = запустите от имени владельца
is-not-a-directory = `{ $shown }` — не каталог
name-a-directory-in-host = укажите каталог в `[host]`
run-as-the-user-who-owns-it = запустите от имени владельца или смените владельца; файловую систему без владельцев (NTFS, exFAT, NAS) монтируйте с `uid={ $uid },umask=077`
can-be-written-by-others = в `{ $shown }` могут писать другие
chmod-700 = выполните `chmod 700 { $shown }`; файловую систему без прав доступа (NTFS, exFAT, NAS) монтируйте с `uid={ $uid },umask=077`
the-state-directory-is-not-writable = в каталог состояния нельзя писать
make-room-there-or-mount = освободите там место или смонтируйте его для записи

# base/threads.rs
the-system-gives-no-thread = система не даёт запустить поток: { $error }
see-the-limits-of-this-process = посмотрите ограничения этого процесса (`ulimit -a`, его контрольная группа)

# base/state_dir/mod.rs
path-belongs-to-another-user = `{ $shown }` принадлежит другому пользователю

# What to do about a refusal that says nothing better itself.
usual-hint-usage = `reforge help` показывает, о чём можно спросить
usual-hint-not-found = см. `reforge workload list`, `reforge snapshot list` и `reforge restore list`
usual-hint-busy = повторите, когда это закончится, или используйте `--wait`
usual-hint-drift = составьте новый план и просмотрите его ещё раз
usual-hint-volume-refused = исправьте том или настройки и снова посмотрите план
usual-hint-archive-refused = одной такой записи достаточно, чтобы отвергнуть весь архив, и из него ничего не восстановлено: восстановите другой снимок или посмотрите на этот с помощью `tar -tvzf`
usual-hint-policy-refused = разрешите это в настройках приложения, если так и задумано, или уберите
usual-hint-snapshot-damaged = восстановите другой снимок; какие из них целы, скажет `reforge snapshot verify`
usual-hint-no-space = освободите место в этой файловой системе и попробуйте ещё раз
usual-hint-not-down = завершите то, что ещё использует том, и попробуйте ещё раз
usual-hint-out-of-order = плагин восстановления ошибся: возьмите другой с помощью `--plugin FILE`
usual-hint-too-large = столько сразу восстановить нельзя: разделите на части
usual-hint-needs-operator = всё сохранено; что ждёт решения, покажет `reforge restore list`
usual-hint-unfinished = это приведёт в порядок `reforge recover`, как и любая команда, которая что-то меняет
usual-hint-engine-too-old = возьмите движок новее
usual-hint-plugin-refused = плагин — это компонент мира `reforge:restore/restore-plugin@0.1.0`
usual-hint-state-refused = исправьте `state_dir` в разделе `[host]` или смонтируйте то, что должно там быть
