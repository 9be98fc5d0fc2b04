# snapshots/capture/ahead.rs
the-snapshot = снимок

# snapshots/capture/cutter.rs
became-shorter-while-it-was-read = стал короче, пока его читали

# snapshots/capture/landing.rs
may-have-a-write-under-way = возможно, ещё записывается, узнать это не удалось: { $errno }
is-open-for-writing = открыт для записи, или запись завершившегося процесса ещё не дошла до диска

# snapshots/capture/mod.rs
the-snapshot-was-stopped = создание снимка остановлено

# snapshots/capture/ordered.rs
a-thread-of-the-snapshot-ended = поток, делавший снимок, неожиданно завершился

# snapshots/capture/proof.rs
the-new-archive-is-not-what = новый архив отличается от записанного начиная с байта { $offset }
check-the-disk-dmesg-smartctl = проверьте диск (`dmesg`, `smartctl`)

# snapshots/capture/sha256.rs
cannot-start-a-thread = не удалось запустить поток снимка: { $error }

# snapshots/capture/source.rs
cannot-write-the-manifest = не удалось записать манифест: { $error }
is-a-device-node = это файл устройства
is-of-a-kind = неизвестного вида
changed-while-it-was-read = изменился, пока его читали
so-that-this-host = { $problem }, так что этот хост не смог бы это вернуть

# snapshots/capture/worker.rs
cannot-compress-the-archive = не удалось сжать архив: { $error }

# snapshots/capture/writer.rs
the-archive-would-fill-the-disk = снятие снимка остановлено, и записанное удалено
free-some-space-where-snapshots = освободите место там, где хранятся снимки, или удалите старые снимки

# snapshots/lib.rs
was-cancelled = прервано: { $what }

# snapshots/project_files.rs
snapshot-has-no-project-files = в снимке `{ $id }` нет сведений о проекте Compose
take-them-out-with-tar = если в его архиве есть файлы проекта, их извлечёт `tar -xzf АРХИВ project`
its-project-files-are-not-what = файл проекта `{ $name }` в нём не тот, что был записан
its-project-files-cannot-be-read = файлы проекта в нём не читаются
directory-is-not-empty = каталог `{ $directory }` не пуст
project-files-never-go-over-others = укажите пустой каталог или имя, которого ещё нет: ваши файлы никогда не перезаписываются

# snapshots/store/check.rs
its-descriptors-project-does-not-fit = его описание говорит о файлах проекта невозможное
snapshot-is-damaged = снимок `{ $id }` повреждён: { $what }
restore-another-snapshot = восстановите другой снимок; этот можно только удалить или заново импортировать его архив
snapshot-is-gone = снимка `{ $id }` больше нет
its-descriptor-is-too-long = его описание слишком длинное
its-descriptor-cannot-be-read = его описание не читается ({ $error })
its-archive-has-bytes-instead-of = в его архиве { $size } Б вместо { $expected }
its-format-is = эта версия не читает его формат
its-descriptor-is-of-another-snapshot = его описание от другого снимка
its-descriptor-is-of-another-workload = его описание от другого приложения
it-is-of-workload-import-it = он от приложения `{ $of }`: `reforge import { $id }.tar.gz --workload { $workload }` примет его для этого
its-descriptor-names-a-volume-twice = его описание называет том дважды
its-descriptor-does-not-say = его описание дважды называет тома, и по-разному
its-volumes-are-not-numbered = его тома не пронумерованы подряд
its-descriptor-counts-more = его описание насчитывает больше, чем может быть
its-descriptor-has-no-digest = в его описании нет контрольной суммы архива
its-descriptor-has-no-digest-of = в его описании нет контрольной суммы тома
its-descriptors-parts-do-not-fit = части в его описании не подходят к архиву

# snapshots/store/mod.rs
cannot-read-snapshot = не удалось прочитать снимок `{ $id }`: { $error }
more-than-one-snapshot-of-begins = у `{ $workload }` больше одного снимка, имя которого начинается с `{ $name }`
there-is-no-snapshot-of = снимка `{ $name }` у `{ $workload }` нет
snapshot-is-needed-by-a-restore = снимок `{ $id }` нужен незавершённому восстановлению
finish-the-restore-first-reforge-restore = сначала завершите восстановление (`reforge restore list`) или дождитесь конца его срока отмены
a-deletion-wants-the-whole-id = для удаления нужно имя целиком: `{ $whole }`
a-beginning-names-it-everywhere-else = во всех остальных случаях хватает начала
its-descriptor-is-missing = его описания нет
its-archive-is-missing = его архива нет
the-bundle-is-damaged = пакет повреждён: { $what }
it-is-no-bundle = это не пакет
it-cannot-be-read = его не удаётся прочитать: { $error }
it-ends-too-early = он обрывается
export-it-once-more-and-compare = выгрузите его ещё раз и сравните два файла после копирования
its-descriptor-is-not-of-its-archive = его описание не от этого архива
its-descriptor-is-not-text = его описание — не текст
reading-the-snapshot = чтение снимка
its-archive-cannot-be-read = его архив не читается: { $error }
its-archive-does-not-match = его архив не совпадает со своей контрольной суммой

# snapshots/store/names.rs
there-are-none-yet-take = снимков ещё нет; сделайте первый: `reforge snapshot create`
nearest = ближайшие: { $shown }

# snapshots/store/pending.rs
no-free-snapshot-id-was-found = не нашлось свободного имени для снимка
cannot-write-the-descriptor = не удалось записать описание: { $error }

# snapshots/tree.rs
the-root-of-volume = корень тома `{ $volume }`
in-volume = `{ $path }` в томе `{ $volume }`
no-restore-could-bring-it-back = никакое восстановление не смогло бы это вернуть: уберите это из тома
something-still-writes-to-the-volume = что-то ещё пишет в том: найдите это (`fuser -vm`, `lsof +D`) и остановите
the-app-is-writing-try-again = приложение пишет: попробуйте ещё раз или сначала остановите приложение
was-replaced-while-it-was-read = подменён, пока его читали
vanished-while-it-was-read = исчез, пока его читали
is-on-another-mount-or-file = лежит на другой точке монтирования или файловой системе, чем его том
unmount-it-or-move = размонтируйте это или уберите из тома

# snapshots/walk.rs
no-restore-could-bring-it-back-shorten = никакое восстановление не смогло бы это вернуть: сократите имя или уберите это
entry-and-what = { $name } { $what }
is-not-the-name-of-a-snapshot = `{ $name }` — не имя снимка
is-not-the-name-of-a-workload = `{ $name }` — не имя приложения
the-entry-list = список записей
the-entry-list-is-damaged = список записей повреждён
