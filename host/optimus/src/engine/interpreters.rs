//! Interpreters of sessions: kernels of the judge, as the server knows them.

use async_trait::async_trait;
use optimus_core::Fault;
use optimus_core::cells::{Cell, End, Loss, Told};
use optimus_judge::{Kernel, KernelRequest};
use optimus_server::interpreters::{Interpreter, StartInterpreter, Wanted};

use super::Engine;

#[async_trait]
impl StartInterpreter for Engine {
    async fn start(&self, wanted: Wanted) -> Result<Box<dyn Interpreter>, Fault> {
        let Wanted { language, tenant, files, limits, output_bytes } = wanted;
        let request = KernelRequest { language, tenant, files, limits, output_bytes };
        Ok(Box::new(Running(self.judge.open_kernel(request).await?)))
    }
}

struct Running(Kernel);

#[async_trait]
impl Interpreter for Running {
    async fn run(&mut self, cell: &Cell, hear: &mut (dyn FnMut(Told) + Send)) -> Result<End, Loss> {
        self.0.run(cell, hear).await
    }

    fn lost(&mut self) -> Option<Loss> {
        self.0.lost()
    }
}
