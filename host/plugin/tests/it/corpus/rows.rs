//! Files that are no plugins, in as many ways as came to mind: made here, from a good one and from texts.
//!
//! Each says what has to be said of it. The tests of this crate put them through the load gate; those of the program drop
//! them beside a server's plugins.

/// A file that has to be refused.
pub(crate) struct Broken {
    /// Its name in messages.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Words that the error has to contain.
    pub(crate) words: &'static str,
    /// Words that the hint has to contain.
    pub(crate) remedy: &'static str,
}

/// Words and remedy.
type Said = (&'static str, &'static str);

const NO_COMPONENT: Said = ("is not a WebAssembly component", "plugins are WebAssembly components");
const CUT_OFF: Said = ("is cut off", "copy it again");
const MALFORMED: Said = ("does not compile", "build it again");
const IMPORTS: &str = "a plugin plans and does nothing";
const EXPORTS: &str = "build it against this host's contract";
const VERSION: &str = "build it with an SDK of that version";

/// No WebAssembly at all, or none that ends where it should.
pub(crate) fn bytes(good: &[u8]) -> Vec<Broken> {
    let head = &good[..8];
    let unknown_section = [head, &[0x7f, 0x01, 0x00]].concat();
    let endless_section = [head, &[0x01, 0xff, 0xff, 0x03]].concat();
    let giant_section = [head, &[0x01, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    let rows: Vec<(&str, Vec<u8>, Said)> = vec![
        ("nothing", Vec::new(), CUT_OFF),
        ("a byte", b"\0".to_vec(), CUT_OFF),
        ("half a head", b"\0asm\x0d".to_vec(), CUT_OFF),
        ("a head and no more", head.to_vec(), ("it exports nothing", EXPORTS)),
        ("text", b"hello".to_vec(), NO_COMPONENT),
        ("text of a component", b"(component)".to_vec(), NO_COMPONENT),
        ("a web page", b"<!doctype html><title>404</title>".to_vec(), NO_COMPONENT),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\0".to_vec(), NO_COMPONENT),
        ("zip", b"PK\x03\x04\x14\0\0\0".to_vec(), NO_COMPONENT),
        ("a byte order mark", [b"\xef\xbb\xbf", head].concat(), NO_COMPONENT),
        ("bad UTF-8", vec![0xff; 64], NO_COMPONENT),
        ("zeros", vec![0; 4096], NO_COMPONENT),
        ("a script", b"#!/bin/sh\nrm -rf /\n".to_vec(), NO_COMPONENT),
        (
            "machine code",
            b"\x7fELF\x02\x01\x01\0\0\0".to_vec(),
            ("is precompiled code", "drop the `.wasm` file itself"),
        ),
        ("a core module", b"\0asm\x01\0\0\0".to_vec(), ("is a core WebAssembly module", "wasm-tools component new")),
        ("an unknown version", b"\0asm\x0e\0\x01\0".to_vec(), NO_COMPONENT),
        ("an unknown section", unknown_section, ("it exports nothing", EXPORTS)),
        ("a section without end", endless_section, CUT_OFF),
        ("a section of 4 GiB", giant_section, MALFORMED),
        ("something behind it", [good, b"more"].concat(), CUT_OFF),
        ("itself twice", [good, good].concat(), MALFORMED),
        ("its first third", good[..good.len() / 3].to_vec(), CUT_OFF),
        ("its first half", good[..good.len() / 2].to_vec(), CUT_OFF),
        ("all but its last byte", good[..good.len() - 1].to_vec(), CUT_OFF),
    ];
    rows.into_iter().map(|(name, bytes, (words, remedy))| broken(name, bytes, words, remedy)).collect()
}

/// Components that are not ours, or want too much.
pub(crate) fn components() -> Vec<Broken> {
    [imports(), versions(), modules()]
        .concat()
        .into_iter()
        .map(|(name, text, words, remedy)| {
            let bytes = wat::parse_str(format!("(component {text})")).unwrap_or_else(|error| panic!("{name}: {error}"));
            broken(name, bytes, words, remedy)
        })
        .collect()
}

type Text = (&'static str, String, &'static str, &'static str);

fn imports() -> Vec<Text> {
    let names = [
        ("sockets", "wasi:sockets/tcp@0.2.6", "`wasi:sockets/tcp@0.2.6`"),
        ("names of hosts", "wasi:sockets/ip-name-lookup@0.2.0", "`wasi:sockets/ip-name-lookup@0.2.0`"),
        ("http", "wasi:http/outgoing-handler@0.2.6", "`wasi:http/outgoing-handler@0.2.6`"),
        ("WASI 0.3", "wasi:cli/stdout@0.3.0", "`wasi:cli/stdout@0.3.0`"),
        ("WASI without a version", "wasi:clocks/wall-clock", "`wasi:clocks/wall-clock`"),
        ("a key-value store", "wasi:keyvalue/store@0.2.0", "`wasi:keyvalue/store@0.2.0`"),
        ("another's contract", "acme:plugin/exec@1.0.0", "`acme:plugin/exec@1.0.0`"),
        ("what our contract has not", "optimus:plugin/exec@1.0.0", "`optimus:plugin/exec@1.0.0`"),
    ];
    let import = |(name, import, words)| (name, format!("(import \"{import}\" (instance))"), words, IMPORTS);
    let mut rows: Vec<Text> = names.into_iter().map(import).collect();
    rows.push(("a function of nobody's", "(import \"system\" (func))".to_owned(), "`system`", IMPORTS));
    rows
}

fn versions() -> Vec<Text> {
    let export = |name: &str| format!("(instance $i) (export \"{name}\" (instance $i))");
    let stamped = |stamp: &str| {
        let stamp = stamp.replace('\\', "\\\\").replace('"', "\\\"");
        format!("(@custom \"optimus:api\" \"{stamp}\") {}", export("optimus:plugin/language@1.0.0"))
    };
    let version = |package: &str, version: &str| {
        stamped(&format!(r#"{{"package":"{package}","version":"{version}","sdk":"x"}}"#))
    };
    let no_json = "`optimus:api` section is not JSON";
    vec![
        ("a later contract", version("optimus:plugin", "1.4.0"), "needs plugin API optimus:plugin 1.4.0", VERSION),
        ("the next contract", version("optimus:plugin", "2.0.0"), "this host speaks 1.0", VERSION),
        ("an early contract", version("optimus:plugin", "0.9.0"), "needs plugin API optimus:plugin 0.9.0", VERSION),
        ("another's stamp", version("acme:api", "1.0.0"), "needs plugin API acme:api 1.0.0", VERSION),
        ("a stamp that moves the cursor", version("\\u001b[2J", "1.0.0"), "needs plugin API", VERSION),
        ("a stamp without a version", stamped(r#"{"package":"optimus:plugin"}"#), "needs plugin API", VERSION),
        ("a stamp that is no JSON", stamped("nonsense"), no_json, MALFORMED.1),
        ("an empty stamp", stamped(""), no_json, MALFORMED.1),
        ("the next language", export("optimus:plugin/language@2.0.0"), "needs plugin API 2.0.0", VERSION),
        ("a language without a version", export("optimus:plugin/language"), "needs plugin API", VERSION),
        ("another export", export("acme:x/y@1.0.0"), "it exports acme:x/y@1.0.0", EXPORTS),
        (
            "an empty language",
            export("optimus:plugin/language@1.0.0"),
            "does not export `optimus:plugin/language`",
            EXPORTS,
        ),
    ]
}

/// Exports that have the right names and nothing else.
fn modules() -> Vec<Text> {
    let with = |module: &str| {
        format!(
            r#"(core module $m {module} (func (export "f"))) (core instance $c (instantiate $m))
            (func $f (canon lift (core func $c "f"))) (instance $i (export "describe" (func $f)) (export "plan" (func $f)))
            (export "optimus:plugin/language@1.0.0" (instance $i))"#
        )
    };
    let locals = format!("(func (local {}))", "i32 ".repeat(60_000));
    let swizzle = "(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))";
    let type_error = "does not export `optimus:plugin/language` with the type of the contract";
    let too_much = "`describe` wanted more than 64 MiB of memory";
    let grows = "an allocation in the plugin that grows";
    let malformed = |name, module: &str| (name, with(module), MALFORMED.0, MALFORMED.1);
    vec![
        ("functions of another type", with(""), type_error, EXPORTS),
        (
            "a start that traps",
            with("(func $s unreachable) (start $s)"),
            "`describe` stopped",
            "a mistake in the plugin",
        ),
        (
            "a start without end",
            with("(func $s (loop (br 0))) (start $s)"),
            "`describe` took longer",
            "an endless loop",
        ),
        (
            "a start that recurses",
            with("(func $s (call $s)) (start $s)"),
            "`describe` stopped",
            "a mistake in the plugin",
        ),
        ("four gigabytes at once", with("(memory 65536)"), too_much, grows),
        ("two memories, together too much", with("(memory 600) (memory 600)"), too_much, grows),
        ("a table of millions", with("(table 9000000 funcref)"), too_much, grows),
        malformed("64-bit memory", "(memory i64 1)"),
        malformed("shared memory", "(memory 1 1 shared)"),
        malformed("garbage collection", "(type (struct (field i32)))"),
        malformed("relaxed SIMD", swizzle),
        malformed("locals without number", &locals),
    ]
}

pub(crate) fn broken(name: &str, bytes: Vec<u8>, words: &'static str, remedy: &'static str) -> Broken {
    Broken { name: name.to_owned(), bytes, words, remedy }
}
