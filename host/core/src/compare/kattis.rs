//! The default output validator of the Kattis and ICPC problem package format, with all its options.

use serde::{Deserialize, Serialize};

use super::difference::{Complaint, Kind};
use super::floats;
use super::scan::is_space;
use super::words::{Expected, Found, Gap, Grammar, Lexis, wrong};

/// The options of the default output validator: `case_sensitive`, `space_change_sensitive`, and the tolerances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kattis {
    /// Letters differ from their other case; by default ASCII letters do not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub case_sensitive: bool,
    /// White space must be the very same, also at the end; by default how much of it there is does not count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub space_change_sensitive: bool,
    /// |expected − found| may be this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_absolute_tolerance: Option<f64>,
    /// |expected − found| may be this times |expected|.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_relative_tolerance: Option<f64>,
    /// Both of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_tolerance: Option<f64>,
}

impl Kattis {
    /// Reads the options as packages write them: `case_sensitive float_tolerance 1e-6`.
    ///
    /// # Errors
    /// What is wrong: an unknown option, a tolerance that is none, or one given twice.
    pub fn from_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut flags = flags.into_iter();
        while let Some(flag) = flags.next() {
            let place = match flag {
                "case_sensitive" => {
                    options.case_sensitive = true;
                    continue;
                }
                "space_change_sensitive" => {
                    options.space_change_sensitive = true;
                    continue;
                }
                "float_absolute_tolerance" => &mut options.float_absolute_tolerance,
                "float_relative_tolerance" => &mut options.float_relative_tolerance,
                "float_tolerance" => &mut options.float_tolerance,
                other => return Err(format!("the default validator has no option `{other}`")),
            };
            let value = flags.next().and_then(|value| floats::parse(value.as_bytes()));
            let value = value.ok_or_else(|| format!("`{flag}` needs a number after it"))?;
            if place.replace(value).is_some() {
                return Err(format!("`{flag}` is listed twice"));
            }
        }
        options.check()?;
        Ok(options)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let (abs, rel) = (self.float_absolute_tolerance, self.float_relative_tolerance);
        if self.float_tolerance.is_some() && (abs.is_some() || rel.is_some()) {
            return Err("`float_tolerance` stands for both tolerances, so neither can stand beside it".to_owned());
        }
        match [abs, rel, self.float_tolerance].into_iter().flatten().all(|t| t.is_finite() && t >= 0.0) {
            true => Ok(()),
            false => Err("a tolerance is a finite number that is not negative".to_owned()),
        }
    }

    /// The absolute and the relative tolerance. One that is not given accepts nothing, not even equality: a
    /// difference is never at most −1.
    fn tolerances(&self) -> Option<(f64, f64)> {
        let abs = self.float_absolute_tolerance.or(self.float_tolerance);
        let rel = self.float_relative_tolerance.or(self.float_tolerance);
        (abs.is_some() || rel.is_some()).then(|| (abs.unwrap_or(-1.0), rel.unwrap_or(-1.0)))
    }
}

impl Grammar for Kattis {
    fn lexis(&self) -> Lexis {
        Lexis { is_space, fold: !self.case_sensitive, equal_is_right: true }
    }

    fn word(&mut self, expected: Option<&Expected<'_>>, found: &Found<'_>) -> Result<(), Complaint> {
        if self.space_change_sensitive && !found.gap.same {
            return Err(wrong(Kind::Space));
        }
        let Some(expected) = expected else { return Err(wrong(Kind::Other)) };
        let value = self.tolerances().and_then(|t| Some((t, floats::parse(expected.text)?)));
        let right = match value {
            None => found.same,
            Some(((abs, rel), value)) => match floats::parse(found.head) {
                None => return Err(wrong(Kind::NotA("a number"))),
                Some(number) => floats::near(value, number, abs, rel),
            },
        };
        if right { Ok(()) } else { Err(wrong(Kind::Other)) }
    }

    fn end(&mut self, expected: Option<&Expected<'_>>, gap: &Gap, _rest: &[u8]) -> Result<(), Complaint> {
        match expected {
            Some(_) => Err(wrong(Kind::Other)),
            None if self.space_change_sensitive && !gap.same => Err(wrong(Kind::Space)),
            None => Ok(()),
        }
    }
}
