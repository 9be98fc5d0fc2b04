# holders/in_flight.rs
is-still-open-for-writing = `{ $path }` всё ещё открыт для записи, или запись завершившегося процесса ещё не дошла до диска
end-whatever-writes-to-the-volume = завершите то, что пишет в том, или дождитесь, пока диск запишет всё, и попробуйте ещё раз
it-cannot-be-told-whether = не удалось узнать, не идёт ли ещё запись в `{ $path }`: { $errno }
the-host-needs-the-capability-cap = хосту нужна возможность CAP_LEASE, а файловой системе — поддержка файловых аренд (leases)

# holders/lib.rs
has-open = открыл
has-mapped = отобразил в память
is-rooted-in = имеет корнем
stands-in = стоит в
has-mounted = смонтировал
volume-is-in-use-process = том `{ $volume }` используется: процесс { $pid } (`{ $name }`) { $how } `{ $detail }`
end-that-process-or-let = завершите этот процесс или выведите его из тома и попробуйте ещё раз
raise-the-limit-of-open-files = увеличьте предел открытых файлов (`ulimit -n`) или освободите память и попробуйте ещё раз

# holders/live.rs
cannot-tell-where-is-within = не удалось узнать, где `{ $name }` находится в своей файловой системе
is-it-on-a-mount = может быть, он на точке монтирования, которой этот процесс не видит?

# holders/outlets.rs
is-a-mount-of-something = — это монтирование чего-то из него
unmount-it-for-as-long = размонтируйте на это время, затем смонтируйте снова
is-mounted-with-a-layer = смонтирован со слоем внутри него
unmount-it-and-keep-its-layers = размонтируйте и держите слои вне тома
has-its-backing-file-in-it = держит в нём свой файл-образ
unmount-and-detach-it-losetup-d = размонтируйте и отсоедините его (`losetup -d`) на это время
is-a-swap-file-in-it = — это файл подкачки в нём
switch-it-off-swapoff-and-keep = отключите его (`swapoff`) и держите вне тома
volume-is-in-use = том `{ $volume }` используется: `{ $at }` { $what }

# holders/task.rs
a-path-that-cannot-be-read = (путь, который нельзя прочитать)
on-a-mount-that-no-process-shows = { $path } (в точке монтирования, которой не видно ни у одного процесса, так что сказать нельзя)
stop-every-container-of-that-volume = движок смонтировал это для контейнера: остановите все контейнеры с этим томом, а если ни один не работает — запустите и остановите один; не размонтируйте сами
