//! Numbers of a submission, with Judge0's bounds.

use super::Mistakes;
use crate::judge0::config::{self, Maxima};
use crate::judge0::params::{Given, Params};
use crate::judge0::submission::Settings;

/// Default and bounds of a column.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    default: f64,
    least: Least,
    most: f64,
}

#[derive(Clone, Copy)]
enum Least {
    Above(f64),
    From(f64),
}

impl Rule {
    fn above(least: f64, default: f64, most: f64) -> Self {
        Self { default: default.min(most), least: Least::Above(least), most }
    }

    fn from(least: f64, default: f64, most: f64) -> Self {
        Self { default: default.min(most), least: Least::From(least), most }
    }

    fn read(self, params: &Params, name: &'static str, is_float: bool, mistakes: &mut Mistakes) -> f64 {
        let number = match params.number(name) {
            Given::Nothing => return self.default,
            Given::Number(number) => number,
            Given::NotANumber => {
                mistakes.add(name, "is not a number");
                return self.default;
            }
        };
        // Ruby writes a float with a point, always.
        let shown = |bound: f64| if is_float { format!("{bound:?}") } else { format!("{bound}") };
        match self.least {
            Least::Above(least) if number <= least => mistakes.add(name, format!("must be greater than {least}")),
            Least::From(least) if number < least => {
                mistakes.add(name, format!("must be greater than or equal to {least}"));
            }
            Least::Above(_) | Least::From(_) => {}
        }
        if number > self.most {
            mistakes.add(name, format!("must be less than or equal to {}", shown(self.most)));
        }
        number
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the column's rule")]
    fn whole(self, params: &Params, name: &'static str, mistakes: &mut Mistakes) -> u64 {
        self.read(params, name, false, mistakes) as u64
    }

    /// Seconds as ms, rounded up.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the column's rule")]
    pub(super) fn ms(seconds: f64) -> u64 {
        (seconds * 1_000.0).ceil() as u64
    }
}

/// All numbers; what is no number has its default in place of it, and a mistake.
pub(super) fn read(params: &Params, most: &Maxima, mistakes: &mut Mistakes) -> Settings {
    let mut float = |name, rule: Rule| rule.read(params, name, true, mistakes);
    let cpu_time_limit = float("cpu_time_limit", Rule::from(0.0, config::CPU_TIME, most.cpu_time));
    let cpu_extra_time = float("cpu_extra_time", Rule::from(0.0, config::CPU_EXTRA_TIME, most.cpu_extra_time));
    let wall_time_limit = float("wall_time_limit", Rule::from(1.0, config::WALL_TIME, most.wall_time));
    let mut whole = |name, rule: Rule| rule.whole(params, name, mistakes);
    let runs = whole("number_of_runs", Rule::above(0.0, 1.0, most.runs));
    Settings {
        language_id: 0,
        // Less than one run is none, which Judge0's columns cannot hold either.
        number_of_runs: u32::try_from(runs).unwrap_or(u32::MAX).max(1),
        cpu_time_limit,
        cpu_extra_time,
        wall_time_limit,
        memory_limit: whole("memory_limit", Rule::from(2_048.0, config::MEMORY, most.memory)),
        stack_limit: whole("stack_limit", Rule::from(0.0, config::STACK, most.stack)),
        max_processes_and_or_threads: whole(
            "max_processes_and_or_threads",
            Rule::above(0.0, config::PROCESSES, most.processes),
        )
        .max(1),
        max_file_size: whole("max_file_size", Rule::above(0.0, config::FILE_SIZE, most.file_size)).max(1),
        redirect_stderr_to_stdout: false,
        expects_blank: false,
    }
}
