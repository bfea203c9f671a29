//! Programs that mean harm, for WASI: `attacks NAME`. How each must end stands in the table of `attacks.rs`, one folder up.

use std::fs;
use std::io::{self, Read, Write};
use std::process::exit;
use std::time::{Duration, Instant, SystemTime};

/// A buffer of `fd_write`.
#[repr(C)]
struct Piece(u32, u32);

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn fd_write(fd: u32, pieces: *const Piece, count: u32, written: &mut u32) -> u32;
    fn fd_readdir(fd: u32, buffer: u32, length: u32, cookie: u64, used: &mut u32) -> u32;
    fn fd_fdstat_get(fd: u32, to: &mut [u64; 3]) -> u32;
    fn fd_close(fd: u32) -> u32;
    fn fd_allocate(fd: u32, offset: u64, length: u64) -> u32;
    fn path_link(from: u32, flags: u32, old: *const u8, length: u32, to: u32, new: *const u8, length: u32) -> u32;
    fn path_symlink(target: *const u8, length: u32, to: u32, new: *const u8, length: u32) -> u32;
    fn poll_oneoff(subscriptions: u32, events: u32, count: u32, happened: &mut u32) -> u32;
    fn random_get(at: u32, length: u32) -> u32;
    fn path_open(d: u32, f: u32, p: u32, l: u32, o: u32, r: u64, i: u64, g: u32, to: &mut u32) -> u32;
}

/// The first directory that is open from the start.
const ROOT: u32 = 3;
/// More than any limit allows.
const MANY: u32 = 1_000_000;

fn main() {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "probe" => probe(),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "sleep" => std::thread::sleep(Duration::from_secs(3600)),
        "memory" => memory(),
        "memory_in_files" => memory_in_files(),
        "recursion" => println!("{}", recursion(1)),
        "trees" => trees(),
        "large_files" => large_files(),
        "file_too_large" => file_too_large(),
        "many_files" => println!("{}", count(|i| fs::write(format!("/tmp/{i}"), "").is_ok())),
        "many_names" => many_names(),
        "long_targets" => long_targets(),
        "escapes" => escapes(),
        "descriptors" => descriptors(),
        "closed" => closed(),
        "flood" => flood(1),
        "flood_errors" => flood(2),
        "pieces" => pieces(),
        "pointers" => pointers(),
        "leftovers" => leftovers(),
        "exit" => exit(300),
        other => panic!("no attack is called `{other}`"),
    }
}

/// How often something succeeds.
fn count(mut once: impl FnMut(u32) -> bool) -> u32 {
    (0..MANY).find(|i| !once(*i)).unwrap_or(MANY)
}

#[expect(unconditional_recursion)]
fn recursion(depth: u64) -> u64 {
    let local = std::hint::black_box([depth; 64]);
    recursion(depth + 1) + local[0]
}

/// All that a program can learn without being told. It must be the same in every run.
fn probe() {
    for root in ["/", "/tmp", "/dev/shm"] {
        let names = fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
        let names: Vec<_> = names.map(|one| (one.file_name(), one.metadata().unwrap().len())).collect();
        println!("{root} {names:?}");
    }
    let mut stat = [0; 3];
    let open = (0..100).filter(|fd| unsafe { fd_fdstat_get(*fd, &mut stat) } == 0).count();
    let mut random = [0_u8; 16];
    unsafe { random_get(random.as_mut_ptr() as u32, 16) };
    let (now, date) = (Instant::now(), SystemTime::now());
    (0..100_000).for_each(|i| assert!(std::hint::black_box(i) >= 0));
    println!("{open} open, {random:?}, {date:?}, {:?} later", now.elapsed());
    println!("{:?} {:?}", std::env::args().collect::<Vec<_>>(), std::env::vars().collect::<Vec<_>>());
    println!("{:?}", io::stdin().lock().bytes().next());
    println!("{} pages", core::arch::wasm32::memory_size::<0>());
}

/// Takes memory until none is left, and then all that it may have in small pieces.
fn memory() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 16]);
    }
}

fn memory_in_files() {
    let piece = vec![1; 1 << 20];
    for i in 0.. {
        fs::write(format!("/dev/shm/{i}"), &piece).unwrap();
    }
}

/// Directories in each other, as deep as may be, and then a way through all of them that is longer than a path may be.
fn trees() {
    let mut path = "/tmp".to_owned();
    let depth = count(|_| {
        path.push_str("/d");
        fs::create_dir(&path).is_ok()
    });
    let around = "/tmp/".to_owned() + &"d/../".repeat(100_000);
    println!("{depth} {}", fs::metadata(around).is_err());
}

fn large_files() {
    let file = fs::File::create("/tmp/sparse").unwrap();
    let refused = [1 << 23, 1 << 24].map(|bytes| file.set_len(bytes).is_err());
    let fd = std::os::fd::AsRawFd::as_raw_fd(&file) as u32;
    let more = unsafe { fd_allocate(fd, u64::MAX, 1) };
    println!("{refused:?} {more}");
}

fn file_too_large() {
    let file = fs::File::create("/tmp/sparse").unwrap();
    drop(file.set_len(1 << 40));
    println!("still here");
}

