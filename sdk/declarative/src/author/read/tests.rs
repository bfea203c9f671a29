use super::*;
use optimus_sdk::Request;
use proptest::prelude::*;

const LUA: &str = r#"
id = "lua"
name = "Lua"
extensions = ["lua"]
image = "optimus/lua:5.4"
probe = "lua -v"
run = "lua {main}"
"#;

fn wrong(text: &str) -> Wrong {
    match read(text, Vec::new()) {
        Err(wrong) => wrong,
        Ok(manifest) => panic!("taken: {manifest:?}"),
    }
}

#[test]
fn seven_lines_are_a_language() {
    let lua = read(LUA, Vec::new()).unwrap();
    assert_eq!((lua.id.as_str(), lua.version.as_str(), lua.time_multiplier), ("lua", "1.0.0", 1.0));
    let plan = lua.plan(&Request::of([("a.lua", "")]).with_args(&["x"])).unwrap();
    assert_eq!(plan.run.argv, ["lua", "a.lua", "x"]);
    assert!(plan.compile.is_empty());
}

#[test]
fn everything_that_can_be_said_is_read() {
    let text = format!(
        "{LUA}{}",
        r#"
        aliases = ["lua5"]
        install = "apt-get install lua5.4"
        compile = ["luac -p {each}", { name = "link", argv = ["ld", "-o", "{stem}", "{std}"], collect = "x {data}", cpu_s = 9 }]
        minimum = { memory_mib = 8, processes = 2 }
        time_multiplier = 2
        memory_errors = ["not enough memory"]
        diagnostics = "{path}:{line}: {message}"
        compare = "floats:1e-6,1e-9"
        env = { LUA_PATH = "./?.lua" }
        [options]
        std = { about = "standard", values = ["5.4", "5.3"] }
        debug = { switch = "-g", default = true }
        "#
    );
    let lua = read(&text, Vec::new()).unwrap();
    assert_eq!(lua.compile[0].words, ["luac", "-p", "{each}"]);
    let link = &lua.compile[1];
    assert_eq!((link.name.as_str(), link.limits.cpu_ms, link.limits.wall_ms), ("link", Some(9_000), Some(18_000)));
    assert_eq!(link.collect, ["x", "{data}"]);
    assert_eq!(lua.run.env, [("LUA_PATH".to_owned(), "./?.lua".to_owned())]);
    assert_eq!(lua.compare, Some(Compare::Floats(1e-6, 1e-9)));
    assert_eq!(lua.options[0].kind, Kind::Switch("-g".to_owned(), true));
}

