# volumes/claim.rs
another-host-works-in-which-holds = another host works in `{ $parent }`, which holds a volume
it-has-a-state-directory = it has a state directory of its own, and restores, captures or deploys there: try again when it is done

# volumes/identity.rs
a-volume-is-a-directory-links = a volume is a directory; links are not followed
its-file-system-keeps-no-time = its file system keeps no time of birth
not-an-identity-wrong-length = not an identity: wrong length
its-file-system-is = its file system is { $name }
its-file-system-has-no-lasting = its file system has no lasting file handles
the-host-is-not-allowed = the host is not allowed to ask for file handles
cannot-tell-from-another-directory = cannot tell `{ $path }` from another directory: { $reason }
keep-the-volume-on-a-local = keep the volume on a local file system such as ext4, xfs or btrfs

# volumes/inode_flags.rs
the-host-needs-the-right = the host needs the right to set them (root); without them quota or copy-on-write would change
chattr-i-alone = chattr -i
chattr-a-alone = chattr -a
encrypt-the-disk-below-instead = encrypt the disk below instead
use-a-directory-that-tells-upper = use a directory that tells upper from lower case

# volumes/parent.rs
mount-point-is-not-a-directory = { $shown } is not a directory
others-may-write-to-which-holds = others may write to `{ $path }`, which holds a volume
chmod-go-w-unquoted = chmod go-w '{ $path }'
which-holds-a-volume-belongs = `{ $path }`, which holds a volume, belongs to user { $st_uid }
give-it-to-root = give it to root, to the host's user, or to whom the volume belongs to
an-exchange-in-was-reported-done = an exchange in `{ $path }` was reported done and was not
the-file-system-cannot-be-trusted = the file system cannot be trusted with a restore; move the volume to ext4, xfs or btrfs
the-kernel-does-not-tell-mounts = the kernel does not tell mounts apart; Linux 5.8 or newer is needed
cannot-use = cannot use `{ $path }`: { $reason }
give-the-path-with-links-resolved = give the path with links resolved
a-link-or-something = a link or something that is no directory is in it
it-is-not-absolute = it is not absolute
it-is-not-resolved = it is not resolved
is-not-a-name = `{ $bytes }` is not a name
cannot-exchange-and = cannot exchange `{ $left }` and `{ $right }`
they-are-not-on-one-file = they are not on one file system, mount and project quota
do-not-mount-anything = do not mount anything on the volume itself; give both the same project id
one-of-them-is-a-mount = one of them is a mount point or in use by the kernel
mount-the-file-system-one-level = mount the file system one level higher and use a directory in it as the volume
run-the-host-as-the-parents = run the host as the parent's owner or root
the-file-system-forbids-it = the file system forbids it
look-for-immutable-or-append-only = look for immutable or append-only directories (lsattr -d) and a sticky parent
the-file-system-or-the-kernel = the file system or the kernel cannot exchange
a-name-is-too-long = a name is too long
use-a-shorter-directory-name = use a shorter directory name
no-room-for-the-directory-entries = no room for the directory entries
free-some-space-metadata-space = free some space, metadata space on btrfs
the-file-system-is-read-only = the file system is read-only
look-for-disk-errors-in = look for disk errors in the kernel log, then mount it read-write
one-of-them-is-gone = one of them is gone
something-else-was-put-in-its-place = `{ $path }` is not what was made there: something else was put in its place

# volumes/remove.rs
it-is-a-mount-point = it is a mount point
something-moved-it-meanwhile = something moved it meanwhile
it-is-a-mount-point-or = it is a mount point or in use by the kernel
it-is-immutable-or-append-only = it is immutable or append-only (`chattr -ia`), or its owner is another
it-is-read-only-file-system = it is read-only (file system or subvolume)
it-is-a-subvolume = it is a subvolume of its own

# volumes/sealed.rs
volume-something-changed-the-restored-data = volume `{ $volume }`: something changed the restored data in `{ $path }` before it was put in place ({ $entries } entries were sealed, { $entries_2 } are there now)
find-what-walks-over-the-directory = find what walks over the directory above (a `find -delete`, a `chown -R`), keep it out of `.reforge-*`, and restore again

# volumes/space.rs
cannot-tell-how-much-space = cannot tell how much space is free: { $error }
the-file-system-has-left = the file system has { $free } left; { $reserve } must stay free for the app
the-file-system-has-inodes-left = the file system has { $free } inodes left; { $reserve_inodes } must stay free for the app
free-some-space-and-start-again = free some space and start again
needs-has-on-the-file-system = needs { $bytes }, has { $free } on the file system of `{ $place }`
needs-inodes-has-on-the-file = needs { $inodes } inodes, has { $free } on the file system of `{ $place }`
free-some-space-or-move-volumes = free some space, or move volumes or snapshots elsewhere

