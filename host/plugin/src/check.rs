//! Checks that descriptors and plans share. Whatever a guest says is hostile until it has been here.

use std::ops::RangeInclusive;

use optimus_core::Limits;
use optimus_core::limits::PartialLimits;

use crate::error::InvalidField;
use crate::text::shown;
use crate::wit::types;

/// Fine, or what is wrong and where.
pub(crate) type Field = Result<(), InvalidField>;

pub(crate) const ARGS: usize = 1024;
/// The kernel takes 128 KiB an argument; a plan that needs as much in all is mistaken.
pub(crate) const ARG_BYTES: usize = 128 << 10;

pub(crate) fn count(field: &str, number: usize, range: RangeInclusive<usize>) -> Field {
    if range.contains(&number) {
        return Ok(());
    }
    if number < *range.start() {
        return Err(InvalidField::new(field, "is empty").hint("the contract requires at least one entry"));
    }
    let message = format!("holds {number}, more than the {} that are taken", range.end());
    Err(InvalidField::new(field, message).hint("make it smaller"))
}

/// One line for people.
pub(crate) fn text(field: &str, text: &str, length: RangeInclusive<usize>) -> Field {
    count(field, text.len(), length)?;
    match text.chars().any(char::is_control) {
        true => Err(InvalidField::new(field, "holds a control character").hint("write one line of plain text")),
        false => Ok(()),
    }
}

/// Something that can be executed.
pub(crate) fn argv(field: &str, argv: &[String]) -> Field {
    if argv.first().is_none_or(String::is_empty) {
        return Err(InvalidField::new(field, "names no program").hint("the first entry is the program to run"));
    }
    count(field, argv.len(), 1..=ARGS)?;
    let bytes: usize = argv.iter().map(String::len).sum();
    if bytes > ARG_BYTES {
        return Err(InvalidField::new(field, format!("is {bytes} bytes long, more than {ARG_BYTES}"))
            .hint("put long lists into a file of the step"));
    }
    match argv.iter().position(|arg| arg.contains('\0')) {
        Some(i) => Err(nul(format!("{field}[{i}]"))),
        None => Ok(()),
    }
}

pub(crate) fn nul(field: String) -> InvalidField {
    InvalidField::new(field, "holds a NUL byte, which no program can be given").hint("leave it out")
}

/// `name:tag`, `registry/name@sha256:…`: nothing that a shell, a flag or a path could be made of. `wasm+` before it names
/// the image of a compiler for programs that run inside WebAssembly.
pub(crate) fn image(field: &str, image: &str) -> Field {
    let name = image.strip_prefix("wasm+").unwrap_or(image);
    let good = (1..=255).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._/:@-".contains(c))
        && !name.contains("..")
        && !name.contains("//");
    if good {
        return Ok(());
    }
    Err(InvalidField::new(field, format!("`{}` is not an image's name", shown(image)))
        .hint("write it as for `docker pull`: `name:tag` or `registry/name@sha256:…`"))
}

pub(crate) fn bad_path(field: &str, path: &str, why: &str) -> InvalidField {
    InvalidField::new(field, format!("`{}` {why}", shown(path)))
        .hint("paths are relative to the work area and cannot leave it")
}

/// Keys that start with `!` are not to be overlooked, and we know none.
pub(crate) fn ext(field: &str, ext: &[(String, String)]) -> Field {
    match ext.iter().find(|(key, _)| key.starts_with('!')) {
        Some((key, _)) => {
            let message = format!("asks for `{}`, which this host does not know", shown(key));
            Err(InvalidField::new(field, message).hint("a newer Optimus may; or use a plugin that does without"))
        }
        None => Ok(()),
    }
}

/// Wishes in the host's units. 0 is refused, as it is everywhere: there is no "unlimited".
pub(crate) fn limits(field: &str, wish: &types::StepLimits) -> Result<PartialLimits, InvalidField> {
    let above_zero = |name: &str, wish: Option<u32>, unit: u64| match wish {
        Some(0) => Err(InvalidField::new(format!("{field}.{name}"), "0 is not a limit, and there is no \"unlimited\"")
            .hint("leave it out, or say a number above 0")),
        wish => Ok(wish.map(|wish| u64::from(wish) * unit)),
    };
    Ok(PartialLimits {
        cpu_ms: above_zero("cpu-ms", wish.cpu_ms, 1)?,
        wall_ms: above_zero("wall-ms", wish.wall_ms, 1)?,
        memory_bytes: above_zero("memory-kib", wish.memory_kib, 1024)?,
        output_bytes: above_zero("output-kib", wish.output_kib, 1024)?,
        processes: above_zero("processes", wish.processes, 1)?,
        open_files: above_zero("open-files", wish.open_files, 1)?,
        file_bytes: above_zero("file-kib", wish.file_kib, 1024)?,
        work_bytes: above_zero("work-kib", wish.work_kib, 1024)?,
    })
}

/// A floor above the operator's cap cannot be kept.
pub(crate) fn below_caps(field: &str, floor: &PartialLimits, caps: &Limits) -> Field {
    let wanted = floor.over(caps);
    if wanted.clamp(caps) == wanted {
        return Ok(());
    }
    Err(InvalidField::new(field, "asks for more than this server's caps")
        .hint("ask the operator to raise the caps, or lower the floor"))
}
