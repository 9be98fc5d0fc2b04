# plugins/compile.rs
standard-input = стандартный ввод
cannot-start-the-compiler = не удалось запустить компилятор: { $error }
the-plugin-cannot-be-compiled-within = плагин не удалось скомпилировать в пределах ограничений ({ $status })
cannot-bound-the-compiler = не удалось ограничить компилятор: { $error }

# plugins/descriptors.rs
the-plugin-holds-files-and-directories = плагин держит открытыми столько файлов и каталогов: { $limit }; больше нельзя
the-restore-plugin-made-a-mistake = плагин восстановления ошибся: возьмите другой с помощью `--plugin FILE`

# plugins/engine.rs
its-compilation-cache = его кэш компиляции
the-engine = движок плагинов
the-system-gives-no-thread-to = система не даёт потока, в котором собирать плагины: { $error }
cannot-be-made = не удалось создать: { $what }: { $error }

# plugins/host_calls.rs
this-call-was-given-no-snapshot = этому вызову не дали ни снимка, ни томов

# plugins/imports/handles.rs
the-plugin-holds-handles = плагин держит столько объектов: { $limit }; больше нельзя
a-handle-cannot-be-used = объект нельзя использовать: { $error }

# plugins/plugin.rs
the-default-plugin = плагин по умолчанию
name-a-file = укажите файл, который можно прочитать
it-is-not-a-file = это не файл
is-not-a-plugin = { $name } — не плагин: { $what }
it-is-empty = он пуст
it-is-a-webassembly-module = это модуль WebAssembly, а плагин — компонент
it-is-no-webassembly-component = это не компонент WebAssembly
is-not-a-plugin-for = { $name } не подходит этому хосту как плагин: { $one_sentence }
was-built-against-version = { $name } собран для версии { $version } пакета `{ $wit_package }`, а этот хост загружает { $loads }
use-a-plugin-that-was-built = возьмите плагин, собранный для этого хоста

# plugins/registry/files.rs
plugin-is-not-installed = плагин `{ $head }` не установлен
it-is-the-record-of-another = это запись о другом плагине
plugin-is-damaged = плагин `{ $head }` повреждён
its-file-is-no-longer-what = его файл уже не тот, что был установлен: установите плагин заново
is-larger-than-a-plugin = `{ $path }` больше, чем может быть плагин
at-most-mib = не больше { $limit } МиБ
cannot-be-understood = `{ $path }` не читается: { $why }
restore-the-file-or-remove = восстановите файл или удалите его и установите плагин заново

# plugins/registry/install.rs
the-sha-256 = SHA-256 файла `{ $source }` — { $found }, а не указанный
get-the-file-again-from-where = получите файл заново оттуда же, откуда взята контрольная сумма

# plugins/registry/mod.rs
names-more-than-one-plugin = `{ $shown }` подходит больше чем к одному плагину
give-more-of-the-digest = укажите больше знаков суммы, которую показывает `reforge plugin list`
no-plugin-is-installed = плагин `{ $shown }` не установлен
reforge-plugin-list-shows-those = установленные показывает `reforge plugin list`; `reforge plugin install FILE` добавляет ещё один
plugin = плагин `{ $short }`
reforge-plugin-use-built-in-goes = к встроенному плагину возвращает `reforge plugin use built-in`
plugin-is-in-use = плагин `{ $short }` используется
reforge-plugin-use-name-puts-another = сначала замените его другим: `reforge plugin use NAME`
no-other-plugin-was-in-use = раньше другой плагин не использовался

# plugins/sandbox.rs
the-plugin-trapped = плагин аварийно завершился: { $cause }
another-plugin-can-be-used = другой плагин можно взять с помощью `--plugin FILE`

# plugins/slot.rs
no-plugin-is-in-use = ни один плагин не используется

# plugins/wasi/io.rs

# plugins/wasi/network.rs
no-name-is-looked-up = имена не ищут

# plugins/watch.rs
the-plugin-made-no-progress = плагин не продвинулся за { $limit } своего времени
compiling-may-take = на компиляцию отводится { $seconds } с процессорного времени и { $mebibytes } МиБ памяти
the-plugin-trapped-with-last-words = плагин сломался: { $cause }; его последние слова: { $tail }
the-file = файл
this-host-has-no-command-that-compiles = у этого хоста нет команды, которая компилирует плагины

# plugins/registry/install.rs
read-the-signature = прочитать подпись

# plugins/registry/install.rs
the-upload = присланный файл
so-called = `{ $name }`

# plugins/imports/conversions.rs
the-plugin-puts-too-much = плагин передаёт за раз больше { $limit } байт

# plugins/calls.rs
the-plugin-takes-in-no-foreign-archives = этот плагин не принимает чужих архивов
