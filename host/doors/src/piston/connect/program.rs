//! Turns the events of a job into Piston's messages.

use optimus_core::report::CompileReport;
use optimus_core::{Content, Event, Report, Stream, Verdict};
use serde_json::{Value, json};

use crate::piston::stage;

/// A program, as far as its client knows.
#[derive(Debug, Default)]
pub(super) struct Program {
    stage: Option<&'static str>,
    /// Bytes of stdout and stderr that were sent.
    sent: [u64; 2],
    /// The signal that the client sent to end it.
    signal: Option<String>,
    is_over: bool,
}

const COMPILE: &str = "compile";
const RUN: &str = "run";

impl Program {
    /// The client ends the program with a signal.
    pub(super) fn is_sent(&mut self, signal: &str) {
        self.signal.get_or_insert_with(|| signal.to_owned());
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The messages that an event comes to.
    ///
    /// # Errors
    /// The job failed for a reason of ours.
    pub(super) fn hear(&mut self, event: Event) -> Result<Vec<Value>, String> {
        let mut messages = Vec::new();
        match event {
            Event::Compiling { .. } => self.enter(COMPILE, &mut messages),
            Event::Compiled(report) => self.compiled(&report, &mut messages),
            Event::Running { .. } => self.enter(RUN, &mut messages),
            // After a gap the rest waits for the report, so that the order is kept.
            Event::Output { stream, offset, content, .. } if offset == self.sent[place(stream)] => {
                self.enter(RUN, &mut messages);
                self.print(stream, &content, &mut messages);
            }
            Event::Done { report } => self.done(&report, &mut messages)?,
            Event::Queued | Event::Started | Event::Output { .. } | Event::Input { .. } | Event::Test { .. } => {}
        }
        Ok(messages)
    }

    fn enter(&mut self, stage: &'static str, messages: &mut Vec<Value>) {
        if self.stage != Some(stage) {
            self.stage = Some(stage);
            messages.push(json!({"type": "stage", "stage": stage}));
        }
    }

    fn compiled(&mut self, report: &CompileReport, messages: &mut Vec<Value>) {
        self.enter(COMPILE, messages);
        if !report.output.content.is_empty() {
            messages.push(data(Stream::Stderr, report.output.content.as_bytes()));
        }
        messages.push(exit(COMPILE, stage::exit_of_compile(report)));
    }

    fn print(&mut self, stream: Stream, content: &Content, messages: &mut Vec<Value>) {
        self.sent[place(stream)] += content.len() as u64;
        messages.push(data(stream, content.as_bytes()));
    }

    fn done(&mut self, report: &Report, messages: &mut Vec<Value>) -> Result<(), String> {
        self.is_over = true;
        if let (Verdict::Cancelled, Some(signal)) = (report.verdict, &self.signal) {
            let ended = json!({"code": null, "signal": signal, "error": null});
            let stage = self.stage.unwrap_or(RUN);
            self.enter(stage, messages);
            messages.push(exit(stage, ended));
            return Ok(());
        }
        if let Some(why) = stage::failure(report) {
            return Err(why);
        }
        if let (Verdict::CompileError, Some(compile)) = (report.verdict, &report.compile) {
            if self.stage.is_none() {
                self.compiled(compile, messages);
            }
            return Ok(());
        }
        let test = report.tests.first().ok_or("the program was not run")?;
        self.enter(RUN, messages);
        for (stream, printed) in [(Stream::Stdout, &test.stdout), (Stream::Stderr, &test.stderr)] {
            let sent = usize::try_from(self.sent[place(stream)]).unwrap_or(usize::MAX);
            if let Some(rest) = printed.content.as_bytes().get(sent..).filter(|rest| !rest.is_empty()) {
                messages.push(data(stream, rest));
            }
        }
        messages.push(exit(RUN, stage::exit_of_run(test)));
        Ok(())
    }
}

fn place(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

fn data(stream: Stream, bytes: &[u8]) -> Value {
    let stream = match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    json!({"type": "data", "stream": stream, "data": String::from_utf8_lossy(bytes)})
}

fn exit(stage: &str, mut ended: Value) -> Value {
    ended["type"] = "exit".into();
    ended["stage"] = stage.into();
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(offset: u64, text: &'static str) -> Event {
        let content = Content::from(text);
        Event::Output { index: 0, stream: Stream::Stdout, offset, content, truncated: false }
    }

    #[test]
    fn output_after_a_gap_waits_for_the_report() {
        let mut program = Program::default();
        assert_eq!(program.hear(Event::Running { index: 0 }).unwrap(), [json!({"type": "stage", "stage": "run"})]);
        let said = |text: &str| json!({"type": "data", "stream": "stdout", "data": text});
        assert_eq!(program.hear(output(0, "ab")).unwrap(), [said("ab")]);
        assert_eq!(program.hear(output(2, "cd")).unwrap(), [said("cd")]);
        assert!(program.hear(output(9, "x")).unwrap().is_empty());
        assert!(!program.is_over());
    }
}
