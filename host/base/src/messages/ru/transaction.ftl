# transaction/app.rs
cannot-do-to-workload = не удалось { $name } `{ $workload }`: { $error }

# transaction/checks.rs
what-is-live-as-volume = на месте тома `{ $name }` в `{ $path }` не то, что туда поставили
something-else-moves-these-directories = эти каталоги перемещает что-то другое
volume-has-something-mounted-at = в томе `{ $name }` что-то смонтировано: `{ $mount_point }`
unmount-it-and-try-again = размонтируйте это и попробуйте ещё раз

# transaction/drop_trees.rs
its-live-is-not-the-recorded = { $sibling } (на месте не те данные, что записаны)
not-the-recorded-one = { $sibling } (не то, что записано)
what-the-runtime-kept = то, что хранила среда: { $failure }
still-there-because = { $path } ({ $reason })
and-more = и ещё { $n }

# transaction/exchange.rs
the-parent-of-volume-was-moved = родительский каталог тома `{ $name }` перемещён из `{ $parent }`
could-not-be-recorded = `{ $direction }` не удалось записать, так что этого не было
may-or-may = неизвестно, попало ли на диск `{ $direction }` ({ $failure }), и что делать, тоже не удалось записать ({ $second })
the-app-stays-down-the-next = приложение не работает; решит следующий запуск хоста
volume-holds-a-tree = в томе `{ $name }` данные, о которых эта транзакция ничего не знает

# transaction/foreign_start.rs
something-else-started-the-app-meanwhile = что-то другое тем временем запустило приложение, и последнее записанное им может быть смесью; приложение остановлено и снова не запущено; то, что было раньше, содержит снимок `{ $safety }`

# transaction/generation.rs
the-state-directory-is-older = каталог состояния старше томов приложения `{ $workload }`: он знает поколение { $known }, а `{ $path }` видел { $seen }
it-was-put-back = его вернули из копии: верните самый новый; или посмотрите на тома, решите о каждом незаконченном восстановлении командой `reforge restore resolve` и скажите `reforge recover --accept { $workload }`
path-does-not-read = `{ $path }` не читается
look-at-the-volumes-then-say = посмотрите на тома, затем скажите `reforge recover --accept { $workload }`

# transaction/journal.rs
its-first-record-is = его первая запись — `{ $other }`
it-is-bytes-long = в нём { $n } Б, а при создании было { $sector_bytes }
journal-of = журнал `{ $id }`: { $illegal }
the-journal-of-is-full = журнал `{ $id }` заполнен: записей в нём { $next }
its-abort-file-does-not-check = его файл отмены не проходит проверку
the-journal-of-is-damaged = журнал `{ $id }` повреждён: { $reason }
nothing-was-guessed-and-nothing-removed = ничего не угадывалось и не удалялось; что там есть, покажет `reforge restore resolve`
cannot-be-written-down = не удалось записать: { $error }
attachment-is-missing = вложения { $digest } нет
attachment-does-not-match-its-digest = приложение к журналу { $digest } не совпадает со своей контрольной суммой
attachment-does-not-read = приложение к журналу { $digest } не читается: { $error }

# transaction/kept.rs
of-previous-data-that-restore-keeps = { $bytes } прежних данных, которые хранит восстановление `{ $id }`, останутся рядом с томами до конца его срока отмены, и после нынешнего его уже нельзя будет отменить
reforge-restore-finish-removes-them = их удалит `reforge restore finish { $id }`

# transaction/later_writes.rs
written-to-since-and-kept = { $trees }: с тех пор сюда писали; сохранено
look-at-it-and-take = посмотрите и заберите нужное; затем `reforge restore finish` уберёт остальное

# transaction/lease.rs
cancelled-while-waiting-for = прервано, пока ждали `{ $workload }`
it-is = оно { $held }
the-lease-of-was-used-for = блокировку `{ $workload }` применили к `{ $workload_2 }`
cannot-lock = не удалось заблокировать `{ $workload }`: { $reason }
the-state-directory = каталог состояния должен быть в локальной файловой системе
held-by-process-since = занято: { $what } (процесс { $pid }, с { $since })
held-by-another-process = занято другим процессом
workload-is-held = `{ $workload }` сейчас { $in_words }
try-again-when-it-is-done-or = повторите, когда это закончится, или подождите с `--wait`

# transaction/lib.rs
volume-holds-a-tree-that-fits = данные тома `{ $name }` не подходят ни к одному случаю протокола
some-volumes-hold-the-new-tree = в одних томах новые данные, в других прежние, и это не подходит ни к одному случаю протокола
and-the-app = { $message }, и приложение не удалось остановить: { $message_2 }
the-sibling-of-volume = соседнего каталога тома `{ $name }` нет
the-runtime-did-not-say-how = среда не сказала, как было развёрнуто приложение
it-was-stopped-and-stays-stopped = было остановлено и осталось остановленным
volume-is-another-directory-than-when = том `{ $name }` — уже другой каталог, чем когда его рассматривали
everything-was-kept-and-the-app = всё сохранено, и приложение не запущено; каждый набор данных покажет `reforge restore resolve { $id }`

