# host/conformance/app.rs
the-script-says-that-this-instance = по сценарию этот экземпляр не запускается
the-script-says-that-the-app = по сценарию приложение не останавливается
as-the-script-says = по сценарию

# host/conformance/archives.rs
a-symbolic-link = символическая ссылка
a-hard-link = жёсткая ссылка
a-name-with-dots = имя с `..`
an-absolute-name = абсолютное имя
a-name-outside-of-the-volumes = имя вне томов
a-volume-that-the-manifest-does-not-have = том, которого нет в манифесте
a-volume-whose-index-is-no-number = том, номер которого — не число
a-device = устройство
a-fifo = канал FIFO
an-entry-of-an-unknown-type = запись неизвестного типа
a-path-that-comes-twice = путь, который встречается дважды
a-file-where-a-directory-is = файл на месте каталога
something-below-a-file = запись внутри файла
a-second-manifest = второй манифест
a-header-with-a-wrong-checksum = заголовок с неверной контрольной суммой
a-set-id-file = файл с set-id
cannot-compress-an-archive = не удалось сжать архив: { $error }
cannot-write-an-archive = не удалось записать архив: { $error }

# host/conformance/mod.rs
there-is-no-promise = обещания `{ $unknown }` нет
there-are = есть { $names }
the-plugin-breaks-of-promises-first = плагин нарушает обещаний: { $n } из { $n_2 }; первое: { $first }
reforge-plugin-check-file-shows-all = все покажет `reforge plugin check FILE`
could-not-be-checked = `{ $name }` не удалось проверить
promise-because = { $promise } ({ $why })
the-plugin-does-not-read = плагин не читает `{ $format }`

# host/conformance/promises.rs
expected-and = ожидалось «{ $wanted }», но { $ended }
not-refused-but-failed = { $what }: не отвергнуто, а закончилось ошибкой: { $failure } ({ $code })
it-was-accepted = { $what }: принято
it-names-no-format = он не называет ни одного формата
is-empty-too-long-or-not-printable = `{ $word }` — пусто, слишком длинно или не печатается
the-app-was-stopped-so-often = приложение останавливали { $n ->
    [one] { $n } раз
    [few] { $n } раза
    [many] { $n } раз
   *[other] { $n } раза
}
it-refuses = он отказывает: { $refusal }
it-says-nothing-of-volume = он ничего не говорит о томе `{ $name }`
nothing-is-added-and-one-removed = том `{ $name }`: ничего не добавляется и одно убирается, а не { $counted }
it-changed-something = он что-то изменил
there-is-no-receipt = отчёта нет; { $ended }
the-other-volume-was-not-restored = другой том не восстановлен
the-volume-was-restored-all-the-same = том всё равно восстановлен
it-was-not-taken-in = он не принят: { $failure } ({ $code })
the-app-does-not-run-after-a-cancel = приложение не работает, хотя восстановление прервали
in-phase-number = фаза { $n }: { $ended }
it-was-never-cancelled = оно ни разу не прервалось
the-app-does-not-run-on-its-previous-data = приложение не работает на прежних данных
less-than-announced = объявлено меньше, чем есть
byte-flipped = испорчен байт { $at } из { $end }
cut-in-the-middle = обрезано посередине
the-last-byte-missing = нет последнего байта
something-after-the-end = что-то после конца
an-archive-without-a-manifest = архив без манифеста
bytes-nothing = пустой файл
bytes-text = текст
bytes-zeros = нули
promise-describes = плагин понятно говорит, кто он и что читает
promise-restores = после восстановления на месте то, что в небольшом снимке, и ничего больше
promise-plans = план не отвергает хороший снимок, считает, что изменится, и ничего не меняет
promise-faithful = содержимое, имена, режимы, владельцы, время и атрибуты возвращаются и у больших файлов, и когда файлов много
promise-undoable = восстановление можно отменить
promise-absent = том, которого нет, создаётся
promise-leaves = том, который должен остаться как есть, остаётся как есть
promise-imports = хороший архив со стороны принимается и восстанавливается
promise-cancels = если прервать в любой фазе до замены, всё остаётся как было
promise-stop-fails = приложение, которое не останавливается, сохраняет свои данные и работает дальше
promise-bad-start = приложению, которое не запускается, возвращаются прежние данные
promise-bad-health = приложению, которое точно не работает, возвращаются прежние данные
promise-unknown-health = приложение, о котором ничего не известно, остаётся на новых данных
promise-staging-fails = если при распаковке подводит хост, восстановление заканчивается, а приложение продолжает работать
promise-damaged = повреждённый архив отвергается до остановки приложения, где бы ни было повреждение
promise-hostile = враждебный архив отвергается до остановки приложения
promise-hostile-import = враждебный архив не принимается
promise-foreign = то, что архивом не является, отвергается до остановки приложения

