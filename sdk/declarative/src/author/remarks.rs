//! Remarks on a language that builds, where its programs may fail for a reason that no error names.

use crate::manifest::{Command, Manifest};

/// Something that is probably not what its author means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Dotted: `compile[1]`.
    pub field: String,
    /// The remark.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

/// Slots that stand for a job's own files and words: no compile step makes those.
const GIVEN: [&str; 7] = ["{main}", "{sources}", "{others}", "{each}", "{data}", "{class}", "{dir}"];

/// All remarks on a language, in the order of its fields.
pub fn remarks(manifest: &Manifest) -> Vec<Remark> {
    let name = |i: usize| if manifest.compile.len() == 1 { "compile".to_owned() } else { format!("compile[{i}]") };
    let compile = manifest.compile.iter().enumerate().map(|(i, command)| (name(i), command.words.as_slice()));
    let commands = [("probe".to_owned(), manifest.probe.as_slice())].into_iter().chain(compile);
    let commands = commands.chain([("run".to_owned(), manifest.run.words.as_slice())]);
    let mut remarks: Vec<Remark> = commands.filter_map(|(field, words)| shell(&field, words)).collect();
    remarks.extend(uncollected(manifest));
    remarks
}

/// A word that only a shell would understand reaches the program as it is.
fn shell(field: &str, words: &[String]) -> Option<Remark> {
    let word = words.iter().skip(1).find(|word| is_for_a_shell(word))?;
    Some(Remark {
        field: field.to_owned(),
        message: format!("passes `{word}` to `{}` as an argument: no shell reads the line", words[0]),
        hint: "where a shell is meant, start one: `[\"sh\", \"-c\", \"first | second\"]`".to_owned(),
    })
}

fn is_for_a_shell(word: &str) -> bool {
    const WHOLE: [&str; 8] = ["|", "||", "&", "&&", ";", "<", "<<<", "|&"];
    // `2>file`, `>>file`, `>&2`: digits before the sign, as a shell reads them. `>=` is an operator of many a language.
    let redirects = |word: &str| word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&').starts_with('>');
    let variable = |word: &str| {
        let name = word.strip_prefix("${").or_else(|| word.strip_prefix('$'));
        name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '('))
    };
    // A quoted text is a script.
    let is_bare = !word.contains(char::is_whitespace);
    WHOLE.contains(&word) || (is_bare && ((redirects(word) && !word.contains(">=")) || variable(word)))
}

/// A file that a compile step makes, the run step needs and no step collects: the run step does not see it.
fn uncollected(manifest: &Manifest) -> Option<Remark> {
    if manifest.compile.is_empty() {
        return None;
    }
    let made = |path: &str| {
        manifest.compile.iter().any(|step| step.words.windows(2).any(|pair| makes(&pair[0], &pair[1], path)))
    };
    let wanted = manifest.run.words.iter().enumerate().filter_map(|(i, word)| {
        let path = word.strip_prefix("./").unwrap_or(word);
        let is_own = if i == 0 { word.starts_with("./") } else { made(path) };
        (is_own && !path.is_empty() && !path.starts_with('-') && !GIVEN.contains(&path)).then_some(path)
    });
    let path = wanted.into_iter().find(|path| !manifest.compile.iter().any(|step| collects(step, path)))?;
    let (last, is_any) = (manifest.compile.last()?, manifest.compile.iter().any(|step| !step.collect.is_empty()));
    let message = match is_any {
        true => format!("uses `{path}`, which no compile step collects"),
        false => format!("uses `{path}`, but no compile step collects anything: the program sees its sources alone"),
    };
    let hint = format!("`compile = {{ argv = \"{}\", collect = \"{path} {{data}}\" }}`", last.words.join(" "));
    Some(Remark { field: "run".to_owned(), message, hint })
}

/// `-o main`, `-omain`, `--out=main`, `-d out`: the path behind a flag, or at the end of a flag's word.
fn makes(flag: &str, word: &str, path: &str) -> bool {
    let Some(before) = word.strip_suffix(path) else { return false };
    match before.strip_suffix("./").unwrap_or(before) {
        "" => flag.starts_with('-'),
        before => before.ends_with(['=', ':']) || (before.starts_with('-') && before.len() <= 3),
    }
}

