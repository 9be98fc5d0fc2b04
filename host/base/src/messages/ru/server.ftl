# server/api/body.rs
the-body-does-not-read = тело запроса не читается: { $error }
see-api-v1-openapi-json = см. `/api/v1/openapi.json`
the-body-is-longer-than-bytes = тело запроса длиннее, чем { $limit } Б
the-body-broke-off = тело запроса оборвалось
send-it-again = отправьте его ещё раз
the-body-did-not-arrive = тело запроса не пришло вовремя
send-it-at-once = отправьте его сразу
the-content-type-is = тип содержимого — `{ $given }`
send = отправьте { $wanted }
the-does-not-read = не читается ({ $what }): { $error }

# server/api/caller.rs
the-token-is-a-viewers = токен `{ $name }` даёт только права наблюдателя
an-admins-token-is-needed = нужен токен администратора
that-is-no-valid-token = это не действительный токен
there-is-no-token = токена нет
send-authorization-bearer-token-reforge-token = отправьте `Authorization: Bearer TOKEN`; токен создаёт `reforge token create`
too-many-tries-without-a-valid = слишком много попыток без действительного токена
wait-a-minute = подождите минуту
send-x-hub-signature-256-sha256 = отправьте `X-Hub-Signature-256: sha256=HEX`, то есть HMAC-SHA256 тела запроса
the-body-is-not-signed = тело запроса не подписано как положено

# server/api/confirmation.rs
more-than-one-thing-was-confirmed = подтверждено больше чем одно
this-changes-data = это изменит данные и не было подтверждено
was-confirmed-and-is-meant = подтверждено `{ $given }`, а речь идёт о `{ $id }`
send-the-header-with-the-whole = отправьте заголовок `{ $confirm }` с полным именем того, над чем совершается действие

# server/api/guard.rs
this-host-is-not-called = этот хост не называется `{ $host }`
add-the-name-to-hosts = добавьте это имя в `hosts` в разделе `[api]`
a-page-of-may-not-ask = страница с `{ $origin }` не может обращаться к этому хосту
use-the-page-that-this-host = пользуйтесь страницей, которую показывает сам хост

# server/api/hooks/deliveries.rs
another-server-takes-the-webhooks = вебхуки этого хоста принимает другой сервер
stop-that-one-first = сначала остановите его
does-not-read = `{ $file }` не читается: { $error }
remove-it-and-start-the-host = удалите его и запустите хост снова: прежние доставки тогда могут прийти ещё раз

# server/api/hooks/mod.rs
no-webhook-is-taken-until = вебхуки не принимаются, пока это не исправлено: { $damaged }
the-host-ended-in-the-middle = хост завершился посреди неё
it-is-done-at-the-next = она будет выполнена при следующем запуске хоста, и послать её ещё раз нельзя
a-newer-delivery-took-its-place = её место заняла более новая доставка
cannot-begin-a-thread = не удалось создать поток: { $error }

# server/api/hooks/signature.rs
file-and-why = `{ $file }` { $why }
can-be-read-by-others = могут прочитать другие
chmod-600-it-and-change = выполните `chmod 600` и смените секрет, если он был у других
holds-a-secret-of-less = содержит секрет короче 16 байт
openssl-rand-hex-32-makes = хороший создаст `openssl rand -hex 32`

# server/api/metrics.rs
the-figures-cannot-be-written = показатели нельзя записать: { $error }

# server/api/problem.rs
the-host-is-stopping = хост останавливается
ask-again-when-it-runs = повторите, когда он снова будет работать
too-much-is-being-done-already = выполняется уже слишком много
ask-again-later = повторите позже

# server/api/routes/health.rs
lines-is = значение `lines` — { $lines }
ask-for-1-to = запросите от 1 до { $limit }

# server/api/routes/hooks.rs
name-a-webhook-secret-file = укажите `webhook_secret_file` в разделе `[api]`
this-host-has-no-webhooks = у этого хоста нет вебхуков

# server/api/routes/mod.rs
there-is-nothing-here = здесь ничего нет
this-can-not-be-asked = об этом нельзя спросить таким методом

# server/api/routes/restores.rs
it-was-turned-down-and-nothing = отказано, а почему — не сказано
it-does-not-run-here = здесь это не выполняется
look-at-how-it-ended = посмотрите, чем оно закончилось

# server/api/routes/snapshots.rs
the-reason-is-longer-than-characters = причина длиннее, чем { $limit } знаков
say-it-in-fewer-words = скажите короче

# server/api/runs.rs
the-host-failed-in-the-middle = хост дал сбой посреди работы
reforge-recover-settles-it = `reforge recover` приведёт всё в порядок

# server/api/server.rs
cannot-start-the-server = не удалось запустить сервер: { $error }
cannot-listen-on = не удалось слушать { $address }: { $reason }
name-another-address-with-listen = укажите другой адрес в `--listen` или `listen` в разделе `[api]`

# server/api/shared.rs
nobody-is-admitted = никто не будет допущен: { $failure }; { $hint }
the-host-failed-at-this-request = хост дал сбой при этом запросе

# server/api/transfer.rs
the-host-failed-at-this-upload = хост дал сбой при этой загрузке

# server/tokens.rs
there-is-a-token-already = токен `{ $name }` уже есть
give-another-name-or-revoke = дайте другое имя или сначала отзовите тот токен
there-are-tokens-already = токенов уже { $limit }
revoke-one-that-is-not-used = отзовите тот, который больше не нужен
there-is-no-token-so-called = токена `{ $name }` нет
reforge-token-list-shows-them = их показывает `reforge token list`
put-it-back-from-a-backup = верните файл из резервной копии или удалите его и создайте новые токены
is-no-name-for-a-token = `{ $name }` не может быть именем токена
a-name-has-1-to-63-letters = в имени от 1 до 63 букв, цифр и знаков `.`, `_`, `-` и `@`
over = завершено

# server/documents/history.rs
phase-and-holder = { $phase }, { $text }
resolved-by-a-person-the-other = решено человеком, остальные данные хранятся до завершения
resolved-by-a-person = решено человеком
undone = отменено
previous-data-removed = прежние данные удалены
closed = закрыто
previous-data-is-being-removed = прежние данные удаляются
got-to-reforge-recover-settles-it = дошло до `{ $newest }`; это приведёт в порядок `reforge recover`
got-to-reforge-restore-resolve-shows = дошло до `{ $newest }`; каждый каталог покажет `reforge restore resolve { $id }`
later-writes-kept-until-finished = более поздние записи хранятся до завершения
undo-possible-until-finished = отмена возможна до завершения
previous-data-kept-until-finished = прежние данные хранятся до завершения
later-writes-kept-left = более поздние записи хранятся ещё { $left }
undo-possible-for = отмена возможна ещё { $left }
previous-data-kept-left = прежние данные хранятся ещё { $left }
got-to = дошло до `{ $newest }`
running = выполняется

# server/api/mounted.rs
the-api-is-made-within = API создаётся внутри среды tokio, а здесь её нет

# server/api/body.rs and transfer.rs
part-path = путь
part-query = запрос
either-or = { $one } или { $other }
the-exported-archive = выгружаемый архив
the-answer-to-the-client = ответ клиенту
one-of-path-and-encoded-is-wanted = нужен один из параметров `path` и `encoded`
