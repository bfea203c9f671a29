//! The program of the contract suite for WASI: `program WHAT [ARG…]`, the parts of program.c that WASI can express.
//! Numbers of errors are printed as Linux has them.

use std::fs;
use std::io::{self, Read, Write};
use std::os::raw::{c_char, c_int, c_ulong};
use std::process::exit;
use std::time::{Duration, Instant};

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

unsafe extern "C" {
    fn close(fd: c_int) -> c_int;
    fn poll(fds: *mut PollFd, count: c_ulong, timeout: c_int) -> c_int;
    fn symlink(target: *const c_char, path: *const c_char) -> c_int;
}

fn put(bytes: &[u8]) {
    if io::stdout().write_all(bytes).is_err() {
        exit(9);
    }
}

fn put_many(mut length: usize) {
    while length > 0 {
        let piece = length.min(65536);
        put(&vec![b'x'; piece]);
        length -= piece;
    }
}

fn copy(mut from: impl Read, echo: bool) -> usize {
    let (mut total, mut buffer) = (0, [0; 65536]);
    while let Ok(got @ 1..) = from.read(&mut buffer) {
        total += got;
        if echo {
            put(&buffer[..got]);
        }
    }
    total
}

/// The number that Linux has for an error.
fn number(error: &io::Error) -> i32 {
    match error.raw_os_error() {
        Some(44) => 2,
        Some(51) => 28,
        Some(69) => 30,
        Some(other) => other,
        None => 255,
    }
}

fn said(result: io::Result<()>) -> i32 {
    result.map_or_else(|error| number(&error), |()| 0)
}

fn write_file(path: &str, bytes: usize) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(&vec![0; bytes])
}

fn exactly(length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    // Without a buffer in between: what is read beyond would look as if the program had waited for it.
    let mut got = 0;
    while got < length {
        match io::stdin().lock().read(&mut bytes[got..]) {
            Ok(more @ 1..) => got += more,
            _ => return None,
        }
    }
    Some(bytes)
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let code = streams(&args).or_else(|| resources(&args)).or_else(|| files(&args)).unwrap_or(6);
    let _ = io::stdout().flush();
    exit(code);
}

fn arg(args: &[String], i: usize) -> &str {
    args.get(i).map_or("", String::as_str)
}

fn number_at(args: &[String], i: usize) -> usize {
    arg(args, i).parse().unwrap_or(0)
}

/// What reads, prints and waits.
fn streams(args: &[String]) -> Option<i32> {
    let (arg, count) = (|i| arg(args, i), |i| number_at(args, i));
    let code = match arg(1) {
        "exit" => count(2) as i32,
        "abort" => std::process::abort(),
        "echo" => (copy(io::stdin().lock(), true), 0).1,
        "count" => (println!("{}", copy(io::stdin().lock(), false)), 0).1,
        "print" => (put_many(count(2)), 0).1,
        "both" => {
            put_many(count(2));
            (print!("{}", copy(io::stdin().lock(), false)), 0).1
        }
        "pass" => {
            for _ in 0..count(2) {
                let Some(ball) = exactly(4) else { exit(5) };
                put(&ball);
                let _ = io::stdout().flush();
            }
            0
        }
        "mute" => {
            print!("word");
            let _ = io::stdout().flush();
            unsafe { close(1) };
            (copy(io::stdin().lock(), false), 0).1
        }
        "poll" => loop {
            let mut stdin = PollFd { fd: 0, events: 1, revents: 0 };
            if unsafe { poll(&raw mut stdin, 1, -1) } != 1 {
                exit(1);
            }
            match io::stdin().lock().read(&mut [0; 64]) {
                Ok(0) => break 0,
                Ok(_) => {}
                Err(_) => break 1,
            }
        },
        // There is nothing else to wait for than time.
        "poll-another" | "glance" => {
            let taken = exactly(if arg(1) == "glance" { 1 } else { 3 });
            std::thread::sleep(Duration::from_millis(100));
            i32::from(taken.is_none())
        }
        "take" => i32::from(exactly(3).is_none()),
        "complain" => (eprint!("{}", arg(2)), 0).1,
        "env" => (std::env::vars().for_each(|(name, value)| print!("{name}={value}\0")), 0).1,
        "argv" => (args.iter().for_each(|arg| print!("{arg}\0")), 0).1,
        _ => return None,
    };
    Some(code)
}

/// What takes time or memory.
fn resources(args: &[String]) -> Option<i32> {
    let (arg, count) = (|i| arg(args, i), |i| number_at(args, i));
    let code = match arg(1) {
        "sleep" => (std::thread::sleep(Duration::from_secs(count(2) as u64)), 0).1,
        "spin" => {
            let until = Instant::now() + Duration::from_millis(count(2) as u64);
            while Instant::now() < until {}
            0
        }
        "touch" => {
            let mut memory: Vec<u8> = Vec::new();
            if memory.try_reserve_exact(count(2)).is_err() {
                exit(8);
            }
            memory.resize(count(2), 1);
            std::hint::black_box(&memory);
            0
        }
        _ => return None,
    };
    Some(code)
}

/// What changes or looks at files.
fn files(args: &[String]) -> Option<i32> {
    let (arg, count) = (|i| arg(args, i), |i| number_at(args, i));
    let code = match arg(1) {
        "write" => (print!("{}", said(write_file(arg(2), if args.len() > 3 { count(3) } else { 1 }))), 0).1,
        "write-raw" => said(write_file(arg(2), count(3))),
        "read" => match fs::File::open(arg(2)) {
            Ok(file) => (copy(file, true), 0).1,
            Err(error) => (print!("errno {}", number(&error)), 0).1,
        },
        "open-many" => {
            let open: Vec<_> = std::iter::from_fn(|| fs::File::open("program").ok()).collect();
            (print!("{}", open.len()), 0).1
        }
        "link" => {
            let text = |text: &str| format!("{text}\0");
            let (target, path) = (text(arg(2)), text(arg(3)));
            unsafe { symlink(target.as_ptr().cast(), path.as_ptr().cast()) }
        }
        "write-many" => {
            let paths = (0..count(2)).map(|i| format!("{}/{i:05}", arg(3)));
            paths.map(|path| said(write_file(&path, 0))).find(|said| *said != 0).unwrap_or(0)
        }
        "make" => said(fs::create_dir(arg(2))),
        "unlink" => (print!("{}", said(fs::remove_file(arg(2)))), 0).1,
        "chmod" => {
            let closed = fs::metadata(arg(2)).and_then(|about| fs::set_permissions(arg(2), about.permissions()));
            (print!("{}", said(closed)), 0).1
        }
        _ => return None,
    };
    Some(code)
}
