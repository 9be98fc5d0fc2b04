# drills/network.rs
a-thread-of-a-drill-died = поток учения завершился
the-kernel-does-not-count-routes = { $path } не говорит, сколько соединений не нашли пути наружу
