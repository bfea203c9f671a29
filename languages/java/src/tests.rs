use super::*;

fn plan(files: &[(&str, &str)]) -> Plan {
    Java::plan(&Request::of(files.iter().copied())).unwrap()
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.compile.iter().map(|step| step.argv.join(" ").replace(&JAVAC.join(" "), "javac")).collect()
}

fn started(plan: &Plan) -> &str {
    plan.run.argv.last().unwrap()
}

#[test]
fn a_file_is_renamed_to_its_public_class() {
    let plan = plan(&[("main.java", "public class Solution { public static void main(String[] a) {} }")]);
    assert_eq!(steps(&plan), ["mv -f -- main.java Solution.java", "javac Solution.java"]);
    assert_eq!(started(&plan), "Solution");
    assert_eq!(plan.compile[1].collect, ["classes"]);
}

#[test]
fn a_file_without_a_public_class_keeps_its_name() {
    let plan = plan(&[("x.java", "class Helper {} class App { static void main(String[] a) {} }"), ("data.txt", "")]);
    assert_eq!(steps(&plan), ["javac x.java"]);
    assert_eq!(started(&plan), "App");
    assert_eq!(plan.compile[0].collect, ["classes", "data.txt"]);
}

#[test]
fn packages_and_several_files() {
    let util = ("lib/Util.java", "package lib; public class Util {}");
    let main = ("app/m.java", "package app; public class Main { public static void main(String[] a) {} }");
    let plan = plan(&[util, main]);
    assert_eq!(steps(&plan), ["mv -f -- app/m.java app/Main.java", "javac lib/Util.java app/Main.java"]);
    assert_eq!(started(&plan), "app.Main");
}

#[test]
fn nothing_is_renamed_onto_another_file() {
    let plan = plan(&[("a.java", "public class B { void main() {} }"), ("B.java", "class C {}")]);
    assert_eq!(steps(&plan), ["javac a.java B.java"]);
}

#[test]
fn a_plan_does_not_grow_with_the_number_of_mistakes() {
    let files: Vec<_> =
        (0..100).map(|i| (format!("f{i}.java"), format!("public class C{i} {{ void main() {{}} }}"))).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(plan(&files).compile.len(), RENAMED + 1);
}

#[test]
fn a_job_may_name_the_class() {
    let files = [("Main.java", "class A { void main() {} } class B { void main() {} }")];
    let named = Java::plan(&Request::of(files).with_options(r#"{"main_class": "B"}"#)).unwrap();
    assert_eq!(started(&named), "B");
    let option = Java::plan(&Request::of(files).with_options(r#"{"main_class": "-version"}"#));
    assert!(matches!(option, Err(Error::BadOptions(_))));
}

#[test]
fn a_source_without_a_class_is_the_authors_fault() {
    let error = Java::plan(&Request::of([("main.java", "// nothing")])).unwrap_err();
    assert!(matches!(error, Error::BadSource(message) if message == "no class in `main.java`"));
}

#[test]
fn of_several_classes_with_a_main_the_public_one_is_started() {
    let main = "public static void main(String[] a) {}";
    let text = format!("class Demo {{ {main} }} public class Quiz {{ {main} }}");
    assert_eq!(started(&plan(&[("x.java", &text)])), "Quiz");
    let text = format!("class Demo {{ {main} }} class Quiz {{ {main} }}");
    assert_eq!(started(&plan(&[("x.java", &text)])), "Demo");
}

#[test]
fn a_program_without_a_main_does_not_compile() {
    let refused = Java::plan(&Request::of([("x.java", "public class Quiz { void mian() {} }")])).unwrap_err();
    assert!(matches!(refused, Error::BadSource(message) if message.starts_with("no `main` in `x.java`")));
    let long = format!("public class Quiz {{ {} void main() {{}} }}", "int x; ".repeat(10_000));
    assert_eq!(started(&plan(&[("x.java", &long)])), "Quiz");
    assert_eq!(started(&plan(&[("x.java", "class Quiz { void m\\u0061in() {} }")])), "Quiz");
}

#[test]
fn the_heap_leaves_room_for_the_jvm() {
    for (limit, heap, stack) in [
        (128, "-Xmx83m", "-Xss16m"),
        (256, "-Xmx166m", "-Xss32m"),
        (1024, "-Xmx832m", "-Xss64m"),
        (4096, "-Xmx3904m", "-Xss256m"),
    ] {
        let flags = jvm_flags(&Limits { memory_kib: limit << 10, ..Limits::default() });
        assert_eq!(flags[..2], [heap, stack]);
    }
}

#[test]
fn an_error_has_its_place() {
    let text = "Main.java:3: error: ';' expected\n        int x\n             ^\n1 error\n";
    let [found]: [Diagnostic; 1] = Java::diagnostics(&Outcome::exited(1, text)).try_into().unwrap();
    assert_eq!((found.path.as_str(), found.line, found.message.as_str()), ("Main.java", 3, "';' expected"));
}

#[test]
fn a_full_heap_is_the_limits_fault_and_a_full_stack_is_not() {
    let full = "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space\n\tat A.main(A.java)\n";
    assert_eq!(Java::refine(&Outcome::exited(1, full)), Some(Refined::MemoryLimitExceeded));
    assert_eq!(Java::refine(&Outcome::exited(0, full)), None);
    let deep = "Exception in thread \"main\" java.lang.StackOverflowError\n";
    assert_eq!(Java::refine(&Outcome::exited(1, deep)), None);
}
