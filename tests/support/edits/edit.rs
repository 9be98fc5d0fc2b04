//! Everything that may happen in a history.
//!
//! Workloads and volumes are named by a number that is taken modulo how many there are, restores and snapshots by how
//! many are newer: so every edit makes sense in every history, also in one from which others were left out.

/// What becomes of the data when a volume's source changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// `cp -a`
    Copied,
    /// `mv`
    Moved,
    /// It stays where it was, and the new place has nothing.
    Forgotten,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    // The configuration.
    RenameVolume {
        workload: usize,
        volume: usize,
    },
    MoveSource {
        workload: usize,
        volume: usize,
        data: Data,
    },
    SwapSources {
        workload: usize,
    },
    DropVolume {
        workload: usize,
        volume: usize,
    },
    AddVolume {
        workload: usize,
    },
    /// Another scope, the same directory or another.
    ChangeScope {
        workload: usize,
        volume: usize,
        data: Option<Data>,
    },
    ChangeProject {
        workload: usize,
        data: Data,
    },
    ChangeStage {
        workload: usize,
        data: Data,
    },
    /// It keeps its volumes open from now on, or opens them by their paths.
    ChangeCommand {
        workload: usize,
    },
    RenameWorkload {
        workload: usize,
    },
    /// Its health check fails from now on, or passes again.
    Sicken {
        workload: usize,
    },

    // The disk.
    /// The directory is moved aside, and a copy put in its place.
    PutCopyInPlace {
        workload: usize,
        volume: usize,
    },
    /// Moved aside, with nothing in its place.
    MoveAway {
        workload: usize,
        volume: usize,
    },
    /// Back from aside, if its place is empty.
    MoveBack,
    MountOver {
        workload: usize,
        volume: usize,
    },
    MountBelow {
        workload: usize,
        volume: usize,
    },
    /// Something below the volume is seen elsewhere, too.
    BindOut {
        workload: usize,
        volume: usize,
    },
    /// What is written through such a place.
    WriteThroughBind,
    Unmount,

    // The app.
    /// Whoever runs writes; if nobody does, a person writes into the directories that are configured.
    Write {
        workload: usize,
    },
    /// The app is started by a person with what it was last started with, if it does not run.
    StartByHand {
        workload: usize,
    },
    StopByHand {
        workload: usize,
    },
    /// Everything that runs is killed, as by a machine that stops.
    Crash,

    // The state directory.
    CopyState,
    /// The machine stops, and comes back with the state directory as it was copied.
    PutStateBack,

    /// A command, at whose end everything is judged.
    Command {
        workload: usize,
        order: Order,
        fault: Option<Fault>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// On empty directories, where they are missing, if the person says so.
    Deploy {
        make_empty: bool,
    },
    Stop,
    Rollback,
    Capture,
    /// To the snapshot than which so many are newer; what it lacks may be left as it is.
    Restore {
        newer: usize,
        leave: bool,
    },
    /// Of the transaction than which so many are newer, as everything below.
    Undo {
        newer: usize,
    },
    Finish {
        newer: usize,
    },
    Resolve {
        newer: usize,
        keep: &'static str,
    },
    Recover,
    /// The state directory is the newest from now on, a person says.
    Accept,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `REFORGE_FAULT`.
    At(String),
    /// The state directory is copied while the command stands before this effect.
    StateCopiedAt(String),
}

impl Edit {
    /// Its row in a table of counts.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Edit::RenameVolume { .. } => "rename a volume",
            Edit::MoveSource { data: Data::Copied, .. } => "another source, data copied",
            Edit::MoveSource { data: Data::Moved, .. } => "another source, data moved",
            Edit::MoveSource { data: Data::Forgotten, .. } => "another source, data left",
            Edit::SwapSources { .. } => "swap two sources",
            Edit::DropVolume { .. } => "drop a volume",
            Edit::AddVolume { .. } => "add a volume",
            Edit::ChangeScope { .. } => "change a scope",
            Edit::ChangeProject { .. } => "change the project",
            Edit::ChangeStage { .. } => "change the stage",
            Edit::ChangeCommand { .. } => "change the command",
            Edit::RenameWorkload { .. } => "rename a workload",
            Edit::Sicken { .. } => "sick or well",
            Edit::PutCopyInPlace { .. } => "a copy in the place of a directory",
            Edit::MoveAway { .. } => "a directory moved away",
            Edit::MoveBack => "a directory moved back",
            Edit::MountOver { .. } => "a mount over a volume",
            Edit::MountBelow { .. } => "a mount below a volume",
            Edit::BindOut { .. } => "a bind out of a volume",
            Edit::WriteThroughBind => "a write through such a bind",
            Edit::Unmount => "unmount",
            Edit::Write { .. } => "write",
            Edit::StartByHand { .. } => "started by hand",
            Edit::StopByHand { .. } => "ended by hand",
            Edit::Crash => "the machine stops",
            Edit::CopyState => "state directory copied",
            Edit::PutStateBack => "state directory put back",
            Edit::Command { order, .. } => order.kind(),
        }
    }
}

impl Order {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Order::Deploy { .. } => "deploy",
            Order::Stop => "stop",
            Order::Rollback => "rollback",
            Order::Capture => "capture",
            Order::Restore { .. } => "restore",
            Order::Undo { .. } => "undo",
            Order::Finish { .. } => "finish",
            Order::Resolve { .. } => "resolve",
            Order::Recover => "recover",
            Order::Accept => "recover and accept",
        }
    }
}
