//! `submissions/`: programs in directories that say what should come of them, and `submissions.yaml`, which says more.

use optimus_core::problem::{Expectation, Labelled};
use optimus_core::{BoxPath, Verdict};

use super::Package;
use crate::fields::Fields;
use crate::{PackageError, labels, program};

const FILE: &str = "submissions/submissions.yaml";

pub(super) fn read(package: &Package<'_>) -> Result<Vec<Labelled>, PackageError> {
    let mut rules = rules(package)?;
    let mut found = Vec::new();
    for directory in package.tree.children("submissions") {
        let dir = format!("submissions/{directory}");
        if package.tree.has(&dir) {
            continue;
        }
        for child in package.tree.children(&dir) {
            let name = format!("{directory}/{child}");
            let files = program::files(package.tree, &format!("{dir}/{child}"))?;
            let said = files.iter().find_map(|file| labels::in_source(file.content.as_bytes()));
            let mut own = Labelled { name: name.clone(), files, ..Labelled::default() };
            let by_place = labels::directory(&directory);
            let overridden = rules.iter().any(|rule| rule.glob == directory);
            own.expect = match (said, by_place) {
                (Some(said), _) => said,
                (None, Some(by_place)) if package.is_scoring && directory == "accepted" => scoring(by_place),
                (None, Some(by_place)) => by_place,
                (None, None) if overridden || rules.iter().any(|rule| rule.fits(&name)) => Expectation::default(),
                (None, None) => {
                    return Err(PackageError::bad(dir, "is no directory of submissions that is known"));
                }
            };
            for rule in rules.iter_mut().filter(|rule| rule.fits(&name)) {
                rule.apply(&mut own)?;
            }
            found.push(own);
        }
    }
    Ok(found)
}

/// Of a problem with points, accepted means all of them.
fn scoring(expect: Expectation) -> Expectation {
    Expectation { verdicts: vec![Verdict::Accepted], permitted: Vec::new(), ..expect }
}

/// What `submissions.yaml` says of those that a pattern fits.
struct Rule {
    glob: String,
    fields: Fields,
}

fn rules(package: &Package<'_>) -> Result<Vec<Rule>, PackageError> {
    let list = Fields::yaml(package.tree, FILE)?.rest();
    list.map(|(glob, value)| Ok(Rule { fields: Fields::of(FILE, &glob, value)?, glob })).collect()
}

impl Rule {
    fn fits(&self, name: &str) -> bool {
        let directory = name.split('/').next().unwrap_or(name);
        expand(&self.glob).iter().any(|glob| matches(glob, name) || matches(glob, directory))
    }

    fn apply(&self, own: &mut Labelled) -> Result<(), PackageError> {
        let mut fields = self.fields.clone();
        let verdicts = |fields: &mut Fields, key: &str| {
            let mut all = Vec::new();
            for word in fields.words(key)? {
                let known = labels::short(&word).ok_or_else(|| fields.bad(key, &format!("knows no `{word}`")))?;
                all.extend_from_slice(known);
            }
            Ok::<_, PackageError>(all)
        };
        if fields.has("permitted") {
            own.expect.permitted = verdicts(&mut fields, "permitted")?;
        }
        if fields.has("required") {
            own.expect.required = verdicts(&mut fields, "required")?;
        }
        match fields.value("score") {
            None => {}
            Some(serde_json::Value::Number(score)) => own.expect.score = score.as_f64().map(|score| [score, score]),
            Some(range) => {
                let range = serde_json::from_value(range).map_err(|_| fields.bad("score", "is no number or two"))?;
                own.expect.score = Some(range);
            }
        }
        if own.expect.score.is_some() {
            own.expect.verdicts.clear();
        }
        own.expect.message = fields.text("message")?.filter(|text| !text.is_empty()).or(own.expect.message.take());
        own.language = fields.text("language")?.or(own.language.take());
        if let Some(entry) = fields.text("entrypoint")? {
            let entry = BoxPath::new(entry).map_err(|why| fields.bad("entrypoint", why))?;
            own.entry = own.files.iter().map(|file| &file.path).find(|path| **path == entry).cloned();
        }
        own.is_untimed |= fields.value("use_for_time_limit").is_some_and(|used| used == false);
        fields.ignore(&["authors", "model_solution"]);
        fields.finish()
    }
}

/// `{a,b}.py` is `a.py` and `b.py`.
fn expand(glob: &str) -> Vec<String> {
    let parts = glob.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    let Some((head, (choices, tail))) = parts else { return vec![glob.to_owned()] };
    choices.split(',').flat_map(|choice| expand(&format!("{head}{choice}{tail}"))).collect()
}

/// `*` stands for anything but `/`.
fn matches(glob: &str, name: &str) -> bool {
    match glob.split_once('*') {
        None => glob == name,
        Some((head, tail)) => {
            let Some(rest) = name.strip_prefix(head) else { return false };
            let end = rest.find('/').unwrap_or(rest.len());
            (0..=end).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_within_a_name() {
        assert!(matches("accepted/*", "accepted/a.py") && !matches("*", "accepted/a.py"));
        assert!(matches("*/a.*", "x/a.py") && !matches("*/a.*", "x/b.py"));
        assert_eq!(expand("{a,b}.{x,y}"), ["a.x", "a.y", "b.x", "b.y"]);
    }
}
