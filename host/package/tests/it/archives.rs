//! Archives that are refused, each by the name of the entry that is to blame.

use std::io::Write as _;

use miniz_oxide::deflate::compress_to_vec;
use optimus_package::{Caps, PackageError, Tree, import};
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter};

type Writer<'a> = ZipArchiveWriter<&'a mut Vec<u8>>;

fn archive(fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ZipArchiveWriter::new(&mut bytes);
    fill(&mut writer);
    writer.finish().unwrap();
    bytes
}

/// An entry as it is named, with its type and permissions.
fn put(zip: &mut Writer<'_>, name: &str, mode: u32, content: &[u8]) {
    let file = zip.new_file(EntryPath::verbatim(name.as_bytes())).unix_permissions(mode);
    let (mut entry, config) = file.start().unwrap();
    let mut data = config.wrap(&mut entry);
    data.write_all(content).unwrap();
    let (_, output) = data.finish().unwrap();
    entry.finish(output).unwrap();
}

/// A file of so many zeros, as few bytes.
fn bomb(name: &str, bytes: usize) -> Vec<u8> {
    archive(|zip| {
        let file = zip.new_file(EntryPath::verbatim(name.as_bytes())).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, _) = file.start().unwrap();
        let content = vec![0; bytes];
        entry.write_all(&compress_to_vec(&content, 6)).unwrap();
        entry.finish(rawzip::DataDescriptorOutput::new(rawzip::crc32(&content), bytes as u64)).unwrap();
    })
}

fn one(name: &str) -> Vec<u8> {
    archive(|zip| put(zip, name, 0o100_644, b"x"))
}

fn refused(bytes: &[u8], caps: Caps) -> (String, String) {
    match Tree::of_zip(bytes, caps) {
        Err(PackageError::Archive { entry, why }) => (entry, why),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was unpacked"),
    }
}

#[test]
fn what_leads_out_is_refused_by_name() {
    for name in ["../evil", "a/../../evil", "/etc/passwd", "a\\..\\evil", "a//b", "..", "C:\\x"] {
        let (entry, why) = refused(&one(name), Caps::default());
        assert!(entry.replace("\\\\", "\\").contains(name.trim_matches('/')), "{name}: {entry}");
        assert!(!why.is_empty());
    }
    let deep = "d/".repeat(40) + "file";
    assert!(refused(&one(&deep), Caps::default()).1.contains("directories deep"));
}

#[test]
fn devices_and_links_that_lead_out_are_refused() {
    for target in ["/etc/passwd", "../../outside", "../data/../../outside"] {
        let link = archive(|zip| put(zip, "data/link", 0o120_777, target.as_bytes()));
        let (entry, why) = refused(&link, Caps::default());
        assert!(entry == "data/link" && why.contains("leads out of the package"), "{target}: {entry} {why}");
    }
    let fifo = archive(|zip| put(zip, "data/fifo", 0o010_644, b""));
    assert_eq!(refused(&fifo, Caps::default()).0, "data/fifo");
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let bomb = bomb("data/secret/1.in", 64 << 20);
    assert!(bomb.len() < 1 << 20);
    let (entry, why) = refused(&bomb, Caps { bytes: 8 << 20, ..Caps::default() });
    assert_eq!((entry.as_str(), why.as_str()), ("data/secret/1.in", "makes the package larger than 8 MiB"));
}

#[test]
fn a_bombs_head_is_not_believed() {
    let mut bomb = bomb("x", 4 << 20);
    // Every head says that it is one byte.
    let size = u32::to_le_bytes(4 << 20);
    for at in (0..bomb.len() - 4).filter(|at| bomb[*at..*at + 4] == size).collect::<Vec<_>>() {
        bomb[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
    }
    assert!(refused(&bomb, Caps { bytes: 1 << 20, ..Caps::default() }).1.contains("larger than 1 MiB"));
    assert!(refused(&bomb, Caps::default()).1.contains("cannot be unpacked"));
}

#[test]
fn many_entries_are_refused() {
    let many = archive(|zip| (0..50).for_each(|n| put(zip, &n.to_string(), 0o100_644, b"")));
    let (entry, why) = refused(&many, Caps { entries: 20, ..Caps::default() });
    assert_eq!((entry.as_str(), why.as_str()), ("20", "is one too many: an archive may have 20 entries"));
    let twice = archive(|zip| (0..2).for_each(|_| put(zip, "a", 0o100_644, b"")));
    assert_eq!(refused(&twice, Caps::default()).1, "stands there twice");
}

#[test]
fn what_is_no_archive_or_no_package_says_so() {
    assert!(matches!(Tree::of_zip(b"no archive", Caps::default()), Err(PackageError::NoArchive(_))));
    let tree = Tree::of_zip(&one("readme.txt"), Caps::default()).unwrap();
    let error = import(tree).unwrap_err();
    assert!(error.hint().unwrap().contains("problem.yaml"), "{error}");
}

#[test]
fn a_link_in_a_directory_that_leads_out_is_refused() {
    for target in ["/etc/passwd", "../outside", "loop"] {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(target, dir.path().join("loop")).unwrap();
        let error = Tree::of_dir(dir.path(), Caps::default()).unwrap_err().to_string();
        assert!(error.contains("loop"), "{error}");
    }
}

/// As it is posted, and below a directory of its own, as many tools pack.
#[test]
fn a_package_is_the_same_problem_in_a_directory_and_in_archives() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packages");
    for path in std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let read = |tree: Tree| serde_json::to_value(import(tree).unwrap()).unwrap();
        let here = read(Tree::of_dir(&path, Caps::default()).unwrap());
        let packed = optimus_package::archive(&path).unwrap();
        assert_eq!(read(Tree::of_zip(&packed, Caps::default()).unwrap()), here, "{}", path.display());
        let below = archive(|zip| {
            let packed = rawzip::ZipArchive::from_slice(&packed[..]).unwrap();
            for entry in packed.entries().map(Result::unwrap) {
                let name = format!("top/{}", entry.file_path().try_normalize().unwrap().as_ref());
                put(zip, &name, 0o100_644, packed.get_entry(entry.wayfinder()).unwrap().data());
            }
        });
        assert_eq!(read(Tree::of_zip(&below, Caps::default()).unwrap()), here, "{}", path.display());
    }
}