# volumes/staging/attributes.rs
has-an-owner-or-group = has an owner or group out of range
has-a-mode-out-of-range = has a mode out of range
has-a-time-out-of-range = has a time out of range
has-set-id-bits = has set-id bits
has-an-extended-attribute-twice = has an extended attribute twice
has-an-extended-attribute-with = has an extended attribute with an impossible name
has-the-attribute = has the attribute `{ $name }`
the-file-system-cannot-keep = the file system cannot keep the time of `{ $path }`
use-a-file-system-with-64 = use a file system with 64-bit times in nanoseconds
the-set-id-bits = the set-id bits of `{ $path }` were not kept
run-the-host-as-root-alone = run the host as root
set-the-attribute-of = set the attribute `{ $name }` of
the-file-system-must-support = the file system must support the attributes that the snapshot holds
entry-which-an-imported-archive = entry `{ $path }` { $what }, which an imported archive may not
if-you-trust-the-archive-allow = if you trust the archive, allow `privileged` for this workload
cannot-read-the-umask-from-proc = cannot read the umask from /proc: { $reason }
no-such-line = no such line

# volumes/staging/directories.rs
is-a-directory-and-something-else = is a directory and something else at once
has-a-name-too-long = has a name too long for this file system

# volumes/staging/entry_path.rs
has-an-empty-component = has an empty component
leaves-its-place = leaves its place
has-a-zero-byte-in-it = has a zero byte in it
the-volumes-root = the volume's root is not a directory in the archive
entry = entry `{ $path }` { $reason }
nothing-was-changed-restore-another-snapshot = nothing was changed; restore another snapshot, or make the archive again

# volumes/staging/large_file.rs
is-in-the-archive-twice = is in the archive twice
was-not-written-to-its-end = was not written to its end
has-content-and-no-header = has content and no header
has-one-block-twice = has one block twice in the archive
one-write-holds-more-than-1 = one write holds more than 1 MiB
holds-more-than-its-header-says = holds more than its header says
is-written-backwards = is written backwards
this-handle-on-a-large-file = this handle on a large file has finished

# volumes/staging/mod.rs
a-file-staged-whole-holds-more = a file staged whole holds more than 1 MiB
is-larger-than-the-whole-volume = is larger than the whole volume
entry-is = entry `{ $path }` is { $what }
add-links-contained-to-the-workload = add `links = "contained"` to the workload if it needs links
has-two-sizes-in-the-archive = has two sizes in the archive
is-in-the-archive-twice-or = is in the archive twice, or as two kinds of entry
this-staging-is-sealed = this staging is sealed

# volumes/staging/root.rs
did-not-take-its-owner = `{ $path }` did not take its owner and mode
the-file-system-must-keep-owners = the file system must keep owners and modes
should-be-empty-and-holds = `{ $path }` should be empty and holds `{ $name }`
something-else-writes-to-the-volumes = something else writes to the volume's parent

# volumes/staging/seal.rs
holds-entries-and = holds entries and is not a directory in the archive itself
the-archive-does-not-hold = the archive does not hold the volume's root
is-a-hard-link-to-something = is a hard link to something that is no regular file of its volume
entries-came-out-of-the-archive = { $n } entries came out of the archive, { $entries } were captured
bytes-came-out-of-the-archive = { $bytes } bytes came out of the archive, { $bytes_2 } were captured
what-came-out-of-the-archive = what came out of the archive is not what was captured: the tree digests differ
nothing-was-changed-verify-the-snapshot = nothing was changed; verify the snapshot and restore another one
is-a-hard-link-whose-owner = is a hard link whose owner, mode or time is not its leader's

# volumes/staging/terms.rs
cancelled-while-the-archive-was-extracted = cancelled while the archive was extracted
the-archive-and-its-descriptor = the archive and its descriptor do not belong together, or one of them was changed
its-file-system-is-a-shared-folder = its file system is a shared folder of a virtual machine
is-immutable-live = `{ $path }` is immutable
is-append-only-live = `{ $path }` is append-only
is-encrypted-live = `{ $path }` is encrypted by its file system
is-case-folding-live = `{ $path }` is case-folding
the-archive-holds-more-entries = the archive holds more than the { $announced } entries that its descriptor says
the-archive-holds-more-bytes = the archive holds more than the { $announced } bytes that its descriptor says
its-file-system-keeps-no-time-before = its file system keeps no time before { $bound }, and `{ $path }` is of { $time }
its-file-system-keeps-no-time-after = its file system keeps no time after { $bound }, and `{ $path }` is of { $time }
its-file-system-keeps-times-only-to = its file system keeps times to { $unit ->
    [1000000000] a second
   *[other] { $unit } nanoseconds
} only, and that of `{ $path }` is finer
its-file-system-takes-no-attributes = its file system takes no attributes of kind `{ $kind }`, and `{ $path }` has some: { $why }
its-file-system-takes-not-so-many-attributes = its file system has no room for the attributes of `{ $path }`, { $bytes } bytes of names and values
use-another-file-system-or-import-again = put the volume on a file system that holds it, or export the snapshot and import the file: then a time is moved to the nearest that can be held, an attribute left out, and both are listed
