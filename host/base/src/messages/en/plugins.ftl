# plugins/compile.rs
standard-input = standard input
cannot-start-the-compiler = cannot start the compiler: { $error }
the-plugin-cannot-be-compiled-within = the plugin cannot be compiled within the limits ({ $status })
cannot-bound-the-compiler = cannot bound the compiler: { $error }

# plugins/descriptors.rs
the-plugin-holds-files-and-directories = the plugin holds { $limit } files and directories open, and there are no more
the-restore-plugin-made-a-mistake = the restore plugin made a mistake: use another one with `--plugin FILE`

# plugins/engine.rs
its-compilation-cache = its compilation cache
the-engine = the engine
the-system-gives-no-thread-to = the system gives no thread to compile plugins with: { $error }
cannot-be-made = { $what } cannot be made: { $error }

# plugins/host_calls.rs
this-call-was-given-no-snapshot = this call was given no snapshot and no volumes

# plugins/imports/handles.rs
the-plugin-holds-handles = the plugin holds { $limit } handles, and there are no more
a-handle-cannot-be-used = a handle cannot be used: { $error }

# plugins/plugin.rs
the-default-plugin = the default plugin
name-a-file = name a file that can be read
it-is-not-a-file = it is not a file
is-not-a-plugin = { $name } is not a plugin: { $what }
it-is-empty = it is empty
it-is-a-webassembly-module = it is a WebAssembly module, and a plugin is a component
it-is-no-webassembly-component = it is no WebAssembly component
is-not-a-plugin-for = { $name } is not a plugin for this host: { $one_sentence }
was-built-against-version = { $name } was built against version { $version } of `{ $wit_package }`, and this host loads { $loads }
use-a-plugin-that-was-built = use a plugin that was built for this host

# plugins/registry/files.rs
plugin-is-not-installed = plugin `{ $head }` is not installed
it-is-the-record-of-another = it is the record of another plugin
plugin-is-damaged = plugin `{ $head }` is damaged
its-file-is-no-longer-what = its file is no longer what was installed: install it again
is-larger-than-a-plugin = `{ $path }` is larger than a plugin may be
at-most-mib = at most { $limit } MiB
cannot-be-understood = `{ $path }` cannot be understood: { $why }
restore-the-file-or-remove = restore the file, or remove it and install the plugin again

# plugins/registry/install.rs
the-sha-256 = the SHA-256 of `{ $source }` is { $found }, not the one given
get-the-file-again-from-where = get the file again from where the digest came from

# plugins/registry/mod.rs
names-more-than-one-plugin = `{ $shown }` names more than one plugin
give-more-of-the-digest = give more of the digest that `reforge plugin list` shows
no-plugin-is-installed = no plugin `{ $shown }` is installed
reforge-plugin-list-shows-those = `reforge plugin list` shows those that are; `reforge plugin install FILE` adds one
plugin = plugin `{ $short }`
reforge-plugin-use-built-in-goes = `reforge plugin use built-in` goes back to the one that was built in
plugin-is-in-use = plugin `{ $short }` is in use
reforge-plugin-use-name-puts-another = `reforge plugin use NAME` puts another one in its place first
no-other-plugin-was-in-use = no other plugin was in use before

# plugins/sandbox.rs
the-plugin-trapped = the plugin trapped: { $cause }
another-plugin-can-be-used = another plugin can be used with `--plugin FILE`

# plugins/slot.rs
no-plugin-is-in-use = no plugin is in use

# plugins/wasi/io.rs

# plugins/wasi/network.rs
no-name-is-looked-up = no name is looked up

# plugins/watch.rs
the-plugin-made-no-progress = the plugin made no progress for { $limit } of its own time
compiling-may-take = compiling may take { $seconds } s of processor time and { $mebibytes } MiB of memory
the-plugin-trapped-with-last-words = the plugin trapped: { $cause }; its last words: { $tail }
the-file = the file
this-host-has-no-command-that-compiles = this host has no command that compiles plugins

# plugins/registry/install.rs
read-the-signature = read the signature

# plugins/registry/install.rs
the-upload = the upload
so-called = `{ $name }`

# plugins/imports/conversions.rs
the-plugin-puts-too-much = the plugin puts more than { $limit } bytes at once

# plugins/calls.rs
the-plugin-takes-in-no-foreign-archives = this plugin takes in no foreign archives
