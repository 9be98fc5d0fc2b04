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
