//! The language of commands: a job's arguments are the program to run and what it is given.

use super::{BuildError, Wrong};
use crate::Manifest;

const TOML: &str = include_str!("../../command/language.toml");

/// Commands that run in one of these images, the first by default; without any, in the language's own.
///
/// # Errors
/// None that a test would not have found.
pub fn commands(images: &[String]) -> Result<Manifest, Wrong> {
    let mut manifest = super::read(TOML, Vec::new())?;
    if !images.is_empty() {
        manifest.images = images.to_vec();
        manifest.options = vec![super::read::images(images)];
    }
    Ok(manifest)
}

/// Its plugin.
///
/// # Errors
/// The images take more room than a plugin has.
pub fn commands_wasm(images: &[String]) -> Result<Vec<u8>, BuildError> {
    super::fill(&commands(images)?)
}

#[cfg(test)]
mod tests {
    use optimus_sdk::{Error, Request};

    use super::*;

    #[test]
    fn a_job_names_the_command_and_may_choose_an_image() {
        let images = ["alpine:3".to_owned(), "make:1".to_owned()];
        let language = commands(&images).unwrap();
        let request = Request::of([]).with_args(&["ls", "-l", "{main}"]);
        let plan = language.plan(&request).unwrap();
        assert_eq!((plan.run.argv.join(" "), plan.image.as_str()), ("ls -l {main}".to_owned(), "alpine:3"));
        assert!(plan.compile.is_empty());
        let plan = language.plan(&request.with_options(r#"{"image": "make:1"}"#)).unwrap();
        assert_eq!(plan.image, "make:1");
        let request = Request::of([]).with_args(&["ls"]).with_options(r#"{"image": "other:1"}"#);
        assert!(matches!(language.plan(&request), Err(Error::BadOptions(_))));
        let said = language.descriptor();
        assert_eq!((said.images, said.ext), (images.to_vec(), vec![("commands".to_owned(), "true".to_owned())]));
        commands_wasm(&[]).unwrap();
    }
}
