//! Lets libFuzzer loose on `optimus_fuzz::archive`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(archive);