# host/conformance/scene.rs
the-volumes-are-not-what-the-snapshot-holds = в томах не то, что в снимке; { $ended }
the-app-does-not-run = приложение не работает; { $ended }
the-app-does-not-run-any-more = приложение больше не работает; { $ended }
the-app-was-stopped = приложение останавливали; { $ended }
something-was-left-beside-the-volumes = рядом с томами что-то осталось; { $ended }
a-volume-was-changed = том изменился; { $ended }
it-ended-because = итог — «{ $outcome }»: { $failure } ({ $code })
it-ended = итог — «{ $outcome }»

# host/deployer/about.rs
volume-of-at = том `{ $volume }` приложения `{ $workload }` в `{ $path }`: { $clause }

# host/deployer/absent.rs
reforge-workload-show-names-its-volumes = `reforge workload show` называет его тома
the-deployed-app-has-it-at = развёрнутое приложение держит его в `{ $live }`
snapshot-holds-data-of-it = снимок `{ $id }` хранит его данные
volume-of-has-no-directory-and = у тома `{ $name }` приложения `{ $id }` нет каталога `{ $path }`, а { $why }
correct-its-source-mount-its-disk = исправьте `source`, подключите диск или восстановите снимок; `reforge deploy { $id } --make-empty { $name }` запускает приложение на пустом

# host/deployer/deployed.rs
is-volume-of-workload-which-runs = `{ $path }` — том `{ $volume }` приложения `{ $other }`, которое работает
reforge-stop-ends-it-also-when = его останавливает `reforge stop { $other }`, даже если его уже нет в конфигурации
volume-is-configured = том `{ $volume }` по конфигурации находится в `{ $path }`, а у развёрнутого приложения такого каталога нет
deploy-the-workload = разверните приложение, чтобы у него было то, что в конфигурации; или уберите том из конфигурации
the-app-that-is-deployed = у развёрнутого приложения `{ $live }` — том `{ $volume }`, а в конфигурации такого тома нет
put-the-volume-into-the-configuration = верните том в конфигурацию — с `capture = false`, если его нужно только монтировать, — или разверните приложение без него
volume-is-configured-at-and-what = том `{ $volume }` по конфигурации находится в `{ $path }`, а у развёрнутого приложения — в `{ $deployed }`
deploy-the-workload-so = разверните приложение, чтобы у него было то, что в конфигурации; или исправьте конфигурацию
stop-the-workload-first-the-directory = сначала остановите приложение: каталог, на котором оно работает, перемещён или удалён
the-app-that-runs-was-given = работающему приложению как том `{ $volume }` дали не тот каталог, что сейчас в `{ $path }`: его с тех пор переместили или заменили
find-out-which-of-the-two = выясните, какой из двух верный, поставьте его на место и разверните приложение

# host/deployer/dispatch.rs
this-host-has-no-runtime = у этого хоста нет среды `{ $name }`
a-deploy = развёртывание
a-rollback = откат
a-promotion = перенос образа
a-preview = предпросмотр
a-stop = остановка
a-start = запуск
was-deployed-and-is-bad = `{ $workload }` развёрнуто и не работает: { $reason }
look-at-its-log-then-deploy = посмотрите его журнал, затем разверните снова или откатите
is-still-alive = `{ $name }` ещё работает, хотя его остановили
find-out-what-starts-it-again = выясните, что запускает его снова
needs-the-runtime-which-this-build = для `{ $id }` нужна среда `{ $kind }`, которой в этой сборке нет
use-a-build = возьмите сборку, в которой она есть, или задайте `runtime = "process"` и `command`

# host/deployer/start.rs
what-is-stopped-could-not-be-written-down = не удалось записать, что останавливается, и `reforge start` не будет этого знать: { $failure }
runs-already = `{ $workload }` уже работает
was-started-and-is-bad = `{ $workload }` запущено и не работает: { $reason }
was-not-stopped-by-reforge-stop = `{ $workload }` остановили не командой `reforge stop`, поэтому снова запускать нечего
reforge-deploy-starts-what-is-configured = `reforge deploy { $workload }` запустит то, что настроено
the-directory-of-the-volume-is-missing = нет каталога `{ $path }` тома `{ $volume }`: приложение работало бы без своих данных
put-the-directory-back = верните каталог на место или подключите его диск; данные вернёт восстановление

# host/deployer/forbidden.rs
is-the-machines-own-directory = принадлежит самой машине и не хранит данных приложения
leave-it-out-of-the-volumes = уберите его из томов: остальное, что видит контейнер, записывается в `request`

# host/deployer/history.rs
it-is-a-directory = это каталог
it-has-the-version = у неё версия { $version }
cannot-write-down-a-deployment = не удалось записать развёртывание: { $error }
the-record-of-deployments-cannot = запись о развёртываниях `{ $path }` не читается: { $how }
deploy-the-workload-anew-the-file = разверните приложение заново: файл останется рядом с окончанием `.damaged`

# host/deployer/image.rs
the-file-of-the-image-changed = файл образа `{ $program }` изменился с тех пор, как его развернули
put-the-old-file-back = верните прежний файл или разверните тот, что есть сейчас
has-no-previous-image = у `{ $id }` нет прежнего образа
a-rollback-needs-two-deploys = для отката нужно, чтобы до него развернули два разных образа
cannot-promote-to = образ `{ $shown_from }` нельзя перенести в `{ $shown_to }`: { $clause }
they-are-the-same = это одно и то же
name-two-workloads = назовите два приложения
an-image-is-promoted = образ переносят с одной стадии проекта на другую
their-projects-are-and = их проекты — `{ $project }` и `{ $project_2 }`
their-runtimes-are-and = их среды — { $runtime } и { $runtime_2 }
give-both-the-same-runtime = задайте обоим одну и ту же среду
deploy-it-first = сначала разверните его

