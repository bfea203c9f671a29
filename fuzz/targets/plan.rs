//! Lets libFuzzer loose on `optimus_fuzz::plan`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(plan);
