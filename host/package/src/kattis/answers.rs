//! `submit-answer`: a submission holds the answers to the tests instead of a program. The format leaves open what its
//! files are called; here an answer is called as its test is, with `.out`, `.ans` or no extension.

use optimus_core::{BoxPath, Problem};

use crate::PackageError;

const EXTENSIONS: [&str; 3] = [".out", ".ans", ""];

/// Each test looks at a file of the submission instead of running it.
pub(super) fn read(problem: &mut Problem) -> Result<(), PackageError> {
    let names: Vec<String> = problem.tests.iter().map(|test| base(test.name.as_deref().unwrap_or_default())).collect();
    if let Some((twice, _)) =
        names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)).map(|(_, name)| (name, ()))
    {
        let why = format!("has two tests `{twice}`, and an answer is called as its test is");
        return Err(PackageError::bad("data", why));
    }
    for (test, name) in problem.tests.iter_mut().zip(&names) {
        let path =
            BoxPath::new(format!("{name}.out")).map_err(|why| PackageError::bad("data", format!("`{name}` {why}")))?;
        test.submitted = Some(path);
    }
    for own in &mut problem.submissions {
        for file in &mut own.files {
            let path = file.path.as_str();
            let own = path.rsplit('/').next().unwrap_or(path);
            let name = names.iter().find(|name| EXTENSIONS.iter().any(|extension| own == format!("{name}{extension}")));
            if let Some(path) = name.and_then(|name| BoxPath::new(format!("{name}.out")).ok()) {
                file.path = path;
            }
        }
    }
    problem.remarks.push("a submission holds the answers, each in a file `TEST.out`".to_owned());
    Ok(())
}

fn base(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
