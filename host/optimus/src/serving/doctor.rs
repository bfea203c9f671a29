//! What `GET /v1/doctor` answers: the findings of `optimus doctor`, of the process that is asked.

use std::sync::Arc;

use futures::FutureExt as _;
use optimus_server::api::{Examine, Finding};

use crate::cli::EngineArgs;
use crate::doctor;
use crate::engine::Engine;

/// Looks at this machine with the engine that judges here.
pub(super) fn here(args: &EngineArgs, engine: &Arc<Engine>) -> Arc<Examine> {
    let (args, engine) = (args.clone(), Arc::clone(engine));
    Arc::new(move || {
        let (args, engine) = (args.clone(), Arc::clone(&engine));
        async move { doctor::examine(&args, &engine).await }.boxed()
    })
}

/// For a process that judges nothing.
pub(super) fn elsewhere() -> Arc<Examine> {
    let finding = || {
        let hint = "run `optimus doctor` on the machines of the workers".to_owned();
        Finding { hint: Some(hint), ..Finding::ok("sandbox", "none: this process judges nothing") }
    };
    Arc::new(move || std::future::ready(vec![finding()]).boxed())
}
