//! Lets libFuzzer loose on `optimus_fuzz::plugin`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(plugin);
