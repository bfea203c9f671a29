//! Limits of a program.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;

/// Limits of a program; every field is above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// CPU time summed over all processes and threads.
    pub cpu_ms: u64,
    /// Monotonic time from start to end.
    pub wall_ms: u64,
    /// Resident memory of all processes together, with what they keep in the work area.
    pub memory_bytes: u64,
    /// stdout, and stderr, each; what is beyond is cut off and flagged.
    pub output_bytes: u64,
    /// Maximum number of processes and threads alive.
    pub processes: u64,
    /// File descriptors of a process.
    pub open_files: u64,
    /// The largest file it may write.
    pub file_bytes: u64,
    /// The work area, `/tmp` and `/dev/shm` together.
    pub work_bytes: u64,
    /// What programs inside Wasm may compute: about one for each instruction. Others have no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
}

/// The most fuel that a job may ask for: up to here, numbers are exact in every reader of JSON.
const MAX_FUEL: u64 = 1 << 53;

const MIB: u64 = 1 << 20;

impl Limits {
    /// The limits of a job that asks for none.
    pub const DEFAULT: Self = Self {
        cpu_ms: 2_000,
        wall_ms: 6_000,
        memory_bytes: 256 * MIB,
        output_bytes: 16 * MIB,
        processes: 64,
        open_files: 256,
        file_bytes: 64 * MIB,
        work_bytes: 128 * MIB,
        fuel: None,
    };
    /// The limits of a compile step, unless the plan asks for others.
    pub const COMPILE: Self = Self {
        cpu_ms: 30_000,
        wall_ms: 60_000,
        memory_bytes: 1024 * MIB,
        output_bytes: MIB,
        processes: 256,
        open_files: 1024,
        file_bytes: 256 * MIB,
        work_bytes: 512 * MIB,
        fuel: None,
    };
    /// The most that a job or plan may ask for, unless the operator says otherwise.
    pub const CAP: Self = Self {
        cpu_ms: 120_000,
        wall_ms: 300_000,
        memory_bytes: 4096 * MIB,
        output_bytes: 64 * MIB,
        processes: 1024,
        open_files: 4096,
        file_bytes: 1024 * MIB,
        work_bytes: 2048 * MIB,
        fuel: None,
    };

    /// Each field, at most the cap's; fuel has no cap, since CPU time has one.
    pub fn clamp(self, cap: &Self) -> Self {
        self.zip(cap, u64::min)
    }

    /// Each field, at least the floor's.
    pub fn at_least(self, floor: &Self) -> Self {
        self.zip(floor, u64::max)
    }

    fn zip(self, other: &Self, pick: fn(u64, u64) -> u64) -> Self {
        Self {
            cpu_ms: pick(self.cpu_ms, other.cpu_ms),
            wall_ms: pick(self.wall_ms, other.wall_ms),
            memory_bytes: pick(self.memory_bytes, other.memory_bytes),
            output_bytes: pick(self.output_bytes, other.output_bytes),
            processes: pick(self.processes, other.processes),
            open_files: pick(self.open_files, other.open_files),
            file_bytes: pick(self.file_bytes, other.file_bytes),
            work_bytes: pick(self.work_bytes, other.work_bytes),
            fuel: self.fuel,
        }
    }
}

/// Some limits and not others: what a plan's step, or a language's floor, says. Already checked to be above 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields of `Limits`, each optional")]
pub struct PartialLimits {
    pub cpu_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub output_bytes: Option<u64>,
    pub processes: Option<u64>,
    pub open_files: Option<u64>,
    pub file_bytes: Option<u64>,
    pub work_bytes: Option<u64>,
}

impl PartialLimits {
    /// `base`, with what is set here put in its place.
    pub fn over(&self, base: &Limits) -> Limits {
        Limits {
            cpu_ms: self.cpu_ms.unwrap_or(base.cpu_ms),
            wall_ms: self.wall_ms.unwrap_or(base.wall_ms),
            memory_bytes: self.memory_bytes.unwrap_or(base.memory_bytes),
            output_bytes: self.output_bytes.unwrap_or(base.output_bytes),
            processes: self.processes.unwrap_or(base.processes),
            open_files: self.open_files.unwrap_or(base.open_files),
            file_bytes: self.file_bytes.unwrap_or(base.file_bytes),
            work_bytes: self.work_bytes.unwrap_or(base.work_bytes),
            fuel: base.fuel,
        }
    }
}

/// Limits as a client writes them: any JSON, so that each mistake gets a precise error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields of `Limits`, as written by a client")]
pub struct LimitsRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_bytes: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Value>,
}

