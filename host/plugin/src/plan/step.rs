//! One step of a plan.

use std::collections::HashSet;

use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{BoxPath, Step, variable};

use crate::check::{self, Field};
use crate::error::InvalidField;
use crate::wit::types;

const NAME_BYTES: usize = 32;
const FILES: usize = 64;
const FILE_BYTES: usize = 1 << 20;
const COLLECT: usize = 256;

/// Names by which a shell could be led astray, beside those that are reserved. What they would do stays inside the box, but
/// a plan that needs them is mistaken.
const DENIED_ENV: [&str; 3] = ["BASH_ENV", "ENV", "IFS"];

/// The purpose of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Compile,
    Run,
}

/// The total size that the steps of a plan may have.
pub(super) struct Allowance {
    file_bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { file_bytes: FILE_BYTES }
    }
}

pub(super) fn check(
    field: &str,
    step: types::Step,
    role: Role,
    allowance: &mut Allowance,
) -> Result<Step, InvalidField> {
    let at = |name: &str| format!("{field}.{name}");
    check::ext(&at("ext"), &step.ext)?;
    check_name(&at("name"), &step.name)?;
    check::argv(&at("argv"), &step.argv)?;
    let limits = check::limits(&at("limits"), &step.limits)?;
    let collect = check_collect(&at("collect"), step.collect, role)?;
    let files = check_files(&at("files"), step.files, allowance)?;
    let env = check_env(&at("env"), step.env)?;
    Ok(Step { name: step.name, argv: step.argv, env, files, collect, limits, warm: false })
}

/// It stands in events, logs and cache keys.
fn check_name(field: &str, name: &str) -> Field {
    let good =
        (1..=NAME_BYTES).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if good {
        return Ok(());
    }
    Err(InvalidField::new(field, format!("`{}` is not a step's name", crate::text::shown(name)))
        .hint("use up to 32 letters, digits, `_` and `-`: `compile`, `link`, `run`"))
}

fn check_env(field: &str, env: Vec<types::EnvVar>) -> Result<Vec<(String, String)>, InvalidField> {
    check::count(field, env.len(), 0..=variable::MAX_VARIABLES)?;
    let bytes: usize = env.iter().map(|var| var.name.len() + var.value.len()).sum();
    check::count(field, bytes, 0..=variable::MAX_BYTES)?;
    let mut seen = HashSet::new();
    for (i, var) in env.iter().enumerate() {
        check_env_name(&format!("{field}[{i}].name"), &var.name)?;
        if var.value.contains('\0') {
            return Err(check::nul(format!("{field}[{i}].value")));
        }
        if !seen.insert(var.name.as_str()) {
            let message = format!("`{}` is listed twice", var.name);
            return Err(InvalidField::new(format!("{field}[{i}].name"), message).hint("keep one of them"));
        }
    }
    Ok(env.into_iter().map(|var| (var.name, var.value)).collect())
}

fn check_env_name(field: &str, name: &str) -> Field {
    if !variable::is_name(name) {
        let message = format!("`{}` does not match [A-Za-z_][A-Za-z0-9_]*", crate::text::shown(name));
        return Err(InvalidField::new(field, message).hint("only such names work everywhere"));
    }
    if variable::is_reserved(name) || DENIED_ENV.contains(&name) {
        return Err(InvalidField::new(field, format!("`{name}` may not be set by a plan"))
            .hint("set it in the image, if the toolchain cannot do without"));
    }
    Ok(())
}

fn check_files(
    field: &str,
    files: Vec<types::File>,
    allowance: &mut Allowance,
) -> Result<Vec<PlacedFile>, InvalidField> {
    check::count(field, files.len(), 0..=FILES)?;
    let bytes: usize = files.iter().map(|file| file.content.len()).sum();
    allowance.file_bytes = allowance.file_bytes.checked_sub(bytes).ok_or_else(|| {
        InvalidField::new(field, format!("make the plan carry more than {FILE_BYTES} bytes"))
            .hint("put large files into the image")
    })?;
    let mut placed: Vec<PlacedFile> = Vec::with_capacity(files.len());
    for (i, file) in files.into_iter().enumerate() {
        let at = format!("{field}[{i}].path");
        let path = BoxPath::new(file.path.as_str()).map_err(|why| check::bad_path(&at, &file.path, why))?;
        if placed.iter().any(|other| collide(other.path.as_str(), path.as_str())) {
            return Err(InvalidField::new(
                at,
                format!("`{}` collides with another file of the step", crate::text::shown(path.as_str())),
            )
            .hint("a path is either one file or a directory"));
        }
        placed.push(PlacedFile { path, executable: file.executable, content: file.content.into() });
    }
    Ok(placed)
}

/// Equal, or one is a directory on the other's way.
fn collide(a: &str, b: &str) -> bool {
    let under = |dir: &str, path: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
    a == b || under(a, b) || under(b, a)
}

fn check_collect(field: &str, collect: Vec<String>, role: Role) -> Result<Vec<Collect>, InvalidField> {
    if role == Role::Run && !collect.is_empty() {
        return Err(InvalidField::new(field, "is not empty, and nothing comes after a run step")
            .hint("only compile steps collect"));
    }
    check::count(field, collect.len(), 0..=COLLECT)?;
    let one = |(i, path): (usize, String)| match path.as_str() {
        "." => Ok(Collect::All),
        text => {
            BoxPath::new(text).map(Collect::Path).map_err(|why| check::bad_path(&format!("{field}[{i}]"), text, why))
        }
    };
    collect.into_iter().enumerate().map(one).collect()
}
