# server/api/body.rs
the-body-does-not-read = the body does not read: { $error }
see-api-v1-openapi-json = see `/api/v1/openapi.json`
the-body-is-longer-than-bytes = the body is longer than { $limit } bytes
the-body-broke-off = the body broke off
send-it-again = send it again
the-body-did-not-arrive = the body did not arrive in time
send-it-at-once = send it at once
the-content-type-is = the content type is `{ $given }`
send = send { $wanted }
the-does-not-read = the { $what } does not read: { $error }

# server/api/caller.rs
the-token-is-a-viewers = the token `{ $name }` is a viewer's
an-admins-token-is-needed = an admin's token is needed
that-is-no-valid-token = that is no valid token
there-is-no-token = there is no token
send-authorization-bearer-token-reforge-token = send `Authorization: Bearer TOKEN`; `reforge token create` makes one
too-many-tries-without-a-valid = too many tries without a valid token
wait-a-minute = wait a minute
send-x-hub-signature-256-sha256 = send `X-Hub-Signature-256: sha256=HEX`, the HMAC-SHA256 of the body
the-body-is-not-signed = the body is not signed as it must be

# server/api/confirmation.rs
more-than-one-thing-was-confirmed = more than one thing was confirmed
this-changes-data = this changes data and was not confirmed
was-confirmed-and-is-meant = `{ $given }` was confirmed and `{ $id }` is meant
send-the-header-with-the-whole = send the header `{ $confirm }` with the whole id of what is acted on

# server/api/guard.rs
this-host-is-not-called = this host is not called `{ $host }`
add-the-name-to-hosts = add the name to `hosts` in `[api]`
a-page-of-may-not-ask = a page of `{ $origin }` may not ask this host
use-the-page-that-this-host = use the page that this host serves

# server/api/hooks/deliveries.rs
another-server-takes-the-webhooks = another server takes the webhooks of this host
stop-that-one-first = stop that one first
does-not-read = `{ $file }` does not read: { $error }
remove-it-and-start-the-host = remove it and start the host again: deliveries from before can come again then

# server/api/hooks/mod.rs
no-webhook-is-taken-until = no webhook is taken until this is mended: { $damaged }
the-host-ended-in-the-middle = the host ended in the middle of it
it-is-done-at-the-next = it is done at the next start of the host, and cannot be sent again
a-newer-delivery-took-its-place = a newer delivery took its place
cannot-begin-a-thread = cannot begin a thread: { $error }

# server/api/hooks/signature.rs
file-and-why = `{ $file }` { $why }
can-be-read-by-others = can be read by others
chmod-600-it-and-change = `chmod 600` it, and change the secret if others had it
holds-a-secret-of-less = holds a secret of less than 16 bytes
openssl-rand-hex-32-makes = `openssl rand -hex 32` makes a good one

# server/api/metrics.rs
the-figures-cannot-be-written = the figures cannot be written: { $error }

# server/api/problem.rs
the-host-is-stopping = the host is stopping
ask-again-when-it-runs = ask again when it runs
too-much-is-being-done-already = too much is being done already
ask-again-later = ask again later

# server/api/routes/health.rs
lines-is = `lines` is { $lines }
ask-for-1-to = ask for 1 to { $limit }

# server/api/routes/hooks.rs
name-a-webhook-secret-file = name a `webhook_secret_file` in `[api]`
this-host-has-no-webhooks = this host has no webhooks

# server/api/routes/mod.rs
there-is-nothing-here = there is nothing here
this-can-not-be-asked = this can not be asked with that method

# server/api/routes/restores.rs
it-was-turned-down-and-nothing = it was turned down, and nothing says why
it-does-not-run-here = it does not run here
look-at-how-it-ended = look at how it ended

# server/api/routes/snapshots.rs
the-reason-is-longer-than-characters = the reason is longer than { $limit } characters
say-it-in-fewer-words = say it in fewer words

# server/api/runs.rs
the-host-failed-in-the-middle = the host failed in the middle of it
reforge-recover-settles-it = `reforge recover` settles it

# server/api/server.rs
cannot-start-the-server = cannot start the server: { $error }
cannot-listen-on = cannot listen on { $address }: { $reason }
name-another-address-with-listen = name another address with `--listen` or `listen` in `[api]`

# server/api/shared.rs
nobody-is-admitted = nobody is admitted: { $failure }; { $hint }
the-host-failed-at-this-request = the host failed at this request

# server/api/transfer.rs
the-host-failed-at-this-upload = the host failed at this upload

# server/tokens.rs
there-is-a-token-already = there is a token `{ $name }` already
give-another-name-or-revoke = give another name, or revoke that one first
there-are-tokens-already = there are { $limit } tokens already
revoke-one-that-is-not-used = revoke one that is not used any more
there-is-no-token-so-called = there is no token `{ $name }`
reforge-token-list-shows-them = `reforge token list` shows them
put-it-back-from-a-backup = put it back from a backup, or remove it and make new tokens
is-no-name-for-a-token = `{ $name }` is no name for a token
a-name-has-1-to-63-letters = a name has 1 to 63 letters, digits, `.`, `_`, `-` and `@`
over = over

# server/documents/history.rs
phase-and-holder = { $phase }, { $text }
resolved-by-a-person-the-other = resolved by a person, the other trees kept until finished
resolved-by-a-person = resolved by a person
undone = undone
previous-data-removed = previous data removed
closed = closed
previous-data-is-being-removed = previous data is being removed
got-to-reforge-recover-settles-it = got to `{ $newest }`; `reforge recover` settles it
got-to-reforge-restore-resolve-shows = got to `{ $newest }`; `reforge restore resolve { $id }` shows each tree
later-writes-kept-until-finished = later writes kept until finished
undo-possible-until-finished = undo until finished
previous-data-kept-until-finished = previous data kept until finished
later-writes-kept-left = later writes kept: { $left } left
undo-possible-for = undo: { $left } left
previous-data-kept-left = previous data kept: { $left } left
got-to = got to `{ $newest }`
running = running

# server/api/mounted.rs
the-api-is-made-within = the API is made within a runtime of tokio, and here is none

# server/api/body.rs and transfer.rs
part-path = path
part-query = query
either-or = { $one } or { $other }
the-exported-archive = the exported archive
the-answer-to-the-client = the answer to the client
one-of-path-and-encoded-is-wanted = one of `path` and `encoded` is wanted