impl LimitsRequest {
    /// The limits that a job gets. Without a wall limit, it is twice the CPU limit and a second, within the cap; without a
    /// CPU limit, a wall limit below the default one lowers that, too.
    ///
    /// # Errors
    /// A limit that is not a whole number from 1 to the operator's cap, or a wall limit below the CPU limit.
    pub fn resolve(&self, default: &Limits, cap: &Limits) -> Result<Limits, Invalid> {
        let given_wall = self.wall_ms.as_ref().map(|wall| number("wall_ms", Some(wall), 0, cap.wall_ms)).transpose()?;
        let cpu_default = default.cpu_ms.min(given_wall.unwrap_or(u64::MAX));
        let cpu_ms = number("cpu_ms", self.cpu_ms.as_ref(), cpu_default, cap.cpu_ms)?;
        let wall_default = if self.cpu_ms.is_some() { cpu_ms * 2 + 1_000 } else { default.wall_ms };
        let wall_ms = number("wall_ms", self.wall_ms.as_ref(), wall_default.min(cap.wall_ms), cap.wall_ms)?;
        if wall_ms < cpu_ms {
            return Err(Invalid::new(
                "limits.wall_ms",
                format!("{wall_ms} is below the CPU limit, {cpu_ms}, which could then never be reached"),
            )
            .hint("leave `wall_ms` out: it becomes twice `cpu_ms` and a second"));
        }
        Ok(Limits {
            cpu_ms,
            wall_ms,
            memory_bytes: number("memory_bytes", self.memory_bytes.as_ref(), default.memory_bytes, cap.memory_bytes)?,
            output_bytes: number("output_bytes", self.output_bytes.as_ref(), default.output_bytes, cap.output_bytes)?,
            processes: number("processes", self.processes.as_ref(), default.processes, cap.processes)?,
            open_files: number("open_files", self.open_files.as_ref(), default.open_files, cap.open_files)?,
            file_bytes: number("file_bytes", self.file_bytes.as_ref(), default.file_bytes, cap.file_bytes)?,
            work_bytes: number("work_bytes", self.work_bytes.as_ref(), default.work_bytes, cap.work_bytes)?,
            fuel: self.fuel.as_ref().map(|fuel| number("fuel", Some(fuel), MAX_FUEL, MAX_FUEL)).transpose()?,
        })
    }
}

fn number(name: &str, value: Option<&Value>, default: u64, cap: u64) -> Result<u64, Invalid> {
    let Some(value) = value else { return Ok(default.min(cap)) };
    let field = || format!("limits.{name}");
    let range = format!("a limit is a whole number from 1 to {cap}");
    let number = match value {
        Value::Number(number) => whole(number)
            .ok_or_else(|| Invalid::new(field(), format!("{number} is not a whole number above 0")).hint(&range))?,
        other => return Err(Invalid::new(field(), format!("expected a number, found {other}")).hint(range)),
    };
    match number {
        0 => Err(Invalid::new(field(), "0 is not a limit, and there is no \"unlimited\"").hint(range)),
        n if n > cap => Err(Invalid::new(field(), format!("{n} is above this server's cap of {cap}")).hint(range)),
        n => Ok(n),
    }
}

/// JSON writes the same number as `2000`, `2000.0` and `2e3`.
fn whole(number: &serde_json::Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        let exact = (0.0..9e15).contains(&float) && float.fract() == 0.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
        exact.then_some(float as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resolve(value: Value) -> Result<Limits, Invalid> {
        serde_json::from_value::<LimitsRequest>(value).unwrap().resolve(&Limits::DEFAULT, &Limits::CAP)
    }

    #[test]
    fn absent_limits_are_the_defaults() {
        assert_eq!(resolve(json!({})).unwrap(), Limits::DEFAULT);
        assert_eq!(resolve(json!({"cpu_ms": 5e2})).unwrap().wall_ms, 2_000);
    }

    #[test]
    fn what_is_not_a_limit_is_refused_by_name() {
        for bad in
            [json!(0), json!(-1), json!(0.5), json!(1e308), json!("NaN"), json!(u64::MAX), json!(null), json!([1])]
        {
            if bad.is_null() {
                continue; // `null` reads as absent.
            }
            let error = resolve(json!({"cpu_ms": bad.clone()})).unwrap_err();
            assert_eq!(error.field, "limits.cpu_ms", "{bad}");
            assert!(error.hint.is_some());
        }
    }

    #[test]
    fn fuel_is_limited_only_when_it_is_asked_for() {
        assert_eq!(Limits::DEFAULT.fuel, None);
        assert!(!serde_json::to_string(&Limits::DEFAULT).unwrap().contains("fuel"));
        assert_eq!(resolve(json!({"fuel": 1_000})).unwrap().clamp(&Limits::CAP).fuel, Some(1_000));
        assert_eq!(resolve(json!({"fuel": 1_u64 << 60})).unwrap_err().field, "limits.fuel");
        assert_eq!(resolve(json!({"fuel": 0})).unwrap_err().field, "limits.fuel");
    }

    #[test]
    fn a_wall_limit_below_the_cpu_limit_is_refused() {
        assert_eq!(resolve(json!({"cpu_ms": 2000, "wall_ms": 1000})).unwrap_err().field, "limits.wall_ms");
    }

    #[test]
    fn a_lone_wall_limit_lowers_the_default_cpu_limit() {
        let limits = resolve(json!({"wall_ms": 500})).unwrap();
        assert_eq!((limits.cpu_ms, limits.wall_ms), (500, 500));
        let limits = resolve(json!({"wall_ms": 9_000})).unwrap();
        assert_eq!((limits.cpu_ms, limits.wall_ms), (Limits::DEFAULT.cpu_ms, 9_000));
    }
}
