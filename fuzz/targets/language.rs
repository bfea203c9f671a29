//! Lets libFuzzer loose on `optimus_fuzz::language`.
#![cfg_attr(fuzzing, no_main)]

optimus_fuzz::target!(language);
