//! Limits in a message. JSON leaves out the fuel where there is none, which postcard cannot; and there is none here: only
//! programs inside Wasm have fuel, and no agent runs those.

use optimus_core::Limits;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

/// Writes them, without fuel.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(limits: &Limits, serializer: S) -> Result<S::Ok, S::Error> {
    let Limits { cpu_ms, wall_ms, memory_bytes, output_bytes, processes, open_files, file_bytes, work_bytes, fuel: _ } =
        *limits;
    [cpu_ms, wall_ms, memory_bytes, output_bytes, processes, open_files, file_bytes, work_bytes].serialize(serializer)
}

/// Reads them.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
    let [cpu_ms, wall_ms, memory_bytes, output_bytes, processes, open_files, file_bytes, work_bytes] =
        <[u64; 8]>::deserialize(deserializer)?;
    Ok(Limits {
        cpu_ms,
        wall_ms,
        memory_bytes,
        output_bytes,
        processes,
        open_files,
        file_bytes,
        work_bytes,
        fuel: None,
    })
}
