# runtime/process/control.rs
the-supervisor-in-does-not-answer = супервизор в `{ $at }` не отвечает: { $error }
see-what-its-process-named = посмотрите, что делает его процесс, названный в state.json
the-supervisor-in-does-not-end = супервизор в `{ $at }` не завершается

# runtime/process/conversation.rs
cannot-watch-signals = не удалось следить за сигналами: { $error }
cannot-wait = не удалось дождаться: { $errno }
not-a-request = это не запрос: { $error }
a-health-check-is-under-way = проверка работоспособности уже идёт

# runtime/process/health.rs
cancelled-before-the-app-was-known = прервано раньше, чем стало известно, работает ли приложение
ran-for = проработало { $settle }
the-health-check-passed = проверка работоспособности пройдена
the-app-did-not-settle = приложение не пришло в устойчивое состояние
the-health-check = проверка работоспособности { $why }
until-the-limit-of = { $why }; истёк предел { $limit }
could-not-be-run = не выполнена: { $failure }
could-not-be-run-the-supervisor = не выполнена: супервизора больше нет
passed-but-the-app-ended-meanwhile = пройдена, но тем временем приложение завершилось
the-app-ended-times-and-last = приложение завершилось столько раз: { $ends }; в последний раз: { $how }
the-app = приложение { $how }
it-said = { $reason }; приложение сообщило: { $said }
the-supervisor-is-gone-so-nobody = супервизора больше нет, и как дела, никто не знает
the-supervisor-answered-something-else = супервизор ответил что-то другое: { $answer }

# runtime/process/identity.rs
cannot-signal-process = не удалось послать сигнал процессу { $pid }: { $error }
cannot-look-at-process = не удалось посмотреть на процесс { $pid }: { $error }

# runtime/process/launch.rs
the-file-is-there-the-interpreter = файл есть, но нет интерпретатора или загрузчика, который он называет
a-script-needs-and-its-interpreter = сценарию нужны `#!` и интерпретатор в первой строке
may-the-apps-user-reach = может ли пользователь приложения добраться до файла и запустить его?
has-no-command = у `{ $workload }` нет команды
the-command-is-not-absolute = в команде `{ $shown }` путь не полный
write-the-whole-path = напишите полный путь или имя без `/`, чтобы искать его в PATH
cannot-run = нельзя запустить `{ $shown }`: { $why }
no-such-file-in-path = такого файла нет в PATH
path-is = переменная PATH: { $search }
no-such-file = такого файла нет
is-not-a-file = это не файл
is-not-executable = это не исполняемый файл

# runtime/process/mod.rs
was-never-deployed = `{ $workload }` ни разу не разворачивали

# runtime/process/place.rs
cannot-be-the-name = `{ $name }` не может быть именем приложения
is-damaged-so = `{ $name }` повреждён: { $error }
make-sure-that-nothing = убедитесь, что ничего от этого приложения не работает, уберите файл и разверните снова
cannot-write-down = не удалось записать { $name }: { $error }

# runtime/process/probe.rs
there-is-no-health-check = проверки работоспособности нет
took-longer-than = заняла больше { $limit }

# runtime/process/start.rs
the-runtime-was-given-no-command = среде не сообщили команду её супервизора
the-supervisor-ended-without-a-word = супервизор `{ $name }` завершился, ничего не сказав
may-say-why = возможно, причина есть в `{ $log }`
it-did-not-say-anything = он ничего не сказал

# runtime/process/stop.rs
still-alive-after-sigkill-process = ещё работает после SIGKILL: процесс { $pids }
it-may-hang-in-its-file = возможно, он завис в файловой системе; его состояние покажет `ps -o pid,stat,wchan,args`
is-not-a-signal-to-stop = сигналом `{ $name }` приложение не останавливают
one-of = одно из: { $names }
signal-number = сигнал { $number }

# runtime/process/supervise.rs
has-a-supervisor-already = в `{ $at }` супервизор уже есть

# runtime/process/supervisor.rs
there-is-no-spec-json-in = в `{ $at }` нет spec.json
cannot-wait-for-children = не удалось дождаться дочерних процессов: { $errno }
ended-and-runs-again = завершилось и было запущено снова
ended-with-status-0 = завершилось с кодом 0
ended-with-status = завершилось с кодом { $code }
was-killed-by = завершено сигналом { $signal_name }
ended = завершилось
path-and-what = { $path } { $reason }
still-alive-after-sigkill-and-why = работает и после SIGKILL: процесс { $pids } ({ $refused })
its-runtime-still-has-it = её среда ещё держит что-то живым

# runtime/lib.rs
the-image-of-changed-since-the-stop = программа приложения `{ $workload }` — не та, которую остановили
deploy-it-to-run-what-is-there-now = верните прежний файл или разверните приложение, чтобы запустить то, что есть сейчас

# runtime/process/freeze
its-processes-do-not-stand-still = процессы приложения не замирают: { $why }
processes-run-on = { $pids } всё ещё работают через { $limit }
the-kernel-does-not-freeze-them = ядро не заморозило их за { $limit }
what-is-frozen-is-not-understood = непонятно, что заморожено: { $error }
its-runtime-freezes-nothing = среда приложения `{ $workload }` ничего не замораживает
take-it-with-stop-or-live = сделайте снимок с `--consistency stop` или `live`
its-runtime-runs-no-hooks = среда приложения `{ $workload }` не выполняет команды вокруг снимка
remove-the-hooks = уберите из приложения `before_snapshot` и `after_snapshot`
cannot-read-what-a-hook-says = не удалось прочитать вывод команды: { $error }