# transaction/places.rs
the-parent-of-volume-is-another = родительский каталог тома `{ $name }`, `{ $parent }`, уже не тот, что был в начале транзакции
is-its-disk-mounted = смонтирован ли его диск?

# transaction/receipt.rs
receipt-does-not-read = отчёт `{ $id }` не читается: { $reason }

# transaction/recover.rs
recovery-of = приведение в порядок { $id }
the-host-ended-right = хост завершился сразу после восстановления
it-went-on-running-while = оно продолжало работать, пока хоста не было
stopped-something-else-had-started = остановлено: его запустило что-то другое, возможно, на наполовину заменённых томах; если это исключено, разверните его
the-new-data-is-live-but-the = новые данные на месте, но приложение не запущено
it-did-not-happen-every-volume = этого не произошло; все тома содержат то же, что и раньше
the-host-ended-in-the-middle-every = хост завершился посреди работы; все тома содержат то же, что и раньше

# transaction/registry.rs
restore-of-is-unfinished-it-got = восстановление `{ $id }` приложения `{ $workload }` не завершено (дошло до `{ $newest }`)
reforge-restore-resolve-shows-each-tree = все данные покажет `reforge restore resolve { $id }`
more-than-one-restore-begins-with = с `{ $wanted }` начинается больше чем одно восстановление
there-is-no-restore = восстановления `{ $id }` нет
reforge-restore-list-shows-them = их показывает `reforge restore list`

# transaction/resolve.rs
resolve-of = решение о { $id }
its-trees-cannot-be-told-apart = данные уже не различить: возможно только `--keep live`
the-journal-of-is-being-written = журнал `{ $id }` сейчас записывается
restore-needs-no-decision = восстановление `{ $id }` не требует решения
reforge-restore-show-says-how = как обстоят дела, покажет `reforge restore show`
volume-holds-a-tree-that = в томе `{ $volume }` данные, которые не новые и не прежние
put-the-right-tree-under = вручную поставьте нужные данные на место тома, затем `--keep live`

# transaction/revert.rs
stopped-something-else-had-started-it = остановлено: его запустило что-то другое
could-not-be-started-again = не удалось снова запустить: { $failure }
as-it-was-before = как было раньше
what-was-written-meanwhile-is-kept = записанное тем временем сохранено в { $later_writes } до конца срока
the-direction-is-in-doubt = направление неясно
cannot-be-reverted-it-is = `{ $id }` нельзя вернуть: состояние { $phase }
every-volume-holds-what-it-held-before = все тома содержат то же, что и раньше, но приложение не вернулось: { $message }
reforge-recover-brings-it-back = `reforge recover` вернёт его и закончит восстановление
could-not-go-back-the-app = не удалось вернуть всё назад: { $message }; приложение не запущено, и все данные сохранены
every-start-tries-again-reforge-restore = каждый запуск хоста пробует снова; `reforge restore resolve { $id }` покажет каждый набор данных и спросит, какой оставить

# transaction/sector.rs
the-record-does-not-fit = запись `{ $event }` не помещается в сектор ({ $n } Б)
it-is-so-many-bytes-long = в нём { $n } Б
its-first-record-does-not-check = его первая запись не проходит проверку
record-does-not-check-and-record = запись { $number } не проходит проверку, а за ней стоит запись { $after }

# transaction/summarise.rs
restore-is-not-over = восстановление `{ $id }` не закончено

# transaction/undo.rs
the-journal-of-restore-is-damaged = журнал `{ $of }` повреждён
it-never-came-to-be = оно не состоялось
its-window-has-ended = срок отмены истёк, и прежних данных больше нет
it-was-undone-already = его уже отменили
it-was-reverted-by-itself = оно вернуло всё само
it-is-unfinished = оно не завершено
came-after-it = после него было `{ $id }`
only-the-newest-can-be-undone = отменить можно только самое новое
what-is-live-as-volume-is = на месте тома `{ $name }` уже не то, что оно туда поставило
reforge-restore-list-shows-what = что можно отменить, покажет `reforge restore list`
restore-cannot-be-undone = восстановление `{ $id }` нельзя отменить: { $reason }

# transaction/state.rs
record-cannot-follow = запись `{ $event }` не может идти после { $milestone }
is-not-down-because = `{ $workload }` не остановлено: { $why }
volume-was-written-to-meanwhile = пока приложение стояло, кто-то писал в том `{ $name }`: `{ $path }` изменился после обмена
find-out-what-wrote-to-it = выясните, что это было, — например, контейнер, запущенный и удалённый, или `docker cp`, — и повторите
keep-it-off-the-volumes = не запускайте его на этих томах, пока идёт восстановление, и повторите
the-engines-volume-was-removed = том движка удалён (`volume rm`, `compose down -v` или prune), а с ним и то, что хранилось рядом: возвращаться не к чему, и больше ничто этого не ждёт
a-volume-was-removed-by-its-engine = движок удалил том, а с ним оба его дерева
keep-live-and-restore-the-safety-snapshot = скажите `--keep live`, дайте Compose создать том заново и восстановите страховочный снимок
