# notify/address.rs, notify/table.rs: clauses about an address that is not shown
is-not-an-address = не адрес
has-a-scheme-that-is-not-known = имеет схему `{ $scheme }`, а известны только { $known }
names-no-host = не называет хост
names-no-topic = не называет тему, как `ntfy://ntfy.sh/TOPIC`
names-no-chat = не называет чат, как `telegram://api.telegram.org/CHAT`
names-no-user = не называет пользователя, как `pushover://api.pushover.net/USER`
names-no-room = не называет комнату, как `matrix://matrix.example/!ROOM:matrix.example`; псевдоним не годится
names-no-sender = не называет отправителя, как `?from=ADDRESS`
names-no-recipient = не называет получателя, как `&to=ADDRESS`
has-no-path = не имеет пути
has-something-behind-a-question-mark = имеет после `?` то, что там неизвестно
has-what-is-no-address-of-mail = имеет в `{ $name }` то, что не адрес почты

# notify/send
no-answer-within = ответа нет, ждали { $limit }
it-needs-a-token = нужен токен
name-the-file-of-it-with-token-file = назовите файл с ним: `token_file`
it-redirects = перенаправляет (статус { $status }), а на другой адрес ничего не отправляется
write-the-address-that-it-redirects-to = впишите в настройки адрес, на который перенаправляет
it-answers = отвечает статусом { $status }
it-answers-and-says = отвечает статусом { $status }: { $said }
its-host-is-not-found = хост не найден
it-cannot-be-reached = недоступен: { $error }
it-cannot-be-asked = не удалось обратиться: { $text }
the-mail-server-says = письмо не отправлено: { $said }
program-ended-with = `{ $shown }` завершилась: { $status }

# notify/words.rs: titles
told-recovered = { $workload }: снимки снова делаются
told-no-snapshot-tonight = { $workload }: этой ночью снимка нет
told-no-snapshot = { $workload }: снимок не удался
told-no-snapshots = { $n ->
    [one] { $n } приложение: снимка нет
    [few] { $n } приложения: снимка нет
   *[many] { $n } приложений: снимка нет
}
told-overdue = { $workload }: нет снимка уже { $age }
told-never = { $workload }: снимка ещё нет
told-drill-failed = { $workload }: снимок не запускается
told-restore-failed = { $workload }: восстановление не удалось
told-decision = { $workload }: решить должен человек
told-restored = { $who }: { $workload } восстановлено на { $at }
told-restored-somehow = { $who }: { $workload } восстановлено
told-undone = { $who }: восстановление { $workload } отменено
told-undo-ends = { $workload }: отменить можно ещё { $left }
told-weekly = Reforge: снимок этой недели есть у { $good } из { $n ->
    [one] { $n } приложения
   *[other] { $n } приложений
}
told-night-began = { $n ->
    [one] Снимки начались: { $n } приложение
    [few] Снимки начались: { $n } приложения
   *[many] Снимки начались: { $n } приложений
}
told-night-over = { $n ->
    [one] Снимки готовы: { $n } приложение
    [few] Снимки готовы: { $n } приложения
   *[many] Снимки готовы: { $n } приложений
}
told-night-failed = { $n ->
    [one] Снимки: не удалось { $bad } из { $n } приложения
   *[other] Снимки: не удалось { $bad } из { $n } приложений
}
told-test = Reforge: этот канал работает

# notify/words.rs: lines
told-why = { $why }
told-apps = Приложения: { $names }
told-last-good = Последний удачный: { $at } ({ $age })
told-no-good-one = Удачного нет
told-after-time = Спустя { $time }
told-after-failures = { $n ->
    [one] После { $n } неудачи, { $time }
   *[other] После { $n } неудач, { $time }
}
told-was-due = Снимок ожидался { $at }
told-snapshot-and-why = Снимок `{ $snapshot }`: { $why }
told-proven = Снимок `{ $snapshot }` запускается: проверен { $at }
told-restore-and-why = Восстановление { $restore } ({ $who }): { $why }
told-restore-stopped = Восстановление { $restore } остановилось: { $why }. Все деревья сохранены
told-resolve = Чтобы решить: `reforge restore resolve { $restore }`
told-hint = Что делать: { $hint }
told-down = Простой { $time }
told-undo-until = Отменить можно до { $at }: `reforge restore undo { $restore }`
told-undo-until-finish = Отменить можно, пока не завершено: `reforge restore undo { $restore }`
told-undone-restore = Восстановление { $restore } отменено
told-undo-command = Чтобы отменить: `reforge restore undo { $restore }`
told-app-and-snapshot = { $workload }: { $at }
told-app-without = { $workload }: снимка нет
told-app-and-why = { $workload }: { $why }
told-done = Готово: { $names }
told-test-text = Отправлено: { $who }, { $at }
told-again = { $n ->
    [one] { $n } раз с { $at }
    [few] { $n } раза с { $at }
   *[many] { $n } раз с { $at }
}
