//! Lets libFuzzer loose on `optimus_fuzz::checker`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(checker);