# host/deployer/live.rs
cannot-be-used = нельзя использовать: { $what }: { $reason }
correct-the-rights-of-the-directory = исправьте права на каталог или запустите хост от имени root
its-parent-cannot-be-opened = родительский каталог нельзя открыть
its-parent-cannot-be-read = родительский каталог нельзя прочитать
it-cannot-be-looked-at = сведения о нём нельзя получить
has-a-parent-that-belongs = родительский каталог принадлежит пользователю { $uid }, который мог бы подложить что-то другое
chown-root = выполните `chown root { $shown }` или отдайте его владельцу тома
has-a-parent-that-others = в родительский каталог могут писать другие (режим { $mode })
chmod-go-w = выполните `chmod go-w { $shown }`
chattr-ia = выполните `chattr -ia { $shown }`
has-a-parent-that-is-immutable = родительский каталог неизменяемый или только для дозаписи, и переименовать в нём ничего нельзя
live-is-a-symbolic-link = это символическая ссылка
name-the-directory-itself = укажите в `source` сам каталог
live-is-not-a-directory = это не каталог
a-volume-is-a-directory-move = том — это каталог: уберите то, что там лежит
belongs-to-user-and-the-host = принадлежит пользователю { $uid }, а хост работает не от имени root
run-the-host-as-root = запустите хост от имени root или этого пользователя
stands-on-a-kernel = ядро не различает точки монтирования
linux-5-8-or-newer = нужен Linux 5.8 или новее
make-the-volume-a-directory-inside = сделайте томом каталог внутри того, что смонтировано
is-a-mount-point-which-cannot = это точка монтирования, и заменить её нельзя
is-a-subvolume-or-file-system = это отдельный подтом или файловая система, и от точки монтирования их не отличить
make-the-volume-a-directory-inside-of = сделайте томом каталог внутри
has-something-mounted-in-it-at = внутри что-то смонтировано: `{ $point }`
umount-and-make-it-a-volume = выполните `umount { $point }` и сделайте это отдельным томом
cannot-be-read = нельзя прочитать: { $reason }
a-volume-that-cannot-be-read = том, который нельзя прочитать, не попадёт и в снимок: исправьте права или запустите хост от имени root
use-a-directory-that-is-not = возьмите каталог, который не зашифрован
stands-below-a-directory-that-belongs = лежит ниже `{ $shown }`, который принадлежит пользователю { $uid }, а тот мог бы подложить что-то другое
move-it-below-a-directory-of-its-owner = держите его только ниже каталогов root и своего владельца
stands-below-a-directory-that-others = лежит ниже `{ $shown }`, куда могут писать другие
stands-below-a-directory-that-cannot = лежит ниже каталога, который не удаётся проверить: { $failure }

# host/deployer/overlap.rs
the-hosts-own-directory = собственный каталог хоста `{ $path }`
keep-volumes-and-the-state-snapshot = держите тома отдельно от каталогов состояния, снимков и предпросмотра
volume-of-at-alone = том `{ $name }` приложения `{ $id }` в `{ $path }`
give-each-volume-a-directory = отведите каждому тому отдельный каталог рядом с другими
give-each-volume-a-directory-or-share-it = отведите каждому тому отдельный каталог рядом с другими; или напишите `capture = false` у обоих, если ни снимок, ни восстановление не должны его касаться; или возьмите под управление весь проект Compose: у его участников тома общие
correct-the-other-volume-first = сначала исправьте другой том

# host/deployer/owner.rs
cannot-look-up-the-user = не удалось найти пользователя `{ $user }`: { $reason }
the-user-of-does-not-exist = пользователя `{ $user }` приложения `{ $id }` не существует
make-the-user-or-correct-user = создайте пользователя или исправьте `user` в настройках; номеру, которого нет в списке пользователей, нужна группа: `uid:gid`

# host/deployer/prepare.rs
it-appeared-just-now-try-again = он только что появился: попробуйте ещё раз
something-that-is-not-a-directory = там лежит что-то, что не является каталогом
check-the-rights-and-the-room = проверьте права на каталог выше и место в нём
is-only-mounted-and-not-there = только монтируется, и этого каталога нет
is-of-an-engine-volume-and-not-there = служит каталогом тома движка, и этого каталога нет
docker-volume-create-it = пусть его создаст движок: `docker volume create { $name }`

