//! Jobs whose program is talked to while it runs.

use crate::Invalid;

/// Checks that a job with a live stdin has one test, and none of the `others`: what runs the program more than once, talks to it,
/// or looks at its whole input.
pub(super) fn check<const N: usize>(tests: usize, others: [(&'static str, bool); N]) -> Result<(), Invalid> {
    if tests > 1 {
        return Err(Invalid::new("tests", "has more than one test, and `live_stdin` is the stdin of one"));
    }
    match others.iter().find(|(_, given)| *given) {
        Some((field, _)) => Err(Invalid::new(*field, "cannot be combined with `live_stdin`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::JobRequest;
    use crate::job::Policy;

    #[test]
    fn one_program_that_runs_once_can_be_talked_to() {
        let job = |more: Value| {
            let mut request = json!({"language": "t", "source": "x", "live_stdin": true});
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let request: JobRequest = serde_json::from_value(request).unwrap();
            request.into_job("toy", "toy", &Policy::default()).map_err(|invalid| invalid.field)
        };
        assert!(job(json!({})).unwrap().live_stdin);
        assert!(job(json!({"tests": [{"stdin": "first", "expect": "1"}]})).unwrap().live_stdin);
        let program = json!({"language": "t", "source": "", "protocol": "testlib"});
        for (field, value) in [
            ("tests", json!([{}, {}])),
            ("interactor", program),
            ("file_io", json!({"input": "in.txt"})),
            ("rerun_on_time_limit", json!(1)),
            ("reuse", json!(true)),
        ] {
            assert_eq!(job(json!({field: value})).unwrap_err(), field);
        }
    }
}
