//! Reading what a job brings.

use std::borrow::Cow;

use crate::options::Options;
use crate::{Error, Limits, Opt, Plan, Request, SourceFile, Step};

/// A path as an argument that every program takes for a file's name: `-x` becomes `./-x`, since it would be an option, and
/// `@x` becomes `./@x`, since javac, gcc, clang and many others would read arguments from it. So does everything that
/// begins with a sign.
pub(crate) fn arg(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || !c.is_ascii();
    if path.starts_with(plain) { path.to_owned() } else { format!("./{path}") }
}

impl SourceFile {
    /// The extension of the file's name, without the dot.
    pub fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Its first 64 KiB as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.head)
    }

    /// Its path as an argument that no program takes for an option.
    pub fn arg(&self) -> String {
        arg(&self.path)
    }
}

impl Request {
    /// The file to start with.
    ///
    /// # Errors
    /// The job has no files.
    pub fn entry(&self) -> Result<&SourceFile, Error> {
        let named = |path: &String| self.files.iter().find(|file| file.path == *path);
        let file = match &self.entry {
            Some(path) => named(path),
            None => self.files.first(),
        };
        file.ok_or_else(|| Error::BadSource("the job has no file to start with".to_owned()))
    }

    /// The file to start with, as an argument.
    ///
    /// # Errors
    /// The job has no files.
    pub fn entry_arg(&self) -> Result<String, Error> {
        self.entry().map(SourceFile::arg)
    }

    /// The file to start with as a class: its name without extension, behind the package that it declares.
    ///
    /// # Errors
    /// The job has no files, or that one's name is no class's.
    pub fn entry_class(&self) -> Result<String, Error> {
        let file = self.entry()?;
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if name.is_empty() || name.starts_with(['-', '@']) {
            return Err(Error::BadSource(format!("`{}` is not the name of a class", file.path)));
        }
        Ok(package(&file.text()).map_or_else(|| name.to_owned(), |package| format!("{package}.{name}")))
    }

    /// The files with one of these extensions: the first to start with, the others in the job's order.
    pub fn sources(&self, extensions: &[&str]) -> Vec<&SourceFile> {
        let entry = self.entry().map(|file| file.path.as_str()).unwrap_or_default();
        let fitting = || self.files.iter().filter(|file| extensions.contains(&file.extension()));
        let first = fitting().filter(|file| file.path == entry);
        first.chain(fitting().filter(|file| file.path != entry)).collect()
    }

    /// The same as arguments.
    ///
    /// # Errors
    /// There is none.
    pub fn source_args(&self, extensions: &[&str]) -> Result<Vec<String>, Error> {
        let files = self.sources(extensions);
        if files.is_empty() {
            let endings: Vec<_> = extensions.iter().map(|extension| format!("`.{extension}`")).collect();
            return Err(Error::BadSource(format!("no file ends in {}", endings.join(" or "))));
        }
        Ok(files.into_iter().map(SourceFile::arg).collect())
    }

    /// The paths of the files with none of these extensions: data that a program may want to read, which a compile step
    /// has to collect beside what it makes.
    pub fn data(&self, extensions: &[&str]) -> Vec<String> {
        let other = |file: &&SourceFile| !extensions.contains(&file.extension());
        self.files.iter().filter(other).map(|file| file.path.clone()).collect()
    }

    /// The values of the declared options.
    ///
    /// # Errors
    /// An option that is unknown or has a value that it cannot have.
    pub fn options(&self, declared: &'static [Opt]) -> Result<Options, Error> {
        Options::read(declared, &self.options)
    }

    /// A plan that runs this with the program's arguments behind it.
    pub fn run(&self, argv: impl IntoIterator<Item = impl Into<String>>) -> Plan {
        Plan::new(Step::new("run", argv).args(&self.args))
    }
}

