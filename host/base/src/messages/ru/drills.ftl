# drills/network.rs
a-thread-of-a-drill-died = поток учения завершился
the-kernel-does-not-count-routes = { $path } не говорит, сколько соединений не нашли пути наружу

# drills/probes.rs
there-is-no-answer = ответа нет
the-answer-is-no-number = ответ `{ $shown }` — не число
the-answer-is-below = ответ { $figure } меньше { $least }
the-answer-is-another = ответ `{ $shown }`, а не `{ $equal }`
the-answer-does-not-match = ответ `{ $shown }` не подходит под `{ $pattern }`
the-answer-is-no-instant = ответ `{ $shown }` — не момент времени
the-answer-is-too-old = самое новое на { $old } старше снимка, а допустимо не больше { $age }
the-answer-fell = ответ { $figure } меньше { $share } от { $last }, которым ответило прошлое удачное учение
the-probe = проба { $why }
drill-names-no-volume = у приложения нет тома `{ $name }`
no-answer-over-http = по HTTP ответа нет: { $why }
http-answered-with = ответ { $code }, а не { $status }
http-answer-lacks = в ответе нет `{ $text }`

# drills/files.rs, drills/receipt.rs
a-sqlite-file-is-malformed = файл SQLite { $path } испорчен: { $said }
a-drills-receipt-cannot-be-written = квитанцию учения нельзя записать: { $error }

# drills/drill.rs
runtime-drills-nothing = среда `{ $runtime }` не проводит учений
is-being-drilled = с `{ $workload }` сейчас идёт учение
wait-for-the-drill = дождитесь конца того учения
there-is-no-snapshot-to-drill = у `{ $id }` нет снимка для учения
take-a-snapshot-first = сначала сделайте снимок: `reforge snapshot create`
deploy-it-before-a-drill = разверните или примите его: учение запускает второй раз то, что развёрнуто
the-snapshot-holds-no-volume = в снимке нет тома `{ $name }`, который есть у приложения
name-it-in-empty-of-the-drill = если приложение обходится без его данных, назовите его в `empty` таблицы `[workload.drill]`
quiet-failed = `{ $program }` из `quiet` { $why }
the-drill-took-longer-than = учение шло дольше { $limit }
a-probe-failed = проба `{ $name }`: { $why }
no-space-for-a-drill = учению нужно { $wanted } в { $path }, а свободно { $free }
name-another-drill-dir = освободите место или назовите каталог на другом диске ключом `drill_dir` в `[host]`
the-drill = учение

# drills/process
drill-cannot-isolate = здесь приложение нельзя изолировать: { $why }
drill-isolation-did-not-come = изоляция приложения не поднялась; сказано: { $said }
the-drilled-app-is-gone = приложения в учении больше нет
cannot-end-a-process = процесс { $process } нельзя завершить: { $errno }
cannot-run-in-a-drill = в приложении учения нельзя выполнить команду: { $error }
drill-has-no-network = нет никакой сети, кроме своей
drill-has-private-directories = свои каталоги /tmp, /var/tmp, /run, /dev и общей памяти; остальное на этой машине только для чтения
drill-sees-read-only = { $path } только для чтения
drill-is-not-isolated = приложение учения могло достичь { $addresses }: оно не запущено
a-process-has-no-members = приложение — один процесс, и у него нет части `{ $member }`
drill-has-no-limits = без пределов памяти и процессоров: { $error }
drill-has-a-path-that-is-not-text = в учении есть путь или слово, которые не текст: { $error }
rename-it = дайте имя в UTF-8

# config/drill.rs
two-probes-are-called = две пробы названы `{ $name }`
cpus-of-a-drill-is-none = `cpus` учения — не число больше 0
write-for-example-cpus = напишите, например, `cpus = 0.5`
read-only-is-not-absolute = в `read_only` есть `{ $path }`, а это не абсолютный путь
write-the-path-from-the-root = напишите путь целиком, от корня
quiet-has-no-command = в `quiet` есть то, что не команда
write-for-example-quiet = напишите, например, `quiet = [["psql", "-c", "update cron set active = false"]]` или `{"{"} member = "db", command = […] {"}"}`
probe-asks-not-in-one-way = проба `{ $name }` не говорит одним способом, что спросить
write-one-of-command-http-file = напишите что-то одно: `command`, `http`, `file` или `host_command`
matches-is-no-pattern = `matches` — это `{ $text }`, а это не регулярное выражение: { $why }
write-for-example-matches = напишите, например, `matches = "^v[0-9]"`
not-below-last-is-no-share = `not_below_last` — это `{ $text }`, а это не доля
write-for-example-90-percent = напишите, например, `90%`
host-command-is-not-allowed = проба `{ $name }` запускает программу этой машины, а `[host]` этого не разрешает
add-drill-host-commands = добавьте `drill_host_commands = true` в `[host]` или уберите пробу