# host/deployer/preview.rs
make-the-directory-or-correct-preview = создайте каталог или исправьте `preview_dir` в разделе `[host]`
has-something-mounted-in-it = внутри `{ $path }` что-то смонтировано
unmount-it-or-remove = размонтируйте это или удалите вручную
it-is-not-empty = каталог не пуст
cannot-be-removed = `{ $path }` не удаляется: { $reason }
is-in-the-directory-of-previews = `{ $path }` лежит в каталоге предпросмотров, и этот хост его не создавал
move-it-away-or-set-preview = уберите это или укажите в `preview_dir` раздела `[host]` каталог, в котором нет ничего другого
user-of-cannot-enter = пользователь { $as_raw } приложения `{ $id }` не может войти в `{ $above }`
set-preview-dir-in-host = укажите в `preview_dir` раздела `[host]` каталог внутри такого, куда может войти любой пользователь

# host/deployer/replaces.rs
would-be-replaced = { $what }, был бы заменён собственным
would-be-replaced-and-changed = { $what }, был бы заменён собственным, с изменениями: { $changes }
deploy-with-yes-replaces-it = `reforge deploy { $workload } --yes` сделает это; восстановление его не заменяет

# host/deployer/resolve.rs
mount-proc = смонтируйте `/proc`
has-no-directory = нет каталога
correct-its-source-and-set-volume = исправьте `source` и задайте `volume_root`
has-no-parent-directory = нет родительского каталога: `{ $parent }` не существует
deploy-the-workload-once-which-makes = разверните приложение один раз: это его создаст
make-the-directory-or-mount = создайте каталог или смонтируйте его диск
has-a-parent-directory-that-cannot = родительский каталог нельзя использовать: { $message }
correct-source-or-the-rights = исправьте `source` или права на каталоги выше
has-no-volume-root = нет корневого каталога томов
add-volume-root-to-host = добавьте `volume_root` в раздел `[host]`
has-no-volume-root-because = нет корневого каталога томов: { $message }
leads-outside-its-parent-is-really = ведёт за пределы `{ $root }`: родительский каталог на самом деле `{ $parent }`
remove-the-link-or-give = уберите ссылку или задайте тому область `absolute`
does-not-lie-below-an-allowed = лежит вне разрешённых каталогов: родительский каталог на самом деле `{ $parent }`
add-a-directory-above = добавьте каталог выше него в `allowed_roots` раздела `[host]`

# host/host/gate.rs
is-here = здесь лежит `{ $path }`
was-left-by-a-restore = `{ $path }` осталось от восстановления другого хоста, который работал здесь последним
end-that-restores-undo-window = завершите там окно отмены этого восстановления (`reforge restore finish`) и дайте каждому хосту свои тома
was-left-by-a-restore-that = `{ $path }` остался от восстановления, о котором не знает ни один журнал
is-this-the-state-directory = это тот каталог состояния, которым хост пользовался раньше? Если да, посмотрите на этот каталог и уберите его в другое место

# host/host/mod.rs
the-key-of-environment-digests = ключ для отпечатков переменных окружения создан заново, так как { $why }: изменились ли переменные после более старого снимка, теперь сказать нельзя
the-key-of-environment-digests-could = ключ для отпечатков переменных окружения не удалось создать заново: { $failure }
taking-the-state-directory = признание каталога состояния самым новым
not-removed = не удалено: { $failure }

# host/host/plugins.rs
the-plugin-that-was-built = встроенный плагин удалить нельзя

# host/host/snapshots.rs
is-the-reason-of-snapshots = причина `{ $safety }` оставлена для снимков, которые делает восстановление, а такие со временем удаляются
give-another-reason = укажите другую причину
snapshot = снимок ({ $reason })
workload-has-no-volume = у приложения `{ $id }` нет томов, которые мог бы содержать снимок
only-directories-of-the-scopes-project = сохраняются и восстанавливаются только каталоги с областями `project`, `stage` и `absolute`
volume-has-no-directory-nothing = у тома `{ $name }` нет каталога `{ $path }`: снимать нечего
mount-its-disk-or-correct = подключите диск или исправьте `source`; том, у которого он был, снова наполняет восстановление
volume-has-no-directory = у тома `{ $name }` нет каталога
volume-at-is-not-configured = тома `{ $volume }` в `{ $path }` больше нет в конфигурации
its-safety-snapshot = его страховочный снимок нельзя было бы восстановить
a-deletion = удаление
volume-named = том `{ $name }`

# host/restore/decide.rs
whoever-holds-it-settles-it-nothing = тот, кто его выполняет, его и завершит: решать нечего

# host/restore/import.rs
file-is-not-a-file = `{ $file }` — не файл
an-import = импорт
the-import-was-cancelled-nothing = импорт прерван; ничего не сохранено
the-archives-manifest-cannot-be-understood = манифест архива не читается: { $error }
the-archive-has-the-format = у архива формат { $format }, а эта версия читает { $format_2 }
the-archive-holds-no-volume = в архиве нет томов: восстанавливать из него нечего
its-manifest-json-lists-the-volumes = тома перечисляет его `manifest.json`
a-volume-has-no-name = имя тома не может быть именем тома приложения
what-the-plugin-says = то, что плагин сообщает об архиве, не имеет смысла: { $what }

# host/restore/monitor/archive.rs
the-archive-could-not-be-checked = архив не удалось проверить

