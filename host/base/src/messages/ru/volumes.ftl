# volumes/claim.rs
another-host-works-in-which-holds = в `{ $parent }`, где лежит том, работает другой хост
it-has-a-state-directory = у него свой каталог состояния, и он там восстанавливает, снимает или развёртывает: повторите, когда он закончит

# volumes/identity.rs
a-volume-is-a-directory-links = том — это каталог; по ссылкам хост не ходит
its-file-system-keeps-no-time = его файловая система не хранит время создания
not-an-identity-wrong-length = не похоже на идентификатор: неверная длина
its-file-system-is = его файловая система — { $name }
its-file-system-has-no-lasting = его файловая система не даёт постоянных идентификаторов файлов
the-host-is-not-allowed = хосту не разрешено запрашивать идентификаторы файлов
cannot-tell-from-another-directory = `{ $path }` не отличить от другого каталога: { $reason }
keep-the-volume-on-a-local = держите том в локальной файловой системе, например ext4, xfs или btrfs

# volumes/inode_flags.rs
the-host-needs-the-right = хосту нужно право их задавать (root); без них изменились бы квота или копирование при записи
chattr-i-alone = выполните chattr -i
chattr-a-alone = выполните chattr -a
encrypt-the-disk-below-instead = лучше зашифруйте диск под ней
use-a-directory-that-tells-upper = возьмите каталог, который различает регистр букв

# volumes/parent.rs
mount-point-is-not-a-directory = { $shown } — не каталог
others-may-write-to-which-holds = в `{ $path }`, где лежит том, могут писать другие
chmod-go-w-unquoted = выполните chmod go-w '{ $path }'
which-holds-a-volume-belongs = `{ $path }`, где лежит том, принадлежит пользователю { $st_uid }
give-it-to-root = сделайте владельцем root, пользователя, от имени которого работает хост, или владельца тома
an-exchange-in-was-reported-done = система сообщила о замене в `{ $path }`, а её не было
the-file-system-cannot-be-trusted = этой файловой системе нельзя доверить восстановление; перенесите том на ext4, xfs или btrfs
the-kernel-does-not-tell-mounts = ядро не различает точки монтирования; нужен Linux 5.8 или новее
cannot-use = нельзя использовать `{ $path }`: { $reason }
give-the-path-with-links-resolved = укажите путь, в котором нет ссылок
a-link-or-something = в нём есть ссылка или что-то, что не является каталогом
it-is-not-absolute = путь не полный
it-is-not-resolved = в пути остались ссылки
is-not-a-name = `{ $bytes }` — не имя
cannot-exchange-and = нельзя поменять местами `{ $left }` и `{ $right }`
they-are-not-on-one-file = у них разные файловые системы, точки монтирования или квоты проекта
do-not-mount-anything = ничего не монтируйте на сам том; задайте обоим один идентификатор проекта
one-of-them-is-a-mount = один из них — точка монтирования или занят ядром
mount-the-file-system-one-level = смонтируйте файловую систему на уровень выше и сделайте томом каталог в ней
run-the-host-as-the-parents = запустите хост от имени владельца родительского каталога или root
the-file-system-forbids-it = файловая система это запрещает
look-for-immutable-or-append-only = поищите неизменяемые каталоги, каталоги только для дозаписи (lsattr -d) и родительский каталог с липким битом
the-file-system-or-the-kernel = файловая система или ядро не умеют менять каталоги местами
a-name-is-too-long = имя слишком длинное
use-a-shorter-directory-name = возьмите имя каталога короче
no-room-for-the-directory-entries = нет места для записей каталога
free-some-space-metadata-space = освободите место, на btrfs — место для метаданных
the-file-system-is-read-only = файловая система доступна только для чтения
look-for-disk-errors-in = поищите ошибки диска в журнале ядра, затем смонтируйте его для записи
one-of-them-is-gone = одного из них больше нет
something-else-was-put-in-its-place = `{ $path }` — не то, что было создано: на его место положили что-то другое

# volumes/remove.rs
it-is-a-mount-point = это точка монтирования
something-moved-it-meanwhile = его тем временем переместили
it-is-a-mount-point-or = это точка монтирования, или занят ядром
it-is-immutable-or-append-only = неизменяемый, только для дозаписи или у него другой владелец
it-is-read-only-file-system = доступен только для чтения (файловая система или подтом)
it-is-a-subvolume = это отдельный подтом

# volumes/sealed.rs
volume-something-changed-the-restored-data = том `{ $volume }`: что-то изменило восстановленные данные в `{ $path }` до того, как они встали на место (запечатано записей: { $entries }, сейчас там: { $entries_2 })
find-what-walks-over-the-directory = найдите то, что обходит каталог выше (`find -delete`, `chown -R`), не пускайте его в `.reforge-*` и восстановите снова

# volumes/space.rs
cannot-tell-how-much-space = не удалось узнать, сколько места свободно: { $error }
the-file-system-has-left = в файловой системе осталось { $free }; для приложения должно остаться { $reserve }
the-file-system-has-inodes-left = в файловой системе осталось индексных дескрипторов: { $free }; для приложения должно остаться { $reserve_inodes }
free-some-space-and-start-again = освободите место и начните снова
needs-has-on-the-file-system = нужно { $bytes }, в файловой системе с `{ $place }` есть { $free }
needs-inodes-has-on-the-file = нужно индексных дескрипторов: { $inodes }, в файловой системе с `{ $place }` есть { $free }
free-some-space-or-move-volumes = освободите место или перенесите тома или снимки

