//! The meaning of each figure, in a few words.

/// Figures by the beginning and the end of their names; a program's name may stand between.
const MEANINGS: [(&str, &str, &str); 20] = [
    ("bare_", "_ms", "the program alone, spawned: no box, no server"),
    ("box_", "_ms", "the same program in a box that stays open"),
    ("native_box_", "_ms", "the same in a box of this kernel's own, beside containers"),
    ("cold_box_", "_ms", "the same in the first box of its language"),
    ("plain_container_", "ms", "a container of Docker's for one run, without Optimus"),
    ("http_", "_ms", "a job of one test through POST /v1/jobs?wait, compiled before"),
    ("per_test_", "ms", "one test of a job of 100"),
    ("checked_test_", "ms", "the same with a checker that is a program"),
    ("jobs_per_s_", "", "such jobs with all slots busy"),
    ("plan_us", "", "a plugin's plan that was never asked for before"),
    ("plan_memo_us", "", "a plan that is remembered"),
    ("load_ms", "", "a plugin that is compiled"),
    ("load_cached_ms", "", "a plugin from the code cache"),
    ("alone_ms", "", "a job while nobody else is connected"),
    ("crowded_ms", "", "a job among thousands of silent and slow clients"),
    ("queue_pushes_per_s", "", "jobs that the queue accepts, durably"),
    ("queue_push_under_load_ms", "", "one of them, meanwhile"),
    ("queue_take_of_many_ms", "", "a job taken while a great many wait"),
    ("queue_push_to_start_ms", "", "from accepted to a worker's hands"),
    ("queue_finish_to_answer_ms", "", "from the report's end to the client that waits"),
];

/// Nothing for a name that is new.
pub(super) fn meaning(name: &str) -> &'static str {
    let is = |(begins, ends, _): &&(&str, &str, &str)| match ends.is_empty() && !begins.ends_with('_') {
        true => name == *begins,
        false => name.starts_with(begins) && name.ends_with(ends),
    };
    MEANINGS.iter().find(is).map_or("", |(_, _, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_that_is_put_is_explained() {
        for name in ["bare_x_ms", "box_x_ms", "http_x_ms", "jobs_per_s_x", "native_box_x_ms", "cold_box_x_ms"] {
            assert_ne!(meaning(name), "", "{name}");
        }
        for name in ["per_test_ms", "checked_test_ms", "plain_container_ms", "plan_us", "plan_memo_us", "load_ms"] {
            assert_ne!(meaning(name), "", "{name}");
        }
        assert_ne!(meaning("plan_us"), meaning("plan_memo_us"));
        assert_eq!(meaning("new_ms"), "");
    }
}
