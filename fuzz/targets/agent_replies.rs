//! Lets libFuzzer loose on `optimus_fuzz::agent_replies`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(agent_replies);