# volumes/staging/attributes.rs
has-an-owner-or-group = владелец или группа вне допустимых пределов
has-a-mode-out-of-range = режим вне допустимых пределов
has-a-time-out-of-range = время вне допустимых пределов
has-set-id-bits = имеет биты set-id
has-an-extended-attribute-twice = имеет один расширенный атрибут дважды
has-an-extended-attribute-with = имеет расширенный атрибут с невозможным именем
has-the-attribute = имеет атрибут `{ $name }`
the-file-system-cannot-keep = файловая система не может сохранить время `{ $path }`
use-a-file-system-with-64 = возьмите файловую систему с 64-битным временем в наносекундах
the-set-id-bits = биты set-id у `{ $path }` не сохранились
run-the-host-as-root-alone = запустите хост от имени root
set-the-attribute-of = задать атрибут `{ $name }` для
the-file-system-must-support = файловая система должна поддерживать атрибуты, которые содержит снимок
entry-which-an-imported-archive = запись `{ $path }` { $what }, что импортированному архиву нельзя
if-you-trust-the-archive-allow = если вы доверяете архиву, разрешите `privileged` этому приложению
cannot-read-the-umask-from-proc = не удалось прочитать umask из /proc: { $reason }
no-such-line = такой строки нет

# volumes/staging/directories.rs
is-a-directory-and-something-else = одновременно каталог и что-то другое
has-a-name-too-long = имеет имя, слишком длинное для этой файловой системы

# volumes/staging/entry_path.rs
has-an-empty-component = имеет пустую часть пути
leaves-its-place = выходит за пределы своего места
has-a-zero-byte-in-it = содержит нулевой байт
the-volumes-root = корень тома в архиве — не каталог
entry = запись `{ $path }` { $reason }
nothing-was-changed-restore-another-snapshot = ничего не изменено; восстановите другой снимок или создайте архив заново

# volumes/staging/large_file.rs
is-in-the-archive-twice = встречается в архиве дважды
was-not-written-to-its-end = записан не до конца
has-content-and-no-header = имеет содержимое, но не заголовок
has-one-block-twice = имеет один блок в архиве дважды
one-write-holds-more-than-1 = одна запись на диск больше 1 МиБ
holds-more-than-its-header-says = содержит больше, чем сказано в заголовке
is-written-backwards = записывается от конца к началу
this-handle-on-a-large-file = эта ссылка на большой файл уже закрыта

# volumes/staging/mod.rs
a-file-staged-whole-holds-more = файл, записываемый целиком, больше 1 МиБ
is-larger-than-the-whole-volume = больше, чем весь том
entry-is = запись `{ $path }` — { $what }
add-links-contained-to-the-workload = добавьте приложению `links = "contained"`, если ему нужны ссылки
has-two-sizes-in-the-archive = имеет в архиве два размера
is-in-the-archive-twice-or = встречается в архиве дважды или как записи двух видов
this-staging-is-sealed = этот промежуточный каталог закрыт

# volumes/staging/root.rs
did-not-take-its-owner = `{ $path }` не принимает владельца и режим
the-file-system-must-keep-owners = файловая система должна хранить владельцев и режимы
should-be-empty-and-holds = `{ $path }` должен быть пуст, а содержит `{ $name }`
something-else-writes-to-the-volumes = в родительский каталог тома пишет что-то ещё

# volumes/staging/seal.rs
holds-entries-and = содержит записи, а сам в архиве — не каталог
the-archive-does-not-hold = в архиве нет корня тома
is-a-hard-link-to-something = — жёсткая ссылка на то, что не является обычным файлом её тома
entries-came-out-of-the-archive = из архива вышло записей: { $n }, а в снимок попало: { $entries }
bytes-came-out-of-the-archive = из архива вышло байтов: { $bytes }, а в снимок попало: { $bytes_2 }
what-came-out-of-the-archive = из архива вышло не то, что попало в снимок: контрольные суммы деревьев различаются
nothing-was-changed-verify-the-snapshot = ничего не изменено; проверьте снимок и восстановите другой
is-a-hard-link-whose-owner = — жёсткая ссылка, у которой владелец, режим или время не такие, как у основного файла

# volumes/staging/terms.rs
cancelled-while-the-archive-was-extracted = прервано во время распаковки архива
the-archive-and-its-descriptor = архив и его описание не подходят друг к другу, или одно из них изменили
its-file-system-is-a-shared-folder = его файловая система — общая папка виртуальной машины
is-immutable-live = `{ $path }` — неизменяемый
is-append-only-live = `{ $path }` — только для дозаписи
is-encrypted-live = `{ $path }` зашифрован файловой системой
is-case-folding-live = `{ $path }` не различает регистр букв
the-archive-holds-more-entries = архив содержит больше записей, чем сказано в описании: { $announced }
the-archive-holds-more-bytes = архив содержит больше байтов, чем сказано в описании: { $announced }
its-file-system-keeps-no-time-before = её файловая система не хранит время раньше { $bound }, а у `{ $path }` оно { $time }
its-file-system-keeps-no-time-after = её файловая система не хранит время позже { $bound }, а у `{ $path }` оно { $time }
its-file-system-keeps-times-only-to = её файловая система хранит время только с точностью до { $unit ->
    [1000000000] секунды
   *[other] { $unit } наносекунд
}, а у `{ $path }` оно точнее
its-file-system-takes-no-attributes = её файловая система не принимает атрибуты вида `{ $kind }`, а у `{ $path }` они есть: { $why }
its-file-system-takes-not-so-many-attributes = в её файловой системе нет места для атрибутов `{ $path }`: { $bytes } байт имён и значений
use-another-file-system-or-import-again = перенесите том на файловую систему, которая это хранит, или экспортируйте снимок и импортируйте файл: тогда время сдвинется к ближайшему возможному, атрибут будет пропущен, и то и другое будет перечислено