fn collects(step: &Command, path: &str) -> bool {
    let folder = path.split('/').next().unwrap_or(path);
    step.collect.iter().any(|kept| {
        let kept = kept.strip_prefix("./").unwrap_or(kept);
        kept == path || kept.contains('*') || kept.trim_end_matches('/') == folder
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::{known, read};

    fn of(compile: &str, run: &str) -> Vec<Remark> {
        let head = "id = \"x\"\nname = \"X\"\nextensions = [\"x\"]\nimage = \"x:1\"\nprobe = \"x -v\"\n";
        let compile = if compile.is_empty() { String::new() } else { format!("compile = {compile}\n") };
        remarks(&read(&format!("{head}{compile}run = {run}\n"), Vec::new()).unwrap())
    }

    #[test]
    fn an_output_that_nothing_collects_is_named_with_the_remedy() {
        for (compile, run, path) in [
            ("\"xc -o prog {sources}\"", "\"./prog\"", "prog"),
            ("\"xc -oprog {sources}\"", "\"./prog\"", "prog"),
            ("\"xc --out=build {sources}\"", "\"xvm build\"", "build"),
            ("\"xc {main} -o {stem}.bc\"", "\"xvm {stem}.bc\"", "{stem}.bc"),
            ("\"xc {sources}\"", "\"./a.out\"", "a.out"),
            ("[\"xc -c {each}\", { argv = \"ld -o prog x.o\", collect = \"x.o\" }]", "\"./prog\"", "prog"),
        ] {
            let remarks = of(compile, run);
            assert_eq!(remarks.len(), 1, "{compile} {run}: {remarks:?}");
            assert!(remarks[0].message.contains(&format!("`{path}`")), "{:?}", remarks[0]);
            assert!(remarks[0].hint.contains(&format!("collect = \"{path} {{data}}\"")), "{:?}", remarks[0]);
        }
    }

    #[test]
    fn what_is_collected_or_given_is_no_matter() {
        for (compile, run) in [
            ("{ argv = \"xc -o prog {sources}\", collect = \"prog {data}\" }", "\"./prog\""),
            ("{ argv = \"xc -d out {sources}\", collect = \"out {data}\" }", "\"xvm -cp out Main\""),
            ("{ argv = \"xc {sources}\", collect = \"*.class\" }", "\"xvm {stem}.class\""),
            ("\"xc --check {main}\"", "\"x {main}\""),
            ("", "\"./{main}\""),
            ("", "[\"sh\", \"-c\", \"x {main} | cat > /dev/stdout\"]"),
            ("", "\"x -e 'a >= b' {main} 50% $ a$b\""),
        ] {
            assert_eq!(of(compile, run), [], "{compile} {run}");
        }
    }

    #[test]
    fn a_line_that_only_a_shell_would_read_is_named() {
        for (run, word) in [
            ("x {main} | cat", "|"),
            ("x {main} 2>/dev/null", "2>/dev/null"),
            ("x {main} > out", ">"),
            ("x {main} >&2", ">&2"),
            ("x {main} &> out", "&>"),
            ("x {main} < in", "<"),
            ("cd a && x {main}", "&&"),
            ("x $HOME/{main}", "$HOME/{main}"),
        ] {
            let remarks = of("", &format!("'{run}'"));
            assert_eq!(remarks.len(), 1, "{run}: {remarks:?}");
            let told = format!("passes `{word}` to `{}`", run.split(' ').next().unwrap());
            assert!(remarks[0].message.contains(&told) && remarks[0].hint.contains("sh"), "{:?}", remarks[0]);
        }
    }

    #[test]
    fn nothing_is_remarked_on_a_known_language() {
        for known in known() {
            let manifest = read(known.toml, Vec::new()).unwrap();
            assert_eq!(remarks(&manifest), [], "{}", known.id);
        }
    }
}
