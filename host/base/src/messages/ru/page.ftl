# То же, что в `en.ftl`: тест сравнивает их.

# Везде
language = Язык
log-out = Выйти
role-admin = администратор
role-viewer = наблюдатель
gone = Хост не отвечает. Всё, что он делал, будет приведено в порядок при его запуске. Пробуем снова…
no-script = Этой странице нужен JavaScript.
not-shown = Это нельзя показать
other-failure = Не получилось
unknown = неизвестно
close = Закрыть
leave-it = Оставить как есть
image = Образ
volumes = Тома
volume = Том { $name }
reason = Причина
size = Архив
app = Приложение

# Числа
entries = { $n ->
    [one] { $n } запись
    [few] { $n } записи
    [many] { $n } записей
   *[other] { $n } записи
}
instant = { $day } { $month } { $year } г., { $time } UTC
month-1 = янв.
month-2 = февр.
month-3 = мар.
month-4 = апр.
month-5 = мая
month-6 = июн.
month-7 = июл.
month-8 = авг.
month-9 = сент.
month-10 = окт.
month-11 = нояб.
month-12 = дек.
bytes-of = { $bytes } из { $total }
per-second = { $bytes }/с
left = осталось { $time }

# Вход
who-are-you = Кто вы?
token = Токен
token-hint = Он хранится только в этом окне, пока оно открыто. Новый создаёт команда
log-in = Войти

# Приложения
workloads = Приложения
no-workloads = Ни одно приложение не настроено.
last-snapshot = Последний снимок
never = ещё не было
restore-runs = Идёт восстановление
undo-runs = Идёт отмена восстановления
recovered = При запуске хост привёл в порядок то, что было прервано
unsettled = Хост не смог привести в порядок то, что было прервано
state-running = работает
state-stopped = остановлено
state-crash-looping = падает снова и снова
state-never-deployed = ещё не развёрнуто
state-unknown = неизвестно
back-to = Назад к { $workload }

# Снимки
snapshots = Снимки
no-snapshots = Снимков пока нет.
capture = Сделать снимок
capturing = Делаем снимок…
captured = Снимок сделан
holds = Содержит
imported = импортирован
import-archive = Импортировать архив
import = Импортировать
importing = Отправляем и читаем целиком…
was-imported = Архив импортирован
reason-manual = вручную
reason-safety = перед восстановлением
restore = Восстановить
looking = Читаем снимок и текущие данные…

# План
restore-what = Восстановить { $workload }
to-snapshot = К снимку от
refused = Отказано, ничего не изменено
newest-change = Последнее изменение на диске сделано через { $time } после снимка.
what-changes = Что изменится
live-now = Сейчас
in-snapshot = В снимке
absent = отсутствует
newest = последнее изменение
come-back = Вернутся
go-away = Исчезнут
are-replaced = Будут заменены
stay-equal = Останутся прежними
stays-as-it-is = остаётся как есть
not-captured = Не снимается
to-know = К сведению
app-when-taken = Приложение при снимке
hook = Команда
warnings = Предупреждения
warning-other = Полезно знать
warning-previous-data = Рядом с томами остаются прежние данные
warning-unseen-process = Один из процессов не удалось осмотреть
warning-other-image = Образ не тот, что был при снимке
warning-image-moved = Имя образа теперь означает другое
warning-other-environment = Переменные окружения не те, что были при снимке
warning-read-by-another = Том читает ещё один контейнер
warning-shared-volume = Том есть и у другого контейнера, как разрешено
warning-runs-more-than-once = Приложение запущено несколько раз
warning-changed-outside = Файлы вне томов
warning-imported = Импортированный архив
warning-other-workload = Снимок другого приложения
warning-left = Останется как есть
warning-not-captured = Никогда не сохраняется
warning-not-removable = Потом не удалить
warning-special = Сокеты и каналы
warning-new-volume = Новый том
downtime = Простой
about = примерно { $time }
stays-down = приложение не работает и останется остановленным
space = Место
needs-and-has = нужно { $needs }, есть { $has }
only-admins = Восстанавливать можно только с токеном администратора.
type-the-name = Чтобы продолжить, введите имя приложения: { $workload }
wrong-name = Это не его имя.
asking = Минуту…

