//! Lets libFuzzer loose on `optimus_fuzz::compare`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(compare);