# host/restore/monitor/calls.rs
a-worker-cannot-have-workers = у помощника не может быть своих помощников
workers-extract-before-the-app = помощники извлекают до остановки приложения

# host/restore/monitor/mod.rs
held-for-restore = восстановление { $id }
belongs-to-a-restore = `{ $call }` относится к восстановлению, а это не оно
the-plugin-failed-and-said = плагин завершился неудачей и сообщил: `{ $code }`, но это не так: { $message }
cancelled-before-the-commit = прервано до фиксации

# host/restore/monitor/step.rs
this-is-not-the-proof = это не подтверждение для этого восстановления: { $what }
the-app-is-bad = приложение не работает на восстановленных данных: { $reason }
its-log-says-more-the-previous = подробности в его журнале; на месте снова прежние данные

# host/restore/monitor/steps.rs
the-lease-was-given-already = блокировка уже выдана
what-the-plan-stands-on-moved = то, на чём основан план, изменилось раньше, чем была взята блокировка
make-a-new-plan-and-look = составьте новый план и просмотрите его ещё раз
a-restore-begins-with-exactly = восстановление начинается ровно с томов своего плана
there-is-no-such-volume = такого тома в транзакции нет
this-volume-has-its-staging-already = у этого тома уже есть промежуточный каталог
this-staging-was-sealed-already = этот промежуточный каталог уже закрыт
the-app-is-stopped-once-when = приложение останавливают один раз, когда все тома готовы
there-is-a-safety-snapshot-already = страховочный снимок уже есть
this-transaction-was-swapped-already = тома этой транзакции уже заменены
a-swap-takes-the-seal = для замены нужны все тома, каждый один раз
the-app-was-started-already = приложение уже запущено
health-is-awaited-once = готовности ждут один раз, после успешного запуска
only-a-failed-redeploy = возвращают только после неудачного запуска или если приложение точно не работает
this-lease-has-had-its-transaction = у этой блокировки уже была транзакция
this-volume-has-no-sibling = у этого тома ещё нет каталога, который можно наполнять

# host/restore/monitor/subject.rs
volume-has-a-name = имя тома `{ $name }` не в UTF-8

# host/restore/monitor/volumes.rs
there-is-no-volume-of-scope = нет тома `{ $name }` с областью `{ $scope }`, который надо восстановить
volume-has-no-live-directory = у тома `{ $name }` нет текущего каталога
there-is-no-volume-so-called = такого тома нет

# host/restore/monitor/watch.rs
the-plugin-did-not-go = плагин не продолжил за { $limit } после фиксации
the-plugin-did-not-swap-within = плагин не заменил тома за { $seconds } с после остановки

# host/restore/preflight/drift.rs
the-snapshot-was-taken-with-another = снимок сделан с другим образом, чем развёрнут сейчас
taken-with-deployed-is-the-app = при снимке был `{ $program }`, развёрнут `{ $program_2 }`: приложение должно уметь прочитать те данные
is-not-what-it-was-when = `{ $image }` уже не тот, каким был при развёртывании
the-app-comes-back-with-what = приложение вернётся с тем, с чем работает сейчас; новое возьмёт развёртывание
the-app-would-be-started = приложение запустится таким, какое оно сейчас
the-app-could-not-be-started = приложение не удалось снова запустить
whether-environment-variables-changed-since = изменились ли переменные окружения после снимка, неизвестно: { $why }
compare-them-by-hand-a-secret = сравните их сами: может понадобиться секрет, с которым эти данные созданы
the-key-of-their-digests = ключ для их отпечатков создан заново { $since }
a-secret-that-the-data = может понадобиться секрет, с которым были созданы данные

# host/restore/preflight/mod.rs
the-snapshot-does-not-say-what = снимок не говорит, что хранит том `{ $name }`
the-snapshot-is-of-workload = это снимок приложения `{ $of }`, а не `{ $id }`
export-it-and-import = экспортируйте его и импортируйте для этого приложения, если так и задумано
a-bundle-says-which-volume-is-which = пакет сам говорит, какой том где
restore-it-with-map = импортируйте его как есть и выберите при восстановлении с `--map`

# host/restore/preflight/undo.rs
an-undo-exchanges-what-the-restore = отмена меняет местами то же, что восстановление: исправьте конфигурацию или восстановите его страховочный снимок
volume-was-exchanged = том `{ $volume }` менялся в `{ $path }`, а по конфигурации теперь находится в `{ $path_2 }`
volume-was-exchanged-at = том `{ $volume }` менялся в `{ $path }`, а в конфигурации там теперь нет тома
volume-at-was-not-part = том `{ $volume }` в `{ $path }` в нём не участвовал