/// Names of one file, which cost as much as files do.
fn many_names() {
    fs::write("/tmp/one", "").unwrap();
    let name = "x".repeat(240);
    let linked = count(|i| {
        let (old, new) = (b"tmp-one", format!("{name}{i:07}"));
        fs::write("tmp-one", "").unwrap();
        let (old, new) = ((old.as_ptr(), 7), (new.as_ptr(), new.len() as u32));
        unsafe { path_link(ROOT, 0, old.0, old.1, ROOT, new.0, new.1) == 0 }
    });
    println!("{linked}");
    // What is removed is given back: once more as many.
    (0..linked).for_each(|i| fs::remove_file(format!("{name}{i:07}")).unwrap());
    println!("{}", count(|i| fs::write(format!("{i}"), "").is_ok()) >= linked);
}

/// Targets of symlinks, each a megabyte long.
fn long_targets() {
    let target = vec![b'x'; 1 << 20];
    let made = count(|i| {
        let name = format!("{i}");
        unsafe { path_symlink(target.as_ptr(), target.len() as u32, ROOT, name.as_ptr(), name.len() as u32) == 0 }
    });
    println!("{made}");
}

fn escapes() {
    let secrets = ["etc/passwd", "proc/self/environ", "proc/1/root/etc/passwd", "dev/mem", "sys/kernel", "home", "root"];
    let ways = ["/", "../", "../../../../../../", "/tmp/../../", "/dev/shm/../../../", "./.././../", "//", "/proc/self/cwd/../"];
    let mut found = Vec::new();
    for (i, (way, secret)) in ways.iter().flat_map(|way| secrets.iter().map(move |secret| (way, secret))).enumerate() {
        let path = format!("{way}{secret}");
        let link = format!("/tmp/link{i}");
        unsafe { path_symlink(path.as_ptr(), path.len() as u32, ROOT + 1, link[5..].as_ptr(), link.len() as u32 - 5) };
        for path in [path, link.clone(), format!("{link}/"), format!("{link}/../../etc/passwd")] {
            if fs::metadata(&path).is_ok() || fs::read(&path).is_ok() || fs::read_dir(&path).is_ok() {
                found.push(path);
            }
        }
        drop(fs::rename("/tmp", format!("{way}{secret}")));
    }
    println!("{found:?}");
}

fn descriptors() {
    fs::write("/tmp/file", "").unwrap();
    let mut held = Vec::new();
    let opened = count(|_| fs::File::open("/tmp/file").map(|file| held.push(file)).is_ok());
    println!("{opened}");
}

/// Closes everything, and goes on.
fn closed() {
    for fd in 0..100 {
        unsafe { fd_close(fd) };
    }
    let mut number = 0;
    let piece = Piece(0, 1);
    let said = unsafe { fd_write(1, &raw const piece, 1, &mut number) };
    let opened = unsafe { path_open(ROOT, 0, 1024, 1, 1, 64, 0, 0, &mut number) };
    exit(i32::from(said != 8 || opened != 8 || fs::read_dir("/").is_ok()));
}

fn flood(fd: u32) {
    let line = [b'x'; 1 << 16];
    let piece = Piece(line.as_ptr() as u32, line.len() as u32);
    while unsafe { fd_write(fd, &raw const piece, 1, &mut 0) } == 0 {}
}

/// All of memory, a thousand times, in one call; and more pieces than there may be.
fn pieces() {
    let all = (core::arch::wasm32::memory_size::<0>() << 16) as u32;
    let many: Vec<_> = (0..1024).map(|_| Piece(0, all)).collect();
    let too_many = unsafe { fd_write(1, many.as_ptr(), u32::MAX, &mut 0) };
    if too_many != 28 {
        exit(1);
    }
    unsafe { fd_write(1, many.as_ptr(), 1024, &mut 0) };
}

/// Places outside of memory, and lengths that wrap around.
fn pointers() {
    let nowhere = u32::MAX - 7;
    let (number, piece) = (&mut 0, Piece(nowhere, u32::MAX));
    let said = unsafe {
        [
            random_get(nowhere, u32::MAX),
            random_get(1024, u32::MAX),
            fd_write(1, nowhere as *const Piece, 1, number),
            fd_write(1, &raw const piece, 1, number),
            fd_readdir(ROOT, nowhere, u32::MAX, 0, number),
            path_symlink(nowhere as *const u8, 16, ROOT, nowhere as *const u8, 16),
            poll_oneoff(nowhere, nowhere, 1024, number),
            poll_oneoff(1024, 1024, u32::MAX, number),
            path_open(ROOT, 0, 1024, u32::MAX, 0, 0, 0, 0, number),
        ]
    };
    println!("{said:?}");
}

/// Leaves something everywhere, for the next program.
fn leftovers() {
    for path in ["left", "/tmp/left", "/dev/shm/left"] {
        fs::write(path, "left").unwrap();
    }
    println!("{}", fs::write("program", "changed").is_err() && fs::remove_file("program").is_err());
    io::stdout().flush().unwrap();
}