/// The name behind `package`, if that is the first statement after comments and annotations.
fn package<'a>(source: &'a str) -> Option<String> {
    // Searching for text and asking Unicode would make every plugin larger by some KiB.
    let trim = |text: &'a str| text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let mut rest = trim(source.strip_prefix('\u{feff}').unwrap_or(source));
    loop {
        rest = trim(match rest {
            line if line.starts_with("//") || line.starts_with('@') || line.starts_with('#') => {
                line.split_once('\n')?.1
            }
            block if block.starts_with("/*") => {
                let end = block.as_bytes().windows(2).skip(2).position(|pair| pair == b"*/")?;
                &block[end + 4..]
            }
            said => {
                let name = said.strip_prefix("package")?.strip_prefix([' ', '\t'])?;
                let name = trim(name);
                let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$') || !c.is_ascii();
                let end = name.find(|c| !inner(c)).unwrap_or(name.len());
                return Some(name[..end].to_owned()).filter(|name| !name.is_empty());
            }
        });
    }
}

/// For tests of plans.
impl Request {
    /// A job with these files, and nothing else.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let file = |(path, text): (&str, &str)| SourceFile {
            path: path.to_owned(),
            size: u32::try_from(text.len()).unwrap_or(u32::MAX),
            head: text.bytes().take(64 << 10).collect(),
        };
        Self {
            files: files.into_iter().map(file).collect(),
            entry: None,
            args: Vec::new(),
            options: "{}".to_owned(),
            limits: Limits::default(),
            ext: Vec::new(),
        }
    }

    /// The same, starting with this file.
    #[must_use]
    pub fn with_entry(mut self, path: &str) -> Self {
        self.entry = Some(path.to_owned());
        self
    }

    /// The same, with this JSON object as options.
    #[must_use]
    pub fn with_options(mut self, json: &str) -> Self {
        json.clone_into(&mut self.options);
        self
    }

    /// The same, with these arguments for the program.
    #[must_use]
    pub fn with_args(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(ToString::to_string).collect();
        self
    }

    /// The same, with this memory limit.
    #[must_use]
    pub fn with_memory_mib(mut self, mib: u32) -> Self {
        self.limits.memory_kib = mib << 10;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_comes_first_and_is_no_option() {
        let request = Request::of([("a.x", ""), ("-b.x", ""), ("@c.x", ""), ("c.txt", "")]).with_entry("-b.x");
        assert_eq!(request.source_args(&["x"]).unwrap(), ["./-b.x", "a.x", "./@c.x"]);
        assert_eq!(request.data(&["x"]), ["c.txt"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(Request::of([]).entry().is_err());
        let Err(Error::BadSource(message)) = Request::of([("x.y", "")]).source_args(&["c", "h"]) else {
            panic!("there is no source");
        };
        assert_eq!(message, "no file ends in `.c` or `.h`");
    }

    #[test]
    fn a_class_has_the_name_of_its_file_and_the_package_that_it_declares() {
        let class = |path: &str, text: &str| Request::of([(path, text)]).entry_class();
        for (path, text, expected) in [
            ("Main.x", "class Main", "Main"),
            ("app/Main.x", "package app;\nclass Main", "app.Main"),
            ("Main.x", "// a\n/* package no;\n*/ @file:Name(\"x\")\npackage  a.b_1\n", "a.b_1.Main"),
            ("Main.x", "\u{feff}package a ; class Main", "a.Main"),
            ("Main.x", "packaged a;", "Main"),
            ("Main.x", "package ;", "Main"),
            ("Main.x", "/* package a;", "Main"),
            ("Main.x", "class Main {} // package a;", "Main"),
            ("Main.x", "package -cp;", "Main"),
        ] {
            assert_eq!(class(path, text).unwrap(), expected, "{text}");
        }
        assert!(class("-cp.x", "").is_err() && class("a/.x", "").is_err());
    }

    #[test]
    fn a_dot_in_a_directory_is_no_extension() {
        let request = Request::of([("a.c/Makefile", ""), ("b/x.tar.gz", "")]);
        assert_eq!(request.files[0].extension(), "");
        assert_eq!(request.files[1].extension(), "gz");
    }

    #[test]
    fn the_programs_arguments_stand_behind_the_runs() {
        let plan = Request::of([("a", "")]).with_args(&["-v"]).run(["./a"]);
        assert_eq!(plan.run.argv, ["./a", "-v"]);
    }
}