# host/restore/preflight/volumes.rs
volume-has-inode-flags = том `{ $name }`: у `{ $first }` есть флаги inode или номер проекта, которых восстановление не возвращает
volume-entries-have-inode-flags = том `{ $name }`: у записей ({ $more }) есть флаги inode или номер проекта, которых восстановление не возвращает; первая — `{ $first }`
volume-holds-what-cannot-be-removed = том `{ $name }`: { $n ->
    [one] { $n } запись неизменяемая
    [few] { $n } записи неизменяемые
    [many] { $n } записей неизменяемые
   *[other] { $n } записи неизменяемые
} или только для дозаписи; среди прежних данных их не удалить: { $names }
it-stays-beside-the-volume-chattr = выполните `chattr -ia` сейчас или в конце: оставшееся останется рядом с томом при удалении прежних данных, будет названо, и его удалит следующий `reforge restore finish` (`{ $path }`)
set-them-again-afterwards-lsattr-rp = задайте их потом снова (их показывает `lsattr -Rp`); неизменяемое и только дополняемое остаётся рядом с томом при удалении прежних данных, пока не сделать `chattr -ia` и ещё раз `restore finish`
add-links-contained-to-workload = добавьте `links = "contained"` приложению `{ $id }`, чтобы ссылки восстанавливались как данные
volume-holds-device-nodes = { $devices ->
    [one] в томе `{ $name }` есть { $devices } файл устройства, а снимок такое не хранит
    [few] в томе `{ $name }` есть { $devices } файла устройств, а снимок такое не хранит
    [many] в томе `{ $name }` есть { $devices } файлов устройств, а снимок такое не хранит
   *[other] в томе `{ $name }` есть { $devices } файла устройств, а снимок такое не хранит
}
its-root = его корень
volume-so-that-no-safety-snapshot = том `{ $name }`: { $shown }: { $problem }, так что страховочный снимок не смог бы это вернуть
volume-holds-links-now = { $links ->
    [one] в томе `{ $name }` сейчас { $links } ссылка, которую нельзя было бы вернуть
    [few] в томе `{ $name }` сейчас { $links } ссылки, которые нельзя было бы вернуть
    [many] в томе `{ $name }` сейчас { $links } ссылок, которые нельзя было бы вернуть
   *[other] в томе `{ $name }` сейчас { $links } ссылки, которые нельзя было бы вернуть
}
process-could-not-be-looked = не удалось проверить процесс { $pid } (`{ $name }`); возможно, он использует том
process-and-more = не удалось проверить процесс { $pid } (`{ $name }`) и ещё { $more }; возможно, они используют том
one-that-does-goes = если это так, он продолжит работать с прежними данными; у него есть права, которых нет у reforge, а больше всего их у root

# host/restore/run.rs
the-plugin-went = плагин продолжил работу после того, как ответил
is-no-plan-digest = `{ $given }` — не контрольная сумма плана
reforge-restore-plan-shows = её показывает в конце `reforge restore plan`
a-restore-that-is-being-planned = восстановление, которое ещё планируется
what-the-plan-stands = то, на чём основан план, изменилось после его составления
configuration-snapshot-volumes-image-or-plugin = изменились настройки, снимок, тома, образ или плагин: составьте новый план и просмотрите его ещё раз

# host/restore/settle.rs
the-plugin-ended-without-restoring-anything = плагин закончил, ничего не восстановив
the-plugin-ended-before-it-swapped = плагин закончил раньше, чем заменил хоть что-то
the-new-data-is-live = новые данные на месте и зафиксированы; восстановление завершит `reforge recover`
the-new-data-is-live-but = новые данные на месте, но приложение не запущено: { $message }
reforge-recover-starts-it-and-completes = `reforge recover` запустит его и завершит восстановление
every-volume-holds-what-it-held = все тома снова содержат то же, что и раньше
nothing-was-changed = ничего не изменено

# host/restore/undo.rs
undo-of = отмена восстановления { $id }
its-safety-snapshot-holds-that-data = эти данные есть в его страховочном снимке `{ $safety }`: `reforge restore run { $workload } { $safety }`
finish-of = завершение { $id }
the-trees-of-undo-are-those = данные отмены `{ $id }` принадлежат восстановлению `{ $of }`
reforge-restore-finish-of-the-other = их удалит `reforge restore finish { $of }`
restore-keeps-no-previous-data = восстановление `{ $id }` не хранит прежних данных

