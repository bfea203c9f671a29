//! Lets libFuzzer loose on `optimus_fuzz::config`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(config);
