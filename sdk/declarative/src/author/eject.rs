//! A language in TOML, written out in Rust: the same descriptor, the same plans, and room for logic.
//!
//! The text that comes out is meant to be read and changed by a person, so it says things as one would by hand.

mod words;

use std::fmt::Write as _;

use super::literal;
use crate::manifest::{Choice, Command, Compare, Kind, Limits, Manifest};
use words::Words;

/// The module that every ejected crate gets: it reads a toolchain's diagnostics by a pattern.
const PATTERN: &str = include_str!("../pattern.rs");

/// `src/` of the crate, as paths and texts. `samples` says where each of the manifest's sample programs lies, relative to `src/`.
pub(super) fn eject(manifest: &Manifest, samples: &[(String, String)]) -> Vec<(String, String)> {
    let mut files = vec![("src/lib.rs".to_owned(), Text { manifest }.whole(samples))];
    if !manifest.diagnostics.is_empty() {
        let code = PATTERN.split("#[cfg(test)]").next().unwrap_or(PATTERN).trim_end();
        files.push(("src/pattern.rs".to_owned(), format!("{code}\n")));
    }
    files
}

struct Text<'a> {
    manifest: &'a Manifest,
}

impl Text<'_> {
    fn whole(&self, samples: &[(String, String)]) -> String {
        let name = self.manifest.name.escape_default();
        let pattern = if self.manifest.diagnostics.is_empty() { "" } else { "mod pattern;\n\n" };
        let (options, describe) = (self.options(), self.describe(samples));
        let ((plan, stem), classify) = (self.plan(), self.classify());
        let (warm, part) = if self.manifest.warm { ("impl Warm for Plugin {}\n\n", ", warm") } else { ("", "") };
        let body = format!(
            "/// The language.\npub struct Plugin;\n\n/// How its files end.\nconst EXTENSIONS: &[&str] = {};\n{options}\n\
             impl Language for Plugin {{\n{describe}\n{plan}}}\n\n{classify}\n{warm}optimus_sdk::plugin!(Plugin, classify{part});\n",
            literal::list(&self.manifest.extensions)
        );
        let body = if stem { format!("{body}\n{}", words::STEM) } else { body };
        format!("//! {name}, written out from its `language.toml`.\n\n{pattern}{}\n\n{body}", imports(&body))
    }

    fn options(&self) -> String {
        if self.manifest.options.is_empty() {
            return String::new();
        }
        let option = |Choice { name, about, kind }: &Choice| {
            let head = format!("{}, {}", literal::text(name), literal::text(about));
            match kind {
                Kind::Values(values) => format!("    Opt::choice({head}, {}),\n", literal::list(values)),
                Kind::Flags => format!("    Opt::flags({head}),\n"),
                Kind::Switch(_, default) => format!("    Opt::switch({head}, {default}),\n"),
                Kind::Text => format!("    Opt::text({head}),\n"),
            }
        };
        let options: String = self.manifest.options.iter().map(option).collect();
        format!("\n/// What a job may choose.\nconst OPTIONS: &[Opt] = &[\n{options}];\n")
    }

    fn describe(&self, samples: &[(String, String)]) -> String {
        let Manifest { id, name, version, aliases, images, probe, install, .. } = self.manifest;
        let mut chain = format!("Descriptor::new({}, {})", literal::text(id), literal::text(name));
        let mut call = |name: &str, argument: String| {
            let _ = write!(chain, "\n            .{name}({argument})");
        };
        if !aliases.is_empty() {
            call("aliases", literal::array(aliases));
        }
        call("extensions", "EXTENSIONS.iter().copied()".to_owned());
        images.iter().for_each(|image| call("image", literal::text(image)));
        call("probe", literal::array(probe));
        call("install_hint", literal::text(install));
        for (name, factor) in
            [("time_multiplier", self.manifest.time_multiplier), ("memory_multiplier", self.manifest.memory_multiplier)]
        {
            if (factor - 1.0).abs() > f64::EPSILON {
                call(name, format!("{factor:?}"));
            }
        }
        if self.manifest.minimum != Limits::default() {
            call("minimum", limits(self.manifest.minimum));
        }
        call("options", self.declared().to_owned());
        if self.manifest.is_command() {
            call("commands", String::new());
        }
        if !self.manifest.judge0_ids.is_empty() {
            call("judge0_ids", format!("{:?}", self.manifest.judge0_ids));
        }
        if !self.manifest.piston_names.is_empty() {
            call("piston_names", literal::array(&self.manifest.piston_names));
        }
        for sample in &self.manifest.samples {
            let lies = samples.iter().find(|(_, text)| *text == sample.source);
            let source = match lies {
                Some((path, _)) => format!("include_str!({})", literal::text(path)),
                None => literal::text(&sample.source),
            };
            let (name, path, expect) = (&sample.name, &sample.path, &sample.expect);
            let (name, path, expect) = (literal::text(name), literal::text(path), literal::text(expect));
            call("sample", format!("{name}, {path}, {source}, {expect}"));
        }
        let said = match super::crates::is_semver(version) {
            true => chain,
            false => format!("Descriptor {{ version: {}.to_owned(), ..{chain} }}", literal::text(version)),
        };
        format!("    fn describe() -> Descriptor {{\n        {said}\n    }}\n")
    }

    fn declared(&self) -> &'static str {
        if self.manifest.options.is_empty() { "&[]" } else { "OPTIONS" }
    }

    fn plan(&self) -> (String, bool) {
        let mut words = Words::new(self.manifest);
        let run = step(&mut words, &self.manifest.run, false);
        let mut steps = String::new();
        for command in &self.manifest.compile {
            let each = command.words.iter().any(|word| word.contains("{each}"));
            let step = step(&mut words, command, each);
            let _ = match each {
                true => write!(
                    steps,
                    "        // A mistake in a later one shows when it runs.\n        for each in \
                     request.source_args(EXTENSIONS)?.iter().take(8).map(String::as_str) {{\n            plan = \
                     plan.compile({});\n        }}\n",
                    step.replace("\n            ", "\n                ")
                ),
                false => writeln!(steps, "        plan = plan.compile({step});"),
            };
        }
        let image = if self.manifest.is_command() { words.image() } else { "" };
        let comparer = self.manifest.compare.map(comparer).unwrap_or_default();
        let mutable = if steps.is_empty() { "" } else { "mut " };
        let text = format!(
            "    fn plan(request: &Request) -> Result<Plan, Error> {{\n{}        let {mutable}plan = \
             Plan::new({run}.args(&request.args)){image}{comparer};\n{steps}        Ok(plan)\n    }}\n",
            words.variables(self.declared())
        );
        (text, words.needs_stem())
    }

    fn classify(&self) -> String {
        let read = match self.manifest.diagnostics.as_slice() {
            [] => "diagnostics::colons(&printed)".to_owned(),
            patterns => format!("pattern::read(&{}.map(str::to_owned), &printed)", literal::array(patterns)),
        };
        let refine = match self.manifest.memory_errors.as_slice() {
            [] => String::new(),
            texts => format!(
                "\n    fn refine(outcome: &Outcome) -> Option<Refined> {{\n        let says = |text: &&str| \
                 outcome.stderr().contains(*text) || outcome.stdout().ends_with(*text);\n        let refused = \
                 outcome.failed() && {}.iter().any(says);\n        refused.then_some(Refined::MemoryLimitExceeded)\n    }}\n",
                literal::array(texts)
            ),
        };
        format!(
            "impl Classify for Plugin {{\n    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {{\n        let printed = \
             [outcome.stdout(), outcome.stderr()].join(\"\\n\");\n        {read}\n    }}\n{refine}}}\n"
        )
    }
}

