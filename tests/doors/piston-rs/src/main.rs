//! Crate `piston_rs`, unmodified, against a server of ours: `piston-rs-client URL`.

use piston_rs::{Client, Executor, File};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: piston-rs-client URL")?;
    let client = Client::with_url(&format!("{url}/api/v2"));
    let runtimes = client.fetch_runtimes().await?;
    let python = runtimes.iter().find(|runtime| runtime.language == "python").ok_or("no python")?;
    assert!(python.aliases.iter().any(|alias| alias == "py"), "{python:?}");
    let executor = |language: &str, source: &str| {
        Executor::new()
            .set_language(language)
            .set_version("*")
            .add_file(File::default().set_name("main").set_content(source))
    };

    let greeting = executor("py", "import sys\nprint(input(), sys.argv[1:])").set_stdin("Zdravo").add_arg("a b");
    let answer = client.execute(&greeting.set_version(&python.version)).await?;
    assert!(answer.is_ok() && answer.run.is_ok(), "{answer:?}");
    assert_eq!((answer.run.stdout.as_str(), answer.run.code), ("Zdravo ['a b']\n", Some(0)));

    let broken = client.execute(&executor("c", "int main() { return x; }")).await?;
    let compile = broken.compile.ok_or("nothing was compiled")?;
    assert!(compile.code == Some(1) && compile.stderr.contains("undeclared"), "{compile:?}");
    let crash = client.execute(&executor("gcc", "int main() { return *(volatile int *) 8; }")).await?;
    assert_eq!((crash.run.signal.as_deref(), crash.run.code), (Some("SIGSEGV"), None));
    let late = client.execute(&executor("python", "while True: pass").set_run_timeout(700)).await?;
    assert_eq!(late.run.signal.as_deref(), Some("SIGKILL"));
    let two = executor("python", "import other").add_file(File::default().set_name("other.py").set_content("print(1)"));
    assert_eq!(client.execute(&two).await?.run.output, "1\n");
    let unknown = client.execute(&executor("nosuch", "x")).await?;
    assert!(unknown.is_err() && unknown.status == 400, "{unknown:?}");
    println!("piston: the crate works");
    Ok(())
}