# snapshots/proofs.rs, looking/extract.rs
proofs-cannot-be-written = доказательства снимков нельзя записать: { $error }
a-restore-would-refuse-entries = { $n ->
    [one] восстановление отвергло бы { $n } его запись, первая — { $name }
    [few] восстановление отвергло бы { $n } его записи, первая — { $name }
   *[many] восстановление отвергло бы { $n } его записей, первая — { $name }
}
plan-a-restore-to-see-why = составьте план восстановления: он скажет, почему и что разрешить

# cli/drill.rs
drill-needs-a-workload = не сказано, с чем провести учение
name-a-workload-to-drill = назовите приложение или скажите `--due`
drill-of = учение { $workload } на { $snapshot }: { $outcome }
drill-line = { $workload } на { $snapshot }: { $outcome }
empty-volumes = пустых томах
no-drill-is-due = ни одному учению не время
next-drill-of = { $workload }: следующему время { $at }
no-drills-yet = учений ещё не было
drill-volume-empty = {" "} том `{ $name }`: пуст
drill-volume-equal = {" "} том `{ $name }`: { $n ->
    [one] { $n } запись
    [few] { $n } записи
   *[many] { $n } записей
}, { $bytes }, равен снятому
drill-volume = {" "} том `{ $name }`: { $n ->
    [one] { $n } запись
    [few] { $n } записи
   *[many] { $n } записей
}, { $bytes }
drill-extracted-in = {" "} извлечено за { $time }
drill-healthy-after = {" "} здорово через { $time }
drill-checked-sqlite = {" "} { $n ->
    [one] { $n } файл SQLite цел
    [few] { $n } файла SQLite целы
   *[many] { $n } файлов SQLite целы
}
drill-has-no-sqlite = {" "} файлы SQLite не проверены: здесь нет `sqlite3`
drill-probe-passed = {" "} проба `{ $name }`: { $answer } ({ $time })
drill-probe-failed = {" "} проба `{ $name }` не прошла: { $why }
drill-probe-proves-nothing = {" "} проба `{ $name }`: { $answer }; она проходит и на пустых томах и ничего не говорит о ваших данных
drill-worthless = {" "} `{ $name }` проходит и в пустом приложении: это ничего не говорит о ваших данных
drill-all-worth = {" "} в пустом приложении не проходит ни одна проба, как и должно быть
drill-attempts = {" "} { $n ->
    [one] оно { $n } раз пыталось выйти в сеть; наружу ничего не ушло
    [few] оно { $n } раза пыталось выйти в сеть; наружу ничего не ушло
   *[many] оно { $n } раз пыталось выйти в сеть; наружу ничего не ушло
}
drill-no-attempts = {" "} оно не пыталось выйти в сеть
drill-withheld = {" "} дано: { $what }
drill-said = {" "} сказано: { $line }
drill-member-said = {" "} { $member } говорит: { $line }
drill-outcome-running = идёт
drill-outcome-proven = доказано
drill-outcome-started = запустилось
drill-outcome-failed = не удалось
drill-outcome-not-possible = в изоляции невозможно
drill-outcome-cancelled = отменено
drill-outcome-broken = не состоялось
drill-outcome-interrupted = прервано
head-healthy-after = ЗДОРОВО ЧЕРЕЗ
head-proof = ДОКАЗАНО
proof = Доказательство
proof-failed = учение не удалось
proof-taken-while-running = снят на ходу
proof-not-tried = не проверен
proof-read-back = прочитан
proof-started = запускается
proof-proven = доказан
snapshot-proof = доказано  { $proof }
snapshot-proof-at = доказано  { $proof }, { $instant } ({ $age })
what-is-due-cannot-be-drilled = учение, которому время, нельзя провести: { $failure }
