# drills/containers
