//! Lets libFuzzer loose on `optimus_fuzz::agent_requests`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(agent_requests);
