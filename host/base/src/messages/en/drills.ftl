# drills/network.rs
a-thread-of-a-drill-died = a thread of a drill died
the-kernel-does-not-count-routes = { $path } does not say how many connections had no way out
