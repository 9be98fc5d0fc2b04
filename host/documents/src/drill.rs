//! What drills of a workload said.

use reforge_base::failure::Result;
use reforge_drills::receipt::{DrillReceipt, Receipts};
use reforge_host::host::Host;
use serde::Serialize;
use utoipa::ToSchema;

/// The drills of a workload that are kept, newest first.
#[derive(Serialize, ToSchema)]
pub struct WorkloadDrills {
    pub workload: String,
    pub drills: Vec<DrillReceipt>,
}

pub fn of_workload(host: &Host, workload: &str) -> Result<WorkloadDrills> {
    let workload = host.config.workload(workload)?.id.clone();
    let drills = Receipts::new(host.state.drills()).of(&workload)?;
    Ok(WorkloadDrills { workload, drills })
}
