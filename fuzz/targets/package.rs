//! Lets libFuzzer loose on `optimus_fuzz::package`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(package);