fn step(words: &mut Words<'_>, command: &Command, each: bool) -> String {
    let mut argv = words.lists(&command.words, each).into_iter();
    let first = argv.next().unwrap_or_else(|| "[\"\"; 0]".to_owned());
    let mut text = format!("Step::new({}, {first})", literal::text(&command.name));
    for piece in argv {
        let _ = write!(text, "\n            .args({piece})");
    }
    for piece in words.lists(&command.collect, each) {
        let _ = write!(text, "\n            .collect({piece})");
    }
    if command.limits != Limits::default() {
        let _ = write!(text, "\n            .limits({})", limits(command.limits));
    }
    for (path, content) in &command.files {
        let _ = write!(text, "\n            .file({}, {})", literal::text(path), literal::text(content));
    }
    for (name, value) in &command.env {
        let _ = write!(text, "\n            .env({}, {})", literal::text(name), words.joined(value, each));
    }
    text
}

fn limits(limits: Limits) -> String {
    let Limits { cpu_ms, wall_ms, memory_mib, processes, work_mib } = limits;
    let kib = |mib: Option<u32>| mib.map(|mib| mib << 10);
    let fields = [
        ("cpu_ms", cpu_ms),
        ("wall_ms", wall_ms),
        ("memory_kib", kib(memory_mib)),
        ("processes", processes),
        ("work_kib", kib(work_mib)),
    ];
    let said: String =
        fields.iter().filter_map(|(name, value)| value.map(|value| format!("{name}: Some({value}), "))).collect();
    format!("StepLimits {{ {said}..StepLimits::default() }}")
}

fn comparer(compare: Compare) -> String {
    let said = match compare {
        Compare::Exact => "Exact".to_owned(),
        Compare::Trimmed => "Trimmed".to_owned(),
        Compare::Tokens => "Tokens".to_owned(),
        Compare::Lines => "Lines".to_owned(),
        Compare::Unordered => "Unordered".to_owned(),
        Compare::Floats(abs, rel) => format!("Floats(({abs:?}, {rel:?}))"),
    };
    format!(".comparer(Comparer::{said})")
}

/// The imports from the SDK that the text needs.
fn imports(body: &str) -> String {
    let all = [
        "Classify",
        "Comparer",
        "Descriptor",
        "Diagnostic",
        "Error",
        "Language",
        "Opt",
        "Outcome",
        "Plan",
        "Refined",
        "Request",
        "Step",
        "StepLimits",
        "Warm",
        "diagnostics",
    ];
    let follows = |name: &str, end: &str| body.contains(&format!("{name}{end}"));
    let named = |name: &&str| match *name {
        "Step" => follows("Step", "::new"),
        "Opt" => follows("[Opt]", ""),
        "diagnostics" => follows("diagnostics::", ""),
        name => body.contains(name),
    };
    let names: Vec<&str> = all.into_iter().filter(named).collect();
    format!("use optimus_sdk::{{\n    {},\n}};", names.join(", "))
}

#[cfg(test)]
mod tests;
