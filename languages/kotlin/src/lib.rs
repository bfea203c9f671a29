//! Kotlin, on the JVM. The class to start is found in the sources as the compiler would name it; a program without a `main`
//! does not compile. Heap and stack of the JVM are sized from the memory limit, which counts the whole JVM. An uncaught
//! `OutOfMemoryError` is a `memory_limit_exceeded`.

mod source;

use optimus_sdk::{
    Classify, Descriptor, Diagnostic, Error, Language, Limits, Opt, Outcome, Plan, Refined, Request, SourceFile, Step,
    StepLimits,
};

use crate::source::{Source, facade};

/// The language.
pub struct Kotlin;

const OPTIONS: &[Opt] =
    &[Opt::text("main_class", "the class to start, with its package; found in the sources when absent")];

/// The library is in the image, or where Debian has it.
const CLASSES: &str = "classes:/opt/kotlin/stdlib.jar:/usr/share/java/kotlin-stdlib.jar";

impl Language for Kotlin {
    fn describe() -> Descriptor {
        Descriptor::new("kotlin", "Kotlin")
            .aliases(["kt"])
            .extensions(["kt"])
            .image("optimus/kotlin:2")
            .probe(["sh", "-c", "kotlinc -version 2>&1 | grep kotlinc"])
            .install_hint("apt-get install kotlin")
            .time_multiplier(2.0)
            .minimum(StepLimits::new().memory_mib(128).processes(32))
            .options(OPTIONS)
            .judge0_ids([78])
            .piston_names(["kotlin", "kt"])
            .sample("hello", "main.kt", include_str!("../samples/hello.kt"), "Hello, world!\n")
    }

    fn plan(request: &Request) -> Result<Plan, Error> {
        let options = request.options(OPTIONS)?;
        let paths = request.source_args(&["kt"])?;
        let class = match options.text("main_class") {
            Some(class) => class.to_owned(),
            None => class_to_start(&request.sources(&["kt"]))?,
        };
        if class.starts_with(['-', '@']) {
            return Err(Error::BadOptions("option `main_class` has to be the name of a class".to_owned()));
        }
        let compile = Step::new("compile", ["kotlinc", "-d", "classes"])
            .args(paths)
            .collect(["classes"])
            .collect(request.data(&["kt"]))
            .limits(StepLimits::new().cpu_seconds(60).memory_mib(1536).processes(128));
        let mut run = vec!["java".to_owned()];
        run.extend(jvm_flags(&request.limits));
        run.extend(["-cp".to_owned(), CLASSES.to_owned(), class]);
        Ok(request.run(run).compile(compile))
    }
}

/// That of the first file with a `main`. Of a long file only the beginning is known here: its `main` may come later.
fn class_to_start(files: &[&SourceFile]) -> Result<String, Error> {
    let found = files.iter().find_map(|file| Source::read(&file.text()).class(&file.path));
    let cut = || files.iter().find(|file| file.head.len() < file.size as usize).map(|file| facade(&file.path));
    found.or_else(cut).ok_or_else(|| {
        let message = format!(
            "no `main` in `{}`: a program starts with `fun main()`, or with `@JvmStatic fun main(args: Array<String>)` in an object",
            files.first().map_or("main.kt", |file| &file.path)
        );
        Error::BadSource(message)
    })
}

/// Of the limit, the heap gets about two thirds, the main thread's stack its part, as in Java.
fn jvm_flags(limits: &Limits) -> Vec<String> {
    let mib = limits.memory_mib();
    let heap = (mib * 65 / 100).max(mib.saturating_sub(192)).max(16);
    let fixed = "-XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto -Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8";
    let mut flags = vec![format!("-Xmx{heap}m"), format!("-Xss{}m", stack_mib(mib))];
    flags.extend(fixed.split(' ').map(str::to_owned));
    flags
}

/// A stack that overflows can cost its size seven times over, as the JVM undoes what it has compiled frame by frame: so an
/// eighth of a small limit, and a sixteenth of a large one.
fn stack_mib(mib: u32) -> u32 {
    (mib / 8).clamp(4, 64.max(mib / 16))
}

impl Classify for Kotlin {
    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {
        outcome.stderr().lines().filter_map(remark).collect()
    }

    fn refine(outcome: &Outcome) -> Option<Refined> {
        let full = outcome.failed() && outcome.stderr().contains("java.lang.OutOfMemoryError");
        let no_room =
            outcome.failed() && outcome.stdout().contains("There is insufficient memory for the Java Runtime");
        (full || no_room).then_some(Refined::MemoryLimitExceeded)
    }
}

/// `main.kt:3:5: error: unresolved reference: x`.
fn remark(line: &str) -> Option<Diagnostic> {
    let (path, rest) = line.split_once(".kt:")?;
    let mut parts = rest.splitn(4, ':');
    let (number, column) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let severity = parts.next()?.trim().to_owned();
    let message = parts.next()?.trim().to_owned();
    let path = format!("{}.kt", path.strip_prefix("./").unwrap_or(path));
    Some(Diagnostic { path, line: number, column, severity, message, code: None })
}

optimus_sdk::plugin!(Kotlin, classify);

#[cfg(test)]
mod tests {
    use super::*;

    fn started(files: &[(&str, &str)]) -> Result<String, Error> {
        let plan = Kotlin::plan(&Request::of(files.iter().copied()))?;
        Ok(plan.run.argv.last().unwrap().clone())
    }

    #[test]
    fn the_class_is_found_in_whichever_file_has_it() {
        assert_eq!(started(&[("solution.kt", "package quiz.one\nfun main() {}")]).unwrap(), "quiz.one.SolutionKt");
        assert_eq!(started(&[("lib/a.kt", "package lib\nfun a() = 1"), ("b.kt", "fun main() {}")]).unwrap(), "BKt");
    }

    #[test]
    fn a_program_without_a_main_does_not_compile() {
        let error = started(&[("x.kt", "fun mian() {}")]).unwrap_err();
        assert!(matches!(error, Error::BadSource(message) if message.starts_with("no `main` in `x.kt`")));
        let long = format!("{}\nfun main() {{}}", "// x\n".repeat(20_000));
        assert_eq!(started(&[("x.kt", &long)]).unwrap(), "XKt");
    }

    #[test]
    fn heap_and_stack_follow_the_limit() {
        let flags = jvm_flags(&Limits { memory_kib: 256 << 10, ..Limits::default() });
        assert_eq!(flags[..2], ["-Xmx166m", "-Xss32m"]);
    }

    #[test]
    fn an_error_has_its_place() {
        let text = "main.kt:2:5: error: unresolved reference: x\n    x\n    ^\n";
        let [found]: [Diagnostic; 1] = Kotlin::diagnostics(&Outcome::exited(1, text)).try_into().unwrap();
        assert_eq!(
            (found.path.as_str(), found.line, found.column, found.severity.as_str()),
            ("main.kt", 2, 5, "error")
        );
    }
}