# Восстановление
a-restore = Восстановление
an-undo = Отмена восстановления
begun = Начато
runs = идёт
cancel = Прервать
cancelling = Прерываем…
phase-beginning = Начало
phase-planning = Планирование
phase-extracting = Распаковка
phase-sealing = Проверка распакованного
phase-checking-the-archive = Проверка архива
phase-stopping = Остановка приложения
phase-safety-snapshot = Страховочный снимок
phase-capturing = Снимок
phase-swapping = Замена томов
phase-starting = Запуск приложения
phase-waiting-for-health = Ожидание готовности приложения
phase-finishing = Завершение
phase-reverting = Возврат
phase-reading-the-archive = Чтение архива
phase-inspecting = Просмотр архива
phase-copying = Копирование
phase-storing = Сохранение
phase-verifying = Проверка
phase-exporting = Выгрузка
phase-reading = Чтение
phase-compiling = Компиляция
phase-checking-its-promises = Проверка обещаний
phase-asking = Вопросы приложению
who = Кто
took = Длилось
not-back = приложение ещё не работает
never-stopped = не было: приложение не останавливали
as-captured = точно как в снимке
safety = Страховочный снимок
later-writes = Записано тем временем, сохранено в
left-behind = Не удалось убрать
is-done = Готово
is-unconfirmed = Готово, не подтверждено
is-failed = Не удалось
is-refused = Отказано
is-cancelled = Прервано
is-reverted = Возвращено как было
is-needs-operator = Нужно решение человека
is-busy = Занято
is-resolved = Решено человеком
outcome-restore-done = Все восстановленные тома получили данные снимка.
outcome-undo-done = Всем томам возвращены прежние данные.
outcome-restore-unconfirmed = Все восстановленные тома получили данные снимка, но что с приложением, неизвестно.
outcome-undo-unconfirmed = Всем томам возвращены прежние данные, но что с приложением, неизвестно.
outcome-reverted = Всё возвращено: все тома содержат то же, что и раньше.
outcome-needs-operator = Решить может только человек. Всё сохранено.
outcome-unsettled = Всё ещё не приведено в порядок. Всё сохранено.
outcome-unchanged = Ничего не изменено.
outcome-resolved = Какие данные оставить, решил человек.
now-undone = С тех пор отменено.
unfinished = Не завершено
unfinished-means = Было прервано и ещё не приведено в порядок. Всё сохранено. Подробности покажет команда
history = Восстановления
no-restores = Ничего ещё не восстанавливали.

# Отмена
undo = Вернуть прежние данные
undo-what = Отменить восстановление { $workload }
undo-an-undo = Вернуть отменённое восстановление { $workload }
undo-loses = Вы потеряете записанное с тех пор: за { $time }.
undo-does = Прежние данные вернутся на место. То, что они заменят, сохранится на новый срок отмены.
undo-left = можно отменить ещё { $time }
undo-left-for = Можно отменить ещё { $time }.
undo-until-finished = Можно отменить, пока восстановление не завершат командой.

# Ошибки
code-usage = Запрос не имеет смысла
code-not-found = Такого нет
code-busy = С этим приложением уже что-то делают
code-cancelled = Прервано
code-drift = То, на чём основан план, изменилось
code-volume-refused = Том нельзя использовать
code-archive-refused = Архив отвергнут
code-policy-refused = Настройки приложения этого не разрешают
code-snapshot-damaged = Снимок повреждён
code-no-space = Не хватает места
code-not-down = Том ещё используется
code-out-of-order = Плагин восстановления нарушил правила
code-too-large = Слишком велико
code-io = Ошибка чтения или записи
code-sync-failed = Диск не подтвердил запись
code-runtime = Приложением не удалось управлять
code-engine-unreachable = Движок контейнеров не отвечает
code-engine-too-old = Движок контейнеров слишком старый
code-app-bad = Приложение не работает
code-hook-failed = Команда вокруг снимка не удалась
code-needs-operator = Решить может только человек
code-unfinished = Восстановление было прервано и ещё не приведено в порядок
code-state-refused = Каталог состояния нельзя использовать
code-plugin-refused = Это не плагин
code-plugin = Сбой плагина восстановления
code-host-refused = Этот хост называется иначе
code-origin-refused = Запрос пришёл со страницы другого сайта
code-confirmation = Не подтверждено
code-forbidden = Этот токен не даёт такого права
code-unauthorized = Нет действительного токена
code-too-many-tries = Слишком много попыток
code-timeout = Слишком долго
code-content-type = Отправлено не в том виде
code-not-running = Оно не выполняется
code-stopping = Хост останавливается
code-overloaded = У хоста слишком много дел
code-method = Так спросить нельзя

# views/workloads.rs: notifications
notifications-failed = { $n ->
    [one] { $n } оповещение не дошло
    [few] { $n } оповещения не дошли
   *[many] { $n } оповещений не дошло
}

# Имена, уведомления и какие снимки остаются
show-names = Показать имена
comparing-names = Сравнение имён…
names-that-change = Имена, которые изменились бы
names-from-to = { $from }–{ $to } из { $n ->
    [one] { $n } имени
   *[other] { $n } имён
}
no-name-changes = Ни одно имя не изменилось бы.
names-before = Предыдущие
names-behind = Следующие
name-comes-back = вернётся
name-goes-away = исчезнет
name-is-replaced = будет заменено
so-many-by-size-and-time = { $n ->
    [one] { $n } файл сравнён только по размеру и времени.
    [few] { $n } файла сравнены только по размеру и времени.
   *[other] { $n } файлов сравнены только по размеру и времени.
}
send-a-test = Отправить пробное уведомление
sending-a-test = Отправка по-настоящему…
test-was-sent = Пробное уведомление
taken-after = Принято за { $time }
which-stay = Какие из них остаются
judging-them = Проверка, какие из них остаются…
which-of-them-stay = Какие снимки { $workload } остаются
none-would-go = Ни один не был бы удалён.
so-many-of-them-go = { $n ->
    [one] Был бы удалён { $n } снимок
    [few] Были бы удалены { $n } снимка
   *[other] Было бы удалено { $n } снимков
}, { $size }.
this-one-stays = Остаётся
this-one-goes = Уйдёт
only-admins-prune = Удалять снимки может только администратор.
delete-them = Удалить уходящие
they-were-deleted = Снимки удалены