# host/restore/word.rs
what-the-plugin-counts-in-volume = то, что плагин насчитал в томе `{ $name }`, — не то, что хранит снимок
its-comparison-with-what-is-live = его сравнение с текущими данными не показано
the-plugin-says-things-more = { $n ->
    [one] плагин сообщает ещё { $n } вещь, она не показана
    [few] плагин сообщает ещё { $n } вещи, они не показаны
    [many] плагин сообщает ещё { $n } вещей, они не показаны
   *[other] плагин сообщает ещё { $n } вещи, они не показаны
}
proof-lease = блокировка
proof-safety-snapshot = страховочный снимок
is-immutable = неизменяемый
is-append-only = только для дозаписи
is-encrypted-by-its-file-system = зашифрован файловой системой
is-case-folded-so-two-names = не различает регистр букв, и два имени из снимка могли бы стать одним
chattr-i = выполните `chattr -i { $path }`
chattr-a = выполните `chattr -a { $path }`
empty-it-and-chattr-f = очистите его и выполните `chattr -F { $path }`
cannot-be-compared-with-the-hosts-own = нельзя сравнить ({ $failure }) с собственным каталогом хоста `{ $path }`
cannot-be-compared-with = нельзя сравнить с { $whose }: { $failure }
reforge-restore-finish-removes-them-snapshot-holds = их удалит `reforge restore finish { $id }`; то же содержит снимок `{ $safety }`
proof-transaction = транзакция
proof-stop = остановка
proof-swap = замена
app-down = не работает
entry-in-backticks = `{ $path }`
environment-variables-changed = после снимка изменились переменные окружения: { $names }
phase-name-planning = составление плана
phase-name-extracting = распаковка
phase-name-sealing = проверка распакованного
phase-name-checking-the-archive = проверка архива
phase-name-stopping = остановка
phase-name-safety-snapshot = страховочный снимок
phase-name-capturing = снимок
phase-name-swapping = замена томов
phase-name-starting = запуск
phase-name-waiting-for-health = ожидание работоспособности
phase-name-finishing = завершение
phase-name-reverting = возврат
phase-name-reading-the-archive = чтение архива
phase-name-reading = чтение
phase-name-asking = вопросы приложению
phase-name-compiling = компиляция
phase-name-checking-its-promises = проверка обещаний
phase-name-beginning = начало
phase-name-inspecting = просмотр
phase-name-copying = копирование
phase-name-storing = сохранение
phase-name-verifying = проверка
phase-name-exporting = выгрузка

# host/door/builder.rs
register-one-with-hostbuilder-runtime = зарегистрируйте её с помощью `HostBuilder::runtime` или вызовите `HostBuilder::docker`
the-host-has-no-runtime = у хоста нет среды, и он ничего не смог бы запустить
a-runtime-is-registered = среда зарегистрирована как `{ $shown }`, а это не имя
two-runtimes-are-registered-as = две среды зарегистрированы как `{ $shown }`
give-each-its-own-name = дайте каждой своё имя
held-workloads-are-not-known = нельзя узнать, какие приложения удерживаются: { $failure }
held-workload-is-not-up-again = `{ $workload }` остановили ради снимка и не смогли запустить снова: { $failure }
the-app-is-not-up-again = приложение не удалось запустить снова: { $message }

# host/host/told.rs
nobody-can-be-notified = никого нельзя оповестить: { $failure }
a-crash-came-and-all-is-as-before = помешал сбой; всё осталось как было
there-is-no-channel = каналов нет
no-channel-is-called = канала `{ $name }` нет
add-notify-to-the-configuration = добавьте `[[notify]]` в настройки: в `docs/notifications.md` есть пример для каждого получателя

# host/host/capturing
the-app-will-be-stopped = на время снимка приложение останавливается и потом запускается снова
the-app-will-be-stopped-for-about = на время снимка приложение останавливается; в прошлый раз простой занял { $last }
the-app-will-be-frozen = на время снимка приложение замораживается, не дольше чем на { $limit }
the-app-will-be-frozen-for-about = на время снимка приложение замораживается, не дольше чем на { $limit }; в прошлый раз это заняло { $last }
the-app-is-thawed-at-the-limit = приложение было заморожено { $limit } — это его предел: оно разморожено, и снимок продолжается на ходу
the-snapshot-is-taken-and-yet = снимок `{ $id }` сделан, и всё же
a-hook-before-failed = команда перед снимком не удалась: { $what }
a-hook-after-failed = команда после снимка не удалась: { $what }
the-hook-said = её вывод: { $said }
cannot-write-down-a-capture = не удалось записать, что делается с приложением: { $error }
it-says-how-an-app-was = в нём записано, что делало приложение до снимка: запустите или разморозьте его вручную и затем удалите файл
a-snapshot-was-cut-short = снимок приложения `{ $workload }` был прерван: оно может быть остановлено или заморожено
a-snapshot-was-cut-short-and-settled = снимок приложения `{ $workload }` был прерван: оно снова такое, каким было
a-cut-short-snapshot-is-not-settled = снимок приложения `{ $workload }` был прерван, и оно не такое, каким было: { $failure }
the-app-is-bad-since-the-snapshot = приложение запущено после снимка и не работает: { $why }

# host/restore/conversion.rs
the-import-would-fill-the-disk = импорт заполнил бы диск, на котором лежат снимки

