//! Java. A file is renamed to its public class before it is compiled, the class to start is found in the source, and the
//! JVM's heap is sized from the memory limit, which counts the whole JVM. An uncaught `OutOfMemoryError` is a
//! `memory_limit_exceeded`.

mod source;

use optimus_sdk::{
    Classify, Descriptor, Diagnostic, Error, Language, Limits, Opt, Outcome, Plan, Refined, Request, SourceFile, Step,
    StepLimits, diagnostics,
};

use crate::source::Source;

/// The language.
pub struct Java;

const OPTIONS: &[Opt] = &[
    Opt::text("main_class", "the class to start, with its package; found in the sources when absent"),
    Opt::flags("flags", "more flags for javac, after Optimus's own"),
];

/// Compiling is short: an optimising compiler and a parallel collector would cost more than they bring.
const JAVAC: [&str; 10] = [
    "javac",
    "-J-Xmx640m",
    "-J-XX:+UseSerialGC",
    "-J-XX:TieredStopAtLevel=1",
    "-J-XX:-UsePerfData",
    "-encoding",
    "UTF-8",
    "-proc:none",
    "-d",
    "classes",
];

impl Language for Java {
    fn describe() -> Descriptor {
        Descriptor::new("java", "Java")
            .aliases(["jdk", "openjdk"])
            .extensions(["java"])
            .image("optimus/java:21")
            .probe(["javac", "-version"])
            .install_hint("apt-get install default-jdk-headless")
            .time_multiplier(2.0)
            .minimum(StepLimits::new().memory_mib(128).processes(32))
            .options(OPTIONS)
            .judge0_ids([62])
            .piston_names(["java"])
            .sample("hello", "Main.java", include_str!("../samples/hello.java"), "Hello, world!\n")
    }

    fn plan(request: &Request) -> Result<Plan, Error> {
        let options = request.options(OPTIONS)?;
        let files = request.sources(&["java"]);
        request.source_args(&["java"])?;
        let sources: Vec<_> = files.iter().map(|file| Source::read(&file.text())).collect();
        let class = match options.text("main_class") {
            Some(class) if class.starts_with(['-', '@']) => {
                return Err(Error::BadOptions("option `main_class` has to be the name of a class".to_owned()));
            }
            Some(class) => class.to_owned(),
            None => class_to_start(&files, &sources)?,
        };
        let (renames, paths) = rename(&files, &sources);
        let compile = Step::new("compile", JAVAC)
            .args(options.flags("flags"))
            .args(paths)
            .collect(["classes"])
            .collect(request.data(&["java"]));
        let mut run = vec!["java".to_owned()];
        run.extend(jvm_flags(&request.limits));
        run.extend(["-cp".to_owned(), "classes:.".to_owned(), class]);
        Ok(request.run(run).compile_all(renames).compile(compile))
    }
}

/// The public one with a `main` in the first file that has any, as where a file is renamed to its class; otherwise the
/// first with a `main`, as `java File.java` starts it (JEP 330).
///
/// # Errors
/// There is none. Of a long file only the beginning is known here, and of one with Unicode escapes not every name: then
/// the first class is taken, and the JVM says what is wrong.
fn class_to_start(files: &[&SourceFile], sources: &[Source]) -> Result<String, Error> {
    for source in sources {
        let mut mains = source.types.iter().filter(|t| t.has_main);
        if let Some(t) = mains.clone().find(|t| t.is_public).or_else(|| mains.next()) {
            return Ok(source.full_name(&t.name));
        }
    }
    let path = files.first().map_or("", |file| &file.path);
    let first = sources.iter().find(|source| !source.types.is_empty());
    let Some(first) = first else { return Err(Error::BadSource(format!("no class in `{path}`"))) };
    let is_unclear = |file: &&SourceFile| file.head.len() < file.size as usize || file.text().contains("\\u");
    if !files.iter().any(is_unclear) {
        let message = "a program starts with `public static void main(String[] args)` in a class";
        return Err(Error::BadSource(format!("no `main` in `{path}`: {message}")));
    }
    let t = first.types.iter().find(|t| t.is_public).unwrap_or(&first.types[0]);
    Ok(first.full_name(&t.name))
}

/// Files that are renamed; of the ones beyond, javac says what is wrong. A plan cannot have any number of steps.
const RENAMED: usize = 8;

/// javac wants a public class in a file of its name: the steps that see to it, and the files' paths after them.
fn rename(files: &[&SourceFile], sources: &[Source]) -> (Vec<Step>, Vec<String>) {
    let (mut steps, mut paths) = (Vec::new(), Vec::new());
    for (file, source) in files.iter().zip(sources) {
        let class = source.types.iter().find(|t| t.is_public).map(|t| format!("{}.java", t.name));
        let (directory, name) = file.path.rsplit_once('/').unwrap_or((".", &file.path));
        let wanted = class.filter(|class| class != name).map(|class| match directory {
            "." => class,
            directory => format!("{directory}/{class}"),
        });
        // Where a file of that name is there already, javac tells what is wrong better than we could.
        let taken = |wanted: &String| files.iter().any(|file| file.path == *wanted) || paths.contains(wanted);
        match wanted.filter(|wanted| !taken(wanted)) {
            Some(wanted) if steps.len() < RENAMED => {
                steps.push(Step::new("rename", ["mv", "-f", "--", &file.path, &wanted]));
                paths.push(wanted);
            }
            _ => paths.push(file.arg()),
        }
    }
    (steps, paths)
}

/// Of the limit, the heap gets about two thirds, the main thread's stack its part; the rest is for the JVM itself, which
/// needs no more of it when the limit is large.
fn jvm_flags(limits: &Limits) -> Vec<String> {
    let mib = limits.memory_mib();
    let heap = (mib * 65 / 100).max(mib.saturating_sub(192)).max(16);
    // One collector thread, no file in /tmp for monitoring tools, UTF-8 whatever the locale.
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

impl Classify for Java {
    fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic> {
        diagnostics::colons(&outcome.stderr())
    }

    fn refine(outcome: &Outcome) -> Option<Refined> {
        let uncaught = |line: &str| {
            (line.starts_with("Exception in thread")
                || line.starts_with("Caused by:")
                || line.starts_with("Error occurred"))
                && line.contains("java.lang.OutOfMemoryError")
        };
        let full = outcome.failed() && outcome.stderr().lines().any(uncaught);
        // The JVM itself: `There is insufficient memory for the Java Runtime Environment to continue.`
        let no_room =
            outcome.failed() && outcome.stdout().contains("There is insufficient memory for the Java Runtime");
        (full || no_room).then_some(Refined::MemoryLimitExceeded)
    }
}

optimus_sdk::plugin!(Java, classify);

#[cfg(test)]
mod tests;
