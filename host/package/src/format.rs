//! The formats of packages: how each is told, and which module reads it.

use optimus_core::Problem;

use crate::{PackageError, Tree, cms, dmoj, fps, hydro, kattis, polygon, qduoj};

/// A format: how it is told, and who reads it.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// The file that tells it.
    pub(crate) marker: &'static str,
    /// Where its tests are, for packages that have none.
    pub(crate) tests: &'static str,
    is: fn(&Tree) -> bool,
    pub(crate) read: fn(&Tree) -> Result<Problem, PackageError>,
}

const IN_DATA: &str = "`data/sample/` and `data/secret/` hold each as `NAME.in` and `NAME.ans`";

/// The first that fits is it: the more specific formats come first.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "polygon",
        marker: "problem.xml",
        tests: "its `testset` lists them, and full packages have them in `tests/`",
        is: |tree| tree.has("problem.xml"),
        read: polygon::read,
    },
    Format {
        name: "dmoj",
        marker: "init.yml",
        tests: "`test_cases` lists them, or is a pattern of names in `archive`",
        is: |tree| tree.has("init.yml"),
        read: dmoj::read,
    },
    Format {
        name: "cms",
        marker: "task.yaml",
        tests: "`input/input0.txt` and `output/output0.txt` are the first",
        is: |tree| tree.has("task.yaml"),
        read: cms::read,
    },
    Format {
        name: "hydro",
        marker: "testdata/config.yaml",
        tests: "`testdata/` holds each as `1.in` and `1.out`",
        is: hydro::is,
        read: hydro::read,
    },
    Format {
        name: "kattis",
        marker: "problem.yaml",
        tests: IN_DATA,
        is: |tree| tree.has("problem.yaml"),
        read: kattis::read,
    },
    Format {
        name: "domjudge",
        marker: "domjudge-problem.ini",
        tests: IN_DATA,
        is: |tree| tree.has("domjudge-problem.ini"),
        read: kattis::read,
    },
    Format {
        name: "qduoj",
        marker: "problem.json",
        tests: "`test_case_score` lists them, and `testcase/` holds them",
        is: qduoj::is,
        read: qduoj::read,
    },
    Format {
        name: "fps",
        marker: "fps.xml",
        tests: "each is a `test_input` and a `test_output`",
        is: fps::is,
        read: fps::read,
    },
];

/// The format of a package.
pub(crate) fn find(tree: &Tree) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.is)(tree))
}
