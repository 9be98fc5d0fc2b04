# schedule/calendar.rs
is-not-a-time-of-day = это не время суток
is-no-cron-line = это не строка cron: { $why }
is-shorter-than-a-minute = это меньше минуты

# config/schedule.rs, config/host.rs
schedule-says-not-one-when = `schedule` не говорит одним способом, когда делать снимок
write-one-of-at-cron-every = напишите что-то одно: `at`, `cron` или `every`
jitter-is-longer-than = `jitter` больше, чем { $longest }
jitter-spreads-what-is-due = он разносит то, чему время в один и тот же миг: напишите, например, `10m`
write-for-example-03-00 = напишите, например, `03:00`
write-for-example-0-3 = напишите, например, `0 3 * * *`: минута, час, день месяца, месяц, день недели
write-for-example-6h = напишите, например, `6h`
zone-is-which-is-none = `zone` — `{ $name }`, а такого часового пояса нет
write-for-example-europe-berlin = напишите, например, `Europe/Berlin` или уберите ключ: тогда это пояс машины
keep-keeps-nothing = `keep` не хранит ничего
write-for-example-keep = напишите, например, `keep = {"{"} last = 3, daily = 7, weekly = 5 {"}"}` или уберите ключ: тогда остаются все снимки
key-is-which-is-no-size = `{ $key }` — `{ $text }`, а это не размер
write-for-example-20-gib = напишите, например, `20 GiB`
snapshots-at-once-is-0 = `snapshots_at_once` — 0

# snapshots/store/pins.rs
snapshot-is-pinned = снимок `{ $id }` закреплён
unpin-it-first = сначала снимите закрепление: `reforge snapshot unpin`

# host/host/retention.rs
workload-has-no-keep = у приложения `{ $id }` нет `keep`
a-pruning = прореживание
pruned-for-room = не хватало места: { $n ->
    [one] удалён { $n } снимок, который
    [few] удалены { $n } снимка, которые
   *[other] удалено { $n } снимков, которые
} `keep` не хранит ({ $bytes })
a-pin = закрепление

# host/host/schedule.rs, host/host/due.rs
somebody-takes-what-is-due = снимки по расписанию делает кто-то другой
it-is-done-when-that-one-is = они будут готовы, когда он закончит: `reforge serve` делает их сам
it-was-missed = время было в { $due }, но тогда не работало ничего, что сделало бы снимок
the-host-ended-in-it = хост на нём завершался, раз: { $n }
take-one-by-hand-and-look = сделайте снимок вручную и посмотрите, что произойдёт: `reforge snapshot create`
a-thread-of-the-schedule-died = поток расписания завершился
reason-name-scheduled = по расписанию
reason-scheduled = по расписанию

# transaction/superseded.rs
the-end-of-what-came-before = удаление того, что хранили прежние восстановления
it-stays-until-a-person-ends-it = остаётся, пока человек не завершит

# server/api/schedule.rs
what-is-due-cannot-be-taken = снимки по расписанию не удаётся сделать: { $failure }

# cli/schedule.rs
nothing-is-due = делать нечего
never-again = больше никогда
next-snapshot-of = следующий для { $workload }: { $at }
due-done = { $workload }: снимок { $snapshot }, срок { $due }
due-done-and-pruned = { $workload }: снимок { $snapshot }, срок { $due }; { $n ->
    [one] удалён { $n } старый снимок
    [few] удалены { $n } старых снимка
   *[other] удалено { $n } старых снимков
}
due-missed = { $workload }: пропущен, срок { $due }
due-failed = { $workload }: снимка нет, срок { $due }: { $why }
delete-these-snapshots = удалить навсегда { $n ->
    [one] { $n } снимок
    [few] { $n } снимка
   *[other] { $n } снимков
} `{ $workload }`? отменить это нельзя [y/N]
nothing-goes = удалять нечего
so-many-would-go = { $n ->
    [one] был бы удалён { $n } снимок
    [few] были бы удалены { $n } снимка
   *[other] было бы удалено { $n } снимков
} ({ $bytes })
so-many-went = { $n ->
    [one] удалён { $n } снимок
    [few] удалены { $n } снимка
   *[other] удалено { $n } снимков
} ({ $bytes })
it-stays = остаётся
it-would-go = был бы удалён
it-went = удалён
head-why = ПОЧЕМУ
stays-last = последний
stays-hourly = почасовой
stays-daily = дневной
stays-weekly = недельный
stays-monthly = месячный
stays-yearly = годовой
stays-newest = самый новый
stays-pinned = закреплён
stays-restore = нужен восстановлению
stays-safety = страховочный снимок
stays-imported = импортирован
stays-drill = с ним идёт учение
stays-proven = новейший доказанный
stays-damaged = не читается
stays-no-rule = ничто не говорит, какие удалять
snapshot-was-pinned = снимок { $id } закреплён: ничто его не удалит
snapshot-was-unpinned = снимок { $id } больше не закреплён
snapshot-stays-pinned = закреплён: ничто его не удалит
reason-and-pinned = { $reason } (закреплён)
remove-previous-data-of-these = удалить навсегда то, что { $n ->
    [one] хранит { $n } восстановление
    [few] хранят { $n } восстановления
   *[other] хранят { $n } восстановлений
}: { $ids }? отменить это нельзя [y/N]
only-the-newest-keeps-anything = хранит только самое новое восстановление, или не хранит никакое
finished-so-many = готово: прежние данные удалены, восстановлений: { $n }
workload-next-snapshot = следующий  { $next }
workload-last-due = последний  { $last }
workload-snapshot-is-overdue = просрочено нет снимка, срок которого { $due }

# The page
overdue = Снимок просрочен, срок был
next-snapshot = Следующий снимок
last-due = Последний по расписанию
due-outcome-done = сделан
due-outcome-failed = не удался
due-outcome-missed = пропущен
pinned = закреплён
pin = Закрепить
unpin = Снять закрепление
was-pinned = Снимок закреплён
was-unpinned = Снимок больше не закреплён
