//! A plan is hostile input: this turns what a guest returned into a plan that the host may carry out, or says which
//! field is wrong. Pure: nothing is looked up, nothing is run.

mod step;

use optimus_core::{Comparer, Descriptor, Plan};

use crate::check;
use crate::config::ImagePolicy;
use crate::error::InvalidField;
use crate::wit::types;
use step::{Allowance, Role};

/// All steps together.
const STEPS: usize = 16;

/// The rules that a plan is checked against.
pub struct PlanRules<'a> {
    /// The plugin's description of its language.
    pub descriptor: &'a Descriptor,
    /// The images that the operator allows.
    pub images: &'a ImagePolicy,
    /// True if the plugin exports `checker`.
    pub has_checker: bool,
}

/// The plan as the host's own data.
///
/// # Errors
/// The first field that breaks a rule.
pub fn check(plan: types::Plan, terms: &PlanRules<'_>) -> Result<Plan, InvalidField> {
    check::ext("ext", &plan.ext)?;
    check_image(&plan.image, terms)?;
    check::count("compile", plan.compile.len(), 0..=STEPS - 1)?;
    let mut allowance = Allowance::default();
    let mut compile = Vec::with_capacity(plan.compile.len());
    for (i, step) in plan.compile.into_iter().enumerate() {
        compile.push(step::check(&format!("compile[{i}]"), step, Role::Compile, &mut allowance)?);
    }
    let run = step::check("run", plan.run, Role::Run, &mut allowance)?;
    let comparer = plan.comparer.map(|comparer| check_comparer(comparer, terms)).transpose()?;
    Ok(Plan { image: plan.image, compile, run, comparer })
}

fn check_image(image: &str, terms: &PlanRules<'_>) -> Result<(), InvalidField> {
    check::image("image", image)?;
    let declared = &terms.descriptor.images;
    if !declared.iter().any(|name| name == image) {
        let message = format!("`{image}` is not among the images that the plugin declares ({})", declared.join(", "));
        return Err(InvalidField::new("image", message).hint("declare it in the descriptor's `images`"));
    }
    if !terms.images.allows(image) {
        let message = format!("`{image}` is not among the images that this server allows ({})", terms.images);
        return Err(InvalidField::new("image", message)
            .hint("ask the operator to allow it, or use another of the plugin's images"));
    }
    Ok(())
}

fn check_comparer(comparer: types::Comparer, terms: &PlanRules<'_>) -> Result<Comparer, InvalidField> {
    let missing = |what: &str| {
        InvalidField::new("comparer", format!("asks for {what}, which this host does not have yet"))
            .hint("use one that a job may name in `compare`, or export `checker` and use `custom`")
    };
    let comparer = match comparer {
        types::Comparer::Exact => Comparer::Exact,
        types::Comparer::Trimmed => Comparer::Trimmed,
        types::Comparer::Tokens => Comparer::Tokens,
        types::Comparer::Lines => Comparer::Lines,
        types::Comparer::Unordered => Comparer::Unordered,
        types::Comparer::Floats((abs, rel)) => Comparer::Floats { abs, rel },
        types::Comparer::Custom if terms.has_checker => Comparer::Custom,
        types::Comparer::Custom => {
            return Err(InvalidField::new("comparer", "is `custom`, and the plugin exports no `checker`")
                .hint("export `optimus:plugin/checker`, or use a comparer of the host's"));
        }
        types::Comparer::Regex(pattern) => Comparer::Regex(pattern),
        types::Comparer::Program(_) => return Err(missing("`program`")),
        types::Comparer::Other((name, options)) => match other(&name, &options) {
            Some(comparer) => comparer,
            None => return Err(missing(&format!("`{}`", crate::text::shown(&name)))),
        },
    };
    comparer.check().map_err(|message| {
        let invalid = InvalidField::new("comparer", message);
        match comparer {
            Comparer::Floats { .. } => invalid.hint("0.0 allows no difference"),
            Comparer::Regex(_) => {
                invalid.hint("the syntax is that of the crate `regex`, which has no look-around and no backreferences")
            }
            _ => invalid,
        }
    })?;
    Ok(comparer)
}

/// A comparer that came after the contract: its name and its options are those of a job's `compare`.
fn other(name: &str, options: &str) -> Option<Comparer> {
    const KNOWN: [&str; 5] = ["kattis", "dmoj", "cms_white_diff", "judge0", "testlib"];
    if !KNOWN.contains(&name) {
        return None;
    }
    let options: serde_json::Value =
        if options.is_empty() { serde_json::Value::Null } else { serde_json::from_str(options).ok()? };
    let comparer = if options.is_null() { serde_json::json!(name) } else { serde_json::json!({ name: options }) };
    serde_json::from_value(comparer).ok()
}

#[cfg(test)]
mod tests;