# host/restore/taken_in.rs
taken-in-companions = пропущено, их читает только macOS: { $n ->
    [one] { $n } сопутствующий файл
    [few] { $n } сопутствующих файла
   *[other] { $n } сопутствующих файлов
} ({ $names })
taken-in-labels = пропущено, у этой системы свои: метки модуля безопасности у { $n ->
    [one] { $n } записи
   *[other] { $n } записей
} ({ $names })
taken-in-attributes = пропущено, файловая система или Linux их не хранит: атрибуты у { $n ->
    [one] { $n } записи
   *[other] { $n } записей
} ({ $names })
taken-in-special = пропущено, приложение создаёт их заново: { $n ->
    [one] { $n } канал или сокет
    [few] { $n } канала и сокета
   *[other] { $n } каналов и сокетов
} ({ $names })
taken-in-volume-labels = пропущено: { $n ->
    [one] { $n } метка архива
    [few] { $n } метки архива
   *[other] { $n } меток архива
} ({ $names })
taken-in-times = сдвинуто к ближайшему, что хранит файловая система: время { $n ->
    [one] { $n } записи
   *[other] { $n } записей
} ({ $names })
taken-in-owners = назначены по имени владельцы { $n ->
    [one] { $n } записи
   *[other] { $n } записей
} ({ $names })
taken-in-unknown-owners = принадлежат именам, которых на этой машине нет: { $n ->
    [one] { $n } запись, с её номером или номером нынешних данных
    [few] { $n } записи, с их номерами или номером нынешних данных
   *[other] { $n } записей, с их номерами или номером нынешних данных
} ({ $names })
taken-in-linked-links = приняты как отдельные символические ссылки: { $n ->
    [one] { $n } жёсткая ссылка на такую
    [few] { $n } жёсткие ссылки на такие
   *[other] { $n } жёстких ссылок на такие
} ({ $names })
taken-in-lost-links = пропущено вместе с тем, на что указывает: { $n ->
    [one] { $n } жёсткая ссылка
    [few] { $n } жёсткие ссылки
   *[other] { $n } жёстких ссылок
} ({ $names })
taken-in-directories = нет своей записи, владелец и права — как у рабочего тома или 0755 у root: { $n ->
    [one] { $n } каталог
    [few] { $n } каталога
   *[other] { $n } каталогов
} ({ $names })
taken-in-outside = не принято, ни один том этого не берёт: { $n ->
    [one] { $n } запись
    [few] { $n } записи
   *[other] { $n } записей
} ({ $names })
taken-in-other = сказано плагином: { $class }, { $n ->
    [one] { $n } запись
    [few] { $n } записи
   *[other] { $n } записей
} ({ $names })

# host/restore/import/mod.rs
the-archive-holds-what-is-not-restored = в архиве есть то, что не восстанавливается: спутники файлов macOS, атрибуты, метки или время, которых файловая система не хранит
without-strict-it-is-left-out = без `--strict` архив будет принят без них, и они будут перечислены

# host/restore/monitor/calls.rs
nothing-is-being-converted = сейчас ничего не преобразуется

# host/restore/import/mapping.rs
nothing-says-which-directory-is-which = неясно, какой каталог архива — какой том: { $shown }
say-which-with-volume = импортируйте с `{ $options }`
the-workload-has-no-volume = у приложения нет тома `{ $name }`, который входит в снимки
it-has-these-volumes = есть { $names }
volume-is-given-twice = том `{ $name }` указан дважды

# host/restore/import/directory.rs
this-is-a-repository-of = это хранилище { $program }, его читает только его собственная программа
this-takes-it-in = `{ $command }`
restore-it-with-its-program = восстановите его с помощью { $program } в каталог и импортируйте каталог

# host/restore/import/program.rs
is-no-place-in-a-repository = `{ $text }` — это не место в хранилище
a-place-is-written-like-this = пишите `restic:REPOSITORY#SNAPSHOT:/PATH` или `borg:REPOSITORY::ARCHIVE`
cannot-run-the-program = не удалось запустить `{ $program }`: { $error }
the-program-must-be-installed = установите `{ $program }`, которой создано хранилище
the-program-has-no-output = у `{ $program }` нет вывода
the-program-failed-and-said = `{ $program }` завершилась с ошибкой ({ $status }) и сообщила: { $said }
nothing-was-taken-in-try-the-program = ничего не принято; то, что нужно `{ $program }` (пароли, пути), берётся из окружения этой команды
nothing-is-extracted-to = в `{ $path }` ничего не извлекается: этот каталог { $clause }
name-a-directory-elsewhere = укажите каталог в другом месте, например внутри `/tmp`
lies-beside = лежит рядом с { $what }
keeping-an-entry-list = сохранение списка записей
is-more-than-the-snapshot-says = больше, чем снимок обещает для этого тома
there-is-nothing-in-the-snapshot = в снимке `{ $id }` нет ничего с именем `{ $path }`
a-path-begins-with-its-volume = если томов несколько, путь начинается с имени тома: { $volumes }
there-is-no-entry-of-this-number = записи { $number } нет
entry-is-a-link-to-no-file = запись `{ $path }` — жёсткая ссылка не на файл
entry-is-a-symbolic-link = `{ $path }` — символическая ссылка на `{ $target }`
no-link-is-followed-here = по ссылкам здесь не переходят: укажите то, на что она ведёт
entry-is-a-directory = `{ $path }` — каталог
browse-it-or-extract-it = просмотрите его или извлеките
what-was-read-is-not-the-file = прочитанное из `{ $path }` — не то, что было в снимке
no-more-is-wanted = больше ничего не нужно
nothing-is-extracted-to-the-root = в корень файловой системы ничего не извлекается
holds-something-already = в `{ $path }` уже что-то есть
name-a-directory-that-is-empty-or-new = укажите каталог, который пуст или ещё не существует
nothing-is-restored-here = ничего не восстанавливается: это только просмотр
a-directory-has-numbers-of-owners-alone = у каталога есть только номера владельцев, без имён: `--owners-by-name` предназначен для архивов
