# Durations, ages, and how messages stand side by side.

seconds = { $n } s
minutes = { $n } min
hours = { $n } h
days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
just-now = just now
in-the-future = in the future
minutes-ago = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
hours-ago = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
days-ago = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
all = { $all }
context = { $doing }: { $message }