#[test]
fn each_mistake_is_told_with_line_field_and_remedy() {
    for (from, to, line, field, remedy) in [
        ("extensions", "extentions", 4, "extentions", "did you mean `extensions`?"),
        ("extensions", "#extensions", 1, "extensions", "say how"),
        ("run =", "rnu =", 7, "rnu", "did you mean `run`?"),
        ("run =", "aliasses = []\nrun =", 7, "aliasses", "did you mean `aliases`?"),
        ("\"lua {main}\"", "\"lua {mian}\"", 7, "run", "did you mean `{main}`?"),
        ("\"lua {main}\"", "\"lua -x{sources}\"", 7, "run", "blanks around"),
        ("\"lua {main}\"", "\"lua {main\"", 7, "run", "pairs"),
        ("\"lua {main}\"", "\"lua 'x\"", 7, "run", "close the quote"),
        ("\"lua {main}\"", "7", 7, "run", "lua {main}"),
        ("\"lua {main}\"", "\"\"", 7, "run", "first word"),
        ("\"lua {main}\"", "{ arg = \"lua\" }", 7, "run.arg", "did you mean `argv`?"),
        ("\"lua {main}\"", "{ name = \"lua\" }", 7, "run.argv", "which program"),
        ("\"lua {main}\"", "{ argv = \"lua\", memory = 1 }", 7, "run.memory", "memory_mib"),
        ("\"lua {main}\"", "{ argv = \"lua\", memory_mib = 0 }", 7, "run.memory_mib", "above 0"),
        ("[\"lua\"]", "[7]", 4, "extensions[0]", "write it as"),
        ("name = \"Lua\"", "name = 1.5", 3, "name", "write it as"),
        ("name = \"Lua\"", "name = Lua", 3, "language.toml", "quotes"),
        ("name =", "time_multiplier = \"2\"\nname =", 3, "time_multiplier", "1.5"),
        ("name =", "compare = \"nearly\"\nname =", 3, "compare", "tokens"),
        ("name =", "diagnostics = \"{file}\"\nname =", 3, "diagnostics", "{path}"),
        ("name =", "options = { x = {} }\nname =", 3, "options.x", "exactly one"),
        ("name =", "env = \"A=1\"\nname =", 3, "env", "write it as"),
        ("id = \"lua\"", "id = \"lua", 2, "language.toml", "quotes"),
        ("id = \"lua\"", "id = \"lua\"\nid = \"lua\"", 3, "language.toml", "quotes"),
        ("id = \"lua\"", "id = [\"lua\"]", 2, "id", "write it as"),
        ("id = \"lua\"", "id = true", 2, "id", "write it as"),
        ("id =", "[table]\nid =", 1, "id", "say what"),
        ("image = \"optimus/lua:5.4\"", "image = 5", 5, "image", "write it as"),
        ("probe = \"lua -v\"", "probe = {}", 6, "probe", "lua {main}"),
        ("probe =", "prob =", 6, "prob", "did you mean `probe`?"),
        ("probe =", "#probe =", 1, "probe", "prints the toolchain"),
        ("\"lua {main}\"", "[\"lua\", 7]", 7, "run[1]", "write it as"),
        ("\"lua {main}\"", "[]", 7, "run", "first word"),
        ("\"lua {main}\"", "\"lua }{\"", 7, "run", "pairs"),
        ("\"lua {main}\"", "{ argv = \"lua\", cpu_s = -1 }", 7, "run.cpu_s", "above 0"),
        ("\"lua {main}\"", "{ argv = \"lua\", cpu_s = 1.5 }", 7, "run.cpu_s", "above 0"),
        ("\"lua {main}\"", "{ argv = \"lua\", processes = 99999999999 }", 7, "run.processes", "above 0"),
        ("\"lua {main}\"", "{ argv = \"lua\", collect = \"{mian}\" }", 7, "run.collect", "did you mean"),
        ("\"lua {main}\"", "{ argv = \"lua\", files = \"x\" }", 7, "run.files", "write it as"),
        ("name =", "minimum = { memory = 8 }\nname =", 3, "minimum.memory", "memory_mib"),
        ("name =", "minimum = 8\nname =", 3, "minimum", "write it as"),
        ("name =", "judge0_ids = [\"64\"]\nname =", 3, "judge0_ids[0]", "above 0"),
        ("name =", "time_multiplier = nan\nname =", 3, "time_multiplier", "1.5"),
        ("name =", "compare = \"floats:1,-1\"\nname =", 3, "compare", "tokens"),
        ("name =", "options = { x = { values = [] } }\nname =", 3, "options.x", "exactly one"),
        ("name =", "options = { x = { kind = \"flag\" } }\nname =", 3, "options.x", "exactly one"),
        ("name =", "options = { x = { switch = \"-g\", default = 1 } }\nname =", 3, "options.x.default", "write it as"),
        ("name =", "options = { x = { values = [\"a\"], abuot = \"\" } }\nname =", 3, "options.x.abuot", "about"),
    ] {
        let wrong = wrong(&LUA.replace(from, to));
        assert_eq!((wrong.line, wrong.field.as_str()), (line, field), "{wrong} ({})", wrong.hint);
        assert!(wrong.hint.contains(remedy), "{wrong}: {}", wrong.hint);
    }
}

proptest! {
    /// Any text is a language or an error with a line and a remedy.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Err(wrong) = read(&text, Vec::new()) {
            prop_assert!(wrong.line >= 1 && !wrong.hint.is_empty() && !wrong.field.is_empty(), "{}", wrong);
        }
    }

    /// The same near to what is right; and what is read can be planned with.
    #[test]
    fn what_is_nearly_a_language_too(at in any::<prop::sample::Index>(), put in "[\\[\\]{}\"'=,.a-z0-9\\n-]{0,6}", cut in 0_usize..8) {
        let at = at.index(LUA.len());
        let end = (at + cut).min(LUA.len());
        let text = format!("{}{put}{}", &LUA[..at], &LUA[end..]);
        match read(&text, Vec::new()) {
            Ok(manifest) => {
                manifest.descriptor();
                drop(manifest.plan(&Request::of([("main.lua", "")])));
            }
            Err(wrong) => prop_assert!(wrong.line >= 1 && !wrong.hint.is_empty(), "{}", wrong),
        }
    }
}
