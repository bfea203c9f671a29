//! Checks the programs of a problem's author: each is validated as a job without tests.

use crate::checker::Protocol;
use crate::policy::{Policy, check_fits};
use crate::{Checker, Communication, Invalid, JobRequest, Limits};

const MAX_PASSES: u32 = 100;
const MAX_ALSO: usize = 16;

const MAX_PROCESSES: u8 = 32;

impl Checker {
    /// The program as a job without tests.
    pub fn request(&self) -> JobRequest {
        JobRequest {
            language: self.language.clone(),
            source: self.source.clone(),
            files: self.files.clone(),
            entry: self.entry.clone(),
            options: self.options.clone(),
            limits: self.limits.clone(),
            ..JobRequest::default()
        }
    }

    /// Refuses one that cannot be a program.
    ///
    /// # Errors
    /// What is wrong, by its place in the checker.
    pub fn check(&self, policy: &Policy) -> Result<(), Invalid> {
        if self.full_score.is_some_and(|full| !(full.is_finite() && full > 0.0)) {
            return Err(Invalid::new("full_score", "is not a number above 0"));
        }
        if let Some(passes) = self.passes {
            if passes == 0 || passes > MAX_PASSES {
                return Err(Invalid::new("passes", format!("is not from 1 to {MAX_PASSES}")));
            }
            if passes > 1 && self.protocol != Protocol::Kattis {
                return Err(Invalid::new("passes", "are known only to the protocol `kattis`"));
            }
        }
        if self.also.len() > MAX_ALSO || self.also.iter().any(|other| !other.also.is_empty()) {
            return Err(Invalid::new("also", format!("are more than {MAX_ALSO}, or have others of their own")));
        }
        for (i, other) in self.also.iter().enumerate() {
            other.check(policy).map_err(|invalid| invalid.under(&format!("also[{i}]")))?;
        }
        self.request().into_job(&self.language, "txt", policy).map(|_| ())
    }

    /// The same, of one that judges the submission's files.
    ///
    /// # Errors
    /// What is wrong, by its place in the checker.
    pub fn check_of_sources(&self, policy: &Policy) -> Result<(), Invalid> {
        if !self.also.is_empty() || self.passes.is_some() {
            return Err(Invalid::new("also", "and `passes` cannot be combined with the check of sources"));
        }
        match self.protocol {
            Protocol::Kattis => self.check(policy),
            _ => Err(Invalid::new("protocol", "is not one in which a checker can judge sources").hint("`kattis`")),
        }
    }

    /// The same, of one that is to talk with the submission.
    ///
    /// # Errors
    /// What is wrong, by its place in the interactor.
    pub fn check_interactive(&self, policy: &Policy) -> Result<(), Invalid> {
        if !self.also.is_empty() {
            return Err(Invalid::new("also", "cannot be combined with a conversation"));
        }
        match self.protocol {
            Protocol::Kattis | Protocol::Testlib | Protocol::Coci | Protocol::Exit => self.check(policy),
            _ => Err(Invalid::new("protocol", "is not one in which a checker can talk to a submission")
                .hint("`kattis`, `testlib`, `coci` or `exit`")),
        }
    }
}

impl Communication {
    /// Refuses what cannot be run.
    ///
    /// # Errors
    /// What is wrong, by its place.
    pub fn check(&self, policy: &Policy) -> Result<(), Invalid> {
        if self.processes == 0 || self.processes > MAX_PROCESSES {
            return Err(Invalid::new("processes", format!("is not from 1 to {MAX_PROCESSES}")));
        }
        match self.manager.protocol {
            Protocol::Cms | Protocol::Hydro | Protocol::Exit | Protocol::Testlib | Protocol::Coci => {
                self.manager.check(policy).map_err(|invalid| invalid.under("manager"))
            }
            _ => Err(Invalid::new("manager.protocol", "is not one in which a manager can judge")
                .hint("`cms`, `hydro`, `exit`, `testlib` or `coci`")),
        }
    }

    /// Refuses more processes than the machine has memory for, each with its own limit.
    pub(crate) fn check_fits(&self, limits: &Limits, policy: &Policy) -> Result<(), Invalid> {
        let bytes = limits.memory_bytes.saturating_mul(u64::from(self.processes));
        check_fits("communication.processes", bytes, policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Communication)) -> String {
        let manager =
            Checker { source: Some("x".into()), language: "c".into(), protocol: Protocol::Cms, ..Checker::default() };
        let mut communication = Communication { manager, processes: 2, ..Communication::default() };
        communication.check(&Policy::default()).unwrap();
        change(&mut communication);
        communication.check(&Policy::default()).unwrap_err().field
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_its_place() {
        assert_eq!(refused(|own| own.processes = 0), "processes");
        assert_eq!(refused(|own| own.processes = MAX_PROCESSES + 1), "processes");
        assert_eq!(refused(|own| own.manager.protocol = Protocol::Kattis), "manager.protocol");
        assert_eq!(refused(|own| own.manager.source = None), "manager.source");
    }
}
