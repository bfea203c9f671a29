use std::rc::Rc;

use bytes::Bytes;
use optimus_core::BoxPath;
use optimus_core::plan::Collect;

use super::*;

fn stage() -> Stage {
    let mut stage = Stage::default();
    stage.put("data".to_owned(), Bytes::from_static(b"constant"), false);
    stage.put("dir/inner".to_owned(), Bytes::from_static(b"inner"), true);
    stage
}

fn fs(is_writable: bool) -> Fs {
    let fs = Fs::new(&stage(), is_writable);
    fs.space.most.set(1 << 20);
    fs.space.memory_left.set(1 << 30);
    fs
}

fn made(root: &Rc<Node>, path: &str) -> Result<Rc<Node>, Errno> {
    make_file(&place(root, path, true)?)
}

#[test]
fn no_path_leads_out() {
    let fs = fs(false);
    let root = &fs.roots[0];
    make_link(root, "up", "../..").unwrap();
    make_link(root, "host", "/etc/passwd").unwrap();
    make_link(root, "round", "round").unwrap();
    let denied = [("..", Errno::NotCapable), ("dir/../..", Errno::NotCapable), ("/etc", Errno::NotCapable)];
    let links = [("up", Errno::NotCapable), ("host", Errno::NotCapable), ("round", Errno::Loop)];
    let others = [("data/..", Errno::NotDir), ("", Errno::NoEnt), ("none", Errno::NoEnt), ("data/", Errno::NotDir)];
    for (path, errno) in denied.into_iter().chain(links).chain(others) {
        assert_eq!(find(root, path, true).unwrap_err(), errno, "{path}");
    }
    assert!(find(root, "dir/../data", true).is_ok());
    let long = "x".repeat(256);
    assert_eq!(find(root, &long, true).unwrap_err(), Errno::NameTooLong);
}

#[test]
fn the_stage_is_fixed_and_a_copy_of_it_is_not() {
    let (fixed, copy) = (fs(false), fs(true));
    for (fs, refused) in [(&fixed, true), (&copy, false)] {
        let root = &fs.roots[0];
        let node = find(root, "data", true).unwrap();
        assert_eq!(node.write(0, b"x").is_err(), refused);
        assert_eq!(unlink(root, "dir/inner").is_err(), refused);
        assert_eq!(made(root, "dir/new").is_err(), refused);
        assert_eq!(rename((root, "data"), (root, "else")).is_err(), refused);
    }
}

#[test]
fn space_is_taken_and_given_back() {
    let fs = fs(false);
    let root = &fs.roots[0];
    let file = made(root, "file").unwrap();
    file.write(10, b"abc").unwrap();
    assert_eq!((file.size(), fs.space.used.get()), (13, NODE_BYTES + 13));
    let mut read = [7; 16];
    assert_eq!(file.read(8, &mut read).unwrap(), 5);
    assert_eq!(&read[..5], b"\0\0abc");
    assert_eq!(file.write(1 << 20, b"x").unwrap_err(), Errno::NoSpc);
    assert_eq!(file.write(u64::MAX, b"x").unwrap_err(), Errno::FBig);
    file.resize(3).unwrap();
    unlink(root, "file").unwrap();
    drop(file);
    assert_eq!(fs.space.used.get(), 0);
    let many = (0..).take_while(|i| made(root, &format!("{i}")).is_ok()).count();
    assert_eq!(many as u64, (1 << 20) / NODE_BYTES, "names cost, too");
}

#[test]
fn directories_have_a_greatest_depth_and_do_not_move() {
    let fs = fs(false);
    fs.space.most.set(1 << 30);
    let mut path = String::from("a");
    let mut depth = 0;
    while make_directory(&fs.roots[0], &path).is_ok() {
        depth += 1;
        path += "/a";
    }
    assert_eq!(depth, MAX_DEPTH);
    let root = &fs.roots[0];
    make_directory(root, "b").unwrap();
    assert_eq!(rename((root, "b"), (root, "a/b")).unwrap_err(), Errno::XDev);
    assert!(rename((root, "b"), (root, "c")).is_ok());
    assert_eq!(remove_directory(root, "a").unwrap_err(), Errno::NotEmpty);
}

#[test]
fn what_is_collected_comes_back_from_an_archive() {
    let fs = fs(true);
    let root = &fs.roots[0];
    make_directory(root, "out").unwrap();
    made(root, "out/deep").unwrap().write(0, b"12345").unwrap();
    let stage = Stage::collect(root, &[Collect::All]).unwrap();
    let stage = Stage::from_archive(&stage.archive().unwrap()).unwrap();
    let view = Fs::new(&stage, false);
    assert_eq!(find(&view.roots[0], "out/deep", true).unwrap().size(), 5);
    assert!(find(&view.roots[0], "dir/inner", true).unwrap().is_executable);
    make_link(root, "link", "/").unwrap();
    let link = Collect::Path(BoxPath::new("link").unwrap());
    assert_eq!(Stage::collect(root, &[link]).unwrap_err(), "`link` is a symlink, not a file");
}

#[test]
fn each_name_of_a_file_costs_what_a_file_does() {
    let fs = fs(false);
    let root = &fs.roots[0];
    let before = fs.space.used.get();
    made(root, "one").unwrap();
    link((root, "one"), (root, "two")).unwrap();
    rename((root, "two"), (root, "three")).unwrap();
    assert_eq!(fs.space.used.get() - before, 2 * NODE_BYTES);
    unlink(root, "one").unwrap();
    assert_eq!(fs.space.used.get() - before, NODE_BYTES);
    fs.space.most.set(fs.space.used.get());
    assert_eq!(link((root, "three"), (root, "four")).unwrap_err(), Errno::NoSpc);
    unlink(root, "three").unwrap();
    assert_eq!(fs.space.used.get(), before);
}
