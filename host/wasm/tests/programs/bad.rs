//! Programs that are none, that take too much, or that look for a way out.

use optimus_core::{Exit, LimitHit, Limits};

use crate::{module, run};

const MIB: u64 = 1 << 20;

/// `_start` alone.
fn start(body: &str) -> Vec<u8> {
    module(&format!(r#"(func (export "_start") {body})"#))
}

#[tokio::test]
async fn what_is_no_program_does_not_start() {
    let socket = wat::parse_str(r#"(module (import "env" "socket" (func)) (func (export "_start")))"#).unwrap();
    let reactor = wat::parse_str(r#"(module (func (export "_initialize")))"#).unwrap();
    let component = wat::parse_str("(component)").unwrap();
    let cut = start("")[..40].to_vec();
    let other = |body: &str| wat::parse_str(format!("(module {body} (func (export \"_start\")))")).unwrap();
    // A section of types that is said to have 4 GiB.
    let large = b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\x0f".to_vec();
    for (what, bytes) in [
        ("text", b"print('hello')".to_vec()),
        ("nothing", Vec::new()),
        ("a module that is cut off", cut),
        ("a component", component),
        ("an import that is not of WASI", socket),
        ("a reactor", reactor),
        ("a section that is not there", large),
        ("memory of several threads", other("(memory 1 65536 shared)")),
        ("memory of 64 bits", other("(memory i64 1)")),
        ("collected garbage", other("(type (struct (field i32)))")),
        ("five memories", other(&"(memory 1)".repeat(5))),
        ("a call with another signature", other(r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#)),
        ("a name that moves the cursor", other(r#"(import "\1b[2J" "\0d\0a" (func))"#)),
    ] {
        let (outcome, _) = run(&bytes, Limits::DEFAULT).await;
        assert_eq!(outcome.exit, Exit::NotStarted("exec format error".to_owned()), "{what}: {outcome:?}");
        assert!(!outcome.notes.iter().any(|note| note.contains(char::is_control)), "{what}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_bomb_for_the_compiler_ends_with_the_time() {
    let blocks = format!("(func {} {})", "block ".repeat(100_000), "end ".repeat(100_000));
    let (outcome, _) =
        run(&module(&format!("{blocks} (func (export \"_start\"))")), Limits { wall_ms: 200, ..Limits::DEFAULT }).await;
    assert_eq!((outcome.limit, outcome.notes.len()), (Some(LimitHit::WallTime), 1), "{outcome:?}");
}

#[tokio::test]
async fn traps_end_as_signals_do() {
    for (body, signal) in [
        ("unreachable", 6),
        ("(drop (i32.load (i32.const -4)))", 11),
        ("(drop (i32.div_s (i32.const 1) (global.get $i)))", 8),
    ] {
        let (outcome, _) = run(&start(body), Limits::DEFAULT).await;
        assert_eq!((&outcome.exit, outcome.limit), (&Exit::Signal(signal), None), "{body}: {outcome:?}");
        assert_eq!(outcome.notes.len(), 1, "the trap has a name");
    }
    let deep = module(r#"(func $deep (call $deep)) (func (export "_start") (call $deep))"#);
    assert_eq!(run(&deep, Limits::DEFAULT).await.0.exit, Exit::Signal(11));
}

#[tokio::test]
async fn loops_end_at_the_limit_of_cpu_time() {
    let limits = Limits { cpu_ms: 200, wall_ms: 20_000, ..Limits::DEFAULT };
    let in_start = module(r#"(func $loop (loop (br 0))) (start $loop) (func (export "_start"))"#);
    for looping in [start("(loop (br 0))"), in_start] {
        let (outcome, _) = run(&looping, limits).await;
        assert_eq!(outcome.limit, Some(LimitHit::CpuTime), "{outcome:?}");
        assert!((200_000..2_000_000).contains(&outcome.cpu_us), "{outcome:?}");
    }
}

#[tokio::test]
async fn memory_is_bounded_whoever_asks_for_it() {
    let limits = Limits { memory_bytes: 16 * MIB, cpu_ms: 500, wall_ms: 20_000, ..Limits::DEFAULT };
    let forever = start("(loop (drop (memory.grow (i32.const 16))) (br 0))");
    let table = module(
        r#"(table $t 1 funcref)
           (func (export "_start") (loop (br_if 0 (i32.ne (i32.const -1)
               (table.grow $t (ref.null func) (i32.const 10000))))) unreachable)"#,
    );
    let large = wat::parse_str(r#"(module (memory (export "memory") 1000) (func (export "_start")))"#).unwrap();
    for bad in [forever, table, large] {
        let (outcome, _) = run(&bad, limits).await;
        assert_eq!(outcome.limit, Some(LimitHit::Memory), "{outcome:?}");
        assert!(outcome.memory_peak_bytes <= limits.memory_bytes);
    }
    let content = start("(drop (memory.grow (i32.const 1000)))");
    assert_eq!(run(&content, limits).await.0.exit, Exit::Code(0), "a program may do with less");
}

#[tokio::test]
async fn a_gibibyte_of_output_is_cut() {
    let flood = start(
        "(i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 65536))
         (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))",
    );
    let limits = Limits { output_bytes: 100_000, ..Limits::DEFAULT };
    let (outcome, said) = run(&flood, limits).await;
    assert_eq!((outcome.limit, said.len()), (Some(LimitHit::Output), 100_000));
}

/// Opens what is at 1024 for reading; exits with the `errno`.
fn opening(offset: u32, length: u32) -> String {
    format!(
        "(call $exit (call $open (i32.const 3) (i32.const 1) (i32.const {}) (i32.const {length})
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))",
        1024 + offset
    )
}

#[tokio::test]
async fn no_path_leads_out() {
    const NOT_CAPABLE: i32 = 76;
    let link = "(drop (call $symlink (i32.const 1024) (i32.const 16) (i32.const 3) (i32.const 1051) (i32.const 4)))";
    for (what, body) in [
        ("`..`", opening(0, 16)),
        ("an absolute path", opening(16, 11)),
        ("a symlink", format!("{link} {}", opening(27, 4))),
    ] {
        let (outcome, _) = run(&start(&body), Limits::DEFAULT).await;
        assert_eq!(outcome.exit, Exit::Code(NOT_CAPABLE), "{what}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_files_are_too_many() {
    const NO_SPACE: i32 = 51;
    // Names of four letters, counted up.
    let many = start(
        "(loop $next
            (i32.store (i32.const 2048) (i32.add (i32.const 0x61616161) (i32.and (global.get $i) (i32.const 15))))
            (i32.store8 (i32.const 2049) (i32.add (i32.const 97) (i32.and (i32.shr_u (global.get $i) (i32.const 4)) (i32.const 15))))
            (i32.store8 (i32.const 2050) (i32.add (i32.const 97) (i32.and (i32.shr_u (global.get $i) (i32.const 8)) (i32.const 15))))
            (i32.store8 (i32.const 2051) (i32.add (i32.const 97) (i32.shr_u (global.get $i) (i32.const 12))))
            (i32.store (i32.const 16) (call $open (i32.const 3) (i32.const 0) (i32.const 2048) (i32.const 4)
                (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))
            (if (i32.load (i32.const 16)) (then (call $exit (i32.load (i32.const 16)))))
            (drop (call $close (i32.load (i32.const 0))))
            (global.set $i (i32.add (global.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (global.get $i) (i32.const 100000))))",
    );
    let (outcome, _) = run(&many, Limits { work_bytes: 8 * MIB, ..Limits::DEFAULT }).await;
    assert_eq!(outcome.exit, Exit::Code(NO_SPACE), "{outcome:?}");
}
