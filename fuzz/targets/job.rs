//! Lets libFuzzer loose on `optimus_fuzz::job`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(job);
