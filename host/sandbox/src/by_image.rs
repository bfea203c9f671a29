//! Several backends side by side: a plan's image says which one runs it.

use async_trait::async_trait;

use crate::{Admitted, Demand, Description, OpenBox, Sandbox, SandboxError, SharedSandbox};

/// A backend for images that begin in a certain way, and another for all others.
#[derive(Clone)]
pub struct ByImage {
    rest: SharedSandbox,
    prefix: &'static str,
    special: SharedSandbox,
}

impl ByImage {
    /// `special` runs images that begin with `prefix`, `rest` everything else.
    pub fn new(rest: SharedSandbox, prefix: &'static str, special: SharedSandbox) -> Self {
        Self { rest, prefix, special }
    }

    fn of(&self, image: &str) -> &SharedSandbox {
        if image.starts_with(self.prefix) { &self.special } else { &self.rest }
    }
}

#[async_trait]
impl Sandbox for ByImage {
    async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.of(image).open(image).await
    }

    async fn open_unpinned(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.of(image).open_unpinned(image).await
    }

    /// Both backends share the machine's memory, so one of them counts it.
    async fn admit(&self, demand: &Demand) -> Result<Admitted, SandboxError> {
        self.rest.admit(demand).await
    }

    fn describe(&self) -> Description {
        let mut description = self.rest.describe();
        description.by_image.push((self.prefix, self.special.describe()));
        description
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::FakeSandbox;

    struct Named(&'static str);

    #[async_trait]
    impl Sandbox for Named {
        async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
            Err(SandboxError::Refused(format!("{} opens {image}", self.0)))
        }

        fn describe(&self) -> Description {
            Description { name: self.0, ..Description::default() }
        }
    }

    #[tokio::test]
    async fn the_image_chooses() {
        let sandbox = ByImage::new(Arc::new(FakeSandbox::echo()), "special:", Arc::new(Named("special")));
        let Err(SandboxError::Refused(why)) = sandbox.open("special:x").await else { panic!("it opened") };
        assert_eq!(why, "special opens special:x");
        assert!(sandbox.open("other").await.is_ok());
        let description = sandbox.describe();
        assert_eq!((description.name, description.of("special:x").name), ("fake", "special"));
        assert_eq!(description.of("other").name, "fake");
    }
}
