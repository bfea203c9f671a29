//! Links inside a package, and what tools leave in one: the same in directories and in archives.

use std::os::unix::fs::symlink;
use std::path::Path;

use optimus_package::{Caps, Tree, import};
use rawzip::ZipArchiveWriter;
use rawzip::path::EntryPath;

use crate::made::{names, put};

const GOOD: [(&str, &str); 5] = [
    ("problem.yaml", "name: Plus\nlimits: {time_limit: 1}\n"),
    ("data/sample/1.in", "1\n"),
    ("data/sample/1.ans", "2\n"),
    ("data/secret/a/2.in", "2\n"),
    ("data/secret/a/2.ans", "3\n"),
];

/// The directory as an archive that keeps links, as `zip -y` does.
fn zipped(dir: &Path) -> Vec<u8> {
    fn add(writer: &mut ZipArchiveWriter<&mut Vec<u8>>, dir: &Path, at: &str) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let name = format!("{at}{}", entry.file_name().to_str().unwrap());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                add(writer, &entry.path(), &format!("{name}/"));
                continue;
            }
            let (mode, content) = if kind.is_symlink() {
                (0o120_777, std::fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes())
            } else {
                (0o100_644, std::fs::read(entry.path()).unwrap())
            };
            let file = writer.new_file(EntryPath::verbatim(name.as_bytes())).unix_permissions(mode);
            let (mut entry, config) = file.start().unwrap();
            let mut data = config.wrap(&mut entry);
            std::io::Write::write_all(&mut data, &content).unwrap();
            let (_, output) = data.finish().unwrap();
            entry.finish(output).unwrap();
        }
    }
    let mut bytes = Vec::new();
    let mut writer = ZipArchiveWriter::new(&mut bytes);
    add(&mut writer, dir, "plus/");
    writer.finish().unwrap();
    bytes
}

#[test]
fn links_become_what_they_lead_to() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), &GOOD);
    std::fs::create_dir_all(dir.path().join("data/secret/b")).unwrap();
    // To a file, through a link to a directory, and to a link.
    symlink("../a", dir.path().join("data/secret/b/all")).unwrap();
    for extension in ["in", "ans"] {
        symlink(format!("../../sample/1.{extension}"), dir.path().join(format!("data/secret/b/1.{extension}")))
            .unwrap();
        symlink(format!("b/1.{extension}"), dir.path().join(format!("data/secret/z.{extension}"))).unwrap();
        symlink(format!("b/all/2.{extension}"), dir.path().join(format!("data/secret/y.{extension}"))).unwrap();
    }
    symlink("nowhere", dir.path().join("data/secret/c.in")).unwrap();
    let here = import(Tree::of_dir(dir.path(), Caps::default()).unwrap()).unwrap();
    let wanted = ["sample/1", "secret/a/2", "secret/b/1", "secret/b/all/2", "secret/y", "secret/z"];
    assert_eq!(names(&here), wanted);
    assert_eq!(here.tests[5].stdin.as_bytes(), b"1\n");
    assert!(here.remarks.iter().any(|remark| remark.contains("`data/secret/c.in` is a link to `nowhere`")));
    let there = import(Tree::of_zip(&zipped(dir.path()), Caps::default()).unwrap()).unwrap();
    assert_eq!((names(&there), &there.tests[4].stdin), (wanted.to_vec(), &here.tests[4].stdin));
    // As it goes to a server: plain files.
    let packed = optimus_package::archive(dir.path()).unwrap();
    assert_eq!(names(&import(Tree::of_zip(&packed, Caps::default()).unwrap()).unwrap()), wanted);
}

#[test]
fn links_that_never_end_are_refused() {
    for (link, target) in [("data/secret/up", ".."), ("data/secret/self", "."), ("data/one", "two")] {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), &GOOD);
        symlink(target, dir.path().join(link)).unwrap();
        symlink("one", dir.path().join("data/two")).unwrap();
        let error = Tree::of_dir(dir.path(), Caps::default()).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{link}: {error}");
    }
}

#[test]
fn what_tools_leave_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), &GOOD);
    put(
        dir.path(),
        &[
            (".git/HEAD", ""),
            ("data/.DS_Store", ""),
            ("data/secret/a/._2.in", ""),
            ("data/secret/a/-3.in", ""),
            ("data/secret/a/2.in~", ""),
            ("data/secret/a/#2.in#", ""),
            ("data/secret/a/Thumbs.db", ""),
            ("__MACOSX/data/secret/a/._2.in", ""),
            ("submissions/accepted/a.py", "print(2)\n"),
            ("submissions/accepted/._a.py", ""),
            ("submissions/accepted/.gitignore", ""),
        ],
    );
    for problem in [
        import(Tree::of_dir(dir.path(), Caps::default()).unwrap()).unwrap(),
        import(Tree::of_zip(&zipped(dir.path()), Caps::default()).unwrap()).unwrap(),
    ] {
        assert_eq!(names(&problem), ["sample/1", "secret/a/2"]);
        assert_eq!(problem.submissions.len(), 1, "{:?}", problem.submissions);
        assert_eq!(problem.remarks, Vec::<String>::new());
    }
}

#[test]
fn a_link_that_leads_out_is_ignored_only_where_nothing_is_judged_by_it() {
    for (place, is_ignored) in
        [("input_validators/v", true), ("generators", true), ("data/secret", false), ("include/cpp", false)]
    {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), &[("problem.yaml", "name: P\n"), ("data/secret/1.in", ""), ("data/secret/1.ans", "")]);
        std::fs::create_dir_all(dir.path().join(place)).unwrap();
        symlink("../../../../x.h", dir.path().join(place).join("x.h")).unwrap();
        match optimus_package::open(dir.path()) {
            Ok(problem) => {
                assert!(is_ignored && problem.remarks.iter().any(|remark| remark.contains("x.h")), "{place}")
            }
            Err(error) => assert!(!is_ignored && error.to_string().contains("x.h"), "{place}: {error}"),
        }
    }
}
